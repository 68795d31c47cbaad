"""`python -m tests.bench.quality [FOLDER]`: how right results are, on recorded crowds.

Every method beside the reference figures of the data; what dynamic overlap saves; and how long a
large stage takes. Methods of crowd-kit are there when it is (`make .venv/analytics`).
"""

import asyncio
import csv
import json
import random
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from bot.errors import Refusal
from bot.quality import aggregate, agreement, analytics, confidence, estimates, one_coin
from bot.quality.aggregate import Outcome
from bot.task_types import TASK_TYPES
from tests.bench import backlog, exporting

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
VOTES = ("snow_rte", "multipico_hi", "pandalm")
REFERENCE = {"majority": "MV", "one-coin": "OneCoinDS", "dawid-skene": "DS", "glad": "GLAD"}
DRAWS = 10  # of gold, whose figures are averaged: one draw says little
GOLD = 0.1  # share of the tasks that the accuracies of `weighted` come from
LARGE, EACH, CROWD = 100_000, 10, 1_000  # tasks, answers to each, workers
EXPORTED = ("majority", "weighted", "one-coin", "dawid-skene")


class Given(NamedTuple):
    worker: str
    label: str


Answers = dict[str, list[Given]]  # by task, in the order of the file


@dataclass(frozen=True, slots=True)
class Crowd:
    """A recorded crowd. `truth` may know none or some of the tasks."""

    name: str
    answers: Answers
    truth: dict[str, str]
    expected: dict[str, object]

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(sorted({one.label for given in self.answers.values() for one in given}))


def main(
    folder: Annotated[Path, typer.Argument(help="The recorded data.")] = SHARED,
    large: Annotated[int, typer.Option(help="Tasks of the large stage; 0: none.")] = LARGE,
) -> None:
    """How right results are, on recorded crowds."""
    console = Console(width=124)
    crowds = [read(folder / name) for name in VOTES]
    console.print(methods_table(crowds))
    console.print(numbers_table(read(folder / "n_emotion")))
    console.print(texts_table(read(folder / "crowdwsa_j1")))
    console.print(agreement_table(crowds))
    console.print(overlap_table(crowds[0]))
    if large:
        console.print(large_table(large))
        console.print(export_table(large))


def read(folder: Path) -> Crowd:
    answers: Answers = defaultdict(list)
    for row in _rows(folder / "labels.csv"):
        answers[row["task"]].append(Given(row["worker"], row.get("label", row.get("text", ""))))
    truth = {row["task"]: row["truth"] for row in _rows(folder / "truth.csv")}
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return Crowd(folder.name, dict(answers), truth, expected)


# Methods


def methods_table(crowds: Sequence[Crowd]) -> Table:
    table = Table("crowd", "method", "right or labels", "ties", "reference", title="Results")
    for crowd in crowds:
        for method, judge in METHODS.items():
            found = judge(crowd)
            ties = sum(one.status == "tie" for one in found.values())
            told = _told(crowd, found) if found else "-"
            table.add_row(crowd.name, method, told, str(ties), _reference(crowd, method))
        table.add_section()
    return table


def majority(crowd: Crowd) -> dict[str, Outcome]:
    return {
        task: aggregate.majority(one.label for one in given)
        for task, given in crowd.answers.items()
    }


def weighted(crowd: Crowd) -> dict[str, Outcome]:
    """With accuracies from the first draw of gold; where no truth is known they are all alike."""
    known = accuracies(crowd, draw(crowd, GOLD, 0))
    return {task: aggregate.weighted(votes(given, known)) for task, given in crowd.answers.items()}


def one_coined(crowd: Crowd) -> dict[str, Outcome]:
    known = one_coin.accuracies(one_coin.Crowd(crowd.answers.values(), crowd.options))
    return {
        task: aggregate.likeliest(votes(given, known), crowd.options)
        for task, given in crowd.answers.items()
    }


def model(method: str) -> Callable[[Crowd], dict[str, Outcome]]:
    def judge(crowd: Crowd) -> dict[str, Outcome]:
        rows = [(task, *one) for task, given in crowd.answers.items() for one in given]
        try:
            analytics.require(method, len(rows), len({worker for _, worker, _ in rows}))
            chances = analytics.chances(
                method, *([row[column] for row in rows] for column in range(3))
            )
        except Refusal:
            return {}
        return {
            task: aggregate.judged(chances[task], len(given), method)
            for task, given in crowd.answers.items()
        }

    return judge


