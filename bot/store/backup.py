"""Copies of a whole database, taken while the bot runs, and put back.

SQLite is copied by its online backup, PostgreSQL by its own pg_dump, pg_restore and psql. A copy
appears under its name only when it is complete; a target is replaced in one transaction.
"""

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import which

from alembic.script import ScriptDirectory
from psycopg.conninfo import make_conninfo
from sqlalchemy import inspect, make_url, text

from bot.errors import Refusal
from bot.i18n import N_
from bot.store import migrate
from bot.store.database import Database

PAGES = 2000  # of 4 KiB between two words about the progress
GLANCE = 0.2  # seconds between two looks at what pg_dump has written
MAGIC = {b"SQLite format 3\0": "sqlite", b"PGDMP": "postgresql"}

Progress = Callable[[int, int | None], None]
"""Gets what is done and what there is to do, None when nobody knows."""


class FileThere(Refusal):
    msgid = N_("{path} exists already. Add --force to replace it.")


class SameFile(Refusal):
    msgid = N_("{path} is the database itself.")


class NoDatabase(Refusal):
    msgid = N_("There is no database at {path}.")


class ToolMissing(Refusal):
    msgid = N_(
        "{tool} was not found in PATH. It comes with PostgreSQL's client programs, on Debian in "
        "the package postgresql-client."
    )


class ToolFailed(Refusal):
    msgid = N_("{tool} failed: {words}")


class NotABackup(Refusal):
    msgid = N_("{path} is not a whole backup of Kazi: {why}")


class OtherKind(Refusal):
    msgid = N_("{path} is a backup of {found}, and the database is {wanted}.")


class TooNew(Refusal):
    msgid = N_("{path} comes from a newer Kazi (revision {revision}). Install that version first.")


class HoldsData(Refusal):
    msgid = N_("This database is not empty. Add --yes to replace all of it by the backup.")


class StillServed(Refusal):
    msgid = N_("Kazi still uses this database ({count} connections). Stop it first.")


def save(url: str, target: Path, *, force: bool = False, progress: Progress) -> None:
    """Copy the database into a file of one's own: complete, or not there at all."""
    kind = _kind_of_url(url)
    if kind == "sqlite" and target.resolve() == _sqlite_path(url).resolve():
        raise SameFile(path=target)
    if target.exists() and not force:
        raise FileThere(path=target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(target) as part:
        if kind == "sqlite":
            _save_sqlite(_sqlite_path(url), part, progress)
        else:
            _save_postgresql(url, part, progress)
        _reach_disk(part)
        if target.exists() and not force:  # somebody made it meanwhile
            raise FileThere(path=target)
        part.replace(target)
    _reach_disk(target.parent)


def check(url: str, file: Path) -> str:
    """Prove that a file can be put back into this database; the revision it was taken at.

    Raises NotABackup, OtherKind or TooNew.
    """
    found, wanted = _kind_of_file(file), _kind_of_url(url)
    if found is None:
        raise NotABackup(path=file, why="neither SQLite nor pg_dump wrote it")
    if found != wanted:
        raise OtherKind(path=file, found=found, wanted=wanted)
    revision = _check_sqlite(file) if found == "sqlite" else _check_postgresql(file)
    if revision not in _known_revisions():
        raise TooNew(path=file, revision=revision)
    return revision


async def occupied(database: Database) -> bool:
    """Whether the database has any table."""
    async with database.engine.connect() as connection:
        return bool(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def alone(database: Database) -> None:
    """Make sure that no bot works on the database; raises OneProcessOnly or StillServed.

    SQLite's file stays claimed until `dispose`.
    """
    database.claim()
    if database.is_sqlite:
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'kazi' AND pid <> pg_backend_pid()"
    )
    async with database.engine.connect() as connection:
        count = (await connection.execute(others)).scalar_one()
    if count:
        raise StillServed(count=count)


def load_sqlite(file: Path, target: Path, *, progress: Progress) -> None:
    """Replace all that `target` holds, in one transaction: killed, it holds what it held."""
    with _opened(file, "ro") as source, closing(sqlite3.connect(target)) as into:
        _copy(source, into, progress)


async def load_postgresql(database: Database, file: Path) -> None:
    """Replace all that the database holds, in one transaction."""
    with tempfile.TemporaryDirectory(prefix="kazi-restore-") as folder:
        before, dump = Path(folder) / "before.sql", Path(folder) / "dump.sql"
        before.write_text("\n".join(await _drops(database)), encoding="utf-8")
        await database.engine.dispose()  # a connection of ours must not hold what is dropped
        _call("pg_restore", "--no-owner", "--no-privileges", f"--file={dump}", str(file))
        address, env = _postgresql_address(database.url)
        where = ("--set=ON_ERROR_STOP=1", "--single-transaction", f"--dbname={address}")
        files = (f"--file={before}", f"--file={dump}")
        _call("psql", "--no-psqlrc", "--quiet", "--output=/dev/null", *where, *files, env=env)


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def _save_sqlite(source: Path, target: Path, progress: Progress) -> None:
    if not source.exists():
        raise NoDatabase(path=source)
    with _opened(source, "rw") as bot, closing(sqlite3.connect(target)) as copy:
        # One snapshot for the whole copy: without it, each write of the bot starts it over.
        bot.execute("BEGIN")
        bot.execute("SELECT count(*) FROM sqlite_master").fetchone()
        _copy(bot, copy, progress)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without companions
    _check_sqlite(target)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, progress: Progress) -> None:
    def told(status: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)

    source.backup(target, pages=PAGES, progress=told, sleep=0.01)


