"""/newproject and /add: a file sent by chat becomes a project, or tasks of one.

A turn cannot wait for Telegram, so it only takes the file down (`uploads`). A tick fetches the
file and calls `read_file`, whose messages say what was found and ask what is not known yet.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from telegram import Document, Update
from telegram.ext import CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot import i18n
from bot.errors import Gone, Refusal
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.models.chat import Chat
from bot.models.people import Worker
from bot.models.work import Intake, Project
from bot.people import roles
from bot.store.database import Session
from bot.work import draft, progress, projects, uploads
from bot.work.intake import Loaded
from handlers import callbacks
from handlers.admin import desk, draft_card, project_card
from handlers.admin.draft_card import NP
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

PAUSE = 3  # seconds between two words about how far reading is
LONGEST = 3500  # characters of a list of faults
FOR_FILES = ("newproject", "add_tasks")

Progress = Callable[[str], Awaitable[None]]


# Files come in


async def new_project(update: Update, turn: Turn) -> None:
    """/newproject as text: about the file it replies to, or else how to send one."""
    await desk.admit(turn)
    replied = _replied_to(update)
    if replied is not None:
        await _take(turn, replied, None)
        return
    turn.chat.expecting = {"what": "newproject"}
    lines = [
        bold(_("New project")),
        _("Send a file, at most 20 MB. I make a draft of it and ask what I cannot see."),
        _("Tasks: CSV, TSV or JSONL. Every column is shown to workers, but for these:"),
        _("<code>key</code> your name for a task, <code>language</code> like sw"),
        _("<code>gold</code> the right answer where it is known, <code>hint</code> for training"),
        _("<code>concept</code> and <code>difficulty</code> (1 to 5) of a gold task"),
        _("Columns <code>left</code> and <code>right</code> make a comparison."),
        _("Or send a project file (TOML), and then its tasks."),
    ]
    turn.say(Message(text="\n".join(lines)))


async def add(update: Update, turn: Turn) -> None:
    """/add p_7k2: the file it replies to, or the next one, is more tasks of this project."""
    await desk.admit(turn)
    if not turn.args:
        said = _("Which project gets more tasks?")
        choice = await project_card.choose(turn.session, said, lambda code: pack(NP, "add", code))
        turn.say(choice)
        return
    project, replied = await desk.project(turn, turn.args[0]), _replied_to(update)
    if replied is not None:
        await _take(turn, replied, project)
    else:
        turn.say(_expect_tasks(turn, project))


async def add_to(update: Update, turn: Turn) -> None:
    """[Add tasks] on a project's card."""
    _verb, code = callbacks.fields(turn.query.data, 2)
    turn.say(_expect_tasks(turn, await desk.pointed(turn, code)))


async def take_document(update: Update, turn: Turn) -> None:
    """A file: its caption, or what was said before, says what it is for; else that is asked."""
    message = update.effective_message
    assert message is not None
    assert message.document is not None
    command, *words = (message.caption or "").split() or [""]
    command = command.partition("@")[0].lower()
    if not command.startswith("/") and not await _runs(turn):
        text = _("I did not expect a file here. /work brings a task, /help says more.")
        turn.say(Message(text=text))
        return
    await desk.admit(turn)
    expected = turn.chat.expecting or {}
    if command == "/newproject":
        await _take(turn, message.document, None)
    elif command == "/add" and words:
        await _take(turn, message.document, await desk.project(turn, words[0]))
    elif expected.get("what") == "newproject":
        await _take(turn, message.document, None)
    elif expected.get("what") == "add_tasks":
        await _take(turn, message.document, await desk.project(turn, str(expected["project"])))
    else:
        await _ask_what_for(turn, message.document)


async def remind(update: Update, turn: Turn) -> None:
    """Text where a file is waited for."""
    turn.say(Message(text=_("I am waiting for a file. /cancel stops this.")))


async def answer_new(update: Update, turn: Turn) -> None:
    """[New project] for a file that came without a word."""
    upload = await _upload(turn, 2)
    await uploads.begin(turn.session, upload)
    turn.replace(_reading(upload))


