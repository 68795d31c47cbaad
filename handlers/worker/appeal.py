"""Below a decision: [Appeal], in the worker's words, perhaps with a photo; [I understand]."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n
from bot.i18n import gettext as _
from bot.work import appeals
from handlers import callbacks, review_card
from handlers.cards import Message
from handlers.decisions import AP
from handlers.turn import Turn


async def open_appeal(update: Update, turn: Turn) -> None:
    """The next message is the appeal. Raises at once what would be raised then."""
    review_id = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    await appeals.check(turn.session, turn.worker, review_id, now=turn.now)
    turn.chat.expecting = {"what": "appeal", "review": review_id}
    text = _(
        "Write why the decision is wrong, in one message. You may send a photo with your words "
        "below it. Another reviewer decides. /cancel stops this."
    )
    turn.say(Message(text=text, force=_("Why it is wrong")))


async def write(update: Update, turn: Turn) -> None:
    """The worker's words, as a text or below a photo."""
    message = update.effective_message
    assert message is not None
    review_id = int((turn.chat.expecting or {}).get("review", 0))
    photo = message.photo[-1].file_id if message.photo else None
    text = message.text or message.caption or ""
    made = await appeals.submit(turn.session, turn.worker, review_id, text, photo, now=turn.now)
    turn.chat.expecting = None
    said = _(
        "Appeal {code} received. Another reviewer decides by {time}. If we are late, your answer "
        "is accepted and paid."
    ).format(code=review_card.code(made.id), time=i18n.when(made.decide_by, turn.zone))
    turn.say(Message(text=said))


async def understood(update: Update, turn: Turn) -> None:
    """The message stays, without its buttons: it says why, and until when an appeal is possible."""
    turn.toast(_("Thank you. /balance shows this answer with its reason."))
    if turn.tapped is not None:
        turn.strip(turn.tapped)


EXPECTED = {"appeal": write}

HANDLERS = [
    CallbackQueryHandler(open_appeal, pattern=f"^{AP}:open:"),
    CallbackQueryHandler(understood, pattern=f"^{AP}:fine:"),
]
