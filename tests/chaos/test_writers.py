"""An SQLite file under sixteen writers, cancelled and killed: what was said to be written is there.

`KAZI_CHAOS_WRITES=1000 KAZI_CHAOS_KILLS=25` is the long form.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.store.database import Database
from tests.chaos import writers
from tests.chaos.process import ROOT

WRITES = int(os.environ.get("KAZI_CHAOS_WRITES", "60"))
KILLS = int(os.environ.get("KAZI_CHAOS_KILLS", "3"))


@pytest.mark.timeout(120 + 20 * KILLS)
async def test_no_write_that_was_said_is_lost(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'kazi.db'}")
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE counter (n integer)"))
        await session.execute(text("INSERT INTO counter VALUES (0)"))
        await session.execute(text("CREATE TABLE notes (id integer PRIMARY KEY)"))
    said: set[int] = set()
    for run in range(KILLS + 1):
        patience = random.uniform(0.2, 1.0) if run < KILLS else None
        said |= await _run(database.url, first=run * 10**6, patience=patience)
    async with database.reading() as session:
        noted = set((await session.scalars(text("SELECT id FROM notes"))).all())
        assert await session.scalar(text("SELECT n FROM counter")) == len(noted)
        assert await session.scalar(text("PRAGMA integrity_check")) == "ok"
    await database.dispose()
    assert said <= noted
    assert len(said) > 0.8 * writers.WRITERS * WRITES, "the last run comes to its end"


async def _run(url: str, *, first: int, patience: float | None) -> set[int]:
    """One process, killed after `patience` seconds of writing; what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.writers", url, str(first), str(WRITES)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    said = [await process.stdout.readline()]
    rest = asyncio.ensure_future(process.stdout.read())
    if patience is not None:
        await asyncio.wait([rest], timeout=patience)
        if process.returncode is None and not rest.done():
            process.kill()
    said += (await rest).splitlines(keepends=True)
    await process.wait()
    return {int(line) for line in said if line.endswith(b"\n")}
