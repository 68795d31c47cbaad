"""How a bot ends, and what the next one finds of its letters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from bot.models.base import table
from bot.models.chat import Outbox
from bot.sandbox import Person, Sandbox
from bot.store.database import Database, now
from tests.chaos.process import BotProcess
from tests.life import TOKEN

BOT_ID = int(TOKEN.partition(":")[0])
SOON = 20  # seconds; less than half of a lease, most of it the start


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_sigterm_waits_for_the_letter_on_the_wire(
    mode: str, database: Database, tmp_path: Path
):
    async with _sandbox() as (sandbox, person):
        slow = sandbox.fault("sendMessage", "timeout", seconds=2, count=1, executes=True)
        bot = BotProcess(
            mode, database_url=database.url, api_url=sandbox.url, folder=tmp_path, cold=False
        )
        await _write(database, person, owner=None)
        try:
            await bot.start()
            await person.wait(lambda chat: slow.count == 0 and chat.messages, timeout=SOON)
            assert await bot.stop() == 0
        finally:
            await bot.close()
    async with database.reading() as session:
        assert await session.scalar(select(Outbox.lease_owner)) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_on_sqlite_the_letters_of_a_dead_process_go_out_at_once(
    database: Database, tmp_path: Path
):
    """The file serves one process at a time, so who leased them cannot be alive."""
    async with _sandbox() as (sandbox, person):
        await _write(database, person, owner="dead")
        bot = BotProcess(
            "polling", database_url=database.url, api_url=sandbox.url, folder=tmp_path, cold=False
        )
        try:
            await bot.start()
            await person.wait(lambda chat: chat.messages, timeout=SOON)
            assert await bot.stop() == 0
        finally:
            await bot.close()


@asynccontextmanager
async def _sandbox() -> AsyncIterator[tuple[Sandbox, Person]]:
    async with Sandbox(token=TOKEN) as sandbox:
        person = sandbox.person("Person")
        person.started = True
        yield sandbox, person


async def _write(database: Database, person: Person, *, owner: str | None) -> None:
    async with database.transaction() as session:
        until = await now(session) + timedelta(seconds=45)
        values = {
            "bot_id": BOT_ID,
            "chat_id": person.id,
            "lane": 0,
            "method": "sendMessage",
            "payload": {"chat_id": person.id, "text": "Saved."},
            "attempts": 1 if owner else 0,
            "lease_owner": owner,
            "lease_until": until if owner else None,
        }
        await session.execute(insert(table(Outbox)).values(**values))
