"""A day of the ledger is sealed when it is final, and who rewrites it is found by the day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from bot.models.books import LedgerDay
from bot.pay import chain, journal
from bot.pay.chain import MARGIN
from bot.store.database import Database, Session, now
from tests.pay.bookkeeping import earn, people, unguarded

DAY = timedelta(days=1)


async def seal_all(database: Database, moment: datetime) -> list[chain.Link]:
    made = []
    while True:
        async with database.reading() as session:
            link = await chain.due(session, now=moment)
        if link is None:
            return made
        async with database.transaction() as session:
            await chain.seal(session, link)
            await chain.seal(session, link)  # another replica was as fast
        made.append(link)


async def move(database: Database, ids: str, at: datetime) -> None:
    """As if these postings had been written at another time."""
    async with unguarded(database) as session:
        statement = text(f"UPDATE postings SET at = :at WHERE id IN ({ids})")
        stored = at.strftime("%Y-%m-%d %H:%M:%S.%f") if database.is_sqlite else at
        await session.execute(statement, {"at": stored})


@pytest.fixture
async def week(database: Database) -> tuple[Database, datetime]:
    """Postings 1-4 of a Monday, none of the Tuesday, 5-6 of the Wednesday; and its end."""
    worker, project = await people(database)
    async with database.transaction() as session:
        for assignment in (1, 2, 3):
            await earn(session, worker, project, assignment)
    monday = datetime(2026, 11, 2, 12, tzinfo=UTC)
    await move(database, "1, 2, 3, 4", monday)
    await move(database, "5, 6", monday + 2 * DAY)
    return database, datetime(2026, 11, 5, tzinfo=UTC)


async def verified(database: Database) -> chain.Verified:
    async with database.reading() as session:
        return await chain.verify(session)


async def test_every_day_has_one_link_also_a_quiet_one(week, monkeypatch) -> None:
    database, end = week
    monkeypatch.setattr(journal, "STEP", 2)
    assert (await verified(database)).last is None
    assert await seal_all(database, end + MARGIN - timedelta(seconds=1)) != []
    links = await seal_all(database, end + MARGIN)
    assert [link.day for link in links] == [date(2026, 11, 4)]
    found = await verified(database)
    assert (found.links, found.postings, found.broken) == (3, 6, ())
    assert found.head == links[-1].hash
    async with database.reading() as session:
        counts = list(await session.scalars(select(LedgerDay.count).order_by(LedgerDay.day)))
    assert counts == [4, 0, 2]


async def test_an_empty_ledger_has_nothing_to_seal(database: Database) -> None:
    assert await seal_all(database, datetime(2026, 11, 5, tzinfo=UTC)) == []
    assert (await verified(database)).broken == ()


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE entries SET amount = amount + 1 WHERE posting_id = 3", "a posting was changed"),
        ("UPDATE postings SET at = '2026-11-02 12:00:01' WHERE id = 3", "a posting was changed"),
        ("UPDATE accounts SET code = 'worker:9:x:USD' WHERE kind = 'pending'", "was changed"),
        ("DELETE FROM entries WHERE posting_id = 3", "a posting was changed"),
        (
            "DELETE FROM entries WHERE posting_id = 4; DELETE FROM postings WHERE id = 4",
            "1 postings removed",
        ),
        ("UPDATE ledger_days SET upto = 5 WHERE day = '2026-11-02'", "1 postings added"),
    ],
)
async def test_a_rewritten_day_is_named(week, attack: str, said: str) -> None:
    database, end = week
    await seal_all(database, end + MARGIN)
    async with unguarded(database) as session:
        for statement in attack.split("; "):
            await session.execute(text(statement))
    broken = (await verified(database)).broken
    assert broken[0].startswith("2026-11-02: ")
    assert broken[0].endswith(said)


async def test_a_link_that_is_missing_is_named(week) -> None:
    database, end = week
    await seal_all(database, end + MARGIN)
    async with unguarded(database) as session:
        await session.execute(text("DELETE FROM ledger_days WHERE day = '2026-11-03'"))
    assert (await verified(database)).broken[0] == "2026-11-03: the link of this day is missing"


async def test_a_day_waits_for_whoever_still_writes(week) -> None:
    """A transaction that began before the end of the day and has written is still open."""
    database, _end = week
    async with database.reading() as session:
        today = (await now(session)).replace(hour=0, minute=0, second=0, microsecond=0)
    await move(database, "1, 2, 3, 4, 5, 6", today)  # their day ends tomorrow
    tomorrow = today + DAY + MARGIN
    if database.is_sqlite:  # one writer, and its numbers rise
        assert len(await seal_all(database, tomorrow)) == 1
        return
    async with database.transaction() as writing:
        await _write(writing)
        assert await seal_all(database, tomorrow) == []
    assert len(await seal_all(database, tomorrow)) == 1


async def _write(session: Session) -> None:
    await session.execute(text("UPDATE workers SET country = 'KE'"))
