"""Projects: made and changed from files, found by any name, opened when nothing is in the way."""

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select, update

from bot.errors import NotAllowed, Refusal
from bot.models.people import Audit, Worker
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion, Task
from bot.pay import ledger
from bot.people import roles
from bot.store import database as clock
from bot.store.database import Database, Session
from bot.work import forecasts, intake, launch, project_file, projects, stages, states, terms

FILE = """
[project]
id = "quick"
name = "Quick check"
languages = ["sw"]
budget = "10 USD"
[stage]
type = "choice"
options = ["yes", "no"]
show = ["text"]
tier = "basic"
price = "0.02 USD"
expected_seconds = 12
overlap = 3
gold_share = 0
[stage.text.sw]
question = "Je?"
"""
SECOND = '[[stage]]\ntype = "text"\nshow = ["text"]\nprice = "0.1 USD"\ngold_share = 0\n'


async def test_a_file_makes_a_draft_with_a_queue_for_each_language(database: Database) -> None:
    project = await apply(database, FILE.replace('["sw"]', '["sw", "fil"]'))
    assert (project.state, project.slug, project.budget_micro) == ("draft", "quick", 10_000_000)
    async with database.reading() as session:
        queues = await session.scalars(select(Queue.language).order_by(Queue.language))
        assert queues.all() == ["fil", "sw"]
        [spec] = await stages.current(session, project.id)
    assert (spec.version, spec.price_micro, spec.overlap, spec.type) == (1, 20_000, 3, "choice")


async def test_without_a_price_the_tier_pays(database: Database) -> None:
    await apply(database, FILE.replace('price = "0.02 USD"', ""))
    assert (await spec(database)).price_micro == 13_333


async def test_a_wage_in_another_currency_asks_for_a_price(database: Database) -> None:
    text = FILE.replace('price = "0.02 USD"', "").replace("10 USD", "1000 KES")
    with pytest.raises(Refusal, match="tier basic has no wage in KES yet"):
        await apply(database, text)


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    await apply(database, FILE)
    await apply(database, FILE)
    assert (await spec(database)).version == 1
    assert await audit(database) == ["project.create"]


async def test_a_new_price_is_a_new_version_and_the_old_one_stays(database: Database) -> None:
    await apply(database, FILE)
    before = await spec(database)
    await apply(database, FILE.replace("0.02 USD", "0.03 USD"))
    after = await spec(database)
    assert (before.version, after.version) == (1, 2)
    async with database.reading() as session:
        first = await projects.spec(session, after.stage_id, 1)
        second = await projects.spec(session, after.stage_id, 2)
    assert (first.price_micro, second.price_micro) == (20_000, 30_000)
    assert await audit(database) == ["project.create", "project.apply"]


async def test_a_change_that_was_rolled_back_is_not_remembered(database: Database) -> None:
    await apply(database, FILE)

    async def and_fail(price: str, *, fail: bool) -> stages.StageSpec:
        async with database.transaction() as session:
            file = project_file.parse(FILE.replace("0.02 USD", price))
            project = await projects.apply(session, file, actor=None)
            [current] = await stages.current(session, project.id)
            found = await projects.spec(session, current.stage_id, 2)
            if fail:
                raise LookupError
        return found

    with pytest.raises(LookupError):
        await and_fail("0.05 USD", fail=True)
    assert (await and_fail("0.04 USD", fail=False)).price_micro == 40_000
    assert (await spec(database)).price_micro == 40_000


async def test_a_new_name_reaches_the_cards_through_a_new_version(database: Database) -> None:
    await apply(database, FILE)
    await apply(database, FILE.replace("Quick check", "Quicker check"))
    found = await spec(database)
    assert (found.version, found.project_name) == (2, "Quicker check")


async def test_a_language_may_be_added(database: Database) -> None:
    await apply(database, FILE)
    project = await apply(database, FILE.replace('["sw"]', '["sw", "hi"]'))
    assert project.languages == ["sw", "hi"]
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Queue)) == 2


async def test_a_language_with_tasks_stays(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 1)
    with pytest.raises(Refusal, match="has tasks in sw"):
        await apply(database, FILE.replace('["sw"]', '["hi"]'))


