"""Where workers are paid: asked when needed, checked by the provider, sealed, never shown whole.

A destination is one person's: its mark, made with the key, decides. Who gives one that somebody else
gave first may keep it (families share a phone), but nothing is paid there before an owner or admin
has looked. The first one's payouts go on, or anybody could stop them by typing their number. A
change waits: who took over a chat cannot turn the next payout to themselves unnoticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from bot.errors import Gone, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.payouts import Destination
from bot.models.people import Audit
from bot.pay.providers import PROVIDERS
from bot.pay.providers.provider import Provider
from bot.people import roles
from bot.store.database import Session, upsert, vault

HOLD = timedelta(hours=72)  # after a change
MAY_LOOK = ("owner", "admin")
BATCH = 200

destinations = table(Destination)
CURRENT = destinations.c.retired_at.is_(None)
UNTOUCHED = {"synchronize_session": False}


class NoSuchProvider(Refusal):
    msgid = N_("This way of payment is not offered any more. Choose another one.")


@dataclass(frozen=True, slots=True)
class Place:
    """One destination as people see it."""

    id: int
    worker_id: int
    provider: str
    shown: str
    """Masked; empty when it was erased."""
    usable_at: datetime
    created_at: datetime
    retired_at: datetime | None
    shared: bool
    cleared: bool
    """It is not shared, or an admin allowed that."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A destination as it was saved, and what has to be said of it."""

    place: Place
    before: str | None
    """The one it took the place of, masked: its owner gets a notice, in the chat, at once."""
    same: bool
    """It was the current one already: nothing changed."""


async def save(
    session: Session, worker_id: int, provider: str, written: str, *, now: datetime
) -> Saved:
    """Keep what a worker wrote as where this provider pays them.

    The first one is usable at once, one that takes the place of another after HOLD. The chat
    deletes the message it came in, and shows `place.shown`. Raises errors.Invalid with what is
    wrong with it, or NoSuchProvider.
    """
    raise NotImplementedError


async def remove(session: Session, worker_id: int, provider: str, *, now: datetime) -> bool:
    """Take the current one back; whether there was one. The next one counts as a change."""
    raise NotImplementedError


async def current(session: Session, worker_id: int) -> list[Place]:
    """Where a worker is paid at present, one for each provider."""
    raise NotImplementedError


async def history(session: Session, worker_id: int) -> list[Place]:
    """Every destination a worker ever gave, the newest first."""
    raise NotImplementedError


async def clear(
    session: Session, destination_id: int, *, actor: int | None, now: datetime
) -> Place:
    """Allow a shared destination. Raises RoleNeeded, or Gone when there is nothing to allow."""
    raise NotImplementedError


async def reveal(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Destinations as the provider takes them, by their ids; erased ones are missing."""
    raise NotImplementedError


async def forget(session: Session, worker_id: int, *, now: datetime) -> None:
    """Erase what a worker's destinations say; that there were some stays, for the payouts."""
    raise NotImplementedError


async def reseal(session: Session, *, limit: int = BATCH) -> int:
    """Seal with the present key what an earlier one has sealed; how many."""
    raise NotImplementedError


def offered(currency: str, country: str | None) -> list[Provider]:
    """Providers that pay this currency into this country (None: not known, so anywhere)."""
    return [
        one
        for one in PROVIDERS.values()
        if (one.currencies is None or currency in one.currencies)
        and (one.countries is None or country is None or country in one.countries)
    ]
