"""What workers are told when a project ends: that it closes, and how it went for them."""

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.people import staff
from bot.store import outbox
from bot.store.database import Session, now
from bot.work import farewells
from bot.work.farewells import NOTICE, Goodbye
from handlers import cards
from handlers.cards import Message, bold, escape


async def tell(session: Session) -> int:
    """Queue the next goodbyes; how many there were."""
    moment = await now(session)
    found = await farewells.take(session, now=moment)
    letters = []
    for one in found:
        reached = await staff.find(session, one.worker_id)
        if reached is None:
            continue
        chat, worker = reached
        with i18n.speaking(worker.locale or i18n.ENGLISH):
            method, payload = cards.send(said(one, worker.zone or "UTC"), chat.chat_id)
        letters.append(
            outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY)
        )
    await outbox.queue(session, letters, owner=None, now=moment)
    return len(found)


def said(one: Goodbye, zone: str) -> Message:
    return _notice(one, zone) if one.step == NOTICE else _statement(one)


def _notice(one: Goodbye, zone: str) -> Message:
    lines = [bold(_("{project} is closing").format(project=escape(one.project.name)))]
    if one.in_hand:
        lines.append(_("You can finish the task in hand: it counts and is paid."))
    if one.pending:
        waits = ngettext(
            "{count} answer of yours is pending.",
            "{count} answers of yours are pending.",
            one.pending,
        )
        lines.append(waits.format(count=i18n.number(one.pending)))
    if one.accept_at is not None:
        words = _("What nobody has reviewed by {time}, your time, is accepted and paid.")
        lines.append(words.format(time=i18n.when(one.accept_at, zone)))
    return Message(text="\n".join(lines), silent=False)


def _statement(one: Goodbye) -> Message:
    lines = [
        bold(_("{project} is closed: your statement").format(project=escape(one.project.name))),
        _("Accepted: {accepted}; not accepted: {refused}").format(
            accepted=i18n.number(one.accepted), refused=i18n.number(one.refused)
        ),
        _("Earned there: {amount}. It stays on your balance: /balance").format(
            amount=escape(money.show(one.micro, one.project.currency))
        ),
    ]
    return Message(text="\n".join(lines), silent=False)