async def test_the_type_may_change_until_somebody_has_answered(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 1)
    other = FILE.replace('"choice"', '"text"').replace('options = ["yes", "no"]', "")
    await apply(database, other)
    assert (await spec(database)).type == "text"
    await answer(database, "k0")
    with pytest.raises(Refusal, match="has answers"):
        await apply(database, FILE)


async def test_stages_may_be_added_and_taken_away_until_somebody_has_answered(
    database: Database,
) -> None:
    await apply(database, FILE)
    two = FILE.replace("[stage]", "[[stage]]") + SECOND
    project = await apply(database, two)
    async with database.reading() as session:
        assert [one.type for one in await stages.current(session, project.id)] == ["choice", "text"]
    await apply(database, FILE)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Stage)) == 1
    await apply(database, two)
    await add_tasks(database, 1)
    await answer(database, "k0")
    with pytest.raises(Refusal, match="has answers"):
        await apply(database, FILE)


async def test_a_stage_with_tasks_is_not_taken_away(database: Database) -> None:
    await apply(database, FILE.replace("[stage]", "[[stage]]") + SECOND)
    await add_tasks(database, 1, stage=2)
    with pytest.raises(Refusal, match="has tasks in the stage stage-2"):
        await apply(database, FILE)


async def test_settings_that_the_tasks_do_not_fit_are_refused(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 2)
    with pytest.raises(Refusal, match="“k0” would not fit the new settings: title is missing"):
        await apply(database, FILE.replace('["text"]', '["title"]'))
    assert (await spec(database)).version == 1


async def test_a_gold_answer_keeps_its_option(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 0, gold=1)
    with pytest.raises(Refusal, match="“yes” is not one of: no, maybe"):
        await apply(database, FILE.replace('["yes", "no"]', '["no", "maybe"]'))


async def test_another_overlap_opens_slots_of_the_tasks_that_are_there(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 2, gold=1)
    await answer(database, "k0")
    await apply(database, FILE.replace("overlap = 3", "overlap = 5"))
    assert await slots(database) == {"k0": (5, 4), "k1": (5, 5), "g0": (0, 0)}
    await apply(database, FILE.replace("overlap = 3", "overlap = 1"))
    assert await slots(database) == {"k0": (1, 0), "k1": (1, 1), "g0": (0, 0)}


async def test_people_without_the_role_change_nothing(database: Database) -> None:
    async with database.transaction() as session:
        worker = Worker(pseudonym="w-1")
        session.add(worker)
        await session.flush()
        file = project_file.parse(FILE)
        with pytest.raises(NotAllowed):
            await projects.apply(session, file, actor=worker.id)
        await roles.grant(session, worker.id, "reviewer", by=None)
        with pytest.raises(NotAllowed):
            await projects.apply(session, file, actor=worker.id)
        await roles.grant(session, worker.id, "admin", by=None)
        project = await projects.apply(session, file, actor=worker.id)
        assert project.created_by == worker.id


# Finding


async def test_a_project_is_found_by_its_name_its_code_and_its_number(database: Database) -> None:
    project = await apply(database, FILE)
    refs = ["quick", "Quick", project.code, f"p_{project.code}", f"/p_{project.code}"]
    refs += [f"/p_{project.code}@kazi_bot", f"\u2066/p_{project.code}\u2069", str(project.id)]
    async with database.reading() as session:
        for ref in refs:
            assert (await projects.find(session, ref)).id == project.id


async def test_a_misspelt_project_is_answered_with_the_nearest(database: Database) -> None:
    await apply(database, FILE)
    async with database.reading() as session:
        with pytest.raises(projects.NoSuchProject, match=r"“quikc”. Did you mean quick"):
            await projects.find(session, "quikc")
        with pytest.raises(projects.NoSuchProject, match="There is no project “99999”"):
            await projects.find(session, "99999")


async def test_codes_are_short_and_never_a_number(database: Database) -> None:
    codes = set()
    for number in range(20):
        project = await apply(database, FILE.replace('"quick"', f'"quick-{number}"'))
        codes.add(project.code)
        assert len(project.code) == 3
        assert project.code[0].isalpha()
    assert len(codes) == 20


