"""Pay: by skill and tier, with bonuses, within the budget, to the end of a project."""

from io import BytesIO

import pytest
from sqlalchemy import select, update

from bot.clock import now
from bot.i18n import strip_marks
from bot.models.base import table
from bot.models.budgets import BudgetAlarm
from bot.models.pay import Account, Bonus, Entry, Posting
from bot.models.people import Audit, Worker
from bot.models.work import Assignment, Project, StageVersion
from bot.money import MICRO
from bot.pay import ledger, tiers
from bot.people import skills
from bot.sandbox import Person
from bot.work import funds, intake, launch, projects
from tests.handlers.office import labels, press, tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, crew, look, opened, pick, rows_of, say, worker_of

RANGES = (
    'pay = [{ skill = "fluency_{language}", from = 80, factor = 1.1 },'
    ' { skill = "fluency_{language}", from = 90, factor = 1.25 }]'
)
OPTIONS = 'options = ["yes", "no"]'


async def offered(bot: Life, person: Person) -> int:
    held = await scenes.held(bot, person)
    assert held is not None
    return held.price_micro


async def score(bot: Life, person: Person, skill: str, points: int) -> None:
    worker_id = await worker_of(bot, person)
    async with bot.database.transaction() as session:
        await skills.set_by_hand(session, worker_id, skill, points, actor=None, now=now())


async def heard(bot: Life, person: Person) -> str:
    await scenes.delivered(bot)
    await bot.settle()
    return "\n\n".join(strip_marks(one.get("text", "")) for one in person.chat.messages).replace(
        "\u00a0", " "
    )


async def test_more_skill_pays_more_from_the_next_offer_on(bot: Life) -> None:
    tasks = "key,language,thing\n" + "".join(
        f"t{n},{'en' if n < 6 else 'sw'},x\n" for n in range(9)
    )
    await opened(
        bot,
        "choice",
        OPTIONS,
        RANGES,
        "scarcity = { sw = 1.5 }",
        tasks=tasks,
        languages=("en", "sw"),
        slug="ranges",
    )
    [amina] = await crew(bot, 1, "en")
    [juma] = await crew(bot, 1, "sw")
    await say(bot, amina, juma)
    assert await offered(bot, amina) == 2 * CENT
    assert await offered(bot, juma) == 3 * CENT
    await score(bot, amina, "fluency_en", 80)
    assert await offered(bot, amina) == 2 * CENT  # what is in hand keeps its price
    await pick(bot, amina, 0)
    assert await offered(bot, amina) == 22_000
    found = strip_marks(await tell(bot, amina, "/ladder"))
    assert "ranges (English): $0.022 USD an answer now." in found
    assert "From 90 in fluency (English) on: $0.025 USD. Yours is 80." in found
    await score(bot, amina, "fluency_en", 95)
    await say(bot, amina)
    await pick(bot, amina, 0)
    assert await offered(bot, amina) == 25_000
    assert "It is the highest." in strip_marks(await tell(bot, amina, "/ladder"))
    card = strip_marks(await tell(bot, bot.owner, "/projects"))
    await press(bot, bot.owner, "ranges")
    assert "fluency_{language} 80: ×1.1" in strip_marks(last_with_buttons(bot.owner)["text"]), card


async def test_a_tier_pays_what_it_pays_when_the_task_is_offered(bot: Life) -> None:
    fields = (OPTIONS, 'tier = "expert"')
    made = await opened(bot, "choice", *fields, tasks=["a", "b", "c", "d"], price="1 USD")
    async with bot.database.transaction() as session:
        project = await session.get_one(Project, made.id)
        [change] = await projects.change(session, project, {"price": "tier"}, actor=None)
        assert (change.before, change.after) == ("1 USD", "0.086806 USD")
    [amina] = await crew(bot, 1)
    await say(bot, amina)
    assert await offered(bot, amina) == 86_806  # 25 USD an hour and a quarter more, for 10 seconds
    await tell(bot, amina, "/settings")
    await press(bot, amina, "Field")
    await press(bot, amina, "law")
    assert "Field: law" in labels(last_with_buttons(amina))
    async with bot.database.transaction() as session:
        await tiers.change(session, "expert", {"premium_ppm": 300_000}, actor=None)
    await say(bot, amina)
    await pick(bot, amina, 0)
    assert await offered(bot, amina) == 115_556  # of 32 USD and 30 %
    await bot.tick("reprice")
    await bot.tick("reprice")
    versions = select(StageVersion.price_micro).order_by(StageVersion.version)
    assert await look(bot, versions) == [MICRO, 86_806, 90_278]
    await moves_to_kenya(bot, amina)
    declared = select(Audit.after).where(Audit.action == "worker.field")
    assert await look(bot, declared) == ["law", None]


