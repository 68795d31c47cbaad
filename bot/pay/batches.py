"""Batches of payouts, as admins read them; drafts of them are opened and filled here.

draft      workers and admins put payouts in; nothing is held
frozen     amounts are reckoned and held; who cannot be paid is left out, with the reason
approved   by one person; above the limit never by who made or froze it
submitted  another one (above the limit) has paid: the runner hands it to the provider
exported   or it was written to files, which have the same bytes for ever
closed     every payout is settled, failed or left out
canceled   before it was paid: what was held is available again
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, or_, select

from bot.errors import Gone, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.payouts import Batch, Destination, Payout
from bot.models.people import Worker
from bot.pay import anomalies as odd
from bot.pay import batch_files, destinations, drafts, payout_limits, reckoning, standings
from bot.pay.anomalies import Anomaly, Candidate
from bot.pay.drafts import Origin
from bot.pay.providers.provider import File
from bot.pay.reckoning import Route
from bot.people import roles
from bot.store.database import Session

MAY_PAY = roles.PAYING
LARGEST = 1000  # payouts of a batch: freezing it is one transaction
OPEN = ("draft", "frozen", "approved", "submitted", "exported")

RECENT = 20  # payouts of a worker that say what is usual

batches, payouts = table(Batch), table(Payout)
places, workers = table(Destination), table(Worker)
earlier = places.alias("earlier")
_EARLIER = (
    exists()
    .where(earlier.c.worker_id == places.c.worker_id, earlier.c.id < places.c.id)
    .label("changed")
)
IN_IT = and_(payouts.c.state != "left_out", or_(payouts.c.state != "draft", payouts.c.reason == ""))
Sums = dict[str, tuple[int, int, int]]
"""By state of the payouts: how many, what leaves balances, fees. Micro-units."""


class Nothing(Refusal):
    msgid = N_("Nobody can be paid with this batch now.")


@dataclass(frozen=True, slots=True)
class Card:
    """A batch with its sums, as an admin reads it. Micro-units."""

    id: int
    code: str
    provider: str
    currency: str
    country: str
    state: str
    version: int
    """Every step wants the one it was shown."""
    count: int
    """Payouts in it, without those left out."""
    amount: int
    """Leaves balances, fees among it."""
    fee: int
    counts: dict[str, int]
    """Payouts by state; in a draft those that cannot be paid now count as left_out."""
    amounts: dict[str, int]
    """The same for what leaves balances."""
    created_by: int | None
    frozen_by: int | None
    approved_by: int | None
    paid_by: int | None
    changed_by: int | None
    changed_at: datetime
    period: date | None
    reason: str
    """Why the provider took none of it; a code of providers.provider.REASONS."""
    two_people: bool
    """It is above the limit for one person (at today's limit)."""

    @property
    def sent(self) -> int:
        return self.amount - self.fee


async def draft(session: Session, route: Route, *, actor: int | None, now: datetime) -> Card:
    """The open draft of a route, with everybody in it who is due.

    Due is who has a destination there and enough available, and is in no other draft. Raises
    RoleNeeded, destinations.NoSuchProvider or Nothing.
    """
    await roles.require(session, actor, *MAY_PAY)
    card = await fill(session, route, Origin(actor), now=now)
    if not sum(card.counts.values()):
        raise Nothing
    return card


async def fill(session: Session, route: Route, origin: Origin, *, now: datetime) -> Card:
    """The same for the clock; there may be nobody in it."""
    rail = destinations.provider(route.provider)
    least = reckoning.least(rail, await payout_limits.of(session, route.currency))
    batch_id = await drafts.opened(session, route, origin, now=now)
    count = select(func.count()).where(payouts.c.batch_id == batch_id)
    room = LARGEST - (await session.scalar(count) or 0)
    due = await standings.due(session, route, least=least, limit=max(0, room))
    await drafts.put(session, batch_id, route.currency, due, requested=False)
    await drafts.reckon(session, batch_id, route, now=now)
    return await one(session, batch_id)


async def one(session: Session, which: int | str) -> Card:
    """A batch by its id or code. Raises Gone."""
    column = batches.c.id if isinstance(which, int) else batches.c.code
    found = await _cards(session, column == which)
    if not found:
        raise Gone
    return found[0]


async def listed(
    session: Session, *, states: Sequence[str] = OPEN, limit: int = 20, offset: int = 0
) -> list[Card]:
    """Batches in these states, the newest first."""
    return await _cards(session, batches.c.state.in_(states), limit=limit, offset=offset)


async def files(session: Session, batch_id: int, *, actor: int | None) -> list[File]:
    """What was exported, the same bytes every time. Raises RoleNeeded, or Gone without files."""
    await roles.require(session, actor, *MAY_PAY)
    found = await batch_files.of(session, batch_id)
    if not found:
        raise Gone
    return found


async def anomalies(session: Session, batch_id: int, *, now: datetime) -> list[Anomaly]:
    """What an approver should look at."""
    card = await one(session, batch_id)
    limits = await payout_limits.of(session, card.currency)
    return odd.find(await _candidates(session, card), first_above=limits.first, now=now)


async def _candidates(session: Session, card: Card) -> list[Candidate]:
    query = (
        select(payouts, workers.c.pseudonym, places.c.created_at.label("given_at"), _EARLIER)
        .join(workers, workers.c.id == payouts.c.worker_id)
        .outerjoin(places, places.c.id == payouts.c.destination_id)
        .where(payouts.c.batch_id == card.id)
        .order_by(payouts.c.id)
    )
    rows = (await session.execute(query)).all()
    others = await destinations.others(session, [row.destination_id for row in rows])
    before = await _settled(session, [row.worker_id for row in rows], card.currency)
    return [
        Candidate(
            payout_id=row.id,
            pseudonym=row.pseudonym,
            amount=row.amount,
            reason=row.reason,
            given_at=row.given_at,
            changed=row.changed,
            others=others.get(row.destination_id, 0),
            before=before.get(row.worker_id, [])[:RECENT],
        )
        for row in rows
    ]


async def _settled(
    session: Session, worker_ids: Sequence[int], currency: str
) -> dict[int, list[int]]:
    """What was paid to these workers, the newest first. Micro-units."""
    query = (
        select(payouts.c.worker_id, payouts.c.amount)
        .where(payouts.c.worker_id.in_(worker_ids), payouts.c.currency == currency)
        .where(payouts.c.state == "settled")
        .order_by(payouts.c.id.desc())
    )
    found: dict[int, list[int]] = {}
    for worker_id, amount in await session.execute(query):
        found.setdefault(worker_id, []).append(amount)
    return found


async def _cards(
    session: Session, *where: ColumnElement[bool], limit: int = 1, offset: int = 0
) -> list[Card]:
    query = select(batches).where(*where).order_by(batches.c.id.desc()).limit(limit).offset(offset)
    rows = (await session.execute(query)).all()
    sums = await _sums(session, [row.id for row in rows])
    limits = {row.currency: await payout_limits.of(session, row.currency) for row in rows}
    return [_card(row, sums.get(row.id, {}), limits[row.currency].alone) for row in rows]


async def _sums(session: Session, ids: Sequence[int]) -> dict[int, Sums]:
    state = case((IN_IT, payouts.c.state), else_="left_out")
    query = (
        select(
            payouts.c.batch_id,
            state,
            func.count(),
            func.sum(payouts.c.amount),
            func.sum(payouts.c.fee),
        )
        .where(payouts.c.batch_id.in_(ids))
        .group_by(payouts.c.batch_id, state)
    )
    found: dict[int, Sums] = {}
    for batch_id, name, count, amount, fee in await session.execute(query):
        found.setdefault(batch_id, {})[name] = (count, int(amount), int(fee))
    return found


def _card(row: Row[Any], sums: Sums, alone: int) -> Card:
    inside = [values for state, values in sums.items() if state != "left_out"]
    amount = sum(values[1] for values in inside)
    return Card(
        id=row.id,
        code=row.code,
        provider=row.provider,
        currency=row.currency,
        country=row.country,
        state=row.state,
        version=row.version,
        count=sum(values[0] for values in inside),
        amount=amount,
        fee=sum(values[2] for values in inside),
        counts={state: values[0] for state, values in sums.items()},
        amounts={state: values[1] for state, values in sums.items()},
        created_by=row.created_by,
        frozen_by=row.frozen_by,
        approved_by=row.approved_by,
        paid_by=row.paid_by,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        period=row.period,
        reason=row.reason,
        two_people=amount > alone,
    )
