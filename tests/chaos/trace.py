"""What the bot did turn by turn, so that a fault can be understood: on PostgreSQL only.

Triggers of the storm's own note each update that is taken and each change of an assignment, of the
card that a chat shows, and of the outbox, with its transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import text

from bot.store.database import Database, Session
from tests.chaos.people import Act

NOTES = (
    "CREATE TABLE storm_trace (id bigserial PRIMARY KEY, turn xid8 DEFAULT pg_current_xact_id(),"
    " at timestamptz DEFAULT clock_timestamp(), source text, new json)"
)
NOTE = (
    "CREATE FUNCTION storm_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO storm_trace (source, new) VALUES (TG_TABLE_NAME, row_to_json(NEW));"
    " RETURN NULL; END $$"
)
TRIGGER = (
    "CREATE TRIGGER storm_note AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION storm_note()"
)
NOTED = {
    "inbox": "INSERT",
    "outbox": "INSERT",
    "chats": "UPDATE OF expecting, card, card_message",
    "assignments": "INSERT OR UPDATE OF state, nonce",
}
READ = text(
    "SELECT turn::text AS turn, at, source, new FROM storm_trace WHERE"
    " (source = 'inbox' AND (new->>'update_id')::bigint = ANY(:updates))"
    " OR (source IN ('outbox', 'chats') AND (new->>'chat_id')::bigint = :chat)"
    " OR (source = 'assignments' AND (new->>'worker_id')::bigint ="
    " (SELECT worker_id FROM chats WHERE chat_id = :chat))"
    " ORDER BY id"
)
BEFORE, AFTER = 8, 2  # turns that are told


class Note(NamedTuple):
    """A row as a transaction left it."""

    turn: str
    at: datetime
    source: str
    new: dict[str, Any]


async def begin(database: Database) -> None:
    """Note everything from now on."""
    if database.is_sqlite:
        return
    triggers = (TRIGGER.format(events=events, table=name) for name, events in NOTED.items())
    async with database.transaction() as session:
        for statement in (NOTES, NOTE, *triggers):
            await session.execute(text(statement))


async def around(session: Session, chat: int, acts: Iterable[Act], act: Act) -> list[str]:
    """The turns in one person's chat around the one that took this act, a line for each change."""
    if session.get_bind().dialect.name == "sqlite":
        return []
    acts_by_id = {one.update_id: one for one in acts}
    found = await session.execute(READ, {"updates": list(acts_by_id), "chat": chat})
    notes = (Note(*row) for row in found)
    turns = [list(turn) for _, turn in groupby(notes, lambda note: note.turn)]
    place = next((at for at, turn in enumerate(turns) if _takes(turn, act)), 0)
    near = turns[max(0, place - BEFORE) : place + AFTER + 1]
    return [line for turn in near for line in _tell(turn, acts_by_id)]


def _takes(turn: Sequence[Note], act: Act) -> bool:
    return any(note.new.get("update_id") == act.update_id for note in turn)


def _tell(turn: Sequence[Note], acts: dict[int, Act]) -> Iterator[str]:
    yield f"  {turn[0].at:%H:%M:%S.%f}"
    for note in turn:
        new = note.new
        match note.source:
            case "inbox":
                yield f"    {acts[new['update_id']]}"
            case "chats":
                place = f"card {new['card']} on message {new['card_message']}"
                yield f"    chat: {place}, expecting {new['expecting']}"
            case "assignments":
                yield f"    assignment {new['id']}: {new['state']}, nonce {new['nonce']}"
            case _:
                yield f"    {new['method']}: {_said(new['payload'])}"


def _said(payload: dict[str, Any]) -> str:
    return f"{payload.get('message_id', 'new')} {str(payload.get('text', ''))[:150]!r}"
