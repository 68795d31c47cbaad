"""Models of crowd-kit, which `make test` installs: what they find, and what they refuse."""

import csv
import random
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.quality import analytics, one_coin
from bot.quality.one_coin import Crowd

kit = pytest.importorskip("crowdkit.aggregation", reason="no extra [analytics]: make test has it")
MODELS = sorted(analytics.MODELS)
Row = tuple[object, str, str]  # task, worker, label


def chances(method: str, rows: list[Row]) -> dict[object, dict[str, float]]:
    tasks, workers, labels = ([row[column] for row in rows] for column in range(3))
    return analytics.chances(method, tasks, workers, labels)


def crowd(tasks: int = 40) -> list[Row]:
    """Five workers; the last of them guesses."""
    chance = random.Random(3)
    rows = []
    for task in range(tasks):
        right = chance.choice(("yes", "no"))
        for worker in "abcd":
            wrong = "no" if right == "yes" else "yes"
            rows.append((task, worker, right if chance.random() < 0.85 else wrong))
        rows.append((task, "e", chance.choice(("yes", "no"))))
    return rows


@pytest.mark.parametrize("method", MODELS)
def test_every_model_says_how_likely_each_label_is(method: str) -> None:
    found = chances(method, crowd())
    assert sorted(found) == list(range(40))
    for those in found.values():
        assert set(those) == {"yes", "no"}
        assert sum(those.values()) == pytest.approx(1)
        assert all(0 <= chance <= 1 for chance in those.values())


@pytest.mark.parametrize("method", ["dawid-skene", "mmsr"])
def test_the_order_of_answers_leaves_no_trace(method: str) -> None:
    rows = crowd()
    shuffled = list(rows)
    random.Random(5).shuffle(shuffled)
    assert chances(method, shuffled) == chances(method, rows)


@pytest.mark.parametrize("method", MODELS)
def test_where_only_one_label_was_given_it_is_the_result(method: str) -> None:
    rows = [("t1", "a", "yes"), ("t1", "b", "yes"), ("t2", "a", "yes")]
    assert chances(method, rows) == {"t1": {"yes": 1.0}, "t2": {"yes": 1.0}}
    assert chances(method, []) == {}


@pytest.mark.parametrize("rows", [["1an", "1by"], ["1an", "1by", "2an", "2by"]])
def test_answers_that_say_too_little_are_refused_and_not_guessed_from(rows: list[str]) -> None:
    with pytest.raises(analytics.NothingFound, match="mmsr finds no result"):
        chances("mmsr", [(task, worker, label) for task, worker, label in rows])


