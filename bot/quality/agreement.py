"""Krippendorff's alpha: how far the answers to the same tasks agree, beyond what chance gives.

    alpha = 1 - observed disagreement / expected disagreement

1 is full agreement, 0 what answers drawn from one hat would have, below 0 is systematic
disagreement. How far two answers are apart is the type's `metric`. Everybody may have answered
another part of the tasks; tasks with one answer say nothing and are left out.

    Krippendorff. Computing Krippendorff's Alpha-Reliability. 2011.
    Passonneau. Measuring Agreement on Set-valued Items. LREC 2006 (sets; distances by Jaccard).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import combinations
from math import fsum
from typing import Any

from bot.i18n import N_
from bot.task_types.kind import TaskType
from bot.task_types.multi import BAR

LEAST = 10  # tasks with two answers; alpha of fewer says more about chance than about people
DISTINCT = 500  # sets whose distances are taken pair by pair: 125,000 pairs

NOT_COMPARABLE = N_("answers of this type cannot be compared")
TOO_FEW = N_("too few tasks have two answers")
ALL_EQUAL = N_("all answers are the same")
TOO_MANY = N_("there are too many different answers")

# A label as the value that its metric compares.
VALUES: dict[str, Callable[[str], Any]] = {
    "nominal": str,
    "ordinal": float,
    "interval": float,
    "sets": lambda label: frozenset(label.split(BAR)),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far workers agree; where there is no alpha, `reason` is the message id of why."""

    alpha: float | None
    reason: str = ""


def agreement(kind: TaskType, tasks: Iterable[Collection[str]]) -> Agreement:
    """The alpha of the labels of each task, unless it would mislead."""
    if kind.combine == "none":
        return Agreement(None, NOT_COMPARABLE)
    value = VALUES[kind.metric]
    units = [Counter(map(value, labels)) for labels in tasks if len(labels) > 1]
    if len(units) < LEAST:
        return Agreement(None, TOO_FEW)
    if kind.metric == "sets" and len(set().union(*units)) > DISTINCT:
        return Agreement(None, TOO_MANY)
    found = alpha(kind.metric, units)
    return Agreement(found, "" if found is not None else ALL_EQUAL)


def alpha(metric: str, units: Iterable[Counter[Any]]) -> float | None:
    """Krippendorff's alpha of how often each value was given to each unit; None if all are equal.

    Each unit has two values or more.
    """
    given = list(units)
    if metric == "ordinal":
        given = _ranked(given)
    differ = SPREAD[metric]
    total = _total(given)
    expected = differ(total) / (total.total() - 1)
    observed = fsum(differ(unit) / (unit.total() - 1) for unit in given)
    return 1 - observed / expected if expected else None


def _total(units: Iterable[Counter[Any]]) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for unit in units:
        total.update(unit)
    return total


def _ranked(units: list[Counter[Any]]) -> list[Counter[Any]]:
    """Each value as its mean rank among all: the ordinal distance is the one between ranks."""
    ranks: dict[Any, float] = {}
    below = 0
    for value, count in sorted(_total(units).items()):
        ranks[value] = below + count / 2
        below += count
    return [Counter({ranks[value]: count for value, count in unit.items()}) for unit in units]


# The squared distances of all ordered pairs of values, summed up


def _nominal(counts: Counter[Any]) -> float:
    return counts.total() ** 2 - sum(count * count for count in counts.values())


def _interval(counts: Counter[float]) -> float:
    many = counts.total()
    mean = fsum(value * count for value, count in counts.items()) / many
    # About the mean: squares of large numbers would swallow what they differ by.
    return 2 * many * fsum(count * (value - mean) ** 2 for value, count in counts.items())


def _sets(counts: Counter[frozenset[str]]) -> float:
    pairs = combinations(counts.items(), 2)
    return 2 * fsum(
        many * few * (1 - len(one & other) / len(one | other))
        for (one, many), (other, few) in pairs
    )


SPREAD: dict[str, Callable[[Counter[Any]], float]] = {
    "nominal": _nominal,
    "ordinal": _interval,
    "interval": _interval,
    "sets": _sets,
}
