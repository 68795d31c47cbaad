"""Batches of payouts, step by step: every step swaps the state, so of two who do it one is told so.

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
from typing import NamedTuple

from bot.errors import Gone, NotAllowed, Refusal
from bot.i18n import N_
from bot.pay.anomalies import Anomaly
from bot.pay.drafts import Route
from bot.pay.providers.provider import File
from bot.store.database import Session

MAY_PAY = ("owner", "admin")
LARGEST = 1000  # payouts of a batch: freezing it is one transaction
OPEN = ("draft", "frozen", "approved", "submitted", "exported")


class Step(NamedTuple):
    """Who does a step, seeing which version of the batch, and when."""

    version: int
    actor: int | None
    """None: the command line."""
    now: datetime


class AlreadyDone(Refusal):
    """Somebody else has done this step, or a later one."""

    msgid = N_("Already done by {name} at {time}.")


class Nothing(Refusal):
    msgid = N_("Nobody can be paid with this batch now.")


class SecondPerson(NotAllowed):
    msgid = N_("This batch is above the limit for one person: somebody else has to do this step.")


class Stopped(Refusal):
    msgid = N_("Payouts are frozen since {time}: {reason}. An owner can let them go on.")


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
    """By the state of the payouts."""
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
    raise NotImplementedError


async def one(session: Session, code: str) -> Card:
    """A batch by its code or id. Raises Gone."""
    raise NotImplementedError


async def listed(
    session: Session, *, states: Sequence[str] = OPEN, limit: int = 20, offset: int = 0
) -> list[Card]:
    """Batches in these states, the newest first."""
    raise NotImplementedError


async def freeze(session: Session, batch_id: int, step: Step) -> Card:
    """Reckon every payout, hold its amount, and leave out who cannot be paid.

    Raises RoleNeeded, AlreadyDone, Stopped, or Nothing when nobody is left in it.
    """
    raise NotImplementedError


async def approve(session: Session, batch_id: int, step: Step) -> Card:
    """Say that it may be paid. Raises RoleNeeded, AlreadyDone, Stopped or SecondPerson."""
    raise NotImplementedError


async def pay(
    session: Session,
    batch_id: int,
    step: Step,
    *,
    as_file: bool = False,
    template: bytes | None = None,
) -> Card:
    """Let the money go: to the runner where the provider has an API, else into files.

    `template` is what the provider's files are made from, where it wants one (Provider.template).
    Raises RoleNeeded, AlreadyDone, Stopped, SecondPerson, or WrongTemplate of the provider.
    """
    raise NotImplementedError


async def cancel(session: Session, batch_id: int, step: Step) -> Card:
    """Call it off before it was paid: what was held is free. Raises RoleNeeded, AlreadyDone."""
    raise NotImplementedError


async def files(session: Session, batch_id: int, *, actor: int | None) -> list[File]:
    """What was exported, the same bytes every time. Raises RoleNeeded, or Gone without files."""
    raise NotImplementedError


async def anomalies(session: Session, batch_id: int, *, now: datetime) -> list[Anomaly]:
    """What an approver should look at, in a draft reckoned as if it were frozen now."""
    raise NotImplementedError
