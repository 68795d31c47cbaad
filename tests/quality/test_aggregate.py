"""What several answers to one task add up to."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quality import aggregate
from bot.quality.aggregate import Outcome
from bot.quality.confidence import Vote
from tests.task_types.samples import SAMPLES

LABELS = st.lists(st.sampled_from(["yes", "no", "tie", "Ndiyo kabisa"]), max_size=12)
VOTES = st.lists(
    st.tuples(st.sampled_from(["yes", "no", "tie"]), st.floats(0.02, 0.98)), max_size=9
)
MODELS = ("one-coin", "dawid-skene", "glad", "mace", "mmsr")
YES_NO = ("yes", "no")
NUMBERS = st.lists(
    st.decimals(-(10**9), 10**9, places=6, allow_nan=False).map(lambda d: format(d, "f")),
    min_size=1,
    max_size=12,
)


def test_the_label_with_most_votes_wins_with_its_share() -> None:
    outcome = aggregate.majority(["yes", "no", "yes"])
    assert (outcome.label, outcome.confidence) == ("yes", Decimal("0.6667"))
    assert (outcome.answers, outcome.method, outcome.status) == (3, "majority", "settled")


def test_a_tie_is_a_tie_without_a_label() -> None:
    outcome = aggregate.majority(["yes", "no", "no", "yes", "maybe"])
    assert (outcome.label, outcome.status, outcome.confidence) == ("", "tie", Decimal("0.4"))


def test_nearly_all_is_not_shown_as_all() -> None:
    outcome = aggregate.majority(["yes"] * 99_999 + ["no"])
    assert outcome.confidence == Decimal("0.9999")


@pytest.mark.parametrize(
    "judge", [aggregate.majority, aggregate.unanimous, aggregate.mean, aggregate.median]
)
def test_a_task_nobody_answered_is_open(judge: Callable[[list[str]], Outcome]) -> None:
    outcome = aggregate.opened(judge([]), 3)
    assert (outcome.label, outcome.confidence, outcome.answers) == ("", None, 0)
    assert outcome.status == "open"


def test_a_task_nobody_answered_is_open_however_accurate_the_crowd() -> None:
    for outcome in (aggregate.weighted([]), aggregate.likeliest([], YES_NO)):
        assert (outcome.label, outcome.confidence, outcome.status) == ("", None, "open")


def test_a_task_with_fewer_answers_than_wanted_is_open_and_shows_where_it_stands() -> None:
    outcome = aggregate.opened(aggregate.majority(["yes", "yes"]), 3)
    assert (outcome.label, outcome.status) == ("yes", "open")


def test_a_surplus_answer_counts() -> None:
    outcome = aggregate.opened(aggregate.majority(["yes", "no", "no", "no"]), 3)
    assert (outcome.label, outcome.answers, outcome.status) == ("no", 4, "settled")


def test_texts_that_all_agree_are_settled() -> None:
    outcome = aggregate.unanimous(["Habari", "Habari"])
    assert (outcome.label, outcome.method, outcome.status) == ("Habari", "unanimous", "settled")


def test_texts_that_differ_are_a_tie_even_when_one_leads() -> None:
    outcome = aggregate.unanimous(["Habari", "Habari", "Hujambo"])
    assert (outcome.label, outcome.status) == ("", "tie")
    assert outcome.confidence == Decimal("0.6667")


def test_an_accurate_worker_weighs_more_than_a_poor_one() -> None:
    outcome = aggregate.weighted([("yes", 0.9), ("no", 0.3)])
    assert (outcome.label, outcome.confidence) == ("yes", Decimal("0.75"))
    assert (outcome.answers, outcome.method, outcome.status) == (2, "weighted", "settled")


def test_among_equals_a_weighted_vote_is_the_majority() -> None:
    labels = ["yes", "no", "no", "maybe"]
    outcome = aggregate.weighted([(label, 0.5) for label in labels])
    assert replace(outcome, method="majority") == aggregate.majority(labels)


def test_answers_of_equal_weight_that_differ_are_a_tie() -> None:
    outcome = aggregate.weighted([("yes", 0.6), ("yes", 0.3), ("no", 0.9)])
    assert (outcome.label, outcome.status, outcome.confidence) == ("", "tie", Decimal("0.5"))


def test_the_likeliest_label_may_be_that_of_the_fewer() -> None:
    outcome = aggregate.likeliest([("yes", 0.95), ("no", 0.6), ("no", 0.6)], YES_NO)
    assert (outcome.label, outcome.method, outcome.status) == ("yes", "one-coin", "settled")
    assert outcome.confidence == Decimal("0.8941")


def test_an_inference_is_never_certain() -> None:
    outcome = aggregate.likeliest([("yes", 0.99)] * 50, YES_NO)
    assert outcome.confidence == Decimal("0.9999")


def test_labels_that_are_equally_likely_are_a_tie() -> None:
    outcome = aggregate.likeliest([("yes", 0.8), ("no", 0.8)], YES_NO)
    assert (outcome.label, outcome.status, outcome.confidence) == ("", "tie", Decimal("0.5"))


@pytest.mark.parametrize(
    ("type", "usual", "others"),
    [
        ("choice", "majority", {"weighted", *MODELS}),
        ("compare", "majority", {"weighted", *MODELS}),
        ("multi", "majority", {"weighted"}),
        ("rating", "mean", {"median", "majority", "weighted", *MODELS}),
        ("number", "mean", {"median"}),
        ("text", "unanimous", set()),
    ],
)
def test_a_type_takes_the_methods_that_make_sense_for_it(
    type: str, usual: str, others: set[str]
) -> None:
    sample = SAMPLES[type]
    assert aggregate.usual(sample.type) == usual
    assert set(aggregate.fitting(sample.type, sample.settings)) == {usual, *others}


def test_every_type_has_a_usual_method_that_fits_it() -> None:
    for sample in SAMPLES.values():
        fitting = aggregate.fitting(sample.type, sample.settings)
        assert aggregate.usual(sample.type) in fitting
        assert set(fitting) <= set(aggregate.METHODS)


@pytest.mark.parametrize(
    ("labels", "mean", "median"),
    [
        (["1", "2"], "1.5", "1.5"),
        (["100"], "100", "100"),
        (["10", "20", "60"], "30", "20"),
        (["1", "1", "2"], "1.333333", "1"),
        (["0.1", "0.2"], "0.15", "0.15"),
        (["-0.0000001", "0"], "0", "0"),
        (["-5", "5"], "0", "0"),
        (["999999999999999", "0.000001"], "499999999999999.5", "499999999999999.5"),
    ],
)
def test_numbers_are_written_plainly(labels: list[str], mean: str, median: str) -> None:
    assert aggregate.mean(labels).label == mean
    assert aggregate.median(labels).label == median
    assert aggregate.mean(labels).confidence is None


@given(LABELS, st.randoms())
def test_the_order_of_answers_never_matters_to_a_vote(labels: list[str], random: object) -> None:
    shuffled = list(labels)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert aggregate.majority(shuffled) == aggregate.majority(labels)
    assert aggregate.unanimous(shuffled) == aggregate.unanimous(labels)


@given(VOTES, st.randoms())
def test_the_order_of_answers_never_matters_to_a_weighted_vote(
    votes: list[Vote], random: object
) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert aggregate.weighted(shuffled) == aggregate.weighted(votes)
    options = ("yes", "no", "tie")
    assert aggregate.likeliest(shuffled, options) == aggregate.likeliest(votes, options)


@given(LABELS)
def test_a_vote_is_settled_exactly_when_one_label_leads(labels: list[str]) -> None:
    counts = [count for _, count in Counter(labels).most_common(2)]
    leads = bool(counts) and (len(counts) == 1 or counts[0] > counts[1])
    assert (aggregate.majority(labels).status == "settled") == leads


@given(NUMBERS, st.randoms())
def test_the_order_of_answers_never_matters_to_a_number(labels: list[str], random: object) -> None:
    shuffled = list(labels)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert aggregate.mean(shuffled) == aggregate.mean(labels)
    assert aggregate.median(shuffled) == aggregate.median(labels)


@given(NUMBERS)
def test_a_mean_lies_between_the_lowest_and_the_highest(labels: list[str]) -> None:
    numbers = [Decimal(label) for label in labels]
    for method in (aggregate.mean, aggregate.median):
        assert min(numbers) <= Decimal(method(labels).label) <= max(numbers)


def test_a_score_counts_a_tie_as_wrong() -> None:
    found = aggregate.score({"a": "yes", "b": "", "x": "no"}, {"a": "yes", "b": "yes", "c": "no"})
    assert (found.tasks, found.undecided, found.accuracy) == (3, 2, Decimal("0.3333"))
    assert found.mae is None


def test_a_score_of_numbers_has_the_mean_error() -> None:
    found = aggregate.score({"a": "10", "b": "12.5"}, {"a": "13", "b": "12"})
    assert found.mae == Decimal("1.75")


def test_a_score_without_a_truth_says_nothing() -> None:
    found = aggregate.score({"a": "yes"}, {})
    assert (found.tasks, found.accuracy, found.mae) == (0, None, None)


@pytest.mark.parametrize("name", ["snow_rte", "multipico_hi", "pandalm"])
def test_real_crowds_get_the_published_majority(shared: Path, name: str) -> None:
    answers = _labels(shared / name)
    reference = {row["task"]: row["plurality"] for row in _rows(shared / name / "reference.csv")}
    assert answers.keys() == reference.keys()
    for task, plurality in reference.items():
        outcome = aggregate.majority(answers[task])
        wanted = ("", "tie") if "|" in plurality else (plurality, "settled")
        assert (outcome.label, outcome.status) == wanted


def test_what_somebody_decided_is_the_result_whatever_the_answers_came_to() -> None:
    tie = aggregate.majority(["yes", "no"])
    found = aggregate.adjudicated(tie, "no")
    assert (found.label, found.status, found.method) == ("no", aggregate.SETTLED, "adjudicated")
    assert (found.confidence, found.answers) == (None, 2)


def test_a_real_crowd_is_as_right_as_published_when_every_tie_is_wrong(shared: Path) -> None:
    answers = _labels(shared / "snow_rte")
    results = {task: aggregate.majority(labels).label for task, labels in answers.items()}
    found = aggregate.score(results, _truth(shared / "snow_rte"))
    assert (found.tasks, found.undecided, found.accuracy) == (800, 65, Decimal("0.8562"))


def test_real_numbers_have_the_published_errors(shared: Path) -> None:
    answers, truth = _labels(shared / "n_emotion"), _truth(shared / "n_emotion")
    for method, published in ((aggregate.mean, "12.02"), (aggregate.median, "13.53")):
        results = {task: method(labels).label for task, labels in answers.items()}
        mae = aggregate.score(results, truth).mae
        assert mae is not None
        assert round(mae, 2) == Decimal(published)


def _labels(folder: Path) -> Mapping[str, list[str]]:
    answers = defaultdict(list)
    for row in _rows(folder / "labels.csv"):
        answers[row["task"]].append(row["label"])
    return answers


def _truth(folder: Path) -> dict[str, str]:
    return {row["task"]: row["truth"] for row in _rows(folder / "truth.csv")}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
