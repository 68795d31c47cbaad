"""The pinned card: what a worker has, and what the last days brought. Never on the answer path."""

from datetime import datetime, timedelta
from hashlib import sha256

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.pay import ledger, statements
from bot.people import status_cards
from bot.people.status_cards import Due
from bot.store import outbox
from bot.store.database import Session
from handlers import cards
from handlers.cards import Message, bold, escape

WEEK = timedelta(days=7)


async def refresh(session: Session, one: Due, now: datetime) -> list[outbox.Letter]:
    """What is to be sent: the card, its pin, or an edit, if there is anything new."""
    with i18n.speaking(one.worker.locale or i18n.ENGLISH):
        message = await _card(session, one, now)
    shown = sha256(message.text.encode()).hexdigest()
    if one.card.letter is None:
        return await _begin(session, one, message, shown, now)
    if one.card.message_id is None:
        return await _pin(session, one)
    if shown == one.card.shown:
        return []
    one.card.shown = shown
    method, payload = cards.edit(message, one.chat.chat_id, one.card.message_id)
    return [_letter(one, method, payload)]


async def _begin(
    session: Session, one: Due, message: Message, shown: str, now: datetime
) -> list[outbox.Letter]:
    """Its row has to name the letter, so it is queued here."""
    letter = _letter(one, *cards.send(message, one.chat.chat_id), outbox.MONEY)
    await outbox.queue(session, [letter], owner=None, now=now)
    one.card.letter, one.card.shown = letter.id, shown
    one.card.due_at = now + status_cards.SOON
    return []


async def _pin(session: Session, one: Due) -> list[outbox.Letter]:
    found = await status_cards.arrived(session, one.card)
    if found is None:
        return []
    one.card.message_id = found
    where: dict[str, object] = {
        "chat_id": one.chat.chat_id,
        "message_id": found,
        "disable_notification": True,
    }
    return [_letter(one, "pinChatMessage", where)]


def _letter(
    one: Due, method: str, payload: dict[str, object], lane: int = outbox.OFFERS
) -> outbox.Letter:
    """An edit that waited long is dropped like an old offer: the next one says more."""
    return outbox.Letter(method, payload, one.chat.chat_id, bot_id=one.chat.bot_id, lane=lane)


async def _card(session: Session, one: Due, now: datetime) -> Message:
    lines = [bold(_("Your balance"))]
    for each in await ledger.balances(session, one.worker.id):
        lines.append(
            _("Available {available}, pending {pending}").format(
                available=escape(money.show(each.available, each.currency)),
                pending=escape(money.show(each.pending, each.currency)),
            )
        )
    done = await statements.stretch(session, one.worker.id, since=now - WEEK, until=now)
    answers = done.work.answers if done else 0
    text = ngettext(
        "Last 7 days: {count} answer in {time}", "Last 7 days: {count} answers in {time}", answers
    )
    seconds = done.work.seconds if done else 0
    lines.append(text.format(count=i18n.number(answers), time=i18n.duration(seconds)))
    return Message(text="\n".join(lines))
