"""Pay days of a month, with a bank that keeps its own list; and what everybody is owed and has.

What is owed comes from the rows of assignments, verdicts, appeals, bonuses and top-ups. What was
paid comes from the files and from the providers' stand-ins. Only balances come from the ledger.
"""

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import Any, Literal

from sqlalchemy import select

from bot.models.pay import Bonus
from bot.models.payouts import Batch, Payout
from bot.models.people import Worker
from bot.models.reviews import Appeal, Review
from bot.models.wage import TopUp
from bot.models.work import Assignment
from bot.money import MICRO
from bot.pay import batches, destinations, ledger, payouts, steps
from bot.pay.batches import Card, Nothing
from bot.pay.payouts import Ending
from bot.pay.providers import PROVIDERS
from bot.pay.reckoning import Route
from bot.pay.steps import Step
from bot.store.database import Session
from tests.bench.month_work import COUNTRIES, Person
from tests.pay.payroll import House, written

ROUNDS = 6  # until the slowest provider has told everything
BOUNCED = 0.03  # of the transfers by hand
TROUBLED, CLOSED, UNCLAIMED = 20, 2, 3  # of 20 accounts of a provider, which of them
ROUTES = tuple(dict.fromkeys(route for country in COUNTRIES for route in country.routes))

Money = dict[tuple[int, str], Counter[str]]
"""By worker and currency: what for, in micro-units."""


@dataclass(frozen=True, slots=True)
class Paid:
    """One batch at the end of its day."""

    day: datetime
    card: Card


