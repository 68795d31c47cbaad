"""Files on their way in by chat: kept as Telegram's file id until somebody fetches them.

    asked → waiting → done        asked: what it is for is not said yet
                    ↘ failed      done: read; with a project, its tasks are in

A file is fetched and read while it is `waiting`. A file of tasks without a project is read twice:
to be reported and guessed about, and again (`make`) to become a project with its tasks.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import or_, select, update

from bot import formats
from bot.errors import Gone, Refusal
from bot.formats.faults import UnknownFormat
from bot.i18n import N_
from bot.models.chat import Chat
from bot.models.people import Worker
from bot.models.work import Intake, Project
from bot.people import roles
from bot.store.database import Session
from bot.work import draft, intake, project_file, projects, survey
from bot.work.intake import Loaded
from bot.work.project_file import ProjectFile
from bot.work.record import MAY_RUN
from bot.work.survey import Survey

MOST = 20 * 1024 * 1024  # bytes that Telegram lets a bot fetch
NAME = 200  # characters, as in the table
PROJECT_FILE = ".toml"
LEASE = timedelta(minutes=5)  # to fetch 20 MB and read it


class TooLarge(Refusal):
    msgid = N_(
        "{filename} is larger than 20 MB, which Telegram does not hand to bots. "
        "Send it in parts, or use kazi import on the server."
    )


class NotReadable(Refusal):
    msgid = N_("{filename}: I can read CSV, TSV and JSONL files of tasks, and TOML project files.")


class BeingMade(Refusal):
    msgid = N_("This is being done already.")


async def receive(  # noqa: PLR0913 - a file, and what it is for
    session: Session,
    *,
    file_id: str,
    filename: str,
    size: int,
    project: Project | None,
    asked: bool = False,
    actor: int,
) -> Intake:
    """Take a file down. With `asked`, nobody reads it before somebody says what it is for."""
    await roles.require(session, actor, *MAY_RUN)
    _check(filename, size)
    taken = Intake(
        worker_id=actor,
        project_id=project.id if project else None,
        file_id=file_id,
        filename=_shortened(filename),
        state="asked" if asked else "waiting",
        answers={},
    )
    session.add(taken)
    await session.flush()
    return taken


async def find(session: Session, id: int, *, actor: int) -> Intake:
    """Somebody's own upload that still has a question open. Raises Gone."""
    await roles.require(session, actor, *MAY_RUN)
    found = await session.scalar(
        select(Intake).where(
            Intake.id == id,
            Intake.worker_id == actor,
            Intake.project_id.is_(None),
            Intake.state != "failed",
        )
    )
    if found is None:
        raise Gone
    return found


async def begin(
    session: Session, upload: Intake, *, project: Project | None = None, make: bool = False
) -> None:
    """Let the file be read, as what is said now. Raises BeingMade when that goes on already."""
    answers = dict(upload.answers) | ({"make": True} if make else {})
    project_id = project.id if project else upload.project_id
    begun = await session.scalar(
        update(Intake)
        .where(Intake.id == upload.id, Intake.state.in_(("asked", "done")))
        .values(state="waiting", project_id=project_id, answers=answers)
        .returning(Intake.id)
        .execution_options(synchronize_session=False)
    )
    if begun is None:
        raise BeingMade
    await session.refresh(upload)


async def take(session: Session, bot_id: int, *, now: datetime) -> Intake | None:
    """Lease the oldest file sent to this bot that waits to be read; None when none does.

    Another bot's file ids mean nothing to this one.
    """
    free = or_(Intake.lease_until.is_(None), Intake.lease_until < now)
    found = await session.scalar(
        select(Intake)
        .join(Chat, Chat.worker_id == Intake.worker_id)
        .where(Intake.state == "waiting", free, Chat.bot_id == bot_id)
        .order_by(Intake.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Intake)
    )
    if found is not None:
        found.lease_until = now + LEASE
    return found


async def waiting(session: Session, upload_id: int) -> tuple[Intake, Worker, Chat] | None:
    """A leased file with whoever sent it, locked; None when somebody else has read it."""
    query = (
        select(Intake, Worker, Chat)
        .join(Worker, Worker.id == Intake.worker_id)
        .join(Chat, Chat.worker_id == Intake.worker_id)
        .where(Intake.id == upload_id, Intake.state == "waiting")
        .with_for_update(of=Intake)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def drop(session: Session, upload: Intake) -> None:
    """Nothing comes of this file."""
    upload.state = "failed"
    await session.flush()


async def look(upload: Intake, path: Path) -> Survey:
    """What the file holds; in a thread, because it is all reading and counting."""
    return await asyncio.to_thread(survey.look, path, upload.filename)


async def load(
    session: Session, upload: Intake, path: Path, project: Project, count: Callable[[int], None]
) -> Loaded:
    """Add the file's rows to the project, as whoever sent it. Raises intake.FileRefused."""
    format = await asyncio.to_thread(survey.format_of, path, upload.filename)
    with path.open("rb") as stream:
        return await intake.load(
            session, project, stream, format, actor=upload.worker_id, progress=count
        )


async def apply(session: Session, upload: Intake, path: Path) -> Project:
    """The project that a project file describes. Raises project_file.ProjectFileRefused."""
    try:
        text = await asyncio.to_thread(path.read_text, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NotReadable(filename=upload.filename) from None
    return await projects.apply(session, project_file.parse(text), actor=upload.worker_id)


async def create(session: Session, upload: Intake) -> Project:
    """A draft as the answers have it, under an id of its own: no other project is changed."""
    return await projects.apply(session, await planned(session, upload), actor=upload.worker_id)


async def planned(session: Session, upload: Intake) -> ProjectFile:
    """The project file that the answers make. Raises Invalid, naming what does not fit."""
    slug = await _free_slug(session, str(upload.answers["name"]))
    return project_file.parse(draft.toml(upload.answers, slug))


def is_project_file(filename: str) -> bool:
    return PurePath(filename).suffix.lower() == PROJECT_FILE


def put(upload: Intake, answers: Mapping[str, Any]) -> None:
    """Keep what the questions have been answered with."""
    upload.answers = dict(answers)


async def _free_slug(session: Session, name: str) -> str:
    wanted = project_file.slug_of(name) or "project"
    for number in count(1):
        slug = wanted if number == 1 else f"{wanted[:58]}-{number}"
        try:
            await projects.find(session, slug)
        except projects.NoSuchProject:
            return slug
    raise AssertionError("numbers have no end")


def _check(filename: str, size: int) -> None:
    if size > MOST:
        raise TooLarge(filename=_shortened(filename))
    suffix = PurePath(filename).suffix.lower()
    if is_project_file(filename) or suffix in formats.SAYS_NOTHING:
        return
    try:
        formats.guess(filename, b"")
    except UnknownFormat:
        raise NotReadable(filename=_shortened(filename)) from None


def _shortened(filename: str) -> str:
    """At most NAME characters, the suffix among them."""
    path = PurePath(filename or "file")
    return filename if len(filename) <= NAME else path.stem[:150] + path.suffix[:50]
