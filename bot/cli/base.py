"""What every command needs: settings, a database that is up to date, and an event loop."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import typer
import uvloop

from bot.settings import Settings
from bot.store import migrate
from bot.store.database import Database, Session

T = TypeVar("T")

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database-url",
        help="sqlite:///var/kazi.db or postgresql://user@host/db. Default: KAZI_DATABASE_URL.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine in the fast event loop."""
    return uvloop.run(work)


def configured(database_url: str = "", **overrides: Any) -> Settings:
    """The settings, with what the command line says on top."""
    given: dict[str, Any] = {"database_url": database_url} if database_url else {}
    return Settings(**given, **overrides)


def database(settings: Settings) -> Database:
    """The configured database, with the keys for the names in it."""
    return Database(settings.database_url, data_key=settings.data_key.get_secret_value())


@asynccontextmanager
async def opened(database_url: str = "") -> AsyncIterator[Database]:
    """The configured database, migrated."""
    found = database(configured(database_url))
    try:
        if await migrate.current(found) != migrate.newest():
            await migrate.upgrade(found)
        yield found
    finally:
        await found.dispose()


async def reading(work: Callable[[Session], Awaitable[T]], database_url: str) -> T:
    """Look something up in the configured database."""
    async with opened(database_url) as database, database.reading() as session:
        return await work(session)


async def changing(work: Callable[[Session], Awaitable[T]], database_url: str) -> T:
    """Change something in the configured database, in one transaction."""
    async with opened(database_url) as database:
        return await database.run(work)


@contextmanager
def stream(output: Path | None) -> Iterator[TextIO]:
    """The file, complete or not at all; or standard output."""
    if output is None:
        sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
        return
    part = output.with_name(output.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        yield stream
    part.replace(output)
