"""A written exam is graded by two who speak the language, or by nobody, and taken again."""

import asyncio
from datetime import timedelta
from io import BytesIO

from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.people import WorkerLanguage
from bot.models.reviews import Review
from bot.models.schedule import Scheduled
from bot.models.skills import Sitting
from bot.models.work import Project
from bot.sandbox import Person
from bot.work import intake, project_file, projects, states
from tests.handlers.office import labels, press, tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, PAY, money, reviewers, said, speak
from tests.stories.school import ladder, share_of

TEXT = """
[project]
id = "essay"
name = "essay"
kind = "exam"
languages = ["en", "sw"]
budget = "50 USD"
[project.exam]
tasks = 1
pass = "70%"
attempts = 2
retry = "24h"
[stage]
type = "text"
skill = "language_{language}"
show = ["thing"]
price = "0.02 USD"
expected_seconds = 10
review = { due = "2d" }
[stage.text.en]
question = "Describe it."
[stage.text.sw]
question = "Ieleze."
"""


async def essay(bot: Life) -> Project:
    rows = "key,language,thing,gold\n" + "".join(
        f"{code}{n},{code},the {code}{n},It is tall and green.\n"
        for code in ("en", "sw")
        for n in range(3)
    )
    async with bot.database.transaction() as session:
        made = await projects.apply(session, project_file.parse(TEXT), actor=None)
        await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
        return await projects.open_project(session, made, actor=None)


async def sit(bot: Life, *people: Person) -> None:
    """Each writes the one answer of the exam."""
    for person in people:
        await tell(bot, person, "/ladder")
        await press(bot, person, "Exam: essay")
        await press(bot, person, "Start")
        await tell(bot, person, "A tree.")


async def grade(bot: Life, reviewer: Person, share: str) -> None:
    assert "A tree." in await tell(bot, reviewer, "/review")
    await press(bot, reviewer, share)


async def time_is_over(bot: Life) -> None:
    past = now() - timedelta(seconds=1)
    sat = table(Sitting)
    await scenes.change(bot, update(sat).where(sat.c.state == "grading").values(grade_by=past))
    await bot.tick("grade")
    await bot.tick("send")


async def the_day_comes(bot: Life) -> None:
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Sitting)).values(retry_at=past))
    await scenes.change(bot, update(table(Scheduled)).values(due_at=past))
    await bot.tick("retry")
    await bot.tick("send")


async def test_a_written_exam_is_graded_by_people_who_speak_the_language(bot: Life) -> None:
    await essay(bot)
    (amina,) = await reviewers(bot, 1, "sw")  # who sits it may well grade others
    await speak(bot, amina, "sw")
    reza, sara, tariq, omar = await reviewers(bot, 4, "sw")
    await is_not_native(bot, omar)

    await tell(bot, amina, "/ladder")
    await press(bot, amina, "Mtihani: essay")
    assert "Watu wawili wanaojua lugha hiyo wanasahihisha majibu yako" in said(amina)
    await press(bot, amina, "Anza")
    await tell(bot, amina, "A tree.")
    assert "Majibu yako yanasahihishwa. Utapata ujumbe kabla ya" in said(amina)
    assert "unasahihishwa; utajulishwa kabla ya" in await ladder(bot, amina)

    await nothing_waits(bot, amina, omar)
    card = await tell(bot, reza, "/review")
    assert "Exam answer" in card
    assert "A good answer: It is tall and green." in scenes.unmarked(card)
    assert labels(last_with_buttons(reza)) == ["0%", "25%", "50%", "75%", "100%", "Skip"]
    await press(bot, reza, "100%")
    await nothing_waits(bot, reza)
    await grade(bot, sara, "25%")  # too far apart: a third decides
    assert await scenes.look(bot, select(Sitting.state)) == ["grading"]
    await grade(bot, tariq, "75%")
    assert await scenes.look(bot, select(Sitting.state)) == ["passed"]
    assert await share_of(bot, amina, "language_sw") == 750_000
    assert "Majibu yako yamesahihishwa: 75%, na ilihitajika 70%. Umefaulu." in said(amina)
    assert await money(bot, amina) == {"pending": 2 * CENT, "available": 0}
    for person in (reza, sara, tariq):
        assert await money(bot, person) == {"pending": 0, "available": PAY}


