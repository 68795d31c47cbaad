"""The rules of a project, and whom they would have touched last week."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n
from bot.i18n import gettext as _
from bot.i18n import ngettext, pgettext
from bot.models.work import Project
from bot.work import rehearsal, stages
from bot.work.rehearsal import Rehearsal, Touched
from handlers import callbacks, restriction_card
from handlers.admin import desk, project_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

RU = "ru"  # callback prefix
SHOWN = 12  # people in one message; the command line shows all
MOST = 200  # busiest workers of a stage that one tap looks at


async def open_card(update: Update, turn: Turn) -> None:
    _verb, code = callbacks.fields(turn.query.data, 2)
    turn.replace(await _card(turn, await desk.pointed(turn, code)))


async def rehearse(update: Update, turn: Turn) -> None:
    """[Try on last week]: nothing is changed, nobody is told."""
    _verb, code = callbacks.fields(turn.query.data, 2)
    project = await desk.pointed(turn, code)
    found = await rehearsal.rehearse(turn.session, project, now=turn.now, most=MOST)
    turn.replace(Message(text=_found(project, found), rows=[[_back(project)]]))


async def _card(turn: Turn, project: Project) -> Message:
    specs = await stages.current(turn.session, project.id)
    lines = [bold(_("Rules of {project}").format(project=escape(project.name)))]
    there = False
    for spec in specs:
        mine = spec.quality.get("rules", ())
        there = there or bool(mine)
        lines += [f"<b>{escape(spec.name)}</b>"] if mine and len(specs) > 1 else []
        lines += [f"<code>{escape(line)}</code>" for line in mine]
    if not there:
        lines.append(_("There are none: nobody is paused or doubted automatically."))
    change = Button(_("Change…"), pack("se", "card", project.code))
    tried = Button(_("Try on the last 7 days"), pack(RU, "try", project.code))
    rows = [[tried, change] if there else [change], [project_card.back(project)]]
    return Message(text="\n".join(lines), rows=rows)


def _found(project: Project, found: Rehearsal) -> str:
    looked = ngettext(
        "Looked at {count} answer of {workers} people. Nothing was changed.",
        "Looked at {count} answers of {workers} people. Nothing was changed.",
        found.answers,
    ).format(count=i18n.number(found.answers), workers=i18n.number(found.workers))
    lines = [bold(_("The last 7 days, rehearsed")), looked]
    people = len({one.worker_id for one in found.touched})
    touched = ngettext(
        "The rules would have touched {count} person.",
        "The rules would have touched {count} people.",
        people,
    )
    lines += ["", touched.format(count=i18n.number(people))]
    lines += [_line(project, one) for one in found.touched[:SHOWN]]
    return "\n".join([*lines, "…"] if len(found.touched) > SHOWN else lines)


def _line(project: Project, one: Touched) -> str:
    found = restriction_card.figure(one.reason, one.numbers, project.currency)
    return f"/w_{one.worker_id} {escape(one.pseudonym)} · {escape(one.rule)}\n{found}"


def _back(project: Project) -> Button:
    return Button(pgettext("button", "Back"), pack(RU, "card", project.code))


HANDLERS = [
    CallbackQueryHandler(open_card, pattern=f"^{RU}:card:"),
    CallbackQueryHandler(rehearse, pattern=f"^{RU}:try:"),
]