METHODS: dict[str, Callable[[Crowd], dict[str, Outcome]]] = {
    "majority": majority,
    "weighted": weighted,
    "one-coin": one_coined,
    **{method: model(method) for method in analytics.MODELS},
}


def votes(given: Iterable[Given], known: Mapping[str, float]) -> list[confidence.Vote]:
    return [(one.label, known.get(one.worker, estimates.UNKNOWN)) for one in given]


def draw(crowd: Crowd, share: float, seed: int) -> set[str]:
    """Tasks that are gold; every seed draws others."""
    tasks = sorted(crowd.truth)
    return set(random.Random(seed).sample(tasks, round(share * len(tasks))))


def accuracies(crowd: Crowd, gold: set[str]) -> dict[str, float]:
    right: Counter[str] = Counter()
    checked: Counter[str] = Counter()
    for task in gold:
        for one in crowd.answers[task]:
            checked[one.worker] += 1
            right[one.worker] += one.label == crowd.truth[task]
    return {worker: estimates.accuracy(right[worker], checked[worker]) for worker in checked}


def _told(crowd: Crowd, found: Mapping[str, Outcome]) -> str:
    if not crowd.truth:
        return _spread(Counter(one.label or "tie?" for one in found.values()))
    score = aggregate.score({task: one.label for task, one in found.items()}, crowd.truth)
    assert score.accuracy is not None
    return f"{score.accuracy:.2%}"


def _reference(crowd: Crowd, method: str) -> str:
    said = crowd.expected.get(REFERENCE.get(method, method.upper()), "-")
    if method == "majority" and crowd.truth:
        low, high = crowd.expected["mv_acc_lo"], crowd.expected["mv_acc_hi"]
        return f"{low} to {high} by how ties are broken"
    return _spread(said) if isinstance(said, dict) else str(said)


def _spread(labels: Mapping[str, int]) -> str:
    return ", ".join(f"{label}: {count}" for label, count in sorted(labels.items()))


# Numbers, texts, agreement


def numbers_table(crowd: Crowd) -> Table:
    table = Table("crowd", "method", "mean error", "reference", title="Numbers")
    for method, judge in (("mean", aggregate.mean), ("median", aggregate.median)):
        found = {
            task: judge(one.label for one in given).label for task, given in crowd.answers.items()
        }
        published = crowd.expected[method]
        assert isinstance(published, dict)
        error = aggregate.score(found, crowd.truth).mae
        table.add_row(crowd.name, method, f"{error:.2f}", str(published["MAE"]))
    return table


def texts_table(crowd: Crowd) -> Table:
    """What all wrote alike: free text is not voted on, nor is its agreement measured."""
    table = Table("crowd", "method", "settled", "tasks", "alpha", title="Free text")
    texts = [[one.label for one in given] for given in crowd.answers.values()]
    settled = sum(aggregate.unanimous(said).status == "settled" for said in texts)
    why = agreement.agreement(TASK_TYPES["text"], texts).reason
    table.add_row(crowd.name, "unanimous", str(settled), str(len(texts)), why)
    return table


def agreement_table(crowds: Iterable[Crowd]) -> Table:
    table = Table("crowd", "alpha", "reference", title="Agreement")
    for crowd in crowds:
        labels = [[one.label for one in given] for given in crowd.answers.values()]
        found = agreement.agreement(TASK_TYPES["choice"], labels).alpha
        table.add_row(crowd.name, f"{found:.4f}", str(crowd.expected["alpha_krippendorff"]))
    return table


# Overlap


