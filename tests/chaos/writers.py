"""Sixteen writers on one SQLite file in a process that will be killed. Run by test_writers.py.

Each write reads a counter, adds one, and notes its own number, in one transaction; after the commit
the number is said. A tenth of the writes are cancelled at some moment.
"""

import asyncio
import random
import sys
from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import text

from bot.store.database import Database

WRITERS = 16
CANCELLED = 0.1
READ = text("SELECT n FROM counter")
COUNT = text("UPDATE counter SET n = :n")
NOTE = text("INSERT INTO notes VALUES (:id)")


async def main(url: str, first: int, writes: int) -> None:
    database = Database(url)
    database.claim()
    numbers = iter(range(first, first + WRITERS * writes))
    await asyncio.gather(*(_write_all(database, numbers, writes) for _ in range(WRITERS)))
    await database.dispose()


async def _write_all(database: Database, numbers: Iterator[int], writes: int) -> None:
    for _ in range(writes):
        writing = asyncio.ensure_future(_write(database, next(numbers)))
        if random.random() < CANCELLED:
            await asyncio.sleep(random.uniform(0, 0.01))
            writing.cancel()
        with suppress(asyncio.CancelledError):
            print(await writing, flush=True)


async def _write(database: Database, number: int) -> int:
    async with database.transaction() as session:
        found = await session.scalar(READ)
        await asyncio.sleep(0)
        await session.execute(COUNT, {"n": found + 1})
        await session.execute(NOTE, {"id": number})
    return number


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
