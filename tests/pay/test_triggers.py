"""Every attack on the books, tried directly in SQL: both databases refuse it themselves."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.models.people import Audit
from bot.pay import chain, ledger
from bot.people import trail
from bot.store.database import Database
from tests.pay.bookkeeping import earn, people

NEW = (
    "INSERT INTO postings (id, key, digest, kind, sealed{more})"
    " VALUES (99, '{key}', 'x', 'x', false{values})"
)
OPEN = NEW.format(key="attack", more="", values="")
SIDE = (
    "INSERT INTO entries (posting_id, account_id, currency, amount)"
    " SELECT 99, id, '{currency}', {amount} FROM accounts"
    " WHERE kind = '{kind}' AND currency = '{on}'"
)
SEAL = "UPDATE postings SET sealed = true WHERE id = 99"


def side(kind: str, amount: object, currency: str = "USD", on: str = "USD") -> str:
    return SIDE.format(kind=kind, amount=amount, currency=currency, on=on)


BOTH = {
    "an entry is changed": ["UPDATE entries SET amount = amount * 2"],
    "an entry is deleted": ["DELETE FROM entries WHERE id = 1"],
    "a key is changed": ["UPDATE postings SET key = 'another' WHERE id = 1"],
    "a moment is changed": ["UPDATE postings SET at = '2020-01-01 00:00:00' WHERE id = 1"],
    "a kind is changed": ["UPDATE postings SET kind = 'gift' WHERE id = 1"],
    "a posting is opened again": ["UPDATE postings SET sealed = false WHERE id = 1"],
    "a posting is deleted": ["DELETE FROM postings WHERE id = 1"],
    "a late entry": [side("expense", 5).replace("99,", "1,")],
    "two late entries that balance": [
        side("expense", -5).replace("99,", "1,"),
        side("pending", 5).replace("99,", "1,"),
    ],
    "a posting that is born sealed": [OPEN.replace("false", "true")],
    "an empty posting": [OPEN, SEAL],
    "one entry alone": [OPEN, side("expense", -5), SEAL],
    "a posting that does not balance": [OPEN, side("expense", -5), side("pending", 6), SEAL],
    "zero only across currencies": [
        OPEN,
        side("expense", -5),
        side("pending", 5, "KES", "KES"),
        SEAL,
    ],
    "an entry in another currency than its account": [
        OPEN,
        side("expense", -5),
        side("pending", 5, "USD", "KES"),
        SEAL,
    ],
    "an account is renamed": ["UPDATE accounts SET code = 'worker:1:available:XXX' WHERE id = 1"],
    "an account changes hands": ["UPDATE accounts SET worker_id = NULL WHERE kind = 'pending'"],
    "an account is deleted": ["DELETE FROM accounts WHERE id = 1"],
    "a sealed day is changed": ["UPDATE ledger_days SET hash = 'x'"],
    "a sealed day is deleted": ["DELETE FROM ledger_days"],
    "a row of the audit is changed": ["UPDATE audit SET after = 'x' WHERE action = 'loose'"],
    "a chained row of the audit is changed": ["UPDATE audit SET after = 'x'"],
    "a row of the audit is chained again": ["UPDATE audit SET position = 7, hash = 'x'"],
    "a row of the audit is deleted": ["DELETE FROM audit"],
    "a row of the audit is born chained": [
        "INSERT INTO audit (action, subject, position, hash) VALUES ('x', 'x', 9, 'x')"
    ],
}
SQLITE = {
    "a posting is replaced": [OPEN.replace("INSERT", "INSERT OR REPLACE").replace("99", "1")],
    "an entry is replaced": [
        "INSERT OR REPLACE INTO entries SELECT id, posting_id, account_id, currency, 5 FROM entries"
    ],
    "a row of the audit is replaced": [
        "INSERT OR REPLACE INTO audit (id, at, action, subject) SELECT id, at, 'x', 'x' FROM audit"
    ],
    "a fraction of a millionth": [OPEN, side("expense", -5.5), side("pending", 5.5), SEAL],
    "more than a number holds": [OPEN, side("expense", -9.3e18), side("pending", 9.3e18), SEAL],
}
POSTGRESQL = {
    "entries are emptied": ["TRUNCATE entries"],
    "postings are emptied": ["TRUNCATE postings CASCADE"],
    "accounts are emptied": ["TRUNCATE accounts CASCADE"],
    "days are emptied": ["TRUNCATE ledger_days"],
    "the audit is emptied": ["TRUNCATE audit"],
    "an open posting is committed": [OPEN, side("expense", -5), side("pending", 5)],
    "more than a number holds": [OPEN, side("expense", "-9300000000000000000"), SEAL],
}


@pytest.fixture
async def books(database: Database) -> Database:
    """Money in two currencies, a day that is sealed, an audit that is partly chained."""
    worker, project = await people(database)
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
        await earn(session, worker, project, 2, currency="KES")
        await chain.seal(session, chain.Link(chain.date(2026, 1, 1), 2, 2, "h"))
        session.add(Audit(action="chained", subject="x"))
        await session.flush()
        await trail.chain(session)
        session.add(Audit(action="loose", subject="x"))
    return database


async def test_every_attack_is_refused(books: Database) -> None:
    """All on one database: an attack that is refused leaves nothing behind."""
    attacks = BOTH | (SQLITE if books.is_sqlite else POSTGRESQL)
    before = await _all(books)
    for name, statements in attacks.items():
        with pytest.raises(DBAPIError) as refused:  # noqa: PT012 - the last may be the commit
            async with books.transaction() as session:
                for statement in statements:
                    await session.execute(text(statement))
        words = str(refused.value.orig)
        assert any(word in words for word in ("ledger:", "audit:", "out of range")), (name, words)
    assert await _all(books) == before
    async with books.reading() as session:
        await ledger.check(session)


async def test_a_second_reversal_of_a_posting_is_refused(books: Database) -> None:
    async with books.transaction() as session:
        assert await ledger.reverse(session, 2) is not None
    for key in ("reverse:2", "another"):
        again = NEW.format(key=key, more=", reverses", values=", 2")
        with pytest.raises(IntegrityError):
            async with books.transaction() as session:
                await session.execute(text(again))


async def test_a_fraction_never_becomes_money(books: Database) -> None:
    """PostgreSQL rounds to whole millionths before a trigger sees them, and both sides alike."""
    if books.is_sqlite:
        return
    async with books.transaction() as session:
        for statement in (OPEN, side("expense", -5.4), side("pending", 5.4), SEAL):
            await session.execute(text(statement))
        found = await session.scalars(text("SELECT amount FROM entries WHERE posting_id = 99"))
        assert sorted(found) == [-5, 5]


async def _all(database: Database) -> list[object]:
    found: list[object] = []
    async with database.reading() as session:
        for name in ("entries", "postings", "accounts", "ledger_days", "audit"):
            rows = await session.execute(text(f"SELECT * FROM {name} ORDER BY 1"))
            found.append([tuple(row) for row in rows])
    return found
