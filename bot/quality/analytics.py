"""Models of a whole crowd from crowd-kit, where the extra [analytics] is installed.

It brings 700 MB and takes 2 s to import, so it is imported inside the functions that need it.
Rows are numbered and sorted before crowd-kit sees them: it takes labels as they come.
"""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.errors import Refusal
from bot.i18n import N_

Chances: TypeAlias = dict[str, float]  # how likely each label of a task is
ITEMS = 1000  # compared: four matrices of 8 MB
STEPS = 1000  # of Bradley-Terry; five models are in order after ten
COLUMNS = ["task", "worker", "label"]  # of an answer


class ExtraMissing(Refusal):
    msgid = N_(
        "The method {method} needs the extra [analytics], which is not installed on the server: "
        "pip install 'kazi[analytics]'"
    )


class TooManyAnswers(Refusal):
    msgid = N_(
        "The method {method} takes at most {most} answers and this stage has {count}. Choose "
        "another one, such as one-coin."
    )


class TooManyWorkers(Refusal):
    msgid = N_(
        "The method {method} takes at most {most} workers and this stage has {count}. Choose "
        "another one, such as one-coin."
    )


class NothingFound(Refusal):
    msgid = N_(
        "The method {method} finds no result for these answers: too few workers have tasks in "
        "common. Choose another one, such as one-coin."
    )


@dataclass(frozen=True, slots=True)
class Model:
    """A model and what it can bear, measured with 10 answers a task on one 2-GHz processor."""

    fit: Callable[[Any, Any], Any]
    """From crowd-kit and the answers to a table of tasks by labels: odds, or chances at once."""
    answers: int
    workers: int


def _mmsr(kit: Any, rows: Any) -> Any:
    """From the log-odds of the workers; crowd-kit's own scores may be below zero."""
    log_odds = kit.MMSR().fit(rows).skills_
    if log_odds.isna().any():
        raise ValueError(log_odds)
    weights = rows["worker"].map(log_odds)
    scores = weights.groupby([rows["task"], rows["label"]]).sum().unstack(fill_value=0.0)
    return scores.sub(scores.max(axis=1), axis=0).map(math.exp)


MODELS = {
    # Dawid and Skene 1979: a table of confusions for each worker. 1 million: 3 s, 300 MB.
    "dawid-skene": Model(lambda kit, rows: kit.DawidSkene().fit(rows).probas_, 1_000_000, 100_000),
    # Whitehill et al. 2009: difficulty of tasks, ability of workers. 20,000: 13 s.
    "glad": Model(lambda kit, rows: kit.GLAD().fit(rows).probas_, 20_000, 20_000),
    # Hovy et al. 2013: who knows, and who spams. 20,000: 7 s.
    "mace": Model(lambda kit, rows: kit.MACE().fit(rows).probas_, 40_000, 40_000),
    # Ma and Olshevsky 2020: a matrix of pairs of pairs of workers. 60 workers: 100 MB; 200: 3.7 GB.
    "mmsr": Model(_mmsr, 100_000, 60),
}


def require(method: str, answers: int, workers: int) -> None:
    """Raise ExtraMissing, TooManyAnswers or TooManyWorkers where a model cannot be had."""
    model = MODELS[method]
    if answers > model.answers:
        raise TooManyAnswers(method=method, most=model.answers, count=answers)
    if workers > model.workers:
        raise TooManyWorkers(method=method, most=model.workers, count=workers)
    _libraries(method)