async def moves_to_kenya(bot: Life, amina: Person) -> None:
    """Where the tier has a wage of its own, for those who say no field."""
    async with bot.database.transaction() as session:
        wage = {"wage_micro": 36 * MICRO, "field": ""}
        await tiers.change(session, "expert", wage, country="KE", actor=None)
    await scenes.change(bot, update(table(Worker)).values(country="KE"))
    await tell(bot, amina, "/settings")
    await press(bot, amina, "Field")
    await press(bot, amina, "none")
    await say(bot, amina)
    await pick(bot, amina, 0)
    assert await offered(bot, amina) == 130_000  # as in Kenya, to whom says no field


async def rewarded(bot: Life) -> tuple[Person, int, str]:
    """Somebody with an accepted answer, their number, and how a bonus for them begins."""
    made = await opened(bot, "choice", OPTIONS, tasks=["a", "b"], slug="extra")
    [amina] = await crew(bot, 1)
    await say(bot, amina)
    await pick(bot, amina, 0)
    number = await worker_of(bot, amina)
    await tell(bot, bot.owner, "/start")
    line = f"/workers bonus w_{number} p_{made.code} "
    assert "has no accepted answer there" in await tell(bot, bot.owner, line + "1 Thanks")
    held = table(Assignment)
    await scenes.change(bot, update(held).values(accept_at=held.c.offered_at))
    await bot.tick("accept")
    return amina, number, line


async def test_a_bonus_that_does_not_fit_is_refused(bot: Life) -> None:
    _amina, _number, line = await rewarded(bot)
    for text, refusal in (
        ("Thanks", "Write an amount and a word"),
        ("30 Thanks", "A bonus is at most $20.00 USD here"),
        ("1 KES Thanks", "is in KES, but the project is in USD"),
        ("task=z 1 Thanks", "has no accepted answer there"),
    ):
        assert refusal in await tell(bot, bot.owner, line + text)
    assert "Write: /workers bonus" in await tell(bot, bot.owner, "/workers bonus")
    assert "Write: /workers bonus" in await tell(bot, bot.owner, "/workers bonus w_0 x 1 y")
    await scenes.change(bot, update(table(Project)).values(budget_micro=3 * CENT))
    assert "has $0.01 USD left" in await tell(bot, bot.owner, line + "0.02 Thanks")


async def test_a_bonus_is_paid_once_and_told_in_the_workers_language(bot: Life) -> None:
    amina, number, line = await rewarded(bot)
    theirs = update(table(Worker)).where(table(Worker).c.id == number)
    await scenes.change(bot, theirs.values(locale="sw"))
    await tell(bot, bot.owner, f"/w_{number}")
    await press(bot, bot.owner, "Bonus")
    await press(bot, bot.owner, "extra")
    assert "Kazi nzuri!" in await tell(bot, bot.owner, "0.50 Well done!\nsw: Kazi nzuri!")
    message = last_with_buttons(bot.owner)
    assert labels(message) == ["Pay $0.50\u00a0USD"]
    for _ in range(2):
        data = scenes.data(message, "bo:pay:")
        await bot.owner.tap(message["message_id"], data=data)
    await bot.settle()
    assert toast(bot.owner) == "This bonus is paid already."
    assert (await heard(bot, amina)).count("Kazi nzuri!") == 1
    [bonus] = await look(bot, select(Bonus))
    assert (bonus.micro, bonus.message) == (500_000, {"en": "Well done!", "sw": "Kazi nzuri!"})
    await tell(bot, bot.owner, line + "task=a 0.25 For this one")
    await press(bot, bot.owner, "Pay $0.25")
    keys = await look(bot, select(Posting.key).where(Posting.kind == "bonus"))
    assert len(keys) == 2
    first, second = await look(bot, select(Bonus.assignment_id).order_by(Bonus.id))
    assert (first is None, second is None) == (True, False)
    await reads_of_it(bot, amina, number)


