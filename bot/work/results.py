"""What was answered, as files: every answer (raw), or one row per task (results).

    written = await results.export(session, project, Export("raw", "csv"), stream, actor=None)
    text = await results.manifest(session, project, {"raw.csv": written})

The same database gives the same bytes: rows come by stage, then task key, then worker, and no
file says when it was made. Rows are streamed; memory holds one page and one task's answers, or what
a method must know of all answers (`votes`).
Answers of people who withdrew their consent to the use of their answers are left out.

Use a session of `Database.reading()`: an export must not hold up the writer.
"""

import asyncio
import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Literal, TextIO, cast

import msgspec
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session as SyncSession

from bot import formats, money
from bot.errors import Invalid, NotAllowed, Refusal
from bot.i18n import N_
from bot.models.chat import Chat
from bot.models.people import Worker
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion, Task
from bot.people import roles
from bot.quality import analytics
from bot.quality.aggregate import Outcome
from bot.store import database
from bot.store.database import Session
from bot.task_types.compare import SIDES
from bot.work import votes
from bot.work.votes import Rows

READERS = ("owner", "admin", "requester")
COLUMNS = {
    "raw": (
        "project", "stage", "task", "worker", "label", "answer", "language", "gold", "state",
        "revision", "price", "currency", "seconds", "offered_at", "answered_at", "instructions",
    ),
    "results": ("task", "label", "confidence", "answers", "method", "status"),
}  # fmt: skip


class NoSuchStage(Invalid):
    msgid = N_("Project {project} has no stage “{stage}”. It has: {stages}.")


class NothingCompared(Refusal):
    msgid = N_(
        "In project {project} no task with the fields “{left}” and “{right}” has been compared."
    )


class TelegramIdsStayHere(NotAllowed):
    msgid = N_("Telegram ids are exported only on the command line.")


@dataclass(frozen=True, slots=True)
class Export:
    """What to export. `gold` takes the tasks with a known answer too; `stage` is a stage's name."""

    what: Literal["raw", "results"]
    format: Literal["csv", "tsv", "jsonl"] = "csv"
    workers: Literal["pseudonym", "telegram"] = "pseudonym"
    gold: bool = False
    revisions: bool = False
    """Every revision of an answer instead of the highest; raw only."""
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written. `bytes` and `sha256` are of the text in UTF-8."""

    export: Export
    rows: int
    sha256: str
    bytes: int


async def export(
    session: Session, project: Project, chosen: Export, stream: TextIO, *, actor: int | None
) -> Exported:
    """Write one file. Open the stream with `newline=""`, or its bytes are not those counted."""
    await roles.require(session, actor, *READERS)
    if chosen.workers == "telegram" and actor is not None:
        raise TelegramIdsStayHere
    return await session.run_sync(_export, project, chosen, stream)


async def outcomes(
    session: Session, project: Project, *, stage: str | None = None, gold: bool = False
) -> dict[str, Outcome]:
    """The result of every task by its key, in memory: for reports and for scoring with a truth."""
    chosen = Export("results", gold=gold, stage=stage)

    def read(sync: SyncSession) -> dict[str, Outcome]:
        _take_time(sync)
        return dict(_outcomes(sync, project, chosen))

    return await session.run_sync(read)


async def ranking(
    session: Session,
    project: Project,
    fields: tuple[str, str] = SIDES,
    *,
    stage: str | None = None,
    actor: int | None,
) -> dict[str, float]:
    """What was compared, strongest first, with its Bradley-Terry strength.

    `fields` of the tasks name the two: the texts themselves, or what wrote them. Raises
    NothingCompared, and what `analytics.strengths` raises.
    """
    await roles.require(session, actor, *READERS)

    def read(sync: SyncSession) -> Counter[tuple[str, str, str]]:
        _take_time(sync)
        for one in _stages(sync, project, stage):
            if sync.get_one(StageVersion, (one.id, one.version)).type == "compare":
                return votes.comparisons(sync, one, fields)
        return Counter()

    said = await session.run_sync(read)
    if not said:
        raise NothingCompared(project=project.slug, left=fields[0], right=fields[1])
    found = await asyncio.to_thread(analytics.strengths, said)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


async def manifest(session: Session, project: Project, files: Mapping[str, Exported]) -> str:
    """What the files hold and what they were made from, as JSON."""
    stages = await session.run_sync(_stages, project, None)
    content = {
        "project": project.slug,
        "stages": [await _describe(session, stage) for stage in stages],
        "files": {name: _file(written) for name, written in files.items()},
    }
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def pseudonym(worker: str, project: str) -> str:
    """A worker's name in one project's exports; another one in the next project's."""
    digest = hashlib.sha256(f"{project}\n{worker}".encode()).digest()
    return "w-" + base64.b32encode(digest[:5]).decode().lower()


# One file


