"""/audit dead: owners see what was given up, and nobody sees what was in it."""

from bot.store import inbox
from tests.handlers.office import press, tell
from tests.life import Life
from tests.stories.scenes import crew


async def test_what_could_not_be_sent_or_handled_is_listed_with_its_reason(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    bot.sandbox.fault("sendMessage", "403", chat_id=amina.id, count=1)
    await tell(bot, amina, "/secret")
    await bot.database.run(
        lambda session: inbox.bury(
            session, bot.kazi.bot_id, 7, "message", '{"text": "secret"}', "unknown kind of update"
        )
    )
    said = await tell(bot, bot.owner, "/audit dead")
    assert f"chat {amina.id}" in said
    assert "blocked by the user" in said
    assert "update 7" in said
    assert "unknown kind of update" in said
    assert "secret" not in said


async def test_nothing_given_up_is_said_so(bot: Life) -> None:
    assert (await tell(bot, bot.owner, "/audit dead")).count("None.") == 2


async def test_another_view_is_refused_with_the_form_that_works(bot: Life) -> None:
    assert "/audit dead" in await tell(bot, bot.owner, "/audit living")


async def test_only_owners_see_it_and_have_it_in_their_help(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    assert "owner" in await tell(bot, amina, "/audit dead")
    await tell(bot, bot.owner, "/help")
    assert "/audit dead" in await press(bot, bot.owner, "Commands for admins")
