"""Overlap that grows when an answer is recorded, at stages whose terms say so.

confidence   when a task has the answers it was to get, are they sure enough? Two statements; how
             accurate each worker is comes from the skill that the stage measures
every        is this answer one of those of its worker that are asked of others too? One statement,
             which counts no further than the last step, and two more for an answer that is
"""

from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from bot.models.base import table
from bot.models.skills import Skill
from bot.models.work import Answer, Assignment, Task
from bot.money import MICRO
from bot.quality import confidence, estimates
from bot.store.database import Session
from bot.work import counting, dispatch, gold, overlap_terms
from bot.work.dispatch import Offer
from bot.work.overlap_terms import OverlapTerms

answers, assignments, skills, tasks = table(Answer), table(Assignment), table(Skill), table(Task)

# Built once, see dispatch. The row is held: of two last answers, one sees the other.
TASK = (
    select(tasks.c.overlap, tasks.c.open_slots)
    .where(tasks.c.id == bindparam("task"), tasks.c.parked.is_(None))
    .with_for_update()
)
VOTES = (
    select(answers.c.label, skills.c.score_ppm)
    .join(assignments, assignments.c.id == answers.c.assignment_id)
    .outerjoin(
        skills,
        (skills.c.worker_id == assignments.c.worker_id) & (skills.c.skill == bindparam("skill")),
    )
    .where(
        assignments.c.task_id == bindparam("task"),
        assignments.c.state.in_(counting.STATES),
        *counting.newest(),
    )
)
MORE = update(tasks).where(tasks.c.id == bindparam("task")).values(overlap=tasks.c.overlap + 1)
_GIVEN = (
    select(assignments.c.id)
    .where(
        assignments.c.worker_id == bindparam("worker"),
        assignments.c.stage_id == bindparam("stage"),
        assignments.c.answered_at.is_not(None),
        assignments.c.gold.is_(False),
    )
    .limit(bindparam("limit"))
)
GIVEN = select(func.count()).select_from(_GIVEN.subquery())
WANTED = select(tasks.c.overlap).where(tasks.c.id == bindparam("task")).with_for_update()
RAISE = update(tasks).where(tasks.c.id == bindparam("task")).values(overlap=bindparam("most"))


async def look(session: Session, answered: Offer, *, revision: int, now: datetime) -> None:
    """Ask for more answers to the task, where the terms of the stage want them."""
    terms = overlap_terms.of(answered.spec.overlap, answered.spec.quality)
    if answered.gold:
        return
    if terms.confidence_ppm is not None:
        await _until_sure(session, answered, terms, terms.confidence_ppm, now)
    elif terms.every and revision == 1:
        await _by_experience(session, answered, terms, now)


async def _by_experience(
    session: Session, answered: Offer, terms: OverlapTerms, now: datetime
) -> None:
    """The first answer of somebody may be one that others are asked for too."""
    who = {"worker": answered.worker_id, "stage": answered.spec.stage_id}
    number = await session.scalar(GIVEN, who | {"limit": terms.seasoned + 1})
    drawn_from = f"{answered.spec.stage_id}:{answered.key}:{answered.worker_id}"
    if not overlap_terms.sampled(terms, number or 0, drawn_from):
        return
    which = {"task": answered.task_id}
    missing = terms.most - (await session.scalars(WANTED, which)).one()
    if missing > 0:
        await session.execute(RAISE, which | {"most": terms.most})
        await dispatch.free_slots(session, [answered.task_id] * missing, now)


async def _until_sure(
    session: Session, answered: Offer, terms: OverlapTerms, confidence_ppm: int, now: datetime
) -> None:
    """One more answer, unless the result is sure or the task has the most it may."""
    which = {"task": answered.task_id}
    task = (await session.execute(TASK, which)).one_or_none()
    if task is None or task.open_slots:
        return
    skill = gold.measured(answered.spec, answered.language)
    rows = (await session.execute(VOTES, which | {"skill": skill})).all()
    votes = [(row.label, _accuracy(row.score_ppm)) for row in rows]
    decision = confidence.enough(
        votes,
        answered.spec.kind.labels(answered.spec.settings),
        confidence=confidence_ppm / MICRO,
        overlap=task.overlap,  # fewer: somebody still holds it
        most=terms.most,
    )
    if decision == "more" and len(votes) >= task.overlap:
        await session.execute(MORE, which)
        await dispatch.free_slots(session, [answered.task_id], now)


def _accuracy(score_ppm: int | None) -> float:
    return estimates.UNKNOWN if score_ppm is None else score_ppm / MICRO