async def nothing_waits(bot: Life, *people: Person) -> None:
    for person in people:
        await tell(bot, person, "/review")
        assert "A tree." not in said(person)


async def test_two_who_grade_at_once_judge_the_exam_once(bot: Life) -> None:
    await essay(bot)
    (amina,) = await scenes.crew(bot, 1)
    both = await reviewers(bot, 2)
    await sit(bot, amina)
    for person in both:
        await tell(bot, person, "/review")
    cards = [last_with_buttons(person) for person in both]
    await asyncio.gather(
        *(
            person.tap(card["message_id"], data=scenes.all_data(card)[4])
            for person, card in zip(both, cards, strict=True)
        )
    )
    await bot.settle()
    assert await scenes.look(bot, select(Sitting.score_ppm)) == [1_000_000]
    assert sum("You passed." in one.get("text", "") for one in amina.chat.messages) == 1


async def is_not_native(bot: Life, person: Person) -> None:
    spoken = table(WorkerLanguage)
    me = spoken.c.worker_id == await scenes.worker_of(bot, person)
    await scenes.change(bot, update(spoken).where(me).values(level="fluent"))


async def test_the_grade_there_is_counts_and_without_any_the_attempt_does_not(bot: Life) -> None:
    made = await essay(bot)
    amina, juma = await scenes.crew(bot, 2)
    (reza,) = await reviewers(bot, 1)
    await sit(bot, amina, juma)
    assert "you hear by" in await ladder(bot, amina)
    await grade(bot, reza, "50%")
    shown = last_with_buttons(reza)
    await time_is_over(bot)
    assert "Your answers are graded: 50%, and 70% is needed. Not yet." in said(amina)
    assert "You keep $0.02 USD for it." in said(amina)
    assert "Nobody graded your answers to the exam “essay” in time." in said(juma)
    assert "This attempt does not count, and you keep $0.02 USD for it." in said(juma)
    assert "This is attempt 1 of 2." in said(juma)
    await reza.tap(shown["message_id"], data=scenes.data(shown, "xg:"))  # he had juma's in hand
    await bot.settle()
    assert "is over" in toast(reza)
    assert set(await scenes.look(bot, select(Review.state))) == {"decided", "lapsed"}
    await press(bot, juma, "Start")
    await tell(bot, juma, "A tree.")
    assert await scenes.look(bot, select(Sitting.number).order_by(Sitting.id)) == [1, 1, 2]
    await comes_again(bot, made, amina)


async def comes_again(bot: Life, made: Project, amina: Person) -> None:
    """On the day, once; not when the exam is passed by then, or its project is not open."""
    await the_day_comes(bot)
    assert "You can take the exam “essay” again." in said(amina)
    assert "This is attempt 2 of 2." in said(amina)
    count = len(amina.chat.messages)
    await the_day_comes(bot)
    assert len(amina.chat.messages) == count
    await scenes.change(bot, update(table(Scheduled)).values(done_at=None))
    await speak(bot, amina, "sw")
    await the_day_comes(bot)
    assert "Unaweza kufanya mtihani “essay” tena." in said(amina)
    count = len(amina.chat.messages)
    async with bot.database.transaction() as session:
        await states.pause(session, await session.merge(made), actor=None)
    await scenes.change(bot, update(table(Scheduled)).values(done_at=None))
    await the_day_comes(bot)
    assert len(amina.chat.messages) == count
    async with bot.database.transaction() as session:
        await states.open_project(session, await session.get_one(Project, made.id), actor=None)
    await press(bot, amina, "Anza")
    assert "Ieleze" in said(amina) or "Describe it." in said(amina)
    await scenes.change(bot, update(table(Scheduled)).values(done_at=None))
    count = len(amina.chat.messages)
    await the_day_comes(bot)
    assert len(amina.chat.messages) == count
