"""The steps of a batch. Each swaps its state: of two who do it at once one is told who was first.

Above the limit for one person nobody approves what they made, nor pays what they approved.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, func, or_, select, update

from bot import i18n, money
from bot.errors import Gone, NotAllowed, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.payouts import Batch, Payout
from bot.models.people import Audit, Worker
from bot.pay import (
    batch_files,
    destinations,
    drafts,
    endings,
    handover,
    ledger,
    payout_limits,
    safeguards,
)
from bot.pay import batches as cards
from bot.pay.batches import Card, Nothing
from bot.pay.drafts import Reckoned
from bot.pay.handover import Manner
from bot.pay.ledger import Leaving
from bot.pay.providers.provider import ApiProvider, Outcome
from bot.pay.reckoning import Route
from bot.people import identities, roles
from bot.store.database import Session

BEFORE = ("draft", "frozen", "approved")  # no money has left
DAY = timedelta(hours=24)

batches, payouts = table(Batch), table(Payout)


class Step(NamedTuple):
    """Who does a step, seeing which version of the batch, and when."""

    version: int
    actor: int | None
    """None: the command line."""
    now: datetime


class AlreadyDone(Refusal):
    """Somebody else has done this step, or a later one."""

    msgid = N_("Already done by {name} at {time}.")


class SecondPerson(NotAllowed):
    msgid = N_("This batch is above the limit for one person: somebody else has to do this step.")


class Stopped(Refusal):
    msgid = N_("Payouts are frozen since {time}: {reason}. An owner can let them go on.")


async def freeze(session: Session, batch_id: int, step: Step) -> Card:
    """Reckon every payout, hold its amount, and leave out who cannot be paid.

    Raises RoleNeeded, AlreadyDone, Stopped, or Nothing when nobody is left in it.
    """
    await _may(session, step)
    batch = await _swap(session, batch_id, step, ["draft"], state="frozen", frozen_by=step.actor)
    route = Route(batch.provider, batch.currency, batch.country)
    found = await drafts.reckon(session, batch_id, route, now=step.now)
    left = await _room(session, batch.currency, step.now)
    held = 0
    for each in found:
        reason = each.sum.reason or ("day" if left is not None and each.sum.amount > left else "")
        if reason:
            await _leave_out(session, each.payout_id, reason, step.now)
            continue
        await _hold(session, batch, each)
        left = None if left is None else left - each.sum.amount
        held += 1
    if not held:
        raise Nothing
    return await _noted(session, batch, "freeze", step)


async def approve(session: Session, batch_id: int, step: Step) -> Card:
    """Say that it may be paid. Raises RoleNeeded, AlreadyDone, Stopped or SecondPerson."""
    await _may(session, step)
    batch = await _swap(
        session, batch_id, step, ["frozen"], state="approved", approved_by=step.actor
    )
    await _two(session, batch, step, batch.created_by or batch.frozen_by)
    return await _noted(session, batch, "approve", step)


async def pay(
    session: Session,
    batch_id: int,
    step: Step,
    *,
    as_file: bool = False,
    template: bytes | None = None,
) -> Card:
    """Let the money go: to the runner where the provider has an API, else into files.

    `template` is what the provider's files are made from, where it wants one (Provider.template).
    Raises RoleNeeded, AlreadyDone, Stopped, SecondPerson, or WrongTemplate of the provider.
    """
    await _may(session, step)
    before = await cards.one(session, batch_id)
    by_api = not as_file and isinstance(destinations.provider(before.provider), ApiProvider)
    state = "submitted" if by_api else "exported"
    values = {"state": state, "paid_by": step.actor, "reason": ""}
    batch = await _swap(session, batch_id, step, ["approved"], **values)
    await _two(session, batch, step, batch.approved_by)
    words = "" if by_api else await _export(session, batch, template, step.now)
    return await _noted(session, batch, "pay", step, words)


async def cancel(session: Session, batch_id: int, step: Step) -> Card:
    """Call it off before it was paid: what was held is free. Raises RoleNeeded, AlreadyDone."""
    await roles.require(session, step.actor, *cards.MAY_PAY)
    batch = await _swap(session, batch_id, step, BEFORE, state="canceled")
    query = select(payouts).where(payouts.c.batch_id == batch_id).with_for_update()
    for row in (await session.execute(query)).all():
        if row.state == "draft":
            await _leave_out(session, row.id, "canceled", step.now)
        elif row.state == "held":
            known = await endings.of(session, batch.provider, [row.reference])
            outcome = Outcome(row.reference, "failed", reason="canceled")
            await endings.end(session, known[row.reference], outcome, ["held"], now=step.now)
    return await _noted(session, batch, "cancel", step)


async def came_back(session: Session, batch_id: int, reason: str, *, now: datetime) -> None:
    """The provider certainly took nothing of what is held: a person looks, and pays again."""
    won = await session.scalar(
        update(batches)
        .where(batches.c.id == batch_id, batches.c.state == "submitted")
        .values(
            state="approved",
            reason=reason,
            version=batches.c.version + 1,
            changed_by=None,
            changed_at=now,
        )
        .returning(batches.c.code)
    )
    if won is not None:
        subject = f"batch:{won}"
        session.add(Audit(at=now, action="batch.return", subject=subject, after=reason))
        await session.flush()


async def _may(session: Session, step: Step) -> None:
    await roles.require(session, step.actor, *cards.MAY_PAY)
    frozen = await safeguards.frozen(session)
    if frozen is not None:
        zone = await _zone(session, step.actor)
        raise Stopped(time=i18n.when(frozen.since, zone), reason=frozen.reason)


async def _swap(
    session: Session, batch_id: int, step: Step, expected: Sequence[str], **values: object
) -> Row[Any]:
    """The batch after the step. Of two who do it, the later one is told who was first."""
    won = await session.execute(
        update(batches)
        .where(batches.c.id == batch_id, batches.c.version == step.version)
        .where(batches.c.state.in_(expected))
        .values(
            version=batches.c.version + 1,
            changed_by=step.actor,
            changed_at=step.now,
            **values,
        )
        .returning(batches)
    )
    row: Row[Any] | None = won.one_or_none()
    if row is None:
        raise await _lost(session, batch_id, step)
    return row


async def _lost(session: Session, batch_id: int, step: Step) -> Refusal:
    found = await session.execute(select(batches).where(batches.c.id == batch_id))
    row = found.one_or_none()
    if row is None:
        return Gone()
    name = await _name(session, row.changed_by)
    zone = await _zone(session, step.actor)
    return AlreadyDone(name=name, time=i18n.when(row.changed_at, zone))


async def _name(session: Session, worker_id: int | None) -> str:
    if worker_id is None:
        return "Kazi"
    known = (await identities.of(session, worker_id)).get(worker_id)
    query = select(Worker.pseudonym).where(Worker.id == worker_id)
    return known.name if known else str(await session.scalar(query))


async def _zone(session: Session, worker_id: int | None) -> str:
    return await session.scalar(select(Worker.zone).where(Worker.id == worker_id)) or "UTC"


async def _two(session: Session, batch: Row[Any], step: Step, other: int | None) -> None:
    """Above the limit nobody does two steps after another, nor does the nameless command line."""
    found = await cards.one(session, batch.id)
    if found.two_people and (step.actor is None or step.actor == other):
        raise SecondPerson


async def _room(session: Session, currency: str, now: datetime) -> int | None:
    """What may still leave today, micro-units; None: as much as there is."""
    limits = await payout_limits.locked(session, currency)
    if limits.day is None:
        return None
    under_way = payouts.c.state.in_(("held", *endings.OUT))
    lately = (payouts.c.state == "settled") & (payouts.c.ended_at > now - DAY)
    query = select(func.coalesce(func.sum(payouts.c.amount), 0)).where(
        payouts.c.currency == currency, or_(under_way, lately)
    )
    return limits.day - int(await session.scalar(query) or 0)


async def _leave_out(session: Session, payout_id: int, reason: str, now: datetime) -> None:
    await session.execute(
        update(payouts)
        .where(payouts.c.id == payout_id)
        .values(state="left_out", reason=reason, ended_at=now)
    )


async def _hold(session: Session, batch: Row[Any], each: Reckoned) -> None:
    sum = each.sum
    leaving = Leaving(
        each.payout_id, each.worker_id, batch.provider, batch.currency, sum.amount, sum.fee
    )
    await ledger.hold(session, leaving)
    await session.execute(
        update(payouts).where(payouts.c.id == each.payout_id).values(state="held")
    )


async def _export(session: Session, batch: Row[Any], template: bytes | None, now: datetime) -> str:
    """Write the files; their names and hashes. The runner notes what left."""
    manner = Manner(cards.LARGEST, "file", timedelta())
    attempt = await handover.begin(session, batch, manner, now=now)
    if attempt is None:
        raise Nothing
    made = destinations.provider(batch.provider).files(batch.code, attempt.payments, template)
    return await batch_files.keep(session, batch.id, made, now=now)


async def _noted(session: Session, batch: Row[Any], what: str, step: Step, more: str = "") -> Card:
    found = await cards.one(session, batch.id)
    sums = f"{found.count} payouts, {money.decimal(found.amount)} {found.currency}"
    session.add(
        Audit(
            at=step.now,
            actor_id=step.actor,
            action=f"batch.{what}",
            subject=f"batch:{batch.code}",
            after="; ".join(filter(None, [sums, more])),
        )
    )
    await session.flush()
    return found
