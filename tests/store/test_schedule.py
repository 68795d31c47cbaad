"""Calendar work is done once a period, whoever looks; what is not due is not even looked at."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from bot.models.schedule import Scheduled
from bot.store import schedule
from bot.store.database import Database, Session
from bot.store.schedule import Period

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
WEEK = timedelta(days=7)
JOB = "report"


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


async def plan(
    session: Session, *subjects: int, day: date = MONDAY, due_at: datetime = NOW
) -> None:
    await schedule.plan(session, JOB, [(Period(subject, day), due_at) for subject in subjects])


async def serve(session: Session, *, now: datetime = NOW, limit: int = 100) -> list[Period]:
    """Claim what is due, and open what follows."""
    taken = await schedule.claim(session, JOB, now=now, limit=limit)
    coming = [(Period(one.subject, one.day + WEEK), NOW + WEEK) for one in taken]
    await schedule.plan(session, JOB, coming)
    return taken


async def test_three_who_look_at_the_same_time_share_what_is_due(database: Database) -> None:
    await database.run(lambda session: plan(session, *range(50)))
    served = await asyncio.gather(*(database.run(_a_few) for _ in range(12)))
    subjects = [one.subject for some in served for one in some]
    assert sorted(subjects) == list(range(50))


async def _a_few(session: Session) -> list[Period]:
    return await serve(session, limit=7)


async def test_nothing_is_due_before_its_time(session: Session) -> None:
    await plan(session, 1)
    assert await serve(session, now=NOW - timedelta(seconds=1)) == []
    assert await serve(session) == [Period(1, MONDAY)]
    assert await serve(session) == []
    assert await serve(session, now=NOW + WEEK) == [Period(1, MONDAY + WEEK)]


async def test_a_claim_that_fails_is_made_again(database: Database) -> None:
    await database.run(lambda session: plan(session, 1))

    async def fail(session: Session) -> None:
        assert await serve(session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.run(fail)
    assert await database.run(serve) == [Period(1, MONDAY)]


async def test_a_period_is_planned_once_and_never_again_when_done(session: Session) -> None:
    await plan(session, 1)
    await plan(session, 1, due_at=NOW + WEEK)
    assert len(await serve(session)) == 1
    await schedule.cancel(session, JOB, 1)
    await plan(session, 1)
    assert not await schedule.is_planned(session, JOB, 1)
    assert await serve(session) == []


async def test_jobs_and_subjects_do_not_touch_each_other(session: Session) -> None:
    await plan(session, 1, 2)
    await schedule.plan(session, "other", [(Period(1, MONDAY), NOW)])
    await schedule.cancel(session, JOB, 1)
    await schedule.move(session, JOB, 1, lambda _day: NOW)
    assert await serve(session) == [Period(2, MONDAY)]
    assert await schedule.claim(session, "other", now=NOW, limit=9) == [Period(1, MONDAY)]


async def test_an_open_period_moves_with_its_name(session: Session) -> None:
    await plan(session, 1)
    await schedule.move(session, JOB, 1, lambda day: NOW + (day - MONDAY) + WEEK)
    assert await serve(session) == []
    assert await serve(session, now=NOW + WEEK) == [Period(1, MONDAY)]


@pytest.mark.parametrize("change", ["cancel", "move"])
async def test_who_changes_a_period_while_it_is_claimed_changes_the_next(
    database: Database, change: str
) -> None:
    await database.run(lambda session: plan(session, 1))
    later = NOW + 2 * WEEK

    async def do(session: Session) -> None:
        if change == "cancel":
            await schedule.cancel(session, JOB, 1)
        else:
            await schedule.move(session, JOB, 1, lambda _day: later)

    async with database.transaction() as session:
        assert await serve(session)
        changing = asyncio.ensure_future(database.run(do))
        await asyncio.wait([changing], timeout=0.2)
    await changing
    async with database.reading() as session:
        due = await session.scalar(select(Scheduled.due_at).where(Scheduled.done_at.is_(None)))
    assert due == (None if change == "cancel" else later)


async def test_what_was_done_long_ago_is_forgotten(session: Session) -> None:
    await plan(session, 1)
    day, now = MONDAY, NOW
    for _ in range(20):
        assert await schedule.claim(session, JOB, now=now, limit=9) == [Period(1, day)]
        day, now = day + WEEK, now + WEEK
        await plan(session, 1, day=day, due_at=now)
    kept = await session.scalar(select(func.count()).select_from(Scheduled))
    assert kept == 10  # eight weeks, the one just done, the one that comes


async def test_what_is_due_is_found_in_the_index_alone(session: Session) -> None:
    """Not by reading everybody who is not due."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    if not sqlite:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
    asked = schedule.DUE.limit(9).params(of_job=JOB, now=NOW)
    compiled = asked.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
    plan_lines = await session.execute(text(f"{explain} {compiled}".replace(":", "\\:")))
    words = " ".join(str(row) for row in plan_lines)
    assert "ix_schedule_due" in words
    assert "Seq Scan" not in words
    assert "SCAN" not in words
