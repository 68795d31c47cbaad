"""A number, written in any script's digits."""

import random
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from bot import i18n
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.task_types import checks, material, options
from bot.task_types.kind import Ask, Body, Metric, Settings, TaskType, Unfit, Value, Wording

DECIMALS = 6
DIGITS = 15  # in all: as many as a float, and so JSON, keeps exactly
EXAMPLE = Decimal("12.5")
_PLAIN = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")


class NotANumber(Unfit):
    msgid = N_("Send a number, in digits.")


class NotPlain(Unfit):
    """In a file, where numbers look the same in every language."""

    msgid = N_("“{value}” is not a plain number such as 12.5.")


class TooLow(Unfit):
    msgid = N_("Send a number that is {low} or more.")


class TooHigh(Unfit):
    msgid = N_("Send a number that is {high} or less.")


class OutOfRange(Unfit):
    msgid = N_("Send a number from {low} to {high}.")


class NotWholeNumber(Unfit):
    msgid = N_("Send a whole number.")


class TooManyDecimals(Unfit):
    msgid = N_("Too many digits after the point. At most: {decimals}.")


class TooManyDigits(Unfit):
    msgid = N_("Too many digits. At most: {digits}.")


class Number(TaskType):
    name = "number"
    combine: Literal["vote", "mean", "none"] = "mean"
    metric: Metric = "interval"

    def settings(self, raw: Mapping[str, object]) -> dict[str, Any]:
        bounds = {field: _bound(raw, field) for field in ("min", "max")}
        checks.in_order("min", "max", bounds)
        decimals = checks.whole(raw, "decimals", 0, DECIMALS, default=DECIMALS)
        return {**bounds, "decimals": decimals, **material.settings(raw)}

    def fields(self, settings: Settings) -> tuple[str, ...]:
        return material.fields(settings)

    def check(self, settings: Settings, body: Body) -> None:
        material.check(settings, body)

    def layout(self, settings: Settings, random: random.Random) -> list[int]:
        return []

    def ask(
        self, settings: Settings, wording: Wording, body: Body, layout: Sequence[int] = ()
    ) -> Ask:
        example = _("e.g. {number}").format(number=_show(_example(settings)))
        return Ask(
            blocks=tuple(material.blocks(settings, wording, body)),
            reply="number",
            placeholder=example,
            rule=_rule(settings),
        )

    def read(self, settings: Settings, text: str) -> Value:
        numeral = i18n.read_numeral(text)
        if numeral is None:
            raise NotANumber
        return _fit(settings, Decimal(numeral))

    def spelling(self, settings: Settings, text: str, value: Value) -> str:
        return i18n.read_numeral(text) or self.label(settings, value)

    def label(self, settings: Settings, value: Value) -> str:
        return _plain(Decimal(str(value)))

    def value(self, settings: Settings, label: str) -> Value:
        cell = checks.one_line(label)
        if not _PLAIN.fullmatch(cell):
            raise NotPlain(value=options.cut(cell))
        return _fit(settings, Decimal(cell))

    def words(
        self, settings: Settings, wording: Wording, value: Value, layout: Sequence[int] = ()
    ) -> str:
        return options.cut(_show(Decimal(str(value))))


def _fit(settings: Settings, number: Decimal) -> Value:
    if abs(number.adjusted()) > DIGITS:
        raise TooManyDigits(digits=DIGITS)
    plain = _plain(number)
    whole, _point, fraction = plain.lstrip("-").partition(".")
    if fraction and not settings["decimals"]:
        raise NotWholeNumber
    if len(fraction) > settings["decimals"]:
        raise TooManyDecimals(decimals=settings["decimals"])
    if len(whole + fraction) > DIGITS:
        raise TooManyDigits(digits=DIGITS)
    _check_range(settings, number)
    return _value(number)


def _check_range(settings: Settings, number: Decimal) -> None:
    low, high = checks.number(settings, "min"), checks.number(settings, "max")
    below, above = low is not None and number < low, high is not None and number > high
    if not (below or above):
        return
    if low is not None and high is not None:
        raise OutOfRange(low=_show(low), high=_show(high))
    if low is not None:
        raise TooLow(low=_show(low))
    assert high is not None
    raise TooHigh(high=_show(high))


def _bound(raw: Mapping[str, object], field: str) -> Value:
    bound = checks.number(raw, field)
    return None if bound is None else _value(bound)


def _value(number: Decimal) -> int | float:
    plain = _plain(number)
    return float(plain) if "." in plain else int(plain)


def _plain(number: Decimal) -> str:
    """Without exponent, trailing zeros and negative zero."""
    plain = format(number, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


def _example(settings: Settings) -> Decimal:
    low, high = checks.number(settings, "min"), checks.number(settings, "max")
    example = EXAMPLE if settings["decimals"] else Decimal(int(EXAMPLE))
    if low is not None and example < low:
        return low
    return high if high is not None and example > high else example


def _rule(settings: Settings) -> str:
    low, high = checks.number(settings, "min"), checks.number(settings, "max")
    parts = [_range(low, high)] if low is not None or high is not None else []
    if not settings["decimals"]:
        parts.append(_("Whole numbers only"))
    return " · ".join(parts)


def _range(low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and high is not None:
        return _("From {low} to {high}").format(low=_show(low), high=_show(high))
    if low is not None:
        return _("{low} or more").format(low=_show(low))
    assert high is not None
    return _("{high} or less").format(high=_show(high))


def _show(number: Decimal) -> str:
    return i18n.number(number)
