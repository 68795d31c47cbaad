"""What is odd about a batch, before somebody approves it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low

NEW = timedelta(days=7)  # a destination younger than this is new
SPIKE = 3  # times the worker's median payout
FEW = 5  # workers below the minimum that are not worth a word


@dataclass(frozen=True, slots=True)
class Candidate:
    """One payout of a batch, with what is known of its worker. Micro-units."""

    payout_id: int
    pseudonym: str
    amount: int
    reason: str
    """Why it is left out; empty when it is not."""
    given_at: datetime | None
    """When the worker gave the destination; None: there is none."""
    changed: bool
    """It took the place of another one."""
    others: int
    """Other workers with the same destination."""
    before: Sequence[int]
    """Amounts of the worker's settled payouts in this currency, at most the last 20."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something an approver should look at."""

    kind: str
    """new: the destination is new and the worker's first. changed: it took another's place of late.
    shared: somebody else is paid there too. spike: more than SPIKE times what the worker usually
    gets. first: a first payout above what the limits say. minimum: many are below the minimum."""
    payout_id: int | None
    """None: about the whole batch."""
    pseudonym: str
    amount: int
    """spike, first: what would be paid."""
    usual: int
    """spike: the median; first: the threshold; minimum: how many workers."""


def find(
    candidates: Sequence[Candidate], *, first_above: int | None, now: datetime
) -> list[Anomaly]:
    """Everything odd, by payout in their order, what is about the batch at the end."""
    found = [one for each in candidates for one in _of(each, first_above, now)]
    small = sum(each.reason == "minimum" for each in candidates)
    if small > FEW:
        found.append(Anomaly("minimum", None, "", 0, small))
    return found


def _of(each: Candidate, first_above: int | None, now: datetime) -> list[Anomaly]:
    kinds = [*_place(each, now), *_size(each, first_above)]
    return [
        Anomaly(kind, each.payout_id, each.pseudonym, each.amount, usual) for kind, usual in kinds
    ]


def _place(each: Candidate, now: datetime) -> list[tuple[str, int]]:
    found = []
    if each.given_at is not None and now - each.given_at < NEW:
        found.append(("changed" if each.changed else "new", 0))
    if each.others:
        found.append(("shared", each.others))
    return found


def _size(each: Candidate, first_above: int | None) -> list[tuple[str, int]]:
    if not each.before:
        above = first_above is not None and each.amount > first_above
        return [("first", first_above or 0)] if above else []
    usual = median_low(each.before)
    return [("spike", usual)] if each.amount > SPIKE * usual else []
