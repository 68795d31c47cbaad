"""Gold that grows: tasks whose answers are all the same may check others from now on.

They are proposed, never made gold by themselves: people can be wrong together. A task that becomes
gold keeps its overlap and its result; answers it gets as gold do not count towards that.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import aliased

from bot.errors import Invalid
from bot.i18n import N_
from bot.models.work import Answer, Assignment, Project, Queue, Task
from bot.people import roles
from bot.quality import gold
from bot.store.database import Session
from bot.work import counting, record, stages, states, terms, votes
from bot.work.stages import StageSpec

AT_LEAST = 3  # answers
MOST = 500  # proposals


class NotProposed(Invalid):
    msgid = N_("The task “{key}” is not among those that could become gold.")


class Proposal(NamedTuple):
    """A task that could become gold, and what everybody said of it."""

    task_id: int
    queue_id: int
    key: str
    language: str
    label: str
    answers: int


async def proposals(
    session: Session, project: Project, *, at_least: int = AT_LEAST, limit: int = MOST
) -> list[Proposal]:
    """Tasks with all their answers, at least so many, and all of them equal: the surest first."""
    found = []
    for spec in await stages.current(session, project.id):
        if spec.project_kind == "work" and gold.comparable(spec.kind.combine):
            rows = await session.execute(_unanimous(spec.stage_id, at_least).limit(limit))
            found += [_proposal(spec, row) for row in rows]
    return sorted(found, key=lambda one: (-one.answers, one.task_id))[:limit]


async def make_gold(
    session: Session,
    project: Project,
    keys: Collection[str],
    *,
    actor: int | None,
    at_least: int = AT_LEAST,
) -> list[Proposal]:
    """Make these proposals gold. Raises NotProposed for a task that is none (any more)."""
    await roles.require(session, actor, *record.MAY_RUN)
    await record.hold(session, project)
    states.refuse_ended(project)
    known = await proposals(session, project, at_least=at_least)
    unknown = set(keys) - {one.key for one in known}
    if unknown:
        raise NotProposed(key=min(unknown)[: terms.WRITTEN])
    chosen = [one for one in known if one.key in keys]
    for one in chosen:
        await session.execute(
            update(Task)
            .where(Task.id == one.task_id, Task.gold.is_(None))
            .values(gold=one.label)
            .execution_options(synchronize_session=False)
        )
    await _note_concepts(session, chosen)
    said = ", ".join(one.key for one in chosen)
    record.note(session, project, "project.gold", actor=actor, change=(None, said))
    await session.flush()
    return chosen


def _unanimous(stage_id: int, at_least: int) -> Any:
    in_hand = aliased(Assignment)
    held = exists().where(in_hand.task_id == Task.id, in_hand.state == "held")
    return (
        select(
            Task.id,
            Task.queue_id,
            Task.key,
            Queue.language,
            func.min(Answer.label).label("label"),
            func.count().label("answers"),
        )
        .join(Queue, Queue.id == Task.queue_id)
        .join(Assignment, Assignment.task_id == Task.id)
        .join(Answer, Answer.assignment_id == Assignment.id)
        .where(
            Task.stage_id == stage_id,
            Task.gold.is_(None),
            Task.open_slots == 0,
            Assignment.state.in_(counting.STATES),
            Assignment.worker_id.not_in(votes.withdrawn()),
            *counting.newest(),
            ~held,
        )
        .group_by(Task.id, Task.queue_id, Task.key, Queue.language)
        .having(func.min(Answer.label) == func.max(Answer.label), func.count() >= at_least)
        .order_by(func.count().desc(), Task.id)
    )


def _proposal(spec: StageSpec, row: Any) -> Proposal:
    """With the label in its canonical form, as a file of gold would have it."""
    kind, settings = spec.kind, spec.settings
    label = kind.label(settings, kind.value(settings, row.label))
    return Proposal(row.id, row.queue_id, row.key, row.language, label, row.answers)


async def _note_concepts(session: Session, chosen: Sequence[Proposal]) -> None:
    """Gold without a concept is one of the kinds that dispatch goes through."""
    for queue_id in {one.queue_id for one in chosen}:
        queue = await session.get_one(Queue, queue_id)
        queue.concepts = sorted({"", *queue.concepts})
