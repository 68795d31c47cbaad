"""What the clock tells of payouts: to workers how theirs ended, to the desk what waits for it."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from bot import i18n
from bot.models.chat import Chat
from bot.models.people import Worker
from bot.pay import payouts, troubles
from bot.pay.payout_plans import Opened
from bot.people import roles, staff
from bot.store import outbox
from bot.store.database import Session, now
from handlers import batch_card, cards, payout_card
from handlers.cards import Message

Told = list[tuple[Chat, Message]]


async def ended(session: Session) -> int:
    """Tell workers how their payouts ended; how many were taken."""
    moment = await now(session)
    taken, found = await payouts.news(session, now=moment)
    told: Told = []
    for one in found:
        with i18n.speaking(one.worker.locale or i18n.ENGLISH):
            told.append((one.chat, payout_card.news(one.line, one.worker.zone or "UTC")))
    await _queue(session, told)
    return taken


async def drafted(session: Session, opened: Opened) -> None:
    """The clock has prepared a batch."""
    told: Told = []
    for chat, reader in await _desk(session):
        with i18n.speaking(reader.locale or i18n.ENGLISH):
            told.append((chat, batch_card.opened(opened.card)))
    await _queue(session, told)


async def troubled(session: Session) -> None:
    """Payouts that failed, or of which nothing is known, to the desk; a message for each batch."""
    moment = await now(session)
    for state in troubles.JOBS:
        found = await troubles.take(session, state, now=moment)
        batch = attrgetter("batch_id")
        for _id, lines in groupby(sorted(found, key=batch), key=batch):
            await _trouble(session, state, list(lines))


async def _trouble(session: Session, state: str, lines: Sequence[payouts.Line]) -> None:
    told: Told = []
    for chat, reader in await _desk(session):
        with i18n.speaking(reader.locale or i18n.ENGLISH):
            told.append((chat, batch_card.trouble(state, lines)))
    await _queue(session, told)


async def _desk(session: Session) -> list[tuple[Chat, Worker]]:
    return await staff.holders(session, *roles.PAYING)


async def _queue(session: Session, told: Told) -> None:
    letters = []
    for chat, message in told:
        method, payload = cards.send(message, chat.chat_id)
        letters.append(
            outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY)
        )
    await outbox.queue(session, letters, owner=None, now=await now(session))
