"""How accurate each worker of a crowd is, from nothing but how they agree.

One-coin Dawid-Skene (ZenCrowd): a worker of accuracy q is right with q and else gives any of the
other options alike. What is likely right follows from the accuracies, and the accuracies from what
is likely right: the two are taken in turn (EM), beginning with everybody's share of agreement.
Every option is equally likely beforehand: estimated shares collapse into one option on weak or
unbalanced answers (of 281 tasks of MultiPICo, 275 then have the one result; 222 here).

All sums are of integers, so the order of answers leaves no trace. Pure Python is enough: a million
answers take 0.15 s a round, and there are 5 to 30 rounds.

    Demartini, Difallah, Cudré-Mauroux. ZenCrowd. WWW 2012.
    Zheng et al. Truth Inference in Crowdsourcing: Is the Problem Solved? VLDB 2017.
"""

import math
from array import array
from collections.abc import Collection, Hashable, Iterable
from itertools import groupby
from operator import itemgetter, sub
from typing import Generic, TypeVar

from bot.quality import estimates

Worker = TypeVar("Worker", bound=Hashable)

ROUNDS = 100
STILL = 1e-4  # no accuracy moved further: one more round changes no result
ONE = 1_000_000  # chances and log-odds are counted in millionths
FAR = 700 * ONE  # e to the power of 710 is no float any more
_label = itemgetter(1)


def accuracies(crowd: "Crowd[Worker]") -> dict[Worker, float]:
    """The accuracy of each worker."""
    found = crowd.accuracies(crowd.shares())
    for _ in range(ROUNDS):
        before, found = found, crowd.accuracies(crowd.chances(found))
        if max(map(abs, map(sub, found, before)), default=0) < STILL:
            break
    return dict(zip(crowd.workers, found, strict=True))


class Crowd(Generic[Worker]):
    """All answers, in flat lists: a camp is the answers to one task that have one label.

    Takes (worker, label) of every answer, task by task, and about 30 bytes for each. Sums run in
    `map`, which for a million answers is half the time of loops.
    """

    def __init__(
        self, tasks: Iterable[Iterable[tuple[Worker, str]]], options: Collection[str]
    ) -> None:
        self.workers: dict[Worker, int] = {}
        self._labels = set(options)
        self._who: list[int] = []  # the worker of each answer, by their number in `workers`
        self._camps: list[slice] = []  # in _who
        self._tasks: list[slice] = []  # in _camps
        for answers in tasks:
            self._add(answers)
        self._joined = self._by_worker()

    def _add(self, answers: Iterable[tuple[Worker, str]]) -> None:
        first = len(self._camps)
        for label, camp in groupby(sorted(answers, key=_label), key=_label):
            self._labels.add(label)
            begin = len(self._who)
            self._who += [self.workers.setdefault(one, len(self.workers)) for one, _ in camp]
            self._camps.append(slice(begin, len(self._who)))
        self._tasks.append(slice(first, len(self._camps)))

    def _by_worker(self) -> list["array[int]"]:
        """The camps that each worker is in."""
        joined = [array("i") for _ in self.workers]
        for number, camp in enumerate(self._camps):
            for worker in self._who[camp]:
                joined[worker].append(number)
        return joined

    def shares(self) -> list[int]:
        """What share of a task's answers each camp has, in millionths."""
        found: list[int] = []
        for task in self._tasks:
            sizes = [camp.stop - camp.start for camp in self._camps[task]]
            whole = sum(sizes)
            found += [size * ONE // whole for size in sizes]
        return found

    def chances(self, accuracies: list[float]) -> list[int]:
        """How likely each camp is right, in millionths, given who is in it."""
        options = max(len(self._labels), 2)
        log_odds = [round(ONE * math.log(q * (options - 1) / (1 - q))) for q in accuracies]
        said = list(map(log_odds.__getitem__, self._who))
        sums = map(sum, map(said.__getitem__, self._camps))
        odds = [math.exp((one if one < FAR else FAR) / ONE) for one in sums]
        found: list[int] = []
        for task in self._tasks:
            camps = odds[task]
            total = sum(camps) + options - len(camps)  # odds of what nobody said are 1
            found += [int(one / total * ONE) for one in camps]
        return found

    def accuracies(self, chances: list[int]) -> list[float]:
        """How often each worker is right, given how likely each camp is."""
        of_camp = chances.__getitem__
        return [
            estimates.accuracy(sum(map(of_camp, camps)) / ONE, len(camps)) for camps in self._joined
        ]