# Words


async def test_a_worker_reads_their_own_language_before_the_queues(database: Database) -> None:
    text = FILE + '[stage.text.en]\nquestion = "Right?"\n[stage.text.fr]\nquestion = "Juste ?"\n'
    await apply(database, text)
    found = await spec(database)
    assert found.wording("fr", "sw").question == "Juste ?"
    assert found.wording("hi", "sw").question == "Je?"
    assert found.wording("hi", "id").question == "Right?"


async def test_without_english_any_words_are_better_than_none(database: Database) -> None:
    await apply(database, FILE)
    assert (await spec(database)).wording("hi", "id").question == "Je?"


# Launch


async def test_a_project_with_all_it_needs_is_opened(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 10)
    project = await move(database, "open")
    assert project.state == "open"
    assert project.opened_at is not None


@pytest.mark.parametrize(
    ("good", "bad", "tasks", "sentence"),
    [
        ("", "", 0, "There are no tasks yet"),
        ('["sw"]', '["sw", "hi"]', 1, "stage-1: there is no text in hi."),
        (
            '"10 USD"',
            '"0.06 USD"',
            1,
            "budget is 0.06 USD, but all answers, gold, reviews and a reserve of 10",
        ),
    ],
)
async def test_what_is_in_the_way_is_said(
    database: Database, good: str, bad: str, tasks: int, sentence: str
) -> None:
    await apply(database, FILE.replace(good, bad))
    await add_tasks(database, tasks)
    with pytest.raises(launch.LaunchBlocked) as caught:
        await move(database, "open")
    [obstacle] = caught.value.obstacles
    assert sentence in str(obstacle)
    assert (await find(database)).state == "draft"


async def test_all_that_is_in_the_way_is_said_at_once(database: Database) -> None:
    text = FILE.replace('["sw"]', '["sw", "hi"]').replace("stage.text.en", "stage.text.sw")
    await apply(database, text)
    with pytest.raises(launch.LaunchBlocked) as caught:
        await move(database, "open")
    kinds = [type(one) for one in caught.value.obstacles]
    assert kinds == [launch.NoTasks, launch.NoText]
    assert caught.value.say().splitlines()[0].endswith("for 2 reasons:")


async def test_missing_gold_is_remarked_on(database: Database) -> None:
    project = await apply(database, FILE.replace("gold_share = 0", ""))
    async with database.reading() as session:
        remarks = await launch.remarks(session, project)
    assert [type(one) for one in remarks] == [launch.NoGold]


async def test_what_somebody_knows_of_and_accepts_is_not_in_the_way(database: Database) -> None:
    project = await apply(database, FILE.replace("gold_share = 0", ""))
    async with database.transaction() as session:
        project = await projects.find(session, "quick")
        accepted = (launch.NoTasks,)
        await projects.open_project(session, project, actor=None, accepting=accepted)
    assert (await find(database)).state == "open"


async def test_a_label_that_one_language_has_is_asked_of_the_others(database: Database) -> None:
    text = FILE.replace('["sw"]', '["sw", "hi"]') + '[stage.text.sw.options]\nyes = "Ndiyo"\n'
    text += '[stage.text.hi]\nquestion = "?"\n[stage.text.en]\nquestion = "?"\n'
    await apply(database, text)
    await add_tasks(database, 1)
    with pytest.raises(launch.LaunchBlocked) as caught:
        await move(database, "open")
    assert [str(one) for one in caught.value.obstacles] == [
        "stage-1: the option “yes” has no label in hi."
    ]


async def test_english_words_serve_where_a_language_has_none_and_are_remarked(
    database: Database,
) -> None:
    text = FILE.replace('["sw"]', '["sw", "hi"]') + '[stage.text.en]\nquestion = "?"\n'
    project = await apply(database, text)
    await add_tasks(database, 1)
    await move(database, "open")
    async with database.reading() as session:
        [remark] = await launch.remarks(session, project)
    assert remark.say().startswith("stage-1: there is no text in Hindi, so workers will read")


