"""What grades add up to, and when one more person has to look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quality import grading

GRADES = st.lists(st.sampled_from(grading.GRADES), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("grades", "complete"),
    [
        ([], False),
        ([100], False),
        ([100, 75], True),
        ([100, 50], True),
        ([25, 100], False),
        ([0, 100], False),
        ([0, 100, 75], True),
    ],
)
def test_two_are_enough_unless_they_are_far_apart(grades: list[int], complete: bool) -> None:
    assert grading.complete(grades) == complete


@pytest.mark.parametrize(
    ("answers", "tasks", "total"),
    [
        ([[100, 50]], 1, 750_000),
        ([[0, 100, 75]], 1, 750_000),
        ([[100, 100], [25]], 2, 625_000),
        ([[100, 100]], 3, 333_333),  # what was not answered is worth nothing
        ([[100, 100], []], 2, None),
    ],
)
def test_an_exam_is_the_mean_of_its_answers(
    answers: list[list[int]], tasks: int, total: int | None
) -> None:
    assert grading.total(answers, tasks) == total


@given(st.lists(GRADES, min_size=1, max_size=5))
def test_no_grader_can_take_an_exam_out_of_its_bounds(answers: list[list[int]]) -> None:
    found = grading.total(answers, len(answers))
    assert found is not None
    low, high = (sum(map(of, answers)) * grading.POINT / len(answers) for of in (min, max))
    assert low - 1 <= found <= high
