"""Payouts, one worker's each: what would be paid, what was asked for, how it went, how it ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Select, delete, select, update

from bot.errors import Gone, Refusal
from bot.i18n import N_, gettext
from bot.models.base import table
from bot.models.chat import Chat
from bot.models.payouts import Batch, Destination, Payout
from bot.models.people import Audit, Worker
from bot.pay import destinations, drafts, endings, payout_limits, reckoning, standings
from bot.pay.destinations import Place
from bot.pay.drafts import Origin
from bot.pay.providers.provider import Outcome
from bot.pay.reckoning import Route
from bot.people import roles
from bot.store.database import Session

MAY_MARK = roles.PAYING
ASKABLE = ("", "shared")  # a shared destination must come before the eyes of an admin
BATCH = 50

# Why a payout was left out of its batch, or would be: sentences for worker and admin alike.
# A payout that failed has a reason of providers.provider.REASONS, or one of these too.
REASONS: dict[str, str] = {
    "minimum": N_("The balance is below the smallest payout."),
    "negative": N_("The balance is below zero."),
    "hold": N_("Earlier answers are being looked at before the first payout."),
    "destination": N_("It is not known where the money should go."),
    "waiting": N_("The destination was changed, and a new one waits 72 hours."),
    "shared": N_("Somebody else is paid at the same destination, and an admin has to look first."),
    "day": N_("As much as may be paid out in a day is on its way already."),
    "changed": N_("The destination was changed or taken back after the batch was made."),
    "gone": N_("The account was erased."),
    "canceled": N_("An admin called the batch off."),
}


workers, chats = table(Worker), table(Chat)
batches, payouts, places = table(Batch), table(Payout), table(Destination)


LINES: Select[Any] = (
    select(
        *(payouts.c.id, payouts.c.batch_id, batches.c.code, batches.c.provider),
        *(payouts.c.worker_id, workers.c.pseudonym, payouts.c.amount, payouts.c.fee),
        *(payouts.c.currency, payouts.c.state, payouts.c.reason, payouts.c.receipt),
        *(payouts.c.requested, payouts.c.created_at, payouts.c.ended_at, payouts.c.reference),
        places.c.sealed,
    )
    .join(batches, batches.c.id == payouts.c.batch_id)
    .join(workers, workers.c.id == payouts.c.worker_id)
    .outerjoin(places, places.c.id == payouts.c.destination_id)
)


class AlreadyEnded(Gone):
    msgid = N_("How this payout ended is known already.")


class NothingToPay(Refusal):
    """A worker asked for a payout that cannot be made; `reason` is a code of REASONS."""

    msgid = N_("This cannot be paid out now. {why}")


@dataclass(frozen=True, slots=True)
class Quote:
    """What a payout would be if its batch were frozen now. Micro-units."""

    provider: str
    currency: str
    available: int
    amount: int
    """Leaves the balance; 0 when that is too little for a payout."""
    fee: int
    """Part of it, which the provider keeps."""
    sent: int
    """What arrives: `amount` - `fee`, a multiple of what the provider can pay."""
    rest: int
    """Stays on the balance."""
    minimum: int
    """The least `amount` there is a payout for."""
    place: Place | None
    """Where it would go; None: the worker has to be asked first."""
    reason: str
    """A code of REASONS why nothing would be paid; empty when it would."""


@dataclass(frozen=True, slots=True)
class Line:
    """One payout as its worker or an admin reads it. Micro-units."""

    id: int
    reference: str
    """What the provider knows it by."""
    batch_id: int
    code: str
    """Of the batch."""
    provider: str
    worker_id: int
    pseudonym: str
    shown: str
    """Where it goes, masked."""
    amount: int
    fee: int
    currency: str
    state: str
    """draft, held, submitted, settled, failed, unknown or left_out."""
    reason: str
    receipt: str
    requested: bool
    created_at: datetime
    ended_at: datetime | None

    @property
    def sent(self) -> int:
        return self.amount - self.fee


async def quote(
    session: Session, worker_id: int, provider: str, currency: str, *, now: datetime
) -> Quote:
    """What would be paid out of what is available. Raises destinations.NoSuchProvider."""
    rail = destinations.provider(provider)
    limits = await payout_limits.of(session, currency)
    route = Route(provider, currency)
    standing = (await standings.of(session, [worker_id], route, now=now))[worker_id]
    sum = reckoning.reckon(rail, limits, standing, now)
    return Quote(
        provider=provider,
        currency=currency,
        available=standing.available,
        amount=sum.amount,
        fee=sum.fee,
        sent=sum.amount - sum.fee,
        rest=standing.available - sum.amount,
        minimum=reckoning.least(rail, limits),
        place=standing.place,
        reason=sum.reason,
    )


async def request(
    session: Session, worker_id: int, provider: str, currency: str, *, now: datetime
) -> Line:
    """A worker wants their money: a payout in the open draft of this provider and currency.

    Asking twice is once. What is paid is reckoned when the batch is frozen. Raises NothingToPay.
    """
    asked = await quote(session, worker_id, provider, currency, now=now)
    if asked.reason not in ASKABLE:
        raise NothingToPay(why=gettext(REASONS[asked.reason]))
    route = Route(provider, currency)
    batch_id = await drafts.opened(session, route, Origin(), now=now)
    await drafts.put(session, batch_id, currency, [worker_id], requested=True)
    mine = (payouts.c.batch_id == batch_id, payouts.c.worker_id == worker_id)
    await session.execute(update(payouts).where(*mine).values(requested=True))
    await drafts.reckon(session, batch_id, route, now=now, worker_id=worker_id)
    return (await _lines(session, LINES.where(*mine)))[0]


async def take_back(session: Session, worker_id: int, payout_id: int, *, now: datetime) -> None:
    """The worker wants it no more, before the batch was frozen. Raises Gone after that."""
    mine = (payouts.c.id == payout_id, payouts.c.worker_id == worker_id)
    gone = await session.scalar(
        delete(payouts).where(*mine, payouts.c.state == "draft").returning(payouts.c.id)
    )
    if gone is None:
        raise Gone


async def mine(session: Session, worker_id: int, *, limit: int = 20) -> list[Line]:
    """A worker's payouts, the newest first."""
    newest = LINES.where(payouts.c.worker_id == worker_id).order_by(payouts.c.id.desc())
    return await _lines(session, newest.limit(limit))


