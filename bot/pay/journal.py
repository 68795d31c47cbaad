"""Reading the books from one end to the other: a posting at a time, whatever their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session as SyncSession

from bot.models.base import table
from bot.models.pay import Account, Entry, Posting
from bot.models.people import Worker
from bot.models.work import Project

STEP = 1000  # posting numbers a statement

accounts, entries, postings = table(Account), table(Entry), table(Posting)
workers, projects = table(Worker), table(Project)


@dataclass(frozen=True, slots=True)
class Span:
    """Which postings: after a number, up to one, from a moment on, before another."""

    after: int = 0
    upto: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class Side(NamedTuple):
    """One entry, micro-units, with the account as code and as people call it."""

    code: str
    amount: int
    currency: str
    pseudonym: str | None
    project: str | None
    """The project's short code."""

    @property
    def account(self) -> str:
        """The code with a pseudonym in place of the worker's number."""
        holder, number, kind, currency = self.code.split(":")
        return ":".join([holder, self.pseudonym or self.project or number, kind, currency])


@dataclass(frozen=True, slots=True)
class Record:
    """A posting with its entries."""

    id: int
    key: str
    kind: str
    digest: str
    reverses: int | None
    assignment_id: int | None
    at: datetime
    sides: tuple[Side, ...]


def read(session: SyncSession, span: Span) -> Iterator[Record]:
    """Postings by their numbers. Memory holds one step of them."""
    low = span.after
    if span.since is not None:
        low = max(low, _before(session, span.since))
    high = span.upto if span.upto is not None else session.scalar(_NEWEST) or 0
    for start in range(low, high, STEP):
        rows = session.execute(_between(span, start, min(start + STEP, high)))
        for _id, few in groupby(rows, key=lambda row: row.id):
            yield _record(list(few))


def _record(rows: list[Any]) -> Record:
    sides = tuple(
        Side(row.code, row.amount, row.currency, row.pseudonym, row.project)
        for row in rows
        if row.code is not None
    )
    id, key, kind, digest, reverses, assignment_id, at = rows[0][:7]
    return Record(id, key, kind, digest, reverses, assignment_id, at, sides)


_NEWEST = select(func.max(postings.c.id))


def _before(session: SyncSession, since: datetime) -> int:
    """A number that all postings from a moment on lie above."""
    first = select(func.min(postings.c.id)).where(postings.c.at >= since)
    found = session.scalar(first)
    return (session.scalar(_NEWEST) or 0) if found is None else found - 1


def _between(span: Span, low: int, high: int) -> Select[Any]:
    query = (
        select(
            postings.c.id,
            postings.c.key,
            postings.c.kind,
            postings.c.digest,
            postings.c.reverses,
            postings.c.assignment_id,
            postings.c.at,
            accounts.c.code,
            entries.c.amount,
            entries.c.currency,
            workers.c.pseudonym,
            projects.c.code.label("project"),
        )
        .outerjoin(entries, entries.c.posting_id == postings.c.id)
        .outerjoin(accounts, accounts.c.id == entries.c.account_id)
        .outerjoin(workers, workers.c.id == accounts.c.worker_id)
        .outerjoin(projects, projects.c.id == accounts.c.project_id)
        .where(postings.c.id > low, postings.c.id <= high)
        .order_by(postings.c.id, entries.c.id)
    )
    if span.since is not None:
        query = query.where(postings.c.at >= span.since)
    return query if span.until is None else query.where(postings.c.at < span.until)
