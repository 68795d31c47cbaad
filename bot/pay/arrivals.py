"""When a worker may expect a payout, as far as earlier ones tell."""

from datetime import timedelta
from statistics import median_high

from sqlalchemy import select

from bot.models.base import table
from bot.models.payouts import Batch, Payout
from bot.store.database import Session

RECENT = 50  # payouts that say what is usual
FEW = 3  # with fewer, nothing is promised

batches, payouts = table(Batch), table(Payout)


async def usual(session: Session, provider: str, currency: str) -> timedelta | None:
    """From asking to money, the median of the last payouts of this way; None: too few to say."""
    query = (
        select(payouts.c.created_at, payouts.c.ended_at)
        .join(batches, batches.c.id == payouts.c.batch_id)
        .where(batches.c.provider == provider, batches.c.currency == currency)
        .where(payouts.c.state == "settled", payouts.c.requested)
        .order_by(payouts.c.id.desc())
        .limit(RECENT)
    )
    found = [ended - asked for asked, ended in await session.execute(query)]
    return median_high(found) if len(found) >= FEW else None
