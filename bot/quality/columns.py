"""All answers of a stage as columns of numbers: some twelve bytes an answer.

A million rows of the database, or tuples of them, are hundreds of megabytes.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, repeat


class Columns:
    """Who gave which label to which task. The answers to one task are added in one go."""

    def __init__(self) -> None:
        self._workers = array("q")
        self._said = array("i")  # the label of each answer, by its number
        self._numbers = _Numbers()
        self._names: list[str] = []
        self._counts: Counter[int] = Counter()  # answers by task, in the order they came
        self._ends: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._workers)

    def add(self, tasks: Iterable[int], workers: Iterable[int], labels: Iterable[str]) -> None:
        """More answers; a task may go on where the last ones ended."""
        self._counts.update(tasks)
        self._workers.extend(workers)
        self._said.extend(map(self._numbers.__getitem__, labels))
        self._names = list(self._numbers)
        self._ends = {}

    def of(self, task: int) -> list[tuple[int, str]]:
        """The worker and the label of each answer to a task."""
        self._ends = self._ends or dict(
            zip(self._counts, accumulate(self._counts.values()), strict=True)
        )
        end = self._ends.get(task, 0)
        some = slice(end - self._counts[task], end)
        labels = map(self._names.__getitem__, self._said[some])
        return list(zip(self._workers[some], labels, strict=True))

    def count(self, task: int) -> int:
        return self._counts[task]

    def lists(self) -> tuple[Sequence[int], Sequence[int], Sequence[str]]:
        """The task, the worker and the label of each answer."""
        each = (repeat(task, count) for task, count in self._counts.items())
        tasks = array("q", chain.from_iterable(each))
        return tasks, self._workers, list(map(self._names.__getitem__, self._said))


class _Numbers(dict[str, int]):
    """Numbers from 0 in the order in which labels are first asked for."""

    def __missing__(self, label: str) -> int:
        self[label] = number = len(self)
        return number