async def answer_tasks(update: Update, turn: Turn) -> None:
    """[Tasks of a project]: of which?"""
    upload = await _upload(turn, 2)
    said = _("Which project gets these tasks?")
    turn.replace(
        await project_card.choose(turn.session, said, lambda code: pack(NP, "in", upload.id, code))
    )


async def answer_project(update: Update, turn: Turn) -> None:
    upload = await _upload(turn, 3)
    project = await desk.pointed(turn, callbacks.fields(turn.query.data, 3)[2])
    await uploads.begin(turn.session, upload, project=project)
    turn.replace(_reading(upload))


async def drop(update: Update, turn: Turn) -> None:
    upload = await _upload(turn, 2)
    await uploads.drop(turn.session, upload)
    _stop_waiting(turn)
    words = _("{file} is dropped. Nothing was made of it.")
    turn.replace(Message(text=words.format(file=escape(upload.filename))))


def _expect_tasks(turn: Turn, project: Project) -> Message:
    turn.chat.expecting = {"what": "add_tasks", "project": project.id}
    text = _(
        "Send the file with tasks for {project}: CSV, TSV or JSONL, at most 20 MB. "
        "Rows that are there already are passed over. /cancel stops this."
    )
    return Message(text=text.format(project=f"<b>{escape(project.name)}</b>"))


def _replied_to(update: Update) -> Document | None:
    message = update.effective_message
    replied = message.reply_to_message if message else None
    return replied.document if replied else None


async def _runs(turn: Turn) -> bool:
    return bool(set(desk.STAFF) & set(await roles.of(turn.session, turn.worker.id)))


async def _take(turn: Turn, document: Document, project: Project | None) -> None:
    upload = await _received(turn, document, project, asked=False)
    _stop_waiting(turn)
    turn.say(_reading(upload))


async def _ask_what_for(turn: Turn, document: Document) -> None:
    upload = await _received(turn, document, None, asked=True)
    text = _("New project from {file}?").format(file=f"<b>{escape(upload.filename)}</b>")
    rows = [
        [Button(_("New project"), pack(NP, "new", upload.id), style="primary")],
        [Button(_("Tasks of a project"), pack(NP, "to", upload.id))],
        [Button(_("Drop this file"), pack(NP, "drop", upload.id))],
    ]
    turn.say(Message(text=text, rows=rows))


async def _received(
    turn: Turn, document: Document, project: Project | None, *, asked: bool
) -> Intake:
    return await uploads.receive(
        turn.session,
        file_id=document.file_id,
        filename=document.file_name or "file",
        size=document.file_size or 0,
        project=project,
        asked=asked,
        actor=turn.worker.id,
    )


def _reading(upload: Intake) -> Message:
    return Message(text=_("Reading {file}…").format(file=f"<b>{escape(upload.filename)}</b>"))


async def _upload(turn: Turn, count: int) -> Intake:
    """The upload that a button is about: its second field."""
    number = callbacks.number(callbacks.fields(turn.query.data, count)[1])
    return await uploads.find(turn.session, number, actor=turn.worker.id)


def _stop_waiting(turn: Turn) -> None:
    if (turn.chat.expecting or {}).get("what") in (*FOR_FILES, "draft_field"):
        turn.chat.expecting = None


# Files are read


async def read_file(
    session: Session,
    intake: Intake,
    worker: Worker,
    chat: Chat,
    path: Path,
    *,
    progress: Progress,
) -> list[Message]:
    """Make of a fetched file what was said it is for; what to say about it.

    Sets the upload's state. What is refused leaves nothing behind, and the sentence says why.
    """
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        try:
            async with session.begin_nested():
                project, messages = await _read(session, intake, path, progress)
        except Refusal as refusal:
            await session.refresh(intake)
            return _refused(intake, refusal)
        intake.project_id = project.id if project else None
        if project is not None and uploads.is_project_file(intake.filename):
            messages += await _ask_for_tasks(session, chat, project)
        return messages


