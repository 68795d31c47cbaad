"""What decides about the payouts of workers, read for many at once; and who is due."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select

from bot.models.base import table
from bot.models.pay import Account, Entry
from bot.models.payouts import Batch, Destination, Payout
from bot.models.people import Worker
from bot.models.rules import Restriction, in_force
from bot.pay import destinations
from bot.pay.reckoning import Route, Standing
from bot.store.database import Session

HOLD = "hold"  # the kind of restriction that waits for a person's look

accounts, entries = table(Account), table(Entry)
batches, payouts, places = table(Batch), table(Payout), table(Destination)
workers = table(Worker)
AVAILABLE = (
    select(accounts.c.worker_id, func.sum(entries.c.amount).label("micro"))
    .join(entries, entries.c.account_id == accounts.c.id)
    .where(accounts.c.kind == "available")
    .group_by(accounts.c.worker_id)
)


async def of(
    session: Session, worker_ids: Sequence[int], route: Route, *, now: datetime
) -> dict[int, Standing]:
    """The standing of each of these workers."""
    available = await _available(session, worker_ids, route.currency)
    found = await destinations.at(session, worker_ids, route.provider)
    doubted = await _doubted(session, worker_ids, now)
    gone = await _gone(session, worker_ids)
    return {
        id: Standing(id, available.get(id, 0), found.get(id), id in doubted, id in gone)
        for id in worker_ids
    }


async def due(session: Session, route: Route, *, least: int, limit: int) -> list[int]:
    """Who has at least so much available, a destination there, and is in no draft for it."""
    waiting = (
        select(payouts.c.id)
        .join(batches, batches.c.id == payouts.c.batch_id)
        .where(payouts.c.worker_id == workers.c.id, payouts.c.state == "draft")
        .where(batches.c.currency == route.currency)
    )
    place = exists().where(
        places.c.worker_id == workers.c.id,
        places.c.provider == route.provider,
        places.c.retired_at.is_(None),
    )
    sums = AVAILABLE.where(accounts.c.currency == route.currency).subquery()
    query = (
        select(workers.c.id)
        .join(sums, sums.c.worker_id == workers.c.id)
        .where(sums.c.micro >= least, place, ~waiting.exists())
        .where(*([workers.c.country == route.country] if route.country else []))
        .order_by(workers.c.id)
        .limit(limit)
    )
    return list(await session.scalars(query))


async def _available(session: Session, worker_ids: Sequence[int], currency: str) -> dict[int, int]:
    mine = accounts.c.worker_id.in_(worker_ids)
    found = await session.execute(AVAILABLE.where(mine, accounts.c.currency == currency))
    return {id: int(micro) for id, micro in found}


async def _doubted(session: Session, worker_ids: Sequence[int], now: datetime) -> set[int]:
    """Those on hold who were never paid: later payouts show what a first one would."""
    paid = exists().where(
        payouts.c.worker_id == Restriction.worker_id, payouts.c.state == "settled"
    )
    query = select(Restriction.worker_id).where(
        Restriction.worker_id.in_(worker_ids), Restriction.kind == HOLD, in_force(now), ~paid
    )
    return set(await session.scalars(query))


async def _gone(session: Session, worker_ids: Sequence[int]) -> set[int]:
    query = select(workers.c.id).where(workers.c.id.in_(worker_ids), workers.c.state == "gone")
    return set(await session.scalars(query))
