"""Who gets which task: slots, leases, gold, frozen terms, and why there is no work."""

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta

from sqlalchemy import select, text, update

from bot import i18n
from bot.clock import now
from bot.models.base import table
from bot.models.chat import Chat
from bot.models.work import Assignment, Project, Task
from bot.people import consent, workers
from bot.work import answers, dispatch, states
from tests.handlers.office import press, tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, act, card, crew, opened, pick, say

# Whether somebody else waits for a row that we have changed; on SQLite everybody does.
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
COLOURS = "options = ['red', 'blue']"


async def expire(bot: Life) -> None:
    """Every lease ends."""
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(lease_until=past))
    await bot.tick("expire")


async def wake(bot: Life) -> None:
    """It is time to look for work again for those who wait."""
    waits = update(table(Chat)).where(Chat.wake_at.is_not(None))
    await scenes.change(bot, waits.values(wake_at=now() - timedelta(seconds=1)))
    await bot.tick("wake")
    await bot.tick("send")


async def move(bot: Life, made: Project, to: str) -> None:
    """Open or pause a project."""
    change = {"open": states.open_project, "paused": states.pause}[to]
    async with bot.database.transaction() as session:
        await change(session, await session.get_one(Project, made.id), actor=None)


async def slots(bot: Life) -> list[int]:
    return await scenes.look(bot, select(Task.open_slots).order_by(Task.id))


async def test_eight_workers_at_once_never_exceed_the_overlap(bot: Life) -> None:
    people = await crew(bot, 8)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea", "sky"], overlap=2)
    while any(await slots(bot)):
        await say(bot, *people)
    given = Counter(one.task_id for one in await scenes.assignments(bot))
    assert list(given.values()) == [2, 2, 2]
    assert await slots(bot) == [0, 0, 0]
    busy = [person for person in people if await scenes.held(bot, person)]
    assert len(busy) == 6
    await asyncio.gather(*(pick(bot, person, 0) for person in busy))
    assert await scenes.states(bot) == ["answered"] * 6
    assert (await bot.check())["USD"]["pending"] == 6 * 2 * CENT


async def test_a_skipped_task_goes_to_another_and_not_back(bot: Life) -> None:
    amina, rana = await crew(bot, 2)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    await say(bot, rana)
    assert "every task that is open" in card(rana)
    await act(bot, amina, "skip")
    assert "every task that is open" in card(amina)
    await wake(bot)
    assert "new work" in card(rana)
    assert "every task that is open" in card(amina)
    await press(bot, rana, "Get a task")
    assert "the rose" in card(rana)
    assert await scenes.states(bot) == ["skipped", "held"]


