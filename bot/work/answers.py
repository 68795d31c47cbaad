"""Answers: recorded once, corrected for a while, paid at once as pending, accepted in time.

An answer that comes after its lease ended takes the slot if it is still free, and is otherwise
kept and paid as surplus: nobody loses finished work.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from bot import metrics
from bot.errors import Gone, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.chat import Poll
from bot.models.people import Worker
from bot.models.reviews import Review
from bot.models.work import Answer, Assignment
from bot.pay import ledger
from bot.people import skills
from bot.store.database import Session
from bot.task_types import TASK_TYPES
from bot.work import (
    dispatch,
    gold,
    overlap,
    reports,
    review_queue,
    review_terms,
    sampling,
    sittings,
)
from bot.work.dispatch import Offer
from bot.work.reports import Parked
from bot.work.sittings import Lesson

CORRECTABLE = timedelta(minutes=10)
LATE = timedelta(days=1)  # Telegram delivers what was written for so long
BATCH = 200
UNANSWERED = 3  # cards back that somebody may still be answering
REASONS = ("broken", "language", "unclear", "harmful", "personal", "other")

assignments, answers, reviews = table(Assignment), table(Answer), table(Review)

# Built once, see dispatch.
CHANGE = (
    update(assignments)
    .where(
        assignments.c.id == bindparam("assignment"),
        assignments.c.state == bindparam("seen"),
    )
    .returning(assignments.c.id)
)
ADD = insert(answers)


class OldCard(Gone):
    msgid = N_("This card is old. Send /work for the current one.")


class AlreadyAnswered(Refusal):
    msgid = N_("Already saved. You can correct it for 10 minutes with Undo.")


class TooLateToCorrect(Refusal):
    msgid = N_("This answer can no longer be changed: 10 minutes have passed.")


class FirstAnswersCount(Refusal):
    msgid = N_("In a training and in an exam only first answers count.")


class Judged(Refusal):
    msgid = N_("A reviewer has decided about this answer. It can no longer be changed.")


class GivenBack(Gone):
    msgid = N_("You gave this task back. Send /work for the current one.")


SETTLED = {"accepted": AlreadyAnswered, "not_accepted": Judged}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer that was taken, in the worker's words, and whether it corrected an earlier one."""

    offer: Offer
    value: Any
    revision: int
    lesson: Lesson | None = None
    """What it was worth, where that is to be told: in a training or an exam."""


async def card(session: Session, worker: Worker, assignment_id: int, nonce: str) -> Offer:
    """The assignment a button points at. Raises OldCard when it is not the worker's, or changed."""
    current = await dispatch.offer(session, worker.id, assignment_id)
    if current is None:
        raise OldCard
    if current.nonce != nonce:
        raise AlreadyAnswered if current.answered_at else OldCard
    return current


async def tap(
    session: Session, worker: Worker, current: Offer, index: int, *, now: datetime
) -> Recorded:
    """A one-tap answer. Raises OldCard for a button the card cannot have."""
    kind = TASK_TYPES[current.spec.type]
    value = kind.tapped(current.spec.settings, current.layout, index)
    return await record(session, worker, current, value, now=now)


async def write(
    session: Session, worker: Worker, current: Offer, text: str, *, message_id: int, now: datetime
) -> Recorded:
    """A written answer; raises Unfit with a sentence for the worker, see `keep_draft`."""
    kind = TASK_TYPES[current.spec.type]
    value = kind.read(current.spec.settings, text)
    label = kind.spelling(current.spec.settings, text, value)
    recorded = await record(session, worker, current, value, label=label, now=now)
    await _set(session, current, message_id=message_id)
    return recorded


async def keep_draft(
    session: Session, current: Offer, draft: Any, *, message_id: int | None = None
) -> None:
    """Remember what does not fit yet, so that a restart loses nothing.

    And the message it was written in: editing that makes it the answer.
    """
    await _set(session, current, draft=draft, message_id=message_id)


async def voted(
    session: Session, worker: Worker, poll_id: str, bot_id: int, options: Sequence[int]
) -> None:
    """Keep the ticks of a poll until the worker says done. An unknown poll is somebody else's."""
    poll = await session.get(Poll, (bot_id, poll_id))
    current = poll and await dispatch.offer(session, worker.id, poll.assignment_id)
    if current:
        await keep_draft(session, current, list(options))


async def done(session: Session, worker: Worker, current: Offer, *, now: datetime) -> Recorded:
    """The ticks of the poll become the answer."""
    kind = TASK_TYPES[current.spec.type]
    ticks = current.draft if isinstance(current.draft, list) else []
    value = kind.voted(current.spec.settings, current.layout, ticks)
    return await record(session, worker, current, value, now=now)


