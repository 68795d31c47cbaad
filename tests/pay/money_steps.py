"""All that moves money: each step in the database and in the model. Numbers choose what of."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import Refusal
from bot.models.people import Worker
from bot.money import MICRO
from bot.pay import (
    batches,
    corrections,
    ledger,
    payouts,
    steps,
    topups,
)
from bot.pay.payouts import Ending
from bot.pay.steps import Step
from bot.work import (
    answers,
    appeals,
    bonuses,
    dispatch,
    reviews,
    verdicts,
)
from bot.work.dispatch import Offer
from bot.work.verdicts import Verdict
from tests.pay.money_model import Answered, Payout
from tests.pay.money_world import (
    CAP,
    CENT,
    CURRENCIES,
    FLOORS,
    NUMBERS,
    REVIEWS,
    SECONDS,
    SIX,
    WEEK,
    World,
)

STEPS = (
    *("answer", "answer", "accept", "grade", "refuse", "appeal", "appeal", "bonus", "tier"),
    *("request", "request", "hold", "send", "cancel", "settle", "fail", "reverse", "reverse"),
    "week",
)


class Mover(World):
    """Does things in both worlds."""

    async def step(self, name: str, who: int, amount: int) -> None:
        self.now += timedelta(seconds=1)
        World.clock = self.now
        await getattr(self, name)(who, amount)

    async def answer(self, who: int, amount: int) -> None:
        me, seconds = self.authors[who % 2], amount % 200
        async with self.database.transaction() as session:
            worker = await session.get_one(Worker, me)
            offer = await dispatch.next_for(session, worker, now=self.now)
            assert isinstance(offer, Offer)
            await answers.record(
                session, worker, offer, "red", now=self.now + timedelta(seconds=seconds)
            )
        currency, project = offer.currency, offer.spec.project_id
        assert currency == CURRENCIES[self.projects.index(project)]
        price = (2 * self.wage[currency] * SECONDS + 3600) // 7200
        one = Answered(me, project, currency, price, self.now, seconds)
        self.answers[offer.assignment_id] = one
        self.now += timedelta(seconds=seconds)
        self._grant(f"answer:{offer.assignment_id}", "answer", one, price, kind="pending")

    def _grant(
        self, key: str, what: str, one: Answered, micro: int, *, kind: str = "available"
    ) -> None:
        """Money of a project for the author of an answer."""
        account = f"worker:{one.author}:{kind}:{one.currency}"
        sides = {f"project:{one.project}:expense:{one.currency}": -micro, account: micro}
        self.model.post(key, what, sides, self._id(one))

    def _id(self, one: Answered) -> int:
        return next(id for id, other in self.answers.items() if other is one)

    async def accept(self, who: int, _amount: int) -> None:
        await self._decide(who, Verdict(kind="accepted", revision=1))

    async def grade(self, who: int, amount: int) -> None:
        await self._decide(who, Verdict(kind="accepted", revision=1, grade=25 + amount % 3 * 25))

    async def refuse(self, who: int, _amount: int) -> None:
        await self._decide(
            who, Verdict(kind="not_accepted", revision=1, reason="R1", note="It is blue.")
        )

    async def _decide(self, who: int, verdict: Verdict) -> None:
        me, project = self.reviewers[who % 2], self.projects[who // 2 % 2]
        waiting = {
            id
            for id, one in self.answers.items()
            if one.open and one.decided_by != me and one.project == project
        }
        async with self.database.transaction() as session:
            worker = await session.get_one(Worker, me)
            case = await reviews.take(session, worker, now=self.now, project_id=project)
            assert (case is None) == (not waiting)
            if case is None:
                return
            one = self.answers[case.offer.assignment_id]
            appealed = one.appeal is not None
            if appealed:
                verdict = Verdict(kind=verdict.kind, revision=1, reason="R1", note="Look again.")
            await verdicts.decide(session, worker, case.review_id, verdict, now=self.now, draw=0.99)
        assert case.offer.assignment_id in waiting
        self._looked(me, one, 2 if appealed else 1)
        if appealed:
            self._end(one, turned=verdict.kind == "accepted")
        else:
            one.decided_by, one.decided_at, one.review = me, self.now, case.review_id
            self._follow(one, verdict)

    def _looked(self, me: int, one: Answered, round: int) -> None:
        pay, id = REVIEWS[one.currency], self._id(one)
        project = f"project:{one.project}:expense:{one.currency}"
        sides = {project: -pay, f"worker:{me}:available:{one.currency}": pay}
        self.model.post(f"review:{id}:{round}", "review", sides, id)

    def _follow(self, one: Answered, verdict: Verdict | None) -> None:
        """A first verdict, or none in time."""
        one.open, id = False, self._id(one)
        if verdict is not None and verdict.kind == "not_accepted":
            one.state = "not_accepted"
            self.model.take_back(f"answer:{id}", f"refuse:{id}", "refuse")
            return
        grade = 100 if verdict is None or verdict.grade is None else verdict.grade
        one.state, one.paid = "accepted", -(-one.price * grade // 100)
        sides = {
            f"worker:{one.author}:pending:{one.currency}": -one.price,
            f"worker:{one.author}:available:{one.currency}": one.paid,
            f"project:{one.project}:expense:{one.currency}": one.price - one.paid,
        }
        self.model.post(f"accept:{id}", "accept", sides, id)

    async def appeal(self, who: int, _amount: int) -> None:
        me = self.authors[who % 2]
        against = [
            one
            for one in self.answers.values()
            if one.author == me and one.review and not one.appeal and one.paid < one.price
        ]
        if not against:
            return
        one = against[0]
        assert one.decided_at is not None
        late = self.now > appeals.until(one.decided_at)
        with pytest.raises(appeals.TooLateToAppeal) if late else nullcontext():
            async with self.database.transaction() as session:
                worker = await session.get_one(Worker, me)
                row = await appeals.submit(
                    session, worker, one.review, "It is red.", None, now=self.now
                )
        if not late:
            one.appeal, one.open = row.id, True
            self.appeals.append((self.now, one))

    def _end(self, one: Answered, *, turned: bool) -> None:
        one.open = False
        if turned:
            self._grant(f"appeal:{one.appeal}", "appeal", one, one.price - one.paid)
            one.state, one.paid = "accepted", one.price

    async def bonus(self, who: int, amount: int) -> None:
        accepted = [one for one in self.answers.values() if one.state == "accepted"]
        if not accepted:
            return
        one = accepted[amount % len(accepted)]
        given = {
            "worker_id": one.author,
            "project_id": one.project,
            "assignment_id": self._id(one) if who % 2 else None,
            "micro": amount + 1,
            "message": {"en": "Thank you!"},
            "token": f"{next(NUMBERS)}",
        }
        for _ in range(2):  # twice is once
            async with self.database.transaction() as session:
                made = await bonuses.give(session, given, actor=None)
                if made is not None:
                    key = f"bonus:{made[0].id}"
        self._grant(key, "bonus", one, amount + 1)
        self.model.posted[key].answer = given["assignment_id"]

    async def tier(self, who: int, amount: int) -> None:
        """Another wage, and so another price of later offers."""
        async with self.database.transaction() as session:
            await self._tier(session, CURRENCIES[who % 2], 2 * MICRO + 7 * amount)

    async def request(self, who: int, amount: int) -> None:
        me, currency = self.people[who % 4], CURRENCIES[amount % 2]
        payable = self._payable(me, currency)
        with nullcontext() if payable else pytest.raises(payouts.NothingToPay):
            async with self.database.transaction() as session:
                line = await payouts.request(session, me, "manual", currency, now=self.now)
        if payable:
            assert line.amount == payable
            _batch, people = self.drafts.setdefault(currency, (line.batch_id, set()))
            people.add(me)

    def _payable(self, worker: int, currency: str) -> int:
        """Whole cents of what is available."""
        available = self.model.sums().get(f"worker:{worker}:available:{currency}", 0)
        return max(0, available // CENT * CENT)

    async def hold(self, who: int, _amount: int) -> None:
        """Freeze the open draft."""
        currency = CURRENCIES[who % 2]
        if currency not in self.drafts:
            return
        batch, people = self.drafts[currency]
        amounts = {one: self._payable(one, currency) for one in people}
        amounts = {one: micro for one, micro in amounts.items() if micro}
        with nullcontext() if amounts else pytest.raises(batches.Nothing):
            await self._do(steps.freeze, batch)
        if amounts:
            await self._held(batch, currency, amounts)

    async def _held(self, batch: int, currency: str, amounts: dict[int, int]) -> None:
        del self.drafts[currency]
        self.frozen.append(batch)
        async with self.database.reading() as session:
            lines = await payouts.of_batch(session, batch, state="held")
        assert {one.worker_id: one.amount for one in lines} == amounts
        for one in lines:
            self.payouts[one.id] = Payout(one.worker_id, currency, one.amount, batch)
            account = f"worker:{one.worker_id}:{{}}:{currency}".format
            sides = {account("available"): -one.amount, account("held"): one.amount}
            self.model.post(f"payout:{one.id}:hold", "hold", sides)

    async def _do(self, what: Callable[..., Awaitable[Any]], batch: int) -> None:
        async with self.database.transaction() as session:
            card = await batches.one(session, batch)
            await what(session, batch, Step(card.version, None, self.now))

    async def send(self, _who: int, _amount: int) -> None:
        if self.frozen:
            batch = self.frozen.pop(0)
            await self._do(steps.approve, batch)
            await self._do(steps.pay, batch)
            for one in self.payouts.values():
                one.state = "sent" if one.batch == batch else one.state

    async def cancel(self, _who: int, _amount: int) -> None:
        if self.frozen:
            batch = self.frozen.pop()
            await self._do(steps.cancel, batch)
            for id in [id for id, one in self.payouts.items() if one.batch == batch]:
                self._fail(id)

    def _fail(self, id: int) -> None:
        self.payouts[id].state = "failed"
        self.model.take_back(f"payout:{id}:hold", f"payout:{id}:fail", "payback")

    async def settle(self, _who: int, amount: int) -> None:
        id = await self._mark(amount, Ending("settled", receipt="QK1"))
        if id is not None:
            one = self.payouts[id]
            one.state = "settled"
            sides = {
                f"worker:{one.worker}:held:{one.currency}": -one.amount,
                f"provider:manual:paid:{one.currency}": one.amount,
            }
            self.model.post(f"payout:{id}:settle", "payout", sides)

    async def fail(self, _who: int, amount: int) -> None:
        id = await self._mark(amount, Ending("failed", reason="other"))
        if id is not None:
            self._fail(id)

    async def _mark(self, amount: int, ending: Ending) -> int | None:
        sent = [id for id, one in self.payouts.items() if one.state == "sent"]
        if not sent:
            return None
        id = sent[amount % len(sent)]
        async with self.database.transaction() as session:
            await payouts.mark(session, id, ending, actor=None, now=self.now)
        return id

    async def reverse(self, _who: int, amount: int) -> None:
        """Any posting, by hand."""
        keys = list(self.model.posted)
        if not keys:
            return
        key = keys[amount % len(keys)]
        refusal = self._irreversible(key)
        with nullcontext() if refusal is None else pytest.raises(refusal):
            async with self.database.transaction() as session:
                query = select(ledger.postings.c.id).where(ledger.postings.c.key == key)
                id = (await session.scalars(query)).one()
                await corrections.reverse(session, id, actor=None, reason="a mistake", now=self.now)
        if refusal is None:
            self.model.take_back(key, f"reverse:{id}", "reverse")

    def _irreversible(self, key: str) -> type[Refusal] | None:
        posted = self.model.posted[key]
        if key in self.model.taken_back:
            return corrections.AlreadyReversed
        undecided = posted.kind == "answer" and self.answers[posted.answer or 0].state == "answered"
        if posted.kind == "hold" or undecided:
            return corrections.StillMoving
        sums = self.model.sums_for(posted.answer)
        for account, micro in posted.sides.items():
            holder, _number, kind, _currency = account.split(":")
            if holder == "worker" and kind != "available" and sums.get(account, 0) < micro:
                return corrections.MovedOn
        return None

    async def week(self, _who: int, _amount: int) -> None:
        """The clock goes on to six on Monday."""
        self.now = datetime.combine(self.monday, SIX, UTC)
        async with self.database.transaction() as session:
            for work in (answers.accept_due, appeals.lapse_due, topups.take):
                while await work(session, now=self.now):
                    pass
        self._clear()
        for author in self.authors:
            for project, currency in zip(self.projects, CURRENCIES, strict=True):
                self._bring_up(author, project, currency)
        self.monday += WEEK

    def _clear(self) -> None:
        """What nobody has decided about in time."""
        for one in self.answers.values():
            if one.state == "answered":
                self._follow(one, None)
        for at, one in self.appeals:
            if one.open and appeals.decide_by(at) <= self.now:
                self._end(one, turned=True)

    def _bring_up(self, author: int, project: int, currency: str) -> None:
        """What is missing up to the floor, for the time of tasks and of appeals."""
        mine = [
            one for one in self.answers.values() if (one.author, one.project) == (author, project)
        ]
        worked = [one for one in mine if self._last_week(one.at)]
        seconds = sum(min(one.seconds, CAP) for one in worked)
        for at, one in self.appeals:
            if one in mine and self._last_week(at):
                assert one.decided_at is not None
                seconds += min(CAP, round((at - one.decided_at).total_seconds()))
        earned = sum(self.model.brought(self._id(one), author) for one in worked)
        missing = -(-FLOORS[currency] * seconds // 3600) - earned
        if missing > 0:
            account = f"worker:{author}:available:{currency}"
            sides = {f"project:{project}:expense:{currency}": -missing, account: missing}
            self.model.post(f"topup:{author}:{project}:{self.monday}", "topup", sides)

    def _last_week(self, at: datetime) -> bool:
        midnight = datetime.combine(self.monday, time(0), UTC)
        return midnight - WEEK <= at < midnight
