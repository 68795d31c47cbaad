"""Verdicts: what a reviewer decides about an answer, and what follows from it. Once per review.

    accepted       the price, or a graded part of it, is the author's
    fixed          the same, and the reviewer's value becomes the revision that counts
    returned       the author may answer again, with a note and a deadline
    not_accepted   the price goes back to the project, the slot to others; the author may appeal
    graded         how good an answer to an exam is

A verdict about gold says something of the reviewer alone.

The consequences for state, money and slot are in `settlement`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from bot.errors import Gone, Invalid, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.people import Worker
from bot.models.reviews import Review
from bot.models.work import Answer, Assignment
from bot.money import MICRO
from bot.pay import ledger
from bot.pay.ledger import Whose
from bot.people import roles
from bot.store.database import Session
from bot.work import calibration, dispatch, grading, review_queue, review_terms, reviews, settlement
from bot.work.calibration import GOLD
from bot.work.dispatch import Offer
from bot.work.grading import GRADE, Outcome
from bot.work.review_terms import WHOLE
from bot.work.reviews import Case

REASONS = ("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8")
EVIDENCE = "R5"  # copied or made by a program: never without what shows it
NOTE = 1000  # characters
MANY = 100  # answers accepted with one tap

Kind = Literal["accepted", "fixed", "returned", "not_accepted", "graded"]

looks, answers, assignments = table(Review), table(Answer), table(Assignment)


class OwnAnswer(Refusal):
    msgid = N_("This is your own answer. Somebody else reviews it.")


class DecidedBefore(Refusal):
    msgid = N_("You have decided about this answer before. Now it is another reviewer's turn.")


class AlreadyDecided(Refusal):
    msgid = N_("Somebody has already decided about this answer. Send /review for the next one.")


class WithAnother(Refusal):
    msgid = N_("Another reviewer has this answer now. Send /review for the next one.")


class NotTaken(Gone):
    msgid = N_("You do not have this answer in hand. Send /review for the next one.")


class CorrectedMeanwhile(Refusal):
    msgid = N_("The author has just corrected this answer. Send /review to see it again.")


class ReturnedEnough(Refusal):
    msgid = N_("This answer cannot be given back any more: accept, fix or do not accept it.")


class NotOffered(Gone):
    msgid = N_("This verdict is not possible here.")


class NoteNeeded(Invalid):
    msgid = N_("Write a note of 1 to {limit} characters: the author reads it.")


class EvidenceNeeded(NoteNeeded):
    msgid = N_("Write what shows that it is copied or automated, in 1 to {limit} characters.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a reviewer says about one revision of an answer."""

    kind: Kind
    revision: int
    grade: int | None = None
    reason: str | None = None
    note: str = ""
    expected: Any = None
    value: Any = None
    """The corrected one, of a fixed answer."""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided, and what its author and reviewer have to be told."""

    review_id: int
    purpose: str
    verdict: Verdict
    offer: Offer
    """The answer's task, as it stands now."""
    final: bool
    """False while another round is to come."""
    appeal_id: int | None = None
    turned: bool = False
    """A verdict against the author does not stand any more."""
    exam: Outcome | None = None
    """What came of an exam whose last grade this was."""


async def decide(
    session: Session,
    reviewer: Worker,
    review_id: int,
    verdict: Verdict,
    *,
    now: datetime,
    draw: float,
) -> Decided:
    """Decide about the answer in the reviewer's hands; `draw`, from 0 up to 1, chooses audits.

    Raises a refusal with the reason why somebody else decides, or nobody does any more.
    """
    await roles.require(session, reviewer.id, *reviews.MAY_REVIEW)
    row = await _held(session, reviewer, review_id)
    offer = await _offer(session, row)
    _check(row, offer, verdict)
    await _check_current(session, row, verdict)
    won = await session.scalar(
        update(looks)
        .where(looks.c.id == review_id, looks.c.state == "held", looks.c.reviewer_id == reviewer.id)
        .values(_written(verdict) | {"decided_at": now})
        .returning(looks.c.id)
    )
    if won is None:
        raise AlreadyDecided
    await _pay_reviewer(session, reviewer.id, row, offer)
    return await _EFFECTS[row.purpose](session, row, offer, verdict, now, draw)