async def _read(
    session: Session, upload: Intake, path: Path, progress: Progress
) -> tuple[Project | None, list[Message]]:
    if uploads.is_project_file(upload.filename):
        project = await uploads.apply(session, upload, path)
    elif upload.project_id is not None:
        project = await projects.find(session, upload.project_id)
    elif upload.answers.get("make"):
        project = await uploads.create(session, upload)
    else:
        return None, await _survey(upload, path)
    note = await _load(session, upload, path, project, progress)
    upload.state = "done"
    return project, [await project_card.card(session, project, note=note)]


async def _load(
    session: Session, upload: Intake, path: Path, project: Project, progress: Progress
) -> str:
    """Bring the rows in; what was brought in, in words."""
    if uploads.is_project_file(upload.filename):
        return _("The project is now as {file} has it.").format(file=escape(upload.filename))
    async with _told(progress, upload.filename) as count:
        loaded = await uploads.load(session, upload, path, project, count)
    return _loaded(upload, loaded)


@asynccontextmanager
async def _told(progress: Progress, filename: str) -> AsyncIterator[Callable[[int], None]]:
    """Says every few seconds how many rows are in; gives the function that counts them."""
    rows = 0

    def count(so_far: int) -> None:
        nonlocal rows
        rows = so_far

    async def tell() -> None:
        while True:
            await asyncio.sleep(PAUSE)
            words = ngettext("{file}: {count} row so far…", "{file}: {count} rows so far…", rows)
            await progress(words.format(file=escape(filename), count=i18n.number(rows)))

    telling = asyncio.get_running_loop().create_task(tell())
    try:
        yield count
    finally:
        telling.cancel()
        await asyncio.wait([telling])


def _loaded(upload: Intake, loaded: Loaded) -> str:
    said = _("{file}: {added} added, {gold} of them gold.").format(
        file=f"<b>{escape(upload.filename)}</b>",
        added=project_card.tasks(loaded.added),
        gold=i18n.number(loaded.gold),
    )
    if not loaded.known:
        return said
    known = ngettext(
        "{count} row was there already.", "{count} rows were there already.", loaded.known
    ).format(count=i18n.number(loaded.known))
    return f"{said} {known}"


async def _ask_for_tasks(session: Session, chat: Chat, project: Project) -> list[Message]:
    """After a project file: its tasks, unless somebody is in the middle of something else."""
    found = await progress.summary(session, project)
    if found.tasks or (chat.expecting or {}).get("what") not in (None, *FOR_FILES):
        return []
    chat.expecting = {"what": "add_tasks", "project": project.id}
    return [Message(text=_("Now send the file with its tasks: CSV, TSV or JSONL."))]


def _refused(upload: Intake, refusal: Refusal) -> list[Message]:
    """Why nothing came of it. A draft that was being made goes back to its questions."""
    made = bool(upload.answers.get("make"))
    head = f"<b>{escape(upload.filename)}</b>"
    text = escape(refusal.say()[:LONGEST])
    upload.answers = {name: value for name, value in upload.answers.items() if name != "make"}
    upload.state = "done" if made else "failed"
    refused = Message(text=f"{head}\n{text}")
    return [refused, draft_card.questions(upload)] if made else [refused]


# A file of tasks without a project: what it holds, and six answers


async def _survey(upload: Intake, path: Path) -> list[Message]:
    found = await uploads.look(upload, path)
    report = Message(text="\n".join(draft_card.report(upload, found)))
    if found.total:
        upload.state = "failed"
        return [report]
    answers = draft.guess(found, upload.filename, language=i18n.current())
    uploads.put(upload, answers)
    upload.state = "done"
    return [report, draft_card.questions(upload)]


async def show_questions(update: Update, turn: Turn) -> None:
    """[Back] from one of the answers."""
    upload = await _open(turn, 2)
    _stop_waiting(turn)
    turn.replace(draft_card.questions(upload))


