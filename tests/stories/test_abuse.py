"""What people send who mean harm, or only tap twice: said no to, and nothing changes."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from bot.clock import now
from bot.models.base import table
from bot.models.chat import Attempt, Inbox
from bot.models.pay import Posting
from bot.models.people import Worker
from bot.models.work import Answer, Assignment
from bot.people import roles
from bot.sandbox import Person
from handlers.worker.work import PRESSED
from tests.handlers import office
from tests.handlers.office import tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, act, crew, data, opened, pick, say

COLOURS = "options = ['red', 'blue']"
ADMIN_COMMANDS = ["/projects", "/newproject", "/set", "/status", "/team", "/add", "/p_abc"]
ADMIN_PREFIXES = ("pj", "np", "se", "ex", "ts")
# [Get a task] is for everybody, so it is left out: it would rightly change something.
ACTIONS = sorted(PRESSED.keys() - {"work"})

words = st.one_of(st.sampled_from(ACTIONS), st.integers(0, 40).map(str), st.text(max_size=8))
ADMINS = st.tuples(st.sampled_from(ADMIN_PREFIXES), st.lists(words, max_size=4))
ANY_DATA = st.one_of(
    st.text(min_size=1, max_size=64),
    st.tuples(st.sampled_from(["a", "w"]), words, words, words).map(":".join),
    ADMINS.map(lambda parts: ":".join([parts[0], *parts[1]])),
).map(lambda text: text.encode()[:64].decode(errors="ignore"))


async def forge(bot: Life, person: Person, *forged: str) -> None:
    """Send callback data that no button has, all at once."""
    message = last_with_buttons(person)["message_id"]
    await asyncio.gather(*(person.tap_data(message, one) for one in forged))
    await bot.settle()


async def unharmed(bot: Life) -> None:
    """No update failed."""
    assert await scenes.trouble(bot) is None
    assert await scenes.count(bot, Attempt) == 0
    assert await scenes.look(bot, select(Inbox.dead).where(Inbox.dead.is_not(None))) == []


async def test_a_button_of_an_old_card_changes_nothing(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    old = last_with_buttons(amina)
    tapped, skipped = data(old, "a:"), data(old, "w:skip:")
    await pick(bot, amina, 0)
    before = await scenes.picture(bot)
    await forge(bot, amina, tapped)
    assert "Already saved." in toast(amina)
    await forge(bot, amina, skipped)
    assert "Already saved." in toast(amina)
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(accept_at=past))
    await bot.tick("accept")
    before = await scenes.picture(bot)
    await forge(bot, amina, tapped, skipped, "w:undo:1:0")
    assert await scenes.picture(bot) == before
    await unharmed(bot)


async def test_a_button_of_anothers_card_changes_nothing(bot: Life) -> None:
    amina, rana = await crew(bot, 2)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea", "sky"])
    await say(bot, amina)
    await pick(bot, amina, 0)
    await say(bot, rana)
    theirs = scenes.all_data(last_with_buttons(amina))
    mine, index = await scenes.held(bot, rana), len(rana.chat.toasts)
    assert mine is not None
    before = await scenes.picture(bot)
    await forge(bot, rana, *theirs, f"a:{mine.id}:{mine.nonce}:9", f"w:done:{mine.id}:{mine.nonce}")
    assert await scenes.picture(bot) == before
    said = [shown["text"] for shown in rana.chat.toasts[index:]]
    assert len(said) == len(theirs) + 2
    assert all(said)
    await unharmed(bot)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(forged=st.lists(ANY_DATA, min_size=6, max_size=12))
async def test_invented_callback_data_changes_nothing(bot: Life, forged: list[str]) -> None:
    if not bot.sandbox.people.keys() - {bot.owner.id}:
        people = await crew(bot, 2)
        await opened(bot, "choice", COLOURS, tasks=[f"t{n}" for n in range(4)])
        await say(bot, *people)
        await pick(bot, people[0], 0)
    rana = list(bot.sandbox.people.values())[-1]
    first, *others = await scenes.look(bot, select(Assignment.nonce).order_by(Assignment.id))
    stolen = [f"a:{at}:{nonce}:0" for at, nonce in enumerate([*others, first], 1)]
    before, toasts = await scenes.picture(bot), len(rana.chat.toasts)
    await forge(bot, rana, *forged, *stolen)
    assert await scenes.picture(bot) == before
    assert len(rana.chat.toasts) == min(toasts + len(forged) + len(stolen), 200)
    await unharmed(bot)


async def test_twenty_taps_at_once_are_one_answer_and_one_posting(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    await forge(bot, amina, *[data(last_with_buttons(amina), "a:")] * 20)
    assert await scenes.count(bot, Answer) == 1
    assert await scenes.count(bot, Posting) == 1
    assert await scenes.states(bot) == ["answered", "held"]
    said = [shown["text"] for shown in amina.chat.toasts]
    assert said.count("Saved: red.") == 1
    assert sum("Already saved." in one for one in said) == 19


async def test_different_buttons_at_once_give_one_outcome(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea"])
    await say(bot, amina)
    message = last_with_buttons(amina)
    presses = [data(message, f"w:{action}:") for action in ("skip", "more", "report")]
    answers = [one for one in scenes.all_data(message) if one.startswith("a:")]
    await forge(bot, amina, *answers, *presses, *answers, *presses)
    first, *_ = await scenes.assignments(bot)
    assert first.state in ("answered", "skipped")
    paid = 2 * CENT if first.state == "answered" else 0
    assert (await bot.check()).get("USD", {"pending": 0})["pending"] == paid
    await unharmed(bot)


async def test_undo_tapped_ten_times_is_one_reopened_answer(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    await say(bot, amina)
    await pick(bot, amina, 0)
    await forge(bot, amina, *[data(last_with_buttons(amina), "w:undo:")] * 10)
    await pick(bot, amina, 1)
    assert await scenes.labels(bot) == ["red", "blue"]
    assert await scenes.count(bot, Posting) == 1
    await act(bot, amina, "undo")
    await act(bot, amina, "keep")
    assert await scenes.labels(bot) == ["red", "blue"]


async def test_commands_and_buttons_of_admins_are_refused_to_everybody_else(bot: Life) -> None:
    made = await office.project(bot)
    people = dict(zip((None, "reviewer", "requester"), await crew(bot, 3), strict=True))
    async with bot.database.transaction() as session:
        for role, person in people.items():
            if role:
                await roles.grant(session, await scenes.worker_of(bot, person), role, by=None)
    before = await scenes.picture(bot)
    code = made.code
    forged = [f"pj:do:{code}:open:{int(now().timestamp())}", f"se:card:{code}", f"np:add:{code}"]
    forged += ["ts:invite:admin", f"pj:card:{code}", f"se:value:{code}:price:1"]
    for person in people.values():
        for command in [
            *ADMIN_COMMANDS,
            f"/p_{code}",
            f"/set {code} price=1",
            "/team invite admin",
        ]:
            said = await tell(bot, person, command)
            assert said.startswith("This needs one of these roles"), command
        await person.send("/help")
        await bot.settle()
        seen = len(person.chat.toasts)
        await forge(bot, person, *forged)
        said = "".join(shown["text"] for shown in person.chat.toasts[seen:])
        assert said.count("This needs one of these roles") == len(forged), said
    for role in (None, "reviewer"):
        refused = await tell(bot, people[role], f"/export {code}")
        assert refused.startswith("This needs one of these roles")
    assert await scenes.picture(bot) == before
    await unharmed(bot)


async def test_every_admin_command_works_for_the_owner_and_admins(bot: Life) -> None:
    await office.project(bot)
    (admin,) = await crew(bot, 1)
    async with bot.database.transaction() as session:
        await roles.grant(session, await scenes.worker_of(bot, admin), "admin", by=None)
    await tell(bot, bot.owner, "/start")
    for person in (bot.owner, admin):
        for command in ["/projects", "/newproject", "/set", "/status", "/team", "/add", "/export"]:
            said = await tell(bot, person, command)
            assert not said.startswith(("This needs", "I do not know")), command


async def test_what_is_said_in_a_group_leaves_no_trace(bot: Life) -> None:
    """Strangers in a group have agreed to nothing: not even their names are kept."""
    (amina,) = await crew(bot, 1)
    await opened(bot, "choice", COLOURS, tasks=["rose"])
    before, calls = await scenes.picture(bot), len(bot.sandbox.calls)
    stranger = {"id": 4_000_001, "is_bot": False, "first_name": "Somebody"}
    for user in (stranger, amina.user):
        for text in ("/work", "/start", "hello"):
            add(bot, user, text)
        bot.sandbox.updates.add("my_chat_member", membership(bot, user), ("member", -100))
    await bot.settle()
    assert await scenes.picture(bot) == before
    assert len(bot.sandbox.calls) == calls
    assert await scenes.look(bot, select(func.count()).select_from(Worker)) == [1]


GROUP = {"id": -1_001_234_567_890, "type": "supergroup", "title": "Neighbours"}


def add(bot: Life, user: dict[str, Any], text: str) -> None:
    """A message in a group that the bot is a member of."""
    entity = {"type": "bot_command", "offset": 0, "length": len(text)}
    message = {"message_id": 1, "date": 1, "chat": GROUP, "from": user, "text": text}
    message |= {"entities": [entity]} if text.startswith("/") else {}
    bot.sandbox.updates.add("message", message, ("chat", -100))


def membership(bot: Life, user: dict[str, Any]) -> dict[str, Any]:
    """The bot is thrown out of the group."""
    me = bot.sandbox.user
    return {
        "chat": GROUP,
        "from": user,
        "date": 1,
        "old_chat_member": {"status": "member", "user": me},
        "new_chat_member": {"status": "kicked", "user": me, "until_date": 0},
    }
