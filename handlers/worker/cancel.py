"""/cancel: out of whatever the bot is waiting for, and what became of it."""

from telegram import Update
from telegram.ext import CommandHandler

from bot.i18n import gettext as _
from handlers import keyboards
from handlers.cards import Message
from handlers.turn import Turn


async def cancel(update: Update, turn: Turn) -> None:
    expected = (turn.chat.expecting or {}).get("what", "")
    if turn.worker.step is not None:
        turn.say(Message(text=_("Nothing is lost. Send /start to go on where you are.")))
        return
    turn.chat.expecting = None
    turn.say(Message(text=_ended(str(expected)), keyboard=keyboards.home()))


def _ended(expected: str) -> str:
    """What was cancelled, and what was kept."""
    match expected:
        case "":
            return _("There is nothing to cancel.")
        case "answer":
            return _("Nothing was sent. Your task and your draft are kept: /work shows them again.")
        case "support" | "support_reply":
            return _("Cancelled. No message was sent.")
        case _other:
            return _("Cancelled. Everything stays as it was.")


HANDLERS = [CommandHandler("cancel", cancel)]