def chances(
    method: str, tasks: Sequence[Any], workers: Sequence[Any], labels: Sequence[str]
) -> dict[Any, Chances]:
    """How likely each label of each task is, from the columns of all answers.

    Raises ExtraMissing and NothingFound.
    """
    if len(set(labels)) < 2:  # nothing to infer, and some of the models would divide by zero
        return {task: dict.fromkeys(labels[:1], 1.0) for task in tasks}
    pandas, kit = _libraries(method)
    model = MODELS[method]
    # Numbers throughout: texts and tuples of a million answers take crowd-kit half a gigabyte more.
    columns = zip(COLUMNS, (tasks, workers, labels), strict=True)
    known = {name: pandas.factorize(pandas.Series(given), sort=True) for name, given in columns}
    table = pandas.DataFrame({name: codes.astype("int32") for name, (codes, _) in known.items()})
    table = table.sort_values(COLUMNS, ignore_index=True)
    try:
        with warnings.catch_warnings():  # of small matrices; what comes of them is judged below
            warnings.simplefilter("ignore")
            found = model.fit(kit, table)
    except (ArithmeticError, ValueError):  # a matrix that has no inverse, or nothing in it
        raise NothingFound(method=method) from None
    found = found.div(found.sum(axis=1), axis=0)
    named = known["task"][1][found.index].tolist()
    said = known["label"][1][found.columns].tolist()
    rows = found.to_numpy().tolist()
    return {task: dict(zip(said, row, strict=True)) for task, row in zip(named, rows, strict=True)}


def _libraries(method: str) -> tuple[Any, Any]:
    try:
        import pandas
        from crowdkit import aggregation
    except ImportError:
        raise ExtraMissing(method=method) from None
    return pandas, aggregation


# What is compared, in order


class TooManyItems(Refusal):
    msgid = N_("At most {most} items can be put in order, and {count} were compared.")


class NoOrder(Refusal):
    msgid = N_(
        "There is no order yet: {item} was never preferred to any of some others, or never "
        "compared with them, not even by way of items in between."
    )


def strengths(comparisons: Mapping[tuple[str, str, str], int]) -> dict[str, float]:
    """The Bradley-Terry strength of each item, from how often (left, right, label) was said.

    One of strength a is preferred to one of strength b with a / (a + b); all sum to one. A tie is
    half a win for each, other labels are left out. Raises ExtraMissing, TooManyItems and NoOrder.
    """
    wins = _wins(comparisons)
    items = sorted({item for pair in wins for item in pair})
    if len(items) > ITEMS:
        raise TooManyItems(most=ITEMS, count=len(items))
    _require_order(items, wins)
    pandas, kit = _libraries("bradley-terry")
    rows = [(*pair, pair[0]) for pair, count in sorted(wins.items()) for _ in range(count)]
    table = pandas.DataFrame(rows, columns=["left", "right", "label"])
    # Without a tolerance: crowd-kit compares a round with itself and would stop at the second.
    found = kit.BradleyTerry(n_iter=STEPS, tol=0).fit_predict(table)
    return {item: float(found[item]) for item in items}


def _wins(comparisons: Mapping[tuple[str, str, str], int]) -> Counter[tuple[str, str]]:
    """How many half wins each item has over each other."""
    wins: Counter[tuple[str, str]] = Counter()
    for (left, right, label), count in comparisons.items():
        if left == right:
            continue
        if label in ("left", "tie"):
            wins[left, right] += count * (2 if label == "left" else 1)
        if label in ("right", "tie"):
            wins[right, left] += count * (2 if label == "right" else 1)
    return wins


def _require_order(items: Sequence[str], wins: Iterable[tuple[str, str]]) -> None:
    """Strengths exist when everybody has, by way of others, won over and lost to everybody."""
    below: dict[str, set[str]] = {item: set() for item in items}
    above: dict[str, set[str]] = {item: set() for item in items}
    for winner, loser in wins:
        below[winner].add(loser)
        above[loser].add(winner)
    for neighbours in (below, above):
        missed = set(items) - _reached(items[:1], neighbours)
        if missed:
            raise NoOrder(item=min(missed))


def _reached(begin: Sequence[str], neighbours: Mapping[str, set[str]]) -> set[str]:
    reached, edge = set(begin), list(begin)
    while edge:
        new = neighbours[edge.pop()] - reached
        reached |= new
        edge += new
    return reached
