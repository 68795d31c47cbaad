"""Files of rows become tasks: streamed, checked row by row, and written whole or not at all.

A task is known by its key. The same file again adds nothing; a key that comes back with another
content is a fault. Nothing is written when a row has a fault, because `load` then raises and the
caller's transaction rolls back.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import psycopg
from sqlalchemy import func, select

from bot import formats
from bot.errors import Invalid, Refusal
from bot.formats.faults import FileFault
from bot.formats.tasks import TaskRow, derived_key, task_rows
from bot.i18n import N_, gettext, ngettext
from bot.models.work import Project, Queue, Task
from bot.people import roles
from bot.store.database import Database, Session
from bot.task_types.kind import Unfit
from bot.work import launch, overlap_terms, projects, queues, reading, record, stages, states, terms
from bot.work.dispatch import REQUEUED
from bot.work.stages import StageSpec

CHUNK = 5_000  # rows that are checked against the database and written together
BREATH = 500  # rows after which others in this process may run
SHOWN = 20  # faults kept with their sentences; the others are counted
KEY = 200  # characters, as in the table
HEAD = 65_536  # bytes that tell the format

COLUMNS = (
    "stage_id",
    "queue_id",
    "key",
    "body",
    "gold",
    "hint",
    "concept",
    "difficulty",
    "priority",
    "position",
    "overlap",
    "open_slots",
)


INSERT = f"INSERT INTO tasks ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - our own names
COPY = f"COPY tasks ({', '.join(COLUMNS)}) FROM STDIN".encode()


class RowRefused(Invalid):
    """One row that does not fit. `line` is where it starts in the file."""

    msgid = N_("Line {line}: {reason}")

    def say(self) -> str:
        values = {name: terms.said(value) for name, value in self.values.items()}
        return gettext(self.msgid).format(**values)


class TaskDiffers(RowRefused):
    msgid = N_("Line {line}: the task “{key}” is there already, with another content.")


class LanguageNeeded(RowRefused):
    msgid = N_("Line {line}: the language is missing. The project has {languages}.")


class LanguageRefused(RowRefused):
    msgid = N_("Line {line}: the project has no language “{language}”. It has {languages}.")


class KeyTooLong(RowRefused):
    msgid = N_("Line {line}: the key is longer than {limit} characters.")


class FileRefused(Invalid):
    """A file with faults: the first of them as refusals, and how many there are in all."""

    msgid = N_("Nothing was imported: the file has faults.")

    def __init__(self, faults: Sequence[Refusal], total: int) -> None:
        super().__init__()
        self.faults, self.total = tuple(faults), total

    def say(self) -> str:
        head = ngettext(
            "Nothing was imported: the file has {count} fault.",
            "Nothing was imported: the file has {count} faults.",
            self.total,
        )
        return "\n".join([head.format(count=self.total), *(one.say() for one in self.faults)])

    def __str__(self) -> str:
        return "\n".join([self.msgid, *map(str, self.faults)])


class NoSuchFile(Invalid):
    msgid = N_("The file {path} cannot be read: {reason}.")


class NoSuchStage(Invalid):
    msgid = N_("The project {project} has no stage {stage}.")


class Loaded(NamedTuple):
    """What became of a file's rows; `gold` of those added have a known answer."""

    rows: int
    added: int
    known: int
    gold: int


class Checked(NamedTuple):
    """What would become of a file's rows."""

    loaded: Loaded
    faults: tuple[Refusal, ...]
    total: int
    """How many faults in all; `faults` has the first of them."""
    languages: dict[str, int]
    """Rows by language."""


Progress = Callable[[int], None]


async def load(  # noqa: PLR0913 - what, into what, and who
    session: Session,
    project: Project,
    stream: BinaryIO,
    format: str,
    *,
    stage: int = 1,
    actor: int | None,
    progress: Progress | None = None,
) -> Loaded:
    """Add the file's rows as tasks of a stage. Raises FileRefused: do not commit then."""
    await roles.require(session, actor, *record.MAY_RUN)
    await record.hold(session, project)
    states.refuse_ended(project)
    run = await _begin(session, project, stage, write=True)
    await _read(run, stream, format, progress)
    if run.total:
        raise FileRefused(run.faults, run.total)
    await _note_concepts(run)
    done = run.loaded()
    if done.added:
        await _refuse_unfunded(session, project)
        said = f"+{done.added} ({done.gold} gold)"
        record.note(session, project, "project.import", actor=actor, change=(None, said))
        await session.flush()
    return done


async def _refuse_unfunded(session: Session, project: Project) -> None:
    """What is offered already may not outgrow its budget; a draft is asked when it is opened."""
    lacking = await launch.unfunded(session, project) if project.state == "open" else None
    if lacking is not None:
        raise lacking


