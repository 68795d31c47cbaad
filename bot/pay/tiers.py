"""What an hour of each kind of work pays, and what that makes of one answer."""

from difflib import get_close_matches
from typing import NamedTuple

from sqlalchemy import select

from bot.errors import Invalid
from bot.i18n import N_
from bot.models.pay import Tier
from bot.money import MICRO, Money
from bot.store.database import Session

HOUR = 3600  # seconds


class Terms(NamedTuple):
    """A tier as a new database gets it; an operator may change the table afterwards."""

    name: str
    wage_micro: int
    currency: str
    premium_ppm: int
    review_micro: int


TIERS = (
    # A review takes about 20 seconds, an expert's 30.
    Terms("basic", 4 * MICRO, "USD", 0, 25_000),  # seconds per task
    Terms("language", 6 * MICRO, "USD", 0, 35_000),  # local-language skill and knowledge
    Terms("quality", 9 * MICRO, "USD", 0, 50_000),  # final checks of AI output
    Terms("expert", 25 * MICRO, "USD", 250_000, 260_000),  # biology, finance, software …
)
NAMES = tuple(terms.name for terms in TIERS)


class NoSuchTier(Invalid):
    msgid = N_("There is no tier “{tier}”. Tiers: {tiers}.")


class MisspeltTier(NoSuchTier):
    msgid = N_("There is no tier “{tier}”. Did you mean {nearest}?")


async def tier(session: Session, name: str) -> Tier:
    """The tier's present terms; raises NoSuchTier."""
    found = await session.get(Tier, name)
    if found is None:
        raise unknown(name, list(await session.scalars(select(Tier.name).order_by(Tier.name))))
    return found


def price(tier: Tier | Terms, *, expected_seconds: int) -> Money:
    """Pay for one answer: wage x time x (1 + premium), rounded half up once, to micro-units."""
    return Money(
        _round(tier.wage_micro * expected_seconds * (MICRO + tier.premium_ppm)), tier.currency
    )


def unknown(name: str, known: list[str] | tuple[str, ...]) -> NoSuchTier:
    """The refusal of a name, with the tier that was probably meant."""
    near = get_close_matches(name.lower(), known, 1)
    if near:
        return MisspeltTier(tier=name[:40], nearest=near[0])
    return NoSuchTier(tier=name[:40], tiers=", ".join(known))


def _round(product: int) -> int:
    """A product of micro-units, seconds and millionths as micro-units an hour."""
    whole = HOUR * MICRO
    return (2 * product + whole) // (2 * whole)
