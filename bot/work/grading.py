"""Answers to an exam that people grade: who may, and what follows from a grade or from its lack.

Whoever grades has proven the language or is native in it, and did not give the answer. Two grade
each answer, see `bot.quality.grading`. With the last grade the exam is judged. When the time is
over, what grades there are count; where an answer has none, the attempt is void.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import select, update

from bot.models.base import table
from bot.models.reviews import Review
from bot.models.skills import Sitting
from bot.models.work import Assignment, Queue
from bot.quality import grading, requirements
from bot.store.database import Session
from bot.work import access, review_queue, settlement, sittings, stages
from bot.work.stages import StageSpec

BATCH = 20  # sittings in one transaction
GRADE: Literal["grade"] = "grade"  # purpose of such a review
OPEN = ("waiting", "held")

reviews, assignments, sat = table(Review), table(Assignment), table(Sitting)


class Outcome(NamedTuple):
    """An exam that has just been judged, or could not be: its sitting, and what it was."""

    sitting: Any
    spec: StageSpec
    language: str


async def queues(session: Session, reviewer_id: int) -> list[int]:
    """Queues whose exams this person may grade."""
    waits = select(reviews.c.queue_id).where(reviews.c.purpose == GRADE, reviews.c.state.in_(OPEN))
    found = (
        await session.execute(select(Queue.id, Queue.language).where(Queue.id.in_(waits)))
    ).all()
    if not found:
        return []
    who = await access.person(session, reviewer_id)
    return [id for id, language in found if requirements.speaks(language, who)]


async def graded(session: Session, assignment_id: int, *, now: datetime) -> Outcome | None:
    """An answer has one grade more. The exam's outcome, if that was the last that lacked."""
    of = select(assignments.c.sitting_id).where(assignments.c.id == assignment_id)
    sitting = await _hold(session, (await session.scalars(of)).one())
    found = await _grades(session, sitting.id)
    mine = found[assignment_id]
    if len(mine) == grading.GRADERS and not grading.complete(mine):
        await review_queue.again(session, assignment_id, GRADE, due_at=now)
    if sitting.state != sittings.GRADING or not all(map(grading.complete, found.values())):
        return None
    return await _judge(session, sitting, list(found.values()), now)


async def settle_due(session: Session, *, now: datetime, limit: int = BATCH) -> list[Outcome]:
    """Judge exams whose time for grading is over by the grades that they have."""
    due = await session.scalars(
        select(sat.c.id)
        .where(sat.c.state == sittings.GRADING, sat.c.grade_by <= now)
        .order_by(sat.c.grade_by)
        .limit(limit)
    )
    found = [await _settle(session, sitting_id, now) for sitting_id in due.all()]
    return [one for one in found if one is not None]


async def _settle(session: Session, sitting_id: int, now: datetime) -> Outcome | None:
    """None when the last grade came in the last moment."""
    mine = select(assignments.c.id).where(assignments.c.sitting_id == sitting_id)
    for assignment_id in (await session.scalars(mine.order_by(assignments.c.id))).all():
        await settlement.hold(session, assignment_id)
    sitting = await _hold(session, sitting_id)
    if sitting.state != sittings.GRADING:
        return None
    found = await _grades(session, sitting_id)
    await session.execute(
        update(reviews)
        .where(
            reviews.c.assignment_id.in_(mine),
            reviews.c.purpose == GRADE,
            reviews.c.state.in_(OPEN),
        )
        .values(state="lapsed")
    )
    return await _judge(session, sitting, list(found.values()), now)


async def _judge(
    session: Session, sitting: Any, grades: Sequence[Sequence[int]], now: datetime
) -> Outcome:
    spec = await stages.spec(session, sitting.stage_id, sitting.stage_version)
    of_queue = select(Queue.language).where(Queue.id == sitting.queue_id)
    language = (await session.scalars(of_queue)).one()
    share_ppm = grading.total(grades, sitting.tasks)
    if share_ppm is None:
        over = await sittings.annul(session, sitting, now=now)
    else:
        over = await sittings.judge(session, sitting, spec, language, share_ppm=share_ppm, now=now)
    return Outcome(over, spec, language)


async def _hold(session: Session, sitting_id: int) -> Any:
    """Two who give the last two grades at once wait for each other: one of them is the last."""
    query = select(sat).where(sat.c.id == sitting_id)
    return (await session.execute(query.with_for_update())).one()


async def _grades(session: Session, sitting_id: int) -> dict[int, list[int]]:
    """The grades of each answer of a sitting, in the order in which they were asked for."""
    rows = await session.execute(
        select(reviews.c.assignment_id, reviews.c.grade)
        .join(assignments, assignments.c.id == reviews.c.assignment_id)
        .where(assignments.c.sitting_id == sitting_id, reviews.c.purpose == GRADE)
        .order_by(reviews.c.assignment_id, reviews.c.round)
    )
    found: dict[int, list[int]] = {}
    for assignment_id, grade in rows:
        given = found.setdefault(assignment_id, [])
        given += [] if grade is None else [grade]
    return found
