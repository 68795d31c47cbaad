"""How much waits, for the operator's figures: one query of bounded cost, whatever there is."""

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, null, select, union_all

from bot.models.base import Utc, moment, table
from bot.models.chat import Inbox, Outbox
from bot.store.database import Session
from bot.store.outbox import BROADCASTS, BY_LANE, MONEY, OFFERS, REPLIES, UNSENT

MOST = 10_000  # rows counted, 1 ms for each lane that has them: SQLite counts in the event loop
FIRST = 100  # due ones among which the oldest is looked for: a letter tried again is due later
LANES = {REPLIES: "replies", MONEY: "money", OFFERS: "offers", BROADCASTS: "broadcasts"}
DEAD = -1  # in the place of a lane

inbox, outbox = table(Inbox), table(Outbox)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The unsent messages of a lane."""

    count: float
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Backlog:
    lanes: dict[str, Waiting]
    dead_updates: float


def _lane(number: int) -> Select[Any]:
    unsent = (outbox.c.lane == number, BY_LANE, UNSENT)
    # In the order of the index: without it PostgreSQL may read the whole table instead.
    some = select(outbox.c.id).where(*unsent).order_by(outbox.c.due_at).limit(MOST)
    first = select(outbox.c.created_at).where(*unsent).order_by(outbox.c.due_at).limit(FIRST)
    oldest = select(func.min(first.subquery().c.created_at)).scalar_subquery()
    return _row(number, some, oldest)


def _dead() -> Select[Any]:
    some = select(inbox.c.update_id).where(inbox.c.dead.is_not(None)).limit(MOST)
    return _row(DEAD, some, null().cast(Utc()))


def _row(number: int, some: Select[Any], oldest: ColumnElement[Any]) -> Select[Any]:
    waiting = select(func.count()).select_from(some.subquery()).scalar_subquery()
    return select(
        literal(number).label("lane"),
        waiting.label("waiting"),
        oldest.label("oldest"),
        moment().label("now"),
    )


UNKNOWN = Backlog(dict.fromkeys(LANES.values(), Waiting(math.nan, math.nan)), math.nan)
FIGURES = union_all(*(_lane(number) for number in LANES), _dead())


async def look(session: Session) -> Backlog:
    """What waits in the whole database, by its own clock."""
    rows = {row.lane: row for row in await session.execute(FIGURES)}
    lanes = {word: _waiting(rows[lane]) for lane, word in LANES.items()}
    return Backlog(lanes, rows[DEAD].waiting)


def _waiting(row: Any) -> Waiting:
    age = 0.0 if row.oldest is None else (row.now - row.oldest).total_seconds()
    return Waiting(row.waiting, max(0.0, age))
