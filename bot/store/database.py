"""The engine, the only commit, and which faults of a database are worth another try."""

import asyncio
import fcntl
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
from sqlalchemy import (
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session as SyncSession

from bot.crypto import Vault
from bot.errors import Refusal
from bot.i18n import N_
from bot.models.base import moment
from bot.store import sqlite

Session = AsyncSession
T = TypeVar("T")

TRIES = 5
KEY_FILE = "kazi.key"  # beside an SQLite file, when no key is given
# Statement 10 s, lock 3 s, idle in transaction 15 s: a stuck turn must not hold a worker's row.
POSTGRES_OPTIONS = (
    "-c statement_timeout=10000 -c lock_timeout=3000"
    " -c idle_in_transaction_session_timeout=15000 -c application_name=kazi"
)
UPSERTS: dict[str, Callable[[Any], Any]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite_dialect.insert,
}
_OLDEST_WRITER = text(
    "SELECT min(xact_start) FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
)
RETRY_STATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03"})


class OneProcessOnly(Refusal):
    msgid = N_(
        "Another Kazi process already uses {path}. SQLite serves one process: stop it, or use "
        "PostgreSQL."
    )


class Database:
    """One database of one Kazi: `transaction()` is the only place that commits."""

    def __init__(self, url: str, *, pool_size: int = 10, data_key: str = "") -> None:
        self.url = url
        self.shown = make_url(url).render_as_string(hide_password=True)
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        file = Path(make_url(url).database or "").with_name(KEY_FILE) if self.is_sqlite else None
        self.vault = Vault(data_key, file)
        known = {"vault": self.vault}
        self.engine, self._reader = _sqlite(url) if self.is_sqlite else _postgresql(url, pool_size)
        self._sessions = async_sessionmaker(
            self.engine, expire_on_commit=False, autoflush=False, info=known
        )
        self._readers = async_sessionmaker(
            self._reader, expire_on_commit=False, autoflush=False, info=known
        )
        self._quick = {"synchronous": "NORMAL"} if self.is_sqlite else {}
        self._lock: IO[str] | None = None

    @asynccontextmanager
    async def transaction(self, *, durable: bool = True) -> AsyncIterator[Session]:
        """A session that commits when the block ends, and rolls back when it raises.

        Without `durable`, what was committed last may be lost with the power of the machine (never
        with the process): for what is harmless to do again.
        """
        async with self._sessions() as session, session.begin():
            if not durable:
                await session.connection(execution_options=self._quick)
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A session for looking only: on SQLite beside the writer, never waiting for it."""
        async with self._readers() as session, session.begin():
            yield session

    async def run(self, work: Callable[[Session], Awaitable[T]], *, durable: bool = True) -> T:
        """Do `work` in one transaction, again (at most 5 times) when the fault is transient."""
        for attempt in range(TRIES):
            try:
                async with self.transaction(durable=durable) as session:
                    return await work(session)
            except Exception as error:
                if not transient(error) or attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.05 * 2**attempt * (0.5 + random.random()))  # noqa: S311
        raise AssertionError("unreachable")

    def claim(self) -> None:
        """Take the SQLite file for this process; raises OneProcessOnly when it is taken."""
        if not self.is_sqlite:
            return
        path = Path(make_url(self.url).database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise OneProcessOnly(path=path) from None
        self._lock = lock

    async def dispose(self) -> None:
        await self.engine.dispose()
        if self._reader is not self.engine:
            await self._reader.dispose()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


async def now(session: Session) -> datetime:
    """The database's clock."""
    found: datetime | None = await session.scalar(select(moment()))
    assert found is not None
    return found


async def oldest_writer(session: Session) -> datetime | None:
    """When the oldest transaction began that has written something and is still open.

    None: there is none, as on SQLite for everybody who can read: the writer is alone, and what it
    wrote has a moment of its own transaction.
    """
    if session.get_bind().dialect.name == "sqlite":
        return None
    found: datetime | None = await session.scalar(_OLDEST_WRITER)
    return found


def take_time(session: SyncSession) -> None:
    """A large file, or a reader that pauses (`kazi export | less`), outlasts a turn's limits."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def vault(session: Session) -> Vault:
    """The keys that names are sealed with."""
    found = session.info["vault"]
    assert isinstance(found, Vault)
    return found


def upsert(session: Session, table: Any) -> Any:
    """The dialect's INSERT, which knows ON CONFLICT; the same calls fit both databases."""
    return UPSERTS[session.get_bind().dialect.name](table)


def for_both(build: Callable[[Callable[[Any], Any]], Any]) -> Callable[[Session], Any]:
    """A statement built once for each database: `build` gets the INSERT that knows ON CONFLICT."""
    built = {name: build(insert) for name, insert in UPSERTS.items()}
    return lambda session: built[session.get_bind().dialect.name]


def transient(error: BaseException) -> bool:
    """Whether the same transaction may well succeed when tried again.

    By SQLSTATE, not by exception class: one deadlock has two classes on two drivers.
    """
    if isinstance(error, PoolTimeout | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in RETRY_STATES or state.startswith("08")
    words = str(error.orig)  # SQLite, and a PostgreSQL that was down when we connected
    return any(word in words for word in ("locked", "busy", "connection"))


def _sqlite(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    address = make_url(url).set(drivername="sqlite+inline")
    Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
    threads = {"check_same_thread": False}  # a commit waits for the disk in another thread
    writer = _engine(address, pool_size=1, max_overflow=0, pool_timeout=30, connect_args=threads)
    reader = _engine(address, pool_size=4, max_overflow=0, pool_timeout=30, connect_args=threads)
    sqlite.prepare(writer.sync_engine, "BEGIN IMMEDIATE")
    sqlite.prepare(reader.sync_engine, "BEGIN")
    return writer, reader


def _postgresql(url: str, pool_size: int) -> tuple[AsyncEngine, AsyncEngine]:
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = _engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        pool_pre_ping=True,
        connect_args={"options": POSTGRES_OPTIONS, "connect_timeout": 5},
    )
    return engine, engine


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _engine(url: Any, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,  # parameters hold answers and names; they stay out of logs
        **options,
    )
