"""What follows from a decision about an answer: its state, its money, its place.

Whoever decides holds the assignment first, so that two who decide at once wait for each other
instead of for a deadlock to be found.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot.errors import Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.reviews import Appeal, Review
from bot.models.work import Assignment
from bot.money import MICRO
from bot.pay import ledger
from bot.pay.ledger import Whose
from bot.people import skills
from bot.store.database import Session
from bot.work import dispatch, gold
from bot.work.dispatch import Offer
from bot.work.review_terms import WHOLE

looks, appeals, assignments = table(Review), table(Appeal), table(Assignment)


class ReviewOver(Refusal):
    msgid = N_("The time for this review is over: the answer was accepted and paid.")


def granted(micro: int, grade: int) -> int:
    """The part of a price that a grade gives, rounded up to a micro-unit: for the worker."""
    return -(-micro * grade // WHOLE)


def whose(offer: Offer) -> Whose:
    """The author's money for an answer."""
    return Whose(offer.worker_id, offer.spec.project_id, offer.assignment_id, offer.currency)


def against(verdict: str | None, grade: int | None) -> bool:
    """Whether a verdict takes money from the author."""
    return verdict == "not_accepted" or (grade is not None and grade < WHOLE)


async def hold(session: Session, assignment_id: int) -> None:
    """Whoever decides about an answer holds its assignment until the end of the transaction."""
    query = select(assignments.c.id).where(assignments.c.id == assignment_id)
    await session.execute(query.with_for_update())


async def accept(session: Session, offer: Offer, grade: int | None) -> None:
    """The price, or the part of it that a grade gives, is the author's."""
    given = WHOLE if grade is None else grade
    await _settle(session, offer.assignment_id, state="accepted", grade=given)
    part = granted(offer.price_micro, given)
    await ledger.accept_part(session, whose(offer), micro=offer.price_micro, granted=part)


async def give_back(session: Session, offer: Offer, until: datetime) -> None:
    """The author may answer again; the price stays pending."""
    await _settle(
        session,
        offer.assignment_id,
        state="returned",
        returns=assignments.c.returns + 1,
        rework_until=until,
        nonce=dispatch.fresh_nonce(),  # buttons of the card as it was are old
    )


async def refuse(session: Session, offer: Offer, now: datetime) -> None:
    """The price goes back, and others get the task; gold and surplus took nobody's place."""
    surplus = await _settle(session, offer.assignment_id, state="not_accepted")
    await ledger.refuse(session, offer.assignment_id)
    if not surplus:
        await dispatch.free_slots(session, [offer.task_id], now)


async def observe(session: Session, offer: Offer, share_ppm: int, *, now: datetime) -> None:
    """What a review found moves the skill that the stage measures."""
    await skills.observe(
        session,
        offer.worker_id,
        gold.measured(offer.spec, offer.language),
        source="review",
        share_ppm=share_ppm,
        assignment_id=offer.assignment_id,
        now=now,
    )


async def turn(session: Session, review_id: int, key: str, kind: str, now: datetime) -> bool:
    """A first verdict does not stand: the answer is accepted and paid in full.

    False when it was so already. The caller holds the assignment.
    """
    of_review = select(looks.c.assignment_id).where(looks.c.id == review_id)
    offer = await dispatch.offer_of(session, (await session.scalars(of_review)).one())
    assert offer is not None
    found = await session.execute(
        select(assignments.c.state, assignments.c.grade, assignments.c.surplus).where(
            assignments.c.id == offer.assignment_id
        )
    )
    before = found.one()
    refused = before.state == "not_accepted"
    paid = 0 if refused else granted(offer.price_micro, before.grade)
    if before.state not in ("accepted", "not_accepted") or (before.grade == WHOLE and not refused):
        return False
    surplus = before.surplus
    if refused and not (surplus or offer.gold):
        surplus = not await dispatch.take_slot(session, offer.task_id)
    await session.execute(
        update(assignments)
        .where(assignments.c.id == offer.assignment_id)
        .values(state="accepted", grade=WHOLE, surplus=surplus)
    )
    await ledger.grant(session, key, kind, whose(offer), micro=offer.price_micro - paid)
    await observe(session, offer, MICRO, now=now)
    return True


async def close_appeal(session: Session, review_id: int, state: str, now: datetime) -> int | None:
    """The appeal against a verdict, if one is open; nobody need look at it any more."""
    closed: int | None = await session.scalar(
        update(appeals)
        .where(appeals.c.review_id == review_id, appeals.c.state == "open")
        .values(state=state, decided_at=now)
        .returning(appeals.c.id)
    )
    await session.execute(
        update(looks)
        .where(
            looks.c.of_id == review_id,
            looks.c.purpose == "appeal",
            looks.c.state.in_(("waiting", "held")),
        )
        .values(state="lapsed")
    )
    return closed


async def _settle(session: Session, assignment_id: int, **values: Any) -> bool:
    """Change an undecided answer; whether it was surplus. Raises ReviewOver."""
    found = await session.execute(
        update(assignments)
        .where(assignments.c.id == assignment_id, assignments.c.state == "answered")
        .values(**values)
        .returning(assignments.c.surplus)
    )
    row = found.one_or_none()
    if row is None:
        raise ReviewOver
    return bool(row.surplus)