async def in_hand(session: Session, reviewer: Worker, review_id: int) -> Case:
    """What the reviewer is about to decide. Raises what `decide` would raise."""
    await roles.require(session, reviewer.id, *reviews.MAY_REVIEW)
    row = await _held(session, reviewer, review_id)
    return await reviews.case(session, row.id)


async def accept_all(session: Session, reviewer: Worker, project_id: int, *, now: datetime) -> int:
    """Accept what waits in a project, at most MANY; how many. Nobody is paid for such a review."""
    await roles.require(session, reviewer.id, *reviews.MAY_REVIEW)
    waiting = await reviews.waiting(session, reviewer.id, now=now, project_id=project_id)
    allowed = await reviews.open_to(session, reviewer.id, now)
    done = 0
    for review_id in waiting[:MANY]:
        done += await _accept_unseen(session, reviewer, review_id, allowed, now)
    return done


# Whether this person may decide this


async def _held(session: Session, reviewer: Worker, review_id: int) -> Row[Any]:
    """The review in the reviewer's hands, its assignment locked. Raises why it is not."""
    of_assignment = select(looks.c.assignment_id).where(looks.c.id == review_id)
    assignment_id = await session.scalar(of_assignment)
    if assignment_id is None:
        raise NotTaken
    await settlement.hold(session, assignment_id)
    row = await _row(session, review_id)
    if row.state == "held" and row.reviewer_id == reviewer.id:
        return row
    if row.author_id == reviewer.id:
        raise OwnAnswer
    if row.state in ("decided", "lapsed"):
        raise AlreadyDecided if row.state == "decided" else settlement.ReviewOver
    if await _decided_before(session, row, reviewer.id):
        raise DecidedBefore
    raise WithAnother if row.state == "held" else NotTaken


async def _decided_before(session: Session, row: Row[Any], reviewer_id: int) -> bool:
    query = select(looks.c.id).where(
        looks.c.assignment_id == row.assignment_id, looks.c.reviewer_id == reviewer_id
    )
    return await session.scalar(query.limit(1)) is not None


async def _offer(session: Session, row: Any) -> Offer:
    found = await dispatch.offer_of(session, row.assignment_id)
    assert found is not None
    return found


def _check(row: Row[Any], offer: Offer, verdict: Verdict) -> None:
    grades = reviews.offered(row.purpose, review_terms.of(offer.spec.review))
    if (row.purpose == GRADE) != (verdict.kind == "graded"):
        raise NotOffered
    if row.purpose not in reviews.FIRST and verdict.kind in ("fixed", "returned"):
        raise NotOffered
    if verdict.grade not in (grades if verdict.kind == "graded" else (None, *grades)):
        raise NotOffered
    if verdict.kind == "returned" and row.purpose == "final":
        raise ReturnedEnough
    if verdict.kind == "not_accepted" and verdict.reason not in REASONS:
        raise NotOffered
    if verdict.kind in ("returned", "not_accepted") and not 0 < len(verdict.note) <= NOTE:
        raise (EvidenceNeeded if verdict.reason == EVIDENCE else NoteNeeded)(limit=NOTE)


async def _check_current(session: Session, row: Row[Any], verdict: Verdict) -> None:
    """The verdict is about what the reviewer saw, and that is what counts."""
    latest = await session.scalar(
        select(func.max(answers.c.revision)).where(answers.c.assignment_id == row.assignment_id)
    )
    seen = row.revision if row.purpose in ("audit", GOLD) else latest
    if verdict.revision != seen:
        raise CorrectedMeanwhile
    if verdict.kind == "returned":
        query = select(assignments.c.returns).where(assignments.c.id == row.assignment_id)
        offer = await _offer(session, row)
        if (await session.scalar(query) or 0) >= review_terms.of(offer.spec.review).returns:
            raise ReturnedEnough


