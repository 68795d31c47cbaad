"""How sure the answers to one task are, and whether another one is worth asking for.

Bayes over the options, each equally likely before anybody answered. A worker of accuracy q gives
the right option with q, and each of the others with (1 - q) / (options - 1). This is the rule of
Toloka's dynamic overlap; with confidence 0.8 it buys most quality for least money.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Literal, TypeAlias

Vote: TypeAlias = tuple[str, float]  # a label, and the accuracy of who gave it
Decision: TypeAlias = Literal["settled", "more", "stopped"]

EQUAL = 1e-9  # probabilities closer than this are a tie: a sum's last digits are no evidence
SURE = 1e-9  # no accuracy is taken to be closer to 0 or 1


@dataclass(frozen=True, slots=True)
class Belief:
    """The likeliest option and its probability; no label where two are equally likely."""

    label: str
    confidence: float


def probabilities(votes: Iterable[Vote], options: Collection[str]) -> dict[str, float]:
    """How likely each option is the right one; they sum to one.

    Labels that are no option any more (a stage may be revised) count as options too.
    """
    weights: dict[str, list[float]] = {option: [] for option in options}
    for label, accuracy in votes:
        if label in weights:
            weights[label].append(accuracy)
        else:
            weights[label] = [accuracy]
    wrong = repeat(max(len(weights), 2) - 1)  # options that a wrong answer is spread over
    # fsum is exact, so the order of the votes leaves no trace.
    scores = [math.fsum(map(_log_odds, those, wrong)) for those in weights.values()]
    highest = max(scores, default=0.0)
    odds = [math.exp(score - highest) for score in scores]
    total = math.fsum(odds)
    return {label: part / total for label, part in zip(weights, odds, strict=True)}


def belief(votes: Iterable[Vote], options: Collection[str]) -> Belief:
    """What the votes say together. Without votes, nothing in particular."""
    found = probabilities(votes, options)
    confidence = max(found.values(), default=0.0)
    likeliest = [label for label, chance in found.items() if chance > confidence - EQUAL]
    return Belief(likeliest[0] if len(likeliest) == 1 else "", confidence)


def enough(
    votes: Collection[Vote],
    options: Collection[str],
    *,
    confidence: float,
    overlap: int,
    most: int,
) -> Decision:
    """Whether a task needs another answer.

    `overlap` answers are asked for in any case. "settled": the likeliest option is as likely as
    `confidence`; "more": ask one more; "stopped": there are `most` answers and it is not.
    """
    if len(votes) < overlap:
        return "more"
    found = belief(votes, options)
    if found.label and found.confidence >= confidence:
        return "settled"
    return "more" if len(votes) < most else "stopped"


@lru_cache(maxsize=100_000)  # a worker's answers all have the one accuracy
def _log_odds(accuracy: float, wrong: int) -> float:
    sure = min(max(accuracy, SURE), 1 - SURE)
    return math.log(sure) - math.log((1 - sure) / wrong)
