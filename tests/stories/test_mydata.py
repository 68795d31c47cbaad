"""/mydata: a copy of everything about a person, and after an erasure nothing that names them."""

import json
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.models.base import Base, table
from bot.models.chat import Chat, Inbox
from bot.models.people import Role, Worker
from bot.models.work import Assignment
from bot.pay import ledger
from bot.people import staff
from bot.sandbox import Person
from bot.store import inbox
from bot.store.database import now
from tests.handlers.office import sent
from tests.handlers.people import said, worker_of, write
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes

NAME, USERNAME, ID = "Zawadi Wanyonyi", "zawadi_secret", 918273645


@pytest.fixture
async def zawadi(bot: Life) -> Person:
    """Somebody with one answer given, one task in hand, and a name that is nowhere else."""
    await scenes.opened(bot, "choice", 'options = ["yes", "no"]', tasks=["a", "b", "c"])
    person = bot.sandbox.person(NAME, language_code="en", id=ID, username=USERNAME)
    await bot.join_as(person)
    await write(bot, person, "/work")
    await scenes.pick(bot, person, 0)
    return person


async def test_the_copy_has_answers_amounts_and_names(bot: Life, zawadi: Person) -> None:
    await scenes.say(bot, zawadi, text="/mydata")
    copy = json.loads(sent(bot, zawadi)["my-data.json"])
    assert copy["identity"]["name"] == NAME
    assert copy["identity"]["username"] == USERNAME
    assert copy["identity"]["chats"][0]["telegram_id"] == ID
    given, in_hand = copy["assignments"]
    assert (given["answers"][0]["label"], given["amount"], given["currency"]) == (
        "yes",
        "0.02",
        "USD",
    )
    assert (given["state"], in_hand["state"], in_hand["answers"]) == ("answered", "held", [])
    (line,) = copy["ledger"]
    assert (line["account"], line["amount"]) == ("pending", "0.02")
    assert copy["balances"] == [
        {"currency": "USD", "pending": "0.02", "available": "0", "held": "0"}
    ]
    assert {one["document"] for one in copy["consents"]} == {"terms", "privacy", "answers"}
    assert copy["languages"]


async def test_privacy_leads_to_the_copy_and_to_the_deletion(bot: Life, zawadi: Person) -> None:
    assert "/mydata" in await write(bot, zawadi, "/privacy")
    assert buttons(zawadi.last)[-2:] == ["A copy of my data", "Delete my data…"]
    await _press(bot, zawadi, "md:copy")
    assert "my-data.json" in sent(bot, zawadi)


async def test_the_first_step_tells_of_the_money_and_deletes_nothing(
    bot: Life, zawadi: Person
) -> None:
    worker = await worker_of(bot, zawadi)
    asked = await _ask(bot, zawadi)
    assert "$0.02" in asked
    assert worker.pseudonym in asked
    assert buttons(zawadi.last)[0] == "Keep my data"
    assert await _press(bot, zawadi, "md:keep") == "Nothing was deleted."
    assert (await worker_of(bot, zawadi)).state == "active"


async def test_an_old_confirmation_asks_again(bot: Life, zawadi: Person) -> None:
    await _ask(bot, zawadi)
    assert "Delete your data?" in await _press(bot, zawadi, "md:erase:1")
    assert (await worker_of(bot, zawadi)).state == "active"


async def test_after_an_erasure_nothing_anywhere_names_the_person(
    bot: Life, zawadi: Person
) -> None:
    await _leave_traces(bot, zawadi)
    assert await _found(bot, str(ID))  # the search finds what is there
    worker = await worker_of(bot, zawadi)
    await _erase(bot, zawadi)
    await bot.tick("prune")
    for trace in (NAME, "Zawadi", USERNAME, str(ID), "half a thought"):
        assert await _found(bot, trace) == [], trace
    async with bot.database.reading() as session:
        left = await session.get_one(Worker, worker.id)
        assert (left.state, left.locale, left.country, left.zone) == ("gone", None, None, None)
        assert await session.scalar(select(Role.role).where(Role.worker_id == worker.id)) is None
        assert await staff.roles_of(session, USERNAME) == []


async def test_the_money_stays_as_it_was_and_is_still_accepted(bot: Life, zawadi: Person) -> None:
    worker = await worker_of(bot, zawadi)
    before = await _balance(bot, worker.id)
    farewell = await _erase(bot, zawadi)
    assert worker.pseudonym in farewell
    assert "$0.02" in farewell
    assert await _balance(bot, worker.id) == before
    assert before[0].pending > 0
    past = update(table(Assignment)).where(Assignment.state == "answered")
    async with bot.database.transaction() as session:
        await session.execute(past.values(accept_at=await now(session)))
    await bot.tick("accept")
    assert (await _balance(bot, worker.id))[0].available == before[0].pending


