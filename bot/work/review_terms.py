"""What a stage says about reviews, as its file has it and as the tables keep it.

review = { share = 0.1, due = "3d", delay = "1h", rounds = 1, newcomers = 20, audit = 0.1,
           returns = 3, rework = "2d", gold = 0.05, grades = [0, 25, 50, 75, 100] }
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.i18n import N_
from bot.money import MICRO
from bot.work import terms
from bot.work.reading import NotAList, Reading, Twice
from bot.work.terms import FieldFault

DAY = 86_400
DUE = 3 * DAY
REWORK = 2 * DAY
NEWCOMERS = 20  # a worker's first answers at a stage, all reviewed where any are
AUDIT_PPM = MICRO // 10
RETURNS = 3
GOLD_PPM = MICRO // 20
MOST_ROUNDS, MOST_RETURNS, MOST_NEWCOMERS, MOST_GRADES = 3, 10, 1000, 8
WHOLE = 100  # percent
DECIDING = ("review", "final")  # purposes of reviews that decide about an answer first


class LateReview(FieldFault):
    msgid = N_("{path}: must be shorter than the time in which reviews are due, {due}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTerms:
    """A stage's reviews; every key that is missing has its default."""

    share_ppm: int
    """Answers that are reviewed, in millionths."""
    due: timedelta
    """From the answer on; what nobody reviewed by then is accepted."""
    delay: timedelta
    """From the answer to when a reviewer may see it."""
    rounds: int
    """Reviewers, one after another, who must accept an answer."""
    newcomers: int
    """A worker's first answers at the stage that are all reviewed."""
    audit_ppm: int
    """Verdicts that a second reviewer looks at."""
    returns: int
    """How often an answer may be given back to its author."""
    rework: timedelta
    """Time for the author to answer again."""
    grades: tuple[int, ...]
    """Percent of the price an accepted answer may get; empty: the whole price."""
    gold_ppm: int
    """Share of what a reviewer gets whose right verdict is known: it measures them."""


def of(review: Mapping[str, Any]) -> ReviewTerms:
    """The terms in a version's `review` column."""
    share = int(review.get("share_ppm", 0))
    return ReviewTerms(
        share_ppm=share,
        due=timedelta(seconds=review.get("due_seconds", DUE)),
        delay=timedelta(seconds=review.get("delay_seconds", 0)),
        rounds=review.get("rounds", 1),
        newcomers=review.get("newcomers", NEWCOMERS if share else 0),
        audit_ppm=review.get("audit_ppm", AUDIT_PPM),
        returns=review.get("returns", RETURNS),
        rework=timedelta(seconds=review.get("rework_seconds", REWORK)),
        grades=tuple(review.get("grades", ())),
        gold_ppm=review.get("gold_ppm", GOLD_PPM),
    )


def read(reading: Reading, given: object, path: str) -> dict[str, Any]:
    """The table of a stage file as the column keeps it: what is not said is not in it."""
    table = reading.table(given, path)
    reading.keys(table, path, KEYS)
    found: dict[str, Any] = {}
    for key, (column, check) in KEYS.items():
        value = None if key not in table else _take(reading, table[key], f"{path}.{key}", check)
        if value is not None:
            found[column] = value
    found.setdefault("share_ppm", 0)
    if "due_seconds" in found:
        reading.take(lambda: refuse_late(found, path))
    return found


def refuse_late(review: Mapping[str, Any], path: str) -> None:
    """Raises LateReview when nobody could see an answer before it is accepted."""
    terms_ = of(review)
    if terms_.delay >= terms_.due:
        shown = terms.show_due(int(terms_.due.total_seconds()))
        raise LateReview(path=f"{path}.delay", due=shown)


def _take(
    reading: Reading, value: object, path: str, check: Callable[[object, str], Any]
) -> Any | None:
    return reading.take(lambda: check(value, path))


def _whole(low: int, high: int) -> Callable[[object, str], int]:
    return lambda value, path: terms.whole(value, path, low, high)


def _grades(value: object, path: str) -> list[int]:
    """Percents in ascending order, the whole price among them."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_GRADES:
        raise NotAList(path=path)
    found = [terms.whole(one, path, 0, WHOLE) for one in value]
    if len(set(found)) != len(found):
        raise Twice(path=path, value=max(found, key=found.count))
    return sorted({*found, WHOLE})


KEYS: dict[str, tuple[str, Callable[[object, str], Any]]] = {
    "share": ("share_ppm", terms.share),
    "due": ("due_seconds", terms.due),
    "delay": ("delay_seconds", terms.due),
    "rounds": ("rounds", _whole(1, MOST_ROUNDS)),
    "newcomers": ("newcomers", _whole(0, MOST_NEWCOMERS)),
    "audit": ("audit_ppm", terms.share),
    "returns": ("returns", _whole(0, MOST_RETURNS)),
    "rework": ("rework_seconds", terms.due),
    "grades": ("grades", _grades),
    "gold": ("gold_ppm", terms.share),
}
