"""/support: a worker's message to the people who run the bot, and their reply."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone, Invalid, Refusal
from bot.i18n import N_, pgettext
from bot.i18n import gettext as _
from bot.people import roles, staff
from bot.store import outbox
from bot.work import restrictions
from bot.work.restrictions import Limit
from handlers import callbacks, restriction_card
from handlers.callbacks import pack
from handlers.cards import Message, escape
from handlers.keyboards import Button
from handlers.turn import Turn

SU = "su"  # callback prefix
LONGEST = 2000  # characters; escaped and with its heading it still fits one message


class TooLongForSupport(Invalid):
    msgid = N_("This message has more than {limit} characters. Send it in parts.")


class NobodyThere(Refusal):
    msgid = N_("Nobody can be reached right now. Please try again later.")


async def support(update: Update, turn: Turn) -> None:
    """The next message goes to a person."""
    turn.chat.expecting = {"what": "support"}
    text = _("Write what you need. Your next message goes to the team. /cancel stops this.")
    turn.say(Message(text=text, force=_("Your message")))


async def about(update: Update, turn: Turn) -> None:
    """[Answer or appeal] under a restriction: the next message goes to the team with its name."""
    _verb, number = callbacks.fields(turn.query.data, 2)
    limit = await restrictions.one(turn.session, callbacks.number(number), worker_id=turn.worker.id)
    turn.chat.expecting = {"what": "support", "restriction": limit.id}
    text = _("Write what you want to say about this. A person decides, and replies here.")
    turn.say(Message(text=text, force=_("Your message")))


async def ask(update: Update, turn: Turn) -> None:
    """A worker's message, to every owner and admin."""
    text = _written(update)
    desk = await staff.desk(turn.session, turn.bot_id, but=turn.worker.id)
    if not desk:
        raise NobodyThere
    limit = await _meant(turn)
    for chat, reader in desk:
        with i18n.speaking(reader.locale or "en"):
            turn.tell(chat, _question(turn, text, limit, reader.zone or "UTC"))
    turn.chat.expecting = None
    said = [_("Sent. A person reads it and replies here.")]
    if turn.chat.card is not None:
        said.append(_("/work brings your task back."))
    turn.say(Message(text=" ".join(said)))


async def open_answer(update: Update, turn: Turn) -> None:
    """[Reply] under a worker's message: the next text of this admin goes to them."""
    await roles.require(turn.session, turn.worker.id, *staff.DESK)
    worker_id = callbacks.number(callbacks.fields(turn.query.data, 1)[0])
    found = await staff.reach(turn.session, turn.bot_id, worker_id)
    if found is None:
        raise Gone
    turn.chat.expecting = {"what": "support_reply", "worker": worker_id}
    text = _("Write your reply to {worker}. /cancel stops this.").format(
        worker=f"<b>{escape(found[1].pseudonym)}</b>"
    )
    turn.say(Message(text=text, force=_("Your reply")))


async def answer(update: Update, turn: Turn) -> None:
    """An admin's text, to the worker who asked."""
    await roles.require(turn.session, turn.worker.id, *staff.DESK)
    text = _written(update)
    worker_id = int((turn.chat.expecting or {}).get("worker", 0))
    found = await staff.reach(turn.session, turn.bot_id, worker_id)
    if found is None:
        raise Gone
    chat, worker = found
    with i18n.speaking(worker.locale or "en"):
        turn.tell(chat, _reply(text), lane=outbox.MONEY)
    turn.chat.expecting = None
    said = _("Sent to {worker}.").format(worker=f"<b>{escape(worker.pseudonym)}</b>")
    turn.say(Message(text=said))


async def write_back(update: Update, turn: Turn) -> None:
    """[Reply] under a reply."""
    await support(update, turn)


async def _meant(turn: Turn) -> Limit | None:
    """The restriction that the message is about."""
    number = (turn.chat.expecting or {}).get("restriction")
    if number is None:
        return None
    return await restrictions.one(turn.session, number, worker_id=turn.worker.id)


def _question(turn: Turn, text: str, limit: Limit | None, zone: str) -> Message:
    heading = _("Support · {worker}").format(worker=escape(turn.worker.pseudonym))
    written = _quoted(heading, text)
    if limit is not None:
        said = [restriction_card.head(limit, zone), restriction_card.why(limit)]
        written += "\n".join(["", *said, f"/w_{turn.worker.id}"])
    button = Button(pgettext("button", "Reply"), pack(SU, turn.worker.id))
    return Message(text=written, rows=[[button]], silent=False)


def _reply(text: str) -> Message:
    button = Button(pgettext("button", "Reply"), pack(SU, "back"))
    return Message(text=_quoted(_("Support"), text), rows=[[button]], silent=False)


def _quoted(heading: str, text: str) -> str:
    """What somebody wrote, in a paragraph of its own: it may run in another direction."""
    return f"<b>{heading}</b>\n<blockquote>{escape(text)}</blockquote>"


def _written(update: Update) -> str:
    text = (update.effective_message and update.effective_message.text) or ""
    if len(text) > LONGEST:
        raise TooLongForSupport(limit=LONGEST)
    return text


EXPECTED = {"support": ask, "support_reply": answer}

HANDLERS = [
    CommandHandler(["support", "paysupport"], support),
    CallbackQueryHandler(write_back, pattern=f"^{SU}:back$"),
    CallbackQueryHandler(about, pattern=f"^{SU}:r:"),
    CallbackQueryHandler(open_answer, pattern=f"^{SU}:"),
]