async def record(
    session: Session,
    worker: Worker,
    current: Offer,
    value: Any,
    *,
    label: str | None = None,
    now: datetime,
) -> Recorded:
    """Write the answer, once; its label is the value's own if none is given.

    Raises AlreadyAnswered for a second tap, GivenBack after a skip.
    """
    if current.state in ("held", "expired"):
        await _first(session, worker, current, now)
        revision = 1
    elif current.state in ("answered", "returned") or await _mends(session, current):
        revision = await _next_revision(session, current, now)
    else:
        raise SETTLED.get(current.state, GivenBack)
    if label is None:
        label = TASK_TYPES[current.spec.type].label(current.spec.settings, value)
    await session.execute(
        ADD,
        {
            "assignment_id": current.assignment_id,
            "revision": revision,
            "value": value,
            "label": label,
            "at": now,
        },
    )
    if revision == 1:
        await sampling.schedule(session, current, now=now, draw=random.random())  # noqa: S311
    lesson = await _mark(session, current, label, revision, now) if current.gold else None
    await overlap.look(session, current, revision=revision, now=now)
    return Recorded(current, value, revision, lesson)


async def reopen(session: Session, worker: Worker, assignment_id: int, *, now: datetime) -> Offer:
    """Show an answered task again to be corrected: under a new nonce, so that old buttons are old.

    Raises TooLateToCorrect after 10 minutes or once it is accepted, OldCard for another's task.
    """
    current = await dispatch.offer(session, worker.id, assignment_id)
    if current is None:
        raise OldCard
    _still_correctable(current, now)
    where = {"assignment": current.assignment_id, "seen": current.state}
    if await session.scalar(CHANGE, where | {"nonce": dispatch.fresh_nonce()}) is None:
        raise TooLateToCorrect  # accepted, or judged, while we looked
    reopened = await dispatch.offer(session, worker.id, assignment_id)
    assert reopened is not None
    return reopened


async def latest(session: Session, assignment_id: int) -> Any:
    """The value that counts, None before there is one."""
    return await session.scalar(
        select(answers.c.value)
        .where(answers.c.assignment_id == assignment_id)
        .order_by(answers.c.revision.desc())
        .limit(1)
    )


async def own(session: Session, assignment_id: int) -> Any:
    """The worker's own last value, whatever a reviewer made of it."""
    return await session.scalar(
        select(answers.c.value)
        .where(answers.c.assignment_id == assignment_id, answers.c.reviewer_id.is_(None))
        .order_by(answers.c.revision.desc())
        .limit(1)
    )


async def last_answered(session: Session, worker_id: int) -> int | None:
    """The assignment answered last, which Undo is about."""
    return await session.scalar(
        select(assignments.c.id)
        .where(assignments.c.worker_id == worker_id, assignments.c.answered_at.is_not(None))
        .order_by(assignments.c.answered_at.desc(), assignments.c.id.desc())
        .limit(1)
    )


async def unanswered(
    session: Session, worker_id: int, *, since: datetime, now: datetime
) -> list[Offer]:
    """What was shown and may still have been waiting for its answer at a time, newest first.

    In hand; or expired not long ago, and after the last answer: who had answered had gone on.
    """
    mine = assignments.c.worker_id == worker_id
    before = select(func.max(assignments.c.id)).where(mine, assignments.c.answered_at < since)
    last = func.coalesce(before.scalar_subquery(), 0)
    expired = (
        (assignments.c.state == "expired")
        & (assignments.c.id > last)
        & (assignments.c.lease_until > now - LATE)
    )
    found = await session.scalars(
        select(assignments.c.id)
        .where(mine, (assignments.c.state == "held") | expired)
        .order_by(assignments.c.id.desc())
        .limit(UNANSWERED)
    )
    offers = [await dispatch.offer(session, worker_id, one) for one in found.all()]
    return [one for one in offers if one is not None]


async def by_message(session: Session, worker_id: int, message_id: int) -> Offer | None:
    """The answer that was written in this message, for when it is edited."""
    found = await session.scalar(
        select(assignments.c.id)
        .where(assignments.c.worker_id == worker_id, assignments.c.message_id == message_id)
        .order_by(assignments.c.id.desc())
        .limit(1)
    )
    return None if found is None else await dispatch.offer(session, worker_id, found)


async def skip(session: Session, current: Offer, *, now: datetime) -> None:
    """Free, without a reason. Raises AlreadyAnswered when it is answered by now.

    One that has expired has gone to others already; that it was skipped is still worth knowing.
    """
    if current.state == "expired":
        gone = {"assignment": current.assignment_id, "seen": "expired", "state": "skipped"}
        await session.execute(CHANGE, gone)
    elif not await dispatch.give_back(session, current, state="skipped", now=now):
        raise AlreadyAnswered if current.answered_at else GivenBack


async def report(session: Session, current: Offer, reason: str, *, now: datetime) -> Parked | None:
    """Something is wrong with the task; it goes back, and admins see why.

    The second report of a task, and the first of something harmful, puts it aside: what was.
    """
    if not await dispatch.give_back(session, current, state="reported", now=now):
        raise AlreadyAnswered if current.answered_at else GivenBack
    return await reports.add(session, current.assignment_id, reason, now=now)


