"""What may leave of a currency, and how much one person may pay alone. An owner sets it."""

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Session


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one currency, in micro-units. Without a row two people are needed for every batch."""

    currency: str
    alone: int = 0
    """A batch up to this sum may be approved and paid by one person."""
    worker: int | None = None
    """The most for one worker in one payout; None: no cap."""
    day: int | None = None
    """The most for all together in 24 hours; None: no cap."""
    first: int | None = None
    """A first payout above it is pointed out; None: none is."""
    minimum: int = 0
    """The least that is paid out, where the provider would take less."""


async def of(session: Session, currency: str) -> Limits:
    """The limits in force."""
    raise NotImplementedError


async def put(session: Session, limits: Limits, *, actor: int | None, now: datetime) -> None:
    """Set them; the change is in the audit. Raises RoleNeeded for who is no owner."""
    raise NotImplementedError
