"""`python -m tests.bench.month`: a month of paid work, accounted for to the millionth.

People of six countries answer, are reviewed, rework, appeal, get bonuses, top-ups and four weekly
pay days, all through the use cases, whose `now` is the month's: it begins on the coming Monday.
Only the ledger's postings and what providers say have the moment of the database's own clock.
"""

import asyncio
import os
import random
import resource
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as hour
from pathlib import Path
from statistics import median_low
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bot.models.pay import Bonus
from bot.models.reviews import Appeal, Review
from bot.models.wage import TopUp
from bot.models.work import Assignment
from bot.money import decimal
from bot.pay import books, chain, hours, ledger, topups, wage
from bot.pay.batches import Card
from bot.store import database, migrate
from bot.store.database import Database, Session
from bot.work import invariants
from tests.bench import backlog, month_pay
from tests.bench.month_pay import Money, Paid, Payroll
from tests.bench.month_work import Workforce
from tests.pay import payroll

SEED = 20261124
WEEK = 7
MORNING, EVENING, NIGHT = timedelta(hours=14), timedelta(hours=18), timedelta(hours=23)
DAY = timedelta(days=1)
OWED = ("accepted", "undecided", "reviews", "bonuses", "top-ups")
HAD = ("files", "providers", "fees", "pending", "available", "held")


class Rate(NamedTuple):
    """What an hour of somebody's month came to in a currency, in micro-units."""

    before: int
    after: int
    """With top-ups."""
    floor: int


@dataclass(slots=True)
class Month:
    """What came of it."""

    answers: int = 0
    batches: list[Paid] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    owed: Money = field(default_factory=dict)
    had: Money = field(default_factory=dict)
    rates: dict[tuple[str, str], list[Rate]] = field(default_factory=dict)
    """By country and currency."""
    proofs: dict[str, str] = field(default_factory=dict)

    @property
    def differences(self) -> dict[tuple[int, str], int]:
        return month_pay.differences(self.owed, self.had)


def main(
    workers: Annotated[int, typer.Option(help="People at work.")] = 300,
    answers: Annotated[int, typer.Option(help="That they give in all.")] = 60_000,
    weeks: Annotated[int, typer.Option(help="Each with a pay day.")] = 4,
    database: Annotated[str, typer.Option(help="sqlite, postgresql")] = "sqlite",
) -> None:
    """A month of paid work, accounted for to the millionth."""
    if database not in backlog.KINDS:
        raise typer.BadParameter(f"--database is one of {', '.join(backlog.KINDS)}")
    if database == "sqlite":
        _run("", workers, answers, weeks)
        return
    with backlog.server() as server:
        _run(server, workers, answers, weeks)


def _run(server: str, workers: int, answers: int, weeks: int) -> None:
    console = Console(width=150)
    began, cpu = time.monotonic(), time.process_time()
    with backlog.database("postgresql" if server else "sqlite", server) as url:
        month = asyncio.run(_opened(url, workers, answers, weeks))
    for table in tables(month):
        console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    console.print(f"{wall:.0f} s, {cpu:.0f} s of CPU, at most {peak:.0f} MB")
    if month.differences:
        raise typer.Exit(1)


async def _opened(url: str, workers: int, answers: int, weeks: int) -> Month:
    opened = Database(url, data_key=os.environ["KAZI_DATA_KEY"])
    await migrate.upgrade(opened)
    try:
        tell = Console(stderr=True).print
        return await simulate(opened, workers=workers, answers=answers, weeks=weeks, tell=tell)
    finally:
        await opened.dispose()


