"""/set: change the terms of a project. First the difference, then [Apply]."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone, Invalid
from bot.i18n import N_, ngettext, pgettext
from bot.i18n import gettext as _
from bot.models.work import Project
from bot.pay import tiers
from bot.work import changes, progress, projects, stages, terms
from bot.work.changes import Change
from bot.work.stages import StageSpec
from handlers import callbacks
from handlers.admin import desk, project_card
from handlers.callbacks import pack
from handlers.cards import Message, escape
from handlers.keyboards import Button, pairs
from handlers.turn import Turn

SE = "se"  # callback prefix
OVERLAPS = ("1", "2", "3", "5", "7")
_CHANGE = re.compile(r"\s*([\w.]+)\s*=\s*(.*?)(?=\s+[\w.]+\s*=|\s*$)", re.DOTALL)
_LONGEST = 1000  # characters of a command's changes


class NotAChange(Invalid):
    msgid = N_("“{text}” is not a change. Write it like price=0.04 overlap=3.")


async def set_(update: Update, turn: Turn) -> None:
    """/set p_7k2 price=0.04 overlap=3; with less, what is missing is asked."""
    await desk.admit(turn)
    words = turn.args or []
    if not words:
        said = _("Which project do you want to change?")
        turn.say(await project_card.choose(turn.session, said, lambda code: pack(SE, "card", code)))
        return
    project = await desk.project(turn, words[0])
    if len(words) == 1:
        turn.say(await _card(turn, project, 1))
    else:
        turn.say(await _proposed(turn, project, read(" ".join(words[1:]))))


async def open_card(update: Update, turn: Turn) -> None:
    _verb, code = callbacks.fields(turn.query.data, 2)
    _stop_waiting(turn)
    turn.replace(await _card(turn, await desk.pointed(turn, code), 1))


async def open_stage(update: Update, turn: Turn) -> None:
    _verb, code, ordinal = callbacks.fields(turn.query.data, 3)
    project = await desk.pointed(turn, code)
    turn.replace(await _card(turn, project, callbacks.number(ordinal)))


async def ask_value(update: Update, turn: Turn) -> None:
    """One field: its value now, and a new one by text or button."""
    _verb, code, key = callbacks.fields(turn.query.data, 3)
    project = await desk.pointed(turn, code)
    field, now = key.rpartition(".")[2], await _value(turn, project, key)
    if field not in changes.KEYS:
        raise Gone
    turn.chat.expecting = {"what": "set_value", "project": project.id, "key": key}
    lines = [
        _("{field} now: {value}").format(field=_(FIELDS[field]), value=f"<b>{escape(now)}</b>"),
        _("Send the new value, for example {example}.").format(
            example=f"<code>{escape(EXAMPLES[field])}</code>"
        ),
    ]
    buttons = [Button(one, pack(SE, "value", code, key, one)) for one in OFFERED.get(field, ())]
    back = Button(pgettext("button", "Back"), pack(SE, "card", code))
    turn.replace(Message(text="\n".join(lines), rows=[*pairs(buttons, width=4), [back]]))


async def choose_value(update: Update, turn: Turn) -> None:
    _verb, code, key, value = callbacks.fields(turn.query.data, 4)
    project = await desk.pointed(turn, code)
    turn.replace(await _proposed(turn, project, {key: value}))


async def take_value(update: Update, turn: Turn) -> None:
    """The text that was asked for."""
    expected = turn.chat.expecting or {}
    project = await desk.project(turn, str(expected["project"]))
    turn.say(await _proposed(turn, project, {str(expected["key"]): _written(update)}))


async def take_changes(update: Update, turn: Turn) -> None:
    """Text while a difference waits for [Apply]: other changes instead."""
    project = await desk.project(turn, str((turn.chat.expecting or {})["project"]))
    turn.say(await _proposed(turn, project, read(_written(update))))


async def apply(update: Update, turn: Turn) -> None:
    """What was proposed last, if the button belongs to it."""
    _verb, code, digest, asked_at = callbacks.fields(turn.query.data, 4)
    project = await desk.pointed(turn, code)
    wanted = _waiting(turn, project, digest)
    desk.check_fresh(asked_at, turn.now)
    done = await projects.change(turn.session, project, wanted, actor=turn.worker.id)
    turn.chat.expecting = None
    turn.toast(_("Changed.") if done else _("Nothing had to be changed."))
    turn.replace(await project_card.card(turn.session, project))


async def propose_again(update: Update, turn: Turn) -> None:
    """[Try …]: the changes with the name of a field that was probably meant."""
    _verb, code, digest = callbacks.fields(turn.query.data, 3)
    project = await desk.pointed(turn, code)
    turn.replace(await _proposed(turn, project, _waiting(turn, project, digest)))


def read(text: str) -> dict[str, str]:
    """The changes in "price=0.04 USD overlap=3"; raises NotAChange."""
    text = i18n.strip_marks(text).strip()
    found, at = {}, 0
    while at < len(text):
        change = _CHANGE.match(text, at)
        if change is None or not change[2] or len(text) > _LONGEST:
            raise NotAChange(text=text[at : at + 40])
        found[change[1].lower()] = change[2]
        at = change.end()
    return found


async def _proposed(turn: Turn, project: Project, wanted: Mapping[str, str]) -> Message:
    """The difference with [Apply]; a misspelt key comes back with the nearest one."""
    try:
        found = await projects.propose(turn.session, project, wanted, actor=turn.worker.id)
    except terms.MisspeltKey as fault:
        return _misspelt(turn, project, wanted, fault)
    if not found:
        turn.chat.expecting = None
        words = _("This changes nothing: it is so already.")
        return Message(text=words, rows=[[project_card.back(project)]])
    _wait(turn, project, wanted)
    held = (await progress.summary(turn.session, project)).held
    keep = ngettext(
        "{count} task in hand keeps its terms.", "{count} tasks in hand keep their terms.", held
    ).format(count=i18n.number(held))
    head = _("Change {project}?").format(project=f"<b>{escape(project.name)}</b>")
    data = pack(SE, "apply", project.code, _digest(wanted), desk.stamp(turn.now))
    rows = [
        [Button(pgettext("button", "Apply"), data, style="primary")],
        [Button(_("Leave it as it is"), pack(SE, "card", project.code))],
    ]
    return Message(text="\n".join([head, *map(_difference, found), keep]), rows=rows)


def _misspelt(
    turn: Turn, project: Project, wanted: Mapping[str, str], fault: terms.MisspeltKey
) -> Message:
    wrong, right = fault.path, str(fault.values["nearest"])
    stage = wrong.rpartition(".")[0]
    right = f"{stage}.{right}" if stage else right
    mended = {right if key == wrong else key: value for key, value in wanted.items()}
    _wait(turn, project, mended)
    label = _("Try {change}").format(change=f"{right}={mended[right]}"[: project_card.LABEL])
    again = Button(label, pack(SE, "again", project.code, _digest(mended)))
    return Message(text=escape(fault.say()), rows=[[again], [project_card.back(project)]])


def _difference(change: Change) -> str:
    return f"{escape(change.field)}: {escape(change.before)} → <b>{escape(change.after)}</b>"


# What waits for [Apply]


def _wait(turn: Turn, project: Project, wanted: Mapping[str, str]) -> None:
    turn.chat.expecting = {"what": "set", "project": project.id, "changes": dict(wanted)}


def _waiting(turn: Turn, project: Project, digest: str) -> dict[str, str]:
    """The changes a button is about. Raises Gone when others, or none, wait by now."""
    expected: dict[str, Any] = turn.chat.expecting or {}
    wanted: dict[str, str] = expected.get("changes", {})
    if (expected.get("what"), expected.get("project")) != ("set", project.id):
        raise Gone
    if _digest(wanted) != digest:
        raise Gone
    return wanted


def _stop_waiting(turn: Turn) -> None:
    if (turn.chat.expecting or {}).get("what") in ("set", "set_value"):
        turn.chat.expecting = None


def _digest(wanted: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:8]


def _written(update: Update) -> str:
    return ((update.effective_message and update.effective_message.text) or "").strip()


# The card

FIELDS = {
    "price": N_("Price of an answer"),
    "overlap": N_("Answers per task"),
    "tier": N_("Tier"),
    "gold": N_("Share of gold"),
    "review": N_("Share reviewed"),
    "due": N_("Review within"),
    "expected_seconds": N_("Expected seconds"),
    "rules": N_("Rules"),
    "budget": N_("Budget"),
    "name": N_("Name"),
}
EXAMPLES = {
    "price": "0.04",
    "overlap": "3",
    "tier": "language",
    "gold": "10%",
    "review": "10%",
    "due": "3d",
    "expected_seconds": "15",
    "rules": "gold_accuracy < 60% over 10: pause 3d; same_answer >= 15: tell",
    "budget": "250",
    "name": "Which sentence sounds better?",
}
OFFERED = {
    "overlap": OVERLAPS,
    "tier": tiers.NAMES,
    "gold": ("0%", "5%", "10%", "20%"),
    "review": ("0%", "5%", "10%", "100%"),
    "due": ("12h", "1d", "3d", "7d"),
    "rules": (changes.NO_RULES,),
    "budget": (changes.UNLIMITED,),
}


async def _card(turn: Turn, project: Project, ordinal: int) -> Message:
    specs = await stages.current(turn.session, project.id)
    if not 1 <= ordinal <= len(specs):
        raise Gone
    spec = specs[ordinal - 1]
    prefix = f"{ordinal}." if len(specs) > 1 else ""
    rows = [
        [Button(_row(name, value), pack(SE, "field", project.code, prefix + name))]
        for name, value in _of_stage(spec).items()
    ]
    rows += [
        [Button(_row(name, value), pack(SE, "field", project.code, name))]
        for name, value in _of_project(project).items()
    ]
    others = [
        Button(
            _("Stage {number}").format(number=one.ordinal),
            pack(SE, "stage", project.code, one.ordinal),
        )
        for one in specs
        if one.ordinal != ordinal
    ]
    text = [project_card.title(project), _("Tap what you want to change.")]
    if len(specs) > 1:
        stage = _("Stage {number}: {name}").format(number=ordinal, name=escape(spec.name))
        text.insert(1, stage)
    return Message(
        text="\n".join(text), rows=[*rows, *pairs(others, width=4), [project_card.back(project)]]
    )


def _row(name: str, value: str) -> str:
    label = _("{setting}: {value}").format(setting=_(FIELDS[name]), value=i18n.isolate(value))
    return label if len(label) <= 60 else f"{label[:59]}…"


async def _value(turn: Turn, project: Project, key: str) -> str:
    """A field's value as people write it; raises Gone for a field that is none."""
    number, _dot, name = key.rpartition(".")
    specs = await stages.current(turn.session, project.id)
    index = callbacks.number(number) - 1 if number else 0
    if not 0 <= index < len(specs):
        raise Gone
    values = _of_stage(specs[index]) | _of_project(project)
    if name not in values:
        raise Gone
    return values[name]


