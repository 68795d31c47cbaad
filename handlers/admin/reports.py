"""Reported tasks: the list of those that wait, and the decision about one."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n, money
from bot.i18n import gettext as _
from bot.models.work import Project
from bot.people import staff
from bot.store import outbox
from bot.work import reports
from bot.work.reports import Reported, Thanks
from handlers import callbacks, report_card
from handlers.admin import desk, project_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.report_card import RP
from handlers.turn import Turn

PAGE = 6
LABEL = 40  # characters of a task's key on a button


async def open_list(update: Update, turn: Turn) -> None:
    """Of all projects."""
    await desk.admit(turn)
    _verb, page = callbacks.fields(turn.query.data, 2)
    turn.replace(await listing(turn, callbacks.number(page)))


async def open_project(update: Update, turn: Turn) -> None:
    """Of one project, from its card."""
    _verb, code, page = callbacks.fields(turn.query.data, 3)
    project = await desk.pointed(turn, code)
    turn.replace(await listing(turn, callbacks.number(page), project))


async def open_task(update: Update, turn: Turn) -> None:
    turn.replace(report_card.card(await _pointed(turn)))


async def confirm(update: Update, turn: Turn) -> None:
    """Broken: each reporter is told what their time is paid with."""
    found = await _pointed(turn)
    thanked = await reports.confirm(turn.session, found.task_id, actor=turn.worker.id, now=turn.now)
    for thanks in thanked:
        await _thank(turn, thanks)
    turn.toast(_("It stays out of work, and the reporters are paid."))
    turn.replace(await listing(turn, 0))


async def dismiss(update: Update, turn: Turn) -> None:
    found = await _pointed(turn)
    await reports.dismiss(turn.session, found.task_id, actor=turn.worker.id, now=turn.now)
    turn.toast(_("The task goes on."))
    turn.replace(await listing(turn, 0))


async def listing(turn: Turn, page: int, project: Project | None = None) -> Message:
    """A page of tasks that wait for a decision; for the inbox as well."""
    count = await reports.count(turn.session, project)
    pages = max(1, -(-count // PAGE))
    page = min(page, pages - 1)
    found = await reports.waiting(turn.session, project, offset=page * PAGE, limit=PAGE)
    lines = [bold(_("Reported tasks: {count}").format(count=i18n.number(count)))]
    lines += [_line(one) for one in found] or [_("None waits for a decision.")]
    rows = [[Button(_named(one), pack(RP, "task", one.task_id))] for one in found]
    rows.append(_turns(page, pages, project))
    rows += [[project_card.back(project)]] if project else []
    return Message(text="\n".join(lines), rows=rows)


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


def _line(one: Reported) -> str:
    mark = _("put aside") if one.parked else _("still in work")
    return f"• {escape(one.project.name)} · {escape(one.key)} · {report_card.said(one)} · {mark}"


def _named(one: Reported) -> str:
    key = one.key if len(one.key) <= LABEL else f"{one.key[: LABEL - 1]}…"
    return i18n.isolate(key)


def _turns(page: int, pages: int, project: Project | None) -> list[Button]:
    if pages == 1:
        return []

    def go(label: str, number: int) -> Button:
        data = ("list", number) if project is None else ("of", project.code, number)
        return Button(label, pack(RP, *data))

    shown = go(f"{page + 1}/{pages}", page)
    return [go("‹", max(page - 1, 0)), shown, go("›", min(page + 1, pages - 1))]


HANDLERS = [
    CallbackQueryHandler(open_list, pattern=f"^{RP}:list:"),
    CallbackQueryHandler(open_project, pattern=f"^{RP}:of:"),
    CallbackQueryHandler(open_task, pattern=f"^{RP}:task:"),
    CallbackQueryHandler(confirm, pattern=f"^{RP}:yes:"),
    CallbackQueryHandler(dismiss, pattern=f"^{RP}:no:"),
]