class Payroll:
    """Pays everybody who is due, over every route."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self.house, self.database, self.chance = house, house.database, chance
        self.arrived: dict[str, int] = {}  # by the bank's word: micro-units by reference
        self._accounts: Counter[str] = Counter()

    async def enrol(self, people: list[Person], now: datetime) -> None:
        """Everybody says where their money goes; some of these accounts take none."""
        for number, person in enumerate(people, 1):
            for route in person.country.routes:
                where = written(route.provider, number)
                values = {"worker_id": person.worker.id, "provider": route.provider}
                save = partial(destinations.save, **values, written=where, now=now)
                await self.database.run(save)
                self._trouble(route.provider, PROVIDERS[route.provider].check(where))

    def _trouble(self, provider: str, account: str) -> None:
        number = self._accounts[provider] % TROUBLED
        self._accounts[provider] += 1
        if provider == "mpesa" and number == CLOSED:
            self.house.payments.mpesa.numbers[account] = "2040"
        if provider == "paypal" and number in (CLOSED, UNCLAIMED):
            error = "RECEIVER_ACCOUNT_LOCKED" if number == CLOSED else "RECEIVER_UNREGISTERED"
            self.house.payments.paypal.accounts[account] = error

    async def pay_day(self, now: datetime) -> list[int]:
        """A batch for each route where somebody is due: by one who drafts and two who sign.

        One call to a provider takes effect and is cut off before its answer comes.
        """
        self.house.fault("submit", "cut", after=True)
        made = [await self._pay(route, now) for route in ROUTES]
        await self.house.finish(ROUNDS)
        return [one for one in made if one is not None]

    async def _pay(self, route: Route, now: datetime) -> int | None:
        house = self.house

        async def sign(session: Session) -> Card | None:
            try:
                card = await batches.draft(session, route, actor=house.maker, now=now)
            except Nothing:
                return None
            if not card.count:
                return None
            card = await steps.freeze(session, card.id, Step(card.version, house.maker, now))
            card = await steps.approve(session, card.id, Step(card.version, house.first, now))
            return await steps.pay(session, card.id, Step(card.version, house.second, now))

        card = await self.database.run(sign)
        if card is not None and card.state == "exported":
            await self._transfer(card, now)
        return None if card is None else card.id

    async def _transfer(self, card: Card, now: datetime) -> None:
        """The bank reads the file; what it says of every line is marked in the list."""
        async with self.database.reading() as session:
            files = await batches.files(session, card.id, actor=self.house.owner)
            ids = {one.reference: one.id for one in await payouts.of_batch(session, card.id)}
        for reference, micro in (line for file in files for line in _lines(file.content)):
            ending = Ending("failed", reason="destination")
            if self.chance.random() >= BOUNCED:
                self.arrived[reference] = micro
                ending = Ending("settled", receipt=f"FT{len(self.arrived):06d}")
            values = {"payout_id": ids[reference], "ending": ending, "now": now}
            await self.database.run(partial(payouts.mark, **values, actor=self.house.second))

    async def cards(self, ids: list[int], day: datetime) -> list[Paid]:
        async with self.database.reading() as session:
            return [Paid(day, await batches.one(session, id)) for id in ids]


def _lines(content: bytes) -> Iterator[tuple[str, int]]:
    """Reference and micro-units of each payment, from the bytes of a file."""
    for row in csv.DictReader(StringIO(content.decode("utf-8-sig"))):
        csv_ = "payout_id" in row  # its `reference` is the note
        reference, amount = ("payout_id", "amount_decimal") if csv_ else ("reference", "amount")
        yield row[reference], int(Decimal(row[amount]) * MICRO)


# What is owed, from what was done


async def owed(session: Session) -> Money:
    """From the rows of work alone: nothing of it was read from the ledger."""
    found: Money = defaultdict(Counter)
    for worker, currency, state, price, percent in await _settled(session):
        if state == "accepted":
            found[worker, currency]["accepted"] += -(-price * percent // 100)
        elif state in ("answered", "returned"):
            found[worker, currency]["undecided"] += price
    reviewed = select(Review.reviewer_id, Review.currency, Review.pay_micro).where(
        Review.state == "decided", Review.pay_micro > 0
    )
    extra: dict[str, Any] = {
        "reviews": reviewed,
        "bonuses": select(Bonus.worker_id, Bonus.currency, Bonus.micro),
        "top-ups": select(TopUp.worker_id, TopUp.currency, TopUp.micro),
    }
    for what, query in extra.items():
        for worker, currency, micro in await session.execute(query):
            found[worker, currency][what] += micro
    return found


async def _settled(session: Session) -> list[tuple[int, str, str, int, int]]:
    """Each answer with what its verdicts make of it; that the row of the answer agrees is proven.

    The last verdict counts. One that somebody overturned for the author's sake, or an appeal that
    nobody decided in time, is the whole price.
    """
    columns = (Assignment.worker_id, Assignment.currency, Assignment.state, Assignment.price_micro)
    given = select(Assignment.id, *columns, Assignment.grade).where(
        Assignment.answered_at.is_not(None)
    )
    looks = (
        select(Review.assignment_id, Review.verdict, Review.grade, Review.overturned, Appeal.state)
        .outerjoin(Appeal, Appeal.review_id == Review.id)
        .where(Review.state == "decided", Review.purpose.in_(("review", "final")))
        .order_by(Review.round)
    )
    last = {row[0]: row[1:] for row in await session.execute(looks)}
    settled = []
    for id, worker, currency, state, price, grade in await session.execute(given):
        percent = _percent(*last[id]) if id in last else 100
        if state in ("accepted", "not_accepted"):
            assert (state == "accepted") == (percent > 0), f"assignment {id}"
            assert state != "accepted" or grade == percent, f"assignment {id}"
        settled.append((worker, currency, state, price, percent))
    return settled


def _percent(verdict: str, grade: int | None, overturned: bool | None, appeal: str | None) -> int:
    if verdict == "not_accepted" or (grade is not None and grade < 100):
        won = appeal in ("overturned", "lapsed") or (verdict == "not_accepted" and overturned)
        given = 0 if verdict == "not_accepted" else grade
        return 100 if won else given or 0
    return 100


async def had(session: Session, payroll: Payroll) -> Money:
    """What arrived by the bank's and the providers' own word, the fees, and the balances."""
    found: Money = defaultdict(Counter)
    for reference, way, micro in _arrived(payroll):
        query = select(Payout.worker_id, Payout.currency, Payout.amount, Batch.provider).join(
            Batch, Batch.id == Payout.batch_id
        )
        row = (await session.execute(query.where(Payout.reference == reference))).one()
        account = found[row.worker_id, row.currency]
        account[way] += micro
        account["fees"] += PROVIDERS[row.provider].fee(row.amount, row.currency)
    for worker in await session.scalars(select(Worker.id)):
        for one in await ledger.balances(session, worker):
            account = found[worker, one.currency]
            account["pending"] += one.pending
            account["available"] += one.available
            account["held"] += one.held
    return found


def _arrived(payroll: Payroll) -> Iterator[tuple[str, Literal["files", "providers"], int]]:
    for reference, micro in payroll.arrived.items():
        yield reference, "files", micro
    for one in payroll.house.book.paid:
        yield one.reference, "providers", int(Decimal(one.amount) * MICRO)


def differences(owed: Money, had: Money) -> dict[tuple[int, str], int]:
    """Whoever has another sum than is theirs, and by how many micro-units too much."""
    gaps = {
        whose: had.get(whose, Counter()).total() - owed.get(whose, Counter()).total()
        for whose in owed.keys() | had.keys()
    }
    return {whose: gap for whose, gap in gaps.items() if gap}
