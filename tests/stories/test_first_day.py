"""A worker's first day: joins, works, corrects, sees the money."""

from tests.life import Life


async def test_a_newcomer_joins_by_the_first_buttons(bot: Life):
    amina = await bot.join("Amina", language="sw")
    assert amina.chat.keyboard is not None