def _check_sqlite(file: Path) -> str:
    try:
        with _opened(file, "ro") as copy:
            faults = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
            if faults != ["ok"]:
                raise NotABackup(path=file, why="; ".join(faults))
            row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise NotABackup(path=file, why=str(error)) from None
    return str(row[0]) if row else ""


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """An existing SQLite file; nothing is made where there is none."""
    address = f"{path.resolve().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        yield connection


def _save_postgresql(url: str, target: Path, progress: Progress) -> None:
    address, env = _postgresql_address(url)
    command = (_found("pg_dump"), "--format=custom", "--no-owner", "--no-privileges")
    doing = subprocess.Popen(  # noqa: S603 - our own words, no shell
        [*command, f"--file={target}", f"--dbname={address}"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | env,
    )
    words = ""
    while doing.returncode is None:
        try:
            words = doing.communicate(timeout=GLANCE)[1].strip()
        except subprocess.TimeoutExpired:
            progress(target.stat().st_size, None)
        except BaseException:  # Ctrl-C: nothing goes on behind our back
            doing.kill()
            raise
    if doing.returncode:
        raise ToolFailed(tool="pg_dump", words=words)


def _check_postgresql(file: Path) -> str:
    try:
        contents = _call("pg_restore", "--list", str(file))
        if "TABLE DATA" not in contents or "alembic_version" not in contents:
            raise NotABackup(path=file, why="the tables of Kazi are not in it")
        only = ("--data-only", "--table=alembic_version", "--file=-")
        rows = _call("pg_restore", *only, str(file)).splitlines()
    except ToolFailed as failed:
        raise NotABackup(path=file, why=str(failed)) from None
    start = next((n for n, row in enumerate(rows) if row.startswith("COPY ")), None)
    return rows[start + 1].strip() if start is not None else ""


async def _drops(database: Database) -> list[str]:
    """Statements that empty the schema: tables and functions, those of newer versions as well."""
    tables = (
        "SELECT format('DROP TABLE %I.%I CASCADE;', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname = current_schema()"
    )
    functions = (
        "SELECT format('DROP ROUTINE %s CASCADE;', p.oid::regprocedure) FROM pg_proc p"
        " WHERE p.pronamespace = current_schema()::regnamespace AND NOT EXISTS"
        " (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    async with database.engine.connect() as connection:
        found = [await connection.execute(text(query)) for query in (tables, functions)]
        return [row[0] for rows in found for row in rows]


def _call(tool: str, *args: str, env: dict[str, str] | None = None) -> str:
    """Run one of PostgreSQL's programs; what it wrote. Raises ToolMissing or ToolFailed."""
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [_found(tool), *args],
        capture_output=True,
        check=False,
        text=True,
        env=os.environ | (env or {}),
    )
    if done.returncode:
        raise ToolFailed(tool=tool, words=done.stderr.strip())
    return done.stdout


def _found(tool: str) -> str:
    path = which(tool)
    if path is None:
        raise ToolMissing(tool=tool)
    return path


def _postgresql_address(url: str) -> tuple[str, dict[str, str]]:
    """The address in libpq's words, without the password, which others could read in `ps`."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    given = address.get_dialect()().create_connect_args(address)[1]
    parts = {name: str(value) for name, value in given.items()}
    password = parts.pop("password", None)
    return make_conninfo(**parts), {} if password is None else {"PGPASSWORD": password}


def _kind_of_url(url: str) -> str:
    return make_url(url).get_backend_name()


def _kind_of_file(file: Path) -> str | None:
    with file.open("rb") as stream:
        head = stream.read(16)
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)


def _sqlite_path(url: str) -> Path:
    return Path(make_url(url).database or "")


def _known_revisions() -> set[str]:
    scripts = ScriptDirectory.from_config(migrate.config())
    return {script.revision for script in scripts.walk_revisions()}


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file next to the target that nobody else may read, gone afterwards if it was not renamed.

    It holds every name and every answer: mkstemp makes it readable by its owner alone.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        for left in (
            part,
            *(part.with_name(part.name + end) for end in ("-journal", "-wal", "-shm")),
        ):
            left.unlink(missing_ok=True)


def _reach_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
