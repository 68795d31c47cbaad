"""Who could be paid: for each way of payment and currency how many people, and how much."""

from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select

from bot.models.base import table
from bot.models.pay import Account, Entry
from bot.models.payouts import Batch, Destination, Payout
from bot.pay import destinations, payout_limits, reckoning
from bot.pay.reckoning import Route
from bot.store.database import Session

accounts, entries = table(Account), table(Entry)
batches, payouts, places = table(Batch), table(Payout), table(Destination)
SUMS = (
    select(accounts.c.worker_id, accounts.c.currency, func.sum(entries.c.amount).label("micro"))
    .join(entries, entries.c.account_id == accounts.c.id)
    .where(accounts.c.kind == "available")
    .group_by(accounts.c.worker_id, accounts.c.currency)
    .subquery()
)


@dataclass(frozen=True, slots=True)
class Due:
    """People with a destination and enough available, who are in no draft for that currency."""

    route: Route
    count: int
    amount: int
    """Micro-units on their balances."""


async def listed(session: Session) -> list[Due]:
    """Every way and currency in which somebody is due, the most people first."""
    least = await _least(session)
    if not least:
        return []
    waiting = (
        exists()
        .where(payouts.c.worker_id == SUMS.c.worker_id, payouts.c.state == "draft")
        .where(payouts.c.batch_id == batches.c.id, batches.c.currency == SUMS.c.currency)
    )
    enough = [
        and_(places.c.provider == provider, SUMS.c.currency == currency, SUMS.c.micro >= micro)
        for (provider, currency), micro in least.items()
    ]
    query = (
        select(places.c.provider, SUMS.c.currency, func.count(), func.sum(SUMS.c.micro))
        .join(SUMS, SUMS.c.worker_id == places.c.worker_id)
        .where(places.c.retired_at.is_(None), or_(*enough), ~waiting)
        .group_by(places.c.provider, SUMS.c.currency)
        .order_by(func.count().desc(), places.c.provider, SUMS.c.currency)
    )
    found = await session.execute(query)
    return [Due(Route(name, code), count, int(micro)) for name, code, count, micro in found]


async def _least(session: Session) -> dict[tuple[str, str], int]:
    """The smallest payout of each way in each currency that anybody has."""
    codes = select(accounts.c.currency).where(accounts.c.kind == "available").distinct()
    found = {}
    for currency in await session.scalars(codes):
        limits = await payout_limits.of(session, currency)
        for rail in destinations.offered(currency, None):
            found[rail.name, currency] = reckoning.least(rail, limits)
    return found
