"""The terms of a stage as people write them: shares, times, counts and prices, checked.

Every function takes the value and the `path` of its field, and returns what the tables keep or
raises a `FieldFault` that names the path.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from bot import money
from bot.errors import Invalid, Refusal
from bot.i18n import N_, gettext
from bot.money import MICRO, Money

OVERLAP = (1, 100)
SECONDS = (1, 24 * 3600)
LONGEST_DUE = timedelta(days=60)
UNITS = {"d": 86_400, "h": 3600, "m": 60}
WRITTEN = 60  # longest piece of somebody's text that a refusal repeats
_DUE = re.compile(r"\s*(\d{1,6})\s*([dhm])\s*", re.ASCII)


class FieldFault(Invalid):
    """A field does not fit. `path` says which, as it stands in the file: stage.overlap."""

    msgid = N_("{path}: this value does not fit.")

    @property
    def path(self) -> str:
        return str(self.values["path"])

    def say(self) -> str:
        values = {name: said(value) for name, value in self.values.items()}
        return gettext(self.msgid).format(**values)


class Absent(FieldFault):
    msgid = N_("{path}: is missing.")


class NotText(FieldFault):
    msgid = N_("{path}: must be text.")


class Blank(FieldFault):
    msgid = N_("{path}: must not be empty.")


class TooLong(FieldFault):
    msgid = N_("{path}: must not be longer than {limit} characters.")


class NotWhole(FieldFault):
    msgid = N_("{path}: must be a whole number from {low} to {high}.")


class NotAShare(FieldFault):
    msgid = N_("{path}: must be a share from 0 to 1, like 0.1 or 10%.")


class NotDue(FieldFault):
    msgid = N_("{path}: must be a time like 3d, 12h or 30m, at most 60d.")


class NotAPrice(FieldFault):
    msgid = N_("{path}: {reason}")


class NothingPaid(FieldFault):
    msgid = N_("{path}: must be more than zero.")


class OtherCurrency(FieldFault):
    msgid = N_("{path}: is in {currency}, but the project is in {expected}.")


class UnknownKey(FieldFault):
    msgid = N_("{path}: is not known here. Known: {known}.")


class MisspeltKey(UnknownKey):
    msgid = N_("{path}: is not known here. Did you mean {nearest}?")


def said(reason: object) -> str:
    """A refusal's own sentence, in the language being spoken."""
    return reason.say() if isinstance(reason, Refusal) else str(reason)


def text(value: object, path: str, *, limit: int, empty: bool = False) -> str:
    """One text without outer space; raises NotText, Blank or TooLong."""
    if not isinstance(value, str):
        raise NotText(path=path)
    written = value.strip()
    if not written and not empty:
        raise Blank(path=path)
    if len(written) > limit:
        raise TooLong(path=path, limit=limit)
    return written


def whole(value: object, path: str, low: int, high: int) -> int:
    """A whole number in the range, also when written as text: "3"."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise NotWhole(path=path, low=low, high=high)
    return value


def overlap(value: object, path: str) -> int:
    return whole(value, path, *OVERLAP)


def seconds(value: object, path: str) -> int:
    return whole(value, path, *SECONDS)


def share(value: object, path: str) -> int:
    """Millionths out of 0.1, "0.1" or "10%"."""
    found = _number(value)
    if found is None or not found.is_finite() or not 0 <= found <= 1:
        raise NotAShare(path=path)
    return int((found * MICRO).to_integral_value())


def due(value: object, path: str) -> int:
    """Seconds out of "3d", "12h" or "30m"."""
    found = _DUE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise NotDue(path=path)
    length = int(found[1]) * UNITS[found[2]]
    if length > LONGEST_DUE.total_seconds():
        raise NotDue(path=path)
    return length


def amount(value: object, path: str) -> Money:
    """A positive amount out of "0.02 USD"."""
    if not isinstance(value, str):
        raise NotAPrice(path=path, reason=money.NotMoney(text=str(value)[:WRITTEN]))
    try:
        found = money.parse(value)
    except money.NotMoney as reason:
        raise NotAPrice(path=path, reason=reason) from None
    if not found.micro:
        raise NothingPaid(path=path)
    return found


def unknown_key(key: str, path: str, known: Iterable[str]) -> UnknownKey:
    """The refusal of a key, with the one that was probably meant."""
    names = sorted(known)
    near = get_close_matches(key.lower(), names, 1)
    if near:
        return MisspeltKey(path=path, nearest=near[0])
    return UnknownKey(path=path, known=", ".join(names))


def show_share(ppm: int) -> str:
    """ "10%": as `share` reads it."""
    return f"{money.decimal(ppm * 100)}%"


def show_due(length: int) -> str:
    """ "3d", in the largest unit that divides it: as `due` reads it."""
    for unit, size in UNITS.items():
        if length % size == 0 and length:
            return f"{length // size}{unit}"
    return f"{length // UNITS['m']}m"


def show_amount(micro: int, currency: str) -> str:
    """ "0.02 USD": as `amount` reads it."""
    return f"{money.decimal(micro)} {currency}"


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    written = str(value).strip()[:WRITTEN]
    percent = isinstance(value, str) and written.endswith("%")
    try:
        found = Decimal(written.rstrip("%").strip())
    except InvalidOperation:
        return None
    return found / 100 if percent else found