def _written(verdict: Verdict) -> dict[str, Any]:
    return {
        "state": "decided",
        "revision": verdict.revision,
        "verdict": verdict.kind,
        "grade": verdict.grade,
        "reason": verdict.reason,
        "note": verdict.note,
        "expected": verdict.expected,
    }


async def _pay_reviewer(session: Session, reviewer_id: int, row: Row[Any], offer: Offer) -> None:
    whose = Whose(
        reviewer_id, offer.spec.project_id, row.assignment_id, row.currency or offer.currency
    )
    key = f"review:{row.assignment_id}:{row.round}"
    await ledger.grant(session, key, "review", whose, micro=row.pay_micro or 0)


# What follows from it


async def _first(
    session: Session, row: Row[Any], offer: Offer, verdict: Verdict, now: datetime, draw: float
) -> Decided:
    """A review of an answer that is still undecided."""
    terms = review_terms.of(offer.spec.review)
    final = True
    if verdict.kind == "fixed":
        await _correct(session, row, verdict, now)
    if verdict.kind == "returned":
        await settlement.give_back(session, offer, now + terms.rework)
    elif verdict.kind == "not_accepted":
        await settlement.refuse(session, offer, now)
    elif row.purpose == "review" and await _passed(session, row) < terms.rounds:
        final = False
        due_at = now + terms.delay
        await review_queue.again(session, row.assignment_id, "review", due_at=due_at)
    else:
        await settlement.accept(session, offer, verdict.grade)
    if final and verdict.kind != "returned":
        await _observe(session, row, offer, verdict, now)
    if final and verdict.kind != "returned" and draw * MICRO < terms.audit_ppm:
        await review_queue.again(session, row.assignment_id, "audit", due_at=now, of_id=row.id)
    return Decided(
        review_id=row.id,
        purpose=row.purpose,
        verdict=verdict,
        offer=await _offer(session, row),
        final=final,
    )


async def _observe(
    session: Session, row: Row[Any], offer: Offer, verdict: Verdict, now: datetime
) -> None:
    """A skill rests on what somebody has looked at."""
    if row.pay_micro is not None:
        await settlement.observe(session, offer, _right_ppm(offer, verdict), now=now)


def _right_ppm(offer: Offer, verdict: Verdict) -> int:
    """How right a reviewer found an answer; a written one that was mended counts as half right."""
    if verdict.kind == "accepted":
        return MICRO * (WHOLE if verdict.grade is None else verdict.grade) // WHOLE
    return MICRO // 2 if verdict.kind == "fixed" and offer.spec.type == "text" else 0


async def _audit(
    session: Session, row: Row[Any], offer: Offer, verdict: Verdict, now: datetime, draw: float
) -> Decided:
    """A second look at a verdict. What was wrongly not accepted is paid; nothing is taken back."""
    first = await _row(session, row.of_id)
    differs = (first.verdict == "accepted") != (verdict.kind == "accepted")
    turned = False
    if differs and first.verdict == "not_accepted":
        turned = await settlement.turn(session, first.id, f"audit:{row.id}", "audit", now)
        await settlement.close_appeal(session, first.id, "overturned", now)
    await _mark(session, first.id, overturned=differs)
    return Decided(
        review_id=row.id,
        purpose=row.purpose,
        verdict=verdict,
        offer=await _offer(session, row),
        final=True,
        turned=turned,
    )


async def _appeal(
    session: Session, row: Row[Any], offer: Offer, verdict: Verdict, now: datetime, draw: float
) -> Decided:
    """The decision about an appeal. Nothing comes after it."""
    first = await _row(session, row.of_id)
    won = verdict.kind == "accepted"
    appeal_id = await settlement.close_appeal(
        session, first.id, "overturned" if won else "upheld", now
    )
    if appeal_id is None:
        raise settlement.ReviewOver
    if won:
        await settlement.turn(session, first.id, f"appeal:{appeal_id}", "appeal", now)
    await _mark(session, first.id, overturned=won)
    return Decided(
        review_id=row.id,
        purpose=row.purpose,
        verdict=verdict,
        offer=await _offer(session, row),
        final=True,
        appeal_id=appeal_id,
        turned=won,
    )


