"""/privacy: what is stored, and taking agreements back."""

from bot.people import consent
from tests.handlers.people import begin, press, worker_of, write
from tests.life import Life, buttons


async def test_all_agreements_are_shown_with_their_day(bot: Life) -> None:
    person = await bot.join("Amina")
    text = await write(bot, person, "/privacy")
    assert text.count("agreed ") == 3 + 1  # and "what you agreed to"
    assert (await worker_of(bot, person)).pseudonym in text


async def test_withdrawing_takes_two_steps_and_pauses_new_work(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/privacy")
    assert "What you have earned stays yours" in await press(bot, person, "pv:ask:answers")
    assert buttons(person.last)[0] == "Keep it"
    assert (await worker_of(bot, person)).state == "active"
    assert "New work is paused" in await press(bot, person, "pv:withdraw:answers")
    worker = await worker_of(bot, person)
    assert worker.state == "paused"
    async with bot.database.reading() as session:
        assert await consent.missing(session, worker.id) == ["answers"]


async def test_agreeing_again_resumes_work(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/privacy")
    await press(bot, person, "pv:ask:terms")
    await press(bot, person, "pv:withdraw:terms")
    await press(bot, person, "pv:give:terms")
    assert (await worker_of(bot, person)).state == "active"


async def test_start_says_why_work_is_paused(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/privacy")
    await press(bot, person, "pv:ask:terms")
    await press(bot, person, "pv:withdraw:terms")
    assert "New work is paused" in await write(bot, person, "/start")


async def test_documents_can_be_read_before_joining(bot: Life) -> None:
    person = await begin(bot)
    assert "not agreed" in await write(bot, person, "/privacy")
    await press(bot, person, "pv:read:privacy")
    assert "Version 2026-11" in person.last["text"]
    await person.tap_data(person.last["message_id"], "pv:give:privacy")
    await bot.settle()
    worker = await worker_of(bot, person)
    async with bot.database.reading() as session:
        assert await consent.standing(session, worker.id) == {}
