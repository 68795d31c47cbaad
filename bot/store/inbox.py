"""Updates that were taken: the key that stops Telegram's redelivery."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, delete, exists, select, update

from bot.models.base import table
from bot.models.chat import Attempt, Inbox
from bot.store.database import Session, for_both, upsert

NAMES = {"first_name", "last_name", "username"}
ATTEMPTS = 5  # a bug that fails this often will fail again; the chat behind it must go on
KEEP = timedelta(
    days=7
)  # ids jump at random after a silent week: older rows could swallow a new update


class Dead(NamedTuple):
    """An update that was given up."""

    kind: str
    update_id: int
    at: datetime
    why: str


TAKE = for_both(
    lambda insert: (
        insert(table(Inbox)).on_conflict_do_nothing().returning(table(Inbox).c.received_at)
    )
)


async def take(session: Session, bot_id: int, update_id: int, kind: str) -> datetime | None:
    """Record an update; the database's time when it is new, None when it was taken before."""
    update = {"bot_id": bot_id, "update_id": update_id, "kind": kind}
    taken: datetime | None = await session.scalar(TAKE(session), update)
    return taken


async def bury(
    session: Session, bot_id: int, update_id: int, kind: str, raw: str, why: str
) -> None:
    """Record an update that cannot be handled, with its text, for a person to look at."""
    statement = upsert(session, table(Inbox)).values(
        bot_id=bot_id, update_id=update_id, kind=kind, raw=nameless(raw), dead=why
    )
    await session.execute(statement.on_conflict_do_nothing())


async def count_attempt(session: Session, bot_id: int, update_id: int) -> int:
    """How often this update has failed, this time included."""
    statement = upsert(session, table(Attempt)).values(bot_id=bot_id, update_id=update_id, count=1)
    failed: int | None = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["bot_id", "update_id"], set_={"count": Attempt.count + 1}
        ).returning(Attempt.count)
    )
    return failed or 1


async def dead(session: Session, bot_id: int, limit: int) -> list[Dead]:
    """The newest updates that were given up, without what is in them."""
    given_up = select(Inbox.kind, Inbox.update_id, Inbox.received_at, Inbox.dead).where(
        Inbox.bot_id == bot_id, Inbox.dead.is_not(None)
    )
    found = await session.execute(given_up.order_by(Inbox.received_at.desc()).limit(limit))
    return [Dead(kind, update_id, at, why or "") for kind, update_id, at, why in found]


async def prune(session: Session, now: datetime) -> None:
    """Forget what Telegram can no longer repeat; of dead ones that and why they died stays."""
    old = Inbox.received_at < now - KEEP
    await session.execute(delete(Inbox).where(old, Inbox.dead.is_(None)))
    await session.execute(update(Inbox).where(old, Inbox.raw.is_not(None)).values(raw=None))
    await session.execute(delete(Attempt).where(~_known()))


def nameless(raw: str) -> str:
    """An update without what Telegram calls people: a fault is looked for by id."""
    try:
        whole = msgspec.json.decode(raw)
        todo = [whole]
        while todo:  # not by recursion: an update may be dead for its depth
            one = todo.pop()
            if isinstance(one, dict):
                for name in NAMES & one.keys():
                    del one[name]
                todo += one.values()
            elif isinstance(one, list):
                todo += one
        return msgspec.json.encode(whole).decode()
    except (msgspec.DecodeError, RecursionError):
        return raw


def _known() -> ColumnElement[bool]:
    same = (Inbox.bot_id == Attempt.bot_id) & (Inbox.update_id == Attempt.update_id)
    return exists().where(same & Inbox.dead.is_not(None))
