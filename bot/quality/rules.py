"""Rules: a collector over a worker's last answers, a condition, and what then is to be done.

    gold_accuracy < 60% over 10: pause 3d

Pure: values in, values out. Shares are compared in whole numbers, so that 6 of 10 is 60 % exactly.
Skips are no answers and are never counted: nobody pays for passing over what is unclear. No action
takes money; what looks odd (speed, equal answers) is a reason to look, never a verdict.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

MICRO = 1_000_000
LOOKED_AT = 500  # a worker's last answers, of all stages: what a rule can see
OVER = {"gold_accuracy": 10, "agreement": 20, "fast_answers": 20, "review_verdicts": 20}
LONGEST_OVER = 50
FAST_PPM = 300_000  # of the queue's median time: what counts as fast unless the rule says
BELOW = ("gold_accuracy", "agreement")  # bad when low; all others are bad when high
PER_DAY = ("income_per_day", "answers_per_day")
BY_LABEL = ("agreement", "same_answer")  # only where equal answers have equal labels
COLLECTORS = (*OVER, "same_answer", *PER_DAY)
ACTIONS = ("pause", "hold", "set_skill", "more_overlap", "reopen", "training", "tell")
TIMED = ("pause", "hold")


class Action(NamedTuple):
    """What is done when a rule fires. `seconds` is None where no time was named."""

    name: str
    seconds: int | None = None
    skill: str = ""
    """Which skill is set; empty: the one that the stage measures."""
    score: int = 0
    training: str = ""
    """The project to be done; empty: the instructions are to be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a stage. `bound` is in millionths for shares, in micro-units for income."""

    collector: str
    strict: bool
    """< and >, as against <= and >=."""
    bound: int
    currency: str = ""
    """Of a bound that is money."""
    over: int = 0
    """How many answers a share is of; 0 for collectors that count."""
    fast_ppm: int = 0
    actions: tuple[Action, ...] = ()


class Given(NamedTuple):
    """One answer, as rules see it."""

    assignment_id: int
    task_id: int
    at: datetime
    gold: bool
    right: bool | None
    """Of gold: whether it was; None for other tasks."""
    label: str
    seconds: int | None
    median: int | None
    """The usual time in its queue; None before it is measured."""
    agrees: bool | None
    """With the settled majority; None while there is none, and for gold."""
    refused: bool | None
    """Not accepted or accepted; None while it is not decided."""
    price_micro: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a collector found: `count` of `of`, or a plain count or micro-units with `of` 0."""

    count: int
    of: int = 0


def fires(rule: Rule, given: Sequence[Given]) -> Measured | None:
    """What was measured when the condition holds over these answers, the oldest first.

    None: it does not hold, or there are too few of them.
    """
    measured = measure(rule, given)
    return measured if measured and holds(rule, measured) else None


def measure(rule: Rule, given: Sequence[Given]) -> Measured | None:
    """The collector's figure; None before there is enough to tell."""
    if rule.collector in PER_DAY:
        return Measured(sum(_daily(rule, one) for one in given))
    if rule.collector == "same_answer":
        return Measured(longest_run(one.label for one in given))
    verdicts = (VERDICTS[rule.collector](rule, one) for one in reversed(given))
    last = list(islice((one for one in verdicts if one is not None), rule.over))
    return Measured(sum(last), rule.over) if len(last) == rule.over else None


def holds(rule: Rule, measured: Measured) -> bool:
    """Whether the condition is met."""
    left, right = measured.count, rule.bound
    if measured.of:
        left, right = measured.count * MICRO, rule.bound * measured.of
    if rule.collector in BELOW:
        left, right = right, left
    return left > right if rule.strict else left >= right


def numbers(rule: Rule, measured: Measured) -> dict[str, Any]:
    """What is kept of a firing, and told."""
    return {"count": measured.count, "of": measured.of, "bound": rule.bound}


def replay(
    rule: Rule, given: Sequence[Given], zone: str, *, begins: datetime
) -> list[tuple[datetime, Measured]]:
    """When the rule would have fired from `begins` on, the oldest answer first."""
    found = _days(rule, given, zone) if rule.collector in PER_DAY else _windows(rule, given)
    return [(at, measured) for at, measured in found if at >= begins]


def longest_run(labels: Iterable[str]) -> int:
    """How many equal labels stand in a row, at most."""
    return max((len(list(run)) for _label, run in groupby(labels)), default=0)


def majority(votes: Mapping[str, int], *, overlap: int) -> str | None:
    """The label of more than half of the answers, once all that are wanted are there.

    A tie settles nothing, and nobody is measured by it.
    """
    count = sum(votes.values())
    if count < max(2, overlap):
        return None
    label = max(votes, key=lambda one: votes[one])
    return label if votes[label] * 2 > count else None


def midnight(now: datetime, zone: str) -> datetime:
    """When the day began where the worker lives."""
    here = now.astimezone(ZoneInfo(zone))
    return datetime.combine(here.date(), time.min, here.tzinfo).astimezone(UTC)


def next_midnight(now: datetime, zone: str) -> datetime:
    """When the day ends where the worker lives; days of 23 and 25 hours are days too."""
    here = now.astimezone(ZoneInfo(zone))
    tomorrow = here.date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, here.tzinfo).astimezone(UTC)


def _windows(rule: Rule, given: Sequence[Given]) -> Iterator[tuple[datetime, Measured]]:
    """After each answer, over those since it fired last."""
    start = 0
    for end, newest in enumerate(given, 1):
        found = fires(rule, given[max(start, end - LOOKED_AT) : end])
        if found is not None:
            yield newest.at, found
            start = end


def _days(rule: Rule, given: Sequence[Given], zone: str) -> Iterator[tuple[datetime, Measured]]:
    """The first answer of each day with which the day's sum is too high."""
    for _day, answers in groupby(given, lambda one: midnight(one.at, zone)):
        so_far = 0
        for one in answers:
            so_far += _daily(rule, one)
            if holds(rule, Measured(so_far)):
                yield one.at, Measured(so_far)
                break


def _daily(rule: Rule, one: Given) -> int:
    return one.price_micro if rule.collector == "income_per_day" else 1


def _fast(rule: Rule, one: Given) -> bool | None:
    if one.seconds is None or not one.median:
        return None
    return one.seconds * MICRO < one.median * rule.fast_ppm


# What one answer says to a collector of shares; None: nothing.
VERDICTS: dict[str, Callable[[Rule, Given], bool | None]] = {
    "gold_accuracy": lambda rule, one: one.right,
    "agreement": lambda rule, one: one.agrees,
    "fast_answers": _fast,
    "review_verdicts": lambda rule, one: one.refused,
}
