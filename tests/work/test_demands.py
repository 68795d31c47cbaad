"""What a project file says of skills, of exams and of trainings, and when they may open."""

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from bot.models.work import Queue, Task
from bot.store.database import Database
from bot.work import intake, launch, project_file, projects
from bot.work.launch import LaunchBlocked
from bot.work.project_file import ProjectFileRefused
from bot.work.revisions import AlreadyAnswered
from tests.work.test_projects import answer

PLAIN = """
[project]
id = "sw-check"
name = "Is it good?"
languages = ["sw", "en"]
budget = "5 USD"
[stage]
type = "choice"
options = ["yes", "no"]
show = ["thing"]
price = "0.02 USD"
[stage.text.en]
question = "Is it good?"
"""
EXAM = 'kind = "exam"\n[project.exam]\ntasks = 2\npass = 0.8\nattempts = 2\nretry = "12h"\n'


def written(stage: str = "", project: str = "", text: str = PLAIN) -> str:
    text = text.replace("[stage]\n", f"{project}\n[stage]\n")
    return text.replace("[stage.text.en]", f"{stage}\n[stage.text.en]")


def quality(stage: str = "", project: str = "", text: str = PLAIN) -> dict[str, Any]:
    return project_file.parse(written(stage, project, text)).stages[0].quality


def refused(stage: str = "", project: str = "", text: str = PLAIN) -> list[str]:
    with pytest.raises(ProjectFileRefused) as caught:
        project_file.parse(written(stage, project, text))
    return [fault.say() for fault in caught.value.faults]


def condition(skill: str, comparator: str, score: float = 0) -> dict[str, Any]:
    return {"skill": skill, "is": comparator, "score": score}


def test_a_stage_that_says_nothing_demands_nothing() -> None:
    assert quality() == {}


def test_of_one_table_each_entry_is_demanded() -> None:
    found = quality('skills = { "fluency_{language}" = ">=80", first_aid = "present" }')
    assert found["skills"] == [
        [condition("fluency_{language}", ">=", 80)],
        [condition("first_aid", "present")],
    ]


def test_of_each_table_of_a_list_one_entry_is_demanded() -> None:
    found = quality('skills = [{ a = ">=70", b = "< 80.5" }, { c = "missing" }]')
    assert found["skills"] == [
        [condition("a", ">=", 70), condition("b", "<", 80.5)],
        [condition("c", "missing")],
    ]


def test_of_several_comparisons_of_one_skill_one_is_enough() -> None:
    found = quality('skills = { a = ["<80", "missing"], b = "present" }')
    assert found["skills"] == [
        [condition("a", "<", 80), condition("a", "missing")],
        [condition("b", "present")],
    ]
    assert "stage.skills.a: must be like >=80" in refused('skills = { a = ["<80", "none"] }')[0]
    assert refused("skills = { a = [] }")


def test_language_and_skill_are_kept() -> None:
    found = quality('skill = "fluency_{language}"\nlanguage = "proven"')
    assert found == {"skill": "fluency_{language}", "language": "proven"}


def test_a_tolerance_is_for_numbers() -> None:
    numbers = PLAIN.replace('"choice"', '"number"').replace('options = ["yes", "no"]', "")
    assert quality("tolerance = 0.1", text=numbers) == {"tolerance": "0.1"}
    assert quality("tolerance = 2", text=numbers) == {"tolerance": "2"}
    assert refused("tolerance = -1", text=numbers) == [
        "stage.tolerance: must be a number, zero or more."
    ]
    assert refused("tolerance = 0.1") == [
        "stage.tolerance: answers of the type choice are right or wrong, with nothing between."
    ]


