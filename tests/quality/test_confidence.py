"""How sure the answers to one task are, and when to stop asking."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.quality import confidence
from bot.quality.confidence import Vote

THREE = ("OK", "BAD", "UNSURE")
YES_NO = ("yes", "no")
ACCURACIES = st.floats(0.02, 0.98)
VOTES = st.lists(st.tuples(st.sampled_from(THREE), ACCURACIES), max_size=10)


@pytest.mark.parametrize(
    ("votes", "label", "percent"),
    [
        ([("OK", 0.7), ("OK", 0.9)], "OK", 97.7),
        ([("OK", 0.7), ("BAD", 0.9)], "BAD", 76.1),
        ([("OK", 0.7), ("BAD", 0.9), ("BAD", 0.8)], "BAD", 96.2),
    ],
)
def test_the_published_examples_come_out(votes: list[Vote], label: str, percent: float) -> None:
    found = confidence.belief(votes, THREE)
    assert (found.label, round(100 * found.confidence, 1)) == (label, percent)


def test_one_answer_is_as_sure_as_who_gave_it() -> None:
    assert confidence.belief([("yes", 0.8)], YES_NO).confidence == pytest.approx(0.8)
    assert confidence.belief([("OK", 0.8)], THREE).confidence == pytest.approx(0.8)


def test_of_two_options_somebody_unknown_says_nothing() -> None:
    found = confidence.belief([("yes", 0.5)], YES_NO)
    assert (found.label, found.confidence) == ("", pytest.approx(0.5))


def test_a_better_worker_outvotes_two_weaker_ones() -> None:
    assert confidence.belief([("no", 0.6), ("no", 0.6), ("yes", 0.9)], YES_NO).label == "yes"


def test_equals_who_differ_are_a_tie_without_a_label() -> None:
    found = confidence.belief([("yes", 0.8), ("no", 0.8)], YES_NO)
    assert (found.label, found.confidence) == ("", pytest.approx(0.5))


def test_without_votes_and_options_nothing_is_believed() -> None:
    assert confidence.belief([], ()) == confidence.Belief("", 0.0)
    assert confidence.belief([], YES_NO) == confidence.Belief("", 0.5)


def test_a_label_that_is_no_option_any_more_still_counts() -> None:
    found = confidence.probabilities([("old", 0.9)], YES_NO)
    assert set(found) == {"old", "yes", "no"}
    assert found["old"] == pytest.approx(0.9)


def test_even_somebody_always_right_can_be_outvoted() -> None:
    found = confidence.belief([("yes", 1.0), ("no", 1.0), ("no", 1.0)], YES_NO)
    assert found.label == "no"
    assert found.confidence < 1
    assert confidence.belief([("yes", 0.0)], YES_NO).label == "no"


@given(VOTES)
def test_probabilities_sum_to_one(votes: list[Vote]) -> None:
    found = confidence.probabilities(votes, THREE)
    assert math.fsum(found.values()) == pytest.approx(1)
    assert all(0 <= chance <= 1 for chance in found.values())


@given(VOTES, st.randoms())
def test_the_order_of_votes_does_not_matter(votes: list[Vote], random: object) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert confidence.probabilities(shuffled, THREE[::-1]) == confidence.probabilities(votes, THREE)
    assert confidence.belief(shuffled, THREE) == confidence.belief(votes, THREE)


@given(VOTES, st.floats(1 / 3, 0.98))
def test_more_agreement_never_lowers_confidence(votes: list[Vote], accuracy: float) -> None:
    before = confidence.belief(votes, THREE)
    assume(before.label)
    after = confidence.belief([*votes, (before.label, accuracy)], THREE)
    assert after.label == before.label
    assert after.confidence >= before.confidence - 1e-12


@given(VOTES, st.permutations(THREE))
def test_no_option_is_favoured(votes: list[Vote], names: list[str]) -> None:
    renamed = dict(zip(THREE, names, strict=True))
    found = confidence.belief(votes, THREE)
    other = confidence.belief([(renamed[label], accuracy) for label, accuracy in votes], THREE)
    assert other.label == renamed.get(found.label, "")
    assert other.confidence == pytest.approx(found.confidence)


@pytest.mark.parametrize(
    ("votes", "decision"),
    [
        ([], "more"),
        ([("yes", 0.95)], "more"),
        ([("yes", 0.7), ("yes", 0.7)], "settled"),
        ([("yes", 0.7), ("no", 0.7)], "more"),
        ([("yes", 0.7), ("no", 0.7), ("yes", 0.7)], "more"),
        ([("yes", 0.7), ("no", 0.7), ("yes", 0.7), ("no", 0.7)], "stopped"),
        ([("yes", 0.5)] * 5, "stopped"),
        ([("yes", 0.9)] * 5, "settled"),
    ],
)
def test_one_more_is_asked_for_until_it_is_sure_or_too_many(
    votes: list[Vote], decision: str
) -> None:
    found = confidence.enough(votes, YES_NO, confidence=0.8, overlap=2, most=4)
    assert found == decision


def test_a_tie_is_never_settled_however_low_the_bar() -> None:
    votes = [("yes", 0.8), ("no", 0.8)]
    assert confidence.enough(votes, YES_NO, confidence=0.5, overlap=2, most=3) == "more"


@given(VOTES, st.integers(0, 10), st.integers(1, 10))
def test_no_task_ever_gets_more_than_the_most(votes: list[Vote], overlap: int, most: int) -> None:
    assume(overlap <= most <= len(votes))
    decision = confidence.enough(votes, THREE, confidence=0.8, overlap=overlap, most=most)
    assert decision != "more"
