"""Two admins at once, providers that fail, processes that die: nobody is paid twice."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from copy import copy
from pathlib import Path

import pytest

from bot.pay import runner
from bot.pay.batches import Card
from bot.pay.providers import PROVIDERS
from bot.pay.providers.paypal import PayPal
from bot.pay.providers.provider import Outcome, Refused
from bot.pay.steps import AlreadyDone
from bot.sandbox.payments import Paid
from bot.store.database import Database, Session
from tests.pay import payroll
from tests.pay.payroll import MICRO, SHILLINGS, House, at_once

ROUNDS = int(os.environ.get("KAZI_CHAOS_ROUNDS", "8"))
CROWD = int(os.environ.get("KAZI_CHAOS_CROWD", "120"))  # endings are written 100 at a time


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with payroll.opened(database, tmp_path) as made:
        yield made
        await made.check()


def winner(results: list[object]) -> Card:
    """One did it, and the other was told by whom and when."""
    done = [one for one in results if isinstance(one, Card)]
    lost = [one for one in results if isinstance(one, AlreadyDone)]
    assert (len(done), len(lost)) == (1, 1), results
    assert "w-staff" in str(lost[0])
    assert ", " in str(lost[0])
    return done[0]


@pytest.mark.timeout(600)
async def test_two_who_approve_and_pay_at_once_pay_once(house: House):
    worker = await house.hire(0)
    for _ in range(ROUNDS):
        async with house.database.transaction() as session:
            await house.earn(session, worker, 2 * MICRO, "USD")
        card = await house.step("freeze", await house.draft(), house.maker)
        both = await at_once(
            house.step("approve", card, house.first), house.step("approve", card, house.second)
        )
        card = winner(both)
        other = house.second if card.approved_by == house.first else house.first
        both = await at_once(house.step("pay", card, other), house.step("pay", card, house.maker))
        winner(both)
    await at_once(house.run(), house.run())
    for batch in house.payments.paypal.batches.values():
        batch.looks = 2  # PayPal is through with it
    await house.hurry()
    await at_once(house.run(), house.run())
    assert await house.states() == {"settled": ROUNDS}
    paid = await house.payouts()
    assert [house.book.times(one.reference) for one in paid] == [1] * ROUNDS
    assert house.book.calls["paypal submit"] == ROUNDS
    sent = sum(one.amount - one.fee for one in paid)
    assert house.book.total("USD") * MICRO == sent
    left, held = await house.balance(worker)
    assert left + sum(one.amount for one in paid) == ROUNDS * 2 * MICRO
    assert held == 0


@pytest.mark.parametrize(
    ("kind", "after"),
    [("cut", True), ("500", True), ("503", True), ("500", False), ("cut", False)],
)
async def test_paypal_takes_a_batch_once_whatever_its_answer_was(
    house: House, kind: str, after: bool
):
    """Time-out after acceptance, 5xx, duplicate refused: the same call under the same key."""
    workers = await house.crew(5, 3 * MICRO)
    card = await house.paid()
    house.fault("submit", kind, after=after)
    await house.run()
    assert await house.states() == {"unknown": 5}
    await house.hurry()
    await house.finish()
    assert await house.states() == {"settled": 5}
    assert (await house.batch(card)).state == "closed"
    assert house.book.calls["paypal submit"] == 2  # the second was refused, or the only one taken
    assert [(await house.balance(one))[1] for one in workers] == [0] * 5


async def test_a_call_whose_answer_never_comes_is_not_made_again_while_payouts_are_frozen(
    house: House,
):
    await house.crew(2, 3 * MICRO)
    await house.paid()
    house.fault("submit", "cut", after=True)
    await house.run()
    await house.freeze()
    await house.hurry()
    await house.finish()
    assert await house.states() == {"unknown": 2}
    assert house.book.calls["paypal submit"] == 1
    await house.thaw()
    await house.finish()
    assert await house.states() == {"settled": 2}


async def test_of_a_batch_some_arrive_and_some_come_back(house: House):
    workers = await house.crew(4, 3 * MICRO)
    house.payments.paypal.accounts |= {
        payroll.written("paypal", house.numbers[workers[0]]): "RECEIVER_UNREGISTERED",
        payroll.written("paypal", house.numbers[workers[1]]): "RECEIVING_LIMIT_EXCEEDED",
    }
    card = await house.paid()
    await house.finish()
    assert await house.states() == {"submitted": 1, "failed": 1, "settled": 2}
    house.payments.paypal.give_back(payroll.written("paypal", house.numbers[workers[0]]))
    await house.finish()
    assert (await house.batch(card)).state == "closed"
    reasons = [one.reason for one in await house.payouts()]
    assert reasons == ["unclaimed", "limit", "", ""]
    assert [(await house.balance(one))[0] for one in workers[:2]] == [3 * MICRO] * 2


class Picky(PayPal):
    """Refuses the first call, naming `blamed` of it, or nobody, after `before` has been called."""

    def __init__(self, reason: str, blamed: int = 0, *, at_once: int = 100, before=None) -> None:
        self.reason, self.blamed, self.at_once, self.before = reason, blamed, at_once, before

    async def submit(self, wire, batch, payments):
        reason, self.reason = self.reason, ""
        if not reason:
            return await super().submit(wire, batch, payments)
        if self.before is not None:
            await self.before(payments)
        raise Refused(reason, tuple(one.reference for one in payments[: self.blamed]))


@pytest.mark.parametrize("picky", [Picky("destination", 1), Picky("country", at_once=1)])
async def test_whose_fault_it_is_fails_and_the_others_go_on(house: House, monkeypatch, picky):
    await house.crew(3, 3 * MICRO)
    monkeypatch.setitem(PROVIDERS, "paypal", copy(picky))
    card = await house.paid()
    await house.finish()
    assert [one.state for one in await house.payouts()] == ["failed", "settled", "settled"]
    assert (await house.batch(card)).state == "closed"


async def test_a_result_that_came_before_a_refusal_stays(house: House, monkeypatch):
    async def settled(payments):
        for one in payments:
            house.book.pay(Paid("paypal", one.reference, "", "", "USD"))
            await house.tell("paypal", Outcome(one.reference, "settled", "TX1"))

    await house.hire(3 * MICRO)
    monkeypatch.setitem(PROVIDERS, "paypal", Picky("funds", before=settled))
    card = await house.paid()
    await house.finish()
    assert await house.states() == {"settled": 1}
    assert (await house.batch(card)).state == "closed"


async def test_a_question_without_an_answer_is_asked_again(house: House):
    await house.hire(3 * MICRO)
    await house.paid()
    house.fault("query", "500", count=2)
    await house.finish(2)
    assert await house.states() == {"submitted": 1}
    await house.finish()
    assert await house.states() == {"settled": 1}


async def test_what_the_provider_refuses_waits_for_a_person(house: House):
    worker = await house.hire(3 * MICRO)
    card = await house.paid()
    settings = house.rails.wire.settings
    house.rails.wire.settings = settings.model_copy(
        update={"paypal_client_secret": type(settings.paypal_client_secret)("wrong")}
    )
    await house.run()
    batch = await house.batch(card)
    assert (batch.state, batch.reason) == ("approved", "credentials")
    assert await house.states() == {"held": 1}
    house.rails.wire.settings = settings
    house.rails.wire._tokens.clear()
    card = await house.seen(card)
    await house.step("pay", card, house.second)
    await house.finish()
    assert await house.states() == {"settled": 1}
    assert (await house.balance(worker))[1] == 0


async def test_nobody_there_is_tried_again_and_then_told(house: House):
    await house.hire(3 * MICRO)
    card = await house.paid()
    house.fault("submit", "429", count=None)
    for tries in range(runner.TRIES + 1):
        await house.run()
        assert (await house.batch(card)).state == (
            "submitted" if tries < runner.TRIES else "approved"
        )
        calls = house.book.calls["paypal submit"]
        await house.run()
        assert house.book.calls["paypal submit"] == calls  # not before its time
        await house.hurry()
    assert (await house.batch(card)).reason == "unavailable"
    house.book.faults.clear()
    await house.step("pay", await house.seen(card), house.second)
    await house.finish()
    assert await house.states() == {"settled": 1}


@pytest.mark.parametrize("results", ["after", "before", "twice"])
async def test_mpesa_tells_by_itself_sooner_or_later(house: House, results: str):
    await house.crew(4, 1_500 * MICRO, SHILLINGS)
    house.payments.mpesa.results = results
    card = await house.paid(SHILLINGS)
    await house.run()
    await house.payments.mpesa.settle()
    assert await house.states() == {"settled": 4}
    assert (await house.batch(card)).state == "closed"
    assert all(one.receipt for one in await house.payouts())


async def test_what_mpesa_never_tells_is_asked_for_and_paid_by_no_second_call(house: House):
    await house.crew(3, 1_500 * MICRO, SHILLINGS)
    house.payments.mpesa.results = "never"
    await house.paid(SHILLINGS)
    house.fault("submit", "cut", after=True)  # of the first
    house.fault("submit", "500")  # of the second, which M-Pesa never had
    await house.run()
    assert await house.states() == {"unknown": 2, "submitted": 1}
    await house.hurry()
    await house.run()
    house.payments.mpesa.results = "after"
    await house.hurry()
    await house.finish()
    assert await house.states() == {"settled": 2, "unknown": 1}
    assert house.book.calls["mpesa submit"] == 3
    (lost,) = [one for one in await house.payouts() if one.state == "unknown"]
    await house.mark(lost.id, "failed", reason="other")
    assert await house.states() == {"settled": 2, "failed": 1}


async def test_mpesa_refuses_one_and_pays_the_others(house: House):
    workers = await house.crew(3, 1_500 * MICRO, SHILLINGS)
    number = "254" + payroll.written("mpesa", house.numbers[workers[1]])[1:]
    house.payments.mpesa.numbers[number] = "2040"
    await house.paid(SHILLINGS)
    await house.finish()
    assert [one.state for one in await house.payouts()] == ["settled", "failed", "settled"]


async def test_a_provider_that_says_two_things_stops_everything(house: House):
    await house.hire(1_500 * MICRO, SHILLINGS)
    await house.paid(SHILLINGS)
    await house.finish()
    (one,) = await house.payouts()
    await house.tell("mpesa", Outcome(one.reference, "failed", reason="limit"))
    assert await house.states() == {"settled": 1}
    assert "settled, then failed" in (await house.frozen() or "")
    assert [await house.thaw(), await house.thaw()] == [True, False]
    await house.tell("mpesa", Outcome(one.reference, "failed", reason="limit"))  # once is enough
    assert await house.frozen() is None
    await house.tell("mpesa", Outcome("kazi-0000", "settled", "QK1"))
    assert "in no batch" in (await house.frozen() or "")


class Killed(BaseException):
    """The process is gone: nothing of ours catches it."""


class Mortal(Database):
    """Dies with the commit of its transaction number `at`, before it or just after."""

    at = 0
    before = True

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[Session]:
        self.at -= 1
        dies = self.at == 0
        async with super().transaction(durable=durable) as session:
            yield session
            if dies and self.before:
                raise Killed
        if dies:
            raise Killed


@pytest.mark.timeout(600)
async def test_a_process_killed_at_every_step_pays_a_large_batch_once(
    database_url: str, tmp_path: Path
):
    database = Mortal(database_url, data_key=os.environ["KAZI_DATA_KEY"])
    async with payroll.opened(database, tmp_path) as house:
        workers = await house.crew(CROWD, 3 * MICRO)
        card = await house.paid()
        await _killed_again_and_again(house, database)
        assert await house.states() == {"settled": CROWD}
        assert (await house.batch(card)).state == "closed"
        assert {house.book.times(one.reference) for one in await house.payouts()} == {1}
        assert (await house.balance(workers[0]))[1] == 0
        await house.check()
    await database.dispose()


async def test_killed_while_paying_by_mpesa_leaves_at_most_what_is_unknown(
    database_url: str, tmp_path: Path
):
    database = Mortal(database_url, data_key=os.environ["KAZI_DATA_KEY"])
    async with payroll.opened(database, tmp_path) as house:
        await house.crew(12, 1_500 * MICRO, SHILLINGS)
        await house.paid(SHILLINGS)
        await _killed_again_and_again(house, database)
        states = await house.states()
        assert states["settled"] + states.get("unknown", 0) == 12
        assert house.book.calls["mpesa submit"] <= 12
        for one in await house.payouts():
            assert house.book.times(one.reference) == (one.state == "settled")
        await house.check()
    await database.dispose()


async def _killed_again_and_again(house: House, database: Mortal) -> None:
    """Each life reaches one commit further, and dies before it or after it."""
    for step in range(1, 8):
        for before in (True, False):
            database.at, database.before = step, before
            with suppress(Killed):
                await house.run()
            database.at = 0
            await house.payments.mpesa.settle()
            await house.hurry()
    await house.finish()
