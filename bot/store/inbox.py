"""Updates that were taken: the key that stops Telegram's redelivery."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists

from bot.models.base import table
from bot.models.chat import Attempt, Inbox
from bot.store.database import Session, for_both, upsert

ATTEMPTS = 5  # a bug that fails this often will fail again; the chat behind it must go on
KEEP = timedelta(
    days=7
)  # ids jump at random after a silent week: older rows could swallow a new update


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
        bot_id=bot_id, update_id=update_id, kind=kind, raw=raw, dead=why
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


async def prune(session: Session, now: datetime) -> None:
    """Forget what Telegram can no longer repeat; dead ones stay for a person to see."""
    stale = (Inbox.received_at < now - KEEP) & Inbox.dead.is_(None)
    await session.execute(delete(Inbox).where(stale))
    await session.execute(delete(Attempt).where(~_known()))


def _known() -> ColumnElement[bool]:
    same = (Inbox.bot_id == Attempt.bot_id) & (Inbox.update_id == Attempt.update_id)
    return exists().where(same & Inbox.dead.is_not(None))
