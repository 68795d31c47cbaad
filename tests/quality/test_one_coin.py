"""How accurate each worker is, from how the crowd agrees."""

import csv
import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quality import aggregate, one_coin
from bot.quality.one_coin import Crowd

YES_NO = ("yes", "no")
Tasks = list[list[tuple[str, str]]]
TASKS = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(YES_NO), min_size=1).map(
        lambda answers: list(answers.items())
    ),
    max_size=12,
)


def learnt(tasks: Tasks, options: tuple[str, ...] = YES_NO) -> dict[str, float]:
    return one_coin.accuracies(Crowd(tasks, options))


def test_who_disagrees_with_the_others_is_less_accurate() -> None:
    tasks = [[("ann", "yes"), ("ben", "yes"), ("cem", "no")] for _ in range(20)]
    found = learnt(tasks)
    assert found["ann"] == found["ben"] > 0.9
    assert found["cem"] < 0.1


def test_a_crowd_without_answers_has_no_accuracies() -> None:
    assert learnt([]) == {}
    assert learnt([[], []]) == {}


def test_a_worker_with_one_answer_is_neither_perfect_nor_useless() -> None:
    found = learnt([[("ann", "yes")]])
    assert 0.5 <= found["ann"] < 1


def test_two_who_always_differ_are_equally_accurate() -> None:
    found = learnt([[("ann", "yes"), ("ben", "no")], [("ann", "no"), ("ben", "yes")]])
    assert found["ann"] == found["ben"] == 0.5


def test_a_label_that_is_no_option_any_more_is_one_more_option() -> None:
    found = learnt([[("ann", "old"), ("ben", "old"), ("cem", "yes")]] * 5)
    assert found["ann"] > found["cem"]


def test_thousands_who_agree_are_still_numbers() -> None:
    found = learnt([[(f"w{n}", "yes") for n in range(500)]] * 300)
    assert all(0.5 < accuracy < 1 for accuracy in found.values())


def test_the_accuracies_of_a_made_up_crowd_are_found() -> None:
    chance = random.Random(7)
    real = {f"w{n}": 0.55 + 0.02 * n for n in range(20)}
    tasks: Tasks = []
    for _ in range(2000):
        right, wrong = chance.sample(YES_NO, 2)
        who = chance.sample(sorted(real), 7)
        tasks.append([(one, right if chance.random() < real[one] else wrong) for one in who])
    found = learnt(tasks)
    for worker, accuracy in real.items():
        assert found[worker] == pytest.approx(accuracy, abs=0.05)


@given(TASKS, st.randoms())
def test_the_order_of_tasks_and_answers_leaves_no_trace(tasks: Tasks, random: object) -> None:
    shuffled = [list(task) for task in tasks]
    for some in [*shuffled, shuffled]:
        random.shuffle(some)  # type: ignore[attr-defined]
    assert learnt(shuffled) == learnt(tasks)


@given(TASKS)
def test_what_the_options_are_called_does_not_matter(tasks: Tasks) -> None:
    swapped = [
        [(worker, "no" if label == "yes" else "yes") for worker, label in task] for task in tasks
    ]
    assert learnt(swapped) == pytest.approx(learnt(tasks), abs=1e-4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "snow_rte",
            {"right": 739},
        ),  # of 800; published 740 (92.5 %), the majority 685 and 65 ties
        ("multipico_hi", {"0": 222, "1": 59}),  # estimated priors: 275 and 6
        ("pandalm", {"right": 472, "left": 422, "tie": 105}),
    ],
)
def test_real_crowds_do_not_collapse(shared: Path, name: str, expected: dict[str, int]) -> None:
    tasks: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in _rows(shared / name / "labels.csv"):
        tasks[row["task"]].append((row["worker"], row["label"]))
    options = tuple({label for answers in tasks.values() for _, label in answers})
    known = learnt(list(tasks.values()), options)
    found: dict[str, int] = defaultdict(int)
    truth = {row["task"]: row["truth"] for row in _rows(shared / name / "truth.csv")}
    for task, answers in tasks.items():
        outcome = aggregate.likeliest([(label, known[one]) for one, label in answers], options)
        found["right" if truth.get(task) == outcome.label else outcome.label] += 1
    assert expected.items() <= found.items()


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
