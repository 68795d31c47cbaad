"""Telegram's limits, kept by several senders together."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox import Sandbox
from bot.store import gates, outbox
from bot.store.database import Database
from bot.store.outbox import Sent
from tests.handlers.post_office import (
    BOT_ID,
    crowd,
    heard,
    messages,
    most_in_a_second,
    of_each,
    senders,
    text,
)
from tests.life import TOKEN

NEAR = 0.2  # seconds


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(token=TOKEN) as running:
        yield running


async def test_no_second_has_more_than_thirty_messages_whoever_sends_them(
    sandbox: Sandbox, database: Database
) -> None:
    people = crowd(sandbox, 50)
    async with senders(database, sandbox.url, 3, rate_limit=30) as office:
        await office.know(people)
        await office.write(*(text(one, said) for said in ("one", "two") for one in people))
        await office.deliver()
    calls = messages(sandbox)
    assert [heard(one) for one in people] == [["one", "two"]] * 50
    assert len(calls) == 100
    assert most_in_a_second(calls) <= 30
    assert calls[-1].at - calls[0].at < 100 / 30 * 3  # and the budget is used


async def test_replies_pass_a_broadcast_that_is_under_way(
    sandbox: Sandbox, database: Database
) -> None:
    people = crowd(sandbox, 80)
    rana = people.pop()
    async with senders(database, sandbox.url, 1, rate_limit=30) as office:
        await office.write(*(text(one, "news", lane=outbox.BROADCASTS) for one in people))
        (sender,) = office.senders
        letters = await database.run(
            lambda session: outbox.claim(session, BOT_ID, owner=sender.owner, limit=40)
        )
        sender.post(letters)
        await office.write(text(rana, "reply"))
        await office.deliver()
    order = [call.chat_id for call in messages(sandbox)]
    assert order.index(rana.id) < 45


async def test_a_chat_gets_five_at_once_and_then_one_a_second(
    sandbox: Sandbox, database: Database
) -> None:
    amina, rana = people = crowd(sandbox, 2)
    async with senders(database, sandbox.url, 2, rate_limit=30) as office:
        await office.know(people)
        await office.write(*(text(amina, str(n)) for n in range(8)), text(rana, "hello"))
        await office.deliver()
    assert heard(amina) == [str(n) for n in range(8)]
    at = of_each(messages(sandbox))[amina.id]
    assert at[4] - at[0] < 1.5
    assert at[7] - at[0] >= 3 - NEAR


async def test_a_group_gets_at_most_twenty_in_a_minute(
    sandbox: Sandbox, database: Database
) -> None:
    group, sent = -100500, 0

    async def send_one(session: outbox.Session) -> int:
        letters = await outbox.claim(session, BOT_ID, owner="me")
        await outbox.mark(session, BOT_ID, [Sent(one) for one in letters], owner="me")
        return len(letters)

    async with senders(database, sandbox.url, 1, rate_limit=30) as office:
        await office.write(*(text(group, str(n)) for n in range(12)))
        while await database.run(send_one):
            sent += 1
    assert sent == gates.GROUP.burst
    minute = 60 * gates.SECOND
    assert gates.GROUP.burst + minute / gates.GROUP.every <= 20


async def test_a_flood_limit_shuts_one_chat_for_every_sender(
    sandbox: Sandbox, database: Database
) -> None:
    people = crowd(sandbox, 30)
    amina = people[0]
    sandbox.fault("sendMessage", "429", chat_id=amina.id, retry_after=2, count=1)
    async with senders(database, sandbox.url, 3, rate_limit=30) as office:
        await office.know(people)
        await office.write(*(text(one, said) for said in ("one", "two", "three") for one in people))
        await office.deliver()
    assert [heard(one) for one in people] == [["one", "two", "three"]] * 30
    calls = messages(sandbox)
    (flood,) = [call.at for call in calls if call.status == 429]
    after = [call for call in calls if call.at > flood]
    assert min(call.at for call in after if call.chat_id == amina.id) >= flood + 2
    assert sum(1 for call in after if call.at < flood + 2) > 20  # the others went on
    assert most_in_a_second(calls) <= 30


async def test_two_chats_flooded_within_a_second_shut_the_bot_for_every_sender(
    sandbox: Sandbox, database: Database
) -> None:
    people = crowd(sandbox, 40)
    for one in people[:2]:
        sandbox.fault("sendMessage", "429", chat_id=one.id, retry_after=3, count=1)
    async with senders(database, sandbox.url, 3, rate_limit=30) as office:
        await office.know(people)
        await office.write(*(text(one, said) for said in ("one", "two") for one in people))
        await office.deliver()
        blocks = sum(sender._slots.block for sender in office.senders)
    assert [heard(one) for one in people] == [["one", "two"]] * 40
    calls = messages(sandbox)
    second = [call.at for call in calls if call.status == 429][1]
    gap = [call.at for call in calls if second < call.at < second + 3]
    # A busy machine writes late that the bot is shut; whoever looks after that does not send.
    assert len(gap) <= blocks
    assert [at for at in gap if at > second + 1.5] == []
    assert most_in_a_second(calls) <= 30


async def test_a_flood_limit_of_no_chat_shuts_the_bot(sandbox: Sandbox, database: Database) -> None:
    (amina,) = people = crowd(sandbox, 1)
    sandbox.fault("setMyDescription", "429", retry_after=2, count=1)
    async with senders(database, sandbox.url, 2, rate_limit=30) as office:
        await office.know(people)
        office.senders[0].try_once("setMyDescription", {"description": "Paid work."})
        await office.senders[0].idle()
        await office.write(text(amina, "hello"))
        await office.deliver()
    flood, hello = (call.at for call in sandbox.calls if call.method != "getMe")
    assert hello >= flood + 2
