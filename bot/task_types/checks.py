"""Checked values out of a stage's table: each function returns the value or names the field."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from bot import i18n
from bot.i18n import N_
from bot.task_types.kind import Missing, TooLong, Unfit

NAME = 64  # characters in the name of a field
# PostgreSQL keeps no NUL, UTF-8 no lone surrogate, and spreadsheets no other controls.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class NotWhole(Unfit):
    msgid = N_("{field} must be a whole number from {low} to {high}.")


class NotNumeric(Unfit):
    msgid = N_("{field} must be a number.")


class NotTrueOrFalse(Unfit):
    msgid = N_("{field} must be true or false.")


class NotText(Unfit):
    msgid = N_("{field} must be text.")


class NotAList(Unfit):
    msgid = N_("{field} must be a list.")


class Repeated(Unfit):
    msgid = N_("{field} has “{value}” twice.")


class Reversed(Unfit):
    msgid = N_("{low} must not be greater than {high}.")


def flag(raw: Mapping[str, object], field: str, *, default: bool) -> bool:
    """True or false."""
    value = raw.get(field)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise NotTrueOrFalse(field=field)
    return value


def whole(
    raw: Mapping[str, object], field: str, low: int, high: int, *, default: int | None = None
) -> int | None:
    """A whole number in the range, or the default when it is not given."""
    value = raw.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise NotWhole(field=field, low=low, high=high)
    return value


def number(raw: Mapping[str, object], field: str) -> Decimal | None:
    """A finite number, exactly as it was written, or None when it is not given."""
    value = raw.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise NotNumeric(field=field)
    exact = Decimal(str(value))
    if not exact.is_finite():
        raise NotNumeric(field=field)
    return exact


def in_order(low: str, high: str, settings: Mapping[str, object]) -> None:
    """Refuse a lower bound above the upper one. Bounds that are not given do not count."""
    bottom, top = number(settings, low), number(settings, high)
    if bottom is not None and top is not None and bottom > top:
        raise Reversed(low=low, high=high)


def name(raw: Mapping[str, object], field: str) -> str | None:
    """The name of a row's field, or None when it is not given."""
    value = raw.get(field)
    return None if value is None else _line(value, field, NAME)


def lines(raw: Mapping[str, object], field: str, longest: int) -> list[str]:
    """Different one-line texts, in order; [] when not given. Numbers and booleans become text."""
    values = raw.get(field)
    if values is None:
        return []
    if not isinstance(values, list | tuple):
        raise NotAList(field=field)
    found: list[str] = []
    for value in cast("list[object]", values):
        line = _line(value, field, longest)
        if line in found:
            raise Repeated(field=field, value=line)
        found.append(line)
    return found


def plain(value: object) -> str | None:
    """Text, number or boolean as text ("true", "12.5"); None when it is something else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float | Decimal) else None


def clean(text: str) -> str:
    """Text as it is kept and compared: composed, without direction marks, controls, outer space."""
    kept = i18n.strip_marks(text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", _UNSTORABLE.sub("", kept)).strip()


def one_line(text: str) -> str:
    """Clean text with each run of white space made one space."""
    return " ".join(clean(text).split())


def _line(value: object, field: str, longest: int) -> str:
    text = plain(value)
    if text is None:
        raise NotText(field=field)
    line = one_line(text)
    if not line:
        raise Missing(field=field)
    if len(line) > longest:
        raise TooLong(field=field, limit=longest)
    return line
