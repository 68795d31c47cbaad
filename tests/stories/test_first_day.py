"""A worker's first day: joins, works, corrects, sees the money."""

import csv
import io
from datetime import timedelta

from sqlalchemy import update

from bot.clock import now
from bot.models.base import table
from bot.models.work import Assignment
from bot.sandbox import Person
from tests.handlers.office import press, send_file, sent, tell
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, act, pick

COLOURS = """
[project]
id = "colours"
name = "Which colour?"
languages = ["sw"]
budget = "5 USD"

[stage]
type = "choice"
options = ["red", "blue"]
show = ["thing"]
price = "0.02 USD"
expected_seconds = 10
overlap = 1
gold_share = 0

[stage.text.sw]
question = "Ni rangi gani?"
[stage.text.sw.options]
red = "Nyekundu"
blue = "Bluu"
"""
COLOUR_ROWS = b"key,language,thing\nrose,sw,waridi\nsea,sw,bahari\nsky,sw,anga\n"
STARS = """
[project]
id = "stars"
name = "How good?"
languages = ["sw"]
budget = "5 USD"

[stage]
type = "rating"
show = ["dish"]
price = "0.03 USD"
expected_seconds = 10
overlap = 1
gold_share = 0

[stage.text.sw]
question = "Ni kizuri kiasi gani?"
"""
STAR_ROWS = b"key,language,dish\nrice,sw,wali\nbread,sw,mkate\n"


async def test_a_newcomer_joins_by_the_first_buttons(bot: Life) -> None:
    amina = await bot.join("Amina", language="sw")
    assert amina.chat.keyboard is not None


async def test_a_day_from_the_project_file_to_the_export(bot: Life) -> None:
    await bring(bot, "colours.toml", COLOURS.encode(), "rows.csv", COLOUR_ROWS)
    await bring(bot, "stars.toml", STARS.encode(), "dishes.csv", STAR_ROWS)
    amina = await bot.join("Amina", language="sw")
    await tell(bot, amina, "/work")
    assert "Ni rangi gani?" in scenes.card(amina)
    await press(bot, amina, "Nyekundu")
    await press(bot, amina, "Nyekundu")
    await act(bot, amina, "undo")
    await press(bot, amina, "Bluu")
    await press(bot, amina, "Bluu")
    assert "Ni kizuri kiasi gani?" in scenes.card(amina)
    await pick(bot, amina, 3)
    await pick(bot, amina, 4)
    earned = 3 * 2 * CENT + 2 * 3 * CENT
    assert await bot.check() == {"USD": money(pending=earned, expense=-earned)}
    assert "0.12" in await tell(bot, amina, "/balance")
    await review_window_ends(bot)
    assert await scenes.states(bot) == ["accepted"] * 5
    assert await bot.check() == {"USD": money(available=earned, expense=-earned)}
    assert await exported(bot, "colours") == {"rose": "red", "sea": "blue", "sky": "blue"}
    assert await exported(bot, "stars") == {"rice": "4", "bread": "5"}


async def bring(bot: Life, project: str, text: bytes, name: str, rows: bytes) -> None:
    """The owner sends a project file, then its tasks, and opens it."""
    await send_file(bot, bot.owner, text, project, "/newproject")
    await bot.tick("read_uploads")
    await bot.tick("send")
    await send_file(bot, bot.owner, rows, name)
    await bot.tick("read_uploads")
    await bot.tick("send")
    await press(bot, bot.owner, "Open…")
    await press(bot, bot.owner, "Open it")


async def review_window_ends(bot: Life) -> None:
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(accept_at=past))
    await bot.tick("accept")


async def exported(bot: Life, project: str) -> dict[str, str]:
    """The labels by task in the owner's raw file; a task that stands twice is an error."""
    await tell(bot, bot.owner, f"/export {project} csv raw")
    content = sent(bot, bot.owner)[f"{project}-raw.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    found = {row["task"]: row["label"] for row in rows}
    assert len(found) == len(rows)
    return found


def money(**kinds: int) -> dict[str, int]:
    return {"pending": 0, "available": 0, "held": 0, "paid": 0} | kinds


async def test_a_person_who_has_not_finished_joining_is_led_back_to_the_step(bot: Life) -> None:
    rana: Person = bot.sandbox.person("Rana")
    await tell(bot, rana, "/start")
    asked = len(rana.chat.messages)
    await tell(bot, rana, "/work")
    assert len(rana.chat.messages) > asked + 1
    assert last_with_buttons(rana) is rana.chat.messages[-1]
    await bot.join_as(rana)
    assert rana.chat.keyboard is not None


async def test_the_bots_page_says_what_it_is_before_a_word(bot: Life) -> None:
    """In English for everybody, and in Swahili for a phone that speaks it."""
    await bot.settle()
    told = {
        (call.method, call.params.get("language_code")): call.params
        for call in bot.sandbox.calls
        if call.method.startswith("setMy")
    }
    english = told[("setMyDescription", None)]["description"]
    swahili = told[("setMyDescription", "sw")]["description"]
    assert "never ask you to pay" in english
    assert swahili not in ("", english)
    menu = told[("setMyCommands", None)]["commands"]
    assert [one["command"] for one in menu[:2]] == ["work", "balance"]
