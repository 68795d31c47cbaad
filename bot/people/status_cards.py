"""Who wants a pinned card with their balance, and whose is to be looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bot.models.base import table
from bot.models.chat import Chat, Outbox, StatusCard
from bot.models.people import Worker
from bot.store.database import Session, upsert

EVERY = timedelta(minutes=5)  # a card is edited at most this often
SOON = timedelta(seconds=10)  # to pin what was just sent
BATCH = 20  # in one transaction: each is a few statements


@dataclass(frozen=True, slots=True)
class Due:
    """A card to look at, with its reader."""

    card: StatusCard
    chat: Chat
    worker: Worker


async def wanted(session: Session, worker_id: int) -> bool:
    return await session.get(StatusCard, worker_id) is not None


async def switch_on(session: Session, worker_id: int) -> None:
    """The clock writes the card. Twice is once."""
    values = {"worker_id": worker_id, "shown": ""}
    await session.execute(
        upsert(session, table(StatusCard)).values(values).on_conflict_do_nothing()
    )


async def switch_off(session: Session, worker_id: int) -> int | None:
    """No card any more; the message to take the pin off, if it was sent."""
    gone = delete(StatusCard).where(StatusCard.worker_id == worker_id)
    found: int | None = await session.scalar(gone.returning(StatusCard.message_id))
    return found


async def due(session: Session, *, now: datetime, limit: int = BATCH) -> Sequence[Due]:
    """Cards of people who can be reached, longest waiting first; the next look is planned."""
    query = (
        select(StatusCard, Chat, Worker)
        .join(Chat, Chat.worker_id == StatusCard.worker_id)
        .join(Worker, Worker.id == StatusCard.worker_id)
        .where(StatusCard.due_at <= now, Chat.reachable)
        .order_by(StatusCard.due_at)
        .limit(limit)
        .with_for_update(of=StatusCard, skip_locked=True)
    )
    found = [Due(*row) for row in await session.execute(query)]
    for one in found:
        one.card.due_at = now + EVERY
    await session.flush()
    return found


async def arrived(session: Session, card: StatusCard) -> int | None:
    """The message that brought the card, once it is there; what was given up is written anew."""
    query = select(Outbox.message_id, Outbox.dead).where(Outbox.id == card.letter)
    row = (await session.execute(query)).first()
    if row is None or row.dead is not None:
        card.letter = None
        return None
    found: int | None = row.message_id
    return found
