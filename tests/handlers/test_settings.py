"""/settings: one card, edited in place."""

from datetime import timedelta

from sqlalchemy import update

from bot.clock import now
from bot.models.base import table
from bot.models.chat import StatusCard
from bot.people import languages
from tests.handlers.people import press, said, toast, worker_of, write
from tests.handlers.test_balance import earn
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes


async def test_each_row_shows_what_is_set(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/settings")
    rows = buttons(last_with_buttons(person))
    assert rows[0] == "Language: English"
    assert rows[1] == "Country: Kenya"
    assert rows[2].startswith("Time zone: Nairobi · ")
    assert rows[3] == "Work languages: English"


async def test_a_new_language_changes_card_keyboard_and_menu(bot: Life) -> None:
    person = await bot.join("Amina")
    before = list(person.chat.commands)
    await write(bot, person, "/settings")
    await press(bot, person, "st:languages")
    await press(bot, person, "st:lang:sw")
    assert (await worker_of(bot, person)).locale == "sw"
    assert "Kiswahili" in buttons(last_with_buttons(person))[0]
    assert [command["command"] for command in person.chat.commands] == [
        command["command"] for command in before
    ]


async def test_the_card_stays_one_message(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/settings")
    count = len(said(person))
    for data in ("st:work", "st:work:sw", "st:level:sw:native", "st:home", "st:zones", "st:home"):
        await press(bot, person, data)
    assert len(said(person)) == count
    assert buttons(person.last)[3] == "Work languages: English, Kiswahili"


async def test_moving_sets_currency_and_asks_which_time(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/settings")
    await press(bot, person, "st:countries")
    await write(bot, person, "indonesia")
    assert "city" in await press(bot, person, "st:country:ID")
    await press(bot, person, "st:zone:Asia/Makassar")
    worker = await worker_of(bot, person)
    assert (worker.country, worker.currency, worker.zone) == ("ID", "IDR", "Asia/Makassar")


async def test_the_last_work_language_stays(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/settings")
    await press(bot, person, "st:work")
    await press(bot, person, "st:work:en")
    await press(bot, person, "st:drop:en")
    assert toast(person).startswith("Keep at least one language.")
    worker = await worker_of(bot, person)
    async with bot.database.reading() as session:
        assert await languages.of(session, worker.id) == {"en": "native"}


async def test_forged_settings_change_nothing(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/settings")
    card = last_with_buttons(person)["message_id"]
    for data in ("st:lang:tlh", "st:zone:Mars", "st:country:XX", "st:level:sw:god", "st:work:zz"):
        await person.tap_data(card, data)
    await bot.settle()
    worker = await worker_of(bot, person)
    assert (worker.locale, worker.country, worker.zone) == ("en", "KE", "Africa/Nairobi")


async def test_a_pinned_card_follows_the_balance_in_silence(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/settings")
    await press(bot, person, "st:status:on")

    async def look() -> None:
        past = update(table(StatusCard)).values(due_at=now() - timedelta(seconds=1))
        await scenes.change(bot, past)
        await bot.tick("show_status")
        await bot.tick("send")

    await look()  # the card is written
    await look()  # and pinned when it is there
    pinned = person.chat.pinned
    assert pinned is not None
    before = len(person.chat.messages)
    await earn(bot, await worker_of(bot, person), 2, accepted=1)
    await look()
    await look()
    assert len(person.chat.messages) == before
    said = person.chat.find(pinned)["text"]
    assert "Available $0.02\xa0USD, pending $0.02\xa0USD" in said

    await press(bot, person, "st:status:off")
    assert person.chat.pinned is None
    await look()
    assert len(person.chat.messages) == before
    await person.tap_data(person.last["message_id"], "st:status:maybe")
    await bot.settle()
    assert "no longer there" in person.chat.toasts[-1]["text"]
