"""The queue of reviews: who looks at which answer, for how long, and what they see of it.

Oldest due first, to people with a role who read the language and meet the stage's demands. Nobody
sees an answer of their own, or one that they have decided about before. One review at a time is in
a reviewer's hands, under a lease; whoever takes too long may still decide until somebody else has
taken it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, update

from bot.models.base import table
from bot.models.chat import Chat
from bot.models.people import Role, Worker, WorkerLanguage
from bot.models.reviews import REVIEW_LEASE, Appeal, Review
from bot.models.skills import Sitting
from bot.models.work import Answer, Assignment, Queue, Stage, Task
from bot.pay import tiers
from bot.people import roles
from bot.quality import grading as grades
from bot.store.database import Session
from bot.work import access, calibration, counting, dispatch, grading, review_terms
from bot.work.calibration import GOLD
from bot.work.dispatch import Offer
from bot.work.grading import GRADE
from bot.work.review_terms import DECIDING, ReviewTerms

MAY_REVIEW = ("reviewer", "admin", "owner")
LEASE = REVIEW_LEASE
CALLS = 50  # reviewers looked for at a time
CALL_AGAIN = timedelta(minutes=1)
OTHERS = 20  # answers of others that a reviewer sees
OPEN = ("waiting", "held")
FIRST = (*DECIDING, GOLD)  # purposes that look alike to a reviewer

reviews, appeals, answers = table(Review), table(Appeal), table(Answer)
assignments, tasks, queues, stages = table(Assignment), table(Task), table(Queue), table(Stage)
sat = table(Sitting)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a worker says against a verdict, and what that verdict said. Not who decided it."""

    appeal_id: int
    text: str
    photo: str | None
    decide_by: datetime
    reason: str | None
    note: str
    expected: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An answer in a reviewer's hands, with all that its card shows. Who gave it is not in it."""

    review_id: int
    purpose: str
    revision: int
    offer: Offer
    value: Any
    others: tuple[tuple[Any, int], ...]
    """What others answered, and how many of them."""
    gold: str | None
    pay_micro: int
    currency: str
    decide_by: datetime | None
    """When the clock decides instead."""
    returnable: bool
    grades: tuple[int, ...]
    complaint: Complaint | None


class _Lane(NamedTuple):
    """A queue, as demands are looked up."""

    queue_id: int
    stage_id: int
    version: int
    language: str


@dataclass(frozen=True, slots=True)
class Tally:
    """A reviewer's verdicts, and what became of those that somebody looked at again."""

    decided: int
    seen_again: int
    overturned: int
    known: int
    """Those whose right verdict is known."""
    right: int


async def take(
    session: Session, reviewer: Worker, *, now: datetime, project_id: int | None = None
) -> Case | None:
    """The review in the reviewer's hands, or else the one that is due longest. Renews the lease."""
    await roles.require(session, reviewer.id, *MAY_REVIEW)
    in_hand = await _renewed(session, reviewer.id, now)
    if in_hand is not None:
        return await case(session, in_hand)
    wanted = await open_to(session, reviewer.id, now)
    if project_id is not None:
        of_project = select(stages.c.id).where(stages.c.project_id == project_id)
        wanted.append(reviews.c.stage_id.in_(of_project))
    gold = await calibration.instead(session, reviewer.id, wanted, now=now, lease=LEASE)
    if gold is not None:
        await _freeze_pay(session, gold)
        return await case(session, gold)
    return await _claim(session, reviewer.id, wanted, now)


async def take_one(
    session: Session, reviewer: Worker, review_id: int, *, now: datetime
) -> Case | None:
    """A certain review, in place of the one in hand; None when it is not for this reviewer."""
    await roles.require(session, reviewer.id, *MAY_REVIEW)
    in_hand = await _renewed(session, reviewer.id, now)
    if in_hand == review_id:
        return await case(session, in_hand)
    if in_hand is not None:
        await give_back(session, reviewer, in_hand, now=now)
    wanted = await open_to(session, reviewer.id, now)
    return await _claim(session, reviewer.id, [*wanted, reviews.c.id == review_id], now)


async def give_back(session: Session, reviewer: Worker, review_id: int, *, now: datetime) -> bool:
    """Let somebody else decide: it goes to the end of the line. False when it was not in hand."""
    if await calibration.put_down(session, reviewer.id, review_id):
        return True
    done = await session.scalar(
        update(reviews)
        .where(
            reviews.c.id == review_id,
            reviews.c.state == "held",
            reviews.c.reviewer_id == reviewer.id,
        )
        .values(state="waiting", reviewer_id=None, lease_until=None, due_at=now)
        .returning(reviews.c.id)
    )
    return done is not None


