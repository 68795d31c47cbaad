"""Weeks on wall clocks: each begins once, whatever the clocks of a zone do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.calendar import MONDAY, Weekly, first_moment, midnight

SUMMARY = Weekly(MONDAY, time(9))
SECOND = timedelta(seconds=1)
ZONES = sorted(available_timezones())
START, END = datetime(2009, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)

zones = st.sampled_from(ZONES)
moments = st.datetimes(START.replace(tzinfo=None), END.replace(tzinfo=None)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)
rules = st.builds(Weekly, st.integers(0, 6), st.times())
steps = st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=20)), min_size=5, max_size=30)


def shown(moment: datetime, zone: str) -> datetime:
    """What the clocks of the zone show."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("Africa/Nairobi", "2026-11-23 09:00", "2026-11-23 06:00"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),  # shown twice: the first
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),  # never shown: at the change
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("America/Santiago", "2026-09-06 00:00", "2026-09-06 04:00"),  # that day begins at 01:00
        ("America/Havana", "2026-11-01 00:00", "2026-11-01 04:00"),  # midnight twice
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),  # half an hour
        ("Pacific/Apia", "2011-12-30 09:00", "2011-12-30 10:00"),  # a day that never was
    ],
)
def test_a_wall_clock_time_is_one_moment(zone: str, wall: str, utc: str) -> None:
    found = first_moment(datetime.fromisoformat(wall), zone)
    assert found == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_no_day_is_skipped_where_clocks_skip_midnight() -> None:
    days = [date(2026, 9, 5) + timedelta(days=n) for n in range(3)]
    begins = [midnight(day, "America/Santiago") for day in days]
    assert [shown(moment, "America/Santiago").date() for moment in begins] == days


@given(zones, st.datetimes(datetime(2009, 1, 1), datetime(2031, 1, 1)))  # noqa: DTZ001
@example("America/Santiago", datetime(2026, 9, 6))  # noqa: DTZ001
@example("Pacific/Apia", datetime(2011, 12, 30, 12))  # noqa: DTZ001
def test_no_clock_showed_it_before(zone: str, wall: datetime) -> None:
    wall = wall.replace(microsecond=0)
    found = first_moment(wall, zone)
    assert shown(found, zone) >= wall
    earlier = (SECOND, timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3))
    assert all(shown(found - step, zone) < wall for step in earlier)


@given(rules, zones, moments)
def test_now_lies_between_the_period_that_is_due_and_the_next(
    rule: Weekly, zone: str, now: datetime
) -> None:
    due, following = rule.due(zone, now), rule.next(zone, now)
    assert rule.begins(due, zone) <= now < rule.begins(following, zone)
    assert due.weekday() == following.weekday() == rule.weekday
    assert following - due == timedelta(days=7)


@given(rules, zones, moments, steps)
def test_who_looks_now_and_then_meets_every_week_once(
    rule: Weekly, zone: str, start: datetime, steps: list[timedelta]
) -> None:
    waiting, served, now = rule.next(zone, start), [], start
    for step in steps:
        now += step
        while rule.begins(waiting, zone) <= now:
            served.append(waiting)
            waiting = rule.after(waiting)
    first, last = rule.next(zone, start), rule.due(zone, now)
    assert served == [first + timedelta(days=7) * n for n in range((last - first).days // 7 + 1)]


def test_every_monday_of_every_zone_is_met_once() -> None:
    mondays = [date(2026, 1, 5) + timedelta(days=7) * n for n in range(53)]
    for zone in ZONES:
        begins = [SUMMARY.begins(monday, zone) for monday in mondays]
        walls = [datetime.combine(monday, SUMMARY.at) for monday in mondays]
        assert [shown(moment, zone) for moment in begins] == walls, zone
        assert [SUMMARY.due(zone, moment) for moment in begins] == mondays, zone
        a_moment_before = [SUMMARY.next(zone, moment - SECOND) for moment in begins]
        assert a_moment_before == mondays, zone


@given(st.lists(st.tuples(zones, st.timedeltas(timedelta(0), timedelta(days=9))), min_size=1))
def test_who_moves_across_zones_loses_no_week(moves: list[tuple[str, timedelta]]) -> None:
    """What is due in the zone of the day was met there, or before, in another one."""
    now = START
    waiting = SUMMARY.next("Africa/Nairobi", now)
    for zone, stay in moves:
        now += stay
        while SUMMARY.begins(waiting, zone) <= now:
            waiting = SUMMARY.after(waiting)
        assert SUMMARY.due(zone, now) < waiting
        late = SUMMARY.begins(waiting, zone) - now
        assert late < timedelta(days=9)  # a week, and the day between the ends of the earth