class _Tally:
    """A stream that passes text on and remembers how much, and its hash."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.bytes = 0

    def write(self, part: str) -> int:
        data = part.encode()
        self._hash.update(data)
        self.bytes += len(data)
        return self._stream.write(part)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def _export(session: SyncSession, project: Project, chosen: Export, stream: TextIO) -> Exported:
    _take_time(session)
    columns, cells = COLUMNS[chosen.what], CELLS[chosen.what](session, project, chosen)
    tally = _Tally(stream)
    rows = (dict(zip(columns, row, strict=True)) for row in cells)
    count = formats.write(columns, rows, cast(TextIO, tally), chosen.format)
    return Exported(chosen, count, tally.sha256, tally.bytes)


def _take_time(session: SyncSession) -> None:
    """Tables that were filled in one go have no statistics yet, and PostgreSQL takes them to be
    empty: its nested loops over 8,000 answers take a minute, where a hash takes 0.1 s.
    """
    database.take_time(session)
    if votes.is_postgresql(session):
        session.execute(text("SET LOCAL enable_nestloop = off"))
    else:  # 16 MB for this connection: with SQLite's usual 2 a million answers take 0.7 s more
        session.execute(text("PRAGMA cache_size = -16000"))


# Raw answers


def _raw(session: SyncSession, project: Project, chosen: Export) -> Iterator[tuple[object, ...]]:
    names = _names(session, project, chosen)
    for stage in _stages(session, project, chosen.stage):
        for answers in votes.by_task(session, _answers_of(session, stage, chosen)):
            kept = [row for row in answers if row.worker_id in names]
            kept = kept if chosen.revisions else _latest(kept)
            kept.sort(key=lambda row: (names[row.worker_id], row.revision))
            for row in kept:
                # A cell holds JSON as text; in JSON the value is itself.
                answer = row.value if chosen.format == "jsonl" else _json(row.value).decode()
                yield _cells(row, project, stage, names[row.worker_id], answer)


def _answers_of(session: SyncSession, stage: Stage, chosen: Export) -> Rows:
    columns = (
        Task.id.label("task_id"), Task.key, Task.gold, Queue.language,
        Assignment.worker_id, Assignment.state, Assignment.price_micro, Assignment.currency,
        Assignment.seconds, Assignment.offered_at, Assignment.stage_version,
        Answer.revision, Answer.label, Answer.value, Answer.at,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Queue, Queue.id == Task.queue_id)
        .join(Assignment, Assignment.task_id == Task.id)
        .join(Answer, Answer.assignment_id == Assignment.id)
        .where(*votes.tasks_of(stage, gold=chosen.gold))
        .where(*votes.answers_of(gold=chosen.gold))
        .order_by(votes.by_key(session))
    )


def _latest(answers: list[Row[Any]]) -> list[Row[Any]]:
    """The highest revision of each worker: nobody has a task twice."""
    ordered = sorted(answers, key=attrgetter("revision"))
    return list({row.worker_id: row for row in ordered}.values())


def _cells(
    row: Row[Any], project: Project, stage: Stage, worker: str, answer: object
) -> tuple[object, ...]:
    return (
        project.slug, stage.name, row.key, worker, row.label, answer, row.language,
        row.gold is not None, row.state, row.revision, money.decimal(row.price_micro),
        row.currency, row.seconds, _iso(row.offered_at), _iso(row.at), row.stage_version,
    )  # fmt: skip


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _names(session: SyncSession, project: Project, chosen: Export) -> dict[int, str]:
    """What each worker is called in this file; those who withdrew their consent are not in it."""
    people = (
        select(Worker.id, Worker.pseudonym, Chat.chat_id)
        .outerjoin(Chat, Chat.worker_id == Worker.id)
        .where(Worker.id.not_in(votes.withdrawn()))
    )
    if chosen.workers == "telegram":
        return {id: str(chat or "") for id, _, chat in session.execute(people)}
    return {id: pseudonym(name, project.slug) for id, name, _ in session.execute(people)}


# Results


def _results(
    session: SyncSession, project: Project, chosen: Export
) -> Iterator[tuple[object, ...]]:
    for key, outcome in _outcomes(session, project, chosen):
        share = None if outcome.confidence is None else float(outcome.confidence)
        yield key, outcome.label, share, outcome.answers, outcome.method, outcome.status


def _outcomes(
    session: SyncSession, project: Project, chosen: Export
) -> Iterator[tuple[str, Outcome]]:
    for stage in _stages(session, project, chosen.stage):
        yield from votes.outcomes(session, stage, gold=chosen.gold)


CELLS = {"raw": _raw, "results": _results}


# Reading the database


def _stages(session: SyncSession, project: Project, name: str | None) -> list[Stage]:
    of_project = select(Stage).where(Stage.project_id == project.id).order_by(Stage.ordinal)
    stages = list(session.scalars(of_project))
    chosen = [stage for stage in stages if name in (None, stage.name)]
    if not chosen:
        known = ", ".join(stage.name for stage in stages)
        raise NoSuchStage(project=project.slug, stage=name, stages=known)
    return chosen


# Manifest


async def _describe(session: Session, stage: Stage) -> dict[str, object]:
    of_stage = select(StageVersion).where(StageVersion.stage_id == stage.id)
    versions = await session.scalars(of_stage.order_by(StageVersion.version))
    counts = select(func.count(), func.count(Task.gold)).where(Task.stage_id == stage.id)
    tasks, gold = (await session.execute(counts)).one()
    known = {version.version: version for version in versions}
    return {
        "name": stage.name,
        "version": stage.version,
        "aggregate": votes.method_of(known[stage.version]),
        "versions": [_version(version) for version in known.values()],
        "tasks": tasks - gold,
        "gold": gold,
    }


def _version(version: StageVersion) -> dict[str, object]:
    return {
        "version": version.version,
        "type": version.type,
        "text_sha256": hashlib.sha256(_json(version.text)).hexdigest(),
        "price": money.decimal(version.price_micro),
        "currency": version.currency,
        "overlap": version.overlap,
    }


def _file(written: Exported) -> dict[str, object]:
    return {
        **asdict(written.export),
        "columns": COLUMNS[written.export.what],
        "rows": written.rows,
        "bytes": written.bytes,
        "sha256": written.sha256,
    }


def _json(value: object) -> bytes:
    """One spelling of a value, whatever order a database keeps its keys in."""
    return msgspec.json.encode(value, order="sorted")
