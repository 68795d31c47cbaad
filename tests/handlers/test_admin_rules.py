"""Rules in the chat: on the project's card, rehearsed, changed, and what is said when one fires."""

from datetime import timedelta

from sqlalchemy import func, select, update

from bot.clock import now
from bot.models.base import table
from bot.models.rules import Firing, RuleMark
from bot.models.work import StageVersion
from bot.work import stages
from tests.handlers.office import press, tell
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import card, crew, opened, pick

WORDS = {"en": {"question": "Which?", "instructions": "Look at both.", "options": {}}}
COLOURS = "options = ['red', 'blue']"


async def answered(bot: Life, *rules: str, times: int = 3) -> str:
    """Somebody gives the same answer a few times; the project's code."""
    await bot.join_as(bot.owner)
    (amina,) = await crew(bot, 1)
    lines = ", ".join(f"'{rule}'" for rule in rules)
    tasks = [f"t{number}" for number in range(times + 1)]
    made = await opened(bot, "choice", COLOURS, f"rules = [{lines}]", tasks=tasks)
    await scenes.change(bot, update(table(StageVersion)).values(text=WORDS))
    stages.forget()
    await tell(bot, amina, "/work")
    for _ in range(times):
        first = buttons(last_with_buttons(amina))[:2].index("red")
        await pick(bot, amina, first)
    return made.code


async def look_at_rules(bot: Life) -> None:
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(RuleMark)).values(due_at=past))
    await bot.tick("judge")
    await bot.tick("send")


async def test_staff_is_told_what_fired_and_that_it_is_no_proof(bot: Life) -> None:
    await answered(bot, "same_answer >= 3: tell, more_overlap")
    await look_at_rules(bot)
    told = bot.owner.last["text"]
    assert "A rule fired: " in told
    assert "Measured: 3" in told
    assert "3 tasks get one more answer" in told
    assert "not a proof" in told
    assert "/w_" in told


async def test_training_shows_the_instructions_again(bot: Life) -> None:
    await answered(bot, "same_answer >= 3: training")
    (amina,) = [one for one in bot.sandbox.people.values() if one.id != bot.owner.id]
    await look_at_rules(bot)
    told = amina.last["text"]
    assert "Please read the instructions of" in told
    assert "you gave the same answer 3 times in a row" in told
    assert "Look at both." in told


async def test_a_rehearsal_from_the_projects_card_touches_nobody(bot: Life) -> None:
    code = await answered(bot, "same_answer >= 3: pause 1d")
    await tell(bot, bot.owner, f"/p_{code}")
    assert "same_answer >= 3: pause 1d" in await press(bot, bot.owner, "Rules")
    said = await press(bot, bot.owner, "Try on the last 7 days")
    assert "would have touched 1 person" in said
    assert "w-" in said
    assert "Measured: 3" in said
    assert await scenes.look(bot, select(func.count(Firing.id))) == [0]
    await press(bot, bot.owner, "Back")
    await press(bot, bot.owner, "Change…")
    await press(bot, bot.owner, "Rules: ")
    assert "gold_accuracy < 60% over 10: pause 3d" in card(bot.owner)
    await press(bot, bot.owner, "none")
    await press(bot, bot.owner, "Apply")
    await tell(bot, bot.owner, f"/p_{code}")
    assert "There are none" in await press(bot, bot.owner, "Rules")


async def test_a_rule_that_is_none_is_refused_with_its_form(bot: Life) -> None:
    code = await answered(bot, "same_answer >= 3: tell", times=0)
    said = await tell(bot, bot.owner, f"/set p_{code} rules=skips >= 3: pause 1d")
    assert "skipping is free" in said
    two = "same_answer >= 9: tell; agreement < 40%: tell"
    said = await tell(bot, bot.owner, f"/set p_{code} rules={two}")
    assert "agreement < 40% over 20: tell" in said
