"""A reported task as a card: what was said of it, what it shows, and what can be done."""

from collections import Counter
from typing import Any

from bot import i18n
from bot.i18n import gettext as _
from bot.work.reports import Reported
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button

RP = "rp"  # callback prefix
SHOWN = 800  # characters of a task


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
