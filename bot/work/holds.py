"""Answers that wait for a person as long as a review may take: those of somebody on hold."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from bot.models.base import table
from bot.models.work import Assignment, Stage
from bot.store.database import Session
from bot.work import review_queue, review_terms, stages

LONGEST_REVIEW = timedelta(days=14)  # after it the answer is accepted, hold or not

assignments = table(Assignment)
MOVE = (
    update(assignments)
    .where(assignments.c.id == bindparam("assignment"), assignments.c.state == "answered")
    .values(accept_at=bindparam("until"))
)


async def keep(
    session: Session, worker_id: int, project_id: int | None, *, since: datetime | None = None
) -> None:
    """Let what is not decided wait as long as can be; `since`: only what was answered after it."""
    later = [
        {"assignment": row.id, "until": row.answered_at + LONGEST_REVIEW}
        for row in await _undecided(session, worker_id, project_id, since)
        if row.accept_at < row.answered_at + LONGEST_REVIEW
    ]
    if later:
        await session.execute(MOVE, later)
    await review_queue.at_unseen(session, [row["assignment"] for row in later])


async def release(
    session: Session, worker_id: int, project_id: int | None, *, now: datetime
) -> None:
    """Back to the time that the stage's terms give each answer."""
    sooner = []
    for row in await _undecided(session, worker_id, project_id, None):
        spec = await stages.spec(session, row.stage_id, row.stage_version)
        usual = row.answered_at + review_terms.of(spec.review).due
        if usual < row.accept_at:
            sooner.append({"assignment": row.id, "until": max(usual, now)})
    if sooner:
        await session.execute(MOVE, sooner)


async def _undecided(
    session: Session, worker_id: int, project_id: int | None, since: datetime | None
) -> Sequence[Any]:
    query = select(
        assignments.c.id,
        assignments.c.answered_at,
        assignments.c.accept_at,
        assignments.c.stage_id,
        assignments.c.stage_version,
    ).where(assignments.c.worker_id == worker_id, assignments.c.state == "answered")
    if project_id is not None:
        mine = select(Stage.id).where(Stage.project_id == project_id)
        query = query.where(assignments.c.stage_id.in_(mine))
    if since is not None:
        query = query.where(assignments.c.answered_at > since)
    return (await session.execute(query)).all()
