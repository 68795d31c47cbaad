"""Exams: passed or not, and whether there is another attempt. Pure.

Below the pass mark another attempt follows after a while, as long as there are attempts left. Who
has used up all and comes close (`second_ppm` or more) gets one more: a second chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

WHOLE = 1_000_000  # ppm


class Terms(NamedTuple):
    """How an exam is held."""

    tasks: int
    pass_ppm: int
    attempts: int
    retry: timedelta
    second_ppm: int | None = None

    @property
    def needed(self) -> int:
        """The fewest right answers that pass."""
        return -(-self.tasks * self.pass_ppm // WHOLE)

    @property
    def most(self) -> int:
        """The most attempts that anybody can have."""
        return self.attempts + (self.second_ppm is not None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of an attempt. `retry_at` None: there is no other one."""

    passed: bool
    retry_at: datetime | None = None


def terms(quality: Mapping[str, Any]) -> Terms:
    """The terms that a stage of an exam keeps."""
    kept = quality["exam"]
    return Terms(
        kept["tasks"],
        kept["pass_ppm"],
        kept["attempts"],
        timedelta(seconds=kept["retry_seconds"]),
        kept.get("second_ppm"),
    )


def share(correct: int, tasks: int) -> int:
    """Millionths that were right, rounded down: 79.99 % is not 80 %."""
    return correct * WHOLE // tasks


def judge(terms: Terms, *, share_ppm: int, number: int, now: datetime) -> Verdict:
    """The `number`th attempt, which came to this share and is over now."""
    if share_ppm >= terms.pass_ppm:
        return Verdict(passed=True)
    close = terms.second_ppm is not None and share_ppm >= terms.second_ppm
    again = number < terms.attempts or (number == terms.attempts and close)
    return Verdict(passed=False, retry_at=now + terms.retry if again else None)
