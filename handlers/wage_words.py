"""Pay per hour in words: before a task, of a week, of a project."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.money import MICRO
from bot.pay import wage
from bot.pay.wage import Spread, Sum
from bot.work import wage_guard
from bot.work.wage_guard import Stop
from handlers.cards import escape

CENT = MICRO // 100


def rate(micro: int, currency: str) -> str:
    """An amount an hour: millionths would pretend a precision it has not. Rounded down."""
    unit = CENT if abs(micro) < 100 * MICRO else MICRO
    return escape(money.show(micro // unit * unit, currency))


def pace(price_micro: int, currency: str, *, expected: int, median: int | None) -> str:
    """How long a task takes and what an hour of them pays, measured if it can be."""
    return _pace(i18n.current(), price_micro, currency, median or expected, bool(median))


@lru_cache(maxsize=1024)  # every card of a queue says the same until it is measured again
def _pace(language: str, price_micro: int, currency: str, seconds: int, measured: bool) -> str:
    said = (
        _("about {duration}, about {rate} an hour, as last measured")
        if measured
        else _("about {duration}, about {rate} an hour, not measured yet")
    )
    hourly = wage.hourly(price_micro, seconds)
    return said.format(duration=i18n.duration(seconds), rate=rate(hourly, currency))


def week(sums: Mapping[str, Sum]) -> Iterator[str]:
    """The time since Monday and its pay per hour, against the floor where there is one."""
    for currency, one in sums.items():
        if not one.seconds:
            continue
        said = (
            _("This week: {time}, {rate} an hour, floor {floor} an hour")
            if one.floor_micro
            else _("This week: {time}, {rate} an hour")
        )
        yield said.format(
            time=i18n.duration(one.seconds),
            rate=f"<b>{rate(one.hourly, currency)}</b>",
            floor=rate(one.floor_micro, currency),
        )
        if one.missing:
            yield _("What is missing to the floor when the week is over is added on Monday.")


def spread(name: str, found: Spread, currency: str) -> str:
    """How pay per hour is spread over people in a country, or all of them."""
    people = ngettext("{count} worker", "{count} workers", found.people)
    said = _(
        "{name}, {people}: half earn {median} an hour or more, a quarter {quarter} or less; "
        "{below} are below the floor"
    )
    return said.format(
        name=escape(name),
        people=people.format(count=i18n.number(found.people)),
        median=rate(found.median, currency),
        quarter=rate(found.p25, currency),
        below=i18n.percent(found.below_ppm / MICRO),
    )


def stopped(stop: Stop) -> str:
    """Why a project was paused, in numbers."""
    said = _(
        "Half of the last {count} answers paid {rate} an hour or less. The floor is {floor} an "
        "hour ({country})."
    )
    return said.format(
        count=i18n.number(stop.answers),
        rate=rate(stop.micro, stop.currency),
        floor=rate(stop.floor_micro, stop.currency),
        country=escape(wage_guard.country_said(stop.country)),
    )
