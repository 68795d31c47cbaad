"""What somebody says they are an expert of."""

import pytest
from sqlalchemy import func, select

from bot.errors import Gone
from bot.models.people import Audit, Worker
from bot.pay import experts
from bot.store.database import Database


async def test_a_field_is_declared_once_and_taken_back(database: Database) -> None:
    async with database.transaction() as session:
        worker = Worker(pseudonym="w-expert", state="active")
        session.add(worker)
        await session.flush()
        assert "software" in await experts.fields(session)
        for field in ("software", "software", ""):
            await experts.declare(session, worker, field)
        assert worker.field is None
        assert await session.scalar(select(func.count()).select_from(Audit)) == 2
        with pytest.raises(Gone):
            await experts.declare(session, worker, "alchemy")
