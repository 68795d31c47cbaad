"""The books as accountants get them: exact, streamed, and accepted by their own tools."""

import csv
import io
from datetime import timedelta

import pytest
from beancount import loader
from sqlalchemy import select

from bot.models.pay import Posting
from bot.pay import books, journal, ledger
from bot.pay.journal import Span
from bot.pay.ledger import Side
from bot.people import roles
from bot.store.database import Database, now
from tests.pay.bookkeeping import PRICE, earn, people


@pytest.fixture
async def filled(database: Database) -> tuple[Database, int]:
    """Two currencies, a reversal, a conversion, and a payout with its fee."""
    worker, project = await people(database)
    held = f"worker:{worker}:held:KES"
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
        await earn(session, worker, project, 2, micro=10**12 + 1, currency="KES")
        await ledger.reverse(session, 2)
        sides = [
            *(Side(held, -7), Side("house:0:exchange:KES", 7)),
            *(Side("house:0:exchange:USD", -5), Side("provider:mpesa:paid:USD", 4)),
            Side("provider:mpesa:fee:USD", 1),
        ]
        await ledger.post(session, "payout:1:settle", "payout", sides)
        await ledger.post(session, "odd:1", "odd", [Side("house:0:expense:KES", -7), Side(held, 7)])
    return database, worker


async def written(database: Database, format: books.Format, span: Span = Span()) -> str:  # noqa: B008
    stream = io.StringIO()
    async with database.reading() as session:
        await books.export(session, format, span, stream, actor=None)
    return stream.getvalue()


async def test_each_currency_of_the_trial_balance_sums_to_zero(filled) -> None:
    database, _worker = filled
    async with database.reading() as session:
        rows = await books.trial(session)
    assert books.zero(rows) == {"KES": 0, "USD": 0}
    found = {(row.holder, row.kind, row.currency): row.micro for row in rows}
    assert found["project", "expense", "USD"] == -PRICE
    assert found["worker", "pending", "USD"] == PRICE
    assert found["provider", "fee", "USD"] == 1


async def test_csv_has_every_entry_exactly_and_nobody_by_number(filled, monkeypatch) -> None:
    database, worker = filled
    monkeypatch.setattr(journal, "STEP", 2)
    rows = list(csv.DictReader(io.StringIO(await written(database, "csv"))))
    sums = dict.fromkeys(("USD", "KES"), 0)
    for row in rows:
        whole, _point, part = row["amount"].lstrip("-").partition(".")
        micro = int(whole) * 10**6 + int(part.ljust(6, "0"))
        sums[row["currency"]] += -micro if row["amount"].startswith("-") else micro
    assert sums == {"USD": 0, "KES": 0}
    assert "1000000.000001" in {row["amount"] for row in rows}
    assert {row["account"] for row in rows if row["kind"] == "answer"} == {
        *("project:p22:expense:USD", "worker:w-test234:pending:USD"),
        *("project:p22:expense:KES", "worker:w-test234:pending:KES"),
    }
    assert not [row for row in rows if row["account"].startswith(f"worker:{worker}:")]
    assert await written(database, "csv") == await written(database, "csv")


async def test_beancount_accepts_its_file(filled) -> None:
    database, _worker = filled
    entries, errors, _options = loader.load_string(await written(database, "beancount"))
    assert errors == []
    async with database.reading() as session:
        count = len((await session.scalars(select(Posting.id))).all())
    assert len([one for one in entries if type(one).__name__ == "Transaction"]) == count


async def test_an_export_has_the_postings_of_its_days(filled) -> None:
    database, _worker = filled
    async with database.reading() as session:
        moment = await now(session)
    hour = timedelta(hours=1)
    past, coming = Span(until=moment - hour), Span(since=moment + hour)
    for span in (past, coming):
        assert (await written(database, "csv", span)).count("\n") == 1
    whole = Span(since=moment - hour, until=moment + hour)
    assert await written(database, "csv", whole) == await written(database, "csv")


async def test_an_empty_ledger_is_an_empty_file(database: Database) -> None:
    assert (await written(database, "csv")).count("\n") == 1
    assert loader.load_string(await written(database, "beancount"))[1] == []


async def test_the_ledger_is_for_owners_and_admins(filled) -> None:
    database, worker = filled
    async with database.reading() as session:
        with pytest.raises(roles.RoleNeeded):
            await books.export(session, "csv", Span(), io.StringIO(), actor=worker)
