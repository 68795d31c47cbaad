"""Rows that ask for a person's look at an answer: the only place that adds them after the answer.

The first look at an answer just given is `sampling`'s, on the way of the answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, func, insert, literal, select

from bot.models.base import table
from bot.models.reviews import Review
from bot.models.work import Assignment
from bot.store.database import Session

NEXT = (
    *("assignment_id", "round", "purpose", "of_id"),
    *("author_id", "stage_id", "queue_id", "state", "due_at"),
)
Purpose = Literal["review", "final", "audit", "appeal", "grade"]

assignments, reviews = table(Assignment), table(Review)


async def again(
    session: Session,
    assignment_id: int,
    purpose: Purpose,
    *,
    due_at: datetime,
    of_id: int | None = None,
) -> int:
    """Another look at an answer, in the next round; its id. The caller holds the assignment."""
    row = _rows(purpose, literal(due_at, reviews.c.due_at.type), of_id)
    row = row.where(assignments.c.id == assignment_id)
    statement = insert(reviews).from_select(NEXT, row).returning(reviews.c.id)
    made: int | None = await session.scalar(statement)
    assert made is not None
    return made


async def at_unseen(session: Session, assignment_ids: Sequence[int]) -> None:
    """A first look at each of them, gold aside, that no reviewer was to look at anyway."""
    unseen = ~exists().where(reviews.c.assignment_id == assignments.c.id).correlate(assignments)
    rows = _rows("review", assignments.c.answered_at).where(
        assignments.c.id.in_(assignment_ids), assignments.c.gold.is_(False), unseen
    )
    await session.execute(insert(reviews).from_select(NEXT, rows))


def _rows(purpose: Purpose, due_at: ColumnElement[Any], of_id: int | None = None) -> Select[Any]:
    before = (
        select(func.coalesce(func.max(reviews.c.round), 0))
        .where(reviews.c.assignment_id == assignments.c.id)
        .correlate(assignments)
        .scalar_subquery()
    )
    return select(
        assignments.c.id,
        before + 1,
        literal(purpose),
        literal(of_id, reviews.c.of_id.type),
        assignments.c.worker_id,
        assignments.c.stage_id,
        assignments.c.queue_id,
        literal("waiting"),
        due_at,
    )
