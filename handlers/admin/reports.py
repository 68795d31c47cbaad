"""Reported tasks: the list of those that wait, and the decision about one."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n, money
from bot.i18n import gettext as _
from bot.people import staff
from bot.store import outbox
from bot.work import reports
from bot.work.reports import Reported, Thanks
from handlers import callbacks, report_card
from handlers.admin import desk
from handlers.cards import Message, escape
from handlers.report_card import RP
from handlers.turn import Turn


async def open_list(update: Update, turn: Turn) -> None:
    """Of all projects."""
    await desk.admit(turn)
    _verb, page = callbacks.fields(turn.query.data, 2)
    turn.replace(await report_card.listing(turn, callbacks.number(page)))


async def open_project(update: Update, turn: Turn) -> None:
    """Of one project, from its card."""
    _verb, code, page = callbacks.fields(turn.query.data, 3)
    project = await desk.pointed(turn, code)
    turn.replace(await report_card.listing(turn, callbacks.number(page), project))


async def open_task(update: Update, turn: Turn) -> None:
    turn.replace(report_card.card(await _pointed(turn)))


async def confirm(update: Update, turn: Turn) -> None:
    """Broken: each reporter is told what their time is paid with."""
    found = await _pointed(turn)
    thanked = await reports.confirm(turn.session, found.task_id, actor=turn.worker.id, now=turn.now)
    for thanks in thanked:
        await _thank(turn, thanks)
    turn.toast(_("It stays out of work, and the reporters are paid."))
    turn.replace(await report_card.listing(turn, 0))


async def dismiss(update: Update, turn: Turn) -> None:
    found = await _pointed(turn)
    await reports.dismiss(turn.session, found.task_id, actor=turn.worker.id, now=turn.now)
    turn.toast(_("The task goes on."))
    turn.replace(await report_card.listing(turn, 0))


async def _pointed(turn: Turn) -> Reported:
    await desk.admit(turn)
    _verb, task = callbacks.fields(turn.query.data, 2)
    return await reports.one(turn.session, callbacks.number(task))


async def _thank(turn: Turn, thanks: Thanks) -> None:
    reached = await staff.reach(turn.session, turn.bot_id, thanks.worker_id)
    if reached is None:
        return
    chat, worker = reached
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        text = _(
            "You were right: a task you reported in {project} was broken. {amount} for your time "
            "is on your balance. Thank you."
        ).format(
            project=escape(thanks.project),
            amount=escape(money.show(thanks.micro, thanks.currency)),
        )
        turn.tell(chat, Message(text=text, silent=False), lane=outbox.MONEY)


HANDLERS = [
    CallbackQueryHandler(open_list, pattern=f"^{RP}:list:"),
    CallbackQueryHandler(open_project, pattern=f"^{RP}:of:"),
    CallbackQueryHandler(open_task, pattern=f"^{RP}:task:"),
    CallbackQueryHandler(confirm, pattern=f"^{RP}:yes:"),
    CallbackQueryHandler(dismiss, pattern=f"^{RP}:no:"),
]
