"""What the books are to say: postings by their keys, sums, and the lines that people read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

MINE = ("pending", "available", "held")


@dataclass
class Posted:
    """A posting of the model."""

    kind: str
    sides: dict[str, int]
    answer: int | None = None


@dataclass
class Answered:
    """An answer, as the model knows it."""

    author: int
    project: int
    currency: str
    price: int
    at: datetime
    """When it was offered."""
    seconds: int
    state: str = "answered"
    paid: int = 0
    decided_by: int | None = None
    decided_at: datetime | None = None
    review: int = 0
    appeal: int | None = None
    open: bool = True
    """Whether a look is to come: a review, or one at an appeal."""


@dataclass
class Payout:
    worker: int
    currency: str
    amount: int
    batch: int
    state: str = "held"


@dataclass
class Model:
    """Double entry on one page."""

    posted: dict[str, Posted] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)

    def post(self, key: str, kind: str, sides: dict[str, int], answer: int | None = None) -> None:
        assert key not in self.posted
        assert sum(sides.values()) == 0
        moved = {account: micro for account, micro in sides.items() if micro}
        if moved:
            self.posted[key] = Posted(kind, moved, answer)

    def take_back(self, key: str, by: str, kind: str) -> None:
        before = self.posted[key]
        self.post(by, kind, {one: -micro for one, micro in before.sides.items()}, before.answer)
        self.taken_back.add(key)

    def sums(self) -> dict[str, int]:
        return _sums(self.posted.values())

    def sums_for(self, answer: int | None) -> dict[str, int]:
        """Of what was posted for one answer, or for none."""
        return _sums(one for one in self.posted.values() if one.answer == answer)

    def excused(self) -> set[str]:
        """Accounts that a person's reversal has touched."""
        by_hand = [one for one in self.posted.values() if one.kind == "reverse"]
        return {account for one in by_hand for account in one.sides if ":available:" in account}

    def lines(self, worker: int) -> list[tuple[str, str, int]]:
        """What changed a worker's money altogether: kind, currency, micro-units."""
        found = []
        for posted in self.posted.values():
            moved: dict[str, int] = {}
            for account, micro in posted.sides.items():
                holder, number, kind, currency = account.split(":")
                if (holder, number) == ("worker", str(worker)) and kind in MINE:
                    moved[currency] = moved.get(currency, 0) + micro
            found += [(posted.kind, currency, micro) for currency, micro in moved.items() if micro]
        return sorted(found)

    def brought(self, answer: int, worker: int) -> int:
        """What an answer has brought its author by now."""
        mine = tuple(f"worker:{worker}:{kind}:" for kind in MINE)
        return sum(
            micro
            for posted in self.posted.values()
            if posted.answer == answer
            for account, micro in posted.sides.items()
            if account.startswith(mine)
        )


def _sums(posted: Iterable[Posted]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in posted:
        for account, micro in one.sides.items():
            found[account] = found.get(account, 0) + micro
    return {account: micro for account, micro in found.items() if micro}
