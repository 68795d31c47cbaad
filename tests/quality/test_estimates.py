"""How often a worker is right, from what could be checked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quality import estimates

NOW = datetime(2026, 11, 3, tzinfo=UTC)
WEEK = timedelta(weeks=1)
AGES = st.timedeltas(timedelta(), timedelta(days=300))
OBSERVED = st.lists(st.tuples(AGES.map(lambda age: NOW - age), st.booleans()), max_size=20)


@pytest.mark.parametrize(
    ("right", "checked", "accuracy"),
    [(0, 0, 0.5), (1, 1, 0.75), (0, 1, 0.25), (10, 10, 10.5 / 11), (7, 10, 7.5 / 11)],
)
def test_an_accuracy_starts_at_a_half_and_moves_with_what_was_checked(
    right: int, checked: int, accuracy: float
) -> None:
    assert estimates.accuracy(right, checked) == pytest.approx(accuracy)
    found = estimates.estimate(right, checked)
    assert (found.score, found.observations) == (pytest.approx(100 * accuracy), checked)


def test_what_is_said_of_somebody_unknown_is_the_estimate_without_observations() -> None:
    assert estimates.accuracy(0, 0) == estimates.UNKNOWN


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_nobody_is_always_right_or_always_wrong(right: int, wrong: int) -> None:
    assert 0 < estimates.accuracy(right, right + wrong) < 1
    assert estimates.accuracy(right + 1, right + wrong + 1) > estimates.accuracy(
        right, right + wrong + 1
    )


def test_an_observation_counts_half_after_a_half_life() -> None:
    found = estimates.decayed([(NOW - WEEK, True)], now=NOW, half_life=WEEK)
    assert found.observations == pytest.approx(0.5)
    assert found.score == pytest.approx(100 * (0.5 + 0.5) / (1 + 0.5))


def test_new_mistakes_outweigh_old_merits() -> None:
    observed = [(NOW - 4 * WEEK, True)] * 5 + [(NOW, False)] * 5
    found = estimates.decayed(observed, now=NOW, half_life=WEEK)
    assert found.score < 15
    assert estimates.estimate(5, 10).score == 50


def test_without_new_observations_a_score_returns_to_that_of_somebody_unknown() -> None:
    found = estimates.decayed([(NOW, True)] * 50, now=NOW + 60 * WEEK, half_life=WEEK)
    assert found.score == pytest.approx(50, abs=0.01)
    assert found.observations == pytest.approx(0, abs=0.01)


def test_a_moment_after_now_counts_whole() -> None:
    found = estimates.decayed([(NOW + WEEK, True)], now=NOW, half_life=WEEK)
    assert found == estimates.estimate(1, 1)


@given(OBSERVED, st.randoms())
def test_the_order_of_observations_does_not_matter(
    observed: list[tuple[datetime, bool]], random: object
) -> None:
    shuffled = list(observed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = estimates.decayed(observed, now=NOW, half_life=WEEK)
    assert estimates.decayed(shuffled, now=NOW, half_life=WEEK) == first
    assert 0 <= first.observations <= len(observed)
    assert 0 < first.score < 100


def test_an_exam_is_where_the_score_begins_and_what_is_seen_later_moves_it() -> None:
    exam = estimates.Prior(8, 10)
    found = estimates.decayed([], now=NOW, half_life=WEEK, prior=exam)
    assert (found.score, found.observations) == (pytest.approx(80), 0)
    found = estimates.decayed([(NOW, False)] * 2, now=NOW, half_life=WEEK, prior=exam)
    assert found.score == pytest.approx(100 * 8 / 12)


def test_an_answer_may_be_right_in_part() -> None:
    found = estimates.decayed([(NOW, 0.25)], now=NOW, half_life=WEEK)
    assert found.score == pytest.approx(100 * (0.5 + 0.25) / 2)
