"""The books for those who sign them: trial balance, and every posting as CSV or beancount.

Files name accounts by pseudonym and are exact to the millionth. They are written as they are
read, so a ledger of any size needs the same memory. The same database gives the same bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, TextIO

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session as SyncSession

from bot import formats
from bot.models.base import table
from bot.models.pay import Account, Entry, Posting
from bot.models.people import Worker
from bot.models.work import Project
from bot.money import decimal
from bot.pay import journal
from bot.pay.journal import Record, Side, Span
from bot.people import roles
from bot.store import database
from bot.store.database import Session

MAY_EXPORT = ("owner", "admin")
FORMATS = {"csv": "csv", "beancount": "beancount"}  # and how their files end
COLUMNS = (
    *("posting", "at", "kind", "key", "reverses", "assignment"),
    *("account", "currency", "amount"),
)

Format = Literal["csv", "beancount"]
accounts, entries, postings = table(Account), table(Entry), table(Posting)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the trial balance, in micro-units: all accounts of one kind together."""

    holder: str
    kind: str
    currency: str
    accounts: int
    micro: int


async def trial(session: Session) -> list[Row]:
    """What every kind of account comes to; in each currency they sum to zero."""
    found = await session.execute(
        select(accounts.c.code, func.coalesce(func.sum(entries.c.amount), 0))
        .outerjoin(entries, entries.c.account_id == accounts.c.id)
        .group_by(accounts.c.code)
    )
    sums: dict[tuple[str, str, str], list[int]] = {}
    for code, micro in found:
        holder, _number, kind, currency = code.split(":")
        sums.setdefault((currency, holder, kind), []).append(int(micro))
    return [
        Row(holder, kind, currency, len(each), sum(each))
        for (currency, holder, kind), each in sorted(sums.items())
    ]


def zero(rows: Iterable[Row]) -> dict[str, int]:
    """The sum of a trial balance in each currency: zero, or the books are broken."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + row.micro
    return sums


async def export(
    session: Session, format: Format, span: Span, stream: TextIO, *, actor: int | None
) -> int:
    """Write every posting of a span to a text stream. Gives their number. Raises RoleNeeded."""
    await roles.require(session, actor, *MAY_EXPORT)
    return await session.run_sync(_WRITERS[format], span, stream)


# CSV


def _csv(session: SyncSession, span: Span, stream: TextIO) -> int:
    database.take_time(session)
    counted = _Counted(journal.read(session, span))
    rows = (_cells(one, side) for one in counted for side in one.sides)
    formats.write(COLUMNS, rows, stream, "csv")
    return counted.count


class _Counted:
    """Postings that pass, counted."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records, self.count = records, 0

    def __iter__(self) -> Iterator[Record]:
        for one in self._records:
            self.count += 1
            yield one


def _cells(one: Record, side: Side) -> dict[str, object]:
    head = (one.id, _moment(one.at), one.kind, one.key, one.reverses, one.assignment_id)
    values = (*head, side.account, side.currency, decimal(side.amount))
    return dict(zip(COLUMNS, values, strict=True))


# Beancount


def _beancount(session: SyncSession, span: Span, stream: TextIO) -> int:
    """Its signs are ours turned round: what is owed to somebody is a liability, below zero."""
    database.take_time(session)
    stream.write('option "title" "Kazi"\n\n')
    first = session.scalar(_FIRST)
    if first is None:
        return 0
    for code, pseudonym, project in session.execute(_ACCOUNTS.execution_options(yield_per=1000)):
        side = Side(code, 0, code.rsplit(":", 1)[1], pseudonym, project)
        stream.write(f"{_day(first)} open {_account(side)} {side.currency}\n")
    count = 0
    for one in journal.read(session, span):
        stream.write(_transaction(one))
        count += 1
    return count


def _transaction(one: Record) -> str:
    lines = [f'{_day(one.at)} * "{one.kind}" "{one.key}"', f"  posting: {one.id}"]
    lines.append(f'  at: "{_moment(one.at)}"')
    if one.reverses is not None:
        lines.append(f"  reverses: {one.reverses}")
    lines += [f"  {_account(side)} {decimal(-side.amount)} {side.currency}" for side in one.sides]
    return "\n" + "\n".join(lines) + "\n"


def _account(side: Side) -> str:
    """Our account in beancount's five trees; each part begins with a capital letter."""
    holder, name, kind, currency = side.account.split(":")
    tree = _TREES.get((holder, kind)) or _TREES.get((holder, "")) or "Equity"
    parts = (f"{holder}s", name, kind, currency)
    return ":".join([tree, *(part[:1].upper() + part[1:] for part in parts)])


_TREES = {
    ("worker", ""): "Liabilities",
    ("project", "expense"): "Expenses",
    ("house", "expense"): "Expenses",
    ("provider", ""): "Assets",
}
_FIRST: Select[datetime] = select(postings.c.at).order_by(postings.c.id).limit(1)
_ACCOUNTS = (
    select(accounts.c.code, table(Worker).c.pseudonym, table(Project).c.code)
    .outerjoin(table(Worker), table(Worker).c.id == accounts.c.worker_id)
    .outerjoin(table(Project), table(Project).c.id == accounts.c.project_id)
    .order_by(accounts.c.id)
)
_WRITERS = {"csv": _csv, "beancount": _beancount}


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
