"""Reading a table that people wrote: every fault is collected, so that one look mends them all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from bot.errors import Refusal
from bot.i18n import LANGUAGES, N_
from bot.money import Money
from bot.work import terms
from bot.work.terms import FieldFault

T = TypeVar("T")


class NotATable(FieldFault):
    msgid = N_("{path}: must be a table.")


class NotAList(FieldFault):
    msgid = N_("{path}: must be a list with at least one value.")


class TooMany(FieldFault):
    msgid = N_("{path}: must have at most {limit} values.")


class Twice(FieldFault):
    msgid = N_("{path}: has “{value}” twice.")


class NotALanguage(FieldFault):
    msgid = N_("{path}: “{value}” is not one of the languages {languages}.")


class UnknownValue(FieldFault):
    msgid = N_("{path}: “{value}” is not one of {known}.")


class MisspeltValue(UnknownValue):
    msgid = N_("{path}: “{value}” is not known here. Did you mean {nearest}?")


@dataclass(slots=True)
class Reading:
    """Collects faults, so that one look at the answer mends the whole file."""

    faults: list[Refusal] = field(default_factory=list)

    def refuse(self, fault: Refusal) -> None:
        self.faults.append(fault)

    def take(self, check: Callable[[], T]) -> T | None:
        """The checked value, or None and a fault more."""
        try:
            return check()
        except FieldFault as fault:
            self.refuse(fault)
            return None

    def table(self, value: object, path: str) -> dict[str, object]:
        if value is None:
            self.refuse(terms.Absent(path=path))
        elif not isinstance(value, dict):
            self.refuse(NotATable(path=path))
        else:
            return cast("dict[str, object]", value)
        return {}

    def keys(self, table: Mapping[str, object], path: str, known: Iterable[str]) -> None:
        for key in table:
            if key not in known:
                where = f"{path}.{key}" if path else key
                self.refuse(terms.unknown_key(key, where, known))

    def text(self, value: object, path: str, *, limit: int, needed: bool = False) -> str:
        if value is None:
            if needed:
                self.refuse(terms.Absent(path=path))
            return ""
        return self.take(lambda: terms.text(value, path, limit=limit, empty=not needed)) or ""

    def amount(self, value: object, path: str) -> Money | None:
        return None if value is None else self.take(lambda: terms.amount(value, path))

    def given(
        self, value: object, path: str, check: Callable[[object, str], int], default: int
    ) -> int:
        """What `check` makes of the value, the default when there is none or it does not fit."""
        found = None if value is None else self.take(lambda: check(value, path))
        return default if found is None else found

    def one_of(self, value: object, path: str, known: tuple[str, ...]) -> str | None:
        """The value when it is known, else None and a fault that says what is."""
        if isinstance(value, str) and value in known:
            return value
        self.refuse(unknown_value(value, path, known))
        return None

    def language(self, tag: object, path: str) -> str | None:
        code = language(tag)
        if code is None:
            value = str(tag)[: terms.WRITTEN]
            self.refuse(NotALanguage(path=path, value=value, languages=", ".join(LANGUAGES)))
        return code


def language(tag: object) -> str | None:
    """The code of a language by its tag or alias (pt-br, tl, sw-KE); None for another one."""
    wanted = str(tag).strip().lower().replace("_", "-")
    for candidate in (wanted, wanted.partition("-")[0]):
        for one in LANGUAGES.values():
            if candidate in (one.code.lower().replace("_", "-"), *one.aliases):
                return one.code
    return None


def language_tags() -> list[str]:
    """Every code and alias that `language` knows, without regions."""
    return [tag for one in LANGUAGES.values() for tag in (one.code, *one.aliases)]


def unknown_value(given: object, path: str, known: tuple[str, ...]) -> UnknownValue:
    value = str(given)[: terms.WRITTEN]
    suggested = terms.unknown_key(value, path, known)
    if isinstance(suggested, terms.MisspeltKey):
        return MisspeltValue(path=path, value=value, nearest=suggested.values["nearest"])
    return UnknownValue(path=path, value=value, known=", ".join(known))
