"""Dynamic overlap: when a task has the answers it was to get, are they sure enough?

Asked when an answer is recorded, in two statements, and only at stages that say a confidence. How
accurate each worker is comes from the skill that the stage measures.
"""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from bot.models.base import table
from bot.models.skills import Skill
from bot.models.work import Answer, Assignment, Task
from bot.money import MICRO
from bot.quality import confidence, estimates
from bot.store.database import Session
from bot.work import counting, dispatch, gold, overlap_terms
from bot.work.dispatch import Offer

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


async def look(session: Session, answered: Offer, *, now: datetime) -> None:
    """Ask for one more answer to the task, unless its result is sure or it has the most it may."""
    terms = overlap_terms.of(answered.spec.overlap, answered.spec.quality)
    if terms.confidence_ppm is None or answered.gold:
        return
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
        confidence=terms.confidence_ppm / MICRO,
        overlap=task.overlap,  # fewer: somebody still holds it
        most=terms.most,
    )
    if decision == "more" and len(votes) >= task.overlap:
        await session.execute(MORE, which)
        await dispatch.free_slots(session, [answered.task_id], now)


def _accuracy(score_ppm: int | None) -> float:
    return estimates.UNKNOWN if score_ppm is None else score_ppm / MICRO
