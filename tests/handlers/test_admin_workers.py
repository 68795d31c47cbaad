"""/workers: found by name or segment, restricted in steps, lifted, and by two for longer."""

import pytest
from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.people import Worker
from bot.models.rules import Restriction
from bot.people import roles, skills
from bot.sandbox import Person
from bot.work import restrictions
from tests.handlers.office import audit, press, tell, toast
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import card, crew, opened, pick

COLOURS = "options = ['red', 'blue']"


@pytest.fixture
async def amina(bot: Life) -> Person:
    """An owner looks at somebody in Kenya who has answered once."""
    await bot.join_as(bot.owner)
    (person,) = await crew(bot, 1, "en", "sw")
    await become(bot, person, country="KE", locale="sw")
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"], slug="colours")
    await tell(bot, person, "/work")
    await pick(bot, person, 0)
    return person


async def become(bot: Life, person: Person, **values: str) -> None:
    me = table(Worker).c.id == await scenes.worker_of(bot, person)
    await scenes.change(bot, update(table(Worker)).where(me).values(**values))


async def second_owner(bot: Life) -> Person:
    other = await bot.join("Olga")
    async with bot.database.transaction() as session:
        await roles.grant(session, await scenes.worker_of(bot, other), "admin", by=None)
    return other


async def restrict(bot: Life, person: Person, length: str, button: str) -> None:
    """All steps, with what the worker will read in between."""
    await tell(bot, bot.owner, f"/w_{await scenes.worker_of(bot, person)}")
    for label in ("Restrict…", "colours", "Answers look copied", length):
        await press(bot, bot.owner, label)
    assert "imesimamishwa hadi" in card(bot.owner) or "aiondolee" in card(bot.owner)
    await press(bot, bot.owner, button)
    await bot.tick("send")


async def test_people_are_found_by_segment_pseudonym_and_user_name(bot: Life, amina: Person):
    await bot.join_as(bot.sandbox.person("Baraka", username="baraka_w"))
    number = await scenes.worker_of(bot, amina)
    (pseudonym,) = await scenes.look(bot, select(Worker.pseudonym).where(Worker.id == number))

    async def found(words: str) -> str:
        return await tell(bot, bot.owner, f"/workers {words}")

    assert "Workers: 3" in await found("")
    for words in ("country:KE language:sw active:7d", f"{pseudonym[:7]}", "language:SW"):
        text = await found(words)
        assert "Workers: 1" in text, words
        assert pseudonym in text
        assert "1 answer" in text
    for words in ("@Baraka_W", "bARAKA"):
        text = await found(words)
        assert "Workers: 1" in text, words
        assert "Baraka" not in text
    async with bot.database.transaction() as session:
        await skills.set_by_hand(session, number, "fluency_sw", 85, actor=None, now=now())
    for words in ("skill:fluency_sw>80", "skill:fluency_sw", "skill:fluency_sw<=85 active:7d"):
        assert "Workers: 1" in await found(words), words
    assert "fluency (Swahili): 85" in await tell(bot, bot.owner, f"/w_{number}")
    assert "Nobody is like that" in await found("skill:fluency_sw>85")
    assert "Nobody is like that" in await found("country:KE language:fil")
    assert "I do not know “colour:red” here" in await found("colour:red")


async def test_six_a_page_and_a_search_that_is_kept(bot: Life):
    await bot.join_as(bot.owner)
    await crew(bot, 7, "sw")
    await tell(bot, bot.owner, "/workers language:sw")
    assert len(buttons(last_with_buttons(bot.owner))) == 6 + 3
    text = await press(bot, bot.owner, "›")
    assert "Workers: 7" in text
    assert len(buttons(last_with_buttons(bot.owner))) == 1 + 3


async def test_a_restriction_is_previewed_told_and_lifted(bot: Life, amina: Person):
    await restrict(bot, amina, "3 days", "Restrict now")
    assert "is paused until" in card(bot.owner)
    assert "kunakiliwa" in card(amina)
    await pick_in_hand(bot, amina)
    await tell(bot, amina, "/work")
    assert "imesimamishwa hadi" in card(amina)
    await press(bot, bot.owner, "Lift: colours")
    await bot.tick("send")
    assert "kumeondolewa" in card(amina)
    assert "⚠" not in card(bot.owner)
    steps = ["restriction.begin", "restriction.lift"]
    found = [one for step in steps for one in await audit(bot, step)]
    assert [one.action for one in found] == steps
    owner = await scenes.worker_of(bot, bot.owner)
    assert {one.actor_id for one in found} == {owner}


async def pick_in_hand(bot: Life, person: Person) -> None:
    """Work in hand can be finished, and is paid."""
    mine = await scenes.held(bot, person)
    assert mine is not None
    data = f"a:{mine.id}:{mine.nonce}:0"
    await person.tap_data(person.chat.messages[-1]["message_id"], data)
    await bot.settle()
    assert await scenes.states(bot) == ["answered", "answered"]


async def test_more_than_a_week_needs_two_people(bot: Life, amina: Person):
    olga = await second_owner(bot)
    await restrict(bot, amina, "30 days", "Propose it to a second person")
    assert "Proposed, waits for a second person" in card(bot.owner)
    assert "imesimamishwa" not in card(amina)
    assert "waits for a second person" in card(olga)
    assert "Asked for by Wanjiru" in card(olga)
    await press(bot, bot.owner, "Agree")
    assert "You asked for it" in toast(bot.owner)
    await press(bot, olga, "Agree")
    await bot.tick("send")
    assert "imesimamishwa hadi" in card(amina)
    (found,) = await scenes.look(bot, select(Restriction))
    assert (found.ends_at - found.begins_at).days == 30
    assert found.confirmed_by == await scenes.worker_of(bot, olga)
    assert "Olga agreed to your restriction of" in bot.owner.last["text"]


async def test_a_proposal_is_off_after_a_week(bot: Life, amina: Person):
    olga = await second_owner(bot)
    await restrict(bot, amina, "30 days", "Propose it to a second person")
    past = now() - restrictions.OPEN
    await scenes.change(bot, update(table(Restriction)).values(created_at=past))
    await press(bot, olga, "Agree")
    assert "Nobody agreed to this within 7 days" in toast(olga)
    assert "waits for a second person" not in await tell(
        bot, bot.owner, f"/w_{await scenes.worker_of(bot, amina)}"
    )


async def test_who_is_alone_decides_alone_and_the_audit_says_so(bot: Life, amina: Person):
    await restrict(bot, amina, "30 days", "Restrict now")
    assert "imesimamishwa hadi" in card(amina)
    (row,) = await audit(bot, "restriction.alone")
    assert row.actor_id == await scenes.worker_of(bot, bot.owner)


async def test_a_proposal_turned_down_is_never_told(bot: Life, amina: Person):
    olga = await second_owner(bot)
    before = len(amina.chat.messages)
    await restrict(bot, amina, "Until it is lifted", "Propose")
    await press(bot, olga, "Turn down")
    await press(bot, bot.owner, "Agree")
    assert "decided already" in toast(bot.owner)
    assert len(amina.chat.messages) == before
    assert "Olga turned down your restriction of" in bot.owner.last["text"]


async def test_nobody_else_looks_at_people(bot: Life, amina: Person):
    assert "mojawapo ya majukumu" in await tell(bot, amina, "/workers")
    for data in ("ws:card:1", "rs:where:1", "rs:lift:1", "rs:yes:1", "rs:do:1:0:conduct:1:1"):
        await amina.tap_data(amina.chat.messages[-1]["message_id"], data)
        await bot.settle()
        assert "mojawapo ya majukumu" in toast(amina)
