"""A copy from before a payout is put back: payouts stop, what was paid is found, nobody twice."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot import app
from bot.models.people import Worker
from bot.pay import batches, payment_list, payment_log, reconciliation
from bot.pay.batches import Card
from bot.pay.payment_list import BadList
from bot.pay.payment_log import PaymentLog
from bot.pay.reckoning import Route
from bot.pay.steps import Stopped
from bot.people.roles import RoleNeeded
from bot.sandbox.payments import Paid
from bot.settings import Settings
from bot.store.database import Database
from tests import conftest
from tests.pay import payroll
from tests.pay.payroll import MICRO, SHILLINGS, House

BY_HAND = Route("manual", "USD")


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with payroll.opened(database, tmp_path) as made:
        yield made


@asynccontextmanager
async def copy(house: House, folder: Path) -> AsyncIterator[Database]:
    """A backup: the database as it is now, under an address of its own."""
    database = house.database
    address = make_url(database.url)
    if database.is_sqlite:
        path = folder / "copy.db"
        with sqlite3.connect(address.database) as source, sqlite3.connect(path) as target:
            source.backup(target)
        source.close()
        target.close()
        opened = Database(f"sqlite:///{path}", data_key=os.environ["KAZI_DATA_KEY"])
        yield opened
        await house.check()
        await opened.dispose()
        return
    await database.dispose()
    name = f"{address.database}_copy"
    server = address.set(drivername="postgresql").render_as_string(hide_password=False)
    administered = make_url(server).set(database="postgres").render_as_string(hide_password=False)
    conftest._administer(administered, f"CREATE DATABASE {name} TEMPLATE {address.database}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    opened = Database(url, data_key=os.environ["KAZI_DATA_KEY"])
    yield opened
    await house.check()
    await opened.dispose()
    conftest._administer(administered, f"DROP DATABASE {name} WITH (FORCE)")


async def start(house: House, database: Database) -> str:
    """The bot starts on what was put back; why payouts are frozen, if they are."""
    await house.database.dispose()
    house.database = database
    await app._open(database, house.log)
    return await house.frozen() or ""


async def doubts(house: House) -> int:
    async with house.database.reading() as session:
        return len(await reconciliation.doubts(session, house.log))


STEPS = {"draft": "freeze", "frozen": "approve", "approved": "pay"}


async def through(house: House, card: Card | None, until: str) -> Card:
    """A batch that has come as far as this."""
    card = card or await house.draft()
    while card.state != until:
        who = {"draft": house.maker, "frozen": house.first, "approved": house.second}[card.state]
        card = await house.step(STEPS[card.state], card, who)
    return card


@pytest.mark.parametrize("when", ["earned", "draft", "frozen", "approved"])
async def test_a_copy_from_before_a_payout_pays_nobody_twice(
    house: House, tmp_path: Path, when: str
):
    """PayPal paid all but one, whom it does not pay in their country."""
    workers = await house.crew(3, 5 * MICRO)
    address = payroll.written("paypal", house.numbers[workers[2]])
    house.payments.paypal.accounts[address] = "RECEIVER_COUNTRY_NOT_ALLOWED"
    card = None if when == "earned" else await through(house, None, when)
    async with copy(house, tmp_path) as older:
        card = await through(house, card, "submitted")
        await house.finish()
        assert await house.states() == {"settled": 2, "failed": 1}
        calls = house.book.calls["paypal submit"]

        assert "older than its payment log (3 payments)" in await start(house, older)
        if when == "approved":
            with pytest.raises(Stopped):
                await house.step("pay", await house.seen(card), house.second)
        with pytest.raises(RoleNeeded):
            await reconciliation.ask(older, house.rails, actor=workers[0])
        found = await reconciliation.ask(older, house.rails, actor=house.owner)
        assert (found.settled, found.failed, found.open) == (2, 1, [])
        assert (await reconciliation.ask(older, house.rails)).settled == 0
        assert await house.states() == {"settled": 2, "failed": 1}
        async with older.reading() as session:
            assert (await batches.one(session, card.code)).state == "closed"
        left = 5 * MICRO - card.amount // 3
        balances = [await house.balance(one) for one in workers]
        assert balances == [(left, 0), (left, 0), (5 * MICRO, 0)]
        await house.thaw()
        assert await start(house, older) == ""
        await house.finish()
        assert house.book.calls["paypal submit"] == calls


async def test_what_mpesa_reports_later_and_what_a_person_knows_end_the_doubts(
    house: House, tmp_path: Path
):
    workers = await house.crew(3, 1_500 * MICRO, SHILLINGS)
    async with copy(house, tmp_path) as older:
        house.payments.mpesa.results = "never"
        await house.paid(SHILLINGS)
        await house.run()
        await start(house, older)
        house.fault("query", "500")
        house.payments.mpesa.results = "after"
        first = await reconciliation.ask(older, house.rails)
        assert len(first.open) == 3  # asked: the answers are on their way
        await house.payments.mpesa.settle()
        second = await reconciliation.ask(older, house.rails)
        assert (second.settled, len(second.open)) == (2, 1)
        (lost,) = second.open
        content = f"reference,state,receipt\n{lost.reference},settled,QK77\n".encode()
        told = payment_list.read(content)
        async with older.transaction() as session:
            with pytest.raises(RoleNeeded):
                await reconciliation.tell(session, house.log, told, actor=workers[0])
            done = await reconciliation.tell(session, house.log, told, actor=house.first)
        assert (done.settled, done.open) == (1, [])
        assert await house.states() == {"settled": 3}


async def test_a_list_brings_back_what_neither_books_nor_log_know(house: House):
    """Work that the copy had lost as well: the house bears it."""
    worker = await house.hire(2 * MICRO, BY_HAND)
    async with house.database.reading() as session:
        name = (await session.get(Worker, worker)).pseudonym
    content = (
        "﻿Reference,State,Receipt,Reason,Provider,Worker,Amount,Currency\n"
        f"kazi-1,settled,QK1,,manual,{name},5,USD\n"
        f"kazi-2,failed,,destination,manual,{name},1,USD\n"
        "kazi-3,settled,QK3,,manual,w-nobody,1,USD\n"
    ).encode()
    for times in (2, 0):
        async with house.database.transaction() as session:
            told = payment_list.read(content)
            done = await reconciliation.tell(session, None, told, actor=house.owner)
        assert done.settled + done.failed == times
    assert await house.balance(worker) == (0, 0)
    assert await house.states() == {"settled": 1, "failed": 1}
    house.book.pay(Paid("manual", "kazi-1", "", "5", "USD"))
    await house.check()


@pytest.mark.parametrize(
    "line", [",settled", "kazi-1,maybe", "kazi-1,settled,x,USD", "kazi-1,settled,1.5,dollars"]
)
def test_a_line_that_cannot_be_read_is_named(line: str):
    with pytest.raises(BadList, match="Line 3"):
        payment_list.read(f"reference,state,amount,currency\nkazi-0,failed\n{line}\n".encode())


async def test_what_the_provider_still_has_is_asked_about_until_it_ends(
    house: House, tmp_path: Path
):
    workers = await house.crew(2, 5 * MICRO)
    async with copy(house, tmp_path) as older:
        await house.paid()
        await house.run()
        await start(house, older)
        found = await reconciliation.ask(older, house.rails)
        assert (found.settled, found.open) == (0, [])
        assert await house.states() == {"submitted": 2}
        await house.finish()  # asking goes on although payouts are frozen
        assert await house.states() == {"settled": 2}
        assert (await house.balance(workers[0]))[1] == 0


async def test_a_payment_by_hand_is_left_for_a_person(house: House, tmp_path: Path):
    await house.crew(1, 5 * MICRO, BY_HAND)
    async with copy(house, tmp_path) as older:
        await house.paid(BY_HAND)
        await house.run()
        (paid,) = await house.payouts()
        await start(house, older)
        found = await reconciliation.ask(older, house.rails)
        assert [one.reference for one in found.open] == [paid.reference]
        assert await doubts(house) == 1
        async with older.transaction() as session:
            told = [payment_list.Told(paid.reference, "failed", reason="destination")]
            assert (await reconciliation.tell(session, house.log, told, actor=None)).failed == 1
        assert await doubts(house) == 0


async def test_who_keeps_no_log_is_asked_for_none(house: House):
    await house.hire(5 * MICRO)
    house.rails = type(house.rails)(house.rails.wire)
    await house.paid()
    await house.finish()
    assert house.log.read() == []
    assert await start(house, house.database) == ""
    await house.check()


def test_a_line_that_was_torn_off_is_no_payment(tmp_path: Path):
    path = tmp_path / "log"
    path.write_bytes(
        b'{"key":"a","reference":"kazi-1"}\n{"key":"a","handle":"H"}\n{"key":"b","refe'
    )
    (one,) = PaymentLog(path).read()
    assert (one.reference, one.handle) == ("kazi-1", "H")


def test_the_log_is_where_the_settings_say_or_beside_the_file(tmp_path: Path):
    lite, server = Database(f"sqlite:///{tmp_path}/k.db"), Database("postgresql://nowhere/kazi")
    assert payment_log.of(Settings(), lite) == PaymentLog(tmp_path / "kazi.payments")
    assert payment_log.of(Settings(), server) is None
    assert payment_log.of(Settings(payments_log="/log"), server) == PaymentLog(Path("/log"))
