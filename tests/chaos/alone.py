"""A bot's process and one person, for whom letters are written by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from bot.models.base import table
from bot.models.chat import Outbox
from bot.sandbox import Person, Sandbox
from bot.sandbox.chats import Chat
from bot.store.database import Database, now
from tests.chaos.process import BotProcess, Starter, starting
from tests.life import TOKEN

BOT_ID = int(TOKEN.partition(":")[0])
SOON = 20  # seconds; less than half of a lease, most of it the start


@asynccontextmanager
async def meeting() -> AsyncIterator[tuple[Sandbox, Person]]:
    """A sandbox with somebody who has pressed Start."""
    async with Sandbox(token=TOKEN) as sandbox:
        person = sandbox.person("Person")
        person.started = True
        yield sandbox, person


@asynccontextmanager
async def running(
    mode: str, database: Database, sandbox: Sandbox, folder: Path
) -> AsyncIterator[BotProcess]:
    """A bot that has been started; stopping it is left to the test."""
    async with starting(cold=False) as starter:
        bot = process(mode, database, sandbox, folder, starter)
        await bot.start()
        yield bot


def process(
    mode: str, database: Database, sandbox: Sandbox, folder: Path, starter: Starter
) -> BotProcess:
    """A bot that is not started yet, with a folder of its own."""
    folder.mkdir(exist_ok=True)
    return BotProcess(
        mode, database_url=database.url, api_url=sandbox.url, folder=folder, starter=starter
    )


async def write(
    database: Database,
    person: Person,
    said: str,
    *,
    owner: str | None = None,
    due_in: float = 0,
    expires_in: float | None = None,
    card: int | None = None,
) -> None:
    """A letter, leased to `owner` if there is one; times in seconds of the database's clock."""
    async with database.transaction() as session:
        at = await now(session)
        values = {
            "bot_id": BOT_ID,
            "chat_id": person.id,
            "lane": 0,
            "method": "sendMessage",
            "payload": {"chat_id": person.id, "text": said},
            "attempts": 1 if owner else 0,
            "lease_owner": owner,
            "lease_until": at + timedelta(seconds=45) if owner else None,
            "due_at": at + timedelta(seconds=due_in),
            "expires_at": None if expires_in is None else at + timedelta(seconds=expires_in),
            "card": card,
        }
        await session.execute(insert(table(Outbox)).values(**values))


def has(said: str, times: int = 1) -> Callable[[Chat], bool]:
    """Whether a chat has this message, so often at least."""
    return lambda chat: [one.get("text") for one in chat.messages].count(said) >= times
