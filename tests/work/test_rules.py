"""Rules at work: what each action does, that a window fires once, and what a whole crowd gets."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from bot.clock import now
from bot.models.people import Audit, Worker
from bot.models.reviews import Review
from bot.models.rules import ExtraSlot, Firing, Restriction
from bot.models.work import Assignment, Project, Queue, StageVersion, Task
from bot.pay import ledger
from bot.people import languages, skills
from bot.store.database import Database
from bot.work import (
    answers,
    dispatch,
    holds,
    launch,
    projects,
    rehearsal,
    restrictions,
    rule_lines,
    rules,
    stages,
)
from bot.work.consequences import News
from bot.work.dispatch import Offer
from bot.work.no_work import NoWork
from tests.work import colony, crowd

LARGE = bool(os.environ.get("KAZI_LARGE_COLONY"))
STATES = ("accepted", "not_accepted", "accepted")
MINUTE = timedelta(minutes=1)
OPTIONS = 'options = ["red", "blue"]\nshow = ["thing"]\nprice = "0.02 USD"\nexpected_seconds = 10'


class Shop:
    """A project with rules and people, one answer a minute each."""

    def __init__(self, database: Database, project: Project, moment: datetime) -> None:
        self.database, self.project, self.moment = database, project, moment
        self.people: dict[str, Worker] = {}

    async def hire(self, *names: str) -> None:
        async with self.database.transaction() as session:
            for name in names:
                worker = Worker(pseudonym=name, state="active", locale="en", zone="Africa/Nairobi")
                session.add(worker)
                await session.flush()
                await languages.choose(session, worker.id, "en", "native")
                self.people[name] = worker

    async def answer(self, name: str, label: str, *, times: int = 1, seconds: int = 10) -> None:
        for _ in range(times):
            self.moment += MINUTE
            async with self.database.transaction() as session:
                offer = await dispatch.next_for(session, self.people[name], now=self.moment)
                assert isinstance(offer, Offer), offer
                done = self.moment + timedelta(seconds=seconds)
                await answers.record(session, self.people[name], offer, label, now=done)
        self.moment += MINUTE

    async def judged(self) -> list[News]:
        """Everybody who answered since the last look."""
        self.moment += MINUTE
        found = []
        async with self.database.transaction() as session:
            for look in await rules.due(session, now=self.moment):
                for worker_id in look.workers:
                    found += await rules.judge(
                        session, worker_id, look.stage_id, look.version, now=self.moment
                    )
                await rules.seen(session, look)
        return found

    async def next_for(self, name: str) -> Offer | NoWork:
        async with self.database.transaction() as session:
            return await dispatch.next_for(session, self.people[name], now=self.moment)


async def shop(
    database: Database, *lines: str, gold: int = 0, plain: int = 10, overlap: int = 1
) -> Shop:
    """Check tasks, whose right answer is red, come before the others."""
    ruled = ", ".join(f'"{line}"' for line in lines)
    rows = "key,thing,gold\n" + "".join(f"g{n},the g{n},red\n" for n in range(gold))
    rows += "".join(f"t{n},the t{n},\n" for n in range(plain))
    text = (
        '[project]\nid = "shop"\nname = "Shop"\nlanguages = ["en"]\nbudget = "50 USD"\n'
        f'[stage]\ntype = "choice"\n{OPTIONS}\noverlap = {overlap}\n'
        f"gold_share = {1 if gold else 0}\nrules = [{ruled}]\n"
        '[stage.text.en]\nquestion = "Which?"\ninstructions = "Look twice."\n'
    )
    async with database.transaction() as session:
        made = await colony.opened(session, text, rows)
    return Shop(database, made, now() - timedelta(hours=6))


async def look(database: Database, query) -> list:
    async with database.reading() as session:
        return list(await session.scalars(query))


async def test_a_window_fires_once_and_the_next_begins_after_it(database: Database):
    made = await shop(database, "gold_accuracy < 60% over 3: tell", gold=7)
    await made.hire("amina")
    await made.answer("amina", "blue", times=2)
    assert await made.judged() == []
    await made.answer("amina", "blue")
    (news,) = await made.judged()
    assert news.numbers == {"count": 0, "of": 3, "bound": 600_000}
    assert (news.tell, news.limits) == (True, [])
    assert await made.judged() == []
    await made.answer("amina", "blue", times=2)
    assert await made.judged() == []
    await made.answer("amina", "blue")
    assert len(await made.judged()) == 1
    assert len(await look(database, select(Firing))) == 2


async def test_two_processes_that_look_at_once_fire_once(database: Database):
    made = await shop(database, "same_answer >= 3: tell")
    await made.hire("amina")
    await made.answer("amina", "blue", times=3)
    (spec,) = await _specs(database, made.project)
    found = []
    for _ in range(2):
        async with database.transaction() as session:
            amina = made.people["amina"].id
            found += await rules.judge(session, amina, spec.stage_id, spec.version, now=made.moment)
    assert len(found) == 1
    async with database.transaction() as session:
        assert len(await rules.due(session, now=made.moment)) == 1
        assert await rules.due(session, now=made.moment) == []


async def test_who_has_not_answered_since_is_not_looked_at(database: Database):
    made = await shop(database, "same_answer >= 3: tell")
    await made.hire("amina", "baraka")
    await made.answer("amina", "blue")
    await made.answer("baraka", "blue")
    await made.judged()
    made.moment += timedelta(hours=1)
    await made.answer("baraka", "blue")
    async with database.transaction() as session:
        (found,) = await rules.due(session, now=made.moment)
    assert list(found.workers) == [made.people["baraka"].id]


async def test_skips_and_reports_count_against_nobody(database: Database):
    made = await shop(database, "same_answer >= 3: pause 1d", "fast_answers >= 50% over 2: tell")
    await made.hire("amina")
    async with database.transaction() as session:
        for _ in range(5):
            offer = await dispatch.next_for(session, made.people["amina"], now=made.moment)
            await answers.skip(session, offer, now=made.moment)
    assert await made.judged() == []


async def test_recent_answers_get_company_once(database: Database):
    made = await shop(database, "same_answer >= 3: more_overlap, tell", "same_answer >= 3: reopen")
    await made.hire("amina", "baraka")
    await made.answer("amina", "blue", times=3)
    first, second = await made.judged()
    assert (first.slots, second.slots) == (3, 0)
    assert await look(database, select(Task.overlap).order_by(Task.id)) == [2] * 3 + [1] * 7
    assert len(await look(database, select(ExtraSlot))) == 3
    await made.answer("baraka", "red", times=10)
    asked = select(func.count(Assignment.id)).group_by(Assignment.task_id)
    assert sorted(await look(database, asked), reverse=True)[:3] == [2, 2, 2]


async def test_a_paused_workers_unaccepted_answers_are_asked_again(database: Database):
    made = await shop(database, "gold_accuracy < 60% over 2: pause 3d, reopen", gold=2, plain=5)
    await made.hire("amina")
    await made.answer("amina", "blue", times=2)
    await _no_gold(database)
    await made.answer("amina", "blue", times=3)
    async with database.transaction() as session:
        one = select(Assignment.id).where(Assignment.gold.is_(False)).order_by(Assignment.id)
        accepted = update(Assignment).where(Assignment.id == (await session.scalars(one)).first())
        await session.execute(accepted.values(state="accepted"))
    (news,) = await made.judged()
    assert news.slots == 2
    (limit,) = news.limits
    assert limit.restriction.ends_at - made.moment == timedelta(days=3)
    nothing = await made.next_for("amina")
    assert isinstance(nothing, NoWork)
    assert [one.id for one in nothing.limits] == [limit.id]
    assert nothing.why == "restricted"
    async with database.reading() as session:
        (balance,) = await ledger.balances(session, made.people["amina"].id)
    assert balance.pending == 5 * 20_000


async def test_held_answers_wait_for_a_person_and_are_released(database: Database):
    made = await shop(database, "fast_answers >= 100% over 2 under 50%: hold 7d")
    await made.hire("amina")
    async with database.transaction() as session:
        await session.execute(update(Queue).values(median_seconds=10))
    await made.answer("amina", "red", times=2, seconds=1)
    (news,) = await made.judged()
    (limit,) = news.limits
    assert limit.restriction.kind == restrictions.HOLD
    await made.answer("amina", "red", seconds=60)
    await made.judged()
    assert set(await _windows(database)) == {holds.LONGEST_REVIEW}
    assert await look(database, select(Review.purpose)) == ["review"] * 3
    async with database.transaction() as session:
        await restrictions.lift(session, limit.id, actor=None, now=made.moment)
    assert set(await _windows(database)) == {timedelta(days=3)}


async def test_a_limit_of_the_day_ends_with_it(database: Database):
    made = await shop(database, "income_per_day >= 0.06 USD: pause")
    await made.hire("amina")
    await made.answer("amina", "red", times=2)
    assert await made.judged() == []
    await made.answer("amina", "red")
    (news,) = await made.judged()
    assert news.numbers["count"] == 60_000
    ends_at = news.limits[0].restriction.ends_at
    made.moment = ends_at - timedelta(seconds=2)
    assert isinstance(await made.next_for("amina"), NoWork)
    made.moment = ends_at + timedelta(seconds=1)
    assert isinstance(await made.next_for("amina"), Offer)


async def test_agreement_is_measured_when_all_answers_are_there_and_never_on_gold(
    database: Database,
):
    made = await shop(database, "agreement < 50% over 3: tell", plain=3, overlap=3)
    await made.hire("amina", "baraka", "chausiku")
    await made.answer("amina", "blue", times=3)
    await made.answer("baraka", "red", times=3)
    assert await made.judged() == []
    await made.answer("chausiku", "red", times=2)
    assert await made.judged() == []
    await made.answer("chausiku", "red")
    assert [news.worker.pseudonym for news in await made.judged()] == ["amina"]


async def test_asking_for_training_changes_nothing_else(database: Database):
    made = await shop(database, "gold_accuracy < 60% over 2: training", gold=4)
    await made.hire("amina")
    await made.answer("amina", "blue", times=2)
    (news,) = await made.judged()
    assert news.training
    assert await look(database, select(Restriction)) == []
    assert isinstance(await made.next_for("amina"), Offer)


async def test_a_training_that_nobody_can_do_keeps_nobody_from_work(database: Database):
    with pytest.raises(launch.LaunchBlocked, match="a rule asks for the training warm-up, and"):
        await shop(database, "gold_accuracy < 60% over 2: training warm-up 2d", gold=4)
    await crowd.fill(database, [], slug="warm-up")  # without tasks
    async with database.transaction() as session:
        await session.execute(update(StageVersion).values(quality={"kind": "training"}))
    made = await shop(database, "gold_accuracy < 60% over 2: training warm-up 2d", gold=4)
    await made.hire("amina")
    await made.answer("amina", "blue", times=2)
    (news,) = await made.judged()
    assert news.training
    assert await look(database, select(Restriction)) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("training warm-up", "training stands alone, or names a training project and a time"),
        ("training Warm 3d", "training stands alone"),
        ("training warm-up 8d", "a rule may do this for at most 7d"),
        ("training warm-up soon", "must be a time like 3d"),
    ],
)
def test_what_is_no_training_is_refused(line: str, fault: str):
    with pytest.raises(rule_lines.FieldFault) as refused:
        rule_lines.read(f"same_answer >= 15: {line}", "rules[0]")
    assert fault in refused.value.say()


def test_a_line_with_a_training_is_written_as_it_is_read():
    line = "same_answer >= 15: training warm-up 3d, training"
    assert rule_lines.write(rule_lines.read(line, "rules")) == line


async def test_a_skill_is_set_and_named(database: Database):
    made = await shop(database, "gold_accuracy < 60% over 2: set_skill 20", gold=4)
    await made.hire("amina")
    await made.answer("amina", "blue", times=2)
    (news,) = await made.judged()
    assert news.skill == ("shop", 20)
    async with database.reading() as session:
        found = await skills.of(session, made.people["amina"].id)
    assert int(found["shop"].score) == 20


async def test_what_the_clock_accepted_is_no_verdict(database: Database):
    made = await shop(database, "review_verdicts >= 50% over 2: tell")
    await made.hire("amina")
    await made.answer("amina", "blue", times=4)
    async with database.transaction() as session:
        ids = (await session.scalars(select(Assignment.id).order_by(Assignment.id))).all()
        for number, (id, state) in enumerate(zip(ids, STATES, strict=False)):
            await session.execute(update(Assignment).where(Assignment.id == id).values(state=state))
            if number:
                await session.execute(insert(Review).values(**_review(made, id)))
    (news,) = await made.judged()
    assert news.numbers["count"] == 1


def _review(made: Shop, assignment_id: int) -> dict[str, object]:
    return {
        "assignment_id": assignment_id,
        "round": 1,
        "purpose": "review",
        "author_id": made.people["amina"].id,
        "stage_id": 1,
        "queue_id": 1,
        "state": "decided",
        "due_at": made.moment,
    }


async def test_two_rules_that_pause_tell_once(database: Database):
    lines = ("gold_accuracy < 60% over 2: pause 3d", "same_answer >= 2: pause 1d")
    made = await shop(database, *lines, gold=2)
    await made.hire("amina")
    await made.answer("amina", "blue", times=2)
    found = await made.judged()
    assert [len(news.limits) for news in found] == [1, 0]
    fired = select(Audit.action).where(Audit.action == "rule.fire")
    assert len(await look(database, fired)) == 2


async def test_a_rehearsal_says_whom_and_touches_nobody(database: Database):
    made = await shop(database, "same_answer >= 4: pause 1d")
    await made.hire("amina", "baraka")
    await made.answer("amina", "blue", times=9)
    await made.answer("baraka", "blue")
    async with database.transaction() as session:
        found = await rehearsal.rehearse(session, made.project, now=now())
        other = ["answers_per_day >= 1: tell"]
        tried = await rehearsal.rehearse(session, made.project, now=now(), lines=other)
    assert [(one.pseudonym, one.numbers["count"], one.times) for one in found.touched] == [
        ("amina", 4, 2)
    ]
    assert (found.answers, found.workers) == (10, 2)
    assert {one.pseudonym for one in tried.touched} == {"amina", "baraka"}
    assert await look(database, select(Firing)) == []
    assert await look(database, select(Restriction)) == []


async def test_rules_change_by_the_command(database: Database):
    made = await shop(database, "same_answer >= 4: tell")
    async with database.transaction() as session:
        line = {"rules": "gold_accuracy<60% over 5:pause 2d; answers_per_day >= 9: pause"}
        project = await session.get_one(Project, made.project.id)
        (change,) = await projects.change(session, project, line, actor=None)
        assert change.after == ("gold_accuracy < 60% over 5: pause 2d; answers_per_day >= 9: pause")
        (spec,) = await stages.current(session, project.id)
        assert spec.quality == {"rules": change.after.split("; ")}
        (change,) = await projects.change(session, project, {"rules": "none"}, actor=None)
        assert change.after == "none"


@pytest.mark.timeout(1200)
async def test_most_spammers_are_found_and_honest_people_left_alone(database: Database):
    """Small here; `KAZI_LARGE_COLONY=1` for the whole village, with and without rules."""
    honest, spammers, tasks, share = (100, 20, 3000, 0.1) if LARGE else (8, 4, 60, 0.5)
    people = colony.crowd(7, honest=honest, spammers=spammers)
    gold = 120 if LARGE else 30
    found = await colony.live(database, people, tasks=tasks, gold=gold, gold_share=share)
    print(found)
    assert found.found >= spammers // 2
    assert found.honest_paused <= honest // 20
    assert found.asked_again
    assert found.paid


async def _specs(database: Database, project: Project) -> Sequence[stages.StageSpec]:
    async with database.reading() as session:
        return await stages.current(session, project.id)


async def _no_gold(database: Database) -> None:
    """From now on only other tasks."""
    async with database.transaction() as session:
        await session.execute(update(Task).where(Task.gold.is_not(None)).values(parked=0))


async def _windows(database: Database) -> list[timedelta]:
    """How long each answer waits for a review."""
    async with database.reading() as session:
        query = select(Assignment.accept_at, Assignment.answered_at)
        return [due - given for due, given in await session.execute(query)]
