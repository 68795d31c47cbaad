"""/audit dead: what was given up, for owners: messages not delivered and updates not handled."""

from datetime import datetime

from telegram import Update
from telegram.ext import CommandHandler

from bot import i18n
from bot.errors import Invalid
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.people import roles
from bot.store import inbox, outbox
from handlers.cards import Message, bold, escape
from handlers.turn import Turn

SHOWN = 15  # of each kind: two lists fit one message
WHY = 80  # characters of a reason


class NotAView(Invalid):
    msgid = N_("I do not know this view. Try {form}.")


async def audit(update: Update, turn: Turn) -> None:
    """/audit dead"""
    await roles.require(turn.session, turn.worker.id, "owner")
    if [word.lower() for word in turn.args or []] != ["dead"]:
        raise NotAView(form="/audit dead")
    turn.say(Message(text="\n\n".join([await _letters(turn), await _updates(turn)])))


async def _letters(turn: Turn) -> str:
    found = await outbox.dead(turn.session, turn.bot_id, SHOWN)
    lines = [
        _line(turn, one.method, _("chat {number}").format(number=one.chat_id), one.at, one.why)
        for one in found
    ]
    return "\n".join([bold(_("Messages not delivered")), *(lines or [_("None.")])])


async def _updates(turn: Turn) -> str:
    found = await inbox.dead(turn.session, turn.bot_id, SHOWN)
    lines = [
        _line(turn, one.kind, _("update {number}").format(number=one.update_id), one.at, one.why)
        for one in found
    ]
    return "\n".join([bold(_("Updates not handled")), *(lines or [_("None.")])])


def _line(turn: Turn, what: str, where: str, at: datetime, why: str) -> str:
    """What was said or written is not shown."""
    when = i18n.when(at, turn.zone)
    return f"<code>{escape(what)}</code> {where}, {when}: {escape(why[:WHY])}"


HANDLERS = [CommandHandler("audit", audit)]
