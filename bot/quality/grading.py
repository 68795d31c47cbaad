"""Exams whose answers people grade: how many look at an answer, and what their grades add up to.

Two graders, from 0 to 100 percent each; a third where they are more than APART points apart. An
answer is worth the median of its grades, which of two is their mean. Pure.
"""

from collections.abc import Sequence
from statistics import median

GRADERS = 2
APART = 50  # percentage points
GRADES = (0, 25, 50, 75, 100)
POINT = 10_000  # ppm in one percent


def wanted(grades: Sequence[int]) -> int:
    """How many graders an answer with these grades needs in all."""
    differ = len(grades) == GRADERS and max(grades) - min(grades) > APART
    return GRADERS + differ


def complete(grades: Sequence[int]) -> bool:
    """Whether nobody else need look at an answer with these grades."""
    return len(grades) >= wanted(grades)


def total(answers: Sequence[Sequence[int]], tasks: int) -> int | None:
    """What the answers come to in millionths of `tasks`, rounded down.

    None where somebody's answer has no grade at all: such an attempt cannot be judged.
    """
    if not all(answers):
        return None
    return int(sum(median(grades) for grades in answers) * POINT / tasks)
