"""Migrations: bring a database to the newest revision, and say where it stands."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.store.database import Database


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option(
        "file_template",
        "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s",
    )
    made.attributes["connection"] = connection
    return made


async def upgrade(database: Database, revision: str = "head") -> None:
    """Run what is missing, in one transaction."""
    await _run(database, lambda sync: command.upgrade(config(sync), revision))


async def downgrade(database: Database, revision: str) -> None:
    await _run(database, lambda sync: command.downgrade(config(sync), revision))


async def _run(database: Database, revisions: Callable[[Connection], None]) -> None:
    """On SQLite a changed table is copied and dropped: foreign keys are looked at afterwards."""
    async with database.engine.connect() as connection:
        await connection.execution_options(foreign_keys="OFF")
        async with connection.begin():
            await connection.run_sync(revisions)
            if database.is_sqlite:
                broken = await connection.execute(text("PRAGMA foreign_key_check"))
                assert broken.all() == []


async def current(database: Database) -> str | None:
    """The revision the database is at; None for an empty one."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )


def newest() -> str:
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head