@pytest.mark.parametrize(
    ("gold", "share", "micro"), [(0, "0", 66_000), (0, "0.1", 66_000), (1, "0.1", 73_334)]
)
async def test_the_reserve_and_the_gold_are_in_the_money_needed(
    database: Database, gold: int, share: str, micro: int
) -> None:
    await apply(database, FILE.replace("gold_share = 0", f"gold_share = {share}"))
    await add_tasks(database, 1, gold=gold)
    found = await spec(database)
    async with database.reading() as session:
        load = (await forecasts.loads(session, [found.stage_id]))[found.stage_id]
    assert launch.need(found, load) == micro
    # A tenth of the three answers is reviewed, and a fifth of the verdicts again; with the reserve.
    reviewed = replace(found, review={"share_ppm": 100_000, "rounds": 2, "audit_ppm": 200_000})
    assert launch.need(reviewed, load, 25_000) == micro + 18_150


# States


async def test_a_life_from_draft_to_closed(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 1)
    for step, state in [("open", "open"), ("pause", "paused"), ("open", "open")]:
        assert (await move(database, step)).state == state
    held = await answer(database, "k0", state="held")
    assert (await move(database, "close")).state == "closing"
    assert await settle(database) == []
    async with database.transaction() as session:
        await session.execute(
            update(Assignment).where(Assignment.id == held).values(state="answered")
        )
    assert await settle(database) == ["quick"]
    assert (await find(database)).state == "closed"
    assert (await audit(database)).count("project.state") == 5


@pytest.mark.parametrize(
    ("steps", "refused", "sentence"),
    [
        ("", "pause", "is a draft"),
        ("open", "open", "is open already"),
        ("open pause", "pause", "is paused already"),
        ("close", "open", "is closing"),
        ("close", "close", "is closing"),
        ("close settle", "open", "is closed"),
        ("close settle", "close", "is closed"),
    ],
)
async def test_a_step_from_the_wrong_state_is_refused(
    database: Database, steps: str, refused: str, sentence: str
) -> None:
    await apply(database, FILE)
    await add_tasks(database, 1)
    for step in steps.split():
        await (settle(database) if step == "settle" else move(database, step))
    with pytest.raises(projects.WrongState, match=sentence):
        await move(database, refused)


async def test_a_closed_project_takes_no_changes_and_no_tasks(database: Database) -> None:
    await apply(database, FILE)
    await move(database, "close")
    with pytest.raises(states.IsClosing):
        await apply(database, FILE.replace("0.02", "0.03"))
    with pytest.raises(states.IsClosing):
        await change(database, {"price": "0.03"})
    with pytest.raises(states.IsClosing):
        await add_tasks(database, 1)


async def test_only_the_first_of_two_taps_pauses(database: Database) -> None:
    await apply(database, FILE)
    await add_tasks(database, 1)
    await move(database, "open")
    async with database.reading() as session:
        seen = await projects.find(session, "quick")
    await move(database, "pause")
    assert seen.state == "open"
    async with database.transaction() as session:
        with pytest.raises(states.IsPaused):
            await projects.pause(session, seen, actor=None)


# Changing terms


async def test_a_change_is_said_before_it_is_made(database: Database) -> None:
    await apply(database, FILE)
    wanted = {"price": "0.04", "overlap": "3", "golden": "10%", "due": "12h"}
    async with database.reading() as session:
        project = await projects.find(session, "quick")
        proposed = await projects.propose(session, project, wanted, actor=None)
    assert proposed == [
        ("price", "0.02 USD", "0.04 USD"),
        ("gold", "0%", "10%"),
        ("due", "3d", "12h"),
    ]
    assert (await spec(database)).version == 1
    assert await change(database, wanted) == proposed
    found = await spec(database)
    assert (found.version, found.price_micro, found.gold_share_ppm) == (2, 40_000, 100_000)
    assert found.review == {"share_ppm": 0, "due_seconds": 43_200}
    assert await change(database, wanted) == []
    assert (await spec(database)).version == 2


async def test_the_budget_and_the_name_change_too(database: Database) -> None:
    await apply(database, FILE)
    made = await change(database, {"budget": "none", "name": "New name"})
    assert made == [("budget", "10 USD", "none"), ("name", "Quick check", "New name")]
    project = await find(database)
    assert (project.budget_micro, project.name) == (None, "New name")
    assert (await spec(database)).project_name == "New name"


