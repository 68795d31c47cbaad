"""Migrations and models are one thing said twice; both must say the same."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import bot.models  # noqa: F401
from bot.models.base import Base
from bot.store import migrate
from bot.store.database import Database


async def test_migrations_give_the_tables_of_the_models(database: Database):
    async with database.engine.begin() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    assert differences == []


async def test_up_down_up_leaves_the_newest_revision(database: Database):
    await migrate.downgrade(database, "base")
    assert await migrate.current(database) is None
    await migrate.upgrade(database)
    assert await migrate.current(database) == migrate.newest()
