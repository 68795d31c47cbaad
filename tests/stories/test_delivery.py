"""Telegram fails, floods, forgets and is left: everything is said in order, and nothing is lost."""

from itertools import pairwise

import pytest
from sqlalchemy import select

from bot.models.chat import Chat, Outbox
from bot.models.pay import Posting
from bot.sandbox import Person
from bot.store.database import Database
from tests.handlers.office import labels, tell, toast
from tests.life import Life, last_with_buttons, living
from tests.stories import scenes
from tests.stories.scenes import CENT, card, crew, data, delivered, opened, pick, say

COLOURS = "options = ['red', 'blue']"
UNKNOWN = ["/one", "/two", "/three", "/four"]


def heard(person: Person) -> list[str]:
    """Which of the unknown commands were answered, in order, repeats and all."""
    said = [str(message.get("text")) for message in person.chat.messages[1:]]
    return [word for text in said for word in UNKNOWN if "I do not know" in text and word in text]


@pytest.mark.parametrize("kind", ["500", "502html", "notok", "cut"])
async def test_a_message_that_fails_is_sent_later_and_the_next_ones_wait_for_it(
    bot: Life, kind: str
) -> None:
    amina, rana = await crew(bot, 2)
    bot.sandbox.fault("sendMessage", kind, chat_id=amina.id, count=1)
    for text in UNKNOWN:
        await amina.send(text)
        await rana.send(text)
    await bot.settle()
    assert heard(rana) == UNKNOWN
    assert heard(amina) == []
    await delivered(bot)
    assert heard(amina) == UNKNOWN


async def test_a_message_that_may_have_arrived_is_repeated_rather_than_lost(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    bot.sandbox.fault("sendMessage", "timeout", count=1, executes=True, seconds=0.05)
    for text in UNKNOWN[:2]:
        await tell(bot, amina, text)
    await delivered(bot)
    assert heard(amina) == ["/one", "/one", "/two"]


@pytest.mark.filterwarnings("ignore:.*attribute `retry_after`")
async def test_a_flood_limit_is_kept_for_its_chat_and_the_others_go_on(bot: Life) -> None:
    amina, rana = await crew(bot, 2)
    bot.sandbox.fault("sendMessage", "429", chat_id=amina.id, retry_after=1, count=1)
    for text in UNKNOWN:
        await say(bot, amina, rana, text=text)
        await bot.tick("send")
    assert heard(rana) == UNKNOWN
    await delivered(bot)
    assert heard(amina) == UNKNOWN
    calls = [call for call in bot.sandbox.calls if call.chat_id == amina.id]
    after = [(flood, call) for flood, call in pairwise(calls) if flood.status == 429]
    assert [call.at - flood.at >= 1 for flood, call in after] == [True]


async def test_what_waits_is_sent_by_the_bot_that_is_started_next(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    bot.sandbox.fault("sendMessage", "500", count=1)
    await say(bot, amina, text="/one")
    async with scenes.restarted(bot):
        await delivered(bot)
        await tell(bot, amina, "/two")
    assert heard(amina) == ["/one", "/two"]


async def test_an_answered_card_that_could_not_be_changed_is_changed_later(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    bot.sandbox.fault("editMessageText", "500", count=1)
    await pick(bot, amina, 0)
    assert "the rose" in card(amina)
    await pick(bot, amina, 0)
    assert "Already saved." in toast(amina)
    await delivered(bot)
    assert "the sea" in card(amina)
    assert await scenes.labels(bot) == ["red"]


async def test_a_card_that_was_deleted_comes_again_as_a_new_message(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea", "sky"])
    await say(bot, amina)
    message = last_with_buttons(amina)
    await amina.tap(message["message_id"], data=data(message, "a:"))
    amina.chat.remove(message)
    await bot.settle()
    assert "the sea" in card(amina)
    assert last_with_buttons(amina)["message_id"] > message["message_id"]
    await pick(bot, amina, 1)
    assert "the sky" in card(amina)
    assert await scenes.labels(bot) == ["red", "blue"]
    assert await scenes.look(bot, select(Outbox.dead).where(Outbox.dead.is_not(None))) == []


async def test_work_asked_for_again_leaves_one_card_with_buttons(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    first = last_with_buttons(amina)
    await pick(bot, amina, 0)
    await say(bot, amina)
    second = last_with_buttons(amina)
    assert second is not first
    assert labels(first) == []
    assert scenes.all_data(second)


async def test_who_blocks_the_bot_gives_the_task_back_and_keeps_the_money(bot: Life) -> None:
    amina, rana = await crew(bot, 2)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    await pick(bot, amina, 0)
    await amina.block()
    await bot.settle()
    assert await scenes.states(bot) == ["answered", "expired"]
    assert (await bot.check())["USD"]["pending"] == 2 * CENT
    await say(bot, rana)
    assert "the sea" in card(rana)
    await opened(bot, "choice", COLOURS, tasks=["sky"])
    await amina.unblock()
    await bot.settle()
    await say(bot, amina)
    assert "the sky" in card(amina)
    await pick(bot, amina, 0)
    assert (await bot.check())["USD"]["pending"] == 4 * CENT


async def test_a_block_is_noticed_when_sending_fails_too(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    bot.sandbox.fault("sendMessage", "403", chat_id=amina.id, count=1)
    for text in UNKNOWN[:2]:
        await tell(bot, amina, text)
    assert await scenes.states(bot) == ["expired"]
    assert await scenes.look(bot, select(Chat.reachable)) == [False]
    await delivered(bot)
    await amina.block()
    await amina.unblock()
    await bot.settle()
    await pick(bot, amina, 1)
    assert await scenes.labels(bot) == ["blue"]
    (late,) = await scenes.assignments(bot)
    assert not late.surplus


async def test_updates_that_come_twice_and_late_have_one_effect_each(database: Database) -> None:
    async with living(database, duplicate=0.6, reorder=0.3) as bot:
        people = await crew(bot, 3)
        await opened(bot, "choice", COLOURS, tasks=[f"t{n}" for n in range(6)])
        await say(bot, *people)
        while busy := [person for person in people if await scenes.held(bot, person)]:
            for person in busy:
                await pick(bot, person, 0)
        assert await scenes.labels(bot) == ["red"] * 6
        assert await scenes.count(bot, Posting) == 6
        assert await scenes.states(bot) == ["answered"] * 6