async def test_a_wage_follows_its_tier_and_an_agreed_price_stays(database: Database) -> None:
    await apply(database, FILE)
    assert await change(database, {"tier": "expert"}) == [("tier", "basic", "expert")]
    await apply(database, FILE.replace('price = "0.02 USD"', ""))
    assert await change(database, {"tier": "expert"}) == [
        ("price", "0.013333 USD", "0.104167 USD"),
        ("tier", "basic", "expert"),
    ]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"prise": "1"}, "prise: is not known here. Did you mean price?"),
        ({"zzz": "1"}, "zzz: is not known here. Known: budget, due,"),
        ({"price": "1 KES"}, "price: is in KES, but the project is in USD."),
        ({"price": "cheap"}, "price: “cheap” is not an amount"),
        ({"price": "0"}, "price: must be more than zero."),
        ({"overlap": "0"}, "overlap: must be a whole number from 1 to 100."),
        ({"gold": "110%"}, "gold: must be a share from 0 to 1"),
        ({"due": "soon"}, "due: must be a time like 3d, 12h or 30m"),
        ({"tier": "B"}, "There is no tier “b”. Did you mean|There is no tier “b”. Tiers:"),
        ({"2.price": "1"}, "2.price: the project has 1 stages."),
        ({"name": " "}, "name: must not be empty."),
    ],
)
async def test_a_change_that_does_not_fit_is_refused_by_its_key(
    database: Database, wanted: Mapping[str, str], sentence: str
) -> None:
    await apply(database, FILE)
    with pytest.raises(Refusal, match=sentence.replace("?", r"\?")):
        await change(database, wanted)


async def test_with_several_stages_a_change_says_which(database: Database) -> None:
    await apply(database, FILE.replace("[stage]", "[[stage]]") + SECOND)
    with pytest.raises(Refusal, match=r"has 2 stages. Say which, like 1.price=0.2"):
        await change(database, {"price": "0.2"})
    assert await change(database, {"2.price": "0.2"}) == [("2.price", "0.1 USD", "0.2 USD")]


# Figures


async def test_a_summary_counts_what_is_there(database: Database) -> None:
    project = await apply(database, FILE.replace("gold_share = 0", "gold_share = 0.1"))
    await add_tasks(database, 4, gold=1)
    accepted = await answer(database, "k0", state="accepted")
    await answer(database, "k1")
    await answer(database, "k2", state="held", worker="w-2")
    await answer(database, "k3", state="skipped", worker="w-2")
    async with database.transaction() as session:
        await ledger.earn(
            session,
            assignment_id=accepted,
            worker_id=1,
            project_id=project.id,
            micro=20_000,
            currency="USD",
        )
        await session.execute(update(Queue).values(median_seconds=10))
    async with database.reading() as session:
        found = await projects.summary(session, project)
        [listed] = await projects.listing(session)
        assert await projects.listing(session, state="open") == []
    assert (found.tasks, found.gold, found.wanted) == (4, 1, 12)
    assert (found.answers, found.accepted, found.held) == (2, 1, 1)
    assert found.cost_micro == 20_000
    # Nine slots are open and one is held, at 0.02 USD and a ninth more for gold.
    assert found.forecast.total == (20_000 + 222_222, 20_000 + 222_223)
    assert (found.per_hour, found.median_seconds, found.wage_micro) == (2, 10, 7_200_000)
    assert (found.offered, round(found.skipped, 3)) == (3, 0.333)
    assert round(found.share, 3) == 0.167
    assert replace(listed, project=project) == found


async def test_an_empty_project_has_a_summary(database: Database) -> None:
    project = await apply(database, FILE)
    async with database.reading() as session:
        found = await projects.summary(session, project)
    assert (found.tasks, found.share, found.forecast.total.high, found.wage_micro) == (
        0,
        0.0,
        0,
        None,
    )


# Terms as people write them


@pytest.mark.parametrize(("written", "ppm"), [("10%", 100_000), ("0.5", 500_000), ("1", 10**6)])
def test_a_share_is_read_and_shown(written: str, ppm: int) -> None:
    assert terms.share(written, "gold") == ppm
    assert terms.share(terms.show_share(ppm), "gold") == ppm


