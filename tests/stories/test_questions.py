"""The six types of question, each from the card to the canonical answer."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.clock import now
from bot.i18n import strip_marks
from bot.models.base import table
from bot.models.work import Assignment
from bot.sandbox import Person
from tests.handlers.office import labels, press, tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import act, card, crew, opened, pick

COLOURS = "options = ['red', 'green', 'blue']"
PHOTO = "https://photos.example.org/rose.jpg"
SOUND = "https://sounds.example.org/rose.mp3"


@pytest.fixture
async def amina(bot: Life) -> Person:
    (made,) = await crew(bot, 1)
    return made


async def test_a_choice_is_one_tap_and_the_next_card_says_what_was_saved(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await tell(bot, amina, "/work")
    assert "the rose" in card(amina)
    first = last_with_buttons(amina)["message_id"]
    await press(bot, amina, "green")
    assert toast(amina) == "Saved: green."
    assert card(amina).startswith("Saved: green.")
    assert "the sea" in card(amina)
    assert last_with_buttons(amina)["message_id"] == first
    await press(bot, amina, "blue")
    assert await scenes.labels(bot) == ["green", "blue"]


async def test_several_options_are_ticked_in_a_poll_and_sent_with_done(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "multi", COLOURS, "max = 2", tasks=["rose", "sea"])
    await tell(bot, amina, "/work")
    poll = last_with_buttons(amina)
    await act(bot, amina, "done")
    assert "Too few" in toast(amina)
    await amina.vote(poll["message_id"], [0, 1, 2])
    await bot.settle()
    await act(bot, amina, "done")
    assert "Too many" in toast(amina)
    await amina.vote(poll["message_id"], [])
    await amina.vote(poll["message_id"], [2, 0])
    await bot.settle()
    await act(bot, amina, "done")
    assert await scenes.labels(bot) == ["red|blue"]
    assert labels(poll) == []
    assert last_with_buttons(amina)["message_id"] != poll["message_id"]


async def test_a_comparison_gives_the_side_of_the_row_whatever_side_it_was_shown_on(
    bot: Life, amina: Person
) -> None:
    keys = [f"pair{number}" for number in range(12)]
    rows = "key,left,right\n" + "".join(f"{key},{key} old,{key} new\n" for key in keys)
    await opened(bot, "compare", show="", tasks=rows)
    await tell(bot, amina, "/work")
    for key in keys:
        newer_is_first = card(amina).index(f"{key} new") < card(amina).index(f"{key} old")
        await pick(bot, amina, 0 if newer_is_first else 1)
    assert await scenes.labels(bot) == ["right"] * len(keys)
    layouts = {tuple(one.layout) for one in await scenes.assignments(bot)}
    assert layouts == {(0, 1), (1, 0)}


async def test_a_rating_is_the_step_that_was_tapped(bot: Life, amina: Person) -> None:
    await opened(bot, "rating", "scale = 7", tasks=["dish", "drink"])
    await tell(bot, amina, "/work")
    await press(bot, amina, "7")
    await press(bot, amina, "1")
    assert await scenes.labels(bot) == ["7", "1"]


async def test_a_number_is_read_in_any_digits(bot: Life, amina: Person) -> None:
    await opened(bot, "number", "min = 0", "max = 100", tasks=["weight", "height"])
    await tell(bot, amina, "/work")
    await tell(bot, amina, "١٢٫٥")
    assert "Saved: 12.5." in card(amina)
    await tell(bot, amina, "४२")
    assert await scenes.labels(bot) == ["12.5", "42"]


async def test_an_answer_that_does_not_fit_is_a_draft_that_survives_a_restart(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "number", "min = 0", "max = 100", tasks=["weight"])
    await tell(bot, amina, "/work")
    assert strip_marks(await tell(bot, amina, "250")) == "Send a number from 0 to 100."
    assert await scenes.labels(bot) == []
    async with scenes.restarted(bot):
        await tell(bot, amina, "/work")
        assert "Your draft: 250" in card(amina)
        await tell(bot, amina, "25")
        assert await scenes.labels(bot) == ["25"]


async def test_an_edited_message_corrects_the_answer_for_ten_minutes(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", "min_words = 2", tasks=["letter", "poem"])
    await tell(bot, amina, "/work")
    assert "you wrote 1" in await tell(bot, amina, "short")
    sent = await amina.send("long enough")
    await bot.settle()
    await amina.edit(sent, "long enough now")
    await bot.settle()
    assert strip_marks(amina.last["text"]) == "Saved: long enough now."
    await amina.edit(sent, "bad")
    await bot.settle()
    assert "you wrote 1" in amina.last["text"]
    assert await scenes.labels(bot) == ["long enough", "long enough now"]
    answered = update(table(Assignment)).where(Assignment.answered_at.is_not(None))
    await scenes.change(bot, answered.values(answered_at=now() - timedelta(minutes=11)))
    await amina.edit(sent, "long enough but late")
    await bot.settle()
    assert "10 minutes have passed" in amina.last["text"]
    assert (await scenes.labels(bot))[-1] == "long enough now"
    second = await scenes.held(bot, amina)
    assert second is not None
    assert second.draft is None


async def test_an_edited_draft_becomes_the_answer_and_brings_the_next_task(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", "min_words = 2", tasks=["letter", "poem"])
    await tell(bot, amina, "/work")
    sent = await amina.send("short")
    await bot.settle()
    await amina.edit(sent, "still")
    await bot.settle()
    assert "you wrote 1" in amina.last["text"]
    await amina.edit(sent, "long enough")
    await bot.settle()
    assert await scenes.labels(bot) == ["long enough"]
    assert "the poem" in card(amina)


async def test_an_edit_of_something_else_is_no_answer_and_takes_no_task(
    bot: Life, amina: Person
) -> None:
    await opened(bot, "text", tasks=["letter", "poem"])
    chat = await amina.send("hello there")
    await bot.settle()
    await amina.edit(chat, "hello, you there")
    await bot.settle()
    assert await scenes.assignments(bot) == []
    await tell(bot, amina, "/work")
    await amina.edit(chat, "hello again")
    await bot.settle()
    assert await scenes.labels(bot) == []


async def test_photos_and_sounds_carry_the_buttons_in_their_caption(
    bot: Life, amina: Person
) -> None:
    rows = f"key,image,sound,thing\none,{PHOTO},{SOUND},what you see\ntwo,{PHOTO},{SOUND},more\n"
    await opened(bot, "choice", COLOURS, "photo = 'image'", tasks=rows)
    await opened(bot, "choice", COLOURS, "audio = 'sound'", tasks=rows)
    await tell(bot, amina, "/work")
    seen = last_with_buttons(amina)
    assert seen["photo"]
    assert "what you see" in seen["caption"]
    assert seen["has_protected_content"]
    for _ in range(4):
        await press(bot, amina, "green")
    assert labels(seen) == []
    sounds = [message for message in amina.chat.messages if "audio" in message]
    assert len(sounds) == 2
    assert await scenes.labels(bot) == ["green"] * 4


async def test_a_long_text_comes_in_pieces_before_its_card(bot: Life, amina: Person) -> None:
    words = " ".join(f"word{number}" for number in range(640))
    assert len(words) > 5000
    rows = f"key,thing\nlong,{words}\nshort,a rose\n"
    await opened(bot, "choice", COLOURS, tasks=rows)
    before = len(amina.chat.messages)
    await tell(bot, amina, "/work")
    *pieces, last = amina.chat.messages[before + 1 :]
    read = " ".join(strip_marks(piece["text"]).strip() for piece in pieces)
    assert len(pieces) == 2
    assert read.split() == words.split()
    assert labels(last)[:3] == ["red", "green", "blue"]
    await press(bot, amina, "blue")
    assert "a rose" in card(amina)