async def check(
    session: Session, project: Project, stream: BinaryIO, format: str, *, stage: int = 1
) -> Checked:
    """Look through the file without writing anything."""
    run = await _begin(session, project, stage, write=False)
    await _read(run, stream, format, None)
    return Checked(run.loaded(), tuple(run.faults), run.total, run.languages)


async def import_file(
    database: Database,
    project_ref: str,
    path: Path,
    *,
    stage: int = 1,
    actor: int | None,
    progress: Progress | None = None,
) -> Loaded:
    """Load a file from disk in one transaction of its own."""
    with _open(path) as stream:
        format = formats.guess(path.name, stream.read(HEAD))
        stream.seek(0)
        async with database.transaction() as session:
            project = await projects.find(session, project_ref)
            return await load(
                session, project, stream, format, stage=stage, actor=actor, progress=progress
            )


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise NoSuchFile(path=path, reason=error.strerror) from None


class _Fit(NamedTuple):
    """A row that fits its stage."""

    line: int
    key: str
    queue_id: int
    gold: str | None
    hint: str | None
    concept: str | None
    difficulty: int | None
    priority: int
    body: dict[str, object]

    def same(self, other: Any) -> bool:
        """Whether it says what the other (a row of the table, or of this file) says.

        A task that became gold here is still the same as in the file it came from.
        """
        gold = other.gold if self.gold is not None or not getattr(other, "overlap", 0) else None
        return (self.queue_id, self.gold, self.hint) == (
            other.queue_id,
            gold,
            other.hint,
        ) and self.body == other.body


@dataclass(slots=True)
class _Run:
    """One file on its way in, and what is known of it so far."""

    session: Session
    spec: StageSpec
    languages_of_project: tuple[str, ...]
    queue_ids: Mapping[str, int]
    write: bool
    rows: int = 0
    added: int = 0
    known: int = 0
    gold: int = 0
    total: int = 0
    faults: list[Refusal] = field(default_factory=list)
    languages: dict[str, int] = field(default_factory=dict)
    concepts: dict[int, set[str]] = field(default_factory=dict)
    """Those of the gold by queue."""
    sequences: dict[tuple[int, int], int] = field(default_factory=dict)
    """The last sequence in use by queue and priority."""
    seen: dict[str, _Fit] | None = None
    """Rows of this file by key, where they are not written and so cannot be looked up."""

    def refuse(self, fault: Refusal) -> None:
        self.total += 1
        if len(self.faults) < SHOWN:
            self.faults.append(fault)

    def loaded(self) -> Loaded:
        return Loaded(self.rows, self.added, self.known, self.gold)


async def _begin(session: Session, project: Project, stage: int, *, write: bool) -> _Run:
    specs = await stages.current(session, project.id)
    spec = next((one for one in specs if one.ordinal == stage), None)
    if spec is None:
        raise NoSuchStage(project=project.slug, stage=stage)
    queue_ids = await stages.queue_ids(session, spec.stage_id)
    run = _Run(session, spec, tuple(project.languages), queue_ids, write)
    if write:
        run.sequences = await _sequences(session, spec.stage_id)
    else:
        run.seen = {}
    return run


async def _sequences(session: Session, stage_id: int) -> dict[tuple[int, int], int]:
    """How far each band of the stage's queues is filled, but for tasks that were put back."""
    sequence = Task.position % queues.BAND
    found = await session.execute(
        select(Task.queue_id, Task.priority, func.max(sequence))
        .where(Task.stage_id == stage_id, sequence < REQUEUED)
        .group_by(Task.queue_id, Task.priority)
    )
    return {(queue_id, priority): int(last) for queue_id, priority, last in found}


async def _read(run: _Run, stream: BinaryIO, format: str, progress: Progress | None) -> None:
    rows = task_rows(formats.scan(stream, format), language_codes=reading.language_tags())
    while True:
        chunk = await _chunk(run, rows)
        if chunk is None:
            return
        if chunk:
            await _settle(run, chunk)
        if progress:
            progress(run.rows)


