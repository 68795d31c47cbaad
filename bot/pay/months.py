"""A month of somebody's calendar: it begins and ends at midnight in their own zone."""

import re
from datetime import date, datetime
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from bot import calendar, i18n
from bot.errors import Invalid
from bot.i18n import N_

_WRITTEN = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")
_NAMED = re.compile(r"(?P<name>\D+?)\s*(?P<year>2\d{3})?")


class NotAMonth(Invalid):
    msgid = N_("“{text}” is not a month. Write it like 2026-11, or by its name.")


class Month(NamedTuple):
    """2026-11."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime, zone: str) -> Self:
        """The month of a moment, as it is in a zone."""
        local = moment.astimezone(ZoneInfo(zone))
        return cls(local.year, local.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A month as 2026-11. Raises NotAMonth."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise NotAMonth(text=text[:40])
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def read(cls, text: str, this: Self) -> Self:
        """As people write it: 2026-11, or a month's name in the language being spoken.

        Without a year, the last month of that name up to `this`. Raises NotAMonth.
        """
        found = _NAMED.fullmatch(text.strip())
        if found is None or not found["name"].strip(" -"):
            return cls.parse(text.strip())
        number = _number(found["name"])
        if number is None:
            raise NotAMonth(text=text[:40])
        year = int(found["year"]) if found["year"] else this.year - (number > this.number)
        return cls(year, number)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    def before(self) -> "Month":
        return Month(self.year - 1, 12) if self.number == 1 else Month(self.year, self.number - 1)

    def after(self) -> "Month":
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """When it begins in a zone, and when the next one does."""
        first, following = self.first, self.after().first
        return calendar.midnight(first, zone), calendar.midnight(following, zone)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


def _number(name: str) -> int | None:
    """A whole name, or the beginning of only one: at least three letters."""
    wanted = i18n.folded(name)
    names = i18n.month_names()
    exact = [number for number, known in enumerate(names, 1) if wanted in known]
    begun = [number for number, known in enumerate(names, 1) if known[0].startswith(wanted)]
    if exact:
        return exact[0]
    return begun[0] if len(begun) == 1 and len(wanted) >= 3 else None
