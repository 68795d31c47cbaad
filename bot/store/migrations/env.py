"""Runs the revisions, on the connection that `bot.store.migrate` gives."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection

import bot.models  # noqa: F401 - every table, for autogenerate
from bot.models.base import Base, Utc, moment

ADVISORY_LOCK = 5294  # two deployments must not migrate at once


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our UTC type as SQLAlchemy's own, so that revisions do not import our code."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), moment):
        return "sa.text(MOMENT)"
    return False


def run(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=is_sqlite,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
