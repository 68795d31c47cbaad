"""/export: answers, results or the ledger as files. They are rendered when they are sent."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TextIO, cast

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone, Invalid
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.models.work import Project
from bot.pay import books
from bot.pay.journal import Span
from bot.pay.months import Month
from bot.people import roles
from bot.store.database import Session
from bot.work import projects, results
from bot.work.results import READERS, Export
from handlers import attachments, callbacks
from handlers.admin import project_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

EX = "ex"  # callback prefix
WHATS = ("results", "raw")
FORMATS = ("csv", "jsonl")
MORE = ("gold", "revisions")
MANIFEST = "manifest"
KEPT = 100  # manifests, of a kilobyte or two, from the sending of a file to that of its manifest
_manifests: dict[str, str] = {}


class NotAnExport(Invalid):
    msgid = N_("I do not know “{word}” here. Write it like {form}.")


async def export(update: Update, turn: Turn) -> None:
    """/export [p_7k2] [csv|jsonl] [raw|results] [gold] [revisions]; what is missing is asked."""
    await roles.require(turn.session, turn.worker.id, *READERS)
    words = [word.lower() for word in turn.args or []]
    if words[:1] == ["ledger"]:
        await _ledger(turn, words[1:])
        return
    rest = [word for word in words if word not in (*WHATS, *FORMATS, *MORE)]
    if not rest:
        said = _("Which project do you want to export?")
        turn.say(await project_card.choose(turn.session, said, lambda code: pack(EX, "card", code)))
        return
    project = await projects.find(turn.session, rest[0])
    if len(rest) > 1:
        raise NotAnExport(word=rest[1][:40], form=f"/export p_{project.code} jsonl results")
    if len(words) == 1:
        turn.say(_card(project))
    else:
        more = [word for word in MORE if word in words]
        what = "raw" if "revisions" in more else _named(words, WHATS)  # results have none
        _send(turn, project, what, _named(words, FORMATS), more)


async def open_card(update: Update, turn: Turn) -> None:
    _verb, code = callbacks.fields(turn.query.data, 2)
    turn.replace(_card(await _pointed(turn, code)))


async def send(update: Update, turn: Turn) -> None:
    _verb, code, what, format_ = callbacks.fields(turn.query.data, 4)
    project = await _pointed(turn, code)
    if what not in WHATS or format_ not in FORMATS:
        raise Gone
    _send(turn, project, what, format_)
    turn.toast(_("The files are on their way."))


async def render(session: Session, wanted: Mapping[str, Any]) -> tuple[str, bytes]:
    """A document of the outbox as file name and bytes; compressed when Telegram would refuse it."""
    project = await session.get(Project, wanted["project"])
    if project is None:
        raise Gone
    more = wanted.get("more", ())
    chosen = Export(
        cast("Literal['raw', 'results']", wanted["what"]),
        wanted["format"],
        gold="gold" in more,
        revisions="revisions" in more,
    )
    name = f"{project.slug}-{chosen.what}.{chosen.format}"
    about = f"{project.slug}-{chosen.what}.manifest.json"
    if wanted.get("part") == MANIFEST and wanted.get("pair") in _manifests:
        return about, _manifests.pop(wanted["pair"]).encode()
    text = ""

    async def write(stream: TextIO) -> None:
        nonlocal text
        done = await results.export(session, project, chosen, stream, actor=wanted["actor"])
        text = await results.manifest(session, project, {name: done})

    file = await attachments.written(name, write)
    if wanted.get("part") == MANIFEST:  # the file was sent by a process that is gone
        return (about, text.encode()) if text else file
    _keep(wanted.get("pair", ""), text)
    return file


async def render_ledger(session: Session, wanted: Mapping[str, Any]) -> tuple[str, bytes]:
    """Every posting; the words name the format and, if not all of them, the UTC month."""
    month = wanted["month"]
    span = Span()
    if month:
        since, until = Month.parse(month).bounds("UTC")
        span = Span(since=since, until=until)

    async def write(stream: TextIO) -> None:
        await books.export(session, wanted["format"], span, stream, actor=wanted["actor"])

    return await attachments.written(f"ledger-{month or 'all'}.{wanted['format']}", write)


async def _ledger(turn: Turn, words: Sequence[str]) -> None:
    """/export ledger [csv|beancount] [2026-11]; without more words, a choice."""
    await roles.require(turn.session, turn.worker.id, *books.MAY_EXPORT)
    if not words:
        turn.say(_ledger_card(turn))
        return
    rest = [word for word in words if word not in books.FORMATS]
    month = Month.parse(rest[0]) if rest else None
    if len(rest) > 1:
        raise NotAnExport(word=rest[1][:40], form="/export ledger csv 2026-11")
    _send_ledger(turn, _named(words, tuple(books.FORMATS)), month)


async def send_ledger(update: Update, turn: Turn) -> None:
    _verb, format_, written = callbacks.fields(turn.query.data, 3)
    await roles.require(turn.session, turn.worker.id, *books.MAY_EXPORT)
    if format_ not in books.FORMATS:
        raise Gone
    _send_ledger(turn, format_, Month.parse(written) if written else None)
    turn.toast(_("The file is on its way."))


def _send_ledger(turn: Turn, format_: str, month: Month | None) -> None:
    wanted = {
        "kind": "ledger",
        "format": format_,
        "month": str(month) if month else "",
        "actor": turn.worker.id,
    }
    which = i18n.month(month.first) if month else _("from the beginning")
    said = _("The ledger, {which}: every posting, workers by pseudonym").format(which=which)
    turn.say(Message(text=said, document=wanted))


def _ledger_card(turn: Turn) -> Message:
    lines = [
        bold(_("Export the ledger")),
        _("Every posting with its entries, exact to the millionth. Workers go by pseudonym."),
        _("CSV opens in a spreadsheet; Beancount is text for double-entry programs."),
        _("For another month, write it: {form}").format(
            form="<code>/export ledger csv 2026-11</code>"
        ),
    ]
    now = Month.of(turn.now, "UTC")
    months = [(now, i18n.month(now.first)), (now.before(), i18n.month(now.before().first))]
    rows = [
        [
            Button(
                _("{month}, {format}").format(month=label, format=title),
                pack(EX, "ledger", format_, month),
            )
            for format_, title in (("csv", "CSV"), ("beancount", "Beancount"))
        ]
        for month, label in [*months, ("", _("All"))]
    ]
    return Message(text="\n".join(lines), rows=rows)


def _keep(pair: str, manifest: str) -> None:
    """The manifest is of the file that was sent, and made with it: a large one takes its time."""
    while len(_manifests) >= KEPT:
        del _manifests[next(iter(_manifests))]
    _manifests[pair] = manifest


def _send(turn: Turn, project: Project, what: str, format_: str, more: Sequence[str] = ()) -> None:
    """The file and its manifest: what it holds, of which versions, with its checksum."""
    wanted = {
        "kind": "export",
        "project": project.id,
        "what": what,
        "format": format_,
        "more": list(more),
        "actor": turn.worker.id,
        "pair": secrets.token_hex(8),
    }
    words = _("Results of {project}: one row per task")
    if what == "raw":
        words = _("Answers to {project}: one row per answer, workers by pseudonym")
    caption = words.format(project=f"<b>{escape(project.name)}</b>")
    turn.say(Message(text=caption, document=wanted))
    said = _("Versions, options and the checksum of the file")
    turn.say(Message(text=said, document=wanted | {"part": MANIFEST}))


async def _pointed(turn: Turn, code: str) -> Project:
    await roles.require(turn.session, turn.worker.id, *READERS)
    return await projects.find(turn.session, f"p_{code}")


def _card(project: Project) -> Message:
    lines = [
        _("Export {project}").format(project=f"<b>{escape(project.name)}</b>"),
        _("Results have one row per task, with the combined answer and its confidence."),
        _("Answers have one row per answer. Workers go by a pseudonym of this project."),
        _("Gold tasks are left out, and answers of people who withdrew their agreement."),
        _("For gold or for every correction, write it: {form}").format(
            form=f"<code>/export p_{project.code} csv gold revisions</code>"
        ),
    ]
    labels = {"results": _("Results, {format}"), "raw": _("Answers, {format}")}
    rows = [
        [
            Button(
                labels[what].format(format=i18n.ltr(format_.upper())),
                pack(EX, "send", project.code, what, format_),
            )
            for format_ in FORMATS
        ]
        for what in WHATS
    ]
    return Message(text="\n".join(lines), rows=[*rows, [project_card.back(project)]])


def _named(words: Iterable[str], known: tuple[str, ...]) -> str:
    """The first of `known` that was written, else the usual one."""
    return next((word for word in words if word in known), known[0])


HANDLERS = [
    CommandHandler("export", export),
    CallbackQueryHandler(open_card, pattern=f"^{EX}:card:"),
    CallbackQueryHandler(send, pattern=f"^{EX}:send:"),
    CallbackQueryHandler(send_ledger, pattern=f"^{EX}:ledger:"),
]