async def test_a_late_answer_takes_the_slot_while_it_is_free(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    await expire(bot)
    assert await slots(bot) == [1]
    await pick(bot, amina, 0)
    (late,) = await scenes.assignments(bot)
    assert (late.state, late.surplus) == ("answered", False)
    assert await slots(bot) == [0]


async def test_a_late_answer_is_kept_and_paid_when_somebody_else_has_the_slot(bot: Life) -> None:
    amina, rana = await crew(bot, 2)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    await expire(bot)
    await say(bot, rana)
    await pick(bot, amina, 0)
    await pick(bot, rana, 1)
    early, late = await scenes.assignments(bot)
    assert (early.surplus, late.surplus) == (True, False)
    assert await slots(bot) == [0]
    assert (await bot.check())["USD"]["pending"] == 2 * 2 * CENT


async def test_an_answer_at_the_very_end_of_its_lease_is_kept_and_paid(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(lease_until=past))
    async with bot.database.transaction() as session:
        await dispatch.expire(session, now=now())
        await amina.tap(last_with_buttons(amina)["message_id"], row=0, col=0)
        while not bot.database.is_sqlite and await scenes.look(bot, WAITING) == [0]:
            await asyncio.sleep(0.01)
    await bot.settle()
    (late,) = await scenes.assignments(bot)
    assert (late.state, late.surplus) == ("answered", False)
    assert await slots(bot) == [0]
    assert (await bot.check())["USD"]["pending"] == 2 * CENT


async def test_an_expired_card_can_still_be_skipped(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    await expire(bot)
    await act(bot, amina, "skip")
    assert "Skipped." in toast(amina)
    assert "the sea" in card(amina)
    assert [one.state for one in await scenes.assignments(bot)] == ["skipped", "held"]
    assert await slots(bot) == [1, 0]


async def test_an_undo_that_meets_the_acceptance_shows_no_card_to_correct(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    later = now() + timedelta(days=9)
    await say(bot, amina)
    await pick(bot, amina, 0)
    async with bot.database.transaction() as session:  # her account is there, and need not be made
        await answers.accept_due(session, now=later)
    await pick(bot, amina, 0)
    shown = last_with_buttons(amina)
    async with bot.database.transaction() as session:
        assert await answers.accept_due(session, now=later) == 1
        await amina.tap_data(shown["message_id"], scenes.data(shown, "w:undo:"))
        while not bot.database.is_sqlite and await scenes.look(bot, WAITING) == [0]:
            await asyncio.sleep(0.01)
    await bot.settle()
    assert "can no longer be changed" in toast(amina)
    assert "Choose again" not in card(amina)


async def test_a_card_that_expired_can_still_be_answered_beside_the_next_one(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    old = last_with_buttons(amina)
    tapped = scenes.data(old, "a:")
    await expire(bot)
    await say(bot, amina)
    assert "the sea" in card(amina)
    await amina.tap_data(old["message_id"], tapped)
    await bot.settle()
    assert old["text"].startswith("Saved:")
    await pick(bot, amina, 1)
    assert await scenes.labels(bot) == ["red", "blue"]


async def test_work_in_hand_of_a_paused_project_is_finished_and_paid(bot: Life) -> None:
    amina, rana = await crew(bot, 2)
    made = await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    await move(bot, made, "paused")
    await pick(bot, amina, 0)
    assert "The projects in your languages are paused for now." in card(amina)
    await say(bot, rana)
    assert "The projects in your languages are paused for now." in card(rana)
    assert (await bot.check())["USD"]["pending"] == 2 * CENT
    await move(bot, made, "open")
    await wake(bot)
    assert "new work" in card(amina)
    assert "new work" in card(rana)


async def test_the_bot_says_why_there_is_no_work_and_tells_when_some_comes(bot: Life) -> None:
    newcomer = bot.sandbox.person("Rashid")
    await say(bot, newcomer, text="/start")
    await say(bot, newcomer)
    assert await scenes.held(bot, newcomer) is None
    (amina,) = await crew(bot, 1, "en")
    await say(bot, amina)
    assert "No project is open right now." in card(amina)
    await opened(bot, "choice", COLOURS, languages=("sw",), tasks=["rose"])
    await say(bot, amina)
    assert "in other languages than yours" in card(amina)
    await wake(bot)
    assert "in other languages than yours" in card(amina)
    await opened(bot, "choice", COLOURS, tasks=["sea"])
    await wake(bot)
    assert "There is new work in your languages." in card(amina)
    await press(bot, amina, "Get a task")
    assert "the sea" in card(amina)
    await pick(bot, amina, 0)
    assert "every task that is open" in card(amina)
    assert scenes.data(last_with_buttons(amina), "w:undo:")


async def test_who_withdraws_an_agreement_finishes_the_task_and_gets_no_new_one(bot: Life) -> None:
    amina = await bot.join("Amina")
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    shown = last_with_buttons(amina)
    tapped = scenes.data(shown, "a:")
    await tell(bot, amina, "/privacy")
    for label in ("Withdraw…", "Withdraw"):
        await press(bot, amina, label)
    await amina.tap_data(shown["message_id"], tapped)
    await bot.settle()
    assert await scenes.labels(bot) == ["red"]
    assert "New work is paused because an agreement is missing." in await tell(bot, amina, "/work")
    async with bot.database.transaction() as session:
        missing = await consent.missing(session, await scenes.worker_of(bot, amina))
    assert missing == ["terms"]
    assert await scenes.held(bot, amina) is None


async def test_gold_comes_by_its_share_and_once_to_each_worker(bot: Life) -> None:
    people = await crew(bot, 2)
    rows = "key,thing,gold\n" + "".join(f"g{n},gold {n},red\n" for n in range(3))
    rows += "".join(f"t{n},task {n},\n" for n in range(3))
    await opened(bot, "choice", COLOURS, tasks=rows, overlap=2, gold_share=1)
    await say(bot, *people)
    for person in people:
        for turn in range(6):
            assert ("gold" in card(person)) == (turn < 3)
            await pick(bot, person, 0)
        assert "every task that is open" in card(person)
    given = await scenes.assignments(bot)
    assert sum(one.gold for one in given) == 6
    assert (await bot.check())["USD"]["pending"] == 12 * 2 * CENT


async def test_without_a_share_gold_is_never_served(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    rows = "key,thing,gold\ngold,gold,red\nrose,the rose,\n"
    await opened(bot, "choice", COLOURS, tasks=rows)
    await say(bot, amina)
    await pick(bot, amina, 0)
    assert [one.gold for one in await scenes.assignments(bot)] == [False]


async def test_a_task_in_hand_keeps_its_terms_when_they_change(bot: Life) -> None:
    amina, rana = await crew(bot, 2)
    made = await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    await tell(bot, bot.owner, f"/set {made.code} price=0.05 overlap=2")
    await press(bot, bot.owner, "Apply")
    await say(bot, rana)
    assert "$0.05" in card(rana)
    await say(bot, amina)
    assert "$0.02" in card(amina)
    await pick(bot, amina, 0)
    await pick(bot, rana, 0)
    old, new = (one for one in await scenes.assignments(bot) if one.state == "answered")
    assert (old.price_micro, old.stage_version) == (2 * CENT, 1)
    assert (new.price_micro, new.stage_version) == (5 * CENT, 2)
    assert (await bot.check())["USD"]["pending"] == 7 * CENT


async def test_the_second_turn_of_a_person_sees_what_the_first_one_left(bot: Life) -> None:
    """Messages and taps of one person come side by side: the later one waits, and then looks."""
    (amina,) = await crew(bot, 1)
    visitor = workers.Visitor(amina.id, "Amina", None, "en")
    async with bot.database.transaction() as session:
        chat, _ = await workers.meet(session, bot.kazi.bot_id, visitor, owners=())
        await amina.send("/cancel")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bot.settle(), 0.2)
        chat.expecting = {"what": "answer"}
    await bot.settle()
    (expecting,) = await scenes.look(bot, select(Chat.expecting).where(Chat.chat_id == amina.id))
    assert expecting is None


async def test_a_task_that_others_are_just_taking_is_not_said_to_be_done(bot: Life) -> None:
    """A slot is free: that its row is locked for a moment is no reason to say there is no work."""
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose"], overlap=2)
    async with bot.database.transaction() as session:
        await session.execute(select(Task.id).with_for_update())
        await amina.send("/work")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bot.settle(), 0.2)
    await bot.settle()
    assert "the rose" in card(amina)


async def test_work_says_until_when_the_task_is_theirs_now_and_takes_no_time_away(
    bot: Life,
) -> None:
    await opened(bot, "choice", "options = ['red', 'blue']", tasks=["sky"])
    (amina,) = await crew(bot, 1)
    await say(bot, amina)
    begun = now() - timedelta(seconds=1)
    for left in (timedelta(minutes=1), timedelta(hours=2)):
        until = begun + left
        await scenes.change(bot, update(table(Assignment)).values(lease_until=until))
        await say(bot, amina)
        held = await scenes.held(bot, amina)
        assert held is not None
        assert held.lease_until >= max(until, begun + timedelta(minutes=5))
        shown = i18n.clock_time(held.lease_until, "Africa/Nairobi")
        assert f"yours until {scenes.unmarked(shown)}" in card(amina)
