"""The weekly summary: once, in the worker's language, only to who worked and wants it."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.people import Worker
from bot.models.schedule import Scheduled
from bot.models.work import Assignment
from bot.sandbox import Person
from handlers import ticks
from tests.handlers.people import press, said, write
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import opened, pick, say

NAIROBI = ZoneInfo("Africa/Nairobi")
COLOURS = "options = ['red', 'blue']"
DAY = timedelta(days=1)


async def monday(bot: Life) -> None:
    """Nine o'clock has struck, after a week that ended today."""
    after = now().astimezone(NAIROBI).date() + DAY
    coming = update(table(Scheduled)).where(Scheduled.done_at.is_(None))
    await scenes.change(bot, coming.values(period=after, due_at=now() - DAY))


async def look(bot: Life, times: int = 1) -> None:
    """So many replicas look at once; what they queue is sent."""
    await asyncio.gather(*(ticks.summarize(bot.kazi.sender) for _ in range(times)))
    await scenes.delivered(bot)


def summaries(person: Person) -> list[str]:
    found = (scenes.unmarked(text).replace("\N{NO-BREAK SPACE}", " ") for text in said(person))
    return [text for text in found if text.startswith(("Your week", "Wiki yako"))]


async def test_three_replicas_tell_of_a_week_once(bot: Life) -> None:
    amina, idle = await bot.join("Amina"), await bot.join("Idle")
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea", "sky"])
    await say(bot, amina)
    for _ in range(3):
        await pick(bot, amina, 0)
    (first, *_) = await scenes.assignments(bot, amina)
    due = update(table(Assignment)).where(Assignment.id == first.id)
    await scenes.change(bot, due.values(accept_at=now() - DAY))
    await bot.tick("accept")
    await monday(bot)
    await look(bot, times=3)
    (summary,) = summaries(amina)
    assert "3 answers" in summary
    assert "Earned: $0.06 USD (available $0.02 USD, pending $0.04 USD)" in summary
    (sent,) = [call for call in bot.sandbox.calls if "Your week" in call.params.get("text", "")]
    assert sent.params["disable_notification"]
    assert summaries(idle) == []
    await look(bot)
    assert len(summaries(amina)) == 1

    await scenes.change(bot, update(table(Assignment)).values(answered_at=now() + 2 * DAY))
    await scenes.change(bot, update(table(Scheduled)).values(due_at=now() - DAY))
    await look(bot, times=3)  # a week later
    assert len(summaries(amina)) == 2


async def test_what_was_earned_is_told_by_currency_and_in_the_workers_language(bot: Life) -> None:
    zawadi = await bot.join("Zawadi", language="sw")
    await opened(bot, "choice", COLOURS, tasks=["rose"], languages=("sw",))
    await opened(
        bot, "choice", COLOURS, tasks=["sea"], languages=("sw",), price="5 KES", budget="500 KES"
    )
    await say(bot, zawadi)
    for _ in range(2):
        await pick(bot, zawadi, 0)
    await monday(bot)
    await look(bot)
    (summary,) = summaries(zawadi)
    assert "KSh 5.00" in summary
    assert "US$ 0.02" in summary
    assert summary.count("Umepata") == 2


async def test_answers_of_other_weeks_are_not_told(bot: Life) -> None:
    amina = await bot.join("Amina")
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    await pick(bot, amina, 0)
    await scenes.change(bot, update(table(Assignment)).values(answered_at=now() - 8 * DAY))
    await monday(bot)
    await look(bot)
    assert summaries(amina) == []


def setting(person: Person) -> str:
    """What the button of the weekly summary says."""
    said = map(scenes.unmarked, buttons(last_with_buttons(person)))
    return next(text for text in said if text.startswith("Weekly summary"))


async def test_it_is_switched_off_and_on_in_the_settings(bot: Life) -> None:
    amina = await bot.join("Amina")
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    await pick(bot, amina, 0)
    await write(bot, amina, "/settings")
    assert setting(amina) == "Weekly summary: on"
    for _ in range(2):
        await amina.tap_data(last_with_buttons(amina)["message_id"], "st:summary:off")
        await bot.settle()
    assert setting(amina) == "Weekly summary: off"
    await monday(bot)
    await look(bot)
    assert summaries(amina) == []
    await press(bot, amina, "st:summary:on")
    assert setting(amina) == "Weekly summary: on"
    await monday(bot)
    await look(bot)
    assert len(summaries(amina)) == 1


async def test_who_moves_meets_monday_on_the_new_clock(bot: Life) -> None:
    amina = await bot.join("Amina")
    for zone in ("Asia/Tokyo", "America/Santiago"):
        await write(bot, amina, "/settings")
        await press(bot, amina, "st:zones")
        await amina.tap_data(last_with_buttons(amina)["message_id"], f"st:zone:{zone}")
        await bot.settle()
        (due,) = await scenes.look(bot, select(Scheduled.due_at))
        local = due.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (0, 9, 0)
    (found,) = await scenes.look(bot, select(Worker.zone).where(Worker.zone.is_not(None)))
    assert found == "America/Santiago"


async def test_who_erases_their_data_leaves_nothing_in_the_calendar(bot: Life) -> None:
    amina = await bot.join("Amina")
    assert await scenes.count(bot, Scheduled) == 1
    await amina.send("/mydata")
    await bot.settle()
    await press(bot, amina, "md:ask")
    await press(bot, amina, scenes.data(last_with_buttons(amina), "md:erase:"))
    assert await scenes.count(bot, Scheduled) == 0
