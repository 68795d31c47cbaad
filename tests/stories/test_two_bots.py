"""Two bots on one database: each has its own chats, its own letters and its own files."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.models.chat import Chat
from bot.settings import Settings
from bot.store.database import Database
from tests.handlers import office
from tests.handlers.office import press, tell
from tests.life import TOKEN, Life, living

OTHER = "7000000009:another-token-that-opens-nothing-outside"


@pytest.fixture
async def second(bot: Life, database: Database) -> AsyncIterator[Life]:
    async with living(database, token=OTHER, first=False) as found:
        yield found


async def test_a_worker_belongs_to_the_bot_they_started(bot: Life, second: Life) -> None:
    made = await office.project(bot)
    await tell(bot, bot.owner, f"/p_{made.code}")
    await press(bot, bot.owner, "Open…")
    await press(bot, bot.owner, "Open it")
    here = await bot.join("Amina", id=77)
    there = await second.join("Amina", id=77)
    for life, person in ((bot, here), (second, there)):
        await tell(life, person, "/work")
        await press(life, person, "red")
    async with bot.database.reading() as session:
        rows = (await session.scalars(select(Chat).where(Chat.chat_id == 77))).all()
    assert {chat.bot_id for chat in rows} == {bot.kazi.bot_id, second.kazi.bot_id}
    assert len({chat.worker_id for chat in rows}) == 2


async def test_a_file_is_fetched_by_the_bot_it_was_sent_to(bot: Life, second: Life) -> None:
    owner = second.owner
    rows = b"key,text\nr1,The bus was late.\n"
    await owner.upload("document", rows, filename="reviews.csv", caption="/newproject")
    await second.settle()
    await bot.tick("read_uploads")
    assert "1 row" not in str(owner.chat.messages)
    await second.tick("read_uploads")
    await second.tick("send")
    assert any("Create draft" in str(message) for message in owner.chat.messages)


def test_each_token_is_a_bot_once() -> None:
    settings = Settings(_env_file=None, bot_token=TOKEN, bot_tokens=f"{OTHER}, {TOKEN}")
    assert [one.token for one in settings.bots()] == [TOKEN, OTHER]
    assert OTHER not in repr(settings)
    assert Settings(_env_file=None, bot_token="").bots() == []
