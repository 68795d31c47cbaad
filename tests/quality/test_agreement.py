"""How far workers agree, beyond chance."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quality import agreement
from bot.quality.agreement import Agreement
from bot.task_types import TASK_TYPES

# Krippendorff 2011, example C: four observers, twelve units, some of them not seen by all.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
SEEN = [[one for one in unit if one is not None] for unit in zip(*OBSERVERS, strict=True)]
UNITS = [Counter(unit) for unit in SEEN if len(unit) > 1]
TASKS = st.lists(
    st.lists(st.sampled_from(["1", "2", "3", "4"]), min_size=2, max_size=6),
    min_size=agreement.LEAST,
    max_size=20,
)


@pytest.mark.parametrize(
    ("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example_comes_out(metric: str, published: float) -> None:
    found = agreement.alpha(metric, UNITS)
    assert found is not None
    assert round(found, 3) == published


def test_the_published_example_of_two_observers_comes_out() -> None:
    meg, owen = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    found = agreement.alpha("nominal", [Counter(pair) for pair in zip(meg, owen, strict=True)])
    assert found is not None
    assert round(found, 3) == 0.095


@pytest.mark.parametrize(
    ("type", "expected"), [("choice", 0.743), ("rating", 0.815), ("number", 0.849)]
)
def test_each_type_is_measured_by_the_metric_that_fits_it(type: str, expected: float) -> None:
    tasks = [[str(value) for value in unit] for unit in SEEN]
    found = agreement.agreement(TASK_TYPES[type], tasks)
    assert found.alpha == pytest.approx(expected, abs=0.0005)
    assert found.reason == ""


def test_sets_that_share_members_agree_in_part() -> None:
    multi, apart = TASK_TYPES["multi"], [["a|b", "a|b"], ["c|d", "c|d"]] * 10
    assert agreement.agreement(multi, apart).alpha == 1
    near = agreement.agreement(multi, [*apart, ["a|b", "a|b|c"]]).alpha
    far = agreement.agreement(multi, [*apart, ["a|b", "c|d"]]).alpha
    assert near is not None
    assert far is not None
    assert 1 > near > far


def test_nothing_marked_is_a_set_too() -> None:
    found = agreement.agreement(TASK_TYPES["multi"], [["", ""], ["a", "a"]] * 10)
    assert found.alpha == 1


def test_no_alpha_is_told_of_texts() -> None:
    found = agreement.agreement(TASK_TYPES["text"], [["Habari", "Habari"], ["Ndiyo", "Si"]] * 10)
    assert found == Agreement(None, agreement.NOT_COMPARABLE)


def test_no_alpha_is_told_where_too_few_tasks_have_two_answers() -> None:
    few = [["yes", "no"]] * (agreement.LEAST - 1)
    found = agreement.agreement(TASK_TYPES["choice"], [*few, *[["yes"]] * 100, []])
    assert found == Agreement(None, agreement.TOO_FEW)


def test_no_alpha_is_told_where_nothing_differs() -> None:
    found = agreement.agreement(TASK_TYPES["choice"], [["yes", "yes"]] * 20)
    assert found == Agreement(None, agreement.ALL_EQUAL)


def test_sets_of_too_many_kinds_are_not_compared_pair_by_pair() -> None:
    tasks = [[f"a{n}|b", f"a{n}"] for n in range(agreement.DISTINCT)]
    found = agreement.agreement(TASK_TYPES["multi"], tasks)
    assert found == Agreement(None, agreement.TOO_MANY)


@given(TASKS, st.sampled_from(["choice", "rating", "number", "multi"]), st.randoms())
def test_the_order_of_tasks_and_answers_does_not_matter(
    tasks: list[list[str]], type: str, random: object
) -> None:
    shuffled = [list(labels) for labels in tasks]
    for labels in [*shuffled, shuffled]:
        random.shuffle(labels)  # type: ignore[attr-defined]
    found = agreement.agreement(TASK_TYPES[type], tasks)
    other = agreement.agreement(TASK_TYPES[type], shuffled)
    assert other.reason == found.reason
    assert other.alpha == (None if found.alpha is None else pytest.approx(found.alpha))
    assert found.alpha is None or found.alpha <= 1


@given(TASKS, st.sampled_from(["rating", "number"]))
def test_where_a_scale_begins_does_not_matter(tasks: list[list[str]], type: str) -> None:
    moved = [[str(int(label) + 1_000_000) for label in labels] for labels in tasks]
    found = agreement.agreement(TASK_TYPES[type], tasks).alpha
    other = agreement.agreement(TASK_TYPES[type], moved).alpha
    assert other == (None if found is None else pytest.approx(found))


@pytest.mark.parametrize("name", ["snow_rte", "multipico_hi", "pandalm"])
def test_real_crowds_agree_as_published(shared: Path, name: str) -> None:
    expected = json.loads((shared / name / "expected.json").read_text())
    tasks: dict[str, list[str]] = defaultdict(list)
    with (shared / name / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tasks[row["task"]].append(row["label"])
    found = agreement.agreement(TASK_TYPES["choice"], tasks.values()).alpha
    assert found == pytest.approx(expected["alpha_krippendorff"], abs=0.0001)