async def _gold(
    session: Session, row: Row[Any], offer: Offer, verdict: Verdict, now: datetime, draw: float
) -> Decided:
    """A verdict that says something of the reviewer. The answer and its author have no part in it.

    For the reviewer it ends like any other.
    """
    mended = verdict.label if verdict.kind == "fixed" else None
    await calibration.measure(session, row, offer, verdict.kind, mended)
    return Decided(review_id=row.id, purpose=row.purpose, verdict=verdict, offer=offer, final=True)


async def _grade(
    session: Session, row: Row[Any], offer: Offer, verdict: Verdict, now: datetime, draw: float
) -> Decided:
    """One more grade of an answer to an exam."""
    outcome = await grading.graded(session, row.assignment_id, now=now)
    return Decided(
        review_id=row.id,
        purpose=row.purpose,
        verdict=verdict,
        offer=offer,
        final=True,
        exam=outcome,
    )


_EFFECTS = {
    "review": _first,
    "final": _first,
    "audit": _audit,
    "appeal": _appeal,
    GOLD: _gold,
    GRADE: _grade,
}


async def _accept_unseen(
    session: Session,
    reviewer: Worker,
    review_id: int,
    allowed: Sequence[ColumnElement[bool]],
    now: datetime,
) -> bool:
    """One of many that are accepted together; False when somebody was faster."""
    query = select(looks.c.assignment_id).where(looks.c.id == review_id)
    assignment_id = (await session.scalars(query)).one()
    await settlement.hold(session, assignment_id)
    latest = await session.scalar(
        select(func.max(answers.c.revision)).where(answers.c.assignment_id == assignment_id)
    )
    verdict = Verdict(kind="accepted", revision=latest or 1)
    won = await session.scalar(
        update(looks)
        .where(looks.c.id == review_id, *allowed)
        .values(_written(verdict) | _unseen(reviewer, now))
        .returning(looks.c.id)
    )
    if won is None:
        return False
    row = await _row(session, review_id)
    await _first(session, row, await _offer(session, row), verdict, now, draw=1.0)
    return True


def _unseen(reviewer: Worker, now: datetime) -> dict[str, Any]:
    return {"decided_at": now, "reviewer_id": reviewer.id, "pay_micro": None}


async def _passed(session: Session, row: Row[Any]) -> int:
    """How many reviewers in a row have accepted the answer, since it was last given back."""
    returned = (
        select(func.coalesce(func.max(looks.c.round), 0))
        .where(looks.c.assignment_id == row.assignment_id, looks.c.verdict == "returned")
        .scalar_subquery()
    )
    query = select(func.count()).where(
        looks.c.assignment_id == row.assignment_id,
        looks.c.verdict.in_(("accepted", "fixed")),
        looks.c.round > returned,
    )
    return await session.scalar(query) or 0


async def _correct(session: Session, row: Row[Any], verdict: Verdict, now: datetime) -> None:
    """The reviewer's value becomes the revision that counts, under the reviewer's name."""
    reviewer = select(looks.c.reviewer_id).where(looks.c.id == row.id).scalar_subquery()
    await session.execute(
        insert(answers).values(
            assignment_id=row.assignment_id,
            revision=verdict.revision + 1,
            value=verdict.value,
            label=verdict.label,
            at=now,
            reviewer_id=reviewer,
        )
    )


async def _row(session: Session, review_id: int) -> Row[Any]:
    return (await session.execute(select(looks).where(looks.c.id == review_id))).one()


async def _mark(session: Session, review_id: int, *, overturned: bool) -> None:
    await session.execute(
        update(looks).where(looks.c.id == review_id).values(overturned=overturned)
    )