async def reads_of_it(bot: Life, amina: Person, number: int) -> None:
    """On the balance, with the project and the words that came with it."""
    async with bot.database.reading() as session:
        [balance] = await ledger.balances(session, number)
    assert balance.available == 770_000
    await scenes.change(bot, update(table(Worker)).values(locale="en"))
    for amount, words in (("$0.50", "Well done!"), ("$0.25", "For this one")):
        await tell(bot, amina, "/balance")
        await press(bot, amina, "History")
        [line] = [one for one in labels(last_with_buttons(amina)) if amount in one]
        assert "extra" in line
        await press(bot, amina, line)
        assert words in scenes.card(amina)


async def test_nothing_is_offered_that_the_budget_does_not_pay(bot: Life) -> None:
    made = await opened(
        bot, "choice", OPTIONS, tasks=[f"t{n}" for n in range(9)], budget="0.20 USD", slug="small"
    )
    await tell(bot, bot.owner, "/start")
    people = await crew(bot, 4)
    await say(bot, *people)
    await bot.tick("fund")
    assert await state(bot, made) == "open"  # what is left fits, whatever the speed
    with pytest.raises(launch.NotFunded, match=r"0.02 USD is missing"):
        await load(bot, made, rows_of("more"))
    await scenes.change(bot, update(table(Project)).values(budget_micro=17 * CENT))
    await pick(bot, people[0], 0)
    await bot.tick("fund")
    assert await state(bot, made) == "open"  # 4 in hand, 1 given, 4 left: 0.18 do not fit, 0.12 do
    for one in (people[0], people[1]):
        await pick(bot, one, 0)
    await bot.tick("fund")
    assert await state(bot, made) == "paused"
    held = await look(bot, select(Assignment.price_micro).where(Assignment.state == "held"))
    for one in people:
        await pick(bot, one, 0)
    assert "The projects in your languages are paused for now." in scenes.card(people[0])
    spent = await charged(bot)
    assert len(held) == 4
    assert spent <= 17 * CENT
    await bot.tick("fund")
    assert (await heard(bot, bot.owner)).count("the budget of small is used up") == 1
    alarms = select(BudgetAlarm.percent).order_by(BudgetAlarm.percent)
    assert await look(bot, alarms) == [80, 100]


async def load(bot: Life, made: Project, rows: str) -> None:
    async with bot.database.transaction() as session:
        project = await session.get_one(Project, made.id)
        await intake.load(session, project, BytesIO(rows.encode()), "csv", actor=None)


async def charged(bot: Life) -> int:
    """What projects have spent."""
    sides = select(Entry.amount).join(Account, Account.id == Entry.account_id)
    return -sum(await look(bot, sides.where(Account.kind == "expense")))


async def state(bot: Life, made: Project) -> str:
    [found] = await look(bot, select(Project.state).where(Project.id == made.id))
    return str(found)


async def test_a_project_that_ends_says_goodbye_to_everybody_once(bot: Life) -> None:
    made = await opened(bot, "choice", OPTIONS, tasks=["a", "b", "c"], slug="ending")
    people = await crew(bot, 2)
    await say(bot, *people)
    await pick(bot, people[0], 0)
    async with bot.database.transaction() as session:
        project = await session.get_one(Project, made.id)
        await projects.close(session, project, actor=None)
    for _ in range(2):
        await bot.tick("close", "bid_farewell")
    assert "1 answer of yours is pending." in await heard(bot, people[0])
    assert "You can finish the task in hand" in await heard(bot, people[1])
    for one in people:
        await pick(bot, one, 0)
    past = update(table(Assignment)).values(accept_at=table(Assignment).c.offered_at)
    await scenes.change(bot, past)
    for _ in range(2):
        await bot.tick("accept", "close", "bid_farewell")
    for one, earned in zip(people, ("$0.04", "$0.02"), strict=True):
        said = await heard(bot, one)
        assert said.count("ending is closed: your statement") == 1
        assert f"Earned there: {earned} USD." in said
    [done] = await look(bot, select(Project.farewell_at))
    assert done is not None


def test_the_reserve_is_what_was_answered_lately_and_one_more() -> None:
    assert funds.reserve(600, 20) == 620
    assert funds.fits(1000, 380, 620, 10**9)
    assert not funds.fits(1000, 381, 620, 10**9)
    assert funds.fits(1000, 990, 620, 10)