async def _chunk(run: _Run, rows: Iterator[TaskRow | FileFault]) -> list[_Fit] | None:
    """The next rows that fit; None at the end of the file, or where it cannot be read on."""
    fitting: list[_Fit] = []
    for _breath in range(CHUNK // BREATH):
        try:
            some = list(islice(rows, BREATH))
        except FileFault as fault:
            run.refuse(fault)
            return None
        if not some:
            return fitting or None
        run.rows += len(some)
        fitting.extend(_fitting(run, some))
        await asyncio.sleep(0)
    return fitting


def _fitting(run: _Run, rows: Iterable[TaskRow | FileFault]) -> Iterator[_Fit]:
    for row in rows:
        if isinstance(row, FileFault):
            run.refuse(row)
            continue
        try:
            yield _fit(run, row)
        except RowRefused as fault:
            run.refuse(fault)


def _fit(run: _Run, row: TaskRow) -> _Fit:
    """Check one row against its stage. Raises RowRefused."""
    language = _language(run, row)
    key = row.key or derived_key({"body": row.body, "language": language})
    if len(key) > KEY:
        raise KeyTooLong(line=row.line, limit=KEY)
    kind, settings = run.spec.kind, run.spec.settings
    body = _body(kind.fields(settings), row)
    try:
        kind.check(settings, body)
        gold = None
        if row.gold is not None:
            gold = kind.label(settings, kind.value(settings, row.gold))
    except Unfit as reason:
        raise RowRefused(line=row.line, reason=reason) from None
    run.languages[language] = run.languages.get(language, 0) + 1
    tags = (row.concept, row.difficulty)
    return _Fit(row.line, key, run.queue_ids[language], gold, row.hint, *tags, row.priority, body)


def _body(shown: Sequence[str], row: TaskRow) -> dict[str, object]:
    """The row's fields; a tag is one of them where the stage shows a field of that name."""
    tags = {"concept": row.concept, "difficulty": row.difficulty}
    return row.body | {name: tags[name] for name in shown if tags.get(name) is not None}


def _language(run: _Run, row: TaskRow) -> str:
    """The row's language, or the only one of the project."""
    known = run.languages_of_project
    if row.language is None:
        if len(known) == 1:
            return known[0]
        raise LanguageNeeded(line=row.line, languages=", ".join(known))
    code = reading.language(row.language)
    if code not in known:
        raise LanguageRefused(line=row.line, language=row.language, languages=", ".join(known))
    assert code is not None
    return code


async def _settle(run: _Run, chunk: Sequence[_Fit]) -> None:
    """Sort out what is known, then write the rest, unless a fault has spoiled the file."""
    fresh: dict[str, _Fit] = {}
    for fit in chunk:
        _compare(run, fit, run.seen.get(fit.key) if run.seen else None, fresh)
    for row in await _known(run, list(fresh)):
        _compare(run, fresh.pop(row.key), row, fresh)
    run.added += len(fresh)
    run.gold += sum(fit.gold is not None for fit in fresh.values())
    if run.seen is not None:
        run.seen.update(fresh)
    elif fresh and not run.total:
        await _write(run, [_row(run, fit) for fit in fresh.values()])


def _compare(run: _Run, fit: _Fit, other: Any, fresh: dict[str, _Fit]) -> None:
    """Count a row whose key is taken, or keep it as a fresh one."""
    other = other or fresh.get(fit.key)
    if other is None:
        fresh[fit.key] = fit
    elif fit.same(other):
        run.known += 1
    else:
        run.refuse(TaskDiffers(line=fit.line, key=fit.key))


async def _known(run: _Run, keys: Sequence[str]) -> Sequence[Any]:
    if not keys:
        return ()
    found = await run.session.execute(
        select(Task.key, Task.queue_id, Task.gold, Task.hint, Task.body, Task.overlap).where(
            Task.stage_id == run.spec.stage_id, Task.key.in_(keys)
        )
    )
    return found.all()


def _row(run: _Run, fit: _Fit) -> tuple[Any, ...]:
    """The values of COLUMNS. Gold has no end, so it wants no number of answers."""
    if fit.gold is not None:
        run.concepts.setdefault(fit.queue_id, set()).add(fit.concept or "")
    band = (fit.queue_id, fit.priority)
    sequence = run.sequences[band] = run.sequences.get(band, 0) + 1
    terms_ = overlap_terms.of(run.spec.overlap, run.spec.quality)
    wanted = 0 if fit.gold is not None else overlap_terms.wanted(terms_, run.spec.stage_id, fit.key)
    return (
        run.spec.stage_id,
        fit.queue_id,
        fit.key,
        msgspec.json.encode(fit.body).decode(),
        fit.gold,
        fit.hint,
        fit.concept,
        fit.difficulty,
        fit.priority,
        queues.position(fit.priority, sequence),
        wanted,
        wanted,
    )


async def _note_concepts(run: _Run) -> None:
    """What the gold of each queue is about, for dispatch to go through."""
    for queue_id, found in run.concepts.items():
        queue = await run.session.get_one(Queue, queue_id)
        queue.concepts = sorted({*queue.concepts, *found})
    await run.session.flush()


async def _write(run: _Run, rows: Sequence[tuple[Any, ...]]) -> None:
    connection = await run.session.connection()
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(INSERT, list(rows))
        return
    raw = (await connection.get_raw_connection()).driver_connection
    assert isinstance(raw, psycopg.AsyncConnection)
    # PostgreSQL's bulk road, several times faster than the fastest INSERT.
    async with raw.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows:
            await copy.write_row(row)
