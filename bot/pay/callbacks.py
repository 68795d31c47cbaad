"""Results that providers bring by themselves: kept once, and applied at once where they fit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from bot.models.base import table
from bot.models.payouts import Result
from bot.pay import drafts, endings
from bot.pay.providers.provider import Outcome
from bot.store.database import Session, upsert

rows = table(Result)


async def receive(
    session: Session, provider: str, outcomes: Sequence[Outcome], *, now: datetime
) -> None:
    """Keep what is new and let the payouts end.

    The attempt is committed before its call, so a result that is faster than the answer finds it.
    A payment that the books do not know arrived before a restore: payouts freeze.
    """
    fresh = [one for one in outcomes if await _keep(session, provider, one, now)]
    strangers = await endings.apply(session, provider, fresh, now=now)
    for one in fresh:
        ours = one.reference in strangers and one.reference.startswith(drafts.PREFIX)
        if ours and one.state == "settled":
            await endings.contradict(session, one.reference, "arrived, and is in no batch", now)


async def kept(session: Session, provider: str, references: Sequence[str]) -> list[Outcome]:
    """What a provider said by itself of these references, in the order it did."""
    query = (
        select(rows.c.reference, rows.c.state, rows.c.receipt, rows.c.reason)
        .where(rows.c.provider == provider, rows.c.reference.in_(references))
        .order_by(rows.c.id)
    )
    return [Outcome(*row) for row in await session.execute(query)]


async def _keep(session: Session, provider: str, one: Outcome, now: datetime) -> bool:
    values = {
        "provider": provider,
        "reference": one.reference[:80],
        "state": one.state,
        "receipt": one.receipt[:80],
        "reason": one.reason[:40],
        "at": now,
    }
    statement = upsert(session, rows).on_conflict_do_nothing().returning(rows.c.id)
    return await session.scalar(statement, values) is not None
