"""The chat: everything a worker or admin sees or presses. This file is the routing table.

Top to bottom is the order in which an update is tried. Group -1 keeps those who have not finished
joining on the way; group 0 is everything else, and its last lines answer what nothing expected.
"""

from collections.abc import Mapping

from telegram import Update
from telegram.ext import (
    Application,
    ApplicationHandlerStop,
    ChatMemberHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.errors import Refusal
from bot.i18n import gettext as _
from bot.people import roles
from bot.store import outbox
from bot.work import dispatch
from handlers import keyboards, statement_file
from handlers.admin import (
    audit,
    bonus,
    export,
    gold,
    limits,
    newproject,
    payout_items,
    payout_limits,
    payout_plans,
    payouts,
    projects,
    reports,
    restrict,
    rules,
    set,
    status,
    team,
    workers,
)
from handlers.cards import Message, escape
from handlers.deliver import Document
from handlers.review import disagreement, inbox, review
from handlers.turn import Turn
from handlers.worker import (
    appeal,
    balance,
    cancel,
    help,
    ladder,
    longer,
    mydata,
    privacy,
    settings,
    start,
    statement,
    stats,
    support,
    verify,
    withdraw,
    work,
)

COMMAND_FILES = (
    start,
    work,
    longer,
    balance,
    statement,
    withdraw,
    stats,
    ladder,
    settings,
    help,
    privacy,
    mydata,
    support,
    verify,
    appeal,
    cancel,
    disagreement,
    review,
    inbox,
    projects,
    gold,
    newproject,
    set,
    rules,
    reports,
    status,
    export,
    team,
    bonus,
    workers,
    restrict,
    limits,
    payout_plans,
    payout_limits,
    payouts,
    payout_items,
    audit,
)

# What the next message means, by the name in chat.expecting["what"].
EXPECTED = {
    what: handler
    for file in COMMAND_FILES
    for what, handler in getattr(file, "EXPECTED", {}).items()
}

# Files that are rendered when they are sent, by the kind in the outbox.
DOCUMENTS: Mapping[str, Document] = {
    "export": export.render,
    "ledger": export.render_ledger,
    "audit": audit.render,
    "mydata": mydata.render,
    "statement": statement_file.render,
    "payouts": payouts.render,
}

JOINING_TOO = ("/start", "/help", "/privacy", "/mydata", "/cancel", "/verify", "/support")
JOINING_TAPS = ("on", "pv", "md", "hp", "su")
JOINING_TEXTS = ("onboarding", "support")
JOINED = ("active", "paused")


def route(application: Application) -> None:  # type: ignore[type-arg]
    """Hang every handler into PTB's application, in the order of this file."""
    application.add_handler(TypeHandler(Update, joining_first), group=-1)
    for file in COMMAND_FILES:
        application.add_handlers(file.HANDLERS)
    application.add_handler(ChatMemberHandler(membership, ChatMemberHandler.MY_CHAT_MEMBER))
    application.add_handler(MessageHandler(filters.COMMAND, unknown_command))
    application.add_handler(MessageHandler(filters.ALL & ~filters.UpdateType.EDITED, listen))


async def joining_first(update: Update, turn: Turn) -> None:
    """Somebody who has not finished joining is shown the step they are at."""
    if turn.worker.state in JOINED or update.my_chat_member or update.poll_answer:
        return
    if _says(update).startswith(JOINING_TOO) or _taps(update) in JOINING_TAPS:
        return
    what = (turn.chat.expecting or {}).get("what")
    if update.message and not _says(update).startswith("/") and what in JOINING_TEXTS:
        return
    if await roles.of(turn.session, turn.worker.id):
        return
    await start.resume(update, turn)
    raise ApplicationHandlerStop


def _says(update: Update) -> str:
    return (update.message and update.message.text) or ""


def _taps(update: Update) -> str:
    """The prefix of the tapped button's data."""
    return ((update.callback_query and update.callback_query.data) or "").partition(":")[0]


async def listen(update: Update, turn: Turn) -> None:
    """A message that is no command: a button of the home keyboard, or what was asked for."""
    text = update.effective_message.text if update.effective_message else None
    pressed = HOME.get(keyboards.home_command(text or "") or "")
    expected = EXPECTED.get((turn.chat.expecting or {}).get("what", ""))
    if pressed is not None:
        await pressed(update, turn)
    elif expected is not None:
        await expected(update, turn)
    elif text and await work.write_late(update, turn):
        return
    elif text and await dispatch.held(turn.session, turn.worker.id):
        turn.say(Message(text=_("Tap an answer on the card. Send /work to see it again.")))
    else:
        turn.say(
            Message(
                text=_("I did not expect a message here. /work brings a task, /help says more.")
            )
        )


async def unknown_command(update: Update, turn: Turn) -> None:
    """A command that does not exist, or not for this person."""
    command = (_says(update).split() or ["/"])[0]
    said = _("I do not know {command}. /help lists what I know.")
    turn.say(Message(text=said.format(command=f"<code>{escape(command)}</code>")))


async def membership(update: Update, turn: Turn) -> None:
    """Blocked: the task in hand goes to others. Back again: the chat is open again."""
    change = update.my_chat_member
    assert change is not None
    if change.new_chat_member.status in ("kicked", "left"):
        await dispatch.unreachable(turn.session, turn.bot_id, turn.chat.chat_id, now=turn.now)
    else:
        turn.chat.reachable = True
        await outbox.resume(turn.session, turn.bot_id, turn.chat.chat_id)


def explain(turn: Turn, refusal: Refusal) -> None:
    """Say why a request was refused: over the chat for a tap, as a message otherwise."""
    said = refusal.say()
    if turn.answer is not None:
        turn.toast(said, alert=True)
    else:
        turn.say(Message(text=escape(said)))


HOME = {"work": work.work, "balance": balance.balance, "stats": stats.stats, "help": help.help_}