async def ask(update: Update, turn: Turn) -> None:
    """One answer: as it is now, and another by button or text."""
    upload = await _open(turn, 3)
    name = callbacks.fields(turn.query.data, 3)[2]
    if name not in (*draft.FIELDS, "options"):
        raise Gone
    turn.chat.expecting = {
        "what": "draft_field",
        "upload": upload.id,
        "field": name,
        "message": turn.tapped,
    }
    turn.replace(draft_card.page(upload, name))


async def choose(update: Update, turn: Turn) -> None:
    """A button of such a page. Languages are ticked one by one, the rest goes back at once."""
    upload = await _open(turn, 4)
    _verb, _number, name, value = callbacks.fields(turn.query.data, 4)
    if name == "languages":
        uploads.put(upload, draft_card.toggled(upload.answers, value))
        turn.replace(draft_card.page(upload, name))
        return
    uploads.put(upload, draft.answer(upload.answers, name, value))
    if name == "type" and draft.lacks_options(upload.answers):
        turn.chat.expecting = (turn.chat.expecting or {}) | {
            "what": "draft_field",
            "upload": upload.id,
            "field": "options",
            "message": turn.tapped,
        }
        turn.replace(draft_card.page(upload, "options"))
        return
    _stop_waiting(turn)
    turn.replace(draft_card.questions(upload))


async def typed(update: Update, turn: Turn) -> None:
    """Text as an answer: the questions come again below it, and the old ones lose their buttons."""
    expected = turn.chat.expecting or {}
    upload = await uploads.find(turn.session, int(expected["upload"]), actor=turn.worker.id)
    text = (update.effective_message and update.effective_message.text) or ""
    uploads.put(upload, draft.answer(upload.answers, str(expected["field"]), text))
    if expected.get("message"):
        turn.strip(int(expected["message"]))
    turn.chat.expecting = None
    turn.say(draft_card.questions(upload))


async def make(update: Update, turn: Turn) -> None:
    """[Create draft]: what does not fit is said at once; a tick reads the file once more."""
    upload = await _open(turn, 2)
    await uploads.planned(turn.session, upload)
    await uploads.begin(turn.session, upload, make=True)
    _stop_waiting(turn)
    name = escape(upload.answers["name"])
    turn.replace(Message(text=_("Making {project}…").format(project=f"<b>{name}</b>")))


async def nothing_recorded(update: Update, turn: Turn) -> None:
    """An answer button of a previewed task."""
    await desk.admit(turn)
    turn.toast(_("Preview: nothing is recorded."))


async def _open(turn: Turn, count: int) -> Intake:
    """An upload whose questions are open. Raises Gone before it was read and while it is made."""
    upload = await _upload(turn, count)
    if upload.state == "waiting":
        raise uploads.BeingMade
    if "type" not in upload.answers:
        raise Gone
    return upload


EXPECTED = {"newproject": remind, "add_tasks": remind, "draft_field": typed}

HANDLERS = [
    CommandHandler("newproject", new_project),
    CommandHandler("add", add),
    MessageHandler(filters.Document.ALL & filters.UpdateType.MESSAGE, take_document),
    CallbackQueryHandler(add_to, pattern=f"^{NP}:add:"),
    CallbackQueryHandler(answer_new, pattern=f"^{NP}:new:"),
    CallbackQueryHandler(answer_tasks, pattern=f"^{NP}:to:"),
    CallbackQueryHandler(answer_project, pattern=f"^{NP}:in:"),
    CallbackQueryHandler(drop, pattern=f"^{NP}:drop:"),
    CallbackQueryHandler(show_questions, pattern=f"^{NP}:show:"),
    CallbackQueryHandler(ask, pattern=f"^{NP}:ask:"),
    CallbackQueryHandler(choose, pattern=f"^{NP}:set:"),
    CallbackQueryHandler(make, pattern=f"^{NP}:make:"),
    CallbackQueryHandler(nothing_recorded, pattern=f"^{NP}:pv:"),
]
