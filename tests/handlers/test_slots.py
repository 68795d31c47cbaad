"""Whose call is next in one process, when nobody limits how many there are a second."""

import asyncio

from bot.store.database import Database
from bot.store.outbox import BROADCASTS, OFFERS, REPLIES
from handlers.slots import IN_NO_HURRY, SIDE_BY_SIDE, Slots


async def begun(takes: list[asyncio.Task[float]]) -> int:
    """How many of them may call by now."""
    for _ in range(10):
        await asyncio.sleep(0)
    return sum(take.done() for take in takes)


async def test_a_broadcast_leaves_calls_to_replies(database: Database) -> None:
    slots = Slots(database, 1, 0)
    bulk = [asyncio.ensure_future(slots.take(BROADCASTS)) for _ in range(50)]
    assert await begun(bulk) == IN_NO_HURRY
    replies = [asyncio.ensure_future(slots.take(REPLIES)) for _ in range(SIDE_BY_SIDE)]
    assert await begun(replies) == SIDE_BY_SIDE - IN_NO_HURRY
    slots.give(BROADCASTS)
    assert await begun(replies) == SIDE_BY_SIDE - IN_NO_HURRY + 1
    for task in (*bulk, *replies):
        task.cancel()


async def test_each_call_of_a_broadcast_that_ends_lets_the_next_begin(database: Database) -> None:
    slots = Slots(database, 1, 0)
    bulk = [asyncio.ensure_future(slots.take(OFFERS)) for _ in range(20)]
    for ended in range(17):
        assert await begun(bulk) == IN_NO_HURRY + min(ended, 16)
        slots.give(OFFERS)
    assert await begun(bulk) == 20


async def test_a_shut_bot_tells_those_of_a_broadcast_as_well(database: Database) -> None:
    slots = Slots(database, 1, 0)
    bulk = [asyncio.ensure_future(slots.take(BROADCASTS)) for _ in range(9)]
    assert await begun(bulk) == IN_NO_HURRY
    slots.shut(60)
    for _ in range(IN_NO_HURRY):
        slots.give(BROADCASTS)
    assert await begun(bulk) == 9
    assert all(task.result() > 0 for task in bulk[IN_NO_HURRY:])
