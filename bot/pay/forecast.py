"""What a project will cost, from what is still to be done and at which rates. Pure.

Money in micro-units of the project's currency. Every figure is a span: low is what is certain to
come as things stand, high is the most of it. What nobody has measured yet is not guessed: the
reserve that a launch demands on top is for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from bot.money import MICRO

MOST_GOLD = MICRO // 2  # however large the share: a task at a time is not only gold
RESERVE_PERCENT = 10
PARTS = ("answers", "gold", "lessons", "reviews", "broken", "topups", "fees")


class Span(NamedTuple):
    """From low to high."""

    low: int
    high: int

    def plus(self, other: "Span") -> "Span":
        return Span(self.low + other.low, self.high + other.high)


NONE = Span(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is still to be done in a stage, and at which rates."""

    answers: Span
    """That tasks want, those in hand among them."""
    price: Span
    """Of one answer."""
    gold_ppm: int = 0
    """Share of gold among what workers get, in millionths; paid on top of the tasks."""
    reviews: Span = NONE
    """Reviews to come, in millionths of an answer: 100,000 is one for ten."""
    review_micro: int = 0
    """Pay for one of them."""
    broken_ppm: int = 0
    """Paid for the time on broken tasks, in millionths of what answers cost."""
    topup_ppm: int = 0
    """Paid on top where pay stayed below the floor, in millionths of what answers cost."""
    fee_ppm: int = 0
    """Kept by who moves the money, in millionths of all that workers get."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was spent, what is to come part by part, and how many answers there will be."""

    spent: int
    parts: dict[str, Span]
    """By the names in PARTS, those that cost something."""
    answers: Span
    """In the end, those given among them."""

    @property
    def to_come(self) -> Span:
        return _sum(self.parts.values())

    @property
    def total(self) -> Span:
        return self.to_come.plus(Span(self.spent, self.spent))

    @property
    def per_answer(self) -> Span | None:
        """What an answer costs in the end, all in all; None when there will be none."""
        if not self.answers.low:
            return None
        ends = (self.total.low // self.answers.low, -(-self.total.high // self.answers.high))
        return Span(min(ends), max(ends))

    @property
    def needed(self) -> int:
        """The funds that a launch demands: the most to come with the reserve, and what is spent."""
        return self.spent + reserved(self.to_come.high)


def forecast(
    work: Iterable[Work], *, spent: int = 0, given: int = 0, lessons: Span = NONE
) -> Forecast:
    """Spent until now and still to come; `given`: answers that were paid already."""
    works = list(work)
    parts = {name: _sum(map(_PARTS[name], works)) for name in _PARTS}
    parts["lessons"] = lessons
    parts["fees"] = _sum(map(_fees, works))
    shown = {name: parts[name] for name in PARTS if parts[name] != NONE}
    return Forecast(spent, shown, _sum(one.answers for one in works).plus(Span(given, given)))


def reserved(micro: int) -> int:
    """With the reserve on top, rounded up."""
    return -(-micro * (100 + RESERVE_PERCENT) // 100)


def measured(cost: int, of: int) -> int:
    """A rate in millionths of what answers have cost; below zero there is none."""
    return max(0, cost) * MICRO // of if of > 0 else 0


def _answers(one: Work) -> Span:
    return Span(one.answers.low * one.price.low, one.answers.high * one.price.high)


def _gold(one: Work) -> Span:
    """Of ten things a worker gets at 10 %, nine are tasks: gold is paid on top of the nine."""
    share = min(one.gold_ppm, MOST_GOLD)
    return _part(_answers(one), share, of=MICRO - share)


def _reviews(one: Work) -> Span:
    low, high = one.answers.low * one.reviews.low, one.answers.high * one.reviews.high
    return _part(Span(low * one.review_micro, high * one.review_micro), 1)


def _broken(one: Work) -> Span:
    return _part(_answers(one), one.broken_ppm)


def _topups(one: Work) -> Span:
    return _part(_answers(one), one.topup_ppm)


_PARTS = {
    "answers": _answers,
    "gold": _gold,
    "reviews": _reviews,
    "broken": _broken,
    "topups": _topups,
}


def _fees(one: Work) -> Span:
    return _part(_sum(part(one) for part in _PARTS.values()), one.fee_ppm)


def _part(whole: Span, share: int, *, of: int = MICRO) -> Span:
    """A share of both ends, the low one rounded down and the high one up."""
    return Span(whole.low * share // of, -(-whole.high * share // of))


def _sum(spans: Iterable[Span]) -> Span:
    total = NONE
    for one in spans:
        total = total.plus(one)
    return total
