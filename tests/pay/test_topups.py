"""The weekly top-up: on the worker's own Monday, once, from the projects that paid too little."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from bot.models.base import table
from bot.models.people import Worker
from bot.models.schedule import Scheduled
from bot.models.wage import TopUp
from bot.models.work import Project
from bot.money import MICRO
from bot.pay import ledger, statements, topups
from bot.pay.ledger import Balance, Whose
from bot.people import weeks
from bot.store.database import Database, Session
from tests.pay.wages import NOW, Job, person

MONDAY = date(2026, 11, 23)
SIX = datetime(2026, 11, 23, 3, tzinfo=UTC)  # in Nairobi
WEEK = timedelta(days=7)
LAST_WEEK = SIX - timedelta(days=3)


async def begin(database: Database) -> Worker:
    """Somebody whose last week had 200 s in one project and 100 s in another, both too cheap."""
    async with database.transaction() as session:
        amina = await person(session, "w-amina")
        assert await topups.enrol(session, now=SIX - WEEK) == 1
        assert await topups.enrol(session, now=SIX - WEEK) == 0
        for slug, seconds in (("a", 200), ("b", 100)):
            job = await Job(session, slug).begin(median=100, price=MICRO)
            await job.offer(amina, "accepted", at=LAST_WEEK, seconds=seconds)
        rich = await Job(session, "c").begin(price=3 * MICRO)
        await rich.offer(amina, "accepted", at=LAST_WEEK, seconds=20)
        await rich.offer(amina, "accepted", at=SIX, seconds=20)  # of the new week
    return amina


async def take(database: Database, now: datetime) -> int:
    async with database.transaction() as session:
        return await topups.take(session, now=now)


async def added(database: Database) -> list[TopUp]:
    async with database.reading() as session:
        return list(await session.scalars(select(TopUp).order_by(TopUp.project_id)))


async def test_the_week_is_brought_up_to_the_floor_once(database: Database) -> None:
    amina = await begin(database)
    assert await take(database, SIX - timedelta(seconds=1)) == 0
    taken = await asyncio.gather(*(take(database, SIX) for _ in range(3)))
    assert sorted(taken) == [0, 0, 1]
    assert await take(database, SIX + timedelta(hours=9)) == 0
    assert await take(database, SIX - timedelta(hours=9)) == 0  # a clock that was put back
    # 320 s at 143 shillings an hour are due, and 5 came in: 7.711112 are missing, of which the two
    # cheap projects lack 6.944445 and 2.972223.
    found = await added(database)
    assert [(one.micro, one.seconds, one.earned_micro) for one in found] == [
        (5_399_938, 200, MICRO),
        (2_311_174, 100, MICRO),
    ]
    assert [one.due_micro for one in found] == [7_944_445, 3_972_223]
    async with database.reading() as session:
        await ledger.check(session)
        (kes,) = await ledger.balances(session, amina.id)
        assert kes == Balance("KES", pending=8 * MICRO, available=7_711_112)
        (line, *_) = await statements.page(session, amina.id, offset=0, limit=9)
        assert (line.kind, line.project, line.micro) == ("topup", "Project b", 2_311_174)
        keys = select(ledger.postings.c.key).where(ledger.postings.c.kind == "topup")
        assert sorted(await session.scalars(keys)) == [
            f"topup:{amina.id}:{one.project_id}:2026-11-23" for one in found
        ]
        assert await statements.detail(session, amina.id, line.posting_id) is None
        behind = await topups.of_posting(session, amina.id, line.posting_id)
        assert behind is not None
        assert (behind[0].monday, behind[1]) == (MONDAY, "Project b")
        assert await topups.of_posting(session, amina.id + 1, line.posting_id) is None
        assert len(await topups.of_week(session, amina.id, MONDAY)) == 2


async def test_what_the_books_have_already_is_not_added_again(database: Database) -> None:
    amina = await begin(database)
    async with database.transaction() as session:
        (project,) = await _projects(session, "a")
        key, whose = f"topup:{amina.id}:{project}:{MONDAY}", Whose(amina.id, project, None, "KES")
        assert await ledger.grant(session, key, "topup", whose, micro=5_399_938)
    assert await take(database, SIX) == 1
    assert [one.micro for one in await added(database)] == [2_311_174]


async def test_a_project_that_pays_in_two_currencies_adds_in_both(database: Database) -> None:
    async with database.transaction() as session:
        amina, other = await person(session, "w-amina"), await person(session, "w-other")
        await topups.enrol(session, now=SIX - WEEK)
        job = await Job(session).begin(price=0)
        await job.offer(amina, "accepted", at=LAST_WEEK, seconds=36)
        theirs = await job.offer(other, "accepted", at=LAST_WEEK, seconds=0)
        await job.verdict(theirs, "accepted", by=amina, at=LAST_WEEK, pay_micro=0, currency="USD")
    assert await take(database, SIX) == 2
    found = {one.currency: one for one in await added(database)}
    assert {currency: one.micro for currency, one in found.items()} == {
        "KES": 1_430_000,
        "USD": 33_334,  # a minute of reviewing
    }
    async with database.reading() as session:
        await ledger.check(session)


async def test_who_moves_is_paid_by_the_new_clock_and_who_leaves_is_forgotten(
    database: Database,
) -> None:
    amina = await begin(database)
    async with database.transaction() as session:
        worker = await session.get_one(Worker, amina.id)
        worker.zone = "Asia/Tokyo"
        await weeks.follow(session, worker)
        due = await session.scalar(select(Scheduled.due_at))
        assert due == datetime(2026, 11, 22, 21, tzinfo=UTC)
        worker.state = "gone"
    assert await take(database, SIX) == 1
    assert await added(database) == []
    async with database.transaction() as session:
        worker = await session.get_one(Worker, amina.id)
        await weeks.forget(session, worker)
        assert await session.scalar(select(Scheduled.id)) is None


async def test_after_weeks_without_a_process_every_week_is_done_for_itself(
    database: Database,
) -> None:
    await begin(database)
    later = SIX + 2 * WEEK
    assert [await take(database, later) for _ in range(4)] == [1, 1, 1, 0]
    assert {one.monday for one in await added(database)} == {MONDAY}
    async with database.transaction() as session:
        left = update(table(Worker)).values(zone=None)
        await session.execute(left)
    assert [await take(database, NOW + 4 * WEEK) for _ in range(3)] == [1, 1, 0]


async def _projects(session: Session, slug: str) -> list[int]:
    return list(await session.scalars(select(Project.id).where(Project.slug == slug)))
