"""What several answers to one task add up to. Pure: the order of the answers never matters.

    majority     the label that leads; when two or more lead together, none: a tie
    weighted     the label whose answers come from the most accuracy, each worker's from gold
    one-coin     the likeliest label, each worker's accuracy found from how the crowd agrees
    mean, median of numbers and ratings
    unanimous    free text is not averaged: the label all agree on, else a tie

and, with the extra [analytics], dawid-skene, glad, mace and mmsr of crowd-kit (`analytics`).
METHODS is the table of all, and says what each of them needs and fits.

A tie has an empty label. Breaking it by row order decides what comes out: on 800 real
tasks with 65 ties, 87.5 or 91.9 % right, by nothing but the order of a file.

`weighted` adds accuracies up and not their log-odds: with little gold that is far better (RTE with
2, 10, 20 % gold: 91.5, 92.1, 92.3 % right; with log-odds 83.5, 91.1, 92.3), and without any
gold it is the majority.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from functools import lru_cache
from typing import Literal

from bot.quality import confidence
from bot.quality.confidence import EQUAL, Vote
from bot.task_types.kind import Settings, TaskType

SETTLED, TIE, OPEN = "settled", "tie", "open"
ONE = 1_000_000  # accuracies are added up in millionths: a sum of integers has no order
DECIMALS = Decimal("0.000001")  # of a mean or median
SHARE = Decimal("0.0001")  # of a confidence
# Sums of numbers with at most 15 digits before and after the point stay exact in this.
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one task."""

    label: str
    """Empty for a tie, and when there is no answer."""
    confidence: Decimal | None
    """Share of the answers (of their accuracy, where it is weighted) with the leading label, or how
    likely it is right; None for numbers and without answers."""
    answers: int
    method: str
    status: str


@dataclass(frozen=True, slots=True)
class Score:
    """How results compare with a truth."""

    tasks: int
    """Tasks with a known truth."""
    undecided: int
    """Of these, without a label: ties and tasks without an answer."""
    accuracy: Decimal | None
    """Share of the tasks whose label is the truth; a missing label is wrong."""
    mae: Decimal | None
    """Mean absolute error over the tasks with a label; None when not all are numbers."""


def majority(labels: Iterable[str]) -> Outcome:
    """The label with the most votes."""
    return _plurality(Counter(labels), "majority")


def unanimous(labels: Iterable[str]) -> Outcome:
    """The label that all answers agree on; anything else is a tie."""
    outcome = _plurality(Counter(labels), "unanimous")
    agreed = outcome.confidence is None or outcome.confidence == 1
    return outcome if agreed else replace(outcome, label="", status=TIE)


def mean(labels: Iterable[str]) -> Outcome:
    """The arithmetic mean, with at most 6 decimals."""
    return _number(labels, "mean", _mean)


def median(labels: Iterable[str]) -> Outcome:
    """The middle number, or the mean of the two in the middle."""
    return _number(labels, "median", _median)


def weighted(votes: Iterable[Vote]) -> Outcome:
    """The label with the most accuracy behind it."""
    given = list(votes)
    weights: dict[str, int] = {}
    for label, accuracy in given:
        weights[label] = weights.get(label, 0) + round(accuracy * ONE)
    return _plurality(weights, "weighted", answers=len(given))


def likeliest(votes: Collection[Vote], options: Collection[str]) -> Outcome:
    """The label that is most likely right, given the accuracy of those who gave it."""
    return judged(confidence.probabilities(votes, options), len(votes), "one-coin")


def judged(chances: Mapping[str, float], answers: int, method: str) -> Outcome:
    """The outcome of a method that says how likely each label is."""
    if not answers:
        return Outcome("", None, 0, method, OPEN)
    highest = max(chances.values())
    leaders = [label for label, chance in chances.items() if chance > highest - EQUAL]
    label, status = (leaders[0], SETTLED) if len(leaders) == 1 else ("", TIE)
    # Bound below 1: however many agree, an inference is never all there is to know.
    share = min(Decimal(highest).quantize(SHARE), 1 - SHARE)
    return Outcome(label, share.normalize(), answers, method, status)


def opened(outcome: Outcome, overlap: int) -> Outcome:
    """The outcome of a task that wants `overlap` answers: open while there are fewer.

    An open task already shows where it stands.
    """
    return outcome if outcome.answers >= max(overlap, 1) else replace(outcome, status=OPEN)


