"""A worker's statement of a month: what they had, every line, what they have. To the millionth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.models.people import Worker
from bot.pay import statements
from bot.pay.months import Month
from bot.pay.statements import Line
from bot.store.database import Session


@dataclass(frozen=True, slots=True)
class Sheet:
    """One currency of a statement, in micro-units; opening + every line = closing."""

    currency: str
    opening: int
    closing: int
    lines: tuple[Line, ...]
    kinds: Mapping[str, int]
    """By the postings' kind, in the order they first came."""
    projects: Mapping[str | None, int]
    """By the project's name; None: what belongs to no project, like a payout."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A month as it is in the worker's zone."""

    pseudonym: str
    month: Month
    zone: str
    since: datetime
    until: datetime
    sheets: tuple[Sheet, ...]

    @property
    def lines(self) -> int:
        return sum(len(sheet.lines) for sheet in self.sheets)


async def statement(session: Session, worker: Worker, month: Month) -> Statement:
    """The month's statement; a month that is not over has what is in it by now."""
    zone = worker.zone or "UTC"
    since, until = month.bounds(zone)
    opening = await statements.balance(session, worker.id, before=since)
    lines = await statements.whole(session, worker.id, (since, until))
    currencies = sorted({*opening, *(line.currency for line in lines)})
    sheets = tuple(
        sheet(
            currency, opening.get(currency, 0), [one for one in lines if one.currency == currency]
        )
        for currency in currencies
    )
    return Statement(worker.pseudonym, month, zone, since, until, sheets)


def sheet(currency: str, opening: int, lines: Sequence[Line]) -> Sheet:
    """The sums of one currency's lines."""
    kinds: dict[str, int] = {}
    projects: dict[str | None, int] = {}
    for line in lines:
        kinds[line.kind] = kinds.get(line.kind, 0) + line.micro
        projects[line.project] = projects.get(line.project, 0) + line.micro
    closing = opening + sum(line.micro for line in lines)
    return Sheet(currency, opening, closing, tuple(lines), kinds, projects)
