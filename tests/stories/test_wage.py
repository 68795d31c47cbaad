"""Pay per hour as people meet it: before a task, after it, below the floor, on Mondays."""

from datetime import timedelta

from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.people import Worker
from bot.models.schedule import Scheduled
from bot.models.wage import Correction
from bot.models.work import Assignment, Project, Queue
from bot.pay import wage
from bot.sandbox import Person
from tests.handlers import office
from tests.handlers.office import tell
from tests.handlers.people import press, said
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import card, opened, pick, say

COLOURS = "options = ['red', 'blue']"
ROWS = [f"t{number}" for number in range(wage.ENOUGH + 2)]
DAY = timedelta(days=1)


async def test_the_rate_is_shown_before_a_task_and_a_long_one_is_asked_about(bot: Life) -> None:
    amina = await bot.join("Amina")
    await opened(bot, "choice", COLOURS, tasks=["rose", "sea", "sky"])
    await say(bot, amina)
    assert "about 10 s, about $7.20 USD an hour, not measured yet" in plain(card(amina))
    await pick(bot, amina, 0)
    assert "Took longer?" not in buttons(last_with_buttons(amina))
    await slow_answer(bot, amina)
    assert "about 20 s, about $3.60 USD an hour, as last measured" in plain(card(amina))
    assert "Took longer?" in buttons(last_with_buttons(amina))
    assert "This week: 2 min, " in plain(await tell(bot, amina, "/stats"))
    await say(bot, amina)
    await slow_answer(bot, amina)  # the last one: there is no card after it
    assert "You have done every task" in card(amina)
    assert "Took longer?" in buttons(last_with_buttons(amina))


async def test_workers_correct_the_time_of_a_task_up_to_what_they_had(bot: Life) -> None:
    amina, other = await bot.join("Amina"), await bot.join("Other")
    made = await opened(bot, "choice", COLOURS, tasks=["rose", "sea", "sky"])
    await say(bot, amina)
    await slow_answer(bot, amina)
    (slow, second) = await scenes.assignments(bot, amina)
    await ask(bot, other, slow)
    assert "minutes" not in newest(other)
    await ask(bot, amina, slow)
    assert "at most 4" in newest(amina)
    for wrong in ("no", "5", "0", "1.5"):
        assert "from 1 to 4" in await tell(bot, amina, wrong)
    await tell(bot, amina, "\N{ARABIC-INDIC DIGIT THREE}")
    assert card(amina).startswith("Noted: 3 min.")
    await pick(bot, amina, 1)
    assert await scenes.labels_of(bot, second) == ["blue"]
    assert "This week: 3 min, " in plain(await tell(bot, amina, "/balance"))
    status = await tell(bot, bot.owner, f"/status p_{made.code}")
    assert "1 time was corrected by its worker." in status
    await say(bot, amina)
    await pick(bot, amina, 1)
    await ask(bot, amina, slow)
    await tell(bot, amina, "4")
    assert newest(amina) == "Noted: 3 min."
    assert await scenes.look(bot, select(Correction.seconds)) == [slow.seconds]
    await scenes.change(bot, update(table(Assignment)).values(answered_at=now() - 2 * DAY))
    await ask(bot, amina, slow)
    assert "for one day" in office.toast(amina)


async def test_what_pays_below_the_floor_is_paused_until_an_owner_decides(bot: Life) -> None:
    amina = await bot.join("Amina")
    made = await cheap(bot, amina)
    for _ in range(2):
        await bot.tick("measure", "guard")
        await scenes.delivered(bot)
    (told,) = [plain(text) for text in said(bot.owner) if text.startswith("Paused: ")]
    assert "Half of the last 10 answers paid KSh 120.00 an hour or less" in told
    assert "The floor is KSh 300.00 an hour (Kenya)" in told
    assert "to KSh 5.00 or more" in told
    await pick(bot, amina, 0)  # what is in hand is finished
    assert "paused, because an hour of it paid less than the floor" in card(amina)

    await tell(bot, bot.owner, f"/p_{made.code}")
    assert "Paused: it pays below the floor." in office.shown(bot.owner)
    blocked = await office.press(bot, bot.owner, "Open…")
    assert "2 KES for 60 seconds is 120 KES an hour, below the floor of 300 KES (Kenya)" in blocked
    for label in ("Allow pay below", "Allow it"):
        await office.press(bot, bot.owner, label)
    assert "Pay below the floor is allowed here, by w-" in office.shown(bot.owner)
    for label in ("Open…", "Open it"):
        await office.press(bot, bot.owner, label)
    assert await office.state(bot, made) == "open"
    for label in ("Hold to the floor…", "Hold it to the floor"):
        await office.press(bot, bot.owner, label)
    assert "allowed here" not in office.shown(bot.owner)


