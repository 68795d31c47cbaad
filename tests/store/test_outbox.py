"""Which letters a sender takes next, and how much it reads to find them."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from bot.store import outbox
from bot.store.database import Database, Session, now
from bot.store.outbox import Letter

BOT = 7
WAITING = 3_000
LAST = list(range(WAITING - 29, WAITING + 1))
READ = 300  # rows, to claim 30 letters


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


async def queue(session: Session, chats: Sequence[int], lane: int) -> None:
    letters = [Letter("sendMessage", {}, chat, bot_id=BOT, lane=lane) for chat in chats]
    await outbox.queue(session, letters, owner=None, now=await now(session))


async def claim(session: Session, **asked: Any) -> list[int]:
    return [letter.chat_id for letter in await outbox.claim(session, BOT, owner="me", **asked)]


async def test_better_lanes_go_first_and_the_longer_waiting_within_one(session: Session) -> None:
    await queue(session, range(100, 140), outbox.BROADCASTS)
    await queue(session, [1, 2], outbox.OFFERS)
    await queue(session, [3], outbox.REPLIES)
    assert sorted(await claim(session, limit=3)) == [1, 2, 3]
    assert await claim(session, limit=30) == list(range(100, 130))
    assert await claim(session, limit=30) == list(range(130, 140))


async def test_a_bot_takes_its_own_letters_alone(session: Session) -> None:
    await queue(session, [1], outbox.REPLIES)
    assert await outbox.claim(session, BOT + 1, owner="me") == []
    assert await claim(session) == [1]


@pytest.mark.parametrize("chats", [None, LAST], ids=["any chat", "some chats"])
async def test_what_is_read_for_a_claim_does_not_grow_with_what_waits(
    session: Session, chats: list[int] | None
) -> None:
    """Also before PostgreSQL has counted the rows, as it is just after a broadcast was queued."""
    await queue(session, range(1, WAITING + 1), outbox.BROADCASTS)
    at = await now(session)
    values = {"bot": BOT, "now": at, "limit": 30, **outbox._paces(at, paced=True)}
    statement = outbox.HEADS
    if chats is not None:
        statement, values = outbox.HEADS_OF, values | {"chats": chats}
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SET LOCAL enable_seqscan = off"))  # a small table invites it
        assert await _rows_read(session, statement, values) < READ
    else:
        plan = await _plan(session, statement, values)
        assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
        assert chats or not [step for step in plan if "ORDER BY" in step]


async def _rows_read(session: Session, statement: Any, values: dict[str, Any]) -> float:
    """Of all steps together, on PostgreSQL."""
    asked = statement.compile(session.get_bind()).construct_expanded_state(values)
    words = f"EXPLAIN (ANALYZE, FORMAT JSON) {asked.statement}"
    connection = await session.connection()
    ((found,),) = await connection.exec_driver_sql(words, asked.parameters)
    return sum(_read(node) for node in _nodes(found[0]["Plan"]))


async def _plan(session: Session, statement: Any, values: dict[str, Any]) -> list[str]:
    """The steps, on SQLite, which takes the same ones for all values."""
    asked = statement.compile(session.get_bind()).construct_expanded_state(values)
    words = f"EXPLAIN QUERY PLAN {asked.statement}"
    connection = await session.connection()
    steps = await connection.exec_driver_sql(words, (None,) * len(asked.positional_parameters))
    return [step[-1] for step in steps]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _read(node: dict[str, Any]) -> float:
    """Rows that came out of a step or were thrown away in it."""
    per_loop = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return per_loop * node["Actual Loops"]
