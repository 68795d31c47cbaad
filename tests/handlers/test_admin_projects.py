"""/projects: the list, the card, the preview, and opening and closing."""

from datetime import timedelta

from sqlalchemy import update

from bot.clock import now
from bot.models.work import Project
from handlers.admin import desk
from tests.handlers import office
from tests.handlers.office import COLOURS, labels, press, shown, tell, toast
from tests.life import Life, last_with_buttons

COMMANDS = ["/projects", "/newproject", "/set", "/status", "/export", "/team", "/p_abc", "/add"]


async def test_a_worker_is_told_which_role_a_command_needs_and_nothing_else(bot: Life) -> None:
    amina = await bot.join("Amina")
    for command in COMMANDS:
        before = len(amina.chat.messages)
        assert (await tell(bot, amina, command)).startswith("This needs one of these roles")
        assert len(amina.chat.messages) == before + 2


async def test_without_a_project_the_list_says_how_to_make_one(bot: Life) -> None:
    assert "/newproject" in await tell(bot, bot.owner, "/projects")


async def test_the_list_opens_a_card_by_button_and_by_code(bot: Life) -> None:
    made = await office.project(bot)
    listed = await tell(bot, bot.owner, "/projects")
    assert f"/p_{made.code} Which colour?" in listed
    assert "draft, 0% done" in listed
    card = await press(bot, bot.owner, "Which colour?")
    assert "Tasks: 3" in card
    assert "Answers: 0 of 9" in card
    assert await tell(bot, bot.owner, f"/p_{made.code}") == card


async def test_the_list_can_be_narrowed_to_states(bot: Life) -> None:
    await office.project(bot)
    assert "No project is open" in await tell(bot, bot.owner, "/projects open")
    assert "Which colour?" in await tell(bot, bot.owner, "/projects open draft")
    assert "Try /projects paused." in await tell(bot, bot.owner, "/projects pause")


async def test_the_list_has_pages_of_six(bot: Life) -> None:
    for number in range(8):
        text = COLOURS.replace("colours", f"colours-{number}")
        await office.project(bot, text, b"")
    await tell(bot, bot.owner, "/projects")
    assert labels(last_with_buttons(bot.owner))[-3:] == ["‹", "1/2", "›"]
    await press(bot, bot.owner, "›")
    assert len(labels(last_with_buttons(bot.owner))) == 2 + 3
    await press(bot, bot.owner, "2/2")
    assert len(labels(last_with_buttons(bot.owner))) == 2 + 3


async def test_a_project_is_opened_paused_and_closed_in_two_steps_each(bot: Life) -> None:
    made = await office.project(bot)
    await tell(bot, bot.owner, f"/p_{made.code}")
    asked = await press(bot, bot.owner, "Open…")
    assert "3 tasks go to workers in: English, Swahili." in asked
    assert "$0.18" in asked
    assert await office.state(bot, made) == "draft"
    await press(bot, bot.owner, "Open it")
    assert await office.state(bot, made) == "open"
    assert "No new task is handed out. 0 tasks in hand" in await press(bot, bot.owner, "Pause…")
    await press(bot, bot.owner, "Pause it")
    assert await office.state(bot, made) == "paused"
    assert "9 answers will not be collected." in await press(bot, bot.owner, "Close…")
    await press(bot, bot.owner, "Close it")
    assert await office.state(bot, made) == "closing"
    assert [row.after for row in await office.audit(bot, "project.state")] == [
        "open",
        "paused",
        "closing",
    ]


async def test_the_safe_way_is_first_and_changes_nothing(bot: Life) -> None:
    made = await office.project(bot)
    await tell(bot, bot.owner, f"/p_{made.code}")
    await press(bot, bot.owner, "Open…")
    assert labels(last_with_buttons(bot.owner))[0] == "Leave it as it is"
    await press(bot, bot.owner, "Leave it as it is")
    assert await office.state(bot, made) == "draft"
    assert shown(bot.owner).startswith("Which colour?")


async def test_what_is_in_the_way_of_opening_is_listed(bot: Life) -> None:
    made = await office.project(bot, COLOURS.replace("50 USD", "0.01 USD"), b"")
    await tell(bot, bot.owner, f"/p_{made.code}")
    refused = await press(bot, bot.owner, "Open…")
    assert "cannot be opened yet, for 1 reason:" in refused
    assert "There are no tasks yet." in refused
    assert "Add tasks" in labels(last_with_buttons(bot.owner))