def _of_stage(spec: StageSpec) -> dict[str, str]:
    return {
        "price": terms.show_amount(spec.price_micro, spec.currency),
        "overlap": str(spec.overlap),
        "tier": spec.tier,
        "gold": terms.show_share(spec.gold_share_ppm),
        "review": terms.show_share(spec.review["share_ppm"]),
        "due": terms.show_due(spec.review["due_seconds"]),
        "expected_seconds": str(spec.expected_seconds),
        "rules": "; ".join(spec.quality.get("rules", ())) or changes.NO_RULES,
    }


def _of_project(project: Project) -> dict[str, str]:
    budget = changes.UNLIMITED
    if project.budget_micro is not None:
        budget = terms.show_amount(project.budget_micro, project.currency)
    return {"budget": budget, "name": project.name}


EXPECTED = {"set": take_changes, "set_value": take_value}

HANDLERS = [
    CommandHandler("set", set_),
    CallbackQueryHandler(open_card, pattern=f"^{SE}:card:"),
    CallbackQueryHandler(open_stage, pattern=f"^{SE}:stage:"),
    CallbackQueryHandler(ask_value, pattern=f"^{SE}:field:"),
    CallbackQueryHandler(choose_value, pattern=f"^{SE}:value:"),
    CallbackQueryHandler(apply, pattern=f"^{SE}:apply:"),
    CallbackQueryHandler(propose_again, pattern=f"^{SE}:again:"),
]
