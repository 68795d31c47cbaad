"""A month's statement adds up, to the millionth, at the borders of the worker's own zone."""

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import i18n
from bot.models.people import Worker
from bot.pay import ledger, monthly, statements
from bot.pay.ledger import Side
from bot.pay.months import Month, NotAMonth
from bot.pay.statements import Line
from bot.store.database import Database
from tests.pay.bookkeeping import people
from tests.pay.test_chain import move

THIS = Month(2026, 11)
ZONES = ("Africa/Nairobi", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "UTC")


@pytest.mark.parametrize(
    ("language", "text", "month"),
    [
        ("en", "2026-11", (2026, 11)),
        ("en", "november", (2026, 11)),
        ("en", "Oct 2025", (2025, 10)),
        ("en", "december", (2025, 12)),
        ("en", "sept", (2026, 9)),
        ("sw", "Novemba", (2026, 11)),
        ("sw", "agosti 2026", (2026, 8)),
    ],
)
def test_a_month_is_read_as_people_write_it(language: str, text: str, month: tuple[int, int]):
    with i18n.speaking(language):
        assert Month.read(text, THIS) == month


@pytest.mark.parametrize("text", ["2026-13", "2026", "ju", "noveling", "11", "--", "2026-1"])
def test_what_is_no_month_is_refused_with_what_was_written(text: str):
    with pytest.raises(NotAMonth, match=text):
        Month.read(text, THIS)


@given(st.dates(date(2000, 2, 1), date(2100, 1, 1)), st.sampled_from(ZONES))
def test_months_meet_without_gap_or_overlap(day: date, zone: str):
    month = Month(day.year, day.month)
    since, until = month.bounds(zone)
    assert month.before().bounds(zone)[1] == since
    assert month.after().bounds(zone)[0] == until
    assert Month.of(since, zone) == Month.of(until - timedelta(seconds=1), zone) == month
    assert month.after().before() == month == Month.parse(str(month))


@given(
    st.integers(-(10**15), 10**15),
    st.lists(
        st.tuples(
            st.sampled_from(["answer", "refuse", "payout"]),
            st.integers(-(10**15), 10**15),
            st.sampled_from(["A", "B", None]),
        )
    ),
)
def test_every_way_of_adding_a_sheet_gives_the_same(opening: int, moved: list):
    at = datetime(2026, 11, 1, tzinfo=UTC)
    lines = [
        Line(n, at, kind, micro, "USD", name, None) for n, (kind, micro, name) in enumerate(moved)
    ]
    made = monthly.sheet("USD", opening, lines)
    assert made.closing - opening == sum(micro for _kind, micro, _name in moved)
    assert sum(made.kinds.values()) == sum(made.projects.values()) == made.closing - opening


async def test_statements_follow_one_another_and_end_at_the_balance(database: Database):
    """Random postings around the borders of months: nothing is lost, nothing is told twice."""
    worker_id, project = await people(database)
    draw = random.Random(7)
    zone = "Pacific/Apia"  # 13 hours ahead
    border = datetime(2026, 10, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    async with database.transaction() as session:
        for number in range(40):
            currency = draw.choice(["USD", "KES"])
            micro = draw.randint(1, 10**9)
            account = ledger.pending if number % 2 else ledger.available
            sides = [
                Side(account(worker_id, currency), micro),
                Side(ledger.expense(project, currency), -micro),
            ]
            await ledger.post(session, f"bonus:{number}", "bonus", sides)
        inner = [
            Side(f"worker:{worker_id}:held:USD", 5),
            Side(ledger.available(worker_id, "USD"), -5),
        ]
        await ledger.post(session, "payout:1:hold", "hold", inner)
    for number, hours in zip(range(1, 41), itertools.cycle((-800, -1, 0, 1, 600, 743, 744, 745))):
        await move(database, str(number), border + timedelta(hours=hours))

    async with database.reading() as session:
        worker = await session.get_one(Worker, worker_id)
        worker.zone = zone
        month, told, closing = Month(2026, 8), [], {}
        for _ in range(5):
            found = await monthly.statement(session, worker, month)
            assert {one.currency: one.opening for one in found.sheets if one.opening} == closing
            closing = {one.currency: one.closing for one in found.sheets}
            told += [line.posting_id for one in found.sheets for line in one.lines]
            between = (found.since, found.until)
            assert await statements.count(session, worker_id, between) == found.lines
            month = month.after()
        balances = await ledger.balances(session, worker_id)
        session.expunge(worker)
    assert closing == {one.currency: one.pending + one.available + one.held for one in balances}
    assert sorted(told) == list(range(1, 41))
