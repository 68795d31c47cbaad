"""Tasks whose answers all agree may become gold, when somebody says so."""

import csv
import io
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.models.people import Audit, Consent
from bot.models.work import Assignment, Project, Task
from bot.people import roles
from bot.store.database import Database
from bot.work import forecasts, gold_proposals, intake, projects, results
from bot.work.gold_proposals import NotProposed
from bot.work.results import Export
from tests.work import crowd
from tests.work.crowd import START, Given

OPTIONS = {"options": ["yes", "no"], "show": ["text"], "photo": None, "audio": None}


@pytest.fixture
async def project(database: Database) -> Project:
    """agreed: 3 equal; mixed: not equal; few: 2 equal; mended: equal after a correction."""
    said = [
        *(Given("agreed", worker, "yes") for worker in "abc"),
        *(
            Given("mixed", worker, label)
            for worker, label in zip("abc", ["yes", "yes", "no"], strict=True)
        ),
        *(Given("few", worker, "yes") for worker in "ab"),
        *(Given("mended", worker, "no") for worker in "ab"),
        Given("mended", "c", "yes", corrections=("no",)),
    ]
    return await crowd.fill(database, said, settings=OPTIONS)


async def proposed(database: Database, **terms: Any) -> list[tuple[str, str, int]]:
    async with database.reading() as session:
        found = await gold_proposals.proposals(
            session, await projects.find(session, "sw-fluency"), **terms
        )
        return [(one.key, one.label, one.answers) for one in found]


async def make(database: Database, *keys: str, actor: int | None = None) -> None:
    async with database.transaction() as session:
        made = await projects.find(session, "sw-fluency")
        await gold_proposals.make_gold(session, made, keys, actor=actor)


async def exported(database: Database, what: Any, *, gold: bool = False) -> list[dict[str, str]]:
    written = io.StringIO(newline="")
    async with database.reading() as session:
        made = await projects.find(session, "sw-fluency")
        await results.export(session, made, Export(what, gold=gold), written, actor=None)
    return list(csv.DictReader(io.StringIO(written.getvalue())))


async def test_unanimous_tasks_are_proposed(database: Database, project: Project) -> None:
    assert await proposed(database) == [("agreed", "yes", 3), ("mended", "no", 3)]
    assert ("few", "yes", 2) in await proposed(database, at_least=2)
    assert await proposed(database, limit=1) == [("agreed", "yes", 3)]


async def test_a_task_that_waits_for_answers_is_not(database: Database, project: Project) -> None:
    async with database.transaction() as session:
        await session.execute(update(Task).where(Task.key == "agreed").values(open_slots=1))
        held = update(Assignment).where(
            Assignment.task_id == select(Task.id).where(Task.key == "few").scalar_subquery(),
            Assignment.id
            == select(Assignment.id).order_by(Assignment.id.desc()).limit(1).scalar_subquery(),
        )
        await session.execute(held.values(state="held"))
    assert await proposed(database) == [("mended", "no", 3)]


async def test_who_withdrew_their_consent_makes_no_gold(
    database: Database, project: Project
) -> None:
    async with database.transaction() as session:
        await session.execute(
            insert(Consent).values(
                worker_id=1, document="answers", version="1", locale="sw", withdrawn_at=START
            )
        )
    assert await proposed(database) == []


async def test_nothing_becomes_gold_until_somebody_says_so(
    database: Database, project: Project
) -> None:
    before = await exported(database, "results")
    await make(database, "agreed")
    async with database.reading() as session:
        golds = dict((await session.execute(select(Task.key, Task.gold))).all())
        audit = (await session.scalars(select(Audit).where(Audit.action == "project.gold"))).one()
    assert golds == {"agreed": "yes", "mixed": None, "few": None, "mended": None}
    assert audit.after == "agreed"
    assert await proposed(database) == [("mended", "no", 3)]
    assert await exported(database, "results") == before


async def test_what_it_is_answered_as_gold_does_not_change_its_result(
    database: Database, project: Project
) -> None:
    before = await exported(database, "results"), await exported(database, "raw")
    await make(database, "agreed")
    async with database.transaction() as session:
        queue = await crowd._first_queue(session, project)
        await crowd.workers(session, ["d"])
        ids = await crowd._ids(session, queue)
        await crowd.answers(
            session, queue, [Given("agreed", "d", "no")], tasks=ids[0], workers=ids[1]
        )
        newest = select(Assignment.id).order_by(Assignment.id.desc()).limit(1)
        await session.execute(
            update(Assignment).where(Assignment.id == newest.scalar_subquery()).values(gold=True)
        )
    after = await exported(database, "results"), await exported(database, "raw")
    assert after[0] == before[0]
    assert [row["worker"] for row in after[1]] == [row["worker"] for row in before[1]]
    assert len(await exported(database, "raw", gold=True)) == len(before[1]) + 1


async def test_the_counts_of_the_project_stay(database: Database, project: Project) -> None:
    async with database.reading() as session:
        before = await forecasts.loads(session, [1])
    await make(database, "agreed", "mended")
    async with database.reading() as session:
        after = await forecasts.loads(session, [1])
    assert after[1] == before[1]._replace(gold=2)


async def test_the_file_it_came_from_adds_nothing(database: Database, project: Project) -> None:
    await make(database, "agreed")
    async with database.transaction() as session:
        made = await projects.find(session, "sw-fluency")
        rows = BytesIO(b"key,text\nagreed,agreed\n")
        loaded = await intake.load(session, made, rows, "csv", actor=None)
    assert (loaded.added, loaded.known) == (0, 1)


async def test_only_what_is_proposed_becomes_gold_and_not_by_everybody(
    database: Database, project: Project
) -> None:
    with pytest.raises(NotProposed):
        await make(database, "agreed", "mixed")
    with pytest.raises(roles.RoleNeeded):
        await make(database, "agreed", actor=1)
    assert len(await proposed(database)) == 2


async def test_free_text_is_never_proposed(database: Database) -> None:
    said = [Given("t", worker, "good") for worker in "abc"]
    await crowd.fill(database, said, type="text", settings={"show": ["text"]})
    assert await proposed(database) == []
