"""Whether an answer is right, where the right one is known."""

from decimal import Decimal
from typing import Literal, TypeAlias

Combine: TypeAlias = Literal["vote", "mean", "none"]
"""How answers of a type become a result, see `bot.task_types.kind`."""


def comparable(combine: Combine) -> bool:
    """Free text is right in many ways: no label can be compared with another."""
    return combine != "none"


def agrees(combine: Combine, gold: str, label: str, *, tolerance: Decimal = Decimal()) -> bool:
    """Whether the label says what the gold says. Numbers may be `tolerance` away from it.

    Labels are canonical: a multiple choice has its options in the order of the stage. A number's
    label is as the worker wrote it, so 7.0 is 7.
    """
    if combine == "mean":
        return abs(Decimal(label) - Decimal(gold)) <= tolerance
    return label == gold
