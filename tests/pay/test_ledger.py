"""The ledger holds against mistakes and against hands in the database."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.models.people import Worker
from bot.models.work import Project
from bot.pay import ledger
from bot.pay.ledger import Balance, KeyReused, LedgerBroken, Side, Whose
from bot.store.database import Database, Session

PRICE = 12_500  # $0.0125
NUMBERS = itertools.count(1_000)


@pytest.fixture
async def people(database: Database) -> tuple[int, int]:
    """A worker and a project to pay them from."""
    async with database.transaction() as session:
        worker = Worker(pseudonym="w-test234", state="active")
        project = Project(slug="p", code="p22", name="P", languages=["en"], currency="USD")
        session.add_all([worker, project])
        await session.flush()
        return worker.id, project.id


async def test_an_answer_is_pending_and_then_available(database: Database, people):
    worker, project = people
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
    assert await balances(database, worker) == [Balance("USD", pending=PRICE)]
    async with database.transaction() as session:
        await ledger.accept(session, assignment_id=1, worker_id=worker, micro=PRICE, currency="USD")
    assert await balances(database, worker) == [Balance("USD", available=PRICE)]


async def test_the_same_answer_is_paid_once(database: Database, people):
    worker, project = people
    for _ in range(3):
        async with database.transaction() as session:
            await earn(session, worker, project, 1)
    assert await balances(database, worker) == [Balance("USD", pending=PRICE)]


async def test_the_same_key_with_another_amount_is_an_alarm(database: Database, people):
    worker, project = people
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
    with pytest.raises(KeyReused) as caught:
        async with database.transaction() as session:
            await earn(session, worker, project, 1, micro=PRICE + 1)
    assert caught.value.key == "answer:1"


async def test_a_bonus_is_available_at_once_and_posted_once(database: Database, people):
    worker, project = people
    whose = Whose(worker, project, None, "USD")
    for _ in range(2):
        async with database.transaction() as session:
            await ledger.grant(session, "bonus:7", "bonus", whose, micro=PRICE)
    assert await balances(database, worker) == [Balance("USD", available=PRICE)]
    with pytest.raises(KeyReused):
        async with database.transaction() as session:
            await ledger.grant(session, "bonus:7", "bonus", whose, micro=1)


async def test_a_graded_answer_pays_its_part_and_the_worker_reads_it_line_by_line(
    database: Database, people
):
    worker, project = people
    whose = Whose(worker, project, 1, "USD")
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
        await ledger.accept_part(session, whose, micro=PRICE, granted=PRICE // 2)
    assert await balances(database, worker) == [Balance("USD", available=PRICE // 2)]
    async with database.reading() as session:
        newest = await ledger.lines(session, worker, offset=0, limit=2)
        (oldest,) = await ledger.lines(session, worker, offset=2, limit=2)
    assert {(one.kind, one.account, one.micro) for one in newest} == {
        ("accept", "available", PRICE // 2),
        ("accept", "pending", -PRICE),
    }
    assert (oldest.kind, oldest.account, oldest.micro) == ("answer", "pending", PRICE)
    assert (oldest.currency, oldest.assignment_id) == ("USD", 1)


async def test_work_that_pays_nothing_posts_nothing(database: Database, people):
    worker, project = people
    async with database.transaction() as session:
        await earn(session, worker, project, 1, micro=0)
    assert await balances(database, worker) == []


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE entries SET amount = amount * 2",
        "DELETE FROM entries",
        "UPDATE postings SET key = 'another'",
        "UPDATE postings SET sealed = false",
        "DELETE FROM postings",
        "INSERT INTO entries (posting_id, account_id, currency, amount)"
        " SELECT posting_id, account_id, currency, 5 FROM entries LIMIT 1",
        "INSERT INTO postings (key, digest, kind, sealed) VALUES ('x', 'x', 'x', true)",
    ],
)
async def test_what_is_written_cannot_be_changed(database: Database, people, attack: str):
    worker, project = people
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
    with pytest.raises(DBAPIError, match="ledger"):
        async with database.transaction() as session:
            await session.execute(text(attack))
    assert await balances(database, worker) == [Balance("USD", pending=PRICE)]


async def test_a_posting_that_does_not_balance_is_refused(database: Database, people):
    worker, project = people
    sides = [
        Side(ledger.expense(project, "USD"), -5),
        Side(ledger.pending(worker, "USD"), 6),
    ]
    with pytest.raises(DBAPIError, match="does not balance"):
        async with database.transaction() as session:
            await ledger.post(session, "bad:1", "answer", sides)


async def test_a_posting_across_currencies_is_refused(database: Database, people):
    worker, project = people
    sides = [
        Side(ledger.expense(project, "USD"), -5),
        Side(ledger.pending(worker, "KES"), 5),
    ]
    with pytest.raises(DBAPIError, match="does not balance"):
        async with database.transaction() as session:
            await ledger.post(session, "bad:2", "answer", sides)


async def test_check_finds_somebody_below_zero(database: Database, people):
    worker, _project = people
    async with database.transaction() as session:
        await ledger.accept(session, assignment_id=9, worker_id=worker, micro=1, currency="USD")
    with pytest.raises(LedgerBroken, match="below zero"):
        async with database.reading() as session:
            await ledger.check(session)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prices=st.lists(st.integers(0, 10**12), min_size=1, max_size=6))
async def test_the_books_are_the_sum_of_what_was_earned(database: Database, people, prices):
    worker, project = people
    async with database.transaction() as session:
        before = (await ledger.totals(session)).get("USD", {}).get("pending", 0)
        for price in prices:
            await earn(session, worker, project, next(NUMBERS), micro=price)
    async with database.reading() as session:
        after = (await ledger.check(session)).get("USD", {}).get("pending", 0)
    assert after - before == sum(prices)


async def earn(
    session: Session, worker: int, project: int, assignment: int, micro: int = PRICE
) -> None:
    await ledger.earn(
        session,
        assignment_id=assignment,
        worker_id=worker,
        project_id=project,
        micro=micro,
        currency="USD",
    )


async def balances(database: Database, worker: int) -> list[Balance]:
    async with database.reading() as session:
        await ledger.check(session)
        return await ledger.balances(session, worker)
