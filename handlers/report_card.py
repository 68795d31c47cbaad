"""A reported task as a card: what was said of it, what it shows, and what can be done."""

from collections import Counter
from typing import Any

from bot import i18n
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.models.work import Project
from bot.work import reports
from bot.work.reports import Reported
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

RP = "rp"  # callback prefix
SHOWN = 800  # characters of a task
PAGE = 6
LABEL = 40  # characters of a task's key on a button


def card(found: Reported) -> Message:
    """Two decisions, the one that pays first."""
    state = _("A reported task is put aside") if found.parked else _("A task was reported")
    lines = [
        bold(state),
        f"/p_{found.project.code} {escape(found.project.name)}",
        _("Task: {key}").format(key=f"<code>{escape(found.key)}</code>"),
        _("Reports: {reasons}").format(reasons=said(found)),
        f"<blockquote expandable>{escape(_shown(found.body))}</blockquote>",
    ]
    rows = [
        [Button(_("Broken: pay the time"), pack(RP, "yes", found.task_id), style="primary")],
        [Button(_("Nothing wrong: go on"), pack(RP, "no", found.task_id))],
        [Button(_("All reports"), pack(RP, "list", 0))],
    ]
    return Message(text="\n".join(lines), rows=rows)


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
    rows += [[_back(project)]]
    return Message(text="\n".join(lines), rows=rows)


def said(found: Reported) -> str:
    """The reasons, each with how often it was given."""
    words = reasons()
    return ", ".join(
        f"{words.get(reason, reason)} ×{i18n.number(count)}"
        for reason, count in Counter(found.reasons).most_common()
    )


def reasons() -> dict[str, str]:
    """What can be wrong with a task, in the language being spoken."""
    return {
        "broken": _("Broken"),
        "language": _("Wrong language"),
        "unclear": _("Unclear"),
        "harmful": _("Harmful or illegal"),
        "personal": _("Personal data"),
        "other": _("Something else"),
    }


def _shown(body: dict[str, Any]) -> str:
    text = "\n".join(f"{name}: {value}" for name, value in body.items())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _line(one: Reported) -> str:
    mark = _("put aside") if one.parked else _("still in work")
    return f"• {escape(one.project.name)} · {escape(one.key)} · {said(one)} · {mark}"


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


def _back(project: Project | None) -> Button:
    """To the project's card, or else to the inbox."""
    if project is None:
        return Button(_("Inbox"), pack("in", "home"))
    return Button(pgettext("button", "Back"), pack("pj", "card", project.code))
