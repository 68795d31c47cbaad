"""A bot whose own clock is wrong: what is due is due by the database's, not sooner or later."""

from pathlib import Path

from sqlalchemy import select

from bot.models.chat import Outbox
from bot.store.database import Database
from tests.chaos.alone import SOON, has, meeting, running, write

HOUR, DAY = 3600.0, 86_400.0


async def test_a_clock_that_jumps_makes_nothing_due_sooner_or_later(
    database: Database, tmp_path: Path
):
    async with (
        meeting() as (sandbox, person),
        running("polling", database, sandbox, tmp_path) as bot,
    ):
        (other := sandbox.person("Other")).started = True
        await write(database, other, "in half an hour", due_in=HOUR / 2)
        for ahead in (HOUR, -HOUR, DAY):
            bot.set_clock(ahead)
            for said in (f"after {ahead}", f"long after {ahead}"):
                await write(database, person, said, expires_in=HOUR / 2)
                await person.wait(has(said), timeout=SOON)
        assert await bot.stop() == 0
        assert other.chat.messages == []
    async with database.reading() as session:
        (waits,) = await session.scalars(select(Outbox).where(Outbox.sent_at.is_(None)))
        assert waits.dead is None
