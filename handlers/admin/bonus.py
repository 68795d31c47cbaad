"""A bonus for somebody's accepted work, from their card or in one line under /workers."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, filters

from bot import i18n, money
from bot.errors import Gone, Invalid
from bot.i18n import N_, pgettext
from bot.i18n import gettext as _
from bot.models.pay import Bonus
from bot.models.people import Worker
from bot.models.work import Project
from bot.people import staff
from bot.store import outbox
from bot.work import bonuses, projects, roster
from bot.work.bonuses import Draft
from handlers import callbacks
from handlers.admin import desk
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn
from handlers.worker_card import BO, WS

LINE = filters.Regex(r"^/workers(@\w+)?\s+bonus\b")
TASK = "task="


class BonusForm(Invalid):
    msgid = N_(
        "Write: /workers bonus w_91 p_7k2 0.50 Thank you! For one answer, its task before the "
        "amount: task=KEY."
    )


async def where(update: Update, turn: Turn) -> None:
    """For which project; what was accepted there is looked at when it is written."""
    _verb, number = callbacks.fields(turn.query.data, 2)
    await desk.admit(turn)
    found = await roster.profile(
        turn.session, callbacks.number(number), actor=turn.worker.id, now=turn.now
    )
    rows = [
        [Button(i18n.isolate(one.name), pack(BO, "ask", found.worker.id, one.id))]
        for one in found.projects
    ]
    text = _("For which project? A bonus is for accepted work.")
    back = Button(pgettext("button", "Back"), pack(WS, "card", found.worker.id))
    lines = [bold(escape(found.worker.pseudonym)), text]
    turn.replace(Message(text="\n".join(lines), rows=[*rows, [back]]))


async def ask(update: Update, turn: Turn) -> None:
    _verb, number, project = callbacks.fields(turn.query.data, 3)
    await desk.admit(turn)
    worker_id, project_id = callbacks.number(number), callbacks.number(project)
    found = await turn.session.get(Project, project_id)
    if found is None or await turn.session.get(Worker, worker_id) is None:
        raise Gone
    turn.chat.expecting = {"what": "bonus", "worker": worker_id, "project": project_id}
    text = _(
        "Write the amount and a word to the worker, like: <code>0.50 {currency} Thank you!</code> "
        "For other languages add lines like <code>sw: Asante!</code>"
    )
    turn.say(Message(text=text.format(currency=found.currency)))


async def typed(update: Update, turn: Turn) -> None:
    await desk.admit(turn)
    expecting = turn.chat.expecting or {}
    worker = await turn.session.get_one(Worker, expecting["worker"])
    project = await turn.session.get_one(Project, expecting["project"])
    text = (update.effective_message and update.effective_message.text) or ""
    await _propose(turn, worker, project, text)


async def one_line(update: Update, turn: Turn) -> None:
    """/workers bonus w_91 p_7k2 [task=KEY] 0.50 Thank you!"""
    await desk.admit(turn)
    words = ((update.effective_message and update.effective_message.text) or "").split(None, 4)
    if len(words) < 5:
        raise BonusForm
    number = words[2].lower().removeprefix("/").removeprefix("w_")
    worker = await turn.session.get(Worker, int(number)) if number.isdecimal() else None
    if worker is None:
        raise BonusForm
    project = await projects.find(turn.session, words[3])
    text, task = words[4], None
    if text.startswith(TASK):
        task, _space, text = text.removeprefix(TASK).partition(" ")
    await _propose(turn, worker, project, text, task=task)


async def pay(update: Update, turn: Turn) -> None:
    """The second tap finds that the first has paid."""
    _verb, token = callbacks.fields(turn.query.data, 2)
    await desk.admit(turn)
    expecting = turn.chat.expecting or {}
    written = expecting.get("draft")
    if expecting.get("what") != "bonus_paid" or not written or written["token"] != token:
        raise Gone
    done = await bonuses.give(turn.session, written, actor=turn.worker.id)
    if done is None:
        turn.toast(_("This bonus is paid already."))
        return
    bonus, project = done
    await _tell(turn, bonus, project)
    turn.toast(_("Paid, and told."))
    text = _("Paid: {amount} to {worker}.").format(
        amount=escape(money.show(bonus.micro, bonus.currency)), worker=f"/w_{bonus.worker_id}"
    )
    turn.replace(Message(text=text))


async def _propose(
    turn: Turn, worker: Worker, project: Project, text: str, *, task: str | None = None
) -> None:
    """What the worker will read, before anything is paid."""
    made = await bonuses.draft(turn.session, worker, project, text, task=task, actor=turn.worker.id)
    turn.chat.expecting = {"what": "bonus_paid", "draft": made.as_json()}
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        shown = _news(made, project).text
    heading = _("{worker} will read this:").format(worker=escape(worker.pseudonym))
    label = _("Pay {amount}").format(amount=money.show(made.micro, project.currency))
    rows = [[Button(label, pack(BO, "pay", made.token))]]
    turn.say(Message(text=f"{bold(heading)}\n\n<blockquote>{shown}</blockquote>", rows=rows))


async def _tell(turn: Turn, bonus: Bonus, project: Project) -> None:
    found = await staff.find(turn.session, bonus.worker_id)
    if found is None:
        return
    chat, worker = found
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        turn.tell(chat, _news(bonus, project), lane=outbox.MONEY)


def _news(bonus: Bonus | Draft, project: Project) -> Message:
    heading = _("You got a bonus of {amount}").format(
        amount=escape(money.show(bonus.micro, project.currency))
    )
    words = bonuses.said(bonus.message, i18n.current())
    lines = [
        bold(heading),
        _("Project: {name}").format(name=escape(project.name)),
        *([escape(words)] if words else []),
        _("It is available on your balance: /balance"),
    ]
    return Message(text="\n".join(lines), silent=False)


EXPECTED = {"bonus": typed}

HANDLERS = [
    CommandHandler("workers", one_line, filters=LINE),
    CallbackQueryHandler(where, pattern=f"^{BO}:where:"),
    CallbackQueryHandler(ask, pattern=f"^{BO}:ask:"),
    CallbackQueryHandler(pay, pattern=f"^{BO}:pay:"),
]
