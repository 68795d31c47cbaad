"""How a bot ends, and what the next one finds of its letters."""

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.models.chat import Outbox
from bot.store.database import Database
from tests.chaos.alone import SOON, has, meeting, running, write


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_sigterm_waits_for_the_letter_on_the_wire(
    mode: str, database: Database, tmp_path: Path
):
    async with meeting() as (sandbox, person):
        slow = sandbox.fault("sendMessage", "timeout", seconds=2, count=1, executes=True)
        await write(database, person, "Saved.")
        async with running(mode, database, sandbox, tmp_path) as bot:
            await person.wait(lambda chat: slow.count == 0 and chat.messages, timeout=SOON)
            assert await bot.stop() == 0
    async with database.reading() as session:
        assert await session.scalar(select(Outbox.lease_owner)) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_on_sqlite_the_letters_of_a_dead_process_go_out_at_once(
    database: Database, tmp_path: Path
):
    """The file serves one process at a time, so who leased them cannot be alive."""
    async with meeting() as (sandbox, person):
        await write(database, person, "Saved.", owner="dead")
        async with running("polling", database, sandbox, tmp_path) as bot:
            await person.wait(has("Saved."), timeout=SOON)
            assert await bot.stop() == 0
