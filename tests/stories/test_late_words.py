"""Words written to a card that has left the screen: they still answer what they were written to."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.clock import now
from bot.i18n import strip_marks
from bot.models.base import table
from bot.models.work import Assignment
from bot.sandbox import Person
from tests.handlers.office import press, tell
from tests.life import Life
from tests.stories import scenes
from tests.stories.scenes import CENT, act, card, crew, opened

COLOURS = "options = ['red', 'blue']"


@pytest.fixture
async def amina(bot: Life) -> Person:
    (made,) = await crew(bot, 1)
    return made


async def expire(bot: Life) -> None:
    """Every lease ends."""
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(lease_until=past))
    await bot.tick("expire")


async def answered(bot: Life, after: timedelta) -> None:
    """Every answer was given so long after now, or before it."""
    given = update(table(Assignment)).where(Assignment.answered_at.is_not(None))
    await scenes.change(bot, given.values(answered_at=now() + after))


async def given(bot: Life) -> list[list[str]]:
    """The answers of each assignment, in the order in which they were offered."""
    return [await scenes.labels_of(bot, one) for one in await scenes.assignments(bot)]


async def test_a_text_answers_the_task_in_hand_while_an_earlier_choice_is_shown_again(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await tell(bot, amina, "/work")
    await opened(bot, "text", tasks=["letter"])
    await press(bot, amina, "red")
    assert "the letter" in card(amina)
    await act(bot, amina, "undo")
    assert "the rose" in card(amina)
    await tell(bot, amina, "dear friend")
    assert await scenes.labels(bot) == ["red", "dear friend"]


async def test_a_text_answers_the_card_that_expired_when_the_next_one_takes_none(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", tasks=["letter"])
    await tell(bot, amina, "/work")
    await expire(bot)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await tell(bot, amina, "/work")
    assert "the rose" in card(amina)
    await tell(bot, amina, "dear friend")
    said = strip_marks(card(amina))
    assert said.startswith("Saved for the task that was shown before: dear friend.")
    assert "the rose" in said
    assert await given(bot) == [["dear friend"], []]
    assert (await bot.check())["USD"]["pending"] == 2 * CENT


async def test_a_text_answers_the_card_that_expired_when_nothing_else_is_there(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", tasks=["letter"])
    await tell(bot, amina, "/work")
    await expire(bot)
    await tell(bot, amina, "/work")
    assert "every task that is open" in card(amina)
    await tell(bot, amina, "dear friend")
    assert await scenes.labels(bot) == ["dear friend"]


async def test_a_text_written_before_the_next_card_came_answers_the_one_before(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", tasks=["letter", "poem"])
    await tell(bot, amina, "/work")
    assert "the letter" in card(amina)
    await expire(bot)
    await amina.send("/work")
    await amina.send("dear friend")
    await bot.settle()
    assert "the poem" in card(amina)
    assert await given(bot) == [["dear friend"], []]
    await tell(bot, amina, "roses are red")
    assert await given(bot) == [["dear friend"], ["roses are red"]]


async def test_a_text_written_below_the_next_card_answers_the_next_one(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", tasks=["letter", "poem"])
    await tell(bot, amina, "/work")
    await expire(bot)
    await tell(bot, amina, "/work")
    assert "the poem" in card(amina)
    await tell(bot, amina, "roses are red")
    assert await given(bot) == [[], ["roses are red"]]


async def test_what_does_not_fit_an_expired_card_is_its_draft(bot: Life, amina: Person) -> None:
    await opened(bot, "text", "min_words = 2", tasks=["letter"])
    await tell(bot, amina, "/work")
    await expire(bot)
    await tell(bot, amina, "/work")
    assert "you wrote 1" in await tell(bot, amina, "short")
    (letter,) = await scenes.assignments(bot)
    assert letter.draft == "short"
    await tell(bot, amina, "long enough")
    assert await scenes.labels(bot) == ["long enough"]


async def test_who_has_gone_on_is_not_taken_to_answer_what_is_long_gone(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", tasks=["letter"])
    await tell(bot, amina, "/work")
    await expire(bot)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await tell(bot, amina, "/work")
    await press(bot, amina, "red")
    await answered(bot, timedelta(minutes=-1))
    assert "Tap an answer" in await tell(bot, amina, "good morning")
    assert await scenes.labels(bot) == ["red"]


async def test_a_text_that_a_later_tap_has_overtaken_still_answers_its_card(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", tasks=["letter"])
    await tell(bot, amina, "/work")
    await expire(bot)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await tell(bot, amina, "/work")
    await press(bot, amina, "red")
    await answered(bot, timedelta(minutes=1))
    await tell(bot, amina, "dear friend")
    assert await given(bot) == [["dear friend"], ["red"], []]
