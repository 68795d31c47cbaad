"""Rework: a returned answer is its author's for a while, then a reviewer's for the last time."""

from datetime import datetime

from sqlalchemy import select, update

from bot.models.base import table
from bot.models.reviews import Review
from bot.models.work import Assignment
from bot.store.database import Session
from bot.work import review_queue, review_terms, stages

BATCH = 100

assignments, reviews = table(Assignment), table(Review)


async def note(session: Session, assignment_id: int) -> str:
    """What the reviewer wrote who gave the answer back last."""
    found = await session.scalar(
        select(reviews.c.note)
        .where(reviews.c.assignment_id == assignment_id, reviews.c.verdict == "returned")
        .order_by(reviews.c.round.desc())
        .limit(1)
    )
    return found or ""


async def take_back(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """What was not given again in time goes to a reviewer, who decides about it as it is."""
    late = (
        select(assignments.c.id, assignments.c.stage_id, assignments.c.stage_version)
        .where(assignments.c.state == "returned", assignments.c.rework_until <= now)
        .order_by(assignments.c.rework_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.execute(late)).all()
    for row in rows:
        spec = await stages.spec(session, row.stage_id, row.stage_version)
        await session.execute(
            update(assignments)
            .where(assignments.c.id == row.id)
            .values(
                state="answered",
                rework_until=None,
                accept_at=now + review_terms.of(spec.review).due,
            )
        )
        await review_queue.again(session, row.id, "final", due_at=now)
    return len(rows)
