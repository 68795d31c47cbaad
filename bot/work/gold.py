"""Gold: which of it comes next for whom, and whether it was answered right."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, select

from bot.models.base import table
from bot.models.work import Assignment, Task
from bot.quality import gold, requirements
from bot.store.database import Session
from bot.work.queues import HAD, TAKEN
from bot.work.stages import StageSpec

assignments, tasks = table(Assignment), table(Task)

# Built once: about every tenth answer and claim runs them.
ANSWER = (
    select(tasks.c.gold, tasks.c.hint)
    .join(assignments, assignments.c.task_id == tasks.c.id)
    .where(assignments.c.id == bindparam("assignment"))
)
HAD_OF = (
    select(tasks.c.concept, func.count())
    .join(assignments, assignments.c.task_id == tasks.c.id)
    .where(
        assignments.c.worker_id == bindparam("worker"),
        assignments.c.queue_id == bindparam("queue"),
        assignments.c.gold,
    )
    .group_by(tasks.c.concept)
)
_OF_QUEUE = (tasks.c.queue_id == bindparam("queue"), tasks.c.gold.is_not(None))
_OF_CONCEPT = (*_OF_QUEUE, tasks.c.concept == bindparam("concept"))
_UNTAGGED = (*_OF_QUEUE, tasks.c.concept.is_(None))
_FRESH = select(*TAKEN).where(~HAD, tasks.c.parked.is_(None)).limit(1)
EASIEST = _FRESH.where(*_OF_QUEUE).order_by(func.coalesce(tasks.c.difficulty, 0), tasks.c.position)


@dataclass(frozen=True, slots=True)
class _Draw:
    """A gold task of some kind from a random place on, in statements built once."""

    first: Any
    last: Any
    start: Any
    later: Any


def _draw(of: Sequence[Any]) -> _Draw:
    place = select(tasks.c.position).where(*of).limit(1)
    start = _FRESH.where(*of).order_by(tasks.c.position)
    return _Draw(
        first=place.order_by(tasks.c.position),
        last=place.order_by(tasks.c.position.desc()),
        start=start,
        later=start.where(tasks.c.position >= bindparam("place")),
    )


ANY, OF_CONCEPT, UNTAGGED = _draw(_OF_QUEUE), _draw(_OF_CONCEPT), _draw(_UNTAGGED)


@dataclass(frozen=True, slots=True)
class Marked:
    """A gold task's answer, compared with what is right."""

    right: bool
    gold: str
    hint: str | None


async def mark(session: Session, assignment_id: int, spec: StageSpec, label: str) -> Marked | None:
    """Compare an answer with the gold; None where answers of this type cannot be compared."""
    kind = spec.kind
    if not gold.comparable(kind.combine):
        return None
    found = (await session.execute(ANSWER, {"assignment": assignment_id})).one()
    tolerance = Decimal(spec.quality.get("tolerance") or 0)
    right = gold.agrees(kind.combine, found.gold, label, tolerance=tolerance)
    return Marked(right, found.gold, found.hint)


def measured(spec: StageSpec, language: str) -> str:
    """The skill that the stage's gold measures in one language."""
    return requirements.skill_of(spec.quality, spec.slug, language)


async def pick(
    session: Session, worker_id: int, queue_id: int, concepts: Sequence[str]
) -> Any | None:
    """A gold task this worker never had, of the concept they have had least of.

    From a random place on, so that the order is another one for each worker.
    """
    where = {"worker": worker_id, "queue": queue_id}
    if len(concepts) < 2:
        return await _drawn(session, ANY, where)
    for concept in await _least_had(session, where, concepts):
        draw = OF_CONCEPT if concept else UNTAGGED
        found = await _drawn(session, draw, where | {"concept": concept})
        if found is not None:
            return found
    return None


async def easiest(session: Session, worker_id: int, queue_id: int) -> Any | None:
    """The easiest gold task this worker never had."""
    where = {"worker": worker_id, "queue": queue_id}
    return (await session.execute(EASIEST, where)).one_or_none()


async def left(session: Session, worker_id: int, queue_id: int) -> int:
    """How many gold tasks of a queue a worker never had."""
    fresh = (
        select(func.count()).select_from(tasks).where(*_OF_QUEUE, ~HAD, tasks.c.parked.is_(None))
    )
    return await session.scalar(fresh, {"worker": worker_id, "queue": queue_id}) or 0


async def _least_had(session: Session, where: dict[str, int], concepts: Sequence[str]) -> list[str]:
    """Concepts in the order in which they are to be tried; "" is the gold that is not tagged."""
    had: dict[str | None, int] = dict((await session.execute(HAD_OF, where)).all())
    known = random.sample(concepts, len(concepts))
    return sorted(known, key=lambda concept: had.get(concept or None, 0))


async def _drawn(session: Session, draw: _Draw, where: dict[str, Any]) -> Any | None:
    first, last = await session.scalar(draw.first, where), await session.scalar(draw.last, where)
    if first is None or last is None:
        return None
    place = {"place": random.randint(first, last)}  # noqa: S311
    later = (await session.execute(draw.later, where | place)).one_or_none()
    return later or (await session.execute(draw.start, where)).one_or_none()
