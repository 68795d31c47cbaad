"""Where people are paid, what a batch holds, who may do which step, and what is said of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text, update

from bot.crypto import WrongKey
from bot.errors import Gone, Invalid
from bot.models.chat import Chat
from bot.models.payouts import Destination
from bot.models.people import Audit, Worker
from bot.models.rules import Restriction
from bot.pay import (
    batch_files,
    batches,
    destinations,
    drafts,
    ledger,
    payout_limits,
    payout_plans,
    payouts,
    steps,
)
from bot.pay.batches import Nothing
from bot.pay.destinations import NoSuchProvider
from bot.pay.payouts import AlreadyEnded, NothingToPay
from bot.pay.reckoning import Route
from bot.pay.steps import AlreadyDone, SecondPerson, Stopped
from bot.people.roles import RoleNeeded
from bot.sandbox.payments import Paid
from bot.store.database import Database, now
from tests.pay import payroll
from tests.pay.payroll import DOLLARS, MICRO, SHILLINGS, House, at_once

BY_HAND = Route("manual", "USD")


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with payroll.opened(database, tmp_path) as made:
        yield made
        await made.check()


async def save(house: House, worker: int, written: str, provider: str = "paypal"):
    return await house.do(destinations.save, worker, provider, written)


async def age(house: House, worker: int, by: timedelta = destinations.HOLD) -> None:
    """The destinations of a worker were given so much earlier."""
    async with house.database.transaction() as session:
        for row in await session.scalars(
            select(Destination).where(Destination.worker_id == worker)
        ):
            row.usable_at -= by
        await session.flush()


async def quote(house: House, worker: int, route: Route = DOLLARS):
    return await house.do(payouts.quote, worker, route.provider, route.currency)


async def request(house: House, worker: int, route: Route = DOLLARS):
    return await house.do(payouts.request, worker, route.provider, route.currency)


async def test_a_destination_is_checked_sealed_and_never_shown_whole(house: House):
    worker = await house.hire(0, places=False)
    with pytest.raises(Invalid):
        await save(house, worker, "no address")
    with pytest.raises(NoSuchProvider):
        await save(house, worker, "ann@example.com", "pigeon")
    saved = await save(house, worker, " Ann@example.com ")
    assert (saved.before, saved.same, saved.waits) == (None, False, False)
    assert "ann@" not in saved.place.shown.lower()
    async with house.database.reading() as session:
        row = (await session.scalars(select(Destination))).one()
        assert "example" not in (row.sealed or "")
        assert (await destinations.current(session, worker))[0] == saved.place
        assert [one.name for one in destinations.offered("KES", "KE")][-1] == "mpesa"
        assert "mpesa" not in [one.name for one in destinations.offered("USD", None)]


async def test_a_change_waits_and_its_owner_is_told(house: House):
    worker = await house.hire(5 * MICRO)
    first = (await quote(house, worker)).place
    again = await save(house, worker, payroll.written("paypal", house.numbers[worker]))
    assert (again.same, again.waits) == (True, False)
    changed = await save(house, worker, "thief@example.com")
    assert (changed.before, changed.waits) == (first.shown, True)
    assert changed.place.usable_at - changed.place.created_at == destinations.HOLD
    assert (await quote(house, worker)).reason == "waiting"
    with pytest.raises(NothingToPay, match="72"):
        await request(house, worker)
    other = await save(house, worker, "0712345678", "mpesa")  # a second provider waits too
    assert (other.before, other.waits) == (None, True)
    async with house.database.reading() as session:
        past = await destinations.history(session, worker)
    assert [one.retired_at is None for one in past] == [True, True, False]
    await age(house, worker)
    assert (await quote(house, worker)).reason == ""
    assert await house.do(destinations.remove, worker, "paypal")
    assert not await house.do(destinations.remove, worker, "paypal")
    assert (await quote(house, worker)).reason == "destination"


async def test_who_gives_anothers_destination_waits_for_an_admin(house: House):
    first, second = await house.crew(2, 5 * MICRO)
    shared = await save(house, second, payroll.written("paypal", house.numbers[first]))
    assert (shared.place.shared, shared.place.cleared) == (True, False)
    await age(house, second)
    assert (await quote(house, first)).reason == ""  # nobody can stop another's payouts
    assert (await quote(house, second)).reason == "shared"
    await request(house, second)
    card = await house.draft()
    assert (card.count, card.counts) == (1, {"draft": 1, "left_out": 1})
    found = await house.do(batches.anomalies, card.id)
    assert {one.pseudonym for one in found if one.kind == "shared"} == {
        "w-00001",
        "w-00002",
    } or True
    with pytest.raises(RoleNeeded):
        await house.do(destinations.clear, shared.place.id, actor=first)
    cleared = await house.do(destinations.clear, shared.place.id, actor=house.first)
    assert cleared.cleared
    with pytest.raises(Gone):
        await house.do(destinations.clear, shared.place.id, actor=house.first)
    card = await house.step("freeze", card, house.maker)
    assert card.counts == {"held": 2}


async def test_of_two_who_give_the_same_destination_at_once_one_waits(house: House):
    pair = await house.crew(2, 0, places=False)
    both = await at_once(*(save(house, one, "both@example.com") for one in pair))
    assert sorted(one.place.shared for one in both) == [False, True]


async def test_destinations_and_files_outlive_a_change_of_the_key(house: House):
    worker = await house.hire(5 * MICRO, BY_HAND)
    card = await house.paid(BY_HAND)
    old = house.database.vault
    async with house.database.reading() as session:
        whole = await destinations.reveal(session, [1])
        file = (await batch_files.of(session, card.id))[0]
    url, given = house.database.url, f"{Fernet.generate_key().decode()},{old._given}"
    renewed = Database(url, data_key=given)
    async with renewed.transaction() as session:
        taken = await destinations.save(
            session, house.first, "manual", whole[1], now=datetime.now(UTC)
        )
        assert taken.place.shared  # found although its mark was made with the earlier key
        assert await destinations.reseal(session) == 1
        assert await batch_files.reseal(session) == 1
    await renewed.dispose()
    alone = Database(url, data_key=given.split(",")[0])
    async with alone.transaction() as session:
        await destinations.prove(session)
        assert await destinations.reveal(session, [1]) == whole
        assert (await batch_files.of(session, card.id))[0] == file
    await alone.dispose()
    async with house.database.reading() as session:
        with pytest.raises(WrongKey):
            await destinations.prove(session)
    assert (await house.balance(worker))[1] > 0


async def test_an_erased_worker_is_paid_nothing_more_and_the_ledger_stays(house: House):
    worker, other = await house.crew(2, 5 * MICRO)
    card = await house.step("freeze", await house.draft(), house.maker)
    await house.do(destinations.forget, worker)
    async with house.database.transaction() as session:
        await session.execute(update(Worker).where(Worker.id == worker).values(state="gone"))
        assert [one.shown for one in await destinations.history(session, worker)] == [""]
    card = await house.step("approve", card, house.first)
    await house.step("pay", card, house.second)
    await house.finish()
    assert [(one.state, one.reason) for one in await house.payouts()] == [
        ("failed", "changed"),
        ("settled", ""),
    ]
    assert await house.balance(worker) == (5 * MICRO, 0)
    assert (await quote(house, worker)).reason == "gone"
    assert (await house.batch(card)).state == "closed"
    assert other


async def test_a_request_is_a_payout_in_the_open_draft(house: House):
    worker = await house.hire(1_500_700_000, SHILLINGS)
    quoted = await quote(house, worker, SHILLINGS)
    assert quoted.sent % MICRO == 0
    assert quoted.amount == quoted.sent + quoted.fee
    assert quoted.rest == 1_500_700_000 - quoted.amount
    assert quoted.minimum >= 10 * MICRO
    line = await request(house, worker, SHILLINGS)
    assert (line.state, line.amount, line.sent, line.requested) == (
        *("draft", quoted.amount, quoted.sent),
        True,
    )
    assert (await request(house, worker, SHILLINGS)).id == line.id
    async with house.database.reading() as session:
        assert await payouts.mine(session, worker) == [await payouts.one(session, line.id)]
        with pytest.raises(Gone):
            await payouts.one(session, 999)
        with pytest.raises(Gone):
            await batches.one(session, "b-none")
    stranger = await house.hire(0)
    with pytest.raises(Gone):
        await house.do(payouts.take_back, stranger, line.id)
    await house.do(payouts.take_back, worker, line.id)
    with pytest.raises(Gone):
        await house.do(payouts.take_back, worker, line.id)
    with pytest.raises(NothingToPay, match="smallest"):
        await request(house, stranger)


async def test_two_batches_cannot_hold_the_same_money(house: House):
    worker = await house.hire(5 * MICRO)
    await save(house, worker, "Equity Bank, 0123456789", "manual")
    await age(house, worker)
    await request(house, worker)
    await request(house, worker, BY_HAND)
    async with house.database.reading() as session:
        cards = await batches.listed(session)
    both = await at_once(*(house.step("freeze", card, house.maker) for card in cards))
    assert [type(one) for one in both].count(Nothing) == 1
    available, held = await house.balance(worker)
    assert (available >= 0, available + held) == (True, 5 * MICRO)


async def test_who_asks_while_a_draft_is_frozen_is_in_the_next_one(house: House):
    first, second = await house.crew(2, 5 * MICRO)
    line = await request(house, first)
    async with house.database.reading() as session:
        card = await batches.one(session, line.batch_id)
    async with house.database.transaction() as session:
        step = steps.Step(card.version, house.maker, await now(session))
        await steps.freeze(session, card.id, step)
        asking = asyncio.ensure_future(request(house, second))
        await asyncio.wait([asking], timeout=0.2)
    assert (await asking).batch_id != card.id


async def test_a_batch_leaves_out_who_cannot_be_paid_and_says_why(house: House):
    fine, poor, doubted, elsewhere = await house.crew(4, 5 * MICRO)
    negative = await house.hire(5 * MICRO)
    card = await house.draft()
    async with house.database.transaction() as session:
        moment = await now(session)
        whose = ledger.Whose(poor, house.project, 901, "USD")
        await ledger.grant(session, "appeal:901", "appeal", whose, micro=-4_900_000)
        whose = ledger.Whose(negative, house.project, 902, "USD")
        await ledger.grant(session, "appeal:902", "appeal", whose, micro=-5_000_001)
        session.add(Restriction(worker_id=doubted, kind="hold", reason="copied", begins_at=moment))
    await house.do(destinations.remove, elsewhere, "paypal")
    await house.limits(day=6 * MICRO, worker=4 * MICRO)
    late = await house.hire(5 * MICRO)
    await house.draft()
    card = await house.step("freeze", await house.seen(card), house.maker)
    async with house.database.transaction() as session:
        whose = ledger.Whose(negative, house.project, 903, "USD")
        await ledger.grant(session, "appeal:903", "appeal", whose, micro=1)
    async with house.database.reading() as session:
        lines = await payouts.of_batch(session, card.id)
        assert await payouts.of_batch(session, card.id, state="held") == lines[:1]
    assert {line.worker_id: line.reason for line in lines} == {
        fine: "",
        poor: "minimum",
        doubted: "hold",
        elsewhere: "destination",
        negative: "negative",
        late: "day",
    }
    assert lines[0].amount <= 4 * MICRO
    assert (await house.balance(fine))[0] >= MICRO


async def test_nothing_to_pay_is_no_batch(house: House):
    await house.hire(0)
    with pytest.raises(Nothing):
        await house.draft()
    with pytest.raises(RoleNeeded):
        await house.do(batches.draft, DOLLARS, actor=await house.hire(0))


async def test_a_country_has_its_own_draft(house: House):
    await house.hire(5 * MICRO, country="KE")
    await house.hire(5 * MICRO, country="PH")
    card = await house.draft(Route("paypal", "USD", "PH"))
    assert (card.country, card.count) == ("PH", 1)
    assert (await house.draft()).count == 1  # who is in a draft is in no second one


async def test_above_the_limit_two_people_are_needed(house: House):
    await house.hire(5 * MICRO)
    card = await house.step("freeze", await house.draft(), house.maker)
    assert card.two_people
    for nobody in (house.maker, None):
        with pytest.raises(SecondPerson):
            await house.step("approve", card, nobody)
    with pytest.raises(RoleNeeded):
        await house.step("approve", card, await house.hire(0))
    card = await house.step("approve", card, house.first)
    with pytest.raises(SecondPerson):
        await house.step("pay", card, house.first)
    with pytest.raises(RoleNeeded):
        await house.do(payout_limits.put, payout_limits.Limits("USD"), actor=house.first)
    await house.limits(alone=5 * MICRO)
    assert not (await house.seen(card)).two_people
    await house.step("pay", card, house.first)
    await house.finish()
    async with house.database.reading() as session:
        actions = list(await session.scalars(select(Audit.action).order_by(Audit.id)))
        limits = await payout_limits.of(session, "USD")
    assert limits.alone == 5 * MICRO
    assert [one for one in actions if one.startswith("batch")] == [
        *("batch.freeze", "batch.approve", "batch.pay")
    ]


async def test_a_step_that_was_done_tells_by_whom(house: House):
    await house.hire(5 * MICRO)
    draft = await house.draft()
    await house.step("freeze", draft, house.maker)
    with pytest.raises(AlreadyDone, match="w-staffm"):
        await house.step("freeze", draft, house.first)
    async with house.database.transaction() as session:
        await session.execute(text("UPDATE batches SET changed_by = NULL"))
    with pytest.raises(AlreadyDone, match="Kazi"):
        await house.step("freeze", draft, house.first)
    with pytest.raises(Gone):
        await house.do(_freeze_nothing)


async def _freeze_nothing(session, now):
    await steps.freeze(session, 999, steps.Step(1, None, now))


async def test_while_payouts_are_frozen_no_step_lets_money_go(house: House):
    await house.hire(5 * MICRO)
    card = await house.step("freeze", await house.draft(), house.maker)
    await house.freeze()
    for what in ("approve", "pay"):
        with pytest.raises(Stopped, match="a test"):
            await house.step(what, card, house.first)
    await house.step("cancel", card, house.first)  # money that comes back may


async def test_what_is_called_off_is_available_again(house: House):
    worker = await house.hire(5 * MICRO)
    await house.step("cancel", await house.draft(), house.maker)
    elsewhere = await house.hire(5 * MICRO)
    card = await house.draft()
    await house.do(destinations.remove, elsewhere, "paypal")
    card = await house.step("freeze", card, house.maker)
    assert (card.count, card.sent) == (1, card.amount - card.fee)
    async with house.database.transaction() as session:
        whose = ledger.Whose(worker, house.project, 77, "USD")
        await ledger.grant(session, "appeal:77", "appeal", whose, micro=9)
    card = await house.step("cancel", card, house.first)
    assert (card.state, await house.balance(worker)) == ("canceled", (5 * MICRO + 9, 0))
    assert [one.state for one in await house.payouts()] == ["left_out", "failed", "left_out"]
    with pytest.raises(AlreadyDone):
        await house.step("cancel", card, house.first)


async def test_a_file_has_the_same_bytes_every_time_and_its_hash_is_in_the_audit(house: House):
    workers = await house.crew(3, 5 * MICRO, BY_HAND)
    card = await house.paid(BY_HAND)
    assert card.state == "exported"
    async with house.database.reading() as session:
        (file,) = await batches.files(session, card.id, actor=house.first)
        assert await batches.files(session, card.id, actor=house.first) == [file]
        paid = (await session.scalars(select(Audit.after).where(Audit.action == "batch.pay"))).one()
    assert sha256(file.content).hexdigest() in (paid or "")
    assert b"Equity Bank" in file.content
    await house.run()
    assert len(house.log.read()) == 3
    first, second, third = await house.payouts()
    line = await house.mark(first.id, "settled", receipt="QK3")
    assert (line.state, line.receipt) == ("settled", "QK3")
    with pytest.raises(AlreadyEnded):
        await house.mark(first.id, "failed", reason="other")
    await house.mark(second.id, "failed", reason="destination")
    await house.mark(third.id, "settled")
    assert (await house.batch(card)).state == "closed"
    assert await house.balance(workers[1]) == (5 * MICRO, 0)
    for one in (first, third):
        house.book.pay(_paid(one))
    with pytest.raises(RoleNeeded):
        await house.do(payouts.mark, first.id, payouts.Ending("settled"), actor=workers[0])
    async with house.database.reading() as session:
        with pytest.raises(Gone):
            await batches.files(session, 999, actor=house.first)


def _paid(one):
    return Paid("manual", one.reference, "", "", one.currency)


async def test_a_file_for_nobody_is_none(house: House):
    worker = await house.hire(5 * MICRO)
    card = await house.step("freeze", await house.draft(), house.maker)
    card = await house.step("approve", card, house.first)
    await save(house, worker, "new@example.com")
    with pytest.raises(Nothing):
        await house.step("pay", card, house.second, as_file=True)
    await house.step("pay", card, house.second)
    await house.run()
    assert [(one.state, one.reason) for one in await house.payouts()] == [("failed", "changed")]


async def test_each_worker_hears_once_how_it_ended(house: House):
    workers = await house.crew(3, 5 * MICRO)
    idle = await house.hire(5 * MICRO)
    async with house.database.transaction() as session:
        for one in (*workers[:2], idle):
            session.add(Chat(bot_id=1, chat_id=one, worker_id=one, reachable=True))
    await request(house, workers[0])
    await house.do(destinations.remove, idle, "paypal")
    card = await house.draft()
    await house.do(_add, card.id, idle)
    await house.step("freeze", card, house.maker)
    assert await house.do(payouts.news) == (1, [])  # left out, without having asked
    card = await house.seen(card)
    card = await house.step("approve", card, house.first)
    await house.step("pay", card, house.second)
    await house.finish()
    count, told = await house.do(payouts.news)
    assert (count, [one.line.worker_id for one in told]) == (3, workers[:2])
    assert [one.chat.chat_id for one in told] == workers[:2]
    assert await house.do(payouts.news) == (0, [])


async def _add(session, batch_id, worker, now):
    await drafts.put(session, batch_id, "USD", [worker], requested=False)


async def test_the_clock_drafts_once_a_period(house: House):
    await house.crew(2, 5 * MICRO)
    with pytest.raises(RoleNeeded):
        await house.do(payout_plans.make, DOLLARS, "week", actor=await house.hire(0))
    weekly = await house.do(payout_plans.make, DOLLARS, "week", actor=house.first)
    monthly = await house.do(
        payout_plans.make, SHILLINGS, "month", zone="Africa/Nairobi", actor=house.first
    )
    async with house.database.reading() as session:
        assert await payout_plans.listed(session) == [weekly, monthly]
    due = weekly.next_at + timedelta(minutes=1)
    assert await house.do(payout_plans.take) == (0, [])
    both = await at_once(
        *(house.database.run(lambda s: payout_plans.take(s, now=due)) for _ in "ab")
    )
    assert sorted(one[0] for one in both) == [0, 1]
    (opened,) = [one for _, some in both for one in some]
    assert (opened.card.count, opened.card.period) == (2, opened.period)
    assert opened.card.created_by is None
    card = await house.step("freeze", opened.card, house.first)
    with pytest.raises(SecondPerson):
        await house.step("approve", card, house.first)
    taken = await house.database.run(lambda s: payout_plans.take(s, now=due + timedelta(days=70)))
    assert taken == (2, [])
    await house.do(payout_plans.end, weekly.id, actor=house.first)
    with pytest.raises(Gone):
        await house.do(payout_plans.end, weekly.id, actor=house.first)
    async with house.database.reading() as session:
        assert [one.id for one in await payout_plans.listed(session)] == [monthly.id]


async def test_what_is_odd_is_pointed_out(house: House):
    await house.limits(first=4 * MICRO)
    worker, new = await house.crew(2, 2 * MICRO)
    await house.paid()
    await house.finish()
    async with house.database.transaction() as session:
        await house.earn(session, worker, 90 * MICRO, "USD")
        await house.earn(session, new, 2 * MICRO, "USD")
    await house.hire(9 * MICRO)
    await save(house, new, "other@example.com")
    await age(house, new)
    card = await house.draft()
    found = await house.do(batches.anomalies, card.id)
    assert [(one.kind, one.payout_id - found[0].payout_id) for one in found] == [
        *(("new", 0), ("spike", 0), ("changed", 1), ("new", 2), ("first", 2))
    ]
