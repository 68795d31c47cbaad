"""Somebody is paused by a rule, reads why, answers, and works again later."""

from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.people import Audit, Worker
from bot.models.rules import Firing, Restriction, RuleMark
from bot.models.work import Project
from bot.sandbox import Person
from bot.work import intake, project_file, projects, restrictions
from tests.handlers.office import press, tell
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, act, all_data, card, crew, opened, pick

PAUSED = {"en": "is paused until", "sw": "imesimamishwa hadi"}
WHY = {"en": "0 of your last 3 check answers were right", "sw": "kati ya majibu yako 3"}
OVER = {"en": "You can work there again", "sw": "kufanya kazi huko tena"}
LESSON = {"en": "when it is done. It is paid.", "sw": "ukimaliza. Mafunzo yanalipwa."}
MONEY = {"en": "what you earned stays yours", "sw": "Salio lako haliguswi"}


async def with_gold(bot: Life, *rules: str, gold: int = 3, plain: int = 6) -> Project:
    """An open project that begins with check tasks, all of them right with the first button."""
    lines = ", ".join(f'"{rule}"' for rule in rules)
    text = scenes.written("choice", "options = ['red', 'blue']", gold_share=1)
    text = text.replace("gold_share = 1", f"gold_share = 1\nrules = [{lines}]")
    rows = "key,thing,gold\n"
    rows += "".join(f"g{n},the g{n},red\n" for n in range(gold))
    rows += "".join(f"t{n},the t{n},\n" for n in range(plain))
    async with bot.database.transaction() as session:
        made = await projects.apply(session, project_file.parse(text), actor=None)
        await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
        return await projects.open_project(session, made, actor=None)


async def answer_wrongly(bot: Life, person: Person, times: int) -> None:
    """Press the button that is not red, wherever the layout put it."""
    for _ in range(times):
        message = last_with_buttons(person)
        labels = [b["text"] for row in message["reply_markup"]["inline_keyboard"] for b in row]
        await pick(bot, person, labels[:2].index("blue"))


async def speak(bot: Life, person: Person, locale: str) -> int:
    number = await scenes.worker_of(bot, person)
    chosen = update(table(Worker)).where(table(Worker).c.id == number).values(locale=locale)
    await scenes.change(bot, chosen)
    return number


async def judged(bot: Life) -> None:
    """The clock looks at the answers that came."""
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(RuleMark)).values(due_at=past))
    await bot.tick("judge")
    await bot.tick("send")


async def resumed(bot: Life) -> None:
    await bot.tick("resume")
    await bot.tick("send")


def says(person: Person, *words: str) -> None:
    """The newest message with buttons has all of these."""
    text = card(person)
    assert [one for one in words if one not in text] == []


@pytest.mark.parametrize("locale", ["en", "sw"])
async def test_a_paused_worker_reads_why_and_works_again_later(bot: Life, locale: str) -> None:
    await bot.join_as(bot.owner)
    (amina,) = await crew(bot, 1)
    await speak(bot, amina, locale)
    made = await with_gold(bot, "gold_accuracy < 60% over 3: pause 3d")
    await tell(bot, amina, "/work")
    await answer_wrongly(bot, amina, 3)
    in_hand = await scenes.held(bot, amina)
    await judged(bot)
    says(amina, PAUSED[locale], WHY[locale], MONEY[locale])
    still = await scenes.held(bot, amina)
    assert (in_hand and in_hand.id) == (still and still.id)
    await tell(bot, amina, "/work")
    await pick(bot, amina, 0)
    says(amina, PAUSED[locale], WHY[locale])
    assert (await bot.check())["USD"]["pending"] == 4 * 2 * CENT
    await write_about_it(bot, amina)
    says(bot.owner, "I was ill", "0 of your last 3")
    past = update(table(Restriction)).values(ends_at=now() - timedelta(seconds=1))
    await scenes.change(bot, past)
    await resumed(bot)
    says(amina, OVER[locale])
    told_so_far = len(amina.chat.messages)
    await resumed(bot)
    assert len(amina.chat.messages) == told_so_far
    await act(bot, amina, "work")
    assert made.slug in card(amina)
    assert await scenes.held(bot, amina)


