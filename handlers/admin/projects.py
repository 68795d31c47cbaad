"""/projects: the list, a card for each, what workers will see, and opening and closing them."""

import random
from collections.abc import Awaitable, Callable
from difflib import get_close_matches

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot import i18n, money
from bot.errors import Gone, Invalid
from bot.i18n import N_, ngettext, pgettext
from bot.i18n import gettext as _
from bot.models.work import Project
from bot.people import roles
from bot.work import launch, preview, progress, projects, states, wage_guard
from bot.work.preview import Sample, Step
from bot.work.progress import Summary
from bot.work.wage_guard import BelowFloor
from handlers import callbacks, task_card
from handlers.admin import desk, project_card
from handlers.admin.project_card import PJ
from handlers.callbacks import pack
from handlers.cards import Message, escape
from handlers.keyboards import Button, pairs
from handlers.turn import Turn

PAGE = 6
STATES = tuple(states.STATES)
ALL = "all"
OBSTACLES = 15  # said one by one, the others counted
BY_CODE = filters.Regex(r"^/p_[0-9a-z]{2,8}(@\w+)?\b")
NP = "np"  # buttons of a previewed card: newproject says that nothing is recorded


class NotAState(Invalid):
    msgid = N_("“{state}” is not a state of projects. States: {states}. Try {form}.")


async def show_list(update: Update, turn: Turn) -> None:
    """/projects [state …]"""
    await desk.admit(turn)
    wanted = [word.lower().strip(",") for word in turn.args or []]
    for word in wanted:
        if word not in STATES:
            raise _not_a_state(word)
    turn.say(await _list(turn, ",".join(wanted) or ALL, 0))


async def turn_page(update: Update, turn: Turn) -> None:
    await desk.admit(turn)
    _verb, wanted, page = callbacks.fields(turn.query.data, 3)
    turn.replace(await _list(turn, wanted, callbacks.number(page)))


async def open_by_code(update: Update, turn: Turn) -> None:
    """/p_7k2, as it stands in lists and on cards."""
    text = (update.effective_message and update.effective_message.text) or ""
    code = text.split()[0].removeprefix("/").partition("@")[0]
    turn.say(await project_card.card(turn.session, await desk.project(turn, code)))


async def open_card(update: Update, turn: Turn) -> None:
    _verb, code = callbacks.fields(turn.query.data, 2)
    turn.replace(await project_card.card(turn.session, await desk.pointed(turn, code)))


async def ask(update: Update, turn: Turn) -> None:
    """The first step of a change: what it means, in numbers."""
    _verb, code, action = callbacks.fields(turn.query.data, 3)
    project = await desk.pointed(turn, code)
    if action not in CHANGES:
        raise Gone
    found = await progress.summary(turn.session, project)
    turn.replace(await QUESTIONS[action](turn, found))


async def change(update: Update, turn: Turn) -> None:
    """The second step. Somebody faster, or another state by now, is refused by the use case."""
    _verb, code, action, asked_at = callbacks.fields(turn.query.data, 4)
    project = await desk.pointed(turn, code)
    if action not in CHANGES:
        raise Gone
    desk.check_fresh(asked_at, turn.now)
    await CHANGES[action](turn.session, project, actor=turn.worker.id)
    said = _("Changed.") if action in QUIET else _("The project is now {state}.")
    turn.toast(said.format(state=project_card.state(project.state)))
    turn.replace(await project_card.card(turn.session, project))


async def begin_preview(update: Update, turn: Turn) -> None:
    """[Preview]: the first task in the first language, as a message of its own."""
    _verb, code = callbacks.fields(turn.query.data, 2)
    project = await desk.pointed(turn, code)
    for message in await _previewed(turn, project, 1, project.languages[0], 0, "next"):
        turn.say(message)


async def go_on_preview(update: Update, turn: Turn) -> None:
    """Another language, the next task or the one before, in place of the card tapped."""
    _verb, code, stage, language, step, task = callbacks.fields(turn.query.data, 6)
    project = await desk.pointed(turn, code)
    if language not in project.languages or step not in ("next", "before"):
        raise Gone
    made = await _previewed(
        turn,
        project,
        callbacks.number(stage),
        language,
        callbacks.number(task),
        "next" if step == "next" else "before",
    )
    if len(made) == 1:
        turn.replace(made[0])
        return
    if turn.tapped is not None:
        turn.strip(turn.tapped)
    for message in made:
        turn.say(message)


async def inert(update: Update, turn: Turn) -> None:
    """The page number between the arrows."""


# The list


