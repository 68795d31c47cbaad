"""The database keeps what it was told, under load and against a second process."""

import asyncio
import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.store.database import Database, OneProcessOnly, now, transient


async def test_no_update_is_lost_among_many_writers(database: Database):
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE counters (id integer PRIMARY KEY, n integer)"))
        await session.execute(text("INSERT INTO counters VALUES (1, 0)"))

    async def add(times: int) -> None:
        for _ in range(times):
            async with database.transaction() as session:
                await session.execute(text("UPDATE counters SET n = n + 1"))

    await asyncio.gather(*(add(20) for _ in range(16)))
    async with database.reading() as session:
        assert await session.scalar(text("SELECT n FROM counters")) == 320


async def test_a_cancelled_transaction_is_whole_or_nothing(database: Database):
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE pairs (a integer)"))

    async def write_two() -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO pairs VALUES (1)"))
            await asyncio.sleep(0)
            await session.execute(text("INSERT INTO pairs VALUES (2)"))

    for delay in range(30):
        task = asyncio.get_running_loop().create_task(write_two())
        await asyncio.sleep(delay / 3000)
        task.cancel()
        await asyncio.wait([task])
    async with database.transaction() as session:
        count = await session.scalar(text("SELECT count(*) FROM pairs"))
    assert count % 2 == 0


async def test_the_clock_is_the_databases_and_in_utc(database: Database):
    async with database.reading() as session:
        first, second = await now(session), await now(session)
    assert first.utcoffset().total_seconds() == 0
    assert first <= second


async def test_a_second_process_on_sqlite_is_refused_with_a_sentence(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'kazi.db'}")
    database.claim()
    code = (
        "from bot.store.database import Database\n"
        f"Database('sqlite:///{tmp_path / 'kazi.db'}').claim()"
    )
    second = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True
    )
    other = Database(f"sqlite:///{tmp_path / 'kazi.db'}")
    with pytest.raises(OneProcessOnly):
        other.claim()
    await database.dispose()
    other.claim()
    await other.dispose()
    assert "SQLite serves one process" in second.stderr


@pytest.mark.parametrize(
    ("state", "again"),
    [
        ("40001", True),
        ("40P01", True),
        ("55P03", True),
        ("57P01", True),
        ("08006", True),
        ("23505", False),
        ("42P01", False),
        ("57014", False),
    ],
)
def test_faults_worth_another_try_are_known_by_their_sqlstate(state: str, again: bool):
    assert transient(_fault(state)) is again


def test_a_full_pool_and_a_lost_connection_are_worth_another_try():
    assert transient(PoolTimeout())
    assert transient(ConnectionRefusedError())
    assert not transient(ValueError())


def _fault(state: str) -> DBAPIError:
    original = Exception("x")
    original.sqlstate = state  # type: ignore[attr-defined]
    return DBAPIError("SELECT 1", {}, original)
