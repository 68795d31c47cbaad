"""Hours worked: every kind of time counts, with the money that it brought."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.models.people import Worker
from bot.models.reviews import Appeal
from bot.models.wage import Correction
from bot.models.work import Answer
from bot.money import MICRO
from bot.pay import hours, ledger, wage
from bot.pay.ledger import Whose
from bot.store.database import Database, Session
from tests.pay.wages import MINUTE, NOW, Job, person

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


async def day_of(session: Session, worker: Worker) -> tuple[int, int]:
    """Seconds and shillings."""
    pieces = await hours.worked(session, worker, since=NOW - DAY, until=NOW, now=NOW)
    found = wage.total(pieces)
    return (found["KES"].seconds, found["KES"].micro // MICRO) if found else (0, 0)


async def test_tasks_count_whatever_became_of_them(session: Session) -> None:
    job = await Job(session).begin()
    amina, baraka = await person(session, "w-amina"), await person(session, "w-baraka")

    async def counted() -> tuple[int, int]:
        return await day_of(session, amina)

    assert await counted() == (0, 0)
    await job.offer(amina, "accepted")
    assert await counted() == (20, 2)
    long = await job.offer(amina, seconds=3000)  # cut: 3 x 20 s are less than 2 minutes
    assert await counted() == (140, 4)
    session.add(Correction(assignment_id=long.id, seconds=1000))
    await session.flush()
    assert await counted() == (1020, 4)
    await job.offer(amina, "skipped", seconds=7)
    await job.offer(amina, "skipped", seconds=None)  # by a version that did not note it
    assert await counted() == (1147, 4)
    broken = await job.offer(amina, "reported", seconds=13)
    whose = Whose(amina.id, job.project.id, broken.id, "KES")
    await ledger.grant(session, f"report:{broken.id}", "report", whose, micro=MICRO)
    assert await counted() == (1160, 5)
    await job.offer(amina, "expired", seconds=None)
    assert await counted() == (1280, 5)
    await job.offer(amina, "held", seconds=None, at=NOW - timedelta(seconds=30))
    assert await counted() == (1310, 5)
    await job.offer(amina, "accepted", at=NOW - 2 * DAY)  # of another day
    await job.offer(baraka, "accepted")  # another's
    assert await counted() == (1310, 5)


async def test_refusals_appeals_reworks_and_reviews_count(session: Session) -> None:
    job = await Job(session).begin()
    amina, baraka = await person(session, "w-amina"), await person(session, "w-baraka")

    async def counted() -> tuple[int, int]:
        return await day_of(session, amina)

    refused = await job.offer(amina, "not_accepted")
    look = await job.verdict(refused, "not_accepted", by=baraka, at=NOW - HOUR, reason="R1")
    assert await counted() == (20, 0)
    session.add(
        Appeal(
            review_id=look.id, worker_id=amina.id, text="No", at=NOW - 59 * MINUTE, decide_by=NOW
        )
    )
    await session.flush()
    assert await counted() == (80, 0)

    returned = await job.offer(amina, "returned")
    await job.verdict(returned, "returned", by=baraka, at=NOW - 50 * MINUTE)
    assert await counted() == (100, 2)  # nothing has come of it yet
    again = Answer(
        assignment_id=returned.id, revision=2, value="no", label="no", at=NOW - 49 * MINUTE
    )
    session.add(again)
    await session.flush()
    assert await counted() == (160, 2)

    theirs = await job.offer(baraka, "accepted")
    await job.verdict(
        theirs, "accepted", by=amina, at=NOW - 40 * MINUTE, pay_micro=3 * MICRO, currency="KES"
    )
    assert await counted() == (220, 5)
    many = await job.offer(baraka, "accepted")  # one of those accepted at one go
    await job.verdict(many, "accepted", by=amina, at=NOW - 40 * MINUTE, lease_until=None)
    assert await counted() == (220, 5)


async def test_a_rework_counts_when_it_is_given_however_long_ago_it_came_back(
    session: Session,
) -> None:
    job = await Job(session).begin()
    amina, baraka = await person(session, "w-amina"), await person(session, "w-baraka")
    returned = await job.offer(amina, "returned", at=NOW - 2 * DAY)
    await job.verdict(returned, "returned", by=baraka, at=NOW - DAY - HOUR)
    before = await hours.worked(session, amina, since=NOW - 2 * DAY, until=NOW - DAY, now=NOW)
    given = NOW - DAY + HOUR  # the day before was added up, and topped up, by then
    again = Answer(assignment_id=returned.id, revision=2, value="no", label="no", at=given)
    session.add(again)
    await session.flush()
    after = await hours.worked(session, amina, since=NOW - 2 * DAY, until=NOW - DAY, now=NOW)
    assert wage.total(after) == wage.total(before)
    assert await day_of(session, amina) == (120, 0)


async def test_copied_answers_have_no_floor(session: Session) -> None:
    job = await Job(session).begin(median=None)
    amina, baraka = await person(session, "w-amina"), await person(session, "w-baraka")
    for reason in ("R1", "R5"):
        refused = await job.offer(amina, "not_accepted", seconds=100)
        await job.verdict(refused, "not_accepted", by=baraka, at=NOW - HOUR, reason=reason)
    pieces = await hours.worked(session, amina, since=NOW - DAY, until=NOW, now=NOW)
    assert sorted(one.honest for one in pieces) == [False, True]
    (kes,) = wage.total(pieces).values()
    assert (kes.seconds, kes.due_micro) == (200, 143 * MICRO * 100 // 3600 + 1)


async def test_the_week_begins_on_the_workers_own_monday(session: Session) -> None:
    job = await Job(session).begin()
    amina = await person(session, "w-amina")
    sunday_evening = NOW.replace(day=22, hour=20, minute=59)  # 23:59 in Nairobi
    await job.offer(amina, at=sunday_evening)
    await job.offer(amina, at=sunday_evening + 2 * MINUTE)
    assert (await hours.this_week(session, amina, now=NOW))["KES"].seconds == 20
    amina.zone = None
    assert await hours.this_week(session, amina, now=NOW) == {}


async def test_a_projects_pay_per_hour_is_told_by_country(session: Session) -> None:
    job = await Job(session).begin()
    people = [await person(session, f"w-{number}") for number in range(5)]
    people.append(await person(session, "w-away", "TZ"))
    people.append(await person(session, "w-nowhere", None))
    for number, one in enumerate(people):
        await job.offer(one, "accepted", seconds=20 * (number + 1))
        await job.offer(one, "accepted", at=NOW - 8 * DAY)
    await job.offer(await person(session, "w-fast"), seconds=0)
    found = await hours.by_country(session, job.project.id, "KES", now=NOW)
    assert {name: len(rates) for name, rates in found.items()} == {"": 7, "KE": 5, "TZ": 1}
    assert [rate // MICRO for rate, _floor in found["KE"]] == [360, 180, 120, 90, 72][::-1]
    assert {floor // MICRO for _rate, floor in found["KE"]} == {143}
    spread = wage.spread(found["KE"])
    assert spread is not None
    assert spread.below_ppm == 600_000
    assert wage.spread(found["TZ"]) is None
    assert await hours.corrected(session, job.project.id, now=NOW) == 0


async def test_the_last_answers_are_measured_by_country_and_since_a_moment(
    session: Session,
) -> None:
    job = await Job(session).begin()
    amina, away = await person(session, "w-amina"), await person(session, "w-away", "TZ")
    for number in range(wage.LAST + 2):
        at = NOW - DAY + number * MINUTE
        await job.offer(amina, "accepted", at=at, seconds=20 if number else 0)
    await job.offer(away, "answered", at=NOW - HOUR, seconds=40, grade=50)
    await job.offer(away, "skipped")
    await job.offer(away, "not_accepted")
    found = await hours.last_rates(session, job.project.id, since=None)
    assert found == {"KE": [360 * MICRO] * (wage.LAST - 1), "TZ": [90 * MICRO]}
    found = await hours.last_rates(session, job.project.id, since=NOW - 2 * HOUR)
    assert found == {"TZ": [90 * MICRO]}