async def simulate(
    opened: Database,
    *,
    workers: int,
    answers: int,
    weeks: int,
    tell: Callable[[str], None] = lambda line: None,
) -> Month:
    """Let the month go by in an empty database, and look at what it left."""
    chance = random.Random(SEED)
    random.seed(SEED)  # what is drawn for review, and gold
    month = Month()
    with tempfile.TemporaryDirectory() as folder:
        async with payroll.opened(opened, Path(folder)) as house:
            began = _monday(await payroll.moment(opened))
            force, pay = Workforce(house, began, chance), Payroll(house, chance)
            await force.hire(workers, answers)
            await force.open(answers)
            await pay.enrol(force.people, began)
            await opened.run(lambda session: topups.enrol(session, now=began, limit=10_000))
            for day in range(weeks * WEEK + 1):
                await _go_by(month, force, pay, began + day * DAY, weeks * WEEK - day)
                tell(f"day {day + 1}: {month.answers:,} answers, {len(month.batches)} batches")
            ended = began + weeks * WEEK * DAY + NIGHT
            async with opened.transaction() as session:
                await _look(session, month, pay, force, (began, ended))
    return month


async def _go_by(month: Month, force: Workforce, pay: Payroll, day: datetime, left: int) -> None:
    """One day: on Mondays the week before is paid; after the last one nobody works."""
    if day > force.began and day.weekday() == 0:
        await _pay_week(month, force, pay, day + MORNING)
    if left:
        month.answers += await force.work_day(day, left)
        await force.review_day(day + EVENING)
        await force.clock(day + NIGHT)


async def _pay_week(month: Month, force: Workforce, pay: Payroll, now: datetime) -> None:
    await force.thank()
    while await force.database.run(lambda session: topups.take(session, now=now)):
        pass
    month.batches += await pay.cards(await pay.pay_day(now), now)


def _monday(moment: datetime) -> datetime:
    """The coming one, so that all of the month lies after what the database's clock says."""
    day = moment.date() + timedelta(days=WEEK - moment.weekday())
    return datetime.combine(day, hour(), UTC)


# What it left


async def _look(
    session: Session,
    month: Month,
    pay: Payroll,
    force: Workforce,
    span: tuple[datetime, datetime],
) -> None:
    month.owed = await month_pay.owed(session)
    month.had = await month_pay.had(session, pay)
    month.events = await _events(session)
    await _rates(session, month, force, span)
    month.proofs = await _proofs(session, span[1])


async def _events(session: Session) -> Counter[str]:
    """What happened, and how often."""
    found: Counter[str] = Counter()
    states = select(Assignment.state, func.count()).group_by(Assignment.state)
    found.update({f"answers {state}": n for state, n in await session.execute(states)})
    again = select(func.count()).where(Assignment.returns > 0)
    found["answers given back"] = await session.scalar(again) or 0
    gold = select(func.count()).where(Assignment.gold)
    found["answers to gold"] = await session.scalar(gold) or 0
    looks = select(Review.purpose, Review.verdict, func.count()).where(Review.state == "decided")
    for purpose, verdict, n in await session.execute(
        looks.group_by(Review.purpose, Review.verdict)
    ):
        found[f"{purpose}: {verdict}"] = n
    graded = select(func.count()).where(Review.grade < 100)
    found["review: part of the price"] = await session.scalar(graded) or 0
    appealed = select(Appeal.state, func.count()).group_by(Appeal.state)
    found.update({f"appeals {state}": n for state, n in await session.execute(appealed)})
    for what, rows in (("bonuses", Bonus), ("top-ups", TopUp)):
        found[what] = await session.scalar(select(func.count()).select_from(rows)) or 0
    return found


async def _rates(
    session: Session, month: Month, force: Workforce, span: tuple[datetime, datetime]
) -> None:
    """By country and currency what an hour came to, of everybody who worked in it."""
    since, until = span
    for person in force.people:
        pieces = await hours.worked(session, person.worker, since=since, until=until, now=until)
        for currency, done in wage.total(pieces).items():
            added = month.owed[person.worker.id, currency]["top-ups"]
            rate = Rate(
                done.hourly, wage.hourly(done.micro + added, done.seconds), done.floor_micro
            )
            if done.seconds:
                month.rates.setdefault((person.country.code, currency), []).append(rate)