async def test_a_week_below_the_floor_is_made_up_for_on_monday(bot: Life) -> None:
    amina = await bot.join("Amina")
    await cheap(bot, amina)
    await bot.tick("summarize")
    coming = update(table(Scheduled)).where(Scheduled.done_at.is_(None))
    tomorrow = now().date() + DAY
    await scenes.change(bot, coming.values(period=tomorrow, due_at=now() - DAY))
    await bot.tick("summarize")
    await scenes.delivered(bot)
    (summary,) = [plain(text) for text in said(amina) if text.startswith("Your week")]
    assert "Added up to the floor: KSh 30.00" in summary
    assert "for 10 min that had paid KSh 20.00" in summary
    await tell(bot, amina, "/balance")
    await press(bot, amina, "bl:page:0")
    assert "to the floor" in scenes.unmarked(buttons(last_with_buttons(amina))[0])
    await press(bot, amina, scenes.data(last_with_buttons(amina), "bl:line:"))
    assert "Added to the week that ended on" in card(amina)
    assert "It had paid KSh 20.00; the floor makes KSh 50." in plain(card(amina))


async def test_owners_set_floors_and_others_look(bot: Life) -> None:
    owner, amina = bot.owner, await bot.join("Amina")
    await bot.join_as(owner)
    assert "Kenya: KSh 143.00" in plain(await tell(bot, owner, "/limits"))
    assert "owner, admin" in await tell(bot, amina, "/limits")
    for wrong in ("floor KE", 'floor KE 1 KES "x" 2026-13-01'):
        assert 'Write it like /limits floor KE 200 KES "source"' in await tell(
            bot, owner, f"/limits {wrong}"
        )
    assert "is not a country" in await tell(bot, owner, '/limits floor EU 300 KES "x"')
    await tell(bot, owner, '/limits floor * 300 KES "x"')
    assert "none → KSh 300.00" in plain(office.shown(owner))
    await office.press(bot, owner, "Leave it")
    await owner.tap_data(owner.last["message_id"], "lm:apply:0:0")
    await bot.settle()
    assert await office.audit(bot, "floor.set") == []
    await floor(bot)
    assert "Kenya: KSh 300.00" in plain(owner.last["text"])
    (noted,) = await office.audit(bot, "floor.set")
    assert (noted.subject, noted.before and noted.before[:7]) == ("floor:KE:KES", "143 KES")


async def cheap(bot: Life, worker: Person) -> Project:
    """A project of 2 shillings, where one answered ten tasks and took a minute for each."""
    await scenes.change(bot, update(table(Worker)).values(country="KE"))
    await floor(bot)
    made = await opened(
        bot, "choice", COLOURS, tasks=ROWS, price="2 KES", budget="900 KES", languages=("en",)
    )
    await say(bot, worker)
    for _ in range(wage.ENOUGH):
        await pick(bot, worker, 0)
    slow = update(table(Assignment)).where(Assignment.state == "answered").values(seconds=60)
    await scenes.change(bot, slow)
    held = update(table(Assignment)).where(Assignment.state == "held")
    await scenes.change(bot, held.values(offered_at=now() + DAY))  # of no week yet
    return made


async def floor(bot: Life) -> None:
    """The owner sets the floor of Kenya."""
    shown = await tell(bot, bot.owner, "/limits floor ke 300 KES “A living wage”")
    assert "KSh 143.00 → KSh 300.00" in plain(shown)
    await office.press(bot, bot.owner, "Apply")


async def slow_answer(bot: Life, person: Person) -> None:
    """Tasks take 20 seconds, and this one took 200."""
    await scenes.change(bot, update(table(Queue)).values(median_seconds=20))
    held = update(table(Assignment)).where(Assignment.state == "held")
    await scenes.change(bot, held.values(offered_at=now() - timedelta(seconds=200)))
    await pick(bot, person, 0)


async def ask(bot: Life, person: Person, slow: Assignment) -> None:
    """[Took longer?], wherever it stands."""
    await person.tap_data(person.last["message_id"], f"lg:{slow.id}")
    await bot.settle()


def plain(text: str) -> str:
    return scenes.unmarked(text).replace("\N{NO-BREAK SPACE}", " ")


def newest(person: Person) -> str:
    return plain(said(person)[-1])
