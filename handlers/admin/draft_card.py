"""What a file of tasks holds, and the questions about the project it is to become, as messages."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot import i18n
from bot.errors import Gone
from bot.i18n import LANGUAGES, ngettext, pgettext
from bot.i18n import gettext as _
from bot.models.work import Intake
from bot.task_types import TASK_TYPES
from bot.work import draft
from bot.work.survey import Survey
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button, pairs

NP = "np"  # callback prefix
LISTED = 600  # characters of a list of fields
LABEL = 60  # characters of a button
OVERLAPS = (1, 2, 3, 5, 7)


def report(upload: Intake, found: Survey) -> list[str]:
    lines = [
        f"<b>{escape(upload.filename)}</b>",
        _("Rows: {rows}, {gold} of them gold").format(
            rows=i18n.number(found.rows), gold=i18n.number(found.gold)
        ),
        _("Fields: {fields}").format(fields=_listed(found.columns)),
    ]
    partly = [name for name in found.columns if name not in found.full]
    if partly and not found.total:
        words = _("Not in every row, so not shown: {fields}")
        lines.append(words.format(fields=_listed(partly)))
    if found.languages:
        lines.append(_("Languages: {languages}").format(languages=_spoken(found)))
    if not found.keyed:
        lines.append(_("No column key: tasks are named after their content."))
    if found.duplicates:
        lines.append(
            ngettext(
                "{count} row repeats the key or content of another.",
                "{count} rows repeat the key or content of others.",
                found.duplicates,
            ).format(count=i18n.number(found.duplicates))
        )
    return lines + _faults(found)


def questions(upload: Intake) -> Message:
    """The answers so far, each of them a button; the way forward is the first."""
    answers = upload.answers
    text = "\n".join(
        [
            bold(_("New project")),
            _("Workers see: {fields}").format(fields=_listed(draft.shown(answers))),
            _("Question: {question}").format(question=escape(draft.question(answers))),
            _("Tap what you want to change. A draft is not offered to anybody yet."),
        ]
    )
    create = Button(_("Create draft"), pack(NP, "make", upload.id), style="primary")
    rows = [
        [Button(_labelled(name, _said(answers, name)), pack(NP, "ask", upload.id, name))]
        for name in draft.FIELDS
    ]
    dropped = Button(_("Drop this file"), pack(NP, "drop", upload.id))
    return Message(text=text, rows=[[create], *rows, [dropped]])


def page(upload: Intake, name: str) -> Message:
    back = Button(pgettext("button", "Back"), pack(NP, "show", upload.id))
    said = {
        "name": _("Send the name of the project."),
        "type": _("Choose the type of the question."),
        "options": _("Send the options, separated by commas, like: yes, no"),
        "question": _("Send the question that workers read. It is the same in all languages."),
        "languages": _("Choose the languages of the tasks."),
        "price": _("Send the price of one answer, like 0.02 USD."),
        "overlap": _("How many answers does each task need?"),
    }[name]
    now = _said(upload.answers, "type" if name == "options" else name)
    text = "\n".join([said, _("Now: {value}").format(value=f"<b>{escape(now)}</b>")])
    return Message(text=text, rows=[*_choices(upload, name), [back]])


def toggled(answers: Mapping[str, Any], code: str) -> dict[str, Any]:
    """A language more or less; the last one stays."""
    chosen = list(answers["languages"])
    if code not in LANGUAGES:
        raise Gone
    if code not in chosen:
        chosen.append(code)
    elif len(chosen) > 1:
        chosen.remove(code)
    return dict(answers) | {"languages": chosen}


def _listed(names: Iterable[str]) -> str:
    """Names of fields; a file may have hundreds of them."""
    listed = ", ".join(names) or "–"
    return escape(listed if len(listed) <= LISTED else f"{listed[: LISTED - 1]}…")


def _spoken(found: Survey) -> str:
    spoken = [
        _("{language} {rows}").format(
            language=escape(i18n.language_name(code)), rows=i18n.number(rows)
        )
        for code, rows in found.languages.items()
    ]
    if found.unsaid:
        spoken.append(_("not said {rows}").format(rows=i18n.number(found.unsaid)))
    return ", ".join(spoken)


def _faults(found: Survey) -> list[str]:
    if not found.total:
        return []
    head = ngettext(
        "{count} fault, so nothing was made of it:",
        "{count} faults, so nothing was made of it. The first ones:",
        found.total,
    ).format(count=i18n.number(found.total))
    lines = [f"• {escape(fault.say())}" for fault in found.faults]
    return ["", f"<b>{head}</b>", *lines, _("Mend the file and send it again.")]


def _titles() -> dict[str, str]:
    return {
        "name": _("Name"),
        "type": _("Type"),
        "question": _("Question"),
        "languages": _("Languages"),
        "price": _("Price of an answer"),
        "overlap": _("Answers per task"),
    }


def _said(answers: Mapping[str, Any], name: str) -> str:
    """An answer in words."""
    match name:
        case "type" if answers["type"] in draft.WITH_OPTIONS:
            options = " / ".join(answers["options"]) or _("options missing")
            return f"{answers['type']}: {options}"
        case "question":
            return draft.question(answers)
        case "languages":
            return ", ".join(map(i18n.language_name, answers["languages"]))
    return str(answers[name])


def _labelled(name: str, value: str) -> str:
    label = _("{setting}: {value}").format(setting=_titles()[name], value=i18n.isolate(value))
    return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"


def _choices(upload: Intake, name: str) -> list[list[Button]]:
    def button(label: str, value: str) -> Button:
        return Button(label, pack(NP, "set", upload.id, name, value))

    if name == "type":
        rows = pairs([button(type, type) for type in TASK_TYPES])
        if upload.answers["type"] in draft.WITH_OPTIONS:
            rows.append([Button(_("Change the options"), pack(NP, "ask", upload.id, "options"))])
        return rows
    if name == "overlap":
        return [[button(i18n.number(number), str(number)) for number in OVERLAPS]]
    if name == "languages":
        chosen = upload.answers["languages"]
        return pairs(
            [
                button(("✓ " if code in chosen else "") + i18n.language_name(code), code)
                for code in LANGUAGES
            ]
        )
    return []
