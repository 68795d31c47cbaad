"""/audit: who did what to what, found and taken out as a file; and what the bot gave up."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TextIO

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Invalid
from bot.i18n import N_, ngettext
from bot.i18n import gettext as _
from bot.people import roles, trail, workers
from bot.people.trail import Step, Wanted
from bot.store import inbox, outbox
from bot.store.database import Session, now
from bot.work import projects
from handlers import attachments, callbacks
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

AU = "au"  # callback prefix
ROWS = 8
SHOWN = 15  # of what was given up, of each kind: two lists fit one message
WHY = 80  # characters of a reason
VALUE = 120  # characters of what was before or after
CARRIED = 40  # bytes of a search that a button still holds
FORM = "/audit p_7k2 7d"
LENGTHS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_AGO = re.compile(r"([1-9]\d{0,3})([hdw])")
_PROJECT = re.compile(r"/?p_[0-9a-z]{2,8}")
_PERSON = re.compile(r"/?w_\d{1,18}|w-[0-9a-z]+")
_ACTION = re.compile(r"[a-z][a-z_.]*")


class NotAView(Invalid):
    msgid = N_("I do not know “{word}” here. Write it like {form}.")


async def audit(update: Update, turn: Turn) -> None:
    """/audit [p_7k2|w_91|restriction] [7d] [csv]; /audit dead, for owners"""
    words = [word.lower() for word in turn.args or []]
    if words == ["dead"]:
        await _dead(turn)
        return
    await roles.require(turn.session, turn.worker.id, *trail.MAY_READ)
    rest = [word for word in words if word != "csv"]
    shown = await _page(turn, rest, 0)
    if "csv" in words:
        _send(turn, rest)
    else:
        turn.say(shown)


async def turn_page(update: Update, turn: Turn) -> None:
    _verb, number, words = callbacks.fields(turn.query.data, 3)
    await roles.require(turn.session, turn.worker.id, *trail.MAY_READ)
    turn.replace(await _page(turn, words.split(), callbacks.number(number)))


async def send(update: Update, turn: Turn) -> None:
    _verb, words = callbacks.fields(turn.query.data, 2)
    await roles.require(turn.session, turn.worker.id, *trail.MAY_READ)
    _send(turn, words.split())
    turn.toast(_("The file is on its way."))


async def render(session: Session, wanted: Mapping[str, Any]) -> tuple[str, bytes]:
    """A document of the outbox as file name and bytes."""

    async def write(stream: TextIO) -> None:
        found = await _wanted(session, wanted["words"], await now(session))
        await trail.export(session, found, stream, actor=wanted["actor"])

    return await attachments.written("audit.csv", write)


async def _page(turn: Turn, words: Sequence[str], number: int) -> Message:
    wanted = await _wanted(turn.session, words, turn.now)
    count = await trail.count(turn.session, wanted)
    pages = max(1, -(-count // ROWS))
    number = min(number, pages - 1)
    steps = await trail.find(
        turn.session, wanted, actor=turn.worker.id, offset=number * ROWS, limit=ROWS
    )
    heading = ngettext("Audit: {count} row", "Audit: {count} rows", count)
    lines = [bold(heading.format(count=i18n.number(count)))]
    lines += [_step(turn, step) for step in steps] or [_("None.")]
    carried = " ".join(words)
    if len(carried.encode()) > CARRIED:
        return Message(text="\n\n".join(lines))
    rows = [_turns(number, pages, carried), [Button("CSV", pack(AU, "csv", carried))]]
    return Message(text="\n\n".join(lines), rows=rows)


async def _wanted(session: Session, words: Sequence[str], moment: datetime) -> Wanted:
    """What the words narrow it to. Raises NotAView, NoSuchProject or NoSuchWorker."""
    found: dict[str, Any] = {}
    for word in words:
        if ago := _AGO.fullmatch(word):
            found["since"] = moment - int(ago[1]) * LENGTHS[ago[2]]
        elif _PROJECT.fullmatch(word):
            project = await projects.find(session, word)
            found["subject"] = f"project:{project.slug}"
        elif _PERSON.fullmatch(word):
            found["person"] = (await workers.named(session, word.removeprefix("/"))).id
        elif _ACTION.fullmatch(word):
            found["action"] = word
        else:
            raise NotAView(word=word[:40], form=FORM)
    return Wanted(**found)


def _send(turn: Turn, words: Sequence[str]) -> None:
    wanted = {"kind": "audit", "words": list(words), "actor": turn.worker.id}
    said = _("The audit: who did what, each row with the hash that chains it to the one before")
    turn.say(Message(text=said, document=wanted))


def _step(turn: Turn, step: Step) -> str:
    who = escape(step.actor) if step.actor else _("the bot")
    head = f"{i18n.when(step.at, turn.zone)} · {who}"
    what = f"<code>{escape(step.action)}</code> {escape(step.subject)}"
    values = [value for value in (step.before, step.after) if value]
    told = " → ".join(escape(_cut(value)) for value in values)
    return "\n".join(part for part in (head, what, told) if part)


def _cut(value: str) -> str:
    return value if len(value) <= VALUE else f"{value[: VALUE - 1]}…"


def _turns(number: int, pages: int, words: str) -> list[Button]:
    if pages == 1:
        return []

    def go(label: str, to: int) -> Button:
        return Button(label, pack(AU, "page", to, words))

    here = go(f"{number + 1}/{pages}", number)
    return [go("‹", max(number - 1, 0)), here, go("›", min(number + 1, pages - 1))]


# What was given up


async def _dead(turn: Turn) -> None:
    """Messages not delivered and updates not handled."""
    await roles.require(turn.session, turn.worker.id, "owner")
    turn.say(Message(text="\n\n".join([await _letters(turn), await _updates(turn)])))


async def _letters(turn: Turn) -> str:
    found = await outbox.dead(turn.session, turn.bot_id, SHOWN)
    lines = [
        _line(turn, one.method, _("chat {number}").format(number=one.chat_id), one.at, one.why)
        for one in found
    ]
    return "\n".join([bold(_("Messages not delivered")), *(lines or [_("None.")])])


async def _updates(turn: Turn) -> str:
    found = await inbox.dead(turn.session, turn.bot_id, SHOWN)
    lines = [
        _line(turn, one.kind, _("update {number}").format(number=one.update_id), one.at, one.why)
        for one in found
    ]
    return "\n".join([bold(_("Updates not handled")), *(lines or [_("None.")])])


def _line(turn: Turn, what: str, where: str, at: datetime, why: str) -> str:
    """What was said or written is not shown."""
    when = i18n.when(at, turn.zone)
    return f"<code>{escape(what)}</code> {where}, {when}: {escape(why[:WHY])}"


HANDLERS = [
    CommandHandler("audit", audit),
    CallbackQueryHandler(turn_page, pattern=f"^{AU}:page:"),
    CallbackQueryHandler(send, pattern=f"^{AU}:csv:"),
]
