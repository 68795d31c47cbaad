"""/start and joining, as a person sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.clock import now
from bot.models.people import Consent, Identity, Invite
from bot.people import consent, invites, languages, onboarding, roles
from tests.handlers.people import begin, press, press_first, said, worker_of, write
from tests.life import Life, buttons, last_with_buttons


async def test_the_first_buttons_lead_home(bot: Life) -> None:
    person = await bot.join("Amina", language="sw")
    worker = await worker_of(bot, person)
    assert (worker.state, worker.step, worker.locale) == ("active", None, "sw")
    async with bot.database.reading() as session:
        assert await consent.missing(session, worker.id) == []
        assert await languages.of(session, worker.id) == {"sw": "native"}


async def test_joining_is_one_message_and_then_home(bot: Life) -> None:
    person = await bot.join("Amina")
    assert len(said(person)) == 2
    assert said(person)[-1] == "You are set. Tap Work for your first task."
    assert person.chat.keyboard is not None


async def test_the_language_of_the_app_is_offered_first_in_words_of_both(bot: Life) -> None:
    person = await begin(bot, language="sw")
    card = last_with_buttons(person)
    assert buttons(card)[:2] == ["Kiswahili", "English"]
    assert "Choose your language." in card["text"]


async def test_each_agreement_can_be_read_and_is_given_alone(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person, 2)
    await press(bot, person, "on:read:terms")
    assert "Version 2026-11" in last_with_buttons(person)["text"]
    assert buttons(last_with_buttons(person))[0] == "I agree"
    await press_first(bot, person)
    worker = await worker_of(bot, person)
    async with bot.database.reading() as session:
        assert list(await consent.standing(session, worker.id)) == ["terms"]
    assert worker.step == "privacy"


@pytest.mark.parametrize("step", onboarding.STEPS)
async def test_start_resumes_at_every_step(bot: Life, step: str) -> None:
    person = await begin(bot)
    await press_first(bot, person, onboarding.STEPS.index(step))
    shown = last_with_buttons(person)
    assert await write(bot, person, "/start") == shown["text"]
    assert buttons(person.last) == buttons(shown)
    assert (await worker_of(bot, person)).step == step


async def test_text_on_the_way_shows_the_step_again_and_why(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person)
    assert (await write(bot, person, "hello")).startswith("A few questions first.")
    assert buttons(person.last)[0] == "Continue"
    assert (await write(bot, person, "/work")).startswith("A few questions first.")


async def test_a_double_tap_is_one_tap(bot: Life) -> None:
    person = await begin(bot)
    card = last_with_buttons(person)["message_id"]
    for _ in range(3):
        await person.tap_data(card, "on:lang:en")
    await bot.settle()
    assert (await worker_of(bot, person)).step == "intro"
    assert len(said(person)) == 1


async def test_a_button_of_an_earlier_step_leads_to_the_open_one(bot: Life) -> None:
    person = await begin(bot)
    card = last_with_buttons(person)["message_id"]
    await press_first(bot, person, 5)
    await person.tap_data(card, "on:agree:terms")
    await bot.settle()
    assert (await worker_of(bot, person)).step == "adult"
    assert person.last["text"] == "Are you 18 or older?"


async def test_an_old_card_is_harmless_after_joining(bot: Life) -> None:
    person = await bot.join("Amina")
    first = next(m for m in person.chat.messages if m["from"]["is_bot"])["message_id"]
    await person.tap_data(first, "on:adult:no")
    await person.tap_data(first, "on:lang:sw")
    await bot.settle()
    worker = await worker_of(bot, person)
    assert (worker.state, worker.locale) == ("active", "en")


@pytest.mark.parametrize("data", ["on:", "on:fly", "on:lang:tlh", "on:country:XX", "on:zone:Mars"])
async def test_forged_buttons_change_nothing(bot: Life, data: str) -> None:
    person = await begin(bot)
    await person.tap_data(last_with_buttons(person)["message_id"], data)
    await bot.settle()
    assert (await worker_of(bot, person)).step == "language"


async def test_nothing_is_kept_of_somebody_under_18(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person, 5)
    await press(bot, person, "on:adult:no")
    assert "18 or older" in person.last["text"]
    worker = await worker_of(bot, person)
    assert (worker.state, worker.locale) == ("declined", None)
    async with bot.database.reading() as session:
        for table in (Consent, Identity):
            mine = select(func.count()).where(table.worker_id == worker.id)
            assert await session.scalar(mine) == 0


async def test_a_refusal_stays_and_is_said_softly(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person, 5)
    await press(bot, person, "on:adult:no")
    assert (await write(bot, person, "/start")).startswith("Thank you for telling us.")
    assert (await write(bot, person, "/work")).startswith("Thank you for telling us.")
    assert (await worker_of(bot, person)).state == "declined"


async def test_a_country_is_found_by_typing_its_first_letters(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person, 6)
    await press(bot, person, "on:other")
    await write(bot, person, "bra")
    assert "Brazil" in buttons(person.last)
    assert "No country is called" in await write(bot, person, "<b>xyzzy")
    await press(bot, person, "on:country:KE")
    assert (await worker_of(bot, person)).currency == "KES"


async def test_a_country_with_one_time_asks_only_whether_it_is_right(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person, 6)
    await press(bot, person, "on:country:KE")
    assert "(Nairobi). Right?" in person.last["text"]
    await press(bot, person, "on:zones")
    assert len(buttons(person.last)) > 1


async def test_a_country_with_several_times_shows_its_cities(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person, 6)
    await person.tap_data(person.last["message_id"], "on:country:ID")
    await bot.settle()
    assert len(buttons(person.last)) == 3
    await press(bot, person, "on:zone:Asia/Makassar")
    assert (await worker_of(bot, person)).zone == "Asia/Makassar"


async def test_languages_are_marked_and_done_waits_for_one(bot: Life) -> None:
    person = await begin(bot)
    await press_first(bot, person, 8)
    assert buttons(person.last)[:2] == ["Done", "✓ English"]
    await press(bot, person, "on:toggle:en")
    assert "Done" not in buttons(person.last)
    await press(bot, person, "on:toggle:sw")
    await press(bot, person, "on:toggle:fr")
    await press_first(bot, person)
    await press(bot, person, "on:level:sw:native")
    assert "Français (French)" in person.last["text"]
    await press(bot, person, "on:level:fr:some")
    worker = await worker_of(bot, person)
    async with bot.database.reading() as session:
        assert await languages.of(session, worker.id) == {"sw": "native", "fr": "some"}


async def test_the_menu_comes_in_the_chosen_language_and_by_role(bot: Life) -> None:
    person = await bot.join("Amina", language="sw")
    await bot.join_as(bot.owner)
    names = [command["command"] for command in person.chat.commands]
    assert names[:2] == ["work", "balance"]
    assert len(names) == 9
    assert "newproject" in [command["command"] for command in bot.owner.chat.commands]


async def test_start_when_joined_comes_home(bot: Life) -> None:
    person = await bot.join("Amina")
    for text in ("/start", "/start"):
        assert await write(bot, person, text) == "You are home. Tap Work for a task."


@pytest.mark.parametrize("payload", ["zzz", "i_", "i_guess", "p_7k2", "x" * 65, "i_" + "a" * 63])
async def test_any_link_leads_home_with_a_note(bot: Life, payload: str) -> None:
    person = await bot.join("Amina")
    text = await write(bot, person, f"/start {payload}")
    note, home = text.split("\n\n")
    assert note
    assert home == "You are home. Tap Work for a task."
    async with bot.database.reading() as session:
        assert await roles.of(session, (await worker_of(bot, person)).id) == []


async def test_an_invitation_works_once_and_before_joining(bot: Life) -> None:
    async with bot.database.transaction() as session:
        secret = await invites.create(session, "reviewer", actor=None, now=now())
    first, second = bot.sandbox.person("Amina"), bot.sandbox.person("Baraka")
    assert "You now have the role" in await write(bot, first, f"/start i_{secret}")
    assert "was used already" in await write(bot, second, f"/start i_{secret}")
    async with bot.database.reading() as session:
        assert await roles.of(session, (await worker_of(bot, first)).id) == ["reviewer"]
        assert await roles.of(session, (await worker_of(bot, second)).id) == []


async def test_an_expired_invitation_gives_nothing(bot: Life) -> None:
    async with bot.database.transaction() as session:
        secret = await invites.create(session, "admin", actor=None, now=now())
        await session.execute(update(Invite).values(expires_at=now() - timedelta(seconds=1)))
    person = bot.sandbox.person("Amina")
    assert "has expired" in await write(bot, person, f"/start i_{secret}")
