"""Gold for reviewers: now and then a review whose right verdict is known, in place of the next one.

It is about an answer that somebody gave to a gold task, looks like any review and is paid like one.
It changes nothing for the answer's author, and nobody tells them. A reviewer gets it only where
another review of the same queue is theirs anyway, never of a task that they have seen, and never
the same one twice: whoever puts it down does not get it back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, insert, select, update

from bot.models.base import table
from bot.models.reviews import Review
from bot.models.work import Answer, Assignment, Task
from bot.quality import calibration, gold
from bot.store.database import Session
from bot.work import counting, review_terms, settlement, stages
from bot.work.dispatch import Offer
from bot.work.stages import StageSpec

GOLD = "gold"  # purpose of such a review
RECENT = 50  # answers to choose from

reviews, assignments = table(Review), table(Assignment)
answers, tasks = table(Answer), table(Task)


async def instead(
    session: Session,
    reviewer_id: int,
    wanted: Sequence[ColumnElement[bool]],
    *,
    now: datetime,
    lease: timedelta,
) -> int | None:
    """A review in the reviewer's hands before the next of the `wanted` ones; None: not now."""
    coming = await _coming(session, wanted)
    if coming is None:
        return None
    spec = await stages.spec(session, coming.stage_id, coming.stage_version)
    looked = await _looked(session, reviewer_id)
    share_ppm = review_terms.of(spec.review).gold_ppm
    if not gold.comparable(spec.kind.combine) or not calibration.due(
        share_ppm, reviewer_id, looked
    ):
        return None
    found = await _answers(session, reviewer_id, coming.queue_id, spec)
    chosen = calibration.choose(found, reviewer_id, looked)
    return None if chosen is None else await _hand_out(session, reviewer_id, chosen, now, lease)


async def put_down(session: Session, reviewer_id: int, review_id: int) -> bool:
    """It does not come back, and goes to nobody else. False: it is not such a review in hand."""
    gone = await session.scalar(
        update(reviews)
        .where(
            reviews.c.id == review_id,
            reviews.c.reviewer_id == reviewer_id,
            reviews.c.state == "held",
            reviews.c.purpose == GOLD,
        )
        .values(state="lapsed")
        .returning(reviews.c.id)
    )
    return gone is not None


async def measure(
    session: Session, row: Row[Any], offer: Offer, verdict: str, mended: str | None
) -> None:
    """Write down whether a verdict is the known one; `mended` is the label of a correction.

    Nothing of a task that is not gold any more.
    """
    label = await session.scalar(
        select(answers.c.label).where(
            answers.c.assignment_id == row.assignment_id, answers.c.revision == row.revision
        )
    )
    known = await session.scalar(select(tasks.c.gold).where(tasks.c.id == offer.task_id))
    if known is None or label is None:
        return
    right = calibration.is_right(
        verdict,
        answer=_agrees(offer.spec, known, label),
        mended=mended is not None and _agrees(offer.spec, known, mended),
    )
    await session.execute(update(reviews).where(reviews.c.id == row.id).values(right=right))


async def _coming(session: Session, wanted: Sequence[ColumnElement[bool]]) -> Any | None:
    query = (
        select(reviews.c.stage_id, reviews.c.queue_id, assignments.c.stage_version)
        .join(assignments, assignments.c.id == reviews.c.assignment_id)
        .where(*wanted, reviews.c.purpose.in_(review_terms.DECIDING))
        .order_by(reviews.c.due_at, reviews.c.id)
        .limit(1)
    )
    return (await session.execute(query)).one_or_none()


async def _looked(session: Session, reviewer_id: int) -> int:
    """How many reviews are behind this person."""
    over = reviews.c.state.in_(("decided", "lapsed"))
    query = select(func.count()).where(reviews.c.reviewer_id == reviewer_id, over)
    return await session.scalar(query) or 0


async def _answers(
    session: Session, reviewer_id: int, queue_id: int, spec: StageSpec
) -> list[tuple[int, bool]]:
    """The newest answers to gold tasks that this person knows nothing of, and which are right."""
    other = assignments.alias()
    had = exists().where(other.c.task_id == tasks.c.id, other.c.worker_id == reviewer_id)
    seen = exists().where(
        other.c.task_id == tasks.c.id,
        reviews.c.assignment_id == other.c.id,
        reviews.c.reviewer_id == reviewer_id,
    )
    rows = await session.execute(
        select(assignments.c.id, tasks.c.gold, answers.c.label)
        .join(tasks, tasks.c.id == assignments.c.task_id)
        .join(answers, answers.c.assignment_id == assignments.c.id)
        .where(
            assignments.c.queue_id == queue_id,
            assignments.c.gold,
            assignments.c.state.in_(counting.STATES),
            tasks.c.gold.is_not(None),
            tasks.c.parked.is_(None),
            ~had,
            ~seen,
            *counting.newest(),
        )
        .order_by(assignments.c.answered_at.desc(), assignments.c.id.desc())
        .limit(RECENT)
    )
    return [(id, _agrees(spec, known, label)) for id, known, label in rows]


def _agrees(spec: StageSpec, known: str, label: str) -> bool:
    tolerance = Decimal(spec.quality.get("tolerance") or 0)
    return gold.agrees(spec.kind.combine, known, label, tolerance=tolerance)


async def _hand_out(
    session: Session, reviewer_id: int, assignment_id: int, now: datetime, lease: timedelta
) -> int:
    """In the reviewer's hands at once: it never waits for anybody else."""
    await settlement.hold(session, assignment_id)
    about = (
        await session.execute(select(assignments).where(assignments.c.id == assignment_id))
    ).one()
    round = select(func.max(reviews.c.round)).where(reviews.c.assignment_id == assignment_id)
    latest = select(func.max(answers.c.revision)).where(answers.c.assignment_id == assignment_id)
    made: int | None = await session.scalar(
        insert(reviews)
        .values(
            assignment_id=assignment_id,
            round=(await session.scalar(round) or 0) + 1,
            purpose=GOLD,
            author_id=about.worker_id,
            stage_id=about.stage_id,
            queue_id=about.queue_id,
            state="held",
            due_at=now,
            reviewer_id=reviewer_id,
            lease_until=now + lease,
            revision=await session.scalar(latest),
        )
        .returning(reviews.c.id)
    )
    assert made is not None
    return made