async def test_the_task_in_hand_goes_to_others_and_its_draft_is_gone(
    bot: Life, zawadi: Person
) -> None:
    await _leave_traces(bot, zawadi)
    await _erase(bot, zawadi)
    assert await scenes.states(bot) == ["answered", "expired"]
    assert [one.draft for one in await scenes.assignments(bot)] == [None, None]
    (other,) = await scenes.crew(bot, 1)
    for _ in range(2):
        await write(bot, other, "/work")
        await scenes.pick(bot, other, 0)
    tasks = [one.task_id for one in await scenes.assignments(bot)]
    assert tasks.count(tasks[1]) == 2  # the other person had it as well


async def test_nothing_but_writing_again_makes_a_new_record(bot: Life, zawadi: Person) -> None:
    await _ask(bot, zawadi)
    card = zawadi.last["message_id"]
    sure = scenes.data(zawadi.last, "md:erase:")
    await zawadi.tap(card, data=sure)
    await bot.settle()
    await zawadi.tap_data(card, sure)
    await zawadi.block()
    await bot.settle()
    assert await scenes.look(bot, select(Chat.chat_id).where(Chat.chat_id == ID)) == []
    await zawadi.unblock()
    await write(bot, zawadi, "/start")
    again = await worker_of(bot, zawadi)
    assert (again.state, again.step) == ("joining", "language")
    assert await _balance(bot, again.id) == []


async def test_the_last_owner_cannot_leave(bot: Life) -> None:
    await bot.join_as(bot.owner)
    await scenes.say(bot, bot.owner, text="/mydata")
    await _press(bot, bot.owner, "md:ask")
    assert "last owner" in bot.owner.chat.toasts[-1]["text"]
    assert (await worker_of(bot, bot.owner)).state == "active"


async def test_who_is_too_young_cannot_have_the_no_forgotten(bot: Life, zawadi: Person) -> None:
    worker = await worker_of(bot, zawadi)
    await scenes.say(bot, zawadi, text="/mydata")
    young = update(table(Worker)).where(Worker.id == worker.id)
    await scenes.change(bot, young.values(state="declined"))
    await _press(bot, zawadi, "md:ask")
    assert (await worker_of(bot, zawadi)).state == "declined"


async def test_delivered_messages_leave_no_text_in_the_outbox(bot: Life, zawadi: Person) -> None:
    assert said(zawadi)
    async with bot.database.reading() as session:
        texts = await session.scalars(text("SELECT CAST(payload AS TEXT) FROM outbox"))
        assert set(texts) == {"{}"}


async def test_a_dead_update_is_kept_without_names_and_for_a_week(bot: Life) -> None:
    raw = {"message": {"from": {"id": ID, "first_name": "Zawadi"}, "chat": {"username": USERNAME}}}
    await bot.kazi.bury(77, "message", raw, "a fault")
    assert await _found(bot, "Zawadi") == await _found(bot, USERNAME) == []
    assert await _found(bot, str(ID)) == ["inbox"]
    async with bot.database.transaction() as session:
        await inbox.prune(session, await now(session) + inbox.KEEP * 2)
    assert await scenes.look(bot, select(Inbox.dead).where(Inbox.update_id == 77)) == ["a fault"]
    assert await _found(bot, str(ID)) == []


async def _press(bot: Life, person: Person, data: str) -> str:
    """Send what a button would; what the bot then says last."""
    await person.tap_data(last_with_buttons(person)["message_id"], data)
    await bot.settle()
    return str(person.last.get("text", ""))


async def _ask(bot: Life, person: Person) -> str:
    await scenes.say(bot, person, text="/mydata")
    return await _press(bot, person, "md:ask")


async def _erase(bot: Life, person: Person) -> str:
    """Both steps; what the bot says last."""
    await _ask(bot, person)
    return await _press(bot, person, scenes.data(person.last, "md:erase:"))


async def _leave_traces(bot: Life, person: Person) -> None:
    """A draft, a role, a message to the desk, an update that died, and a list with the name."""
    await write(bot, bot.owner, "/start")
    worker = await worker_of(bot, person)
    held = update(table(Assignment)).where(Assignment.state == "held")
    async with bot.database.transaction() as session:
        session.add(Role(worker_id=worker.id, role="reviewer"))
        await session.execute(held.values(draft="half a thought"))
        raw = json.dumps({"message": {"from": {"id": ID}, "text": "half a thought"}})
        await inbox.bury(session, bot.kazi.bot_id, 990, "message", raw, "a fault")
    await write(bot, person, "/support")
    await write(bot, person, "half a thought")
    assert NAME in await write(bot, bot.owner, "/team")


async def _balance(bot: Life, worker_id: int) -> list[ledger.Balance]:
    async with bot.database.reading() as session:
        return await ledger.balances(session, worker_id)


async def _found(bot: Life, trace: str) -> list[str]:
    """The tables in which any column of any row has this text."""
    found: list[str] = []
    async with bot.database.reading() as session:
        for name, one in Base.metadata.tables.items():
            rows: list[Any] = list(await session.execute(select(one)))
            if any(trace.lower() in repr(tuple(row)).lower() for row in rows):
                found.append(name)
    return found
