"""Corrections by hand: a posting is never changed, only taken back by another one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from bot.errors import Invalid, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.pay import Account, Entry, Posting
from bot.models.people import Audit, Worker
from bot.models.work import Assignment
from bot.pay import ledger
from bot.people import roles
from bot.store.database import Session

UNDECIDED = ("answered", "returned")  # assignments whose money a verdict still moves
HOLD = "hold"  # its payout settles it or gives it back

accounts, entries, postings = table(Account), table(Entry), table(Posting)
workers = table(Worker)


class NoSuchPosting(Invalid):
    msgid = N_("There is no posting {number}.")


class ReasonNeeded(Invalid):
    msgid = N_("Say why: the reason is kept with your name.")


class AlreadyReversed(Refusal):
    msgid = N_("Posting {number} was reversed already.")


class StillMoving(Refusal):
    msgid = N_("Posting {number} is not settled yet: a verdict or its payout will move it.")


class MovedOn(Refusal):
    msgid = N_("Reverse first what moved this money on: {account} would be below zero.")


@dataclass(frozen=True, slots=True)
class Debt:
    """An available balance below zero, carried until new earnings cover it. Micro-units."""

    worker_id: int
    pseudonym: str
    currency: str
    micro: int


async def reverse(
    session: Session, posting_id: int, *, actor: int | None, reason: str, now: datetime
) -> int:
    """Take a posting back by its opposite, as an owner, once. Gives the new posting's id.

    What a worker has available may go below zero by it; nothing else may. Raises RoleNeeded,
    ReasonNeeded, NoSuchPosting, AlreadyReversed, StillMoving or MovedOn.
    """
    await roles.require(session, actor, "owner")
    if not reason.strip():
        raise ReasonNeeded
    await _check(session, posting_id)
    made = await ledger.reverse(session, posting_id)
    if made is None:
        raise AlreadyReversed(number=posting_id)
    short = await session.scalar(_short(made))
    if short is not None:
        raise MovedOn(account=short)
    after = reason.strip()
    session.add(
        Audit(
            at=now,
            actor_id=actor,
            action="ledger.reverse",
            subject=f"posting:{posting_id}",
            after=after,
        )
    )
    await session.flush()
    return made


async def debts(session: Session) -> list[Debt]:
    """Who is below zero because of reversals."""
    total = func.sum(entries.c.amount)
    found = await session.execute(
        select(workers.c.id, workers.c.pseudonym, accounts.c.currency, total)
        .join(accounts, accounts.c.worker_id == workers.c.id)
        .join(entries, entries.c.account_id == accounts.c.id)
        .where(ledger.excused())
        .group_by(workers.c.id, workers.c.pseudonym, accounts.c.currency)
        .having(total < 0)
        .order_by(workers.c.pseudonym, accounts.c.currency)
    )
    return [Debt(id, name, currency, int(micro)) for id, name, currency, micro in found]


async def _check(session: Session, posting_id: int) -> None:
    """Whether a person may reverse it at all."""
    found = await session.get(Posting, posting_id)
    if found is None:
        raise NoSuchPosting(number=posting_id)
    before = select(Posting.id).where(Posting.reverses == posting_id)
    if await session.scalar(before) is not None:
        raise AlreadyReversed(number=posting_id)
    state = await session.scalar(
        select(Assignment.state).where(Assignment.id == found.assignment_id)
    )
    if found.kind == HOLD or (found.kind == "answer" and state in UNDECIDED):
        raise StillMoving(number=posting_id)


def _short(posting_id: int) -> Select[str]:
    """A worker's account that the posting left below zero, and that may not be.

    What waits for one answer does not make up for another: only postings of the same assignment
    are summed.
    """
    touched = select(entries.c.account_id).where(entries.c.posting_id == posting_id)
    work = select(postings.c.assignment_id).where(postings.c.id == posting_id).scalar_subquery()
    return (
        select(accounts.c.code)
        .join(entries, entries.c.account_id == accounts.c.id)
        .join(postings, postings.c.id == entries.c.posting_id)
        .where(accounts.c.id.in_(touched), accounts.c.worker_id.is_not(None))
        .where(accounts.c.kind != "available", postings.c.assignment_id.is_not_distinct_from(work))
        .group_by(accounts.c.code)
        .having(func.sum(entries.c.amount) < 0)
    )