def adjudicated(outcome: Outcome, label: str) -> Outcome:
    """Somebody has decided, whatever the answers came to."""
    return replace(outcome, label=label, confidence=None, method="adjudicated", status=SETTLED)


# The table of methods


@dataclass(frozen=True, slots=True)
class Method:
    """A way from answers to results."""

    name: str
    fits: Literal["labels", "options", "numbers", "texts"]
    """labels: types whose answers are equal or not; options: those of them whose labels are known
    beforehand; numbers: types that have a mean; texts: types whose answers cannot be compared."""
    needs: Literal["labels", "gold", "crowd", "model"]
    """labels: those of one task; gold: accuracies from gold; crowd: accuracies from all answers of
    the stage; model: all answers of the stage at once, and crowd-kit (`analytics`)."""
    outcome: Callable[[Iterable[str]], Outcome] | None = None
    """Where labels are all it needs."""


METHODS = {
    method.name: method
    for method in (
        Method("majority", "labels", "labels", majority),
        Method("weighted", "labels", "gold"),
        Method("one-coin", "options", "crowd"),
        Method("dawid-skene", "options", "model"),
        Method("glad", "options", "model"),
        Method("mace", "options", "model"),
        Method("mmsr", "options", "model"),
        Method("mean", "numbers", "labels", mean),
        Method("median", "numbers", "labels", median),
        Method("unanimous", "texts", "labels", unanimous),
    )
}
USUAL = {"vote": "majority", "mean": "mean", "none": "unanimous"}  # by TaskType.combine


def usual(kind: TaskType) -> str:
    """The method of a stage that names none."""
    return USUAL[kind.combine]


def fitting(kind: TaskType, settings: Settings) -> list[str]:
    """The methods that make sense for a type with these settings, the usual one among them."""
    options = bool(kind.labels(settings))
    fits = {
        "labels": kind.combine == "vote" or options,
        "options": options,
        "numbers": kind.combine == "mean",
        "texts": kind.combine == "none",
    }
    return [method.name for method in METHODS.values() if fits[method.fits]]


def score(results: Mapping[str, str], truth: Mapping[str, str]) -> Score:
    """Compare labels by task with the truth; tasks without a truth are left out."""
    undecided = sum(not results.get(task) for task in truth)
    right = sum(results.get(task) == label for task, label in truth.items())
    return Score(
        tasks=len(truth),
        undecided=undecided,
        accuracy=_share(right, len(truth)) if truth else None,
        mae=_mean_error([(results[task], truth[task]) for task in truth if results.get(task)]),
    )


def _plurality(votes: Mapping[str, int], method: str, answers: int | None = None) -> Outcome:
    """By votes, or by weights of `answers` answers."""
    whole = sum(votes.values())
    if not whole:
        return Outcome("", None, 0, method, OPEN)
    most = max(votes.values())
    leaders = [label for label, count in votes.items() if count == most]
    label, status = (leaders[0], SETTLED) if len(leaders) == 1 else ("", TIE)
    share = _share(most, whole)
    return Outcome(label, share, whole if answers is None else answers, method, status)


def _number(
    labels: Iterable[str], method: str, middle: Callable[[list[Decimal]], Decimal]
) -> Outcome:
    numbers = [Decimal(label) for label in labels]
    if not numbers:
        return Outcome("", None, 0, method, OPEN)
    with localcontext(_EXACT):
        label = _plain(middle(numbers).quantize(DECIMALS))
    return Outcome(label, None, len(numbers), method, SETTLED)


def _mean(numbers: list[Decimal]) -> Decimal:
    return sum(numbers, Decimal()) / len(numbers)


def _median(numbers: list[Decimal]) -> Decimal:
    ordered, middle = sorted(numbers), len(numbers) // 2
    if len(numbers) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def _mean_error(pairs: list[tuple[str, str]]) -> Decimal | None:
    try:
        errors = [abs(Decimal(label) - Decimal(right)) for label, right in pairs]
    except ArithmeticError:  # a label that is no number
        return None
    return _mean(errors).quantize(DECIMALS) if errors else None


@lru_cache(maxsize=10_000)  # of ten answers there are few shares, and a Decimal takes a while
def _share(part: int, whole: int) -> Decimal:
    """Rounded to four decimals, but 1 only when it is all of them."""
    share = (Decimal(part) / whole).quantize(SHARE)
    return share.normalize() if part == whole or share < 1 else 1 - SHARE


def _plain(number: Decimal) -> str:
    """Without exponent, trailing zeros and negative zero."""
    plain = format(number, "f").rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain
