"""How many answers a task gets: on a sample, and until they are sure."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import insert, select

from bot.clock import now
from bot.models.base import table
from bot.models.people import Worker, WorkerLanguage
from bot.models.work import Task
from bot.people import skills
from bot.store.database import Database
from bot.work import answers, dispatch, launch, overlap_terms, project_file, stages
from bot.work.dispatch import Offer
from bot.work.launch import Load
from bot.work.no_work import NoWork
from bot.work.overlap_terms import OverlapTerms
from bot.work.project_file import ProjectFileRefused
from tests.work import colony

FILE = """
[project]
id = "signs"
name = "Signs"
languages = ["en"]

[stage]
type = "{type}"
show = ["text"]
{settings}
price = "0.02 USD"
gold_share = 0
overlap = {overlap}

[stage.text.en]
question = "What does it say?"
"""
OPTIONS = 'options = ["ok", "bad", "unclear"]'
SURE = "{ least = 2, most = 3, confidence = 0.95 }"
ACCURACY = {"ann": 70, "ben": 90, "cem": 80}  # of the example in Toloka's documentation


def written(overlap: str, type: str = "choice", settings: str = OPTIONS) -> str:
    return FILE.format(overlap=overlap, type=type, settings=settings)


@dataclass
class Signs:
    """One task, and three people whose accuracy is known."""

    database: Database

    async def begin(self, overlap: str = SURE, rows: str = "key,text\nt,STOP\n") -> None:
        async with self.database.transaction() as session:
            await colony.opened(session, written(overlap), rows)
            for name, score in ACCURACY.items():
                worker = Worker(pseudonym=name, state="active", locale="en", zone="UTC")
                session.add(worker)
                await session.flush()
                spoken = {"worker_id": worker.id, "language": "en", "level": "native"}
                await session.execute(insert(table(WorkerLanguage)), spoken)
                await skills.set_by_hand(session, worker.id, "signs", score, actor=None, now=now())

    async def answer(self, name: str, label: str) -> bool:
        """Whether there was a task for them."""
        async with self.database.transaction() as session:
            worker = await session.scalar(select(Worker).where(Worker.pseudonym == name))
            offer = await dispatch.next_for(session, worker, now=now())
            if isinstance(offer, NoWork):
                return False
            await answers.record(session, worker, offer, label, now=now())
            return True

    async def take(self, name: str) -> Offer:
        async with self.database.transaction() as session:
            worker = await session.scalar(select(Worker).where(Worker.pseudonym == name))
            offer = await dispatch.next_for(session, worker, now=now())
            assert isinstance(offer, Offer)
            return offer

    async def slots(self) -> tuple[int, int]:
        """Answers wanted, and of these those nobody gives yet."""
        return (await self.all_slots())[0]

    async def all_slots(self) -> list[tuple[int, int]]:
        """The same of every task, in the order they came."""
        query = select(Task.overlap, Task.open_slots).order_by(Task.id)
        async with self.database.reading() as session:
            return [tuple(row) for row in await session.execute(query)]


@pytest.fixture
async def signs(database: Database) -> Signs:
    made = Signs(database)
    await made.begin()
    return made


async def test_two_accurate_people_who_agree_are_enough(signs: Signs) -> None:
    assert await signs.answer("ann", "ok")
    assert await signs.answer("ben", "ok")  # together 97.7 % sure
    assert await signs.slots() == (2, 0)
    assert not await signs.answer("cem", "ok")


async def test_who_disagree_are_joined_by_one_more(signs: Signs) -> None:
    await signs.answer("ann", "ok")
    await signs.answer("ben", "bad")  # 76.1 % sure of "bad"
    assert await signs.slots() == (3, 1)
    assert await signs.answer("cem", "bad")  # 96.2 %
    assert await signs.slots() == (3, 0)


async def test_the_most_is_the_most_however_unsure(signs: Signs) -> None:
    for name, label in (("ann", "ok"), ("ben", "bad"), ("cem", "unclear")):
        assert await signs.answer(name, label)
    assert await signs.slots() == (3, 0)


async def test_an_answer_that_somebody_still_holds_is_waited_for(signs: Signs) -> None:
    await signs.take("cem")
    await signs.answer("ann", "ok")
    assert await signs.slots() == (2, 0)
    await signs.answer("ben", "bad")  # a first look would see one answer of two
    assert await signs.slots() == (2, 0)


async def test_a_correction_that_makes_it_unsure_asks_once_more(signs: Signs) -> None:
    await signs.answer("ann", "ok")
    await signs.answer("ben", "ok")
    async with signs.database.transaction() as session:
        ben = await session.scalar(select(Worker).where(Worker.pseudonym == "ben"))
        last = await answers.last_answered(session, ben.id)
        again = await answers.reopen(session, ben, last, now=now())
        await answers.record(session, ben, again, "bad", now=now())
    assert await signs.slots() == (3, 1)


async def test_of_people_who_guess_agreement_says_nothing(database: Database) -> None:
    made = Signs(database)
    await made.begin()
    async with database.transaction() as session:
        for one in await session.scalars(select(Worker)):
            await skills.set_by_hand(session, one.id, "signs", 33, actor=None, now=now())
    await made.answer("ann", "ok")
    await made.answer("ben", "ok")
    assert await made.slots() == (3, 1)


async def test_a_sample_of_the_tasks_gets_the_most(database: Database) -> None:
    rows = "key,text\n" + "".join(f"t{n},sign {n}\n" for n in range(400))
    async with database.transaction() as session:
        text = written("{ least = 1, most = 3, share = 0.25 }")
        await colony.opened(session, text, rows)
        wanted = list(await session.scalars(select(Task.overlap)))
    assert set(wanted) == {1, 3}
    assert 60 <= wanted.count(3) <= 140


async def test_others_are_asked_about_a_newcomers_answers_more_often(database: Database) -> None:
    made = Signs(database)
    rows = "key,text\n" + "".join(f"t{n},sign {n}\n" for n in range(1, 9))
    await made.begin("{ least = 1, most = 3, every = [[4, 2], [7, 3]] }", rows)
    for _ in range(8):
        assert await made.answer("ann", "ok")
    found = await made.all_slots()  # the 2nd and 4th, then the 3rd after these, then none
    assert [number for number, one in enumerate(found, 1) if one == (3, 2)] == [2, 4, 7]
    assert {one for one in found if one != (3, 2)} == {(1, 0)}
    for _ in range(3):
        assert await made.answer("ben", "ok")
    assert sorted(await made.all_slots()).count((3, 1)) == 3
    assert not await made.answer("ben", "ok")


async def test_a_correction_is_not_one_more_answer(database: Database) -> None:
    made = Signs(database)
    await made.begin("{ least = 1, most = 2, every = [[2, 2]] }")
    await made.answer("ann", "ok")
    async with database.transaction() as session:
        ann = await session.scalar(select(Worker).where(Worker.pseudonym == "ann"))
        last = await answers.last_answered(session, ann.id)
        for label in ("bad", "unclear"):
            again = await answers.reopen(session, ann, last, now=now())
            await answers.record(session, ann, again, label, now=now())
    assert await made.slots() == (1, 0)


async def test_past_the_steps_one_in_so_many_is_drawn(database: Database) -> None:
    """Both rare and certain draws, so that the story needs no luck."""
    made = Signs(database)
    rows = "key,text\n" + "".join(f"t{n},sign {n}\n" for n in range(1, 4))
    await made.begin("{ least = 1, most = 2, every = [[1, 1]], then = 1 }", rows)
    for _ in range(3):
        assert await made.answer("ann", "ok")
    assert await made.all_slots() == [(2, 1)] * 3
    terms = OverlapTerms(1, 2, every=[[20, 2]], then=20)
    drawn = [overlap_terms.sampled(terms, 21, f"1:t{n}:7") for n in range(2000)]
    assert 60 <= sum(drawn) <= 140
    assert drawn == [overlap_terms.sampled(terms, 99, f"1:t{n}:7") for n in range(2000)]


def test_a_number_and_a_table_are_read() -> None:
    fixed, sure = (project_file.parse(written(overlap)).stages[0] for overlap in ("3", SURE))
    assert (sure.overlap, sure.quality["overlap"]) == (2, {"most": 3, "confidence_ppm": 950_000})
    assert overlap_terms.of(3, fixed.quality) == OverlapTerms(3, 3)
    steps = "{ most = 3, every = [[20, 2], [200, 10]], then = 20 }"
    kept = {"most": 3, "every": [[20, 2], [200, 10]], "then": 20}
    assert project_file.parse(written(steps)).stages[0].quality["overlap"] == kept


async def test_the_need_of_a_launch_counts_the_most(database: Database) -> None:
    async with database.transaction() as session:
        project = await colony.opened(session, written(SURE), "key,text\na,A\nb,B\n")
        (spec,) = await stages.current(session, project.id)
    fixed = launch.need(spec, Load(tasks=2, wanted=6, gold=0))
    assert launch.need(spec, Load(tasks=2, wanted=4, gold=0)) == fixed
    by_experience = replace(spec, quality={"overlap": {"most": 3, "every": [[20, 2]]}})
    assert launch.need(by_experience, Load(tasks=2, wanted=4, gold=0)) == fixed


@pytest.mark.parametrize(
    ("overlap", "fault"),
    [
        ("{ least = 2, most = 3 }", "overlap: needs one of these: a share of the tasks, a confid"),
        ("{ least = 2, most = 3, share = 0.1, confidence = 0.8 }", "overlap: needs one of these"),
        ("{ least = 2, most = 3, share = 0.1, every = [[9, 2]] }", "overlap: needs one of these"),
        ("{ most = 3, share = 0.1, then = 2 }", "overlap.then: says what follows the steps of"),
        ("{ least = 2, most = 2, every = [[9, 2]] }", "overlap.most: must be a whole number"),
        ("{ most = 3, every = 2 }", "overlap.every: must be a list of pairs like [[20, 2]"),
        ("{ most = 3, every = [] }", "overlap.every: must be a list of pairs like [[20, 2]"),
        ("{ most = 3, every = [[9, 2, 1]] }", "overlap.every: must be a list of pairs like"),
        ("{ most = 3, every = [[9, 0]] }", "overlap.every[0]: must be a whole number from 1"),
        ("{ most = 3, every = [[9, 2], [9, 3]] }", "overlap.every[1]: 9 must be more than the 9"),
        ("{ most = 3, every = [[9, 2], [12, 4]] }", "every[1]: in a step of 3 answers none is"),
        ("{ most = 3, every = [[9, 2]], then = 0 }", "overlap.then: must be a whole number from 1"),
        ("{ least = 3, most = 2, share = 0.1 }", "overlap.most: must be a whole number from 3"),
        ("{ least = 2, share = 0.1 }", "overlap.most: is missing"),
        ("{ min = 2, most = 3, share = 0.1 }", "overlap.min: is not known here"),
        ("{ most = 3, confidence = 80 }", "overlap.confidence: must be a share from 0 to 1"),
    ],
)
def test_what_is_no_overlap_is_refused(overlap: str, fault: str) -> None:
    with pytest.raises(ProjectFileRefused) as refused:
        project_file.parse(written(overlap))
    assert fault in refused.value.say()


def test_free_text_is_never_sure() -> None:
    with pytest.raises(ProjectFileRefused) as refused:
        project_file.parse(written(SURE, type="text", settings=""))
    assert "answers of the type text cannot be compared one by one" in refused.value.say()
