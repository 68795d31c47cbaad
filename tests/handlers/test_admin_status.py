"""/status: how one project or all of them stand."""

from datetime import timedelta

from bot.clock import now
from bot.models.people import Worker
from bot.work import answers, dispatch, projects
from bot.work.dispatch import Offer
from tests.handlers import office
from tests.handlers.office import press, shown, tell
from tests.life import Life
from tests.stories.scenes import worker_of


async def test_one_project_in_words(bot: Life) -> None:
    made = await office.project(bot)
    said = await tell(bot, bot.owner, f"/status {made.code}")
    assert "Answers: 0 of 9 (0%), 0 accepted, 0 in hand" in said
    assert "of $50.00 USD" in said
    assert "Skipped: 0%. Reports: 0" in said
    assert "Updated " in said
    await press(bot, bot.owner, "Refresh")
    assert shown(bot.owner).startswith("Which colour?")


async def test_all_running_projects_in_one_message(bot: Life) -> None:
    made = await office.project(bot)
    assert await tell(bot, bot.owner, "/status") == "No project is running."
    async with bot.database.transaction() as session:
        await projects.open_project(session, await projects.find(session, made.id), actor=None)
    said = await tell(bot, bot.owner, "/status")
    assert f"/p_{made.code} Which colour? · open" in said
    assert "No answer in the last hour." not in said
    async with bot.database.transaction() as session:
        found = await projects.find(session, made.id)
        found.opened_at = found.opened_at - timedelta(hours=1)
    await press(bot, bot.owner, "Refresh")
    assert "No answer in the last hour." in shown(bot.owner)


async def test_the_speed_gives_a_time_when_it_is_done(bot: Life) -> None:
    text = office.COLOURS.replace('["en", "sw"]', '["en"]')
    rows = b"key,thing\n" + b"".join(b"t%d,thing %d\n" % (at, at) for at in range(5))
    made = await office.project(bot, text, rows)
    async with bot.database.transaction() as session:
        await projects.open_project(session, await projects.find(session, made.id), actor=None)
    amina = await bot.join("Amina")
    await tell(bot, amina, "/work")
    for _ in range(3):
        await press(bot, amina, "red")
    said = await tell(bot, bot.owner, f"/status {made.code}")
    assert "Answers: 3 of 15 (20%), 0 accepted, 1 in hand" in said
    assert "Speed: 3 answers in the last hour; done in about 4 h" in said
    assert "Cost: $0.06 USD so far, $0.30 USD in the end, of $50.00 USD" in said


async def test_how_far_workers_agree(bot: Life) -> None:
    text = office.COLOURS.replace('["en", "sw"]', '["en"]').replace("overlap = 3", "overlap = 2")
    rows = b"key,thing\n" + b"".join(b"t%02d,thing %d\n" % (at, at) for at in range(10))
    made = await office.project(bot, text, rows)
    async with bot.database.transaction() as session:
        await projects.open_project(session, await projects.find(session, made.id), actor=None)
    assert "Agreement" not in await tell(bot, bot.owner, f"/status {made.code}")
    for name, colours in (("Amina", "rb"), ("Baraka", "rrrbrbrbrb")):
        person = await bot.join(name)
        await tell(bot, person, "/work")
        for at in range(10):
            await press(bot, person, "red" if colours[at % len(colours)] == "r" else "blue")
        if name == "Amina":
            said = await tell(bot, bot.owner, f"/status {made.code}")
            assert "Agreement (alpha): none, too few tasks have two answers" in said
    said = await tell(bot, bot.owner, f"/status {made.code}")
    assert "Agreement (alpha): 0.81" in said


async def test_a_share_of_skips_says_something_from_twenty_offers_on(bot: Life) -> None:
    text = office.COLOURS.replace('["en", "sw"]', '["en"]')
    rows = b"key,thing\n" + b"".join(b"t%02d,thing %d\n" % (at, at) for at in range(20))
    made = await office.project(bot, text, rows)
    async with bot.database.transaction() as session:
        await projects.open_project(session, await projects.find(session, made.id), actor=None)
    amina = await bot.join("Amina")
    await tell(bot, amina, "/work")
    await press(bot, amina, "Skip")
    await skip(bot, await worker_of(bot, amina), 18)
    alert = "Workers skip or report 100% of what they are offered"
    said = await tell(bot, bot.owner, f"/status {made.code}")
    assert "Skipped: 100%" in said
    assert alert not in said
    await skip(bot, await worker_of(bot, amina), 1)
    assert alert in await tell(bot, bot.owner, f"/status {made.code}")
    assert alert in await press(bot, bot.owner, "Back")


async def skip(bot: Life, worker_id: int, times: int) -> None:
    """As the button does, without the messages."""
    async with bot.database.transaction() as session:
        worker = await session.get_one(Worker, worker_id)
        for _ in range(times):
            offer = await dispatch.next_for(session, worker, now=now())
            assert isinstance(offer, Offer)
            await answers.skip(session, offer, now=now())
