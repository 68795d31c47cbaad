"""Pay per hour: which time counts, what an hour came to, and what is missing to a floor. Pure.

    active time = min(from showing a task to its answer, max(3 x the usual time, 2 minutes))
    pay per hour = (pay of answers + training + broken tasks + top-ups) / active hours

Every kind of time counts: tasks that were skipped, given up, reported or not accepted, reworks,
reviews and appeals. Telegram does not tell when somebody looks away, so long gaps are cut, not
guessed; whoever worked longer says so. Time in whole seconds, money in micro-units; a rate is
rounded down, so that it is never shown higher than it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import NamedTuple

HOUR = 3600
CAP_MEDIANS = 3
SHORTEST_CAP = 120
LONG = 300  # a task that takes so long may well be worked on away from the chat
FEW = 5  # people; of fewer, figures would tell of single ones
LAST = 50  # answers that tell what a project pays at present
ENOUGH = 10  # of them, before anything is concluded


@dataclass(frozen=True, slots=True)
class Piece:
    """Some time of one worker's in one project, and what it brought them."""

    project_id: int
    currency: str
    seconds: int
    """Active ones."""
    micro: int
    floor_micro: int = 0
    """An hour, where the worker lived and on that day; 0: there is no floor."""
    honest: bool = True
    """False for answers that were copied or made by a machine: no floor holds for those."""


class Sum(NamedTuple):
    """Time and pay of several pieces in one currency."""

    seconds: int
    micro: int
    due_micro: int
    """What the floor makes of this time, rounded up."""

    @property
    def hourly(self) -> int:
        return hourly(self.micro, self.seconds)

    @property
    def floor_micro(self) -> int:
        """The floor an hour; where it changed meanwhile, the mean."""
        return hourly(self.due_micro, self.seconds)

    @property
    def missing(self) -> int:
        """Micro-units up to the floor."""
        return max(0, self.due_micro - self.micro)


class Spread(NamedTuple):
    """How pay per hour is spread over people, in micro-units of one currency."""

    people: int
    median: int
    p25: int
    """A quarter of the people earned this or less."""
    below_ppm: int
    """Share of the people below their floor, in millionths."""


class TopUp(NamedTuple):
    """What one project adds to somebody's week."""

    project_id: int
    currency: str
    micro: int
    of: Sum
    """The work in this project."""


def cap(usual_seconds: int) -> int:
    """The longest time that one task counts for by itself."""
    return max(SHORTEST_CAP, CAP_MEDIANS * usual_seconds)


def active(elapsed: int, usual_seconds: int, corrected: int | None = None) -> int:
    """Seconds of work in the time from showing a task to its answer.

    `corrected` is the worker's own word, believed up to the time that went by.
    """
    gone = max(0, elapsed)
    return min(gone, cap(usual_seconds) if corrected is None else max(0, corrected))


def may_be_longer(elapsed: int, expected_seconds: int, usual_seconds: int) -> bool:
    """Whether somebody is asked if they worked longer than is counted."""
    return elapsed > cap(usual_seconds) or min(elapsed, expected_seconds) >= LONG


def hourly(micro: int, seconds: int) -> int:
    """Micro-units an hour."""
    return micro * HOUR // seconds if seconds else 0


def total(pieces: Iterable[Piece]) -> dict[str, Sum]:
    """Per currency, the time and the pay, and what the floor makes of the honest part of both."""
    sums: dict[str, tuple[int, int, int]] = {}
    for one in pieces:
        seconds, micro, due = sums.get(one.currency, (0, 0, 0))
        floor = one.floor_micro if one.honest else 0
        sums[one.currency] = seconds + one.seconds, micro + one.micro, due + floor * one.seconds
    return {
        currency: Sum(seconds, micro, -(-due // HOUR))
        for currency, (seconds, micro, due) in sorted(sums.items())
    }


def top_ups(pieces: Iterable[Piece]) -> list[TopUp]:
    """What is missing to the floor over all projects of a currency, and who adds how much.

    A project that paid more than the floor adds nothing; the others add in proportion to what
    each of them fell short.
    """
    by_project: dict[int, list[Piece]] = {}
    for one in pieces:
        if one.honest:
            by_project.setdefault(one.project_id, []).append(one)
    honest = [one for some in by_project.values() for one in some]
    added = []
    for currency, whole in total(honest).items():
        sums = {id: total(some).get(currency) for id, some in sorted(by_project.items())}
        there = {id: one for id, one in sums.items() if one is not None}
        parts = split(whole.missing, {id: one.missing for id, one in there.items()})
        added += [TopUp(id, currency, part, there[id]) for id, part in parts.items() if part]
    return added


def split(micro: int, weights: Mapping[int, int]) -> dict[int, int]:
    """An amount over holders by weight, by largest remainder: the parts make the whole again."""
    of = sum(weights.values())
    if not of:
        return {}
    parts = {holder: micro * weight // of for holder, weight in weights.items()}
    left = micro - sum(parts.values())
    by_remainder = sorted(weights, key=lambda holder: (-(micro * weights[holder] % of), holder))
    for holder in by_remainder[:left]:
        parts[holder] += 1
    return parts


def spread(rates: Sequence[tuple[int, int]]) -> Spread | None:
    """Of people's rates, each with its floor. None for so few people that it would tell of one."""
    if len(rates) < FEW:
        return None
    ordered = sorted(rate for rate, _floor in rates)
    below = sum(rate < floor for rate, floor in rates)
    return Spread(
        people=len(rates),
        median=median_low(ordered),
        p25=ordered[(len(ordered) - 1) // 4],
        below_ppm=below * 1_000_000 // len(rates),
    )


def too_low(rates: Sequence[int], floor_micro: int) -> int | None:
    """The median of the last answers' rates, if there are enough and it is below the floor."""
    if len(rates) < ENOUGH:
        return None
    median = median_low(rates)
    return median if median < floor_micro else None
