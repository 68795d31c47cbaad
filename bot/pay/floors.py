"""Wage floors per country and currency, each from a day on: those shipped, and those owners set.

There is no conversion: work paid in a currency is held to the floors in that currency.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from bot import i18n, money
from bot.errors import Invalid
from bot.i18n import N_
from bot.models.base import table
from bot.models.people import Audit
from bot.models.wage import Floor
from bot.people import roles
from bot.store.database import Session, upsert

EVERYWHERE = "*"
SHIPPED = Path(__file__).with_name("floors.toml")
LONGEST = 200  # characters of a source
MAY_SET = ("owner",)

floors = table(Floor)


class NotACountry(Invalid):
    msgid = N_("“{text}” is not a country. Write its two-letter code, like KE, or * for all.")


class SourceNeeded(Invalid):
    msgid = N_("Say where the figure comes from, in at most {limit} characters.")


class InThePast(Invalid):
    msgid = N_("A floor can be changed from today on, not for days that are over.")


class Known(NamedTuple):
    """A floor from a day on."""

    country: str
    currency: str
    micro: int
    since: date
    source: str
    shipped: bool = True


@dataclass(frozen=True, slots=True)
class Floors:
    """All floors, of every day."""

    known: Sequence[Known]

    def micro(self, country: str | None, currency: str, day: date) -> int:
        """The floor of an hour there and then: the country's, or everywhere's if it is more."""
        there = (self.find(one, currency, day) for one in (country, EVERYWHERE) if one)
        return max((one.micro for one in there if one), default=0)

    def find(self, country: str, currency: str, day: date) -> Known | None:
        """The row that holds. An owner's comes before what was shipped, whichever is newer."""
        here = [
            one
            for one in self.known
            if (one.country, one.currency) == (country, currency) and one.since <= day
        ]
        return max(here, key=lambda one: (not one.shipped, one.since), default=None)

    def in_force(self, day: date) -> list[Known]:
        """What holds on a day, everywhere's first. Floors of zero are none."""
        names = sorted({(one.country, one.currency) for one in self.known})
        held = [self.find(*name, day) for name in names]
        return [one for one in held if one is not None and one.micro]


async def load(session: Session) -> Floors:
    """All floors."""
    columns = (floors.c.country, floors.c.currency, floors.c.micro, floors.c.since, floors.c.source)
    found = await session.execute(select(*columns).order_by(floors.c.since))
    return Floors([*shipped(), *(Known(*row, shipped=False) for row in found)])


async def of(session: Session, country: str | None, currency: str, at: datetime) -> int:
    """The floor of an hour for somebody in a country; 0 where there is none in the currency."""
    return (await load(session)).micro(country, currency, at.date())


@cache
def shipped() -> tuple[Known, ...]:
    """The floors that come with the program, each with its source."""
    rows = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["floor"]
    return tuple(
        Known(row["country"], amount.currency, amount.micro, row["since"], row["source"])
        for row in rows
        for amount in [money.parse(row["hour"])]
    )


def read(country: str, hour: str, source: str, since: date) -> Known:
    """A floor as somebody writes it. Raises NotACountry, NotMoney or SourceNeeded."""
    code = country.upper()
    if code != EVERYWHERE and not i18n.is_country(code):
        raise NotACountry(text=country[:20])
    amount, said = money.parse(hour), source.strip()
    if not 0 < len(said) <= LONGEST:
        raise SourceNeeded(limit=LONGEST)
    return Known(code, amount.currency, amount.micro, since, said, shipped=False)


async def change(session: Session, wanted: Known, *, actor: int | None, now: datetime) -> None:
    """Let a floor hold from its day on; one of the same day is replaced. An owner's decision."""
    await roles.require(session, actor, *MAY_SET)
    if wanted.since < now.date():
        raise InThePast
    before = (await load(session)).find(wanted.country, wanted.currency, wanted.since)
    values = {"micro": wanted.micro, "source": wanted.source, "set_by": actor, "set_at": now}
    names = {"country": wanted.country, "currency": wanted.currency, "since": wanted.since}
    statement = upsert(session, floors).values(**names, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=[*names], set_=values))
    session.add(
        Audit(
            at=now,
            actor_id=actor,
            action="floor.set",
            subject=f"floor:{wanted.country}:{wanted.currency}",
            before=before and _written(before),
            after=_written(wanted),
        )
    )
    await session.flush()


def _written(one: Known) -> str:
    return f"{money.decimal(one.micro)} {one.currency} from {one.since}: {one.source}"