async def _proofs(session: Session, now: datetime) -> dict[str, str]:
    """The books prove themselves. Raises LedgerBroken."""
    await ledger.check(session)
    zero = books.zero(await books.trial(session))
    while (link := await chain.due(session, now=now)) is not None:
        await chain.seal(session, link)
    verified = await chain.verify(session)
    seen = await invariants.look(session, now=await database.now(session))
    return {
        "ledger.check": "holds",
        "trial balance": ", ".join(f"{currency} {micro}" for currency, micro in zero.items()),
        "hash chain": f"{verified.postings} postings, broken: {len(verified.broken)}",
        "invariants": ", ".join(seen.wrong) or "hold",
    }


# Tables


def tables(month: Month) -> list[Table]:
    return [
        events_table(month),
        wages_table(month),
        batches_table(month),
        sums_table(month),
        proofs_table(month),
    ]


def events_table(month: Month) -> Table:
    table = Table("what", "how often", title=f"{month.answers:,} answers")
    for what, count in sorted(month.events.items()):
        table.add_row(what, f"{count:,}")
    return table


def wages_table(month: Month) -> Table:
    """Pay by the hour before and after top-ups. Below again is whom something was refused later."""
    columns = ("country", "people", "floor", "median before", "after", "lowest before", "after")
    table = Table(*columns, "below before", "after", title="Effective hourly wage")
    for (country, currency), rates in sorted(month.rates.items()):
        before, after = [one.before for one in rates], [one.after for one in rates]
        low = [sum(one.before < one.floor for one in rates)]
        low += [sum(one.after < one.floor for one in rates)]
        money = (
            max(one.floor for one in rates),
            *(median_low(before), median_low(after), min(before), min(after)),
        )
        table.add_row(
            f"{country} {currency}",
            str(len(rates)),
            *(_cents(one) for one in money),
            *(f"{one / len(rates):.1%}" for one in low),
        )
    return table


def batches_table(month: Month) -> Table:
    table = Table(
        *("paid on", "rail", "payouts", "amount", "fees", "settled", "failed", "open", "state"),
        title="Batches",
    )
    by_rail: dict[str, list[Card]] = defaultdict(list)
    for one in month.batches:
        rail = f"{one.card.provider} {one.card.currency}"
        table.add_row(f"{one.day:%d %b}", rail, *_counts([one.card]), one.card.state)
        by_rail[rail].append(one.card)
    table.add_section()
    for rail, cards in by_rail.items():
        table.add_row("all", rail, *_counts(cards), "", style="bold")
    return table


def _counts(cards: Sequence[Card]) -> list[str]:
    """Payouts, what left balances and the fees in it; and how payouts ended, or did not yet."""
    ended = [sum(one.counts.get(state, 0) for one in cards) for state in ("settled", "failed")]
    count = sum(one.count for one in cards)
    money = (sum(one.amount for one in cards), sum(one.fee for one in cards))
    return [str(count), *map(_cents, money), *map(str, (*ended, count - sum(ended)))]


def sums_table(month: Month) -> Table:
    """Both sides by currency, exactly; the last column is of single people, not of the sums."""
    currencies = sorted({currency for _worker, currency in month.owed})
    table = Table("", *currencies, title="To the millionth")
    for side, names in ((month.owed, OWED), (month.had, HAD)):
        sums = _by_currency(side)
        for name in names:
            table.add_row(name, *(decimal(sums[one][name]) for one in currencies))
        table.add_row("= sum", *(decimal(sums[one].total()) for one in currencies), style="bold")
        table.add_section()
    people = Counter(currency for _worker, currency in month.owed.keys() | month.had.keys())
    wrong = Counter(currency for _worker, currency in month.differences)
    table.add_row("people compared", *(str(people[one]) for one in currencies))
    table.add_row("of them differ", *(str(wrong[one]) for one in currencies))
    return table


def proofs_table(month: Month) -> Table:
    table = Table("proof", "says", title="The books")
    for name, said in month.proofs.items():
        table.add_row(name, said)
    return table


def _by_currency(side: Money) -> dict[str, Counter[str]]:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for (_worker, currency), account in side.items():
        sums[currency].update(account)
    return sums


def _cents(micro: int) -> str:
    return f"{micro / 1_000_000:,.2f}"


if __name__ == "__main__":
    typer.run(main)
