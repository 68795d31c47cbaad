"""How much a payout is, or why there is none. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.pay.destinations import Place
from bot.pay.payout_limits import Limits
from bot.pay.providers.provider import Provider


class Route(NamedTuple):
    """What a batch is of. An empty country is everywhere; workers' own requests go there."""

    provider: str
    currency: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about one worker's payout. Micro-units."""

    worker_id: int
    available: int
    place: Place | None
    doubted: bool = False
    """Never paid before, and a hold on their answers is in force."""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """What leaves the balance, and what of it the provider keeps. Micro-units."""

    amount: int
    fee: int
    reason: str
    """A code of payouts.REASONS why it cannot be paid now; empty when it can."""


def reckon(provider: Provider, limits: Limits, standing: Standing, now: datetime) -> Sum:
    """The payout of somebody. Without a payable sum it is 0; with one there may be a reason too."""
    amount, fee = payable(provider, limits, standing.available)
    small = amount - fee < max(provider.minimum(limits.currency), 1) or amount < limits.minimum
    reason = _person(standing) or _place(standing.place, now) or ("minimum" if small else "")
    return Sum(0, 0, reason) if small else Sum(amount, fee, reason)


def payable(provider: Provider, limits: Limits, available: int) -> tuple[int, int]:
    """The most that can leave and the fee in it: what arrives is a multiple of the unit.

    Taking the fraction off lowers the fee, which may leave a new fraction: again, until it is even.
    """
    unit = provider.unit(limits.currency)
    caps = (available, limits.worker, provider.maximum(limits.currency))
    amount = max(0, min(cap for cap in caps if cap is not None))
    while True:
        fee = min(amount, provider.fee(amount, limits.currency))
        spare = (amount - fee) % unit
        if not spare:
            return amount, fee
        amount -= spare


def least(provider: Provider, limits: Limits) -> int:
    """The smallest sum that may leave a balance, about: the fee of the least is in it."""
    sent = max(provider.minimum(limits.currency), provider.unit(limits.currency))
    return max(sent + provider.fee(sent, limits.currency), limits.minimum)


def _person(standing: Standing) -> str:
    if standing.gone:
        return "gone"
    if standing.available < 0:
        return "negative"
    return "hold" if standing.doubted else ""


def _place(place: Place | None, now: datetime) -> str:
    if place is None:
        return "destination"
    if not place.cleared:
        return "shared"
    return "waiting" if place.usable_at > now else ""
