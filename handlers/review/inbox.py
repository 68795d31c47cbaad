"""/inbox: what waits for the people who run the bot, the most urgent first."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Invalid
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.work import appeals, reports
from bot.work.appeals import Waiting
from handlers import report_card, review_card
from handlers.admin import desk
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

IN = "in"  # callback prefix


class NotAList(Invalid):
    msgid = N_("“{name}” is not a list of the inbox. Lists: {lists}. Try {form}.")


async def inbox(update: Update, turn: Turn) -> None:
    """/inbox [appeals | reports]"""
    await desk.admit(turn)
    wanted = turn.args[0].lower() if turn.args else ""
    if not wanted:
        turn.say(await _overview(turn))
        return
    if wanted not in LISTS:
        raise NotAList(name=wanted[:40], lists=", ".join(LISTS), form="/inbox appeals")
    turn.say(await LISTS[wanted](turn))


async def open_list(update: Update, turn: Turn) -> None:
    await desk.admit(turn)
    name = (turn.query.data or "").partition(":")[2]
    turn.replace(await LISTS.get(name, _overview)(turn))


async def _overview(turn: Turn) -> Message:
    waiting = len(await appeals.listing(turn.session, turn.worker))
    reported = await reports.count(turn.session)
    lines = [
        bold(_("Inbox")),
        _("Appeals to decide: {count}").format(count=_at_most(waiting, appeals.SHOWN)),
        _("Reported tasks: {count}").format(count=i18n.number(reported)),
    ]
    rows = [[Button(_("Appeals"), pack(IN, "appeals")), Button(_("Reports"), pack(IN, "reports"))]]
    return Message(text="\n".join(lines), rows=rows)


async def _appeals(turn: Turn) -> Message:
    found = await appeals.listing(turn.session, turn.worker)
    if not found:
        return Message(text=_("No appeal is open."), rows=[[_home()]])
    lines = [bold(_("Appeals, the most urgent first")), *(_appeal(turn, one) for one in found)]
    buttons = [
        Button(_("Decide {code}").format(code=review_card.code(one.appeal_id)), _opens(one))
        for one in found
        if not one.own
    ]
    return Message(text="\n\n".join(lines), rows=[*([one] for one in buttons), [_home()]])


def _appeal(turn: Turn, one: Waiting) -> str:
    said = _("{code} · {project} · to be decided by {time}").format(
        code=f"<b>{review_card.code(one.appeal_id)}</b>",
        project=escape(one.project),
        time=i18n.when(one.decide_by, turn.zone),
    )
    if one.own:
        return said + "\n" + _("Another person decides: it is about your own work.")
    return said


async def _reports(turn: Turn) -> Message:
    return await report_card.listing(turn, 0)


def _opens(one: Waiting) -> str:
    return pack(review_card.RV, "open", one.review_id, 0)


def _at_most(count: int, shown: int) -> str:
    return i18n.number(count) + ("+" if count >= shown else "")


def _home() -> Button:
    return Button(_("Inbox"), pack(IN, "home"))


LISTS = {"appeals": _appeals, "reports": _reports}

HANDLERS = [
    CommandHandler("inbox", inbox),
    CallbackQueryHandler(open_list, pattern=f"^{IN}:"),
]
