"""How many answers a task gets, as a stage's file says it and as the tables keep it.

overlap = 3                                          three for every task
overlap = { least = 1, most = 3, share = 0.2 }       three for a fifth, one for the rest
overlap = { least = 2, most = 5, confidence = 0.8 }  one more at a time, until sure

`least` is the version's `overlap`, the rest is in its `quality` under the same name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.i18n import N_
from bot.money import MICRO
from bot.task_types.kind import TaskType
from bot.work import terms
from bot.work.reading import Reading
from bot.work.terms import FieldFault

KEYS = ("least", "most", "share", "confidence")


class OneOfTwo(FieldFault):
    msgid = N_("{path}: needs either a share of the tasks or a confidence to reach.")


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
    drawn = int.from_bytes(sha256(f"{stage_id}:{key}".encode()).digest()[:8]) % MICRO
    return found.most if drawn < found.share_ppm else found.least


def _most(reading: Reading, table: Mapping[str, object], path: str, least: int) -> int:
    if "most" not in table:
        reading.refuse(terms.Absent(path=f"{path}.most"))
        return least
    highest = terms.OVERLAP[1]
    return reading.given(
        table["most"],
        f"{path}.most",
        lambda value, where: terms.whole(value, where, least, highest),
        least,
    )


def _decider(reading: Reading, table: Mapping[str, object], path: str) -> dict[str, int]:
    said = [key for key in ("share", "confidence") if key in table]
    if len(said) != 1:
        reading.refuse(OneOfTwo(path=path))
        return {}
    return {f"{said[0]}_ppm": reading.given(table[said[0]], f"{path}.{said[0]}", terms.share, 0)}
