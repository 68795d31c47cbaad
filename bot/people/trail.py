"""The audit trail: who did what to what, found again, taken out, and proven to be whole.

Rows are written by whoever acts, in the transaction of the act. The clock puts them into a chain
afterwards, in the order in which it finds them: each gets a position and a hash over the one
before. So writers never wait for each other, and a row that was committed late only stands later.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, TextIO

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import Session as SyncSession

from bot import formats
from bot.models.base import table
from bot.models.people import Audit, Worker
from bot.people import roles
from bot.store import database
from bot.store.database import Session

MAY_READ = ("owner", "admin")
BATCH = 500
FIRST = "0" * 64  # before the first row
COLUMNS = (
    *("row", "at", "actor_id", "actor", "action", "subject"),
    *("before", "after", "position", "hash"),
)

audit, workers = table(Audit), table(Worker)
CHAIN = (
    update(audit)
    .where(audit.c.id == bindparam("row"))
    .values(position=bindparam("place"), hash=bindparam("link"))
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; what is not given does not narrow it."""

    action: str = ""
    """How it begins: restriction, project.set …"""
    subject: str = ""
    """Up to its first space: project:sw-fluency, posting:12 …"""
    person: int | None = None
    """Did it, or had it done to them."""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One row as people read it."""

    id: int
    at: datetime
    actor_id: int | None
    actor: str | None
    """The pseudonym; None: the command line or the clock."""
    action: str
    subject: str
    before: str | None
    after: str | None
    position: int | None
    hash: str | None


async def chain(session: Session) -> int:
    """Put the next rows into the chain; how many. Of two processes one waits for the other."""
    query = select(audit).where(audit.c.position.is_(None)).order_by(audit.c.id).limit(BATCH)
    rows = (await session.execute(query.with_for_update())).mappings().all()
    if not rows:
        return 0
    place, head = await _head(session)
    links = []
    for row in rows:
        place, head = place + 1, _link(head, place + 1, row)
        links.append({"row": row["id"], "place": place, "link": head})
    await session.execute(CHAIN, links)
    return len(rows)


async def verify(session: Session) -> tuple[int, str, list[str]]:
    """Walk along the chain: how many rows, the last hash, and what is not as it was chained."""
    place, head, broken = 0, FIRST, []
    async for row in _chained(session):
        if row["position"] != place + 1:
            broken.append(f"before row {row['id']} {row['position'] - place - 1} rows removed")
        elif _link(head, row["position"], row) != row["hash"]:
            broken.append(f"row {row['id']} of {row['at']:%Y-%m-%d %H:%M} was changed")
        place, head = row["position"], row["hash"]
    return place, head, broken


async def find(
    session: Session, wanted: Wanted, *, actor: int | None, offset: int = 0, limit: int = BATCH
) -> list[Step]:
    """Rows, newest first. Raises RoleNeeded."""
    await roles.require(session, actor, *MAY_READ)
    found = await session.execute(_steps(wanted).offset(offset).limit(limit))
    return [Step(*row) for row in found]


async def count(session: Session, wanted: Wanted) -> int:
    query = select(func.count()).select_from(audit).where(*_which(wanted))
    return await session.scalar(query) or 0


async def export(session: Session, wanted: Wanted, stream: TextIO, *, actor: int | None) -> int:
    """Rows as CSV, oldest first, written as they are read. Raises RoleNeeded."""
    await roles.require(session, actor, *MAY_READ)
    return await session.run_sync(_export, wanted, stream)


def _export(session: SyncSession, wanted: Wanted, stream: TextIO) -> int:
    database.take_time(session)
    query = _steps(wanted).order_by(None).order_by(audit.c.id)
    rows = session.execute(query.execution_options(yield_per=BATCH))
    cells = (dict(zip(COLUMNS, row, strict=True)) for row in rows)
    return formats.write(COLUMNS, cells, stream, "csv")


async def _head(session: Session) -> tuple[int, str]:
    last = select(audit.c.position, audit.c.hash).where(audit.c.position.is_not(None))
    row = (await session.execute(last.order_by(audit.c.position.desc()).limit(1))).first()
    return (0, FIRST) if row is None else (row.position, row.hash)


def _link(before: str, place: int, row: Any) -> str:
    moment = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    names = ("actor_id", "action", "subject", "before", "after")
    said = [before, place, row["id"], moment, *(row[name] for name in names)]
    return sha256(msgspec.json.encode(said)).hexdigest()


async def _chained(session: Session) -> AsyncIterator[Any]:
    """By position; memory holds a batch of them."""
    place = 0
    while True:
        query = select(audit).where(audit.c.position > place).order_by(audit.c.position)
        rows = (await session.execute(query.limit(BATCH))).mappings().all()
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        place = rows[-1]["position"]


def _steps(wanted: Wanted) -> Select[Any]:
    return (
        select(
            audit.c.id,
            audit.c.at,
            audit.c.actor_id,
            workers.c.pseudonym,
            audit.c.action,
            audit.c.subject,
            audit.c.before,
            audit.c.after,
            audit.c.position,
            audit.c.hash,
        )
        .outerjoin(workers, workers.c.id == audit.c.actor_id)
        .where(*_which(wanted))
        .order_by(audit.c.id.desc())
    )


def _which(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.action:
        found.append(audit.c.action.startswith(wanted.action, autoescape=True))
    if wanted.subject:
        within = audit.c.subject.startswith(f"{wanted.subject} ", autoescape=True)
        found.append(or_(audit.c.subject == wanted.subject, within))
    if wanted.person is not None:
        theirs = audit.c.subject == f"worker:{wanted.person}"
        found.append(or_(audit.c.actor_id == wanted.person, theirs))
    if wanted.since is not None:
        found.append(audit.c.at >= wanted.since)
    return found
