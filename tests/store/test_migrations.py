"""Migrations and models are one thing said twice; both must say the same."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select

import bot.models  # noqa: F401
from bot import calendar
from bot.clock import now
from bot.models.base import Base, table
from bot.models.people import Worker
from bot.models.schedule import Scheduled
from bot.models.work import Answer, Assignment, Task
from bot.people import weeks
from bot.store import migrate
from bot.store.database import Database
from tests.work import crowd
from tests.work.crowd import Given


async def test_migrations_give_the_tables_of_the_models(database: Database):
    async with database.engine.begin() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    assert differences == []


async def test_up_down_up_leaves_the_newest_revision(database: Database):
    await migrate.downgrade(database, "base")
    assert await migrate.current(database) is None
    await migrate.upgrade(database)
    assert await migrate.current(database) == migrate.newest()


async def test_work_outlives_every_revision(database: Database):
    given = [Given("a", "w-ann", "yes"), Given("b", "w-ben", "no", corrections=("yes",))]
    await crowd.fill(database, given)
    before = await _work(database)
    assert len(before) == 3
    await migrate.downgrade(database, "0001")
    await migrate.upgrade(database)
    assert await _work(database) == before


async def _work(database: Database) -> list[tuple[object, ...]]:
    rows = (
        select(Worker.pseudonym, Task.key, Assignment.state, Answer.revision, Answer.label)
        .join(Assignment, Assignment.worker_id == Worker.id)
        .join(Task, Task.id == Assignment.task_id)
        .join(Answer, Answer.assignment_id == Assignment.id)
        .order_by(Answer.id)
    )
    async with database.reading() as session:
        return [tuple(row) for row in await session.execute(rows)]


async def test_who_works_already_is_in_the_calendar_after_the_upgrade(database: Database):
    await migrate.downgrade(database, "0005")
    people = [("w-a", "active", "Asia/Manila"), ("w-b", "paused", None), ("w-c", "joining", None)]
    async with database.transaction() as session:
        for name, state, zone in people:
            row = {"pseudonym": name, "state": state, "zone": zone}  # of the columns of then
            await session.execute(insert(table(Worker)), row)
    await migrate.upgrade(database)
    async with database.reading() as session:
        found = (
            await session.execute(
                select(Worker.zone, Scheduled)
                .join_from(Worker, Scheduled, Scheduled.subject == Worker.id)
                .order_by(Worker.id)
            )
        ).all()
    assert [zone for zone, _row in found] == ["Asia/Manila", None]
    for zone, row in found:
        assert row.job == weeks.SUMMARY
        assert row.due_at == weeks.JOBS[weeks.SUMMARY].begins(row.period, zone or "UTC")
        assert now() < row.due_at <= now() + calendar.WEEK
