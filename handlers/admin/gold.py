"""Gold that grows, by button: tasks that everybody agrees on, each made gold by one press."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.models.work import Project
from bot.work import gold_proposals
from bot.work.gold_proposals import Proposal
from handlers import callbacks
from handlers.admin import desk, project_card
from handlers.admin.project_card import GO
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

ROWS = 6
LABEL = 40  # characters of a key on a button


async def show(update: Update, turn: Turn) -> None:
    """The surest few; as they become gold, the next ones come up."""
    _verb, code = callbacks.fields(turn.query.data, 2)
    turn.replace(await _list(turn, await desk.pointed(turn, code)))


async def make(update: Update, turn: Turn) -> None:
    _verb, code, task = callbacks.fields(turn.query.data, 3)
    project = await desk.pointed(turn, code)
    found = await gold_proposals.proposals(turn.session, project)
    keys = [one.key for one in found if one.task_id == callbacks.number(task)]
    if not keys:
        raise Gone
    await gold_proposals.make_gold(turn.session, project, keys, actor=turn.worker.id)
    turn.toast(_("It is gold now."))
    turn.replace(await _list(turn, project))


async def _list(turn: Turn, project: Project) -> Message:
    found = await gold_proposals.proposals(turn.session, project, limit=ROWS)
    lines = [project_card.title(project), _("Tasks whose answers all agree can check others:")]
    if not found:
        lines = [project_card.title(project), _nothing()]
    lines += [_line(one) for one in found]
    rows = [[_button(project, one)] for one in found]
    return Message(text="\n".join(lines), rows=[*rows, [project_card.back(project)]])


def _nothing() -> str:
    return _("No task has {count} answers that all agree.").format(
        count=i18n.number(gold_proposals.AT_LEAST)
    )


def _line(one: Proposal) -> str:
    said = ngettext(
        "{task}: {label} ({count} answer)", "{task}: {label} ({count} answers)", one.answers
    )
    return said.format(task=bold(one.key), label=escape(one.label), count=i18n.number(one.answers))


def _button(project: Project, one: Proposal) -> Button:
    key = one.key if len(one.key) <= LABEL else f"{one.key[: LABEL - 1]}…"
    label = _("Make gold: {task}").format(task=i18n.isolate(key))
    return Button(label, pack(GO, "make", project.code, one.task_id))


HANDLERS = [
    CallbackQueryHandler(show, pattern=f"^{GO}:list:"),
    CallbackQueryHandler(make, pattern=f"^{GO}:make:"),
]