async def test_a_second_step_that_comes_too_late_is_refused(bot: Life) -> None:
    made = await office.project(bot)
    await tell(bot, bot.owner, f"/p_{made.code}")
    await press(bot, bot.owner, "Open…")
    message = last_with_buttons(bot.owner)["message_id"]
    for stamp in (desk.stamp(now() - timedelta(seconds=70)), desk.stamp(now()) + 60, "x"):
        await bot.owner.tap_data(message, f"pj:do:{made.code}:open:{stamp}")
        await bot.settle()
        assert await office.state(bot, made) == "draft"
        assert toast(bot.owner)


async def test_of_two_admins_the_slower_one_is_told(bot: Life) -> None:
    made = await office.project(bot)
    await tell(bot, bot.owner, f"/p_{made.code}")
    await press(bot, bot.owner, "Open…")
    async with bot.database.transaction() as session:
        await session.execute(update(Project).values(state="open"))
    await press(bot, bot.owner, "Open it")
    assert "is open already" in toast(bot.owner)


async def test_a_worker_cannot_press_an_admins_buttons(bot: Life) -> None:
    made = await office.project(bot)
    amina = await bot.join("Amina")
    message = amina.last["message_id"]
    for data in (
        f"pj:do:{made.code}:open:{desk.stamp(now())}",
        f"pj:card:{made.code}",
        "pj:list:all:0",
        f"se:value:{made.code}:price:1",
        f"ex:send:{made.code}:raw:csv",
        f"np:add:{made.code}",
        "np:make:1",
        "np:pv:0",
        f"sx:one:{made.code}",
        "sx:all",
        "ts:card",
        "ts:invite:admin",
        f"ts:remove:1:owner:{desk.stamp(now())}",
    ):
        before = len(amina.chat.messages)
        await amina.tap_data(message, data)
        await bot.settle()
        assert toast(amina).startswith("This needs one of these roles"), data
        assert len(amina.chat.messages) == before
    assert await office.state(bot, made) == "draft"


FORGED = [
    "pj:card:zzz", "pj:ask:{}:burn", "pj:list:late:0", "pj:list:all:x", "pj:pv:{}:1:fr:next:0",
    "pj:pv:{}:9:en:next:0", "se:field:{}:colour", "se:field:{}:9.price", "se:stage:{}:0",
    "se:apply:{}:abc:1", "ex:send:{}:gold:csv", "np:ask:7:name", "ts:member:999", "ts:ask:1:boss",
]  # fmt: skip


async def test_a_forged_button_is_answered_and_does_nothing(bot: Life) -> None:
    made = await office.project(bot)
    await tell(bot, bot.owner, "/projects")
    before = len(bot.owner.chat.messages)
    for data in FORGED:
        bot.owner.chat.toasts.clear()
        await bot.owner.tap_data(bot.owner.last["message_id"], data.format(made.code))
        await bot.settle()
        assert toast(bot.owner), data
        assert len(bot.owner.chat.messages) == before


async def test_the_preview_is_the_workers_card_in_any_language_of_the_project(bot: Life) -> None:
    made = await office.project(bot)
    await tell(bot, bot.owner, f"/p_{made.code}")
    first = await press(bot, bot.owner, "Preview")
    assert "Preview in English, task t1" in first
    assert "Which colour is it?\na <rose>" in first
    assert "task t2" in await press(bot, bot.owner, "Next ›")
    assert "task t1" in await press(bot, bot.owner, "Next ›")
    assert "task t2" in await press(bot, bot.owner, "‹ Before")
    swahili = await press(bot, bot.owner, "Swahili")
    assert "Ni rangi gani?\nbahari" in swahili
    assert labels(last_with_buttons(bot.owner))[:2] == ["Nyekundu", "Bluu"]
    await press(bot, bot.owner, "Nyekundu")
    assert toast(bot.owner) == "Preview: nothing is recorded."


async def test_a_language_without_tasks_is_previewed_as_such(bot: Life) -> None:
    made = await office.project(bot, rows=b"")
    await tell(bot, bot.owner, f"/p_{made.code}")
    assert await press(bot, bot.owner, "Preview") == "There is no task in English yet."


async def test_names_of_projects_are_shown_as_they_are(bot: Life) -> None:
    made = await office.project(bot, COLOURS.replace("Which colour?", "<b>R&D</b> {x} %s"))
    card = await tell(bot, bot.owner, f"/p_{made.code}")
    assert card.startswith("<b>R&D</b> {x} %s")
    assert "Open <b>R&D</b> {x} %s?" in await press(bot, bot.owner, "Open…")