async def accept_due(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Accept what nobody looked at until its review window ended, and make its price available."""
    due = (
        select(assignments.c.id)
        .where(assignments.c.state == "answered", assignments.c.accept_at <= now)
        .order_by(assignments.c.accept_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    accepted = await session.execute(
        update(assignments)
        .where(assignments.c.id.in_(due), assignments.c.state == "answered")
        .values(state="accepted")
        .returning(
            assignments.c.id,
            assignments.c.worker_id,
            assignments.c.price_micro,
            assignments.c.currency,
        )
    )
    rows = accepted.all()
    await _lapse(session, [row.id for row in rows])
    for row in rows:
        await ledger.accept(
            session,
            assignment_id=row.id,
            worker_id=row.worker_id,
            micro=row.price_micro,
            currency=row.currency,
        )
    return len(rows)


async def _lapse(session: Session, accepted: Sequence[int]) -> None:
    """Whoever was to look at these answers is too late."""
    if accepted:
        await session.execute(
            update(reviews)
            .where(
                reviews.c.assignment_id.in_(accepted),
                reviews.c.purpose.in_(review_terms.DECIDING),
                reviews.c.state.in_(("waiting", "held")),
            )
            .values(state="lapsed")
        )


async def _first(session: Session, worker: Worker, current: Offer, now: datetime) -> None:
    """In time, or else late: the lease may end just now, between the reading and the writing."""
    in_time = current.state == "held" and await _change(session, current, "held", now)
    if not in_time:
        surplus = not await dispatch.take_slot(session, current.task_id)
        if not await _change(session, current, "expired", now, surplus=surplus):
            raise AlreadyAnswered
    metrics.ANSWERS.inc()
    await ledger.earn(
        session,
        assignment_id=current.assignment_id,
        worker_id=worker.id,
        project_id=current.spec.project_id,
        micro=current.price_micro,
        currency=current.currency,
    )


async def _change(
    session: Session, current: Offer, seen: str, now: datetime, *, surplus: bool = False
) -> bool:
    """The state changes only from what it was seen in: the second of two taps finds it changed."""
    won = await session.scalar(
        CHANGE,
        {
            "assignment": current.assignment_id,
            "seen": seen,
            "state": "answered",
            "nonce": dispatch.fresh_nonce(),  # a second tap on the same card is told it is saved
            "answered_at": now,
            "seconds": dispatch.seconds_since(current, now),
            "accept_at": now + review_terms.of(current.spec.review).due,
            "surplus": surplus,
            "draft": None,
        },
    )
    return won is not None


async def _mark(
    session: Session, current: Offer, label: str, revision: int, now: datetime
) -> Lesson | None:
    """An answer to gold moves the skill; in an exam the whole of it does, at the end."""
    spec, sitting_id = current.spec, current.sitting_id
    marked = await gold.mark(session, current.assignment_id, spec, label)
    counts = revision == 1 or sitting_id is None  # a mistake that was mended stays one
    if marked is not None and counts and spec.project_kind != "exam":
        await skills.observe(
            session,
            current.worker_id,
            gold.measured(spec, current.language),
            source="gold",
            share_ppm=skills.WHOLE * marked.right,
            assignment_id=current.assignment_id,
            now=now,
        )
    if sitting_id is None:
        return None
    return await sittings.advance(
        session,
        sitting_id,
        spec,
        current.language,
        marked,
        assignment_id=current.assignment_id,
        first=revision == 1,
        now=now,
    )


async def _next_revision(session: Session, current: Offer, now: datetime) -> int:
    """A correction, or the rework of a returned answer, unless somebody else changed its state."""
    values: dict[str, Any] = {"nonce": dispatch.fresh_nonce()}
    if current.state == "returned":
        window = review_terms.of(current.spec.review).due
        values |= {"state": "answered", "answered_at": now, "accept_at": now + window}
        values |= {"draft": None, "rework_until": None}
    elif not await _mends(session, current):
        _still_correctable(current, now)
    where = {"assignment": current.assignment_id, "seen": current.state}
    if await session.scalar(CHANGE, where | values) is None:
        raise Judged
    if current.state == "returned":
        due_at = now + review_terms.of(current.spec.review).delay
        await review_queue.again(session, current.assignment_id, "review", due_at=due_at)
    highest = await session.scalar(
        select(func.max(answers.c.revision)).where(answers.c.assignment_id == current.assignment_id)
    )
    return (highest or 0) + 1


async def _mends(session: Session, current: Offer) -> bool:
    """A mistake in a training may be mended at any time."""
    if current.sitting_id is None:
        return False
    sitting = await sittings.find(session, current.sitting_id)
    return bool(sitting.mending_id == current.assignment_id)


def _still_correctable(current: Offer, now: datetime) -> None:
    if current.state in SETTLED:
        raise TooLateToCorrect if current.state == "accepted" else Judged
    if current.state != "answered" or current.answered_at is None:
        raise OldCard
    if current.sitting_id is not None:
        raise FirstAnswersCount
    if now - current.answered_at > CORRECTABLE:
        raise TooLateToCorrect


async def _set(session: Session, current: Offer, **values: Any) -> None:
    await session.execute(
        update(assignments).where(assignments.c.id == current.assignment_id).values(**values)
    )
