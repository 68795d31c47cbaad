"""What owners are told when something that must hold does not."""

from collections.abc import Callable
from datetime import datetime

from bot import i18n
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.pay import safeguards
from bot.people import staff
from bot.store import outbox
from bot.store.database import Session, now
from bot.work import invariants
from bot.work.invariants import News, Seen
from handlers import cards
from handlers.cards import Message, bold, escape

SHOWN = 5  # numbers of rows; the rest is a count
WHAT = {
    "books": N_("Postings that do not balance: {count} (numbers {rows})"),
    "accounts": N_("Workers' accounts below zero: {count} (numbers {rows})"),
    "pay": N_("Answers not paid once at the offered price: {count} (assignments {rows})"),
    "leases": N_("Tasks held long after their time: {count} (assignments {rows})"),
    "outbox": N_("Messages not sent for over an hour: {count} (numbers {rows})"),
    "inbox": N_("Updates from Telegram never finished: {count} (numbers {rows})"),
}


async def raise_for(session: Session, seen: Seen) -> None:
    """Write down what a look found, and queue what is new in it for every owner."""
    moment = await now(session)
    news = await invariants.settle(session, seen, now=moment)
    if news is not None:
        await _tell(session, lambda: _alarm(news), moment)


async def key_reused(session: Session, key: str) -> None:
    """The same posting came with another content: a bug. Once for each key."""
    moment = await now(session)
    if await safeguards.key_reused(session, key, moment):
        await _tell(session, lambda: _reused(key), moment)


async def _tell(session: Session, said: Callable[[], Message], moment: datetime) -> None:
    """Every owner, each in their language."""
    for chat, owner in await staff.owners(session):
        with i18n.speaking(owner.locale or i18n.ENGLISH):
            method, payload = cards.send(said(), chat.chat_id)
        letter = outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY)
        await outbox.queue(session, [letter], owner=None, now=moment)


def _reused(key: str) -> Message:
    lines = [
        bold(_("Payouts are stopped: the same payment came twice with different content.")),
        _("Its key in the ledger: {key}. Nothing was written the second time.").format(
            key=f"<code>{escape(key)}</code>"
        ),
        _("Work goes on, and no money leaves. The server's kazi check shows all of it."),
    ]
    return Message(text="\n\n".join(lines), silent=False)


def _alarm(news: News) -> Message:
    stopped = _("Payouts are stopped: something is wrong with Kazi's records.")
    also = _("Payouts stay stopped: something else is wrong with Kazi's records.")
    lines = [bold(stopped if news.froze else also), ""]
    lines += [f"• {_line(name, ids)}" for name, ids in news.wrong.items()]
    lines += ["", _("Work goes on, and no money leaves. The server's kazi check shows all of it.")]
    return Message(text="\n".join(lines), silent=False)


def _line(name: str, ids: list[int]) -> str:
    rows = ", ".join(map(str, ids[:SHOWN])) + (" …" if len(ids) > SHOWN else "")
    most = len(ids) >= invariants.MANY
    count = i18n.number(len(ids)) + ("+" if most else "")
    return _(WHAT[name]).format(count=count, rows=rows)
