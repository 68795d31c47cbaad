"""/support, /verify, /cancel and /help."""

from bot.people import roles
from bot.sandbox import Person
from tests.handlers.people import press, said, toast, worker_of, write
from tests.life import Life, buttons, last_with_buttons


async def send(bot: Life, person: Person, text: str) -> str:
    """Write something that is passed on: the sender takes what goes to several chats."""
    await write(bot, person, text)
    await bot.tick("send")
    return str(person.last["text"])


async def test_a_question_reaches_the_owner_and_the_answer_comes_back(bot: Life) -> None:
    await bot.join_as(bot.owner)
    person = await bot.join("Amina")
    await write(bot, person, "/support")
    assert (await send(bot, person, "Is <this> paid?")).startswith("Sent.")
    asked = last_with_buttons(bot.owner)
    assert "Is <this> paid?" in asked["text"]
    assert "Amina" not in asked["text"]
    await bot.owner.tap(asked["message_id"], text="Reply")
    await bot.settle()
    assert "Sent to w-" in await send(bot, bot.owner, "Yes, all of it.")
    assert person.last["text"] == "Support\nYes, all of it."
    await press(bot, person, "su:back")
    assert (await send(bot, person, "Thank you")).startswith("Sent.")


async def test_nobody_but_staff_answers(bot: Life) -> None:
    person = await bot.join("Amina")
    await person.tap_data(person.last["message_id"], "su:1")
    await bot.settle()
    assert "one of these roles" in toast(person)


async def test_without_anybody_there_the_worker_is_told(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/support")
    assert "Nobody can be reached" in await write(bot, person, "Hello?")


async def test_a_very_long_message_is_refused_with_its_limit(bot: Life) -> None:
    await bot.join_as(bot.owner)
    person = await bot.join("Amina")
    await write(bot, person, "/support")
    assert "2000 characters" in await write(bot, person, "a" * 2001)
    assert (await send(bot, person, "a" * 2000)).startswith("Sent.")


async def test_cancel_says_what_was_cancelled(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/support")
    assert await write(bot, person, "/cancel") == "Cancelled. No message was sent."
    assert await write(bot, person, "/cancel") == "There is nothing to cancel."


async def test_staff_can_be_told_from_others(bot: Life) -> None:
    reviewer = bot.sandbox.person("Baraka", username="baraka_r")
    person = bot.sandbox.person("Amina", username="amina_w")
    await bot.join_as(reviewer)
    await bot.join_as(person)
    async with bot.database.transaction() as session:
        await roles.grant(session, (await worker_of(bot, reviewer)).id, "reviewer", by=None)
    assert "belongs to this team" in await write(bot, person, "/verify @Baraka_R")
    for name in ("@amina_w", "@nobody_at_all"):
        assert "does not belong to this team" in await write(bot, person, f"/verify {name}")
    for wrong in ("", " @", " <b>", " @a%b"):
        assert "/verify @name" in await write(bot, person, f"/verify{wrong}")


async def test_help_is_one_screen_with_topics(bot: Life) -> None:
    person = await bot.join("Amina")
    await write(bot, person, "/help")
    count = len(said(person))
    assert "Commands for admins" not in buttons(last_with_buttons(person))
    await press(bot, person, "hp:pay")
    await press(bot, person, "hp:home")
    assert len(said(person)) == count
    await person.tap_data(person.last["message_id"], "hp:admin")
    await bot.settle()
    assert "/newproject" not in person.last["text"]
    await person.tap_data(person.last["message_id"], "hp:quality")
    await bot.settle()
    assert "for admins" not in person.last["text"]


async def test_admins_see_their_commands(bot: Life) -> None:
    await bot.join_as(bot.owner)
    await write(bot, bot.owner, "/help")
    assert "/set p_7k2 price=0.04" in await press(bot, bot.owner, "hp:admin")


async def test_help_explains_how_quality_is_kept_to_each_who_looks(bot: Life) -> None:
    await bot.join_as(bot.owner)
    await write(bot, bot.owner, "/help")
    told = {}
    for name in ("tasks", "skills", "review", "reviewing", "quality"):
        told[name] = await press(bot, bot.owner, f"hp:{name}")
        await press(bot, bot.owner, "hp:home")
    assert "given to several people, more often while you are new" in told["tasks"]
    assert "two people who speak the language grade your answers" in told["skills"]
    assert "you may be asked for a training" in told["skills"]
    assert "you can appeal within 14 days" in told["review"]
    assert "of a few answers the right decision is known" in told["reviewing"]
    assert "Two people grade each answer" in told["reviewing"]
    for part in ("Skills and exams", "Rules", "Answers per task", "Reviewers", "Appeals"):
        assert part in told["quality"]
