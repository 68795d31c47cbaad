"""Broken tasks: reported by two, put aside, and paid for when somebody agrees."""

from datetime import timedelta

from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.people import Audit
from bot.models.work import Assignment, Report, Task
from bot.people import skills
from bot.sandbox import Person
from bot.work import access, dispatch, reports, results, stages
from tests.handlers.office import press, tell, toast
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, act, card, crew, opened, say

COLOURS = "options = ['red', 'blue']"


async def report(bot: Life, person: Person, reason: str = "broken") -> None:
    await act(bot, person, "report")
    await act(bot, person, reason)
    await bot.tick("send")


async def took(bot: Life, person: Person, seconds: int) -> None:
    """What this person has in hand was offered so long ago."""
    mine = await scenes.held(bot, person)
    assert mine is not None
    of_mine = update(table(Assignment)).where(table(Assignment).c.id == mine.id)
    await scenes.change(bot, of_mine.values(offered_at=now() - timedelta(seconds=seconds)))


async def slots(bot: Life) -> list[tuple[int, int, int | None]]:
    """Overlap, open slots and slots put aside of each task."""
    async with bot.database.reading() as session:
        query = select(Task.overlap, Task.open_slots, Task.parked).order_by(Task.id)
        return [tuple(row) for row in await session.execute(query)]


async def test_two_reports_put_a_task_aside_and_the_time_is_paid(bot: Life) -> None:
    await bot.join_as(bot.owner)
    amina, baraka = await crew(bot, 2)
    await opened(bot, "choice", COLOURS, tasks=["rose"], overlap=3)
    await say(bot, amina, baraka)
    await took(bot, amina, 5)
    await took(bot, baraka, 600)
    await report(bot, amina)
    assert await slots(bot) == [(3, 2, None)]
    await report(bot, baraka, "unclear")
    assert await slots(bot) == [(3, 0, 3)]
    assert "A reported task is put aside" in card(bot.owner)
    assert "the rose" in card(bot.owner)
    await press(bot, bot.owner, "Broken: pay the time")
    await bot.tick("send")
    assert await slots(bot) == [(0, 0, 0)]
    assert "None waits for a decision" in bot.owner.last["text"]
    assert "was broken" in amina.last["text"]
    books = (await bot.check())["USD"]
    assert 1 * CENT <= books["available"] - 2 * CENT <= 1.5 * CENT  # half the time, and all of it
    assert books["pending"] == 0
    await tell(bot, baraka, "/balance")
    await press(bot, baraka, "History")
    assert "your time on a task that was broken" in await press(
        bot, baraka, buttons(last_with_buttons(baraka))[0]
    )


async def test_a_dismissed_report_puts_the_task_back_to_work(bot: Life) -> None:
    await bot.join_as(bot.owner)
    amina, baraka, chausiku = await crew(bot, 3)
    made = await opened(bot, "choice", COLOURS, tasks=["rose"], overlap=2)
    await say(bot, amina, baraka)
    await report(bot, amina)
    await report(bot, baraka)
    await tell(bot, chausiku, "/work")
    assert await scenes.held(bot, chausiku) is None
    await tell(bot, bot.owner, f"/p_{made.code}")
    await press(bot, bot.owner, "Reported tasks")
    await press(bot, bot.owner, "rose")
    await press(bot, bot.owner, "Nothing wrong")
    assert await slots(bot) == [(2, 2, None)]
    await tell(bot, chausiku, "/work")
    assert await scenes.held(bot, chausiku) is not None
    assert (await bot.check()) == {}
    done = await scenes.look(bot, select(Audit.action).where(Audit.action.startswith("report")))
    assert done == ["report.dismissed"]
    assert await scenes.look(bot, select(Report.state)) == ["dismissed"] * 2


async def test_something_harmful_is_put_aside_at_once_with_the_offer_of_a_break(bot: Life) -> None:
    await bot.join_as(bot.owner)
    amina, baraka = await crew(bot, 2)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"], overlap=1)
    await tell(bot, amina, "/work")
    await report(bot, amina, "harmful")
    assert await slots(bot) == [(1, 0, 1), (1, 0, None)]
    assert "Harmful or illegal" in card(bot.owner)
    assert "Take a break" in card(amina)
    assert "the sea" in "".join(m.get("text", "") for m in amina.chat.messages)
    await press(bot, amina, "Take a break")
    assert await scenes.held(bot, amina) is None
    await tell(bot, baraka, "/work")
    assert "the sea" in card(baraka)


async def test_what_comes_back_while_a_task_is_aside_waits_with_it(bot: Life) -> None:
    """A lease that ends, and another overlap, open no slot of a task that was put aside."""
    amina, baraka, chausiku = await crew(bot, 3)
    made = await opened(bot, "choice", COLOURS, tasks=["rose"], overlap=3)
    await say(bot, amina, baraka, chausiku)
    await report(bot, amina)
    await report(bot, baraka)
    assert await slots(bot) == [(3, 0, 2)]
    async with bot.database.transaction() as session:
        past = update(table(Assignment)).values(lease_until=now() - timedelta(seconds=1))
        await session.execute(past)
        await dispatch.expire(session, now=now())
        (spec,) = await stages.current(session, made.id)
        await stages.revise(session, spec, stages.columns(spec) | {"overlap": 5})
    assert await slots(bot) == [(5, 0, 5)]


async def test_of_two_people_who_decide_one_is_told_that_it_was_decided(bot: Life) -> None:
    await bot.join_as(bot.owner)
    amina, baraka = await crew(bot, 2)
    await opened(bot, "choice", COLOURS, tasks=["rose"], overlap=2)
    await say(bot, amina, baraka)
    await report(bot, amina)
    await report(bot, baraka)
    (task,) = await scenes.look(bot, select(Task.id))
    async with bot.database.transaction() as session:
        await reports.confirm(session, task, actor=None, now=now())
    await press(bot, bot.owner, "Broken: pay the time")
    assert "no longer there" in toast(bot.owner)


async def test_nobody_but_staff_decides(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    for action in ("yes", "no", "task"):
        await amina.tap_data(amina.chat.messages[-1]["message_id"], f"rp:{action}:1")
        await bot.settle()
        assert "one of these roles" in toast(amina)


def test_time_is_paid_up_to_the_price() -> None:
    def price(seconds: float) -> int:
        return reports.time_price(20_000, seconds=seconds, expected_seconds=10)

    assert [price(seconds) for seconds in (-1, 0, 2.5, 10, 600)] == [0, 0, 5_000, 20_000, 20_000]


async def test_gold_that_was_broken_has_no_result_and_says_nothing_of_anybody(bot: Life) -> None:
    rows = "key,thing,gold\ng,a g,yes\nt,a t,\n"
    made = await opened(
        bot, "choice", 'options = ["yes", "no"]', tasks=rows, slug="checks", gold_share=1
    )
    amina, omar = await crew(bot, 2)
    await say(bot, amina, omar)
    await scenes.pick(bot, amina, 1)
    worker = await scenes.worker_of(bot, amina)
    async with bot.database.reading() as session:
        assert (await skills.of(session, worker))["checks"].score == 25
    await report(bot, omar)
    (task,) = await scenes.look(bot, select(Task.id).where(Task.key == "g"))
    async with bot.database.transaction() as session:
        await reports.confirm(session, task, actor=None, now=now())
    async with bot.database.reading() as session:
        found = await results.outcomes(session, made)
        assert await skills.of(session, worker) == {}
        assert (await access.person(session, worker)).skills == {}
    assert list(found) == ["t"]