async def one(session: Session, payout_id: int) -> Line:
    """Raises Gone."""
    found = await _lines(session, LINES.where(payouts.c.id == payout_id))
    if not found:
        raise Gone
    return found[0]


async def these(session: Session, ids: Sequence[int]) -> list[Line]:
    """Some payouts in the order they came."""
    return await _lines(session, LINES.where(payouts.c.id.in_(ids)).order_by(payouts.c.id))


async def of_batch(
    session: Session, batch_id: int, *, state: str | None = None, offset: int = 0, limit: int = 1000
) -> list[Line]:
    """The payouts of a batch in the order they came, if wanted those of one state."""
    query = LINES.where(payouts.c.batch_id == batch_id).order_by(payouts.c.id)
    if state is not None:
        query = query.where(payouts.c.state == state)
    return await _lines(session, query.offset(offset).limit(limit))


class Ending(NamedTuple):
    """How a payout ended: "settled" with the provider's receipt, or "failed" and why."""

    state: Literal["settled", "failed"]
    receipt: str = ""
    reason: str = ""


async def mark(
    session: Session, payout_id: int, ending: Ending, *, actor: int | None, now: datetime
) -> Line:
    """A person says how it ended.

    For what was paid from a list or a file, and for what is unknown. Raises RoleNeeded, or
    AlreadyEnded with what was said before.
    """
    await roles.require(session, actor, *MAY_MARK)
    line = await one(session, payout_id)
    await endings.lock(session, [line.batch_id])
    row = (await endings.of(session, line.provider, [line.reference]))[line.reference]
    outcome = Outcome(line.reference, ending.state, ending.receipt, ending.reason)
    if not await endings.end(session, row, outcome, endings.OUT, now=now):
        raise AlreadyEnded
    await endings.close(session, line.batch_id, now)
    session.add(
        Audit(
            at=now,
            actor_id=actor,
            action="payout.mark",
            subject=f"payout:{line.reference}",
            before=row.state,
            after=f"{ending.state} {ending.receipt}{ending.reason}",
        )
    )
    await session.flush()
    return await one(session, payout_id)


@dataclass(frozen=True, slots=True)
class News:
    """How a payout ended, for its worker."""

    line: Line
    chat: Chat
    worker: Worker


async def news(session: Session, *, now: datetime, limit: int = BATCH) -> tuple[int, list[News]]:
    """Payouts that ended and whose workers were not told; told from now on.

    How many were taken, and of those the ones that somebody can read. Who was left out of a batch
    without having asked for anything is not bothered.
    """
    untold = (
        select(payouts.c.id)
        .where(payouts.c.told_at.is_(None), payouts.c.state.in_(endings.FINAL))
        .order_by(payouts.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await session.scalars(untold))
    if not ids:
        return 0, []
    await session.execute(update(payouts).where(payouts.c.id.in_(ids)).values(told_at=now))
    lines = await _lines(session, LINES.where(payouts.c.id.in_(ids)).order_by(payouts.c.id))
    people = await _reachable(session, {line.worker_id for line in lines})
    return len(ids), [
        News(line, *people[line.worker_id])
        for line in lines
        if line.worker_id in people and (line.requested or line.state != "left_out")
    ]


async def _lines(session: Session, query: Select[Any]) -> list[Line]:
    found = [dict(row) for row in (await session.execute(query)).mappings()]
    return [
        Line(shown=destinations.masked(session, row["provider"], row.pop("sealed")), **row)
        for row in found
    ]


async def _reachable(session: Session, worker_ids: Iterable[int]) -> dict[int, tuple[Chat, Worker]]:
    query = select(Chat, Worker).join(Worker, Worker.id == Chat.worker_id)
    found = await session.execute(query.where(Worker.id.in_(worker_ids), Chat.reachable))
    return {worker.id: (chat, worker) for chat, worker in found}
