"""The daily hash chain: who rewrites the books with the database in hand is found, by the day.

A link covers the postings whose numbers follow those of the day before, up to the last one of
the day. It is made when nobody can add to it any more. A posting gets its number and its moment
when it is inserted, and a number below it can only be drawn by a transaction that had written by
then. So the day is final once it ended MARGIN ago and every open transaction that has written
anything began after its end (PostgreSQL tells; on SQLite there is one writer, whose numbers rise).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session as SyncSession

from bot.models.base import table
from bot.models.books import LedgerDay
from bot.models.pay import Posting
from bot.pay import journal
from bot.pay.journal import Record, Span
from bot.store import database
from bot.store.database import Session, upsert

MARGIN = timedelta(minutes=10)  # longer than any transaction; a clock set back this much is no harm
DAY = timedelta(days=1)
FIRST = "0" * 64  # before the first link

days, postings = table(LedgerDay), table(Posting)


@dataclass(frozen=True, slots=True)
class Link:
    """A day to be sealed."""

    day: date
    upto: int
    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk along the chain found."""

    links: int
    postings: int
    last: date | None
    head: str
    """The hash of the last link: who keeps it elsewhere can prove the chain was not cut."""
    broken: tuple[str, ...]
    """By the day, what is not as it was sealed."""


async def due(session: Session, *, now: datetime) -> Link | None:
    """The next day that is over and final, hashed; None when there is none. Only reads."""
    before = await _last(session)
    day = await _next(session, before)
    if day is None:
        return None
    oldest = await database.oldest_writer(session)
    if now < _end(day) + MARGIN or (oldest is not None and oldest <= _end(day)):
        return None
    after = before.upto if before else 0
    last = select(func.max(postings.c.id)).where(postings.c.at < _end(day), postings.c.id > after)
    upto = await session.scalar(last) or after
    head = before.hash if before else FIRST
    count, hash = await session.run_sync(_hash, head, day, Span(after, upto))
    return Link(day, upto, count, hash)


async def seal(session: Session, link: Link) -> None:
    """Write a link. Whoever else did so before wrote the same."""
    values = {"day": link.day, "upto": link.upto, "count": link.count, "hash": link.hash}
    await session.execute(upsert(session, days).values(values).on_conflict_do_nothing())


async def verify(session: Session) -> Verified:
    """Walk along the whole chain. Each day is judged by the hash that the day before has."""
    links = [Link(*row) for row in await session.execute(_LINKS)]
    broken: list[str] = []
    before = Link(date.min, 0, 0, FIRST)
    for link in links:
        if before.day != date.min and link.day != before.day + DAY:
            broken.append(f"{before.day + DAY}: the link of this day is missing")
        span = Span(before.upto, link.upto)
        count, hash = await session.run_sync(_hash, before.hash, link.day, span)
        if hash != link.hash:
            broken.append(_what(link, count))
        before = link
    total = sum(link.count for link in links)
    last = links[-1].day if links else None
    return Verified(len(links), total, last, before.hash, tuple(broken))


def _what(link: Link, count: int) -> str:
    if count == link.count:
        return f"{link.day}: a posting was changed"
    what = "added" if count > link.count else "removed"
    return f"{link.day}: {abs(count - link.count)} postings {what}"


async def _last(session: Session) -> Link | None:
    row = (
        await session.execute(_LINKS.order_by(None).order_by(days.c.day.desc()).limit(1))
    ).first()
    return None if row is None else Link(*row)


async def _next(session: Session, before: Link | None) -> date | None:
    """The day after the last link, or that of the first posting."""
    if before is not None:
        return before.day + DAY
    first = await session.scalar(select(postings.c.at).order_by(postings.c.id).limit(1))
    return None if first is None else first.astimezone(UTC).date()


def _end(day: date) -> datetime:
    return datetime.combine(day + DAY, time.min, UTC)


def _hash(session: SyncSession, before: str, day: date, span: Span) -> tuple[int, str]:
    """How many postings, and the hash of their link."""
    digest, count = sha256(f"{before} {day}\n".encode()), 0
    for line in _lines(journal.read(session, span)):
        digest.update(line)
        count += 1
    return count, digest.hexdigest()


def _lines(records: Iterator[Record]) -> Iterator[bytes]:
    for one in records:
        yield msgspec.json.encode(_canonical(one)) + b"\n"


def _canonical(one: Record) -> Sequence[object]:
    """All that a posting says, in one way of writing it."""
    sides = [(side.code, side.currency, side.amount) for side in one.sides]
    moment = one.at.astimezone(UTC).isoformat(timespec="microseconds")
    head = (one.id, one.key, one.kind, one.digest, one.reverses, one.assignment_id, moment)
    return [*head, sides]


_LINKS = select(days.c.day, days.c.upto, days.c.count, days.c.hash).order_by(days.c.day)
