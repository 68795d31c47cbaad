"""How many answers a task gets, as a stage's file says it and as the tables keep it.

overlap = 3                                          three for every task
overlap = { least = 1, most = 3, share = 0.2 }       three for a fifth, one for the rest
overlap = { least = 2, most = 5, confidence = 0.8 }  one more at a time, until sure
overlap = { least = 1, most = 3, every = [[20, 2], [200, 10]], then = 20 }
    by experience: of a worker's first 20 answers in the stage every 2nd is asked of others too, up
    to the 200th every 10th, and of all that follow one in 20; without `then` none

`least` is the version's `overlap`, the rest is in its `quality` under the same name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.i18n import N_
from bot.money import MICRO
from bot.task_types.kind import TaskType
from bot.work import terms
from bot.work.reading import Reading
from bot.work.terms import FieldFault

KEYS = ("least", "most", "share", "confidence", "every", "then")
STEPS = 10
COUNTS = (1, 100_000)  # of a worker's answers in one stage


class OneOfThree(FieldFault):
    msgid = N_(
        "{path}: needs one of these: a share of the tasks, a confidence to reach, or every so many "
        "answers of a worker."
    )


class NotSteps(FieldFault):
    msgid = N_(
        "{path}: must be a list of pairs like [[20, 2], [200, 10]]: every 2nd of a worker's first "
        "20 answers, then every 10th up to the 200th."
    )


class NotRising(FieldFault):
    msgid = N_("{path}: {count} must be more than the {before} of the step before it.")


class NeverReached(FieldFault):
    msgid = N_("{path}: in a step of {count} answers none is number {every}: nothing is chosen.")


class OnlyAfterEvery(FieldFault):
    msgid = N_("{path}: says what follows the steps of “every”, and there are none.")


class NeverSure(FieldFault):
    msgid = N_(
        "{path}: answers of the type {type} cannot be compared one by one, so nothing tells how "
        "sure they are. Write a number of answers instead."
    )


@dataclass(frozen=True, slots=True)
class OverlapTerms:
    """Between how many and how many answers, and what decides."""

    least: int
    most: int
    share_ppm: int | None = None
    """Of the tasks, those that get `most`."""
    confidence_ppm: int | None = None
    """How likely the result has to be."""
    every: Sequence[Sequence[int]] = ()
    """(up to which answer of a worker, which of them gets `most`), rising."""
    then: int | None = None
    """After the steps one in so many gets `most`; None: none."""

    @property
    def grows(self) -> bool:
        """Whether a task may be given more answers while it is worked on."""
        return self.confidence_ppm is not None or bool(self.every)

    @property
    def seasoned(self) -> int:
        """With how many answers a worker is past all steps."""
        return self.every[-1][0] if self.every else 0


def of(overlap: int, quality: Mapping[str, Any]) -> OverlapTerms:
    """The terms of a version."""
    return OverlapTerms(overlap, **{"most": overlap, **quality.get("overlap", {})})


def read(
    reading: Reading,
    given: object,
    path: str,
    kind: TaskType | None,
    settings: Mapping[str, Any] | None,
) -> tuple[int, dict[str, Any]]:
    """The least number, and what the version keeps beside it."""
    if not isinstance(given, dict):
        return reading.given(given, path, terms.overlap, 1), {}
    table = reading.table(given, path)
    reading.keys(table, path, KEYS)
    least = reading.given(table.get("least"), f"{path}.least", terms.overlap, 1)
    kept = {"most": _most(reading, table, path, least)} | _decider(reading, table, path)
    if "confidence" in table and kind and settings is not None and not kind.labels(settings):
        reading.refuse(NeverSure(path=f"{path}.confidence", type=kind.name))
    return least, {"overlap": kept}


def wanted(found: OverlapTerms, stage_id: int, key: str) -> int:
    """Answers that a task begins with. Which ones are sampled follows from their keys alone."""
    if found.share_ppm is None:
        return found.least
    drawn = _drawn(f"{stage_id}:{key}") % MICRO
    return found.most if drawn < found.share_ppm else found.least


def sampled(found: OverlapTerms, number: int, drawn_from: str) -> bool:
    """Whether a worker's answer is asked of others too; `number` is which of theirs it is.

    Past the steps nobody counts any more: what is drawn follows from the text alone.
    """
    begin = 0
    for end, every in found.every:
        if number <= end:
            return (number - begin) % every == 0
        begin = end
    return found.then is not None and _drawn(drawn_from) % found.then == 0


def _drawn(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8])


def _most(reading: Reading, table: Mapping[str, object], path: str, least: int) -> int:
    if "most" not in table:
        reading.refuse(terms.Absent(path=f"{path}.most"))
        return least
    # Of what never gets more, no answer is worth counting.
    lowest, highest = least + ("every" in table), terms.OVERLAP[1]
    return reading.given(
        table["most"],
        f"{path}.most",
        lambda value, where: terms.whole(value, where, lowest, highest),
        least,
    )


def _decider(reading: Reading, table: Mapping[str, object], path: str) -> dict[str, Any]:
    said = [key for key in ("share", "confidence", "every") if key in table]
    if len(said) != 1:
        reading.refuse(OneOfThree(path=path))
        return {}
    if "then" in table and said != ["every"]:
        reading.refuse(OnlyAfterEvery(path=f"{path}.then"))
    if said == ["every"]:
        return _experience(reading, table, path)
    return {f"{said[0]}_ppm": reading.given(table[said[0]], f"{path}.{said[0]}", terms.share, 0)}


def _experience(reading: Reading, table: Mapping[str, object], path: str) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "every": reading.take(lambda: _steps(table["every"], f"{path}.every")) or []
    }
    if "then" in table:
        kept["then"] = reading.given(
            table["then"],
            f"{path}.then",
            lambda value, where: terms.whole(value, where, *COUNTS),
            1,
        )
    return kept


def _steps(given: object, path: str) -> list[list[int]]:
    """Pairs of numbers that rise; each step is long enough for one answer at least."""
    pairs = given if isinstance(given, list) and 1 <= len(given) <= STEPS else [None]
    found: list[list[int]] = []
    before = 0
    for number, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise NotSteps(path=path)
        where = f"{path}[{number}]"
        count, every = (terms.whole(one, where, *COUNTS) for one in pair)
        if count <= before:
            raise NotRising(path=where, count=count, before=before)
        if every > count - before:
            raise NeverReached(path=where, count=count - before, every=every)
        found.append([count, every])
        before = count
    return found