@pytest.mark.parametrize("written", ["3d", "12h", "30m", "0m", "90m"])
def test_a_time_is_shown_as_it_was_written(written: str) -> None:
    assert terms.show_due(terms.due(written, "due")) == written


# What the tests do


async def apply(database: Database, text: str) -> Project:
    async with database.transaction() as session:
        return await projects.apply(session, project_file.parse(text), actor=None)


async def find(database: Database) -> Project:
    async with database.reading() as session:
        return await projects.find(session, "quick")


async def spec(database: Database) -> stages.StageSpec:
    async with database.reading() as session:
        return (await stages.current(session, (await projects.find(session, "quick")).id))[0]


async def change(database: Database, wanted: Mapping[str, str]) -> list[projects.Change]:
    async with database.transaction() as session:
        project = await projects.find(session, "quick")
        return await projects.change(session, project, wanted, actor=None)


async def move(database: Database, step: str) -> Project:
    steps = {"open": projects.open_project, "pause": projects.pause, "close": projects.close}
    async with database.transaction() as session:
        project = await projects.find(session, "quick")
        return await steps[step](session, project, actor=None)


async def settle(database: Database) -> list[str]:
    async with database.transaction() as session:
        return [project.slug for project in await projects.settle_closing(session)]


async def add_tasks(
    database: Database, count: int, *, gold: int = 0, stage: int = 1, language: str = "sw"
) -> None:
    lines = ["key,text,gold,language"]
    lines += [f"k{number},some text,,{language}" for number in range(count)]
    lines += [f"g{number},some text,yes,{language}" for number in range(gold)]
    if len(lines) == 1:
        lines.append("x,some text,,")
    async with database.transaction() as session:
        project = await projects.find(session, "quick")
        stream = io.BytesIO("\n".join(lines).encode())
        if count or gold or project.state == "closing":
            await intake.load(session, project, stream, "csv", stage=stage, actor=None)


async def answer(
    database: Database, key: str, *, state: str = "answered", worker: str = "w-1"
) -> int:
    """One worker's assignment, as dispatch and answers leave it behind."""
    async with database.transaction() as session:
        task = (await session.scalars(select(Task).where(Task.key == key))).one()
        now = await clock.now(session)
        if state != "skipped":
            task.open_slots -= 1
        made = Assignment(
            task_id=task.id,
            worker_id=await _worker(session, worker),
            stage_id=task.stage_id,
            stage_version=1,
            queue_id=task.queue_id,
            state=state,
            nonce="n",
            price_micro=20_000,
            currency="USD",
            locale="sw",
            layout=[],
            offered_at=now,
            lease_until=now,
            answered_at=now if state in ("answered", "accepted") else None,
        )
        session.add(made)
        await session.flush()
        if made.answered_at:
            values = {"assignment_id": made.id, "revision": 1, "value": "yes", "label": "yes"}
            await session.execute(insert(Answer).values(**values, at=now))
        return made.id


async def _worker(session: Session, pseudonym: str) -> int:
    found = await session.scalar(select(Worker.id).where(Worker.pseudonym == pseudonym))
    if found is not None:
        return found
    worker = Worker(pseudonym=pseudonym)
    session.add(worker)
    await session.flush()
    return worker.id


async def slots(database: Database) -> dict[str, tuple[int, int]]:
    async with database.reading() as session:
        rows = await session.execute(select(Task.key, Task.overlap, Task.open_slots))
        return {key: (overlap, free) for key, overlap, free in rows}


async def audit(database: Database) -> list[str]:
    async with database.reading() as session:
        query = select(Audit.action).where(Audit.action != "project.import").order_by(Audit.id)
        return list(await session.scalars(query))


async def test_versions_are_never_overwritten(database: Database) -> None:
    await apply(database, FILE)
    for cents in range(3, 7):
        await change(database, {"price": f"0.0{cents}"})
    async with database.reading() as session:
        prices = select(StageVersion.price_micro).order_by(StageVersion.version)
        assert (await session.scalars(prices)).all() == [20_000, 30_000, 40_000, 50_000, 60_000]
