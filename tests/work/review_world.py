"""Answers, reviews, rework and appeals in the database, beside a model that is a page long."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count

import pytest
from sqlalchemy import func, insert, select

from bot.models.base import table
from bot.models.pay import Account, Entry
from bot.models.people import Worker, WorkerLanguage
from bot.models.reviews import Review
from bot.models.work import Assignment
from bot.pay import ledger
from bot.people import roles
from bot.store.database import Database, Session
from bot.work import (
    answers,
    appeals,
    dispatch,
    intake,
    invariants,
    project_file,
    projects,
    reviews,
    rework,
    verdicts,
)
from bot.work.answers import Recorded
from bot.work.dispatch import Offer
from bot.work.verdicts import Verdict

PRICE, PAY = 20_000, 25_000
NUMBERS = count(1)
PROJECT = """
[project]
id = "model-{number}"
name = "Model"
languages = ["en"]
[stage]
type = "choice"
options = ["red", "blue"]
show = ["thing"]
price = "0.02 USD"
expected_seconds = 10
overlap = {overlap}
gold_share = 0
review = {{ share = 1, due = "3d", audit = 0, returns = 2, rework = "1d" }}
[stage.text.en]
question = "Which?"
"""
STEPS = ("answer", "take", "accept", "fix", "give_back", "refuse", "redo", "appeal")
CLOCKS = ("review_over", "rework_over", "appeal_over", "hour")


@dataclass
class Given:
    """One answer, as the model knows it."""

    author: int
    state: str = "answered"
    revision: int = 1
    returns: int = 0
    decided_by: set[int] = field(default_factory=set)
    held_by: int | None = None
    lease: datetime | None = None
    waits: str | None = "review"
    """The purpose of the look that is to come."""
    accept_at: datetime | None = None
    rework_until: datetime | None = None
    appeal_until: datetime | None = None
    first: int | None = None
    """The review that did not accept it."""


class World:
    """The database and the model, side by side."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = datetime(2026, 11, 2, 9, tzinfo=UTC)
        self.given: dict[int, Given] = {}
        self.people: list[int] = []
        self.earned: dict[int, int] = {}

    async def begin(self, tasks: int, overlap: int = 1) -> None:
        number = next(NUMBERS)
        rows = "key,thing\n" + "".join(f"{n},thing {n}\n" for n in range(tasks))
        async with self.database.transaction() as session:
            file = project_file.parse(PROJECT.format(number=number, overlap=overlap))
            made = await projects.apply(session, file, actor=None)
            await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
            await projects.open_project(session, made, actor=None)
            self.project = made.id
            for name in range(4):
                worker = Worker(pseudonym=f"w-{number}-{name}", state="active", locale="en")
                session.add(worker)
                await session.flush()
                self.people.append(worker.id)
            spoken = [
                {"worker_id": one, "language": "en", "level": "native"} for one in self.people
            ]
            await session.execute(insert(table(WorkerLanguage)), spoken)
            for one in self.people[1:]:  # the second answers and reviews
                await roles.grant(session, one, "reviewer", by=None)

    async def worker(self, session: Session, who: int) -> Worker:
        return await session.get_one(Worker, self.people[who])

    async def answer(self, who: int, label: str = "red") -> None:
        async with self.database.transaction() as session:
            worker = await self.worker(session, who % 2)
            offer = await dispatch.next_for(session, worker, now=self.now)
            if not isinstance(offer, Offer) or offer.spec.project_id != self.project:
                if isinstance(offer, Offer):
                    await answers.skip(session, offer, now=self.now)
                return
            await self._record(session, worker, offer, label)
            self.given[offer.assignment_id] = Given(
                worker.id, accept_at=self.now + timedelta(days=3)
            )

    async def _record(
        self, session: Session, worker: Worker, offer: Offer, label: str = "red"
    ) -> Recorded:
        return await answers.record(session, worker, offer, label, now=self.now)

    async def take(self, who: int) -> None:
        me = self.people[1 + who % 3]
        mine = [id for id, one in self.given.items() if one.held_by == me]
        async with self.database.transaction() as session:
            worker = await session.get_one(Worker, me)
            case = await reviews.take(session, worker, now=self.now, project_id=self.project)
        allowed = [
            id
            for id, one in self.given.items()
            if one.waits
            and (one.lease is None or one.lease < self.now)
            and one.author != me
            and me not in one.decided_by
        ]
        if case is None:
            assert not mine
            assert not allowed
            return
        found = case.offer.assignment_id
        assert found in (mine or allowed)
        self.given[found].held_by, self.given[found].lease = me, self.now + reviews.LEASE

    async def decide(self, who: int, kind: str) -> None:
        me = self.people[1 + who % 3]
        held = [one for one in self.given.values() if one.held_by == me]
        if not held:
            return
        one = held[0]
        verdict = Verdict(
            kind=kind,  # type: ignore[arg-type]
            revision=one.revision,
            reason="R1" if kind == "not_accepted" else None,
            note="why",
            value="blue",
            label="blue",
        )
        refused = (kind == "returned" and (one.waits != "review" or one.returns >= 2)) or (
            kind == "fixed" and one.waits == "appeal"
        )
        async with self.database.reading() as session:
            query = select(Review.id).where(Review.reviewer_id == me, Review.state == "held")
            review_id = (await session.scalars(query)).one()
        if refused:
            with pytest.raises((verdicts.ReturnedEnough, verdicts.NotOffered)):
                await self._decide(me, review_id, verdict)
            return
        await self._decide(me, review_id, verdict)
        self._follow(one, me, review_id, kind)

    async def _decide(self, me: int, review_id: int, verdict: Verdict) -> None:
        async with self.database.transaction() as session:
            worker = await session.get_one(Worker, me)
            await verdicts.decide(session, worker, review_id, verdict, now=self.now, draw=0.99)

    def _follow(self, one: Given, me: int, review_id: int, kind: str) -> None:
        self.earned[me] = self.earned.get(me, 0) + PAY
        one.decided_by.add(me)
        appealed, one.waits, one.held_by, one.lease = one.waits == "appeal", None, None, None
        if kind == "fixed":
            one.revision += 1
        if kind in ("accepted", "fixed"):
            one.state = "accepted"
        elif kind == "returned":
            one.state, one.returns = "returned", one.returns + 1
            one.rework_until = self.now + timedelta(days=1)
        elif not appealed:
            one.state, one.first = "not_accepted", review_id

    async def redo(self, who: int) -> None:
        me = self.people[who % 2]
        found = [i for i, one in self.given.items() if one.author == me and one.state == "returned"]
        if not found:
            return
        async with self.database.transaction() as session:
            offer = await dispatch.offer(session, me, found[0])
            assert offer is not None
            recorded = await self._record(session, await session.get_one(Worker, me), offer)
        one = self.given[found[0]]
        one.state, one.waits, one.revision = "answered", "review", one.revision + 1
        one.accept_at = self.now + timedelta(days=3)
        assert recorded.revision == one.revision

    async def appeal(self, who: int) -> None:
        me = self.people[who % 2]
        for one in self.given.values():
            if one.author == me and one.first is not None and one.state == "not_accepted":
                await self._appeal(one, me)
                return

    async def _appeal(self, one: Given, me: int) -> None:
        async def submit() -> None:
            async with self.database.transaction() as session:
                worker = await session.get_one(Worker, me)
                await appeals.submit(session, worker, one.first or 0, "No.", None, now=self.now)

        if one.appeal_until is not None:
            with pytest.raises(appeals.AlreadyAppealed):
                await submit()
            return
        await submit()
        one.waits, one.appeal_until = "appeal", appeals.decide_by(self.now)

    async def hour(self) -> None:
        self.now += timedelta(hours=1)

    async def review_over(self) -> None:
        self.now += timedelta(days=3)
        await self.tick()

    async def rework_over(self) -> None:
        self.now += timedelta(days=1)
        await self.tick()

    async def appeal_over(self) -> None:
        self.now += timedelta(days=5)
        await self.tick()

    async def tick(self) -> None:
        async with self.database.transaction() as session:
            await answers.accept_due(session, now=self.now)
            await rework.take_back(session, now=self.now)
            await appeals.lapse_due(session, now=self.now)
        for one in self.given.values():
            if one.state == "answered" and one.accept_at is not None and one.accept_at <= self.now:
                one.state, one.waits, one.held_by, one.lease = "accepted", None, None, None
            if one.state == "returned" and one.rework_until and one.rework_until <= self.now:
                one.state, one.waits = "answered", "final"
                one.accept_at = self.now + timedelta(days=3)
            due = one.waits == "appeal" and one.appeal_until and one.appeal_until <= self.now
            if due:
                one.state, one.waits, one.held_by, one.lease = "accepted", None, None, None

    async def compare(self) -> None:
        """State and money of everybody, in two statements: there are many steps."""
        async with self.database.reading() as session:
            query = select(Assignment.id, Assignment.state).where(
                Assignment.id.in_(self.given), Assignment.worker_id.in_(self.people)
            )
            found = dict((await session.execute(query)).all())
            assert found == {id: one.state for id, one in self.given.items()}
            assert await self._money(session) == {me: self._due(me) for me in self.people}

    async def _money(self, session: Session) -> dict[int, tuple[int, int]]:
        """What each has, pending and available."""
        query = (
            select(Account.worker_id, Account.kind, func.sum(Entry.amount))
            .join(Entry, Entry.account_id == Account.id)
            .where(Account.worker_id.in_(self.people))
            .group_by(Account.worker_id, Account.kind)
        )
        found = {(me, kind): int(micro) for me, kind, micro in await session.execute(query)}
        assert {kind for _me, kind in found} <= {"pending", "available"}
        return {
            me: (found.get((me, "pending"), 0), found.get((me, "available"), 0))
            for me in self.people
        }

    def _due(self, me: int) -> tuple[int, int]:
        states = [one.state for one in self.given.values() if one.author == me]
        pending = PRICE * sum(state in ("answered", "returned") for state in states)
        return pending, PRICE * states.count("accepted") + self.earned.get(me, 0)

    async def check(self) -> None:
        """What must hold always. All of it is of rows that are never changed, or is compared at
        every step, so that once at the end finds what went wrong on the way."""
        async with self.database.reading() as session:
            await ledger.check(session)
            assert (await invariants.look(session, now=self.now)).wrong == {}

    async def step(self, name: str, who: int) -> None:
        kinds = {
            "accept": "accepted",
            "fix": "fixed",
            "give_back": "returned",
            "refuse": "not_accepted",
        }
        if name in kinds:
            await self.take(who)
            await self.decide(who, kinds[name])
        elif name in CLOCKS:
            await getattr(self, name)()
        else:
            await getattr(self, name)(who)
