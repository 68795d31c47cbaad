"""Drafts by the calendar: every week or month one for a provider, currency and country."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Row, insert, select, update

from bot.calendar import MONDAY, Monthly, Weekly
from bot.errors import Gone
from bot.models.base import table
from bot.models.payouts import PayoutPlan
from bot.models.people import Audit
from bot.models.schedule import Scheduled
from bot.pay import batches, destinations
from bot.pay.batches import Card
from bot.pay.drafts import Origin
from bot.pay.reckoning import Route
from bot.people import roles
from bot.store import schedule
from bot.store.database import Session
from bot.store.schedule import Period

JOB = "payouts"
AT = time(8)  # a working day lies ahead
EVERY: dict[str, Weekly | Monthly] = {"week": Weekly(MONDAY, AT), "month": Monthly(AT)}
BATCH = 5
MAY_PLAN = roles.PAYING

rows, scheduled = table(PayoutPlan), table(Scheduled)


@dataclass(frozen=True, slots=True)
class Plan:
    id: int
    route: Route
    every: str
    """week: on Mondays. month: on the first."""
    zone: str
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft that the clock opened or filled; owners and admins are told."""

    card: Card
    period: date


async def make(
    session: Session,
    route: Route,
    every: str,
    *,
    zone: str = "UTC",
    actor: int | None,
    now: datetime,
) -> Plan:
    """Open a draft in every period from the next one on. Raises RoleNeeded or NoSuchProvider."""
    await roles.require(session, actor, *MAY_PLAN)
    destinations.provider(route.provider)
    values = {**route._asdict(), "every": every, "zone": zone, "created_by": actor}
    id = await session.scalar(insert(rows).returning(rows.c.id), values)
    assert id is not None
    day = EVERY[every].next(zone, now)
    due_at = EVERY[every].begins(day, zone)
    await schedule.plan(session, JOB, [(Period(id, day), due_at)])
    await _note(session, id, "make", f"{'/'.join(filter(None, route))} every {every}", actor, now)
    return Plan(id, route, every, zone, due_at)


async def listed(session: Session) -> list[Plan]:
    """The plans in force."""
    query = (
        select(rows, scheduled.c.due_at)
        .join(scheduled, scheduled.c.subject == rows.c.id)
        .where(scheduled.c.job == JOB, scheduled.c.done_at.is_(None), rows.c.ended_at.is_(None))
        .order_by(rows.c.id)
    )
    found = await session.execute(query)
    return [Plan(row.id, _route(row), row.every, row.zone, row.due_at) for row in found]


async def end(session: Session, plan_id: int, *, actor: int | None, now: datetime) -> None:
    """No more drafts of it. Raises RoleNeeded, or Gone."""
    await roles.require(session, actor, *MAY_PLAN)
    won = await session.scalar(
        update(rows)
        .where(rows.c.id == plan_id, rows.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(rows.c.id)
    )
    if won is None:
        raise Gone
    await schedule.cancel(session, JOB, plan_id)
    await _note(session, plan_id, "end", None, actor, now)


async def take(session: Session, *, now: datetime, limit: int = BATCH) -> tuple[int, list[Opened]]:
    """Do the periods that are due: how many, and the drafts that have somebody in them."""
    taken = await schedule.claim(session, JOB, now=now, limit=limit)
    opened = []
    for period in taken:
        plan = (await session.execute(select(rows).where(rows.c.id == period.subject))).one()
        following = EVERY[plan.every].after(period.day)
        due_at = EVERY[plan.every].begins(following, plan.zone)
        await schedule.plan(session, JOB, [(Period(plan.id, following), due_at)])
        origin = Origin(None, plan.id, period.day)
        card = await batches.fill(session, _route(plan), origin, now=now)
        if card.count:
            opened.append(Opened(card, period.day))
    return len(taken), opened


def _route(row: Row[Any]) -> Route:
    return Route(row.provider, row.currency, row.country)


async def _note(
    session: Session, id: int, what: str, after: str | None, actor: int | None, now: datetime
) -> None:
    action, subject = f"payouts.plan.{what}", f"plan:{id}"
    session.add(Audit(at=now, actor_id=actor, action=action, subject=subject, after=after))
    await session.flush()
