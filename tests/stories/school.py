"""Exams, trainings and the work they open, in English and Swahili: what stories share."""

from datetime import timedelta
from io import BytesIO

from sqlalchemy import select, update

from bot.clock import now
from bot.i18n import strip_marks
from bot.models.base import table
from bot.models.skills import Sitting, Skill
from bot.models.work import Project
from bot.sandbox import Person
from bot.work import intake, project_file, projects
from tests.handlers.office import press, tell
from tests.life import Life
from tests.stories import scenes
from tests.stories.scenes import said

WORDS = {
    "en": ("Is it good?", "Yes", "No", "Read all of it."),
    "sw": ("Je, ni nzuri?", "Ndiyo", "Hapana", "Soma yote."),
}


def written(
    slug: str,
    stage: str = "",
    project: str = "",
    gold_share: float = 0,
    price: str = "0.02 USD",
) -> str:
    """A project that asks yes or no in English and Swahili, at two cents or another price."""
    texts = [
        f'[stage.text.{code}]\nquestion = "{slug}: {question}"\n'
        f'instructions = "{rule}"\n'
        f'[stage.text.{code}.options]\nyes = "{yes}"\nno = "{no}"\n'
        for code, (question, yes, no, rule) in WORDS.items()
    ]
    return (
        f'[project]\nid = "{slug}"\nname = "{slug}"\nlanguages = ["en", "sw"]\n'
        f'budget = "50 USD"\n{project}\n[stage]\ntype = "choice"\noptions = ["yes", "no"]\n'
        f'show = ["thing"]\nprice = "{price}"\nexpected_seconds = 10\n'
        f"gold_share = {gold_share}\n{stage}\n" + "\n".join(texts)
    )


async def opened(
    bot: Life,
    slug: str,
    stage: str = "",
    *,
    project: str = "",
    rows: str,
    gold_share: float = 0,
    price: str = "0.02 USD",
) -> Project:
    """Such a project, open."""
    text = written(slug, stage, project, gold_share, price)
    async with bot.database.transaction() as session:
        made = await projects.apply(session, project_file.parse(text), actor=None)
        await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
        return await projects.open_project(session, made, actor=None)


def gold(*keys: str, language: str = "en", answer: str = "yes", hint: str = "") -> str:
    lines = [f"{key},{language},the {key},{answer},{hint}\n" for key in keys]
    return "".join(lines)


HEAD = "key,language,thing,gold,hint\n"
EXAM = """
kind = "exam"
[project.exam]
tasks = 2
pass = "100%"
attempts = 2
retry = "24h"
"""


async def exam(bot: Life, project: str = EXAM, count: int = 4) -> Project:
    rows = HEAD + "".join(
        gold(*(f"{code}{n}" for n in range(count)), language=code) for code in WORDS
    )
    return await opened(bot, "exam", 'skill = "fluency_{language}"', project=project, rows=rows)


async def training(bot: Life) -> Project:
    rows = HEAD + "".join(
        gold(f"{code}-t1", f"{code}-t2", language=code, answer="no", hint="Read it twice.")
        for code in WORDS
    )
    return await opened(
        bot, "training", 'skill = "warm_{language}"', project='kind = "training"', rows=rows
    )


async def work(bot: Life, demands: str = 'skills = { "fluency_{language}" = ">=80" }') -> Project:
    rows = "key,language,thing\nw1,en,a w1\nw2,en,a w2\nv1,sw,v1\nv2,sw,v2\n"
    return await opened(bot, "pairs", demands, rows=rows)


async def share_of(bot: Life, person: Person, skill: str) -> int | None:
    worker = await scenes.worker_of(bot, person)
    query = select(Skill.score_ppm).where(Skill.worker_id == worker, Skill.skill == skill)
    found = await scenes.look(bot, query)
    return found[0] if found else None


async def a_day_later(bot: Life) -> None:
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Sitting)).values(retry_at=past))


async def ladder(bot: Life, person: Person) -> str:
    return strip_marks(await tell(bot, person, "/ladder"))


async def sit(bot: Life, person: Person, *answers: str) -> str:
    """Begin the exam from /ladder and answer it; what is said at the end."""
    await tell(bot, person, "/ladder")
    await press(bot, person, "Exam: exam")
    await press(bot, person, "Start")
    for answer in answers:
        await press(bot, person, answer)
    return said(person)
