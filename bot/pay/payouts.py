"""Payouts, one worker's each: what would be paid, what was asked for, how it went, how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.errors import Gone, Refusal
from bot.i18n import N_
from bot.models.chat import Chat
from bot.models.people import Worker
from bot.pay import destinations
from bot.pay.destinations import Place
from bot.store.database import Session

FINAL = ("settled", "failed", "left_out")
BATCH = 50

# Why a payout was left out of its batch, or would be: sentences for worker and admin alike.
# A payout that failed has a reason of providers.provider.REASONS, or one of these too.
REASONS: dict[str, str] = {
    "minimum": N_("The balance is below the smallest payout."),
    "negative": N_("The balance is below zero."),
    "hold": N_("Earlier answers are being looked at before the first payout."),
    "destination": N_("It is not known where the money should go."),
    "waiting": N_("The destination was changed, and a new one waits 72 hours."),
    "shared": N_("Somebody else is paid at the same destination, and an admin has to look first."),
    "day": N_("As much as may be paid out in a day is on its way already."),
    "gone": N_("The account was erased."),
    "canceled": N_("An admin called the batch off."),
}


class AlreadyEnded(Gone):
    msgid = N_("How this payout ended is known already.")


class NothingToPay(Refusal):
    """A worker asked for a payout that cannot be made; `reason` is a code of REASONS."""

    msgid = N_("This cannot be paid out now. {why}")


@dataclass(frozen=True, slots=True)
class Quote:
    """What a payout would be if its batch were frozen now. Micro-units."""

    provider: str
    currency: str
    available: int
    amount: int
    """Leaves the balance; 0 when nothing can be paid."""
    fee: int
    """Part of it, which the provider keeps."""
    sent: int
    """What arrives: `amount` - `fee`, a multiple of what the provider can pay."""
    rest: int
    """Stays on the balance."""
    minimum: int
    """The least `amount` there is a payout for."""
    place: Place | None
    """Where it would go; None: the worker has to be asked first."""
    reason: str
    """A code of REASONS why nothing would be paid; empty when it would."""


@dataclass(frozen=True, slots=True)
class Line:
    """One payout as its worker or an admin reads it. Micro-units."""

    id: int
    batch_id: int
    code: str
    """Of the batch."""
    provider: str
    worker_id: int
    pseudonym: str
    shown: str
    """Where it goes, masked."""
    amount: int
    fee: int
    currency: str
    state: str
    """draft, held, submitted, settled, failed, unknown or left_out."""
    reason: str
    receipt: str
    requested: bool
    created_at: datetime
    ended_at: datetime | None

    @property
    def sent(self) -> int:
        return self.amount - self.fee


async def quote(
    session: Session, worker_id: int, provider: str, currency: str, *, now: datetime
) -> Quote:
    """What would be paid out of what is available. Raises destinations.NoSuchProvider."""
    raise NotImplementedError


async def request(
    session: Session, worker_id: int, provider: str, currency: str, *, now: datetime
) -> Line:
    """A worker wants their money: a payout in the open draft of this provider and currency.

    Asking twice is once. What is paid is reckoned when the batch is frozen. Raises NothingToPay.
    """
    raise NotImplementedError


async def take_back(session: Session, worker_id: int, payout_id: int, *, now: datetime) -> None:
    """The worker wants it no more, before the batch was frozen. Raises Gone after that."""
    raise NotImplementedError


async def mine(session: Session, worker_id: int, *, limit: int = 20) -> list[Line]:
    """A worker's payouts, the newest first."""
    raise NotImplementedError


async def one(session: Session, payout_id: int) -> Line:
    """Raises Gone."""
    raise NotImplementedError


async def of_batch(
    session: Session, batch_id: int, *, state: str | None = None, offset: int = 0, limit: int = 1000
) -> list[Line]:
    """The payouts of a batch in the order they came, if wanted those of one state."""
    raise NotImplementedError


class Ending(NamedTuple):
    """How a payout ended: "settled" with the provider's receipt, or "failed" and why."""

    state: str
    receipt: str = ""
    reason: str = ""


async def mark(
    session: Session, payout_id: int, ending: Ending, *, actor: int | None, now: datetime
) -> Line:
    """A person says how it ended.

    For what was paid from a list or a file, and for what is unknown. Raises RoleNeeded, or
    AlreadyEnded with what was said before.
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class News:
    """How a payout ended, for its worker."""

    line: Line
    chat: Chat
    worker: Worker


async def news(session: Session, *, now: datetime, limit: int = BATCH) -> tuple[int, list[News]]:
    """Payouts that ended and whose workers were not told; told from now on.

    How many were taken, and of those the ones that somebody can read.
    """
    raise NotImplementedError
