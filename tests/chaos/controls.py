"""The negative controls: guards that KAZI_CHAOS_WITHOUT takes away, so that the storm must notice.

Several are separated by commas. Constraints are dropped in the storm's database before it begins;
the rest is done to the bot's process by its launcher. README.md says what each of them shows.
"""

import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event, text

from bot.store.database import Database

WITHOUT = frozenset(filter(None, os.environ.get("KAZI_CHAOS_WITHOUT", "").split(",")))
DROPPED = {
    "updates": "ALTER TABLE inbox DROP CONSTRAINT pk_inbox",
    "answers": "ALTER TABLE answers DROP CONSTRAINT uq_answers_assignment_id_revision",
    "held": "DROP INDEX uq_assignments_held",
    "assignments": "ALTER TABLE assignments DROP CONSTRAINT uq_assignments_worker_id_task_id",
    "postings": "ALTER TABLE postings DROP CONSTRAINT uq_postings_key",
}


async def loosen(database: Database) -> None:
    """Drop the constraints that are to be missing; PostgreSQL only."""
    async with database.transaction() as session:
        for name in WITHOUT & DROPPED.keys():
            await session.execute(text(DROPPED[name]))


def weaken() -> None:
    """Take the other guards out of this process."""
    unknown = WITHOUT - DROPPED.keys() - WEAKENED.keys()
    if unknown:
        raise SystemExit(f"no such guard: {', '.join(unknown)}")
    for name in WITHOUT & WEAKENED.keys():
        WEAKENED[name]()


def _rewrite(old: str, new: str, *, only: str = "") -> Callable[[], None]:
    """Every statement that holds `only` runs with `new` in place of `old`."""

    def listen() -> None:
        @event.listens_for(Engine, "before_cursor_execute", retval=True)
        def before(
            connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any
        ) -> tuple[str, Any]:
            return (statement.replace(old, new) if only in statement else statement), parameters

    return listen


WEAKENED: dict[str, Callable[[], None]] = {
    # Without their constraints these could not run at all.
    "updates": _rewrite(" ON CONFLICT DO NOTHING", "", only="INSERT INTO inbox"),
    "postings": _rewrite(" ON CONFLICT (key) DO NOTHING", "", only="INSERT INTO postings"),
    "lock": _rewrite(" FOR UPDATE OF chats, workers", ""),
    "state": _rewrite(" AND assignments.state = %(seen)s::VARCHAR", "", only="answered_at"),
}
