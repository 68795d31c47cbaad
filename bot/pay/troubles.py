"""Payouts that failed or of which nobody knows, each told to the payouts desk once."""

from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select

from bot.models.base import table
from bot.models.payouts import Batch, Payout
from bot.models.schedule import Scheduled
from bot.pay import payouts as lines
from bot.pay.payouts import Line
from bot.store import schedule
from bot.store.database import Session
from bot.store.schedule import Period

JOBS = {"failed": "payout.failed", "unknown": "payout.unknown"}
BATCH = 200
LATELY = timedelta(days=2)  # a batch that closed before is no news; the clock was not off so long

batches, payouts, scheduled = table(Batch), table(Payout), table(Scheduled)


async def take(session: Session, state: str, *, now: datetime) -> list[Line]:
    """Payouts in this state that nobody was told of; told from now on, of two who ask by one."""
    job = JOBS[state]
    told = exists().where(scheduled.c.job == job, scheduled.c.subject == payouts.c.id)
    closed = and_(batches.c.state == "closed", batches.c.changed_at > now - LATELY)
    query = (
        select(payouts.c.id, payouts.c.created_at)
        .join(batches, batches.c.id == payouts.c.batch_id)
        .where(or_(batches.c.state.in_(("submitted", "exported", "approved")), closed))
        .where(payouts.c.state == state, ~told)
        .order_by(payouts.c.id)
        .limit(BATCH)
    )
    found = (await session.execute(query)).all()
    coming = [(Period(id, created_at.date()), now) for id, created_at in found]
    await schedule.plan(session, job, coming)
    taken = await schedule.claim(session, job, now=now, limit=BATCH)
    ids = [one.subject for one in taken]
    return await lines.these(session, ids) if ids else []
