"""A worker's last answers in one stage, as rules see them. Every query is bounded."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select

from bot.models.base import table
from bot.models.reviews import Review
from bot.models.work import Answer, Assignment, Queue, Task
from bot.quality import rules
from bot.quality.rules import Given, Measured, Rule
from bot.store.database import Session
from bot.task_types.kind import Unfit
from bot.work import counting
from bot.work.stages import StageSpec

REFUSED = {"accepted": False, "not_accepted": True}

assignments, answers, tasks, queues = table(Assignment), table(Answer), table(Task), table(Queue)
reviews = table(Review)


async def last(
    session: Session, worker_id: int, spec: StageSpec, *, limit: int = rules.LOOKED_AT
) -> list[Given]:
    """Their answers of the stage among their last `limit` answers anywhere, the oldest first."""
    rows = (await session.execute(_rows(worker_id, spec.stage_id, limit))).all()
    full = {row.task_id: row.overlap for row in rows if row.gold is None and not row.open_slots}
    settled = await _settled(session, full)
    return [_given(spec, row, settled) for row in reversed(rows)]


async def day(
    session: Session, worker_id: int, spec: StageSpec, rule: Rule, since: datetime
) -> Measured:
    """What they have answered or earned in the stage since a moment."""
    worth = rule.collector == "income_per_day"
    what: Any = func.sum(assignments.c.price_micro) if worth else func.count()
    found = await session.scalar(
        select(func.coalesce(what, 0)).where(
            assignments.c.worker_id == worker_id,
            assignments.c.answered_at >= since,
            assignments.c.stage_id == spec.stage_id,
        )
    )
    return Measured(int(found or 0))


def _rows(worker_id: int, stage_id: int, limit: int) -> Select[Any]:
    recent = (
        select(assignments)
        .where(assignments.c.worker_id == worker_id, assignments.c.answered_at.is_not(None))
        .order_by(assignments.c.answered_at.desc(), assignments.c.id.desc())
        .limit(limit)
        .subquery("recent")
    )
    return (
        select(
            recent.c.id,
            recent.c.task_id,
            recent.c.answered_at,
            recent.c.seconds,
            recent.c.state,
            recent.c.price_micro,
            tasks.c.gold,
            tasks.c.overlap,
            tasks.c.open_slots,
            queues.c.median_seconds,
            answers.c.label,
            _reviewed(recent.c.id).label("reviewed"),
        )
        .join(tasks, tasks.c.id == recent.c.task_id)
        .join(queues, queues.c.id == recent.c.queue_id)
        .join(answers, answers.c.assignment_id == recent.c.id)
        .where(recent.c.stage_id == stage_id, *counting.newest(own=True))
        .order_by(recent.c.answered_at.desc(), recent.c.id.desc())
    )


def _reviewed(assignment_id: Any) -> Any:
    """Whether a person decided: what the clock accepted says nothing about the answer."""
    mine = (reviews.c.assignment_id == assignment_id, reviews.c.state == "decided")
    return exists().where(*mine, reviews.c.purpose != "gold").correlate_except(reviews)


async def _settled(session: Session, full: Mapping[int, int]) -> dict[int, str]:
    """The label of the majority of tasks, by the overlap of those with no open slot."""
    votes: dict[int, dict[str, int]] = {}
    for task_id, label, count in await session.execute(_votes(full)) if full else ():
        votes.setdefault(task_id, {})[label] = count
    found = {id: rules.majority(labels, overlap=full[id]) for id, labels in votes.items()}
    return {id: label for id, label in found.items() if label is not None}


def _votes(task_ids: Collection[int]) -> Select[Any]:
    return (
        select(assignments.c.task_id, answers.c.label, func.count())
        .select_from(assignments)
        .join(answers, answers.c.assignment_id == assignments.c.id)
        .where(
            assignments.c.task_id.in_(task_ids),
            assignments.c.state.in_(counting.STATES),
            *counting.newest(own=True),
        )
        .group_by(assignments.c.task_id, answers.c.label)
    )


def _given(spec: StageSpec, row: Any, settled: Mapping[int, str]) -> Given:
    majority = settled.get(row.task_id)
    return Given(
        assignment_id=row.id,
        task_id=row.task_id,
        at=row.answered_at,
        right=None if row.gold is None else _right(spec, row.label, row.gold),
        label=row.label,
        seconds=row.seconds,
        median=row.median_seconds,
        agrees=None if majority is None else row.label == majority,
        refused=REFUSED.get(row.state) if row.reviewed else None,
        price_micro=row.price_micro,
        gold=row.gold is not None,
    )


def _right(spec: StageSpec, label: str, gold: str) -> bool:
    """By value, so that 0.5 is 0.50; a gold label that no longer fits is compared as written."""
    try:
        return bool(spec.kind.value(spec.settings, label) == spec.kind.value(spec.settings, gold))
    except Unfit:
        return label == gold
