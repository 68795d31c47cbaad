"""People answer while a broadcast to many others waits to be sent: what it costs them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text

from bot.models.chat import Outbox
from bot.sandbox import Sandbox
from bot.store import outbox
from bot.store.database import Database, Session
from tests.bench import backlog
from tests.bench.crowd import Crowd, Ride
from tests.bench.process import serving

FIRST_READER = 1_000_000  # chats of those who are written to
READERS = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO workers (pseudonym, state, locale, zone) SELECT 'r-' || i, 'active', 'en', 'UTC' FROM n
"""
CHATS = """
INSERT INTO chats (bot_id, chat_id, worker_id, reachable)
SELECT :bot, CAST(substr(pseudonym, 3) AS INTEGER), id, true
FROM workers WHERE pseudonym LIKE 'r-%'
"""
LETTERS = """
INSERT INTO outbox (bot_id, chat_id, lane, method, payload, attempts)
SELECT bot_id, chat_id, :lane, 'sendMessage', {payload}, 0
FROM chats WHERE chat_id >= :first ORDER BY chat_id
"""
PAYLOAD = """'{"chat_id": ' || chat_id || ', "text": "The office is closed tomorrow."}'"""


@dataclass(frozen=True, slots=True)
class Beside:
    """The same people with one bot, before a broadcast was queued and while it goes out."""

    quiet: Ride
    loud: Ride
    sent: int
    """Letters of the broadcast that went out meanwhile."""


async def measure(
    url: str,
    numbers: Sequence[int],
    *,
    waiting: int,
    seconds: float,
    rate_limit: int,
    think: float,
) -> Beside:
    """Let these people work for so long without the broadcast, and then with it."""
    database = Database(url, data_key=os.environ["KAZI_DATA_KEY"])
    await database.run(lambda session: _readers(session, waiting))
    async with Sandbox(token=backlog.TOKEN, history=20) as sandbox:
        at_work = [sandbox.person(f"Person {number}", id=number) for number in numbers]
        for number in range(waiting):
            sandbox.person("Reader", id=FIRST_READER + number).started = True
        async with serving(url, sandbox, rate_limit=rate_limit) as bot:
            crowd = Crowd(at_work, bot, think=think)
            await crowd.begin()
            quiet = await crowd.ride(seconds)
            await database.run(_queue)
            loud = await crowd.ride(seconds)
            left = await database.run(_left)
    await database.dispose()
    return Beside(quiet, loud, waiting - left)


async def _readers(session: Session, count: int) -> None:
    """People who have joined, for the broadcast only."""
    for first in range(0, count, backlog.CHUNK):
        last = min(first + backlog.CHUNK, count) - 1
        span = {"first": FIRST_READER + first, "last": FIRST_READER + last}
        await session.execute(text(READERS.format(**span)))
    await session.execute(text(CHATS), {"bot": backlog.BOT_ID})


async def _queue(session: Session) -> None:
    postgresql = session.get_bind().dialect.name == "postgresql"
    payload = f"CAST({PAYLOAD} AS JSON)" if postgresql else PAYLOAD
    values = {"lane": outbox.BROADCASTS, "first": FIRST_READER}
    statement = LETTERS.format(payload=payload.replace(":", "\\:"))
    await session.execute(text(statement), values)


async def _left(session: Session) -> int:
    waits = select(func.count()).where(outbox.UNSENT, Outbox.lane == outbox.BROADCASTS)
    return await session.scalar(waits) or 0