@pytest.mark.parametrize(
    ("line", "path", "words"),
    [
        ('skill = "Fluency"', "stage.skill", "small letters"),
        ('skill = "language_sw"', "stage.skill", "are for exams"),
        (f'skill = "{"a" * 41}"', "stage.skill", "40"),
        ('language = "good"', "stage.language", "proven"),
        ('skills = { a = "80" }', "stage.skills.a", "must be like >=80"),
        ('skills = { a = ">=101" }', "stage.skills.a", "up to 100"),
        ('skills = { a = ">=80 " , B = ">=80" }', "stage.skills.B", "small letters"),
        ("skills = {}", "stage.skills", "must not be empty"),
        ("skills = []", "stage.skills", "at least one"),
        ('skills = [{ a = "present" }, "b"]', "stage.skills[2]", "must be a table"),
        ('skills = "a"', "stage.skills", "must be a table"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(line: str, path: str, words: str) -> None:
    [fault] = refused(line)
    assert fault.startswith(f"{path}: ")
    assert words in fault


def test_an_exam_keeps_its_terms_and_serves_gold_alone() -> None:
    file = project_file.parse(
        written('skill = "language_{language}"', EXAM + "second_chance = 0.5")
    )
    assert file.stages[0].gold_share_ppm == 1_000_000
    assert file.stages[0].quality == {
        "skill": "language_{language}",
        "kind": "exam",
        "exam": {
            "tasks": 2,
            "pass_ppm": 800_000,
            "attempts": 2,
            "retry_seconds": 43_200,
            "second_ppm": 500_000,
        },
    }


@pytest.mark.parametrize(
    ("project", "fault"),
    [
        ('kind = "test"', "project.kind: “test” is not one of work, training, exam."),
        ('kind = "exam"', "project.exam: is missing."),
        ("[project.exam]\ntasks = 2", "project.exam: belongs to projects of the kind exam."),
        (EXAM.replace("tasks = 2", ""), "project.exam.tasks: is missing."),
        (EXAM + "second_chance = 0.8", "project.exam.second_chance: must be below the share"),
    ],
)
def test_an_exam_has_what_it_needs(project: str, fault: str) -> None:
    [found] = refused(project=project)
    assert found.startswith(fault)


def test_a_training_has_one_stage() -> None:
    stage = PLAIN[PLAIN.index("[stage]") :].replace("[stage]", "[[stage]]").split("[stage.text")[0]
    text = PLAIN[: PLAIN.index("[stage]")] + 'kind = "training"\n' + stage + stage
    with pytest.raises(ProjectFileRefused) as caught:
        project_file.parse(text)
    assert [fault.say() for fault in caught.value.faults] == [
        "project.kind: a project of the kind training has one stage."
    ]


ROWS = "key,language,thing,gold,hint,concept,difficulty\n"


async def apply(database: Database, text: str, rows: str) -> Any:
    async with database.transaction() as session:
        made = await projects.apply(session, project_file.parse(text), actor=None)
        if rows:
            await intake.load(session, made, BytesIO((ROWS + rows).encode()), "csv", actor=None)
        return made


async def obstacles(database: Database, text: str, rows: str) -> list[str]:
    made = await apply(database, text, rows)
    async with database.transaction() as session:
        made = await projects.find(session, made.slug)
        try:
            await projects.open_project(session, made, actor=None)
        except LaunchBlocked as blocked:
            return [one.say() for one in blocked.obstacles]
        return []


async def test_tags_are_of_gold_tasks_and_known_to_the_queue(database: Database) -> None:
    rows = "a,sw,x,yes,,grammar,2\nb,sw,y,no,,spelling,\nc,sw,z,yes,,,\nd,sw,w,,,grammar,3\n"
    await apply(database, PLAIN, rows)
    async with database.reading() as session:
        found = await session.execute(
            select(Task.key, Task.concept, Task.difficulty, Task.body).order_by(Task.key)
        )
        tags = {row.key: (row.concept, row.difficulty, row.body) for row in found}
        queue = (await session.scalars(select(Queue).where(Queue.language == "sw"))).one()
    assert tags == {
        "a": ("grammar", 2, {"thing": "x"}),
        "b": ("spelling", None, {"thing": "y"}),
        "c": (None, None, {"thing": "z"}),
        "d": (None, None, {"thing": "w", "concept": "grammar", "difficulty": "3"}),
    }
    assert queue.concepts == ["", "grammar", "spelling"]


async def test_a_field_called_like_a_tag_is_shown_where_the_stage_shows_it(
    database: Database,
) -> None:
    text = PLAIN.replace('["thing"]', '["concept"]')
    await apply(database, text, "a,sw,x,yes,,grammar,\n")
    async with database.reading() as session:
        task = (await session.scalars(select(Task))).one()
    assert (task.body["concept"], task.concept) == ("grammar", "grammar")


@pytest.mark.parametrize("tag", ["grammar,6", "grammar,hard", f"{'g' * 61},"])
async def test_a_tag_that_does_not_fit_is_a_fault_of_its_row(database: Database, tag: str) -> None:
    with pytest.raises(intake.FileRefused):
        await apply(database, PLAIN, f"a,sw,x,yes,,{tag}\n")


async def test_an_exam_opens_with_enough_gold_in_each_language(database: Database) -> None:
    rows = "".join(f"{code}{n},{code},x,yes,,,\n" for code in ("sw", "en") for n in range(4))
    assert await obstacles(database, written(project=EXAM), rows) == []


async def test_an_exam_does_not_open_with_less(database: Database) -> None:
    rows = "".join(f"sw{n},sw,x,yes,,,\n" for n in range(4)) + "en,en,x,yes,,,\nen2,en,x,,,,\n"
    assert await obstacles(database, written(project=EXAM), rows) == [
        "1 task has no gold answer. In a training or an exam each has one.",
        "English: 2 attempts with 2 tasks each need 4 gold tasks, and there are 1. "
        "Nobody gets a task twice.",
    ]


async def test_a_training_opens_with_a_hint_for_each_task(database: Database) -> None:
    text = written(project='kind = "training"')
    rows = "a,sw,x,yes,Because.,,\nb,sw,y,yes,,,\n"
    assert await obstacles(database, text, rows) == [
        "1 task has no hint, which a training shows after a mistake."
    ]
    assert await obstacles(database, text.replace("sw-check", "two"), rows.splitlines()[0]) == []


async def test_a_training_without_tasks_does_not_open(database: Database) -> None:
    assert await obstacles(database, written(project='kind = "training"'), "") == [
        "There are no tasks yet. Add a file of them first."
    ]


TEXT = PLAIN.replace('"choice"', '"text"').replace('options = ["yes", "no"]', "")


async def test_free_text_is_no_training_and_its_gold_is_remarked_on(database: Database) -> None:
    rows = "a,sw,x,good,Because.,,\nb,sw,y,,,,\n"
    training = written(project='kind = "training"', text=TEXT)
    assert (await obstacles(database, training, rows.splitlines()[0]))[0] == (
        "stage-1: answers of the type text cannot be compared with a gold answer, so they make "
        "no training."
    )
    made = await apply(database, TEXT.replace("sw-check", "plain"), rows)
    async with database.reading() as session:
        said = [one.say() for one in await launch.remarks(session, made)]
    assert any("so its gold tells nothing of anybody" in one for one in said)


async def test_an_exam_that_people_grade_has_tasks_for_an_attempt_more(database: Database) -> None:
    rows = "".join(f"{code}{n},{code},x,good,,,\n" for code in ("sw", "en") for n in range(4))
    exam = written(project=EXAM, text=TEXT)
    short = (
        "3 attempts with 2 tasks each need 6 gold tasks, and there are 4. Nobody gets a task twice."
    )
    assert sorted(await obstacles(database, exam, rows)) == [
        f"English: {short}",
        f"Swahili: {short}",
    ]


async def test_the_budget_of_an_exam_holds_what_one_person_can_earn(database: Database) -> None:
    rows = "".join(f"{code}{n},{code},x,yes,,,\n" for code in ("sw", "en") for n in range(4))
    text = written(project=EXAM).replace('"5 USD"', '"0.07 USD"')
    [said] = await obstacles(database, text, rows)
    assert said.startswith("The budget is 0.07 USD")
    assert "0.08 USD" in said


async def test_a_project_with_answers_keeps_its_kind(database: Database) -> None:
    await apply(database, PLAIN, "a,sw,x,,,,\n")
    await answer(database, "a")
    with pytest.raises(AlreadyAnswered):
        await apply(database, written(project='kind = "training"'), "")
