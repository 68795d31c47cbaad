"""Amounts of money: integers of millionths of a currency, read exactly and shown exactly."""

import re
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from babel import Locale
from babel.core import get_global
from babel.numbers import (
    format_currency,
    get_currency_precision,
    get_currency_symbol,
    get_territory_currencies,
)

from bot import i18n
from bot.errors import Invalid
from bot.i18n import N_

MICRO = 1_000_000
DECIMALS = 6
LARGEST = 10**12  # whole units; a row with it still fits a 64-bit integer of millionths


class Money(NamedTuple):
    """So many millionths of a currency (ISO 4217 code)."""

    micro: int
    currency: str


class NotMoney(Invalid):
    msgid = N_("“{text}” is not an amount. Write a number and a currency code, like 0.02 USD.")


class GroupedAmount(NotMoney):
    msgid = N_("Write “{text}” with a decimal point and without separators, like 1250.50 USD.")


class TooFine(NotMoney):
    msgid = N_("“{text}” has too many decimals. At most {decimals} are kept.")


class TooLarge(NotMoney):
    msgid = N_("“{text}” is too large an amount.")


class NegativeAmount(NotMoney):
    msgid = N_("“{text}” is below zero. Write an amount of zero or more.")


class UnknownCurrency(NotMoney):
    msgid = N_(
        "“{currency}” is not a currency in use. Write its three-letter code, like USD or KES."
    )


_AMOUNT = r"(?P<sign>[-+−]?)(?P<amount>[0-9][0-9.,'’ _\u00a0\u202f]*)"
_WRITTEN = (
    re.compile(_AMOUNT + r"(?P<currency>[A-Za-z]{3})"),
    re.compile(r"(?P<currency>[A-Za-z]{3})\s*" + _AMOUNT),
)
_PLAIN = re.compile(r"(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?")
_QUOTED = 40  # longest piece of somebody's text that a refusal repeats


def parse(text: str, *, allow_negative: bool = False) -> Money:
    """The amount in "0.02 USD" or "USD 0.02". Raises NotMoney, or a kind of it that says more."""
    written = i18n.strip_marks(text).strip()
    found = next((match for form in _WRITTEN if (match := form.fullmatch(written))), None)
    if found is None:
        raise NotMoney(text=_quoted(written))
    currency = _known(found["currency"].upper())
    micro = _micro(found["amount"].strip(), _quoted(written))
    negative = found["sign"] in ("-", "−")
    if negative and micro and not allow_negative:
        raise NegativeAmount(text=_quoted(written))
    return Money(-micro if negative else micro, currency)


def decimal(micro: int) -> str:
    """Millionths as a plain decimal number: "0.02", "5", "-1.5". Nothing is rounded."""
    whole, part = divmod(abs(micro), MICRO)
    digits = f"{whole}.{part:0{DECIMALS}d}".rstrip("0").rstrip(".")
    return f"-{digits}" if micro < 0 else digits


def show(micro: int, currency: str) -> str:
    """The exact amount as the language writes it, with at least the currency's own decimals.

    A sign that several currencies share is followed by the code: "$0.0125 USD".
    """
    locale = i18n.locale()
    text = format_currency(
        Decimal(decimal(micro)),
        currency,
        format=_pattern(currency, str(locale)),
        locale=locale,
        decimal_quantization=False,
    )
    return f"{text}\u00a0{currency}" if _symbol(currency, locale) in SHARED else text


SHARED = frozenset({"$", "¥", "￥", "£", "Rs", "₨", "kr"})
LOCAL = {"KES": "KSh", "TZS": "TSh", "UGX": "USh"}  # as East Africa writes them, in any language


def unit(currency: str) -> int:
    """The smallest amount that a currency's own decimals can write, in millionths: a cent."""
    return int(MICRO // 10 ** get_currency_precision(currency))


def currencies() -> frozenset[str]:
    """The ISO codes of the currencies that are legal tender somewhere today."""
    return _currencies()


@cache
def _currencies() -> frozenset[str]:
    territories = get_global("territory_currencies")
    return frozenset(code for one in territories for code in get_territory_currencies(one))


def _known(currency: str) -> str:
    if currency not in currencies():
        raise UnknownCurrency(currency=currency)
    return currency


def _micro(amount: str, text: str) -> int:
    plain = _PLAIN.fullmatch(amount)
    if plain is None:
        raise GroupedAmount(text=text)
    part = plain["part"] or ""
    if len(part) > DECIMALS:
        raise TooFine(text=text, decimals=DECIMALS)
    if len(plain["whole"].lstrip("0")) > len(str(LARGEST)) or int(plain["whole"]) > LARGEST:
        raise TooLarge(text=text)
    return int(plain["whole"]) * MICRO + int(part.ljust(DECIMALS, "0"))


def _symbol(currency: str, locale: Locale) -> str:
    return LOCAL.get(currency) or get_currency_symbol(currency, locale)


@cache
def _pattern(currency: str, locale_name: str) -> str:
    """The language's money pattern with our symbol in it, and air between letters and digits."""
    locale = Locale.parse(locale_name)
    symbol = _symbol(currency, locale)
    pattern: str = locale.currency_formats["standard"].pattern
    if symbol[-1].isalpha():
        pattern = re.sub(r"¤(?=[#0])", "¤\u00a0", pattern)
    if symbol[0].isalpha():
        pattern = re.sub(r"(?<=[#0])¤", "\u00a0¤", pattern)
    return pattern.replace("¤", f"'{symbol}'")


def _quoted(text: str) -> str:
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
