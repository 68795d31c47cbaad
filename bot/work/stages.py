"""Stages and their versions: what a stage says and pays never changes, it gets a next version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Select, case, func, insert, select, update

from bot.models.base import table
from bot.models.work import Assignment, Project, Queue, Stage, StageVersion, Task
from bot.store.database import Session, upsert
from bot.task_types import TASK_TYPES
from bot.task_types.kind import TaskType, Wording

CACHED = 500  # versions; a few kilobytes each
REOPENED = 20_000  # tasks whose slots one statement counts: far below the statement timeout
ENGLISH = "en"
NEW = "kazi.new_stage_versions"  # in session.info: versions of this transaction, not yet everyone's
TAKEN = ("held", "answered", "returned", "accepted")

stages = table(Stage)
versions = table(StageVersion)
queues = table(Queue)
tasks = table(Task)
assignments = table(Assignment)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpec:
    """One version of a stage, with whose it is: all that a card, a price or a check needs."""

    project_id: int
    slug: str
    code: str
    project_name: str
    stage_id: int
    ordinal: int
    name: str
    version: int
    type: str
    settings: dict[str, Any]
    text: dict[str, dict[str, Any]]
    tier: str
    price_micro: int
    currency: str
    expected_seconds: int
    overlap: int
    gold_share_ppm: int
    review: dict[str, Any]
    quality: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> TaskType:
        return TASK_TYPES[self.type]

    @property
    def project_kind(self) -> str:
        """work, training or exam."""
        return str(self.quality.get("kind", "work"))

    def wording(self, locale: str, language: str) -> Wording:
        """The stage's words: in the worker's locale, else the queue's language, else English."""
        for code in (locale, language, ENGLISH, *self.text):
            if code in self.text:
                return _wording(code, self.text[code])
        return Wording(ENGLISH, self.project_name, "", {})


_caches: WeakKeyDictionary[Engine, dict[tuple[int, int], StageSpec]] = WeakKeyDictionary()


async def spec(session: Session, stage_id: int, version: int) -> StageSpec:
    """One version of a stage. Versions never change, so they are kept in memory."""
    cache = _cache(session)
    key = (stage_id, version)
    if key in cache:
        return cache[key]
    which = (versions.c.stage_id == stage_id, versions.c.version == version)
    found = StageSpec(**(await session.execute(_specs().where(*which))).mappings().one())
    if key not in session.info.get(NEW, ()):  # it may still be rolled back
        while len(cache) >= CACHED:
            del cache[next(iter(cache))]
        cache[key] = found
    return found


async def current(session: Session, project_id: int) -> list[StageSpec]:
    """The versions in force of all stages of a project, in order."""
    return (await in_force(session, [project_id])).get(project_id, [])


async def in_force(session: Session, project_ids: Sequence[int]) -> dict[int, list[StageSpec]]:
    """The versions in force of the stages of several projects."""
    query = _specs().where(
        stages.c.project_id.in_(project_ids), versions.c.version == stages.c.version
    )
    found: dict[int, list[StageSpec]] = {}
    for row in (await session.execute(query.order_by(stages.c.ordinal))).mappings():
        found.setdefault(row["project_id"], []).append(StageSpec(**row))
    return found


async def add(session: Session, project_id: int, ordinal: int, values: Mapping[str, Any]) -> int:
    """A new stage in its first version; `values` has `name` and the columns of a version."""
    stage_id: int | None = await session.scalar(
        insert(stages)
        .values(project_id=project_id, ordinal=ordinal, name=values["name"], version=1)
        .returning(stages.c.id)
    )
    assert stage_id is not None
    await _write(session, stage_id, 1, values)
    return stage_id


async def revise(session: Session, before: StageSpec, values: Mapping[str, Any]) -> int:
    """The next version of a stage, in force at once; assignments keep the one they were made with.

    The caller holds the project's row.
    """
    version = before.version + 1
    await session.execute(
        update(stages)
        .where(stages.c.id == before.stage_id)
        .values(version=version, name=values["name"])
    )
    await _write(session, before.stage_id, version, values)
    if values["overlap"] != before.overlap:
        await _set_overlap(session, before.stage_id, before.overlap, values["overlap"])
    return version


def forget() -> None:
    """Empty the caches: a removed stage's id may be given again."""
    _caches.clear()


async def ensure_queues(session: Session, stage_id: int, languages: list[str]) -> None:
    """A queue for each language; those that are there stay."""
    rows = [{"stage_id": stage_id, "language": language} for language in languages]
    await session.execute(upsert(session, queues).values(rows).on_conflict_do_nothing())


async def queue_ids(session: Session, stage_id: int) -> dict[str, int]:
    """The queues of a stage by language."""
    found = await session.execute(
        select(Queue.language, Queue.id).where(Queue.stage_id == stage_id)
    )
    return dict(found.all())


def columns(spec: StageSpec) -> dict[str, Any]:
    """What a version holds, as `add` and `revise` take it."""
    return {name: getattr(spec, name) for name in ("name", *_COLUMNS)}


_COLUMNS = (
    "type",
    "settings",
    "text",
    "tier",
    "price_micro",
    "currency",
    "expected_seconds",
    "overlap",
    "gold_share_ppm",
    "review",
    "quality",
)


def _cache(session: Session) -> dict[tuple[int, int], StageSpec]:
    # By engine: two databases in one process have the same ids.
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    return _caches.setdefault(engine, {})


def _specs() -> Select[Any]:
    return (
        select(
            Project.id.label("project_id"),
            Project.slug,
            Project.code,
            Project.name.label("project_name"),
            stages.c.id.label("stage_id"),
            stages.c.ordinal,
            stages.c.name,
            versions.c.version,
            *(versions.c[name] for name in _COLUMNS),
        )
        .select_from(versions)
        .join(stages, stages.c.id == versions.c.stage_id)
        .join(Project, Project.id == stages.c.project_id)
    )


def _wording(code: str, text: Mapping[str, Any]) -> Wording:
    return Wording(
        language=code,
        question=text.get("question", ""),
        instructions=text.get("instructions", ""),
        options=text.get("options", {}),
    )


async def _write(session: Session, stage_id: int, version: int, values: Mapping[str, Any]) -> None:
    row = {name: values[name] for name in _COLUMNS}
    await session.execute(insert(versions).values(stage_id=stage_id, version=version, **row))
    session.info.setdefault(NEW, set()).add((stage_id, version))


async def _set_overlap(session: Session, stage_id: int, before: int, after: int) -> None:
    """Give the stage's tasks another overlap; those that were given one of their own keep it.

    Open slots are counted anew, not shifted: lowering may have left more answers than wanted.
    """
    mine = (tasks.c.stage_id == stage_id, tasks.c.gold.is_(None), tasks.c.overlap == before)
    taken = (
        select(func.count())
        .where(
            assignments.c.task_id == tasks.c.id,
            assignments.c.state.in_(TAKEN),
            assignments.c.surplus.is_(False),
        )
        .scalar_subquery()
    )
    free = after - taken
    parked = tasks.c.parked.is_not(None)
    last = 0
    while True:
        some = select(Task.id).where(*mine, tasks.c.id > last).order_by(tasks.c.id)
        ids = (await session.scalars(some.limit(REOPENED))).all()
        if not ids:
            return
        await session.execute(
            update(tasks)
            .where(*mine, tasks.c.id.between(ids[0], ids[-1]))
            .values(
                overlap=after,
                open_slots=case((parked, 0), (free > 0, free), else_=0),
                parked=case((parked, case((free > 0, free), else_=0))),
            )
        )
        last = ids[-1]