async def _list(turn: Turn, wanted: str, page: int) -> Message:
    found = await _found(turn, wanted)
    if not found:
        return _nothing(wanted)
    pages = -(-len(found) // PAGE)
    page = min(page, pages - 1)
    shown = found[page * PAGE : (page + 1) * PAGE]
    heading = _("Projects") if wanted == ALL else _("Projects: {states}")
    named = ", ".join(map(project_card.state, wanted.split(",")))
    lines = [f"<b>{heading.format(states=named)}</b>", *map(_line, shown)]
    rows = [
        [project_card.name_button(one.project, pack(PJ, "card", one.project.code))] for one in shown
    ]
    return Message(text="\n\n".join(lines), rows=[*rows, *_pager(wanted, page, pages)])


async def _found(turn: Turn, wanted: str) -> list[Summary]:
    names = STATES if wanted == ALL else tuple(wanted.split(","))
    if not set(names) <= set(STATES):
        raise Gone
    only = names[0] if len(names) == 1 else None
    found = await progress.listing(turn.session, state=only)
    return [one for one in found if one.project.state in names]


def _nothing(wanted: str) -> Message:
    if wanted == ALL:
        return project_card.none_yet()
    named = ", ".join(map(project_card.state, wanted.split(",")))
    every = Button(_("All projects"), pack(PJ, "list", ALL, 0))
    return Message(text=_("No project is {states}.").format(states=named), rows=[[every]])


def _line(found: Summary) -> str:
    project = found.project
    about = _("{state}, {share} done, {cost} spent").format(
        state=project_card.state(project.state),
        share=i18n.percent(found.share),
        cost=project_card.amount(found.cost_micro, project.currency),
    )
    lines = [f"/p_{project.code} <b>{escape(project.name)}</b>", about]
    return "\n".join([*lines, *(f"⚠ {alert}" for alert in project_card.alerts(found))])


def _pager(wanted: str, page: int, pages: int) -> list[list[Button]]:
    if pages == 1:
        return []
    before = Button("‹", pack(PJ, "list", wanted, (page - 1) % pages))
    here = Button(f"{page + 1}/{pages}", pack(PJ, "here"))
    after = Button("›", pack(PJ, "list", wanted, (page + 1) % pages))
    return [[before, here, after]]


def _not_a_state(word: str) -> NotAState:
    near = get_close_matches(word, STATES, 1, cutoff=0.4)
    form = f"/projects {near[0] if near else 'open'}"
    return NotAState(state=word[:40], states=", ".join(STATES), form=form)


# Changes of state


async def _ask_open(turn: Turn, found: Summary) -> Message:
    project = found.project
    obstacles = await launch.obstacles(turn.session, project)
    if obstacles:
        head = ngettext(
            "{project} cannot be opened yet, for {count} reason:",
            "{project} cannot be opened yet, for {count} reasons:",
            len(obstacles),
        ).format(project=f"<b>{escape(project.name)}</b>", count=len(obstacles))
        lines = [f"• {escape(obstacle.say())}" for obstacle in obstacles[:OBSTACLES]]
        lines += ["…"] if len(obstacles) > OBSTACLES else []
        mend = [
            Button(_("Add tasks"), pack("np", "add", project.code)),
            Button(pgettext("button", "Settings"), pack("se", "card", project.code)),
        ]
        rows = [[project_card.back(project)], mend]
        if any(isinstance(one, BelowFloor) for one in obstacles):
            allow = pack(PJ, "ask", project.code, "waive")
            rows.append([Button(_("Allow pay below the floor…"), allow)])
        return Message(text="\n".join([head, *lines]), rows=rows)
    remarks = await launch.remarks(turn.session, project)
    lines = [
        _("Open {project}?").format(project=f"<b>{escape(project.name)}</b>"),
        _("{tasks} go to workers in: {languages}.").format(
            tasks=project_card.tasks(found.tasks), languages=escape(project_card.languages(project))
        ),
        project_card.cost(found) + ".",
        *(f"• {escape(remark.say())}" for remark in remarks),
    ]
    return _question(turn, project, lines, "open", _("Open it"))


async def _ask_waive(turn: Turn, found: Summary) -> Message:
    """Only an owner gets as far as the button."""
    await roles.require(turn.session, turn.worker.id, *wage_guard.MAY_WAIVE)
    project = found.project
    lines = [
        _("Allow {project} to pay below the floor?").format(
            project=f"<b>{escape(project.name)}</b>"
        ),
        _("Its card shows everybody that you did, and the audit keeps it."),
        _("Workers still get what is missing on Mondays, charged to the project."),
    ]
    return _question(turn, project, lines, "waive", _("Allow it"))


async def _ask_restore(turn: Turn, found: Summary) -> Message:
    await roles.require(turn.session, turn.worker.id, *wage_guard.MAY_WAIVE)
    project = found.project
    said = _("Hold {project} to the floor again?").format(project=f"<b>{escape(project.name)}</b>")
    return _question(turn, project, [said], "restore", _("Hold it to the floor"))


async def _ask_pause(turn: Turn, found: Summary) -> Message:
    lines = [
        _("Pause {project}?").format(project=f"<b>{escape(found.project.name)}</b>"),
        _("No new task is handed out. {in_hand}").format(in_hand=_in_hand(found)),
    ]
    return _question(turn, found.project, lines, "pause", _("Pause it"))


async def _ask_close(turn: Turn, found: Summary) -> Message:
    missing = max(0, found.wanted - found.answers - found.held)
    lines = [
        _("Close {project} for good?").format(project=f"<b>{escape(found.project.name)}</b>"),
        ngettext(
            "{count} answer will not be collected.",
            "{count} answers will not be collected.",
            missing,
        ).format(count=i18n.number(missing)),
        _in_hand(found),
        _("A closed project cannot be opened again."),
    ]
    return _question(turn, found.project, lines, "close", _("Close it"))


def _in_hand(found: Summary) -> str:
    return ngettext(
        "{count} task in hand is finished and paid.",
        "{count} tasks in hand are finished and paid.",
        found.held,
    ).format(count=i18n.number(found.held))


def _question(turn: Turn, project: Project, lines: list[str], action: str, yes: str) -> Message:
    keep = Button(_("Leave it as it is"), pack(PJ, "card", project.code))
    style = "danger" if action == "close" else "success" if action == "open" else "primary"
    sure = Button(yes, pack(PJ, "do", project.code, action, desk.stamp(turn.now)), style=style)
    return Message(text="\n".join(lines), rows=[[keep], [sure]])


QUESTIONS = {
    "open": _ask_open,
    "pause": _ask_pause,
    "close": _ask_close,
    "waive": _ask_waive,
    "restore": _ask_restore,
}
QUIET = ("waive", "restore")  # the state stays as it was
CHANGES: dict[str, Callable[..., Awaitable[object]]] = {
    "open": projects.open_project,
    "pause": projects.pause,
    "close": projects.close,
    "waive": wage_guard.waive,
    "restore": wage_guard.restore,
}


# Preview


async def _previewed(
    turn: Turn, project: Project, ordinal: int, language: str, task_id: int, step: Step
) -> list[Message]:
    found = await preview.sample(
        turn.session,
        project,
        language=language,
        ordinal=ordinal,
        task_id=task_id,
        step=step,
        actor=turn.worker.id,
    )
    if found is None:
        raise Gone
    rows = _around(project, found)
    if found.body is None:
        words = _("There is no task in {language} yet.")
        named = escape(i18n.language_name(language))
        return [Message(text=words.format(language=named), rows=rows)]
    head = _head(found)  # in the admin's language; the task itself in the worker's
    with i18n.speaking(language):
        kind, wording = found.spec.kind, found.spec.wording(language, language)
        layout = kind.layout(found.spec.settings, random.Random(found.task_id))  # noqa: S311
        return task_card.messages(
            wording=wording,
            ask=kind.ask(found.spec.settings, wording, found.body, layout),
            head=[*head, escape(money.show(found.spec.price_micro, found.spec.currency))],
            data=lambda index: pack(NP, "pv", index),
            rows=rows,
        )


def _head(found: Sample) -> list[str]:
    about = _("<i>Preview in {language}, task {key}</i>").format(
        language=escape(i18n.language_name(found.language)), key=escape(found.key)
    )
    if found.gold is None:
        return [about]
    return [about, _("<i>Gold: {label}</i>").format(label=escape(found.gold))]


def _around(project: Project, found: Sample) -> list[list[Button]]:
    """The task before and after, the other languages, the other stages."""

    def go(label: str, language: str, step: str, task_id: int) -> Button:
        data = pack(PJ, "pv", project.code, found.spec.ordinal, language, step, task_id)
        return Button(label, data)

    rows = []
    if found.body is not None:
        before = go(_("‹ Before"), found.language, "before", found.task_id)
        rows.append([before, go(_("Next ›"), found.language, "next", found.task_id)])
    others = [code for code in project.languages if code != found.language]
    rows += pairs([go(i18n.language_name(code), code, "next", 0) for code in others], width=3)
    following = Button(
        _("Next stage"),
        pack(PJ, "pv", project.code, found.spec.ordinal + 1, found.language, "next", 0),
    )
    return [*rows, [following]] if found.spec.ordinal < found.stages else rows


HANDLERS = [
    CommandHandler("projects", show_list),
    MessageHandler(BY_CODE & filters.UpdateType.MESSAGE, open_by_code),
    CallbackQueryHandler(turn_page, pattern=f"^{PJ}:list:"),
    CallbackQueryHandler(inert, pattern=f"^{PJ}:here$"),
    CallbackQueryHandler(open_card, pattern=f"^{PJ}:card:"),
    CallbackQueryHandler(ask, pattern=f"^{PJ}:ask:"),
    CallbackQueryHandler(change, pattern=f"^{PJ}:do:"),
    CallbackQueryHandler(begin_preview, pattern=f"^{PJ}:preview:"),
    CallbackQueryHandler(go_on_preview, pattern=f"^{PJ}:pv:"),
]
