"""A house with two currencies, in the database and in a model of it, and what holds of both."""

from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from itertools import count
from typing import ClassVar

from sqlalchemy import func, insert, select

from bot.errors import Refusal
from bot.models.base import table
from bot.models.people import Worker, WorkerLanguage
from bot.models.work import Project
from bot.money import MICRO
from bot.pay import books as accounting
from bot.pay import (
    chain,
    destinations,
    floors,
    ledger,
    monthly,
    payout_limits,
    statements,
    tiers,
    topups,
)
from bot.pay.floors import Known
from bot.pay.months import Month
from bot.pay.payout_limits import Limits
from bot.people import roles, weeks
from bot.store.database import Database, Session, now
from bot.work import (
    intake,
    project_file,
    projects,
)
from tests.pay.money_model import Answered, Model, Payout

CURRENCIES = ("USD", "KES")
FLOORS = {"USD": 10 * MICRO, "KES": 900 * MICRO}
REVIEWS = {"USD": 25_000, "KES": MICRO // 180}  # what one pays, at the wage of the first row
SECONDS = 10  # that a task is expected to take
CAP = 120  # seconds of a task or an appeal that count
CENT = MICRO // 100
SIX, WEEK = time(6), timedelta(days=7)
NUMBERS = count(1)
PROJECT = """
[project]
id = "money-{number}-{slug}"
name = "Money"
budget = "100000 {currency}"
languages = ["en"]
[stage]
type = "choice"
options = ["red", "blue"]
show = ["thing"]
tier = "basic"
expected_seconds = 10
overlap = 1
gold_share = 0
review = {{ share = 1, due = "3d", audit = 0, grades = [0, 25, 50, 75, 100] }}
[stage.text.en]
question = "Which?"
"""


class World:
    """The database and the model, side by side. Two authors, two reviewers, two currencies."""

    clock: ClassVar[datetime] = datetime.min.replace(tzinfo=UTC)
    """How far the worlds before have come: a row of tiers stays in force for ever."""

    def __init__(self, database: Database) -> None:
        self.database, self.model = database, Model()
        self.answers: dict[int, Answered] = {}
        self.appeals: list[tuple[datetime, Answered]] = []
        self.payouts: dict[int, Payout] = {}
        self.drafts: dict[str, tuple[int, set[int]]] = {}
        self.frozen: list[int] = []
        self.wage: dict[str, int] = {}

    async def begin(self) -> None:
        number = next(NUMBERS)
        async with self.database.transaction() as session:
            self.real = await now(session)
            await self._tomorrow(session)
            self.authors = [await self._person(session, f"w-{number}-a{n}", "KE") for n in (1, 2)]
            self.reviewers = [await self._person(session, f"w-{number}-r{n}") for n in (1, 2)]
            for one in self.reviewers:
                await roles.grant(session, one, "reviewer", by=None)
            self.projects = [await self._open(session, number, one) for one in CURRENCIES]
            while await topups.enrol(session, now=self.now):
                pass
        self.people = self.authors + self.reviewers
        self.before = await self._sums()

    async def _tomorrow(self, session: Session) -> None:
        """A Tuesday that no world has seen."""
        last = max(self.clock, self.real)
        day = last.date() + timedelta(days=8 - last.weekday())
        self.now = datetime.combine(day, time(9), UTC)
        self.monday = day + timedelta(days=6)
        World.clock = self.now
        for currency, floor in FLOORS.items():
            known = Known("KE", currency, floor, self.now.date(), "a test")
            await floors.change(session, known, actor=None, now=self.now)
            limits = Limits(currency, alone=10**15)
            await payout_limits.put(session, limits, actor=None, now=self.now)
            try:
                await tiers.tier(session, "basic", currency)
            except tiers.NoTerms:
                await tiers.change(
                    session, "basic", {"wage_micro": MICRO}, currency=currency, actor=None
                )
            await self._tier(session, currency, 4 * MICRO)

    async def _person(self, session: Session, name: str, country: str | None = None) -> int:
        made = Worker(pseudonym=name, state="active", locale="en", country=country)
        session.add(made)
        await session.flush()
        spoken = {"worker_id": made.id, "language": "en", "level": "native"}
        await session.execute(insert(table(WorkerLanguage)), [spoken])
        place = f"Equity Bank, {made.id:010d}"
        await destinations.save(session, made.id, "manual", place, now=self.now)
        return made.id

    async def _open(self, session: Session, number: int, currency: str) -> int:
        text = PROJECT.format(number=number, slug=currency.lower(), currency=currency)
        made = await projects.apply(session, project_file.parse(text), actor=None)
        rows = "key,thing\n" + "".join(f"{n},thing {n}\n" for n in range(40))
        await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
        await projects.open_project(session, made, actor=None, accepting=(Refusal,))
        return made.id

    async def _tier(self, session: Session, currency: str, wage: int) -> None:
        changes = {"wage_micro": wage}
        await tiers.change(
            session, "basic", changes, currency=currency, begins_at=self.now, actor=None
        )
        self.wage[currency] = wage

    async def compare(self, who: int) -> None:
        sums = self.model.sums()
        below = {one for one, micro in sums.items() if one.startswith("worker:") and micro < 0}
        assert below <= self.model.excused()
        assert await self._sums(self.before) == sums
        async with self.database.reading() as session:
            assert set(accounting.zero(await accounting.trial(session)).values()) == {0}
            await ledger.check(session)
            await self._compare_statement(session, self.people[who % 4])

    async def _sums(self, before: dict[str, int] | None = None) -> dict[str, int]:
        """Accounts of these people and projects, and what providers were given meanwhile."""
        mine = (
            ledger.accounts.c.worker_id.in_(self.people)
            | ledger.accounts.c.project_id.in_(self.projects)
            | ledger.accounts.c.kind.in_(("paid", "fee"))
        )
        query = (
            select(ledger.accounts.c.code, func.sum(ledger.entries.c.amount))
            .join(ledger.entries, ledger.entries.c.account_id == ledger.accounts.c.id)
            .where(mine)
            .group_by(ledger.accounts.c.code)
        )
        async with self.database.reading() as session:
            found = {code: int(micro) for code, micro in await session.execute(query)}
        changed = {one: micro - (before or {}).get(one, 0) for one, micro in found.items()}
        return {one: micro for one, micro in changed.items() if micro}

    async def _compare_statement(self, session: Session, worker_id: int) -> None:
        """Every line is told once, and what they come to is what the balances are."""
        worker = await session.get_one(Worker, worker_id)
        moment = await now(session)
        told = await statements.whole(session, worker_id, (self.real, moment + WEEK))
        expected = self.model.lines(worker_id)
        assert sorted((one.kind, one.currency, one.micro) for one in told) == expected
        sheets = (await monthly.statement(session, worker, Month.of(moment, "UTC"))).sheets
        balances = {
            one.currency: one.pending + one.available + one.held
            for one in await ledger.balances(session, worker_id)
        }
        assert {one.currency: one.closing for one in sheets if one.closing} == {
            currency: micro for currency, micro in balances.items() if micro
        }
        assert sum(one[2] for one in expected) == sum(balances.values())

    async def finish(self) -> None:
        """The books are whole and can be sealed."""
        for who in range(4):
            await self.compare(who)
        async with self.database.transaction() as session:
            for id in self.people:
                worker = await session.get_one(Worker, id)
                await weeks.forget(session, worker)
                worker.state = "gone"
            for id in self.projects:
                await projects.close(session, await session.get_one(Project, id), actor=None)
            await session.flush()
            savepoint = await session.begin_nested()
            link = await chain.due(session, now=self.real + timedelta(days=2))
            assert link is not None
            await chain.seal(session, link)
            found = await chain.verify(session)
            written = await session.scalar(select(func.count()).select_from(ledger.postings))
            assert (found.links, found.postings, found.broken) == (1, written, ())
            await savepoint.rollback()  # more is to be posted today