def test_a_worker_without_a_skill_is_no_result_either(monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")

    class Lost:
        skills_ = pandas.Series({"a": 0.3, "b": float("nan")})

        def fit(self, _rows: object) -> "Lost":
            return self

    monkeypatch.setattr(kit, "MMSR", Lost)
    with pytest.raises(analytics.NothingFound):
        chances("mmsr", [("t1", "a", "yes"), ("t1", "b", "no")])


@pytest.mark.parametrize("method", MODELS)
def test_more_than_a_model_can_bear_is_refused(method: str) -> None:
    model = analytics.MODELS[method]
    analytics.require(method, model.answers, model.workers)
    with pytest.raises(analytics.TooManyAnswers, match=f"takes at most {model.answers} answers"):
        analytics.require(method, model.answers + 1, 1)
    with pytest.raises(analytics.TooManyWorkers, match=f"takes at most {model.workers} workers"):
        analytics.require(method, 1, model.workers + 1)


def test_without_the_extra_a_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    with pytest.raises(analytics.ExtraMissing, match=r"needs the extra \[analytics\]"):
        analytics.require("glad", 10, 2)
    with pytest.raises(analytics.ExtraMissing, match=r"pip install 'kazi\[analytics\]'"):
        chances("glad", crowd())


def test_one_coin_agrees_with_crowd_kit_where_the_shares_are_even() -> None:
    """Theirs estimates the options' shares, which then are what ours takes them to be."""
    pandas = pytest.importorskip("pandas")
    rows = crowd(400)
    swapped = [
        (task + 400, worker, {"yes": "no", "no": "yes"}[label]) for task, worker, label in rows
    ]
    rows += swapped
    theirs = kit.OneCoinDawidSkene().fit(
        pandas.DataFrame(rows, columns=["task", "worker", "label"])
    )
    tasks: dict[int, list[tuple[str, str]]] = {}
    for task, worker, label in rows:
        tasks.setdefault(task, []).append((worker, label))
    ours = one_coin.accuracies(Crowd(tasks.values(), ("yes", "no")))
    assert ours == pytest.approx(dict(theirs.skills_), abs=0.01)


# Bradley-Terry


WINS = {("a", "b", "left"): 3, ("a", "b", "right"): 1, ("b", "c", "left"): 2, ("c", "b", "left"): 1}


def test_strengths_say_how_often_one_is_preferred_to_another() -> None:
    found = analytics.strengths(WINS)
    assert list(found) == ["a", "b", "c"]
    assert found["a"] / (found["a"] + found["b"]) == pytest.approx(3 / 4, abs=1e-6)
    assert found["b"] / (found["b"] + found["c"]) == pytest.approx(2 / 3, abs=1e-6)
    assert sum(found.values()) == pytest.approx(1)


def test_a_tie_is_half_a_win_for_each() -> None:
    found = analytics.strengths({("a", "b", "tie"): 5, ("a", "b", "bad"): 9, ("a", "a", "left"): 4})
    assert found == pytest.approx({"a": 0.5, "b": 0.5})


def test_the_sides_do_not_matter() -> None:
    other = {"left": "right", "right": "left"}
    turned = {(right, left, other[label]): count for (left, right, label), count in WINS.items()}
    assert analytics.strengths(turned) == pytest.approx(analytics.strengths(WINS))


@pytest.mark.parametrize(
    "wins",
    [
        {("a", "b", "left"): 5},
        {("a", "b", "tie"): 1, ("c", "d", "tie"): 1},
        {("a", "b", "tie"): 1, ("b", "c", "left"): 1},
    ],
)
def test_there_is_no_order_where_some_never_lose_or_never_meet(
    wins: Mapping[tuple[str, str, str], int],
) -> None:
    with pytest.raises(analytics.NoOrder, match="There is no order yet"):
        analytics.strengths(wins)


def test_nothing_compared_is_no_order_and_no_fault() -> None:
    assert analytics.strengths({}) == {}


def test_too_many_items_are_refused() -> None:
    many = {(f"i{n}", f"i{n + 1}", "tie"): 1 for n in range(analytics.ITEMS)}
    with pytest.raises(analytics.TooManyItems, match="1001 were compared"):
        analytics.strengths(many)


# Real crowds


@pytest.mark.parametrize("name", ["snow_rte", "multipico_hi", "pandalm"])
def test_dawid_skene_finds_what_is_published(shared: Path, name: str) -> None:
    folder = shared / name
    rows = [(row["task"], row["worker"], row["label"]) for row in _rows(folder / "labels.csv")]
    found = chances("dawid-skene", rows)
    for row in _rows(folder / "reference.csv"):
        assert found[row["task"]][row["ds"]] == pytest.approx(float(row["ds_prob"]), abs=0.001)


def test_five_models_come_out_in_the_published_order(shared: Path) -> None:
    folder = shared / "pandalm"
    pairs = {
        row["task"]: (row["left_model"], row["right_model"]) for row in _rows(folder / "tasks.csv")
    }
    said = Counter((*pairs[row["task"]], row["label"]) for row in _rows(folder / "labels.csv"))
    found = analytics.strengths(said)
    order = sorted(found, key=lambda model: -found[model])
    assert [model.partition("-")[0] for model in order] == [
        "llama",
        "pythia",
        "bloom",
        "opt",
        "cerebras",
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(10**6)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
