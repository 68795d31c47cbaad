"""Rework: a returned answer is its author's for a while, then a reviewer's for the last time."""

from datetime import datetime

from sqlalchemy import select, update

from bot.models.base import table
from bot.models.reviews import Review
from bot.models.work import Assignment
from bot.store.database import Session
from bot.work import review_terms, sampling, stages

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
        select(assignments.c.id)
        .where(assignments.c.state == "returned", assignments.c.rework_until <= now)
        .order_by(assignments.c.rework_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = await session.execute(
        update(assignments)
        .where(assignments.c.id.in_(late), assignments.c.state == "returned")
        .values(state="answered", rework_until=None)
        .returning(assignments.c.id, assignments.c.stage_id, assignments.c.stage_version)
    )
    rows = taken.all()
    for row in rows:
        terms = review_terms.of(
            (await stages.spec(session, row.stage_id, row.stage_version)).review
        )
        await session.execute(
            update(assignments).where(assignments.c.id == row.id).values(accept_at=now + terms.due)
        )
        await sampling.look_again(session, row.id, "final", due_at=now)
    return len(rows)
