"""Hands batches to providers with an API, and asks what became of what they took.

An attempt is committed before its call; the call is made outside of any transaction; what came of
it is swapped in. Killed anywhere in between, the next process finds the attempt without an answer
and asks the provider. Only where the provider refuses what it has had is the same call made again,
under the same key; everything else stays unknown until a person knows. Trying never pays twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import exists, func, select, update

from bot.models.base import table
from bot.models.payouts import Batch, Payout, PayoutAttempt
from bot.pay import endings, handover, safeguards, steps
from bot.pay.handover import Attempt, Manner
from bot.pay.payment_log import PaymentLog
from bot.pay.providers import PROVIDERS
from bot.pay.providers.provider import (
    ApiProvider,
    Outcome,
    Refused,
    Uncertain,
    Unreachable,
    Wire,
)
from bot.store.database import Database, Session, now

log = structlog.get_logger()

LEASE = timedelta(minutes=5)  # a call takes 30 s at most, PayPal's pages a few more
SOON = timedelta(minutes=1)
LATEST = timedelta(hours=6)
TRIES = 5  # calls that did not even arrive, before a person has to look
STEP = 100  # endings in one transaction
# The provider refuses us, not one payment: a person puts it right and pays again.
OURS = frozenset({"funds", "credentials", "unavailable", "request", "other"})

attempts, batches, payouts = table(PayoutAttempt), table(Batch), table(Payout)


@dataclass(frozen=True, slots=True)
class Rails:
    """What leads out of the house: the wire to providers, and the log of what went over it."""

    wire: Wire
    log: PaymentLog | None = None


async def run(database: Database, rails: Rails) -> None:
    """Everything that can be handed over, and everything that is to be asked."""
    while await hand_over(database, rails):
        pass
    while await follow(database, rails):
        pass


async def hand_over(database: Database, rails: Rails) -> bool:
    """One call to a provider, if there is one to make."""
    attempt = await database.run(_take)
    if attempt is None:
        return False
    await _note(rails, attempt, await database.run(now))
    try:
        outcomes = await _provider(attempt).submit(rails.wire, attempt.key, attempt.payments)
    except Uncertain:
        await _write(database, attempt, _unknown(attempt))
    except Refused as refused:
        await database.run(partial(_refused, attempt=attempt, refused=refused))
    else:
        await _taken(database, rails, attempt, outcomes)
    return True


async def follow(database: Database, rails: Rails) -> bool:
    """Ask about one attempt that is due, if there is one. It may be asked while payouts are frozen:
    only making the same call again has to wait.
    """
    attempt = await database.run(_claim)
    if attempt is None:
        return False
    if attempt.state == "file":
        await _note(rails, attempt, await database.run(now))
        await database.run(lambda session: _finish(session, attempt, "asked", None))
        return True
    outcomes = await _ask(database, rails, attempt)
    if attempt.state == "open":  # whoever made the call is gone: until somebody says otherwise
        known = {one.reference for one in outcomes}
        outcomes += [one for one in _unknown(attempt) if one.reference not in known]
    await _taken(database, rails, attempt, outcomes)
    return True


async def _ask(database: Database, rails: Rails, attempt: Attempt) -> list[Outcome]:
    """What the provider knows; of what it never had and would refuse a second time, the same call.

    That such a call is refused proves nothing of the one before it.
    """
    try:
        return await _answers(database, rails, attempt)
    except (Uncertain, Refused):
        return []


async def _answers(database: Database, rails: Rails, attempt: Attempt) -> list[Outcome]:
    provider, wire = _provider(attempt), rails.wire
    found = await provider.query(wire, attempt.key, attempt.payments, attempt.handle)
    if len(found) < len(attempt.payments) or any(one.state != "unknown" for one in found):
        return found
    if attempt.handle or not await database.run(lambda session: _repeatable(session, attempt)):
        return found
    await _note(rails, attempt, await database.run(now))
    return await provider.submit(wire, attempt.key, attempt.payments)


async def _repeatable(session: Session, attempt: Attempt) -> bool:
    window = _provider(attempt).repeatable
    if window is None or not attempt.whole or await safeguards.frozen(session) is not None:
        return False
    return await now(session) < attempt.begun_at + window


async def _take(session: Session) -> Attempt | None:
    """Begin the next attempt of a batch that was paid; None when there is none."""
    if await safeguards.frozen(session) is not None:
        return None
    moment = await now(session)
    mine = payouts.c.batch_id == batches.c.id
    later = exists().where(
        attempts.c.batch_id == batches.c.id,
        attempts.c.state == "later",
        attempts.c.due_at > moment,
    )
    query = (
        select(batches)
        .where(batches.c.state == "submitted", ~later)
        .where(exists().where(mine, payouts.c.state == "held"))
        .order_by(batches.c.id)
        .limit(1)
        .with_for_update()  # not skipped: whoever has it now writes down a result, which is quick
    )
    batch = (await session.execute(query)).one_or_none()
    if batch is None:
        return None
    provider = PROVIDERS[batch.provider]
    assert isinstance(provider, ApiProvider)
    manner = Manner(provider.at_once, "open", LEASE)
    attempt = await handover.begin(session, batch, manner, now=moment)
    if attempt is None:  # nobody was left in it
        await endings.close(session, batch.id, moment)
    return attempt


async def _claim(session: Session) -> Attempt | None:
    """The attempt that waits the longest for a question; nobody else asks meanwhile."""
    moment = await now(session)
    query = (
        select(attempts)
        .where(attempts.c.due_at <= moment, attempts.c.state != "later")
        .order_by(attempts.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    batch = (await session.execute(select(batches).where(batches.c.id == row.batch_id))).one()
    await session.execute(
        update(attempts)
        .where(attempts.c.id == row.id)
        .values(due_at=moment + LEASE, calls=attempts.c.calls + 1)
    )
    return await handover.again(session, row, batch)


async def _taken(
    database: Database, rails: Rails, attempt: Attempt, outcomes: Sequence[Outcome]
) -> None:
    handle = next((one.handle for one in outcomes if one.handle), attempt.handle)
    if handle != attempt.handle and rails.log is not None:
        await asyncio.to_thread(rails.log.name, attempt.key, handle)
    await _write(database, attempt._replace(handle=handle), outcomes)


async def _write(database: Database, attempt: Attempt, outcomes: Sequence[Outcome]) -> None:
    """What came of an attempt, and when to ask again."""
    for start in range(0, len(outcomes), STEP):
        some = outcomes[start : start + STEP]
        await database.run(partial(_apply, attempt=attempt, outcomes=some))
    state = "asked" if attempt.handle else "unknown"
    await database.run(lambda session: _finish(session, attempt, state, again_in(attempt.calls)))


async def _apply(session: Session, attempt: Attempt, outcomes: Sequence[Outcome]) -> None:
    await endings.apply(session, attempt.provider, outcomes, now=await now(session))


async def _finish(session: Session, attempt: Attempt, state: str, wait: timedelta | None) -> None:
    """Nothing more is asked when every payout of it has ended."""
    moment = await now(session)
    open_ = exists().where(payouts.c.attempt_id == attempts.c.id, payouts.c.state.in_(endings.OUT))
    await session.execute(
        update(attempts)
        .where(attempts.c.id == attempt.id)
        .values(state=state, handle=attempt.handle, due_at=None if wait is None else moment + wait)
    )
    await session.execute(
        update(attempts)
        .where(attempts.c.id == attempt.id, ~open_)
        .values(state="done", due_at=None)
    )


async def _refused(session: Session, attempt: Attempt, refused: Refused) -> None:
    """Certainly nothing was taken. Whose fault it is fails; the others are held as before."""
    moment = await now(session)
    at_fault = _at_fault(attempt, refused)
    failed = [Outcome(one, "failed", reason=refused.reason) for one in at_fault]
    await endings.apply(session, attempt.provider, failed, now=moment)
    await session.execute(
        update(payouts)
        .where(payouts.c.attempt_id == attempt.id, payouts.c.state == "submitted")
        .values(state="held", attempt_id=None)
    )
    batch_id = await session.scalar(
        update(attempts)
        .where(attempts.c.id == attempt.id)
        .values(state="refused", due_at=None)
        .returning(attempts.c.batch_id)
    )
    assert batch_id is not None
    if isinstance(refused, Unreachable) and await _later(session, attempt, batch_id, moment):
        return
    if not at_fault:
        await steps.came_back(session, batch_id, refused.reason, now=moment)


def _at_fault(attempt: Attempt, refused: Refused) -> Sequence[str]:
    """References of the payments that the provider would not make."""
    if refused.references:
        return refused.references
    alone = len(attempt.payments) == 1 and refused.reason not in OURS
    return attempt.references if alone else ()


async def _later(session: Session, attempt: Attempt, batch_id: int, moment: datetime) -> bool:
    """Nobody was there: whether the batch is handed over again by itself."""
    since = select(func.max(attempts.c.id)).where(
        attempts.c.batch_id == batch_id,
        attempts.c.state.in_(("asked", "done", "refused")),
        attempts.c.id != attempt.id,
    )
    last = await session.scalar(since) or 0
    tries = await session.scalar(
        select(func.count()).where(
            attempts.c.batch_id == batch_id, attempts.c.state == "later", attempts.c.id > last
        )
    )
    if (tries or 0) >= TRIES:
        return False
    wait = again_in(tries or 0)
    await session.execute(
        update(attempts)
        .where(attempts.c.id == attempt.id)
        .values(state="later", due_at=moment + wait)
    )
    return True


def again_in(calls: int) -> timedelta:
    """How long to wait after so many questions: a minute, then twice as long, at most 6 hours."""
    return min(SOON * (1 << min(calls, 20)), LATEST)


def _unknown(attempt: Attempt) -> list[Outcome]:
    return [Outcome(reference, "unknown") for reference in attempt.references]


def _provider(attempt: Attempt) -> ApiProvider:
    found = PROVIDERS[attempt.provider]
    assert isinstance(found, ApiProvider)
    return found


async def _note(rails: Rails, attempt: Attempt, moment: datetime) -> None:
    if rails.log is not None:
        await asyncio.to_thread(rails.log.add, attempt, moment)
