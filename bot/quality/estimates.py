"""How often a worker is right: estimated from what could be checked.

    q = (K + right) / (2K + checked)        K = 0.5

The accuracy estimator of Toloka's dynamic overlap, which is the mean of a Beta(K, K) prior after
`checked` observations: nobody is taken to be always right or always wrong, and somebody nothing is
known about is taken to be right half of the time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

K = 0.5
UNKNOWN = 0.5  # the accuracy of somebody without observations: K / 2K


class Prior(NamedTuple):
    """What is held of somebody before the observations: as if `right` of `checked` were seen.

    An exam is one, and so is a person's word: it does not decay, what is seen later moves it.
    """

    right: float = K
    checked: float = 2 * K


NOBODY = Prior()


@dataclass(frozen=True, slots=True)
class Estimate:
    """How often somebody is right, and how much that is based on."""

    score: float
    """From 0 to 100, never quite either."""
    observations: float
    """Answers that could be checked; old ones count for less where they decay."""


def accuracy(right: float, checked: float) -> float:
    """The estimated chance that the next answer is right, between 0 and 1."""
    return (K + right) / (2 * K + checked)


def estimate(right: float, checked: float) -> Estimate:
    """The accuracy as a score, with the number of observations."""
    return Estimate(100 * accuracy(right, checked), checked)


def decayed(
    observed: Iterable[tuple[datetime, float]],
    *,
    now: datetime,
    half_life: timedelta,
    prior: Prior = NOBODY,
) -> Estimate:
    """The estimate when an observation counts half after every `half_life`.

    How right an observation is goes from 0 to 1. Without new ones a score so returns to its
    prior. One from after `now` (clocks differ) counts whole.
    """
    right = checked = 0.0
    for moment, share in sorted(observed):  # a sum of floats depends on its order
        weight = 0.5 ** (max(now - moment, timedelta()) / half_life)
        checked += weight
        right += weight * share
    return Estimate(100 * (prior.right + right) / (prior.checked + checked), checked)