async def waiting(
    session: Session, reviewer_id: int, *, now: datetime, project_id: int | None = None
) -> list[int]:
    """Ids of first reviews that this reviewer could decide, oldest due first."""
    wanted = await open_to(session, reviewer_id, now)
    query = select(reviews.c.id).where(*wanted, reviews.c.purpose.in_(DECIDING))
    if project_id is not None:
        of_project = select(stages.c.id).where(stages.c.project_id == project_id)
        query = query.where(reviews.c.stage_id.in_(of_project))
    return list(await session.scalars(query.order_by(reviews.c.due_at, reviews.c.id)))


async def callers(
    session: Session, *, now: datetime, limit: int = CALLS
) -> Sequence[tuple[Chat, Worker]]:
    """Reviewers who were told that nothing waits, to look for reviews for again."""
    may = select(Role.worker_id).where(Role.role.in_(MAY_REVIEW))
    found = await session.execute(
        select(Chat, Worker)
        .join(Worker, Worker.id == Chat.worker_id)
        .where(Chat.call_at <= now, Chat.reachable, Worker.id.in_(may))
        .order_by(Chat.call_at)
        .limit(limit)
        .with_for_update(of=Chat, skip_locked=True)
    )
    return [(chat, worker) for chat, worker in found]


async def elsewhere(session: Session, *, now: datetime) -> int:
    """How many reviews are due in all, whoever may decide them."""
    query = select(func.count()).where(
        _free(now), reviews.c.due_at <= now, reviews.c.purpose != GOLD
    )
    return await session.scalar(query) or 0


async def anything(session: Session, reviewer_id: int, *, now: datetime) -> bool:
    """Whether `take` would find something for this reviewer, without taking it."""
    wanted = await open_to(session, reviewer_id, now)
    return await session.scalar(select(reviews.c.id).where(*wanted).limit(1)) is not None


async def tally(session: Session, reviewer_id: int, *, known_until: datetime) -> Tally:
    """How often a reviewer's verdicts stood, and were right where that is known.

    Of the latter those up to a moment: who could read at once that one was known would learn which.
    """
    known = reviews.c.decided_at <= known_until
    found = await session.execute(
        select(
            func.count(),
            func.count(reviews.c.overturned),
            func.count().filter(reviews.c.overturned.is_(True)),
            func.count(reviews.c.right).filter(known),
            func.count().filter(reviews.c.right.is_(True), known),
        ).where(reviews.c.reviewer_id == reviewer_id, reviews.c.state == "decided")
    )
    return Tally(*found.one())


async def case(session: Session, review_id: int) -> Case:
    """What the reviewer sees of it."""
    row = (await session.execute(select(reviews).where(reviews.c.id == review_id))).one()
    offer = await dispatch.offer_of(session, row.assignment_id)
    assert offer is not None
    terms = review_terms.of(offer.spec.review)
    about = (await session.execute(_about(row.assignment_id))).one()
    first = row.purpose in FIRST
    until = {GOLD: row.due_at + terms.due, GRADE: about.grade_by}
    return Case(
        review_id=row.id,
        purpose=row.purpose,
        revision=row.revision,
        offer=offer,
        value=await _value(session, row.assignment_id, row.revision),
        others=await _others(session, offer, row.purpose),
        gold=None if row.purpose == GOLD else about.gold,
        pay_micro=row.pay_micro or 0,
        currency=row.currency or offer.currency,
        decide_by=until.get(row.purpose, about.accept_at if first else None),
        returnable=row.purpose in ("review", GOLD) and about.returns < terms.returns,
        grades=offered(row.purpose, terms),
        complaint=await _complaint(session, row) if row.purpose == "appeal" else None,
    )


def offered(purpose: str, terms: ReviewTerms) -> tuple[int, ...]:
    """The grades that such a review may give; an exam's are of the answer, not of its price."""
    if purpose == GRADE:
        return terms.grades or grades.GRADES
    return tuple(share for share in terms.grades if share) if purpose in FIRST else ()


async def open_to(session: Session, reviewer_id: int, now: datetime) -> list[ColumnElement[bool]]:
    """Reviews that this person may take now."""
    other = reviews.alias()
    before = exists().where(
        other.c.assignment_id == reviews.c.assignment_id,
        other.c.reviewer_id == reviewer_id,
        other.c.id != reviews.c.id,
    )
    waits = exists().where(reviews.c.queue_id == queues.c.id, reviews.c.state.in_(OPEN))
    of_work = reviews.c.queue_id.in_(await qualified(session, reviewer_id, waits))
    of_exams = reviews.c.queue_id.in_(await grading.queues(session, reviewer_id))
    return [
        _free(now),
        reviews.c.due_at <= now,
        reviews.c.author_id != reviewer_id,
        ~before,
        or_(
            and_(reviews.c.purpose.not_in((GOLD, GRADE)), of_work),
            and_(reviews.c.purpose == GRADE, of_exams),
        ),
    ]