@pytest.mark.parametrize("locale", ["en", "sw"])
async def test_a_training_that_a_rule_asks_for_ends_the_pause(bot: Life, locale: str) -> None:
    (amina,) = await crew(bot, 1)
    number = await speak(bot, amina, locale)
    await warm_up(bot)
    made = await with_gold(bot, "gold_accuracy < 60% over 3: training warm-up 3d")
    await tell(bot, amina, "/work")
    await answer_wrongly(bot, amina, 3)
    await judged(bot)
    says(amina, PAUSED[locale], WHY[locale], MONEY[locale], LESSON[locale])
    assert "su:r:" in str(all_data(last_with_buttons(amina)))  # it can be appealed
    await act(bot, amina, "invite")
    await act(bot, amina, "sit")
    await pick(bot, amina, 0)  # the task that she had in hand
    await answer_wrongly(bot, amina, 1)
    assert any("Roses are red." in one.get("text", "") for one in amina.chat.messages)
    assert await paused(bot, number)  # not before it is answered right
    await press(bot, amina, "red")
    assert not await paused(bot, number)
    await resumed(bot)
    says(amina, OVER[locale])
    await act(bot, amina, "work")
    assert made.slug in card(amina)


async def warm_up(bot: Life) -> None:
    """An open training of one task."""
    text = scenes.written("choice", "options = ['red', 'blue']", slug="warm-up")
    text = text.replace('name = "warm-up"', 'name = "warm-up"\nkind = "training"')
    rows = "key,thing,gold,hint\nrose,the rose,red,Roses are red.\n"
    async with bot.database.transaction() as session:
        made = await projects.apply(session, project_file.parse(text), actor=None)
        await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
        await projects.open_project(session, made, actor=None)


async def paused(bot: Life, worker_id: int) -> bool:
    async with bot.database.reading() as session:
        return bool(await restrictions.active(session, worker_id, now=now()))


async def write_about_it(bot: Life, person: Person) -> None:
    message = last_with_buttons(person)
    await person.tap(message["message_id"], data=scenes.data(message, "su:r:"))
    await bot.settle()
    await tell(bot, person, "I was ill <that> day")
    await bot.tick("send")


async def restrict(bot: Life, person: Person, **terms: object) -> restrictions.Limit:
    """An owner on the command line decides."""
    values = {"project_id": None, "reason": "conduct", "seconds": 3600} | terms
    number = await scenes.worker_of(bot, person)
    async with bot.database.transaction() as session:
        return await restrictions.restrict(session, number, actor=None, now=now(), **values)


async def test_a_pause_in_one_project_leaves_the_others(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    made = await opened(bot, "choice", "options = ['red', 'blue']", tasks=["rose"])
    other = await opened(bot, "rating", tasks=["sea"])
    await restrict(bot, amina, project_id=made.id)
    await tell(bot, amina, "/work")
    assert other.slug in card(amina)
    await pick(bot, amina, 3)
    assert f"Your work in {made.slug} is paused until" in card(amina)
    assert "messages that hurt" in card(amina)


async def test_a_pause_everywhere_until_lifted_says_so(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "rating", tasks=["sea"])
    limit = await restrict(bot, amina)
    async with bot.database.transaction() as session:
        await restrictions.lift(session, limit.id, actor=None, now=now())
    await restrict(bot, amina, seconds=None)
    await tell(bot, amina, "/work")
    assert "Your work in all projects is paused until a person lifts it." in card(amina)
    with pytest.raises(restrictions.Decided):
        async with bot.database.transaction() as session:
            await restrictions.lift(session, limit.id, actor=None, now=now())


async def test_a_restriction_of_somebody_else_is_nobodys_to_write_about(bot: Life) -> None:
    amina, baraka = await crew(bot, 2)
    limit = await restrict(bot, amina)
    await baraka.tap_data(baraka.chat.messages[-1]["message_id"], f"su:r:{limit.id}")
    await bot.settle()
    assert "no longer there" in baraka.chat.toasts[-1]["text"]


async def test_what_is_due_before_the_end_of_the_day_ends_at_midnight(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await with_gold(bot, "answers_per_day >= 2: pause", gold=0)
    await tell(bot, amina, "/work")
    await pick(bot, amina, 0)
    await pick(bot, amina, 0)
    await judged(bot)
    await judged(bot)
    assert "limit of 2 answers a day is reached" in card(amina)
    (found,) = await scenes.look(bot, select(Restriction))
    assert found.ends_at.astimezone(ZoneInfo("Africa/Nairobi")).strftime("%H:%M") == "00:00"
    assert len(await scenes.look(bot, select(Firing))) == 1
    fired = await scenes.look(bot, select(Audit.action).where(Audit.action != "project.state"))
    assert {"rule.fire", "restriction.begin"} <= set(fired)