def overlap_table(crowd: Crowd) -> Table:
    """Fixed overlap against dynamic, on the same answers in the order they were recorded."""
    title = f"Overlap on {crowd.name}: accuracies from gold, the other tasks are counted"
    table = Table("overlap", "gold", "answers a task", "right", title=title)
    for share in (GOLD, 2 * GOLD):
        for fixed in (1, 3, 5, 7, 10):
            _add(table, f"{fixed}, majority", share, _averaged(crowd, share, _fixed(fixed, False)))
            _add(table, f"{fixed}, weighted", share, _averaged(crowd, share, _fixed(fixed, True)))
        for bar in (0.7, 0.8, 0.9, 0.95):
            _add(table, f"2 to 10, {bar:.0%} sure", share, _averaged(crowd, share, _dynamic(bar)))
        table.add_section()
    return table


Policy = Callable[[list[Given], Mapping[str, float], Sequence[str]], tuple[int, str]]


def _fixed(overlap: int, by_weight: bool) -> Policy:
    def judge(
        given: list[Given], known: Mapping[str, float], options: Sequence[str]
    ) -> tuple[int, str]:
        some = given[:overlap]
        if by_weight:
            return len(some), aggregate.weighted(votes(some, known)).label
        return len(some), aggregate.majority(one.label for one in some).label

    return judge


def _dynamic(bar: float) -> Policy:
    def judge(
        given: list[Given], known: Mapping[str, float], options: Sequence[str]
    ) -> tuple[int, str]:
        said = votes(given, known)
        for count in range(2, len(said) + 1):
            some = said[:count]
            if (
                confidence.enough(some, options, confidence=bar, overlap=2, most=len(said))
                != "more"
            ):
                break
        return count, confidence.belief(some, options).label

    return judge


def _averaged(crowd: Crowd, share: float, policy: Policy) -> tuple[float, float]:
    used = right = tasks = 0
    for seed in range(DRAWS):
        gold = draw(crowd, share, seed)
        known = accuracies(crowd, gold)
        for task, given in crowd.answers.items():
            if task not in gold:
                count, label = policy(given, known, crowd.options)
                used, right, tasks = used + count, right + (label == crowd.truth[task]), tasks + 1
    return used / tasks, right / tasks


def _add(table: Table, overlap: str, share: float, found: tuple[float, float]) -> None:
    table.add_row(overlap, f"{share:.0%}", f"{found[0]:.2f}", f"{found[1]:.1%}")


# A large stage


def large_table(tasks: int) -> Table:
    table = Table(
        "method",
        "seconds of CPU",
        "peak MB",
        title=f"{tasks:,} tasks with {EACH} answers each, of {CROWD:,} workers",
    )
    made = list(_made_up(tasks))
    options = ("no", "yes")
    even = {f"w{n}": 0.8 for n in range(CROWD)}
    ways: dict[str, Callable[[], object]] = {
        "(the answers)": lambda: None,
        "majority": lambda: [aggregate.majority(one.label for one in given) for given in made],
        "weighted": lambda: [aggregate.weighted(votes(given, even)) for given in made],
        "one-coin": lambda: _one_coined(made, options),
    }
    for name, way in ways.items():
        began = time.process_time()
        way()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        table.add_row(name, f"{time.process_time() - began:.1f}", f"{peak:.0f}")
    return table


def export_table(tasks: int) -> Table:
    """The same size as an export, from the rows of a database to the file."""
    title = f"Export of {tasks:,} tasks with {exporting.EACH} answers each, from SQLite"
    table = Table("method", "seconds of CPU", "peak MB", title=title)
    with backlog.database("sqlite", "") as url:
        asyncio.run(exporting.fill(url, tasks))
        for method in EXPORTED:
            found = exporting.measure(url, method)
            table.add_row(method, f"{found.cpu:.1f}", f"{found.peak / 2**20:.0f}")
    return table


def _one_coined(made: Sequence[list[Given]], options: Sequence[str]) -> list[Outcome]:
    known = one_coin.accuracies(one_coin.Crowd(made, options))
    return [aggregate.likeliest(votes(given, known), options) for given in made]


def _made_up(tasks: int) -> Iterator[list[Given]]:
    chance = random.Random(1)
    workers = {f"w{n}": chance.betavariate(6, 2) for n in range(CROWD)}
    names = sorted(workers)
    for _ in range(tasks):
        right, wrong = chance.sample(("yes", "no"), 2)
        who = chance.sample(names, EACH)
        yield [Given(one, right if chance.random() < workers[one] else wrong) for one in who]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    typer.run(main)
