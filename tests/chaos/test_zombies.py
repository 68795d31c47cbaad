"""A process that stood still for longer than its leases goes on, and finds its writes refused."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from bot.models.base import moment, table
from bot.models.chat import Chat, Outbox
from bot.models.people import Worker
from bot.sandbox import Person
from bot.store.database import Database
from tests.chaos.alone import BOT_ID, SOON, has, meeting, process, write
from tests.chaos.process import starting

CARD = 77
LATE = 4  # seconds


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_frozen_process_writes_nothing_over_what_another_has_sent(
    database: Database, tmp_path: Path
):
    async with meeting() as (sandbox, person), starting(cold=False) as starter:
        zombie, other = (
            process("webhook", database, sandbox, tmp_path / name, starter)
            for name in ("zombie", "other")
        )
        await _show_card(database, person)
        sandbox.fault("sendMessage", "slow", seconds=LATE, count=1)
        await zombie.start()
        await write(database, person, "A task", card=CARD)
        await person.wait(has("A task"), timeout=SOON)
        zombie.freeze()
        async with database.transaction() as session:
            await session.execute(update(Outbox).values(lease_until=moment()))
        await other.start()
        await person.wait(has("A task", times=2), timeout=SOON)
        assert await other.stop(hurry=True) == 0  # with it, all that it did is written down
        zombie.thaw()
        assert await zombie.stop(hurry=True) == 0
    second = person.chat.messages[-1]["message_id"]
    async with database.reading() as session:
        sent = (await session.scalars(select(Outbox))).one()
        assert (sent.message_id, sent.attempts, sent.lease_owner) == (second, 2, None)
        assert await session.scalar(select(Chat.card_message)) == second


async def _show_card(database: Database, person: Person) -> None:
    async with database.transaction() as session:
        await session.execute(insert(table(Worker)).values(id=1, pseudonym="w-1"))
        chat = {"bot_id": BOT_ID, "chat_id": person.id, "worker_id": 1, "reachable": True}
        await session.execute(insert(table(Chat)).values(**chat, card=CARD))
