"""Drafts by the calendar: every week or month one for a provider, currency and country."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.pay.batches import Card
from bot.pay.reckoning import Route
from bot.store.database import Session

JOB = "payouts"
EVERY = ("week", "month")


@dataclass(frozen=True, slots=True)
class Plan:
    id: int
    route: Route
    every: str
    """week: on Mondays. month: on the first."""
    zone: str
    next_at: datetime


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
    raise NotImplementedError


async def listed(session: Session) -> list[Plan]:
    """The plans in force."""
    raise NotImplementedError


async def end(session: Session, plan_id: int, *, actor: int | None, now: datetime) -> None:
    """No more drafts of it. Raises RoleNeeded, or Gone."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft that the clock opened; owners and admins are told."""

    card: Card
    period: date


async def take(session: Session, *, now: datetime, limit: int = 5) -> tuple[int, list[Opened]]:
    """Do the periods that are due: how many, and the drafts that have somebody in them."""
    raise NotImplementedError
