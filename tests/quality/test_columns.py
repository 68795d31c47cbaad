"""Answers as columns of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from bot.quality.columns import Columns

ANSWERS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 2**40), st.sampled_from(["yes", "no", "0.50"]))
)


@given(ANSWERS, st.integers(1, 4))
def test_what_was_added_comes_back_by_task(answers: list[tuple[int, int, str]], page: int) -> None:
    answers.sort(key=lambda one: one[0])
    found = Columns()
    for begin in range(0, len(answers), page):
        found.add(*zip(*answers[begin : begin + page], strict=True))
    assert len(found) == len(answers)
    for task in range(1, 7):
        mine = [one[1:] for one in answers if one[0] == task]
        assert (found.of(task), found.count(task)) == (mine, len(mine))
    assert list(zip(*found.lists(), strict=True)) == answers
