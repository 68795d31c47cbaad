"""Which answers get a second look: decided when they are given, and at most one row written.

All of a newcomer's first answers at a stage, then the stage's share, and more where a worker's
skill is low. The decision is pure; chance is passed in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, func, insert, select

from bot.models.base import table
from bot.models.reviews import Review
from bot.models.work import Assignment
from bot.money import MICRO
from bot.people import skills
from bot.people.skills import POINT
from bot.store.database import Session
from bot.work import gold, review_terms
from bot.work.dispatch import Offer
from bot.work.review_terms import ReviewTerms

TRUSTED, DOUBTED = 800_000, 500_000  # skill: above the stage's share is enough; below all are seen
REMEMBERED = timedelta(minutes=5)
CACHED = 10_000  # pairs of worker and stage

assignments, reviews = table(Assignment), table(Review)

# Built once, see dispatch.
ADD = insert(reviews)
_FIRST = (
    select(assignments.c.id)
    .where(
        assignments.c.worker_id == bindparam("worker"),
        assignments.c.stage_id == bindparam("stage"),
        assignments.c.answered_at.is_not(None),
        assignments.c.id != bindparam("assignment"),
    )
    .limit(bindparam("limit"))
)
EARLIER = select(func.count()).select_from(_FIRST.subquery())


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a worker at a stage."""

    answers: int
    """Given before; counted only as far as newcomers go."""
    right_ppm: int | None
    """The skill that the stage measures; None: nothing is known of it yet."""


_seasoned: WeakKeyDictionary[Engine, dict[tuple[int, int], tuple[datetime, Standing]]] = (
    WeakKeyDictionary()
)


async def schedule(session: Session, answered: Offer, *, now: datetime, draw: float) -> None:
    """Have the answer just given reviewed, if it is chosen; `draw` is from 0 up to 1.

    Gold is compared with what is known to be right, so nobody need look at it.
    """
    terms = review_terms.of(answered.spec.review)
    if answered.gold or not (terms.share_ppm or terms.newcomers):
        return
    standing = await _standing(session, answered, terms, now)
    if chosen(terms, standing, draw):
        await session.execute(ADD, first_look(answered, due_at=now + terms.delay))


def chosen(terms: ReviewTerms, standing: Standing, draw: float) -> bool:
    """Whether an answer is reviewed."""
    return draw * MICRO < share_ppm(terms, standing)


def share_ppm(terms: ReviewTerms, standing: Standing) -> int:
    """The share of a worker's answers that is reviewed.

    From a skill of 80 down to 50 it grows in a straight line from the stage's share to all.
    """
    if standing.answers < terms.newcomers:
        return MICRO
    if standing.right_ppm is None or not terms.share_ppm:
        return terms.share_ppm
    doubt = min(max(TRUSTED - standing.right_ppm, 0), TRUSTED - DOUBTED)
    return terms.share_ppm + (MICRO - terms.share_ppm) * doubt // (TRUSTED - DOUBTED)


def first_look(answered: Offer, *, due_at: datetime) -> dict[str, object]:
    """The row of an answer's first review."""
    return {
        "assignment_id": answered.assignment_id,
        "round": 1,
        "purpose": "review",
        "author_id": answered.worker_id,
        "stage_id": answered.spec.stage_id,
        "queue_id": answered.queue_id,
        "state": "waiting",
        "due_at": due_at,
    }


async def _standing(
    session: Session, answered: Offer, terms: ReviewTerms, now: datetime
) -> Standing:
    """Of a newcomer always from the rows; of others remembered for a few minutes."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    known = _seasoned.setdefault(engine, {})
    key = (answered.worker_id, answered.spec.stage_id)
    until, standing = known.get(key, (now, None))
    if standing is not None and until > now and standing.answers >= terms.newcomers:
        return standing
    standing = await _look(session, answered, terms)
    if standing.answers >= terms.newcomers:
        while len(known) >= CACHED:
            del known[next(iter(known))]
        known[key] = (now + REMEMBERED, standing)
    return standing


async def _look(session: Session, answered: Offer, terms: ReviewTerms) -> Standing:
    where = {"worker": answered.worker_id, "stage": answered.spec.stage_id}
    which = where | {"assignment": answered.assignment_id, "limit": terms.newcomers}
    earlier = await session.scalar(EARLIER, which) if terms.newcomers else 0
    if (earlier or 0) < terms.newcomers:
        return Standing(earlier or 0, None)
    known = await skills.of(session, answered.worker_id)
    level = known.get(gold.measured(answered.spec, answered.language))
    return Standing(earlier or 0, None if level is None else round(level.score * POINT))