async def qualified(session: Session, reviewer_id: int, among: ColumnElement[bool]) -> list[int]:
    """Queues `among` these in the reviewer's languages whose demands they meet themselves."""
    languages = table(WorkerLanguage)
    reads = select(languages.c.language).where(languages.c.worker_id == reviewer_id)
    rows = await session.execute(
        select(queues.c.id, queues.c.stage_id, stages.c.version, queues.c.language)
        .join(stages, stages.c.id == queues.c.stage_id)
        .where(queues.c.language.in_(reads), among)
    )
    found = await access.sift(session, reviewer_id, [_Lane(*row) for row in rows])
    return [lane.queue_id for lane in found.open]


def _free(now: datetime) -> ColumnElement[bool]:
    """Nobody has it, or somebody has had it for too long."""
    return or_(
        reviews.c.state == "waiting",
        and_(reviews.c.state == "held", reviews.c.lease_until < now),
    )


async def _renewed(session: Session, reviewer_id: int, now: datetime) -> int | None:
    found: int | None = await session.scalar(
        update(reviews)
        .where(reviews.c.reviewer_id == reviewer_id, reviews.c.state == "held")
        .values(lease_until=now + LEASE, revision=_newest())
        .returning(reviews.c.id)
    )
    return found


def _newest() -> Any:
    """The revision to look at: the newest, and for an audit the one that was decided about."""
    first = reviews.alias()
    decided = select(first.c.revision).where(first.c.id == reviews.c.of_id).scalar_subquery()
    latest = (
        select(func.max(answers.c.revision))
        .where(answers.c.assignment_id == reviews.c.assignment_id)
        .correlate(reviews)
        .scalar_subquery()
    )
    return func.coalesce(decided.correlate(reviews), latest)


async def _claim(
    session: Session, reviewer_id: int, wanted: Sequence[ColumnElement[bool]], now: datetime
) -> Case | None:
    probe = (
        select(reviews.c.id)
        .where(*wanted)
        .order_by(reviews.c.due_at, reviews.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=reviews)
        .correlate(None)
        .scalar_subquery()
    )
    taken: int | None = await session.scalar(
        update(reviews)
        .where(reviews.c.id == probe, _free(now))
        .values(
            state="held",
            reviewer_id=reviewer_id,
            lease_until=now + LEASE,
            revision=_newest(),
        )
        .returning(reviews.c.id)
    )
    if taken is None:
        return None
    await _freeze_pay(session, taken)
    return await case(session, taken)


async def _freeze_pay(session: Session, review_id: int) -> None:
    of_assignment = select(reviews.c.assignment_id).where(reviews.c.id == review_id)
    offer = await dispatch.offer_of(session, (await session.scalars(of_assignment)).one())
    assert offer is not None
    tier = await tiers.nearest(session, offer.spec.tier, offer.currency)
    await session.execute(
        update(reviews)
        .where(reviews.c.id == review_id)
        .values(pay_micro=tier.review_micro, currency=tier.currency)
    )


async def _value(session: Session, assignment_id: int, revision: int) -> Any:
    return await session.scalar(
        select(answers.c.value).where(
            answers.c.assignment_id == assignment_id, answers.c.revision == revision
        )
    )


def _about(assignment_id: int) -> Select[Any]:
    return (
        select(
            assignments.c.accept_at,
            assignments.c.returns,
            tasks.c.gold,
            sat.c.grade_by,
        )
        .join(tasks, tasks.c.id == assignments.c.task_id)
        .outerjoin(sat, sat.c.id == assignments.c.sitting_id)
        .where(assignments.c.id == assignment_id)
    )


async def _others(session: Session, offer: Offer, purpose: str) -> tuple[tuple[Any, int], ...]:
    """What others answered to the same task, the most frequent first.

    Gold shows as many as the tasks around it have; an exam's answer is graded for itself.
    """
    shown = {GOLD: min(OTHERS, offer.spec.overlap - 1), GRADE: 0}.get(purpose, OTHERS)
    rows = await session.execute(
        select(answers.c.label, answers.c.value)
        .join(assignments, assignments.c.id == answers.c.assignment_id)
        .where(
            assignments.c.task_id == offer.task_id,
            assignments.c.id != offer.assignment_id,
            assignments.c.state.in_(counting.STATES),
            *counting.newest(),
        )
        .order_by(answers.c.id)
        .limit(shown)
    )
    values: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for label, value in rows:
        values.setdefault(label, value)
        counts[label] += 1
    return tuple((values[label], count) for label, count in counts.most_common())


async def _complaint(session: Session, row: Row[Any]) -> Complaint:
    first = reviews.alias()
    found = await session.execute(
        select(
            appeals.c.id,
            appeals.c.text,
            appeals.c.photo,
            appeals.c.decide_by,
            first.c.reason,
            first.c.note,
            first.c.expected,
        )
        .join(first, first.c.id == appeals.c.review_id)
        .where(appeals.c.review_id == row.of_id)
    )
    return Complaint(*found.one())
