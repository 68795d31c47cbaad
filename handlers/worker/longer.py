"""[Took longer?]: the worker says how long they worked on a task that was just answered."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n
from bot.i18n import gettext as _
from bot.work import dispatch, time_corrections
from handlers import callbacks, live_card
from handlers.callbacks import LONGER
from handlers.cards import Message
from handlers.turn import Turn


async def ask(update: Update, turn: Turn) -> None:
    assignment = callbacks.number(callbacks.fields(turn.query.data, 1)[0])
    most = await time_corrections.longest(turn.session, turn.worker.id, assignment, now=turn.now)
    turn.chat.expecting = {"what": "longer", "assignment": assignment}
    lines = [
        _("How many minutes did you work on the task before? Write a number, at most {most}."),
        _("Your pay per hour and the floor are counted with it. /cancel leaves it as it is."),
    ]
    turn.say(Message(text="\n".join(lines).format(most=i18n.number(most))))


async def take(update: Update, turn: Turn) -> None:
    """The number; then the card in hand again, which waits for its own answer."""
    written = (update.effective_message and update.effective_message.text) or ""
    seconds = await time_corrections.correct(
        turn.session,
        turn.worker.id,
        (turn.chat.expecting or {})["assignment"],
        i18n.read_numeral(written),
        now=turn.now,
    )
    turn.chat.expecting = None
    said = _("Noted: {time}.").format(time=i18n.duration(seconds))
    held = await dispatch.held(turn.session, turn.worker.id)
    if held is None:
        turn.say(Message(text=said))
    else:
        await live_card.show(turn, held, head=[said])


EXPECTED = {"longer": take}

HANDLERS = [CallbackQueryHandler(ask, pattern=f"^{LONGER}:")]
