"""When a week begins for somebody, right across the clock changes of every zone.

A period is named by the local day it begins on, which is the same name in every zone: whoever
moves across zones meets each name once.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MONDAY = 0


@dataclass(frozen=True, slots=True)
class Weekly:
    """A time of the week on a wall clock: `Weekly(MONDAY, time(9))`."""

    weekday: int
    """0 is Monday."""
    at: time

    def begins(self, day: date, zone: str) -> datetime:
        """The moment at which the period of `day` begins in a zone."""
        return first_moment(datetime.combine(day, self.at), zone)

    def due(self, zone: str, now: datetime) -> date:
        """The period that began last, as it is at `now` in a zone."""
        day = now.astimezone(ZoneInfo(zone)).date() + DAY  # a clock set back may repeat a day
        day -= timedelta(days=(day.weekday() - self.weekday) % 7)
        while self.begins(day, zone) > now:
            day -= WEEK
        return day

    def next(self, zone: str, now: datetime) -> date:
        """The period that begins next: it begins after `now`."""
        return self.after(self.due(zone, now))

    def after(self, day: date) -> date:
        """The period that follows the one of `day`."""
        return day + WEEK


@dataclass(frozen=True, slots=True)
class Monthly:
    """The first of every month at a time on a wall clock."""

    at: time

    def begins(self, day: date, zone: str) -> datetime:
        """The moment at which the period of `day` begins in a zone."""
        return first_moment(datetime.combine(day, self.at), zone)

    def next(self, zone: str, now: datetime) -> date:
        """The period that begins next: it begins after `now`."""
        day = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
        while self.begins(day, zone) <= now:
            day = self.after(day)
        return day

    def after(self, day: date) -> date:
        """The period that follows the one of `day`."""
        return (day.replace(day=1) + 31 * DAY).replace(day=1)


def midnight(day: date, zone: str) -> datetime:
    """The moment at which a local day begins; where clocks skip midnight, a little later."""
    return first_moment(datetime.combine(day, time.min), zone)


def first_moment(wall: datetime, zone: str) -> datetime:
    """The moment, UTC, at which a zone's clocks first show `wall` (naive) or later.

    Clocks set back show a time twice: the first counts. Clocks set forward skip it: the moment of
    the change counts, even where a whole day was skipped.
    """
    place = ZoneInfo(zone)
    # PEP 495: read with the offset before the change, and with the offset after it. They lie the
    # other way round in a gap alone.
    before, after = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if before <= after:
        return before
    seconds = range(int((before - after).total_seconds()))

    def shown(second: int) -> datetime:
        moment = after + timedelta(seconds=second)
        return moment.astimezone(place).replace(tzinfo=None)

    return after + timedelta(seconds=bisect_left(seconds, wall, key=shown))
