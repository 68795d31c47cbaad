"""Telegram's limits, one row a scope and valid for every process: the bot's, and each chat's.

A gate is shut for a while after a 429 (`closed_until`). Beside that it lets messages through at a
pace (GCRA): `next_us` is when the next message would be due if all came evenly, and how far it
lies ahead of now says how much of the burst is used. Always by the database's clock.

The bot's row is shared by all, so no turn touches it: a process takes slots from it in blocks
(`reserve`), in a transaction of its own. A chat's row is written with the marks of what was sent
(`touch`): one process at a time holds the letters of a chat, so nobody else needs it before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bot.models.base import moment, table
from bot.models.chat import Gate
from bot.store.database import Session, for_both, now

BOT = "bot"
SECOND = 1_000_000  # microseconds
SHARE = 0.9  # of the allowed rate: 30 evenly spaced messages may then come 0.1 s nearer each other
KEEP = timedelta(hours=1)


class Pace(NamedTuple):
    """A chat's: `burst` messages at once, then one each `every` microseconds."""

    every: int
    burst: int


PRIVATE = Pace(1 * SECOND, 5)  # an answer edits one card and says one line; then 1 a second
GROUP = Pace(4 * SECOND, 5)  # 5 + 60/4 = 20 in any minute

gates = table(Gate)


class micros(FunctionElement[int]):  # noqa: N801 - reads as an SQL function
    """The database's clock in microseconds since 1970: a number that both databases can add to."""

    type = BigInteger()
    inherit_cache = True


@compiles(micros, "postgresql")
def _micros_on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


@compiles(micros, "sqlite")
def _micros_on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "(CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000)"


def _advanced(insert: Any) -> Any:
    """Move a scope's next time on by `:span`, from now at the earliest."""
    begin = case((gates.c.next_us > micros(), gates.c.next_us), else_=micros())
    span = bindparam("span", type_=BigInteger)
    made = insert(gates).values(
        bot_id=bindparam("bot"), scope=bindparam("of"), next_us=micros() + span
    )
    return made.on_conflict_do_update(
        index_elements=["bot_id", "scope"], set_={"next_us": begin + span}
    )


TOUCH = for_both(_advanced)
RESERVE = for_both(
    lambda insert: _advanced(insert).returning(
        gates.c.next_us - bindparam("span", type_=BigInteger) - micros(),
        gates.c.closed_until,
        moment(),
    )
)


def _closed(insert: Any) -> Any:
    """Shut a scope until `:until`; one shut for longer stays so."""
    until, at = bindparam("until", type_=moment.type), bindparam("at", type_=moment.type)
    made = insert(gates).values(
        bot_id=bindparam("bot"), scope=bindparam("of"), closed_until=until, closed_at=at
    )
    longer = case((gates.c.closed_until > until, gates.c.closed_until), else_=until)
    return made.on_conflict_do_update(
        index_elements=["bot_id", "scope"], set_={"closed_until": longer, "closed_at": at}
    )


CLOSE = for_both(_closed)
CLOSED = select(gates.c.closed_until, moment()).where(
    gates.c.bot_id == bindparam("bot"), gates.c.scope == BOT
)


class Block(NamedTuple):
    """Slots of the bot's budget. Seconds from now."""

    begins: float
    closed: float
    """How long nothing may be sent at all; 0: the slots are good."""


@dataclass(frozen=True, slots=True)
class Flood:
    """What a 429 shut."""

    seconds: float
    whole_bot: bool


def scope(chat_id: int) -> str:
    return f"chat:{chat_id}"


def pace_of(chat_id: int) -> Pace:
    """Groups have negative ids."""
    return PRIVATE if chat_id > 0 else GROUP


def spacing(rate: int) -> float:
    """Seconds between two messages of a bot that may send `rate` a second."""
    return 1 / (rate * SHARE)


async def reserve(session: Session, bot_id: int, count: int, rate: int) -> Block:
    """Take the next `count` slots of the bot, in one statement."""
    span = round(count * spacing(rate) * SECOND)
    where = {"bot": bot_id, "of": BOT, "span": span}
    wait, until, at = (await session.execute(RESERVE(session), where)).one()
    return Block(max(0.0, wait / SECOND), _left(until, at))


async def closed(session: Session, bot_id: int) -> float:
    """Seconds for which nothing may be sent at all; 0: not shut."""
    found = (await session.execute(CLOSED, {"bot": bot_id})).one_or_none()
    return _left(*found) if found else 0.0


async def touch(session: Session, bot_id: int, counts: Mapping[int, int]) -> None:
    """Note how many messages have gone to each chat."""
    rows = [
        {"bot": bot_id, "of": scope(chat_id), "span": count * pace_of(chat_id).every}
        for chat_id, count in sorted(counts.items())
    ]
    await session.execute(TOUCH(session), rows)


async def flooded(session: Session, bot_id: int, chat_id: int | None, wait: timedelta) -> Flood:
    """A 429 shuts its chat; the bot, when another chat had one within a second or it had none."""
    at = await now(session)
    closing = {"bot": bot_id, "until": at + wait, "at": at}
    whole = chat_id is None or await _another(session, bot_id, chat_id, at)
    if chat_id is not None:
        await session.execute(CLOSE(session), closing | {"of": scope(chat_id)})
    if whole:
        await session.execute(CLOSE(session), closing | {"of": BOT})
    return Flood(wait.total_seconds(), whole)


def _left(until: datetime | None, at: datetime) -> float:
    return max(0.0, (until - at).total_seconds()) if until is not None else 0.0


async def _another(session: Session, bot_id: int, chat_id: int, at: datetime) -> bool:
    found: bool | None = await session.scalar(
        select(
            exists().where(
                gates.c.bot_id == bot_id,
                gates.c.scope.not_in([BOT, scope(chat_id)]),
                gates.c.closed_at > at - timedelta(seconds=1),
            )
        )
    )
    return bool(found)


async def prune(session: Session, at: datetime) -> None:
    """Forget chats that have been quiet."""
    before = at - KEEP
    stale = or_(gates.c.closed_until.is_(None), gates.c.closed_until < before)
    passed = gates.c.next_us < round(before.timestamp() * SECOND)
    await session.execute(delete(gates).where(gates.c.scope != BOT, stale, passed))
