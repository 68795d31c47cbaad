"""When a weekly summary is due: Monday at nine on the worker's own clock, wherever they move."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.models.people import Worker
from bot.people import summaries, weeks, workers
from bot.people.summaries import Summary
from bot.people.workers import Visitor
from bot.store.database import Database, Session

SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


@pytest.fixture
async def worker(session: Session) -> Worker:
    visitor = Visitor(41, "Amina", "amina", "sw")
    made = (await workers.meet(session, 7, visitor, owners=()))[1]
    made.zone = "Africa/Nairobi"
    return made


async def look(session: Session, now: datetime) -> list[Summary]:
    return (await summaries.take(session, now=now))[1]


async def move(session: Session, worker: Worker, zone: str) -> None:
    worker.zone = zone
    await weeks.follow(session, worker)


async def test_it_covers_the_seven_local_days_before_its_monday(
    session: Session, worker: Worker
) -> None:
    await summaries.subscribe(session, worker, now=SATURDAY)
    nine = datetime(2026, 11, 23, 6, tzinfo=UTC)  # in Nairobi
    assert await look(session, nine - timedelta(seconds=1)) == []
    (found,) = await look(session, nine)
    assert found.since == datetime(2026, 11, 15, 21, tzinfo=UTC)
    assert found.until == datetime(2026, 11, 22, 21, tzinfo=UTC)
    assert await look(session, nine + DAY) == []


async def test_the_week_in_which_clocks_change_has_an_hour_more(
    session: Session, worker: Worker
) -> None:
    worker.zone = "Europe/Berlin"
    await summaries.subscribe(session, worker, now=datetime(2026, 10, 20, tzinfo=UTC))
    (found,) = await look(session, datetime(2026, 10, 26, 8, tzinfo=UTC))
    assert found.until - found.since == 7 * DAY + HOUR


async def test_who_joins_on_monday_morning_gets_the_first_one_at_nine(
    session: Session, worker: Worker
) -> None:
    early = datetime(2026, 11, 23, 5, tzinfo=UTC)
    await summaries.subscribe(session, worker, now=early)
    assert len(await look(session, early + HOUR)) == 1


async def test_who_moves_west_after_it_does_not_get_it_again(
    session: Session, worker: Worker
) -> None:
    await move(session, worker, "Pacific/Auckland")
    await summaries.subscribe(session, worker, now=SATURDAY)
    sunday = datetime(2026, 11, 22, 20, tzinfo=UTC)  # Monday at nine in Auckland
    assert len(await look(session, sunday)) == 1
    await move(session, worker, "Pacific/Honolulu")
    nine = datetime(2026, 11, 23, 19, tzinfo=UTC)  # Monday at nine in Honolulu
    assert await look(session, nine) == []
    assert len(await look(session, nine + 7 * DAY)) == 1


async def test_who_moves_east_over_nine_gets_it_at_once(session: Session, worker: Worker) -> None:
    await move(session, worker, "Pacific/Honolulu")
    await summaries.subscribe(session, worker, now=SATURDAY)
    monday = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert await look(session, monday) == []
    await move(session, worker, "Africa/Nairobi")
    assert len(await look(session, monday)) == 1


async def test_weeks_of_an_outage_follow_one_another(session: Session, worker: Worker) -> None:
    await summaries.subscribe(session, worker, now=SATURDAY)
    late = datetime(2026, 12, 9, tzinfo=UTC)
    days: list[date] = []
    while due := await look(session, late):
        days += [(one.until + 12 * HOUR).date() for one in due]
    assert days == [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7)]


async def test_who_cannot_be_reached_is_not_written_to_and_stays_subscribed(
    session: Session, worker: Worker
) -> None:
    await summaries.subscribe(session, worker, now=SATURDAY)
    chat, _ = await workers.meet(session, 7, Visitor(41, "Amina", "amina", "sw"), owners=())
    chat.reachable = False
    await session.flush()
    assert await summaries.take(session, now=SATURDAY + 3 * DAY) == (1, [])
    chat.reachable = True
    await session.flush()
    assert len(await look(session, SATURDAY + 10 * DAY)) == 1
