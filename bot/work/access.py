"""Which queues are open to somebody, and what keeps them from the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from sqlalchemy import bindparam, literal, select, union_all

from bot.models.base import table
from bot.models.people import WorkerLanguage
from bot.models.skills import Skill
from bot.people.skills import POINT
from bot.quality import requirements
from bot.quality.requirements import Gap, Person
from bot.store.database import Session
from bot.work import stages
from bot.work.stages import StageSpec

held, spoken = table(Skill), table(WorkerLanguage)

PERSON = union_all(
    select(held.c.skill, held.c.score_ppm, literal(None)).where(
        held.c.worker_id == bindparam("worker"), held.c.observations > 0
    ),
    select(spoken.c.language, literal(None), spoken.c.level).where(
        spoken.c.worker_id == bindparam("worker")
    ),
)


class Lane(Protocol):
    """A queue of an open project in a language of the worker's."""

    @property
    def queue_id(self) -> int: ...
    @property
    def stage_id(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def language(self) -> str: ...


L = TypeVar("L", bound=Lane)


@dataclass(frozen=True, slots=True)
class Closed:
    """A queue that somebody may not pull from, and what they lack."""

    queue_id: int
    spec: StageSpec
    language: str
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Access(Generic[L]):
    """The lanes of a worker, sifted."""

    open: list[L]
    closed: list[Closed]
    skills: Mapping[str, float] = field(default_factory=dict)
    """Scores, where any queue demands or pays for some."""


async def sift(session: Session, worker_id: int, lanes: Sequence[L]) -> Access[L]:
    """Work whose demands are met, and work whose demands are not; exams and trainings are neither.

    Costs a statement more only where a stage demands something, or pays more for a skill.
    """
    specs = [(lane, await stages.spec(session, lane.stage_id, lane.version)) for lane in lanes]
    work = [(lane, spec) for lane, spec in specs if spec.project_kind == "work"]
    if not any(_personal(spec) for _lane, spec in work):
        return Access([lane for lane, _spec in work], [])
    who = await person(session, worker_id)
    found: Access[L] = Access([], [], who.skills)
    for lane, spec in work:
        gaps = requirements.gaps(spec.quality, lane.language, who)
        if gaps:
            found.closed.append(Closed(lane.queue_id, spec, lane.language, tuple(gaps)))
        else:
            found.open.append(lane)
    return found


def _personal(spec: StageSpec) -> bool:
    return requirements.demanding(spec.quality) or "ranges" in spec.quality.get("pay", {})


async def person(session: Session, worker_id: int) -> Person:
    """What counts of a worker where something is demanded."""
    rows = (await session.execute(PERSON, {"worker": worker_id})).all()
    return Person(
        skills={name: ppm / POINT for name, ppm, level in rows if level is None},
        languages={code: level for code, _ppm, level in rows if level is not None},
    )
