"""/mydata: a file with everything the bot holds about somebody, and having it deleted."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

import msgspec
from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import money
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.models.people import Worker
from bot.pay import ledger
from bot.people import roles
from bot.store.database import Session
from bot.work import mydata as held
from handlers import attachments, callbacks, choices
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

FRESH = timedelta(minutes=10)  # for the second step: a card of last week must not delete anything


async def mydata(update: Update, turn: Turn) -> None:
    """The file. It is written when it is sent."""
    wanted = {"kind": "mydata", "worker": turn.worker.id}
    caption = _("Everything we hold about you, as a JSON file.")
    rows = [] if turn.worker.state == "declined" else [[choices.delete_data()]]
    turn.say(Message(text=caption, document=wanted, rows=rows))
    turn.toast(_("The file is on its way."))


async def ask(update: Update, turn: Turn) -> None:
    """The first of two steps: what goes, what stays, and the money."""
    if turn.worker.state == "declined":
        raise Gone  # that the answer was no is all there is, and it has to stay
    await held.check_leaving(turn.session, turn.worker)
    turn.replace(await _question(turn))


async def erase(update: Update, turn: Turn) -> None:
    """The second step."""
    asked = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    if turn.worker.state == "declined":
        raise Gone
    if not 0 <= _stamp(turn) - asked <= FRESH.total_seconds():
        turn.replace(await _question(turn))
        return
    farewell = await _farewell(turn)
    await held.erase(turn.session, turn.chat, turn.worker, now=turn.now)
    if turn.tapped is not None:
        turn.strip(turn.tapped)
    turn.call("deleteMyCommands", scope={"type": "chat", "chat_id": turn.chat.chat_id})
    turn.say(farewell)


async def keep(update: Update, turn: Turn) -> None:
    turn.replace(Message(text=_("Nothing was deleted.")))


async def render(session: Session, wanted: Mapping[str, Any]) -> tuple[str, bytes]:
    """A document of the outbox as file name and bytes; compressed when Telegram would refuse it."""
    worker = await session.get(Worker, wanted["worker"])
    if worker is None:
        raise Gone
    content = await held.collect(session, worker)
    written = msgspec.json.format(msgspec.json.encode(content), indent=2)
    fitted = attachments.fitted("my-data.json", BytesIO(written))
    assert fitted is not None, "what one person wrote is never so much"
    return fitted


async def _question(turn: Turn) -> Message:
    lines = [
        bold(_("Delete your data?")),
        _(
            "We delete your name, your settings and languages, your drafts, and everything that "
            "leads from our records to this chat. A task in hand goes to others."
        ),
        _(
            "Your answers stay with the projects under a random name. The records of your pay "
            "stay as long as the law asks, with a number in place of your name."
        ),
        *await _money(turn),
    ]
    if await roles.of(turn.session, turn.worker.id):
        lines.append(_("Your roles in this team end as well."))
    lines.append(_("This cannot be undone."))
    keep = Button(_("Keep my data"), pack(choices.MD, "keep"))
    sure = Button(_("Delete my data"), pack(choices.MD, "erase", _stamp(turn)), style="danger")
    return Message(text="\n\n".join(lines), rows=[[keep], [sure]])


async def _farewell(turn: Turn) -> Message:
    lines = [_("Your data is deleted."), *await _money(turn), _("/start begins anew.")]
    return Message(text="\n\n".join(lines), keyboard={"remove_keyboard": True})


async def _money(turn: Turn) -> list[str]:
    """What becomes of the balance; nothing when there is none."""
    found = await ledger.balances(turn.session, turn.worker.id)
    sums = {one.currency: one.pending + one.available + one.held for one in found}
    amounts = [money.show(micro, currency) for currency, micro in sums.items() if micro]
    if not amounts:
        return []
    said = _(
        "What you have earned stays yours: {amount}. To be paid later, write to /support and give "
        "this name: {name}. Keep it, because afterwards nothing else shows that it was you."
    )
    name = f"<code>{escape(turn.worker.pseudonym)}</code>"
    return [said.format(amount=escape(" + ".join(amounts)), name=name)]


def _stamp(turn: Turn) -> int:
    return int(turn.now.timestamp())


HANDLERS = [
    CommandHandler("mydata", mydata),
    CallbackQueryHandler(mydata, pattern=f"^{choices.MD}:copy$"),
    CallbackQueryHandler(ask, pattern=f"^{choices.MD}:ask$"),
    CallbackQueryHandler(keep, pattern=f"^{choices.MD}:keep$"),
    CallbackQueryHandler(erase, pattern=f"^{choices.MD}:erase:"),
]
