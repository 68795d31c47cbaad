"""Files become tasks whole or not at all, and the same file twice is the same as once."""

import asyncio
import io
import json
import resource
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from bot.errors import NotAllowed, Refusal
from bot.models.people import Worker
from bot.models.work import Project, Queue, Task
from bot.store.database import Database
from bot.task_types import material
from bot.work import intake, project_file, projects, queues
from bot.work.intake import FileRefused, Loaded

FILE = """
[project]
id = "quick"
name = "Quick check"
languages = ["sw"]
[stage]
type = "choice"
options = ["yes", "no"]
show = ["text"]
price = "0.02 USD"
overlap = 3
"""
GOOD = b"key,text,gold,hint,priority\na,one,,,\nb,two,yes,look twice,\nc,three,,,50\n"
HEADER = b"key,text,gold,language\n"


@pytest.fixture
async def project(database: Database) -> Project:
    return await apply(database, FILE)


async def test_rows_become_tasks(database: Database, project: Project) -> None:
    assert await load(database, GOOD) == Loaded(rows=3, added=3, known=0, gold=1)
    found = await tasks(database)
    assert [(task.key, task.body) for task in found] == [
        ("a", {"text": "one"}),
        ("b", {"text": "two"}),
        ("c", {"text": "three"}),
    ]
    assert [(task.overlap, task.open_slots) for task in found] == [(3, 3), (0, 0), (3, 3)]
    assert (found[1].gold, found[1].hint) == ("yes", "look twice")
    assert [task.position for task in found] == [
        queues.position(0, 1),
        queues.position(0, 2),
        queues.position(50, 1),
    ]


async def test_the_same_file_twice_adds_nothing(database: Database, project: Project) -> None:
    await load(database, GOOD)
    assert await load(database, GOOD) == Loaded(rows=3, added=0, known=3, gold=0)
    assert len(await tasks(database)) == 3


async def test_rows_without_a_key_are_known_by_their_content(
    database: Database, project: Project
) -> None:
    rows = b'{"text": "one", "n": 1.5}\n{"n": 1.5, "text": "one"}\n{"text": "two"}\n'
    assert await load(database, rows, "jsonl") == Loaded(rows=3, added=2, known=1, gold=0)
    assert await load(database, rows, "jsonl") == Loaded(rows=3, added=0, known=3, gold=0)


async def test_the_same_words_in_two_languages_are_two_tasks(database: Database) -> None:
    await apply(database, FILE.replace('["sw"]', '["sw", "fil"]'))
    rows = b"text,language\nhello,sw\nhello,tl\n"
    assert (await load(database, rows)).added == 2
    async with database.reading() as session:
        query = select(Queue.language).join(Task, Task.queue_id == Queue.id)
        assert set(await session.scalars(query)) == {"sw", "fil"}


async def test_a_key_with_another_content_is_a_fault(database: Database, project: Project) -> None:
    await load(database, GOOD)
    for other in (GOOD.replace(b"one", b"ONE"), GOOD.replace(b"yes", b"no")):
        with pytest.raises(FileRefused, match="is there already, with another content"):
            await load(database, b"key,text,gold,hint,priority\nnew,new,,,\n" + other[28:])
    assert len(await tasks(database)) == 3


async def test_later_files_stand_behind_earlier_ones(database: Database, project: Project) -> None:
    await load(database, b"key,text\na,one\n")
    await load(database, b"key,text\nb,two\n")
    first, second = await tasks(database)
    assert second.position == first.position + 1


async def test_tasks_that_were_put_back_do_not_push_new_ones(
    database: Database, project: Project
) -> None:
    await load(database, b"key,text\na,one\nb,two\n")
    async with database.transaction() as session:
        put_back = (await session.scalars(select(Task).where(Task.key == "a"))).one()
        put_back.position = queues.position(0, 2**49 + 60_000_000)
    await load(database, b"key,text\nc,three\n")
    found = {task.key: task.position for task in await tasks(database)}
    assert found["c"] == queues.position(0, 3)


async def test_positions_of_many_bands_are_different(database: Database, project: Project) -> None:
    lines = [f"k{number},t,{number % 101}" for number in range(500)]
    await load(database, "\n".join(["key,text,priority", *lines]).encode())
    found = await tasks(database)
    assert len({task.position for task in found}) == 500
    by_position = sorted(found, key=lambda task: task.position)
    assert [task.priority for task in by_position] == sorted(
        (task.priority for task in found), reverse=True
    )


async def test_tasks_may_be_added_while_people_work(database: Database, project: Project) -> None:
    await load(database, GOOD)
    async with database.transaction() as session:
        await projects.open_project(
            session, await projects.find(session, "quick"), actor=None, accepting=(Refusal,)
        )
    assert (await load(database, b"key,text\nz,late\n")).added == 1


async def test_gold_is_kept_in_its_canonical_form(database: Database) -> None:
    text = FILE.replace('"choice"', '"number"').replace('options = ["yes", "no"]', "")
    await apply(database, text)
    await load(database, b'{"text": "how many?", "gold": 12.50}\n', "jsonl")
    [task] = await tasks(database)
    assert task.gold == "12.5"


async def test_a_second_stage_has_its_own_tasks(database: Database) -> None:
    second = '[[stage]]\ntype = "text"\nshow = ["text"]\nprice = "0.1 USD"\n'
    await apply(database, FILE.replace("[stage]", "[[stage]]") + second)
    await load(database, b"key,text\na,one\n")
    assert (await load(database, b"key,text\na,other\n", stage=2)).added == 1
    with pytest.raises(intake.NoSuchStage, match="has no stage 3"):
        await load(database, GOOD, stage=3)


async def test_only_owners_and_admins_may_add_tasks(database: Database, project: Project) -> None:
    async with database.transaction() as session:
        worker = await session.scalar(insert(Worker).values(pseudonym="w-1").returning(Worker.id))
        found = await projects.find(session, "quick")
        with pytest.raises(NotAllowed):
            await intake.load(session, found, io.BytesIO(GOOD), "csv", actor=worker)


MALFORMED = {
    "empty": (b"", "csv", "Line 1: the file is empty."),
    "header only": (b"key,text\n", "csv", "there is a header and no row below it"),
    "not UTF-8": (b"key,text\na,\xff\xfe\n", "csv", "Line 2, character 3: the file is not UTF-8"),
    "UTF-16": ("key,text\na,b\n".encode("utf-16"), "csv", "UTF-16"),
    "NUL": (b"key,text\na,\x00\n", "csv", "Line 2, character 3: a NUL character"),
    "column twice": (b"text,text\na,b\n", "csv", "column text: the header has this column twice"),
    "too many cells": (b"key,text\na,b,c\n", "csv", "Line 2: number of cells 3"),
    "unclosed quote": (b'key,text\na,"b\nc,d\n', "csv", "Line 2, column"),
    "results": (
        b"task,label,confidence,answers,method,status\n" + b"a," * 5 + b"b\n",
        "csv",
        "res",
    ),
    "bad JSON": (b'{"text": "a"}\n{"text": \n', "jsonl", "Line 2, character"),
    "no object": (b'["a"]\n', "jsonl", "Line 1: a row must be a JSON object"),
    "NUL in JSON": (b'{"text": "a\\u0000"}\n', "jsonl", "Line 1, field text: a NUL"),
    "field missing": (b"key,txt\na,one\n", "csv", "Line 2: text is missing."),
    "field empty": (b"key,text\na,\n", "csv", "Line 2: text is missing."),
    "too long": (
        b"text\n" + b"x" * (material.TEXT + 1) + b"\n",
        "csv",
        "Line 2: text is longer than",
    ),
    "not an option": (HEADER + b"a,one,maybe,\n", "csv", "Line 2: “maybe” is not one of: yes, no"),
    "other language": (HEADER + b"a,one,,hi\n", "csv", "Line 2: the project has no language “hi”"),
    "no language": (HEADER + b"a,one,,tlh\n", "csv", "Line 2, column language: the project has no"),
    "long key": (b"key,text\n" + b"k" * 201 + b",a\n", "csv", "Line 2: the key is longer than 200"),
    "key twice": (b"key,text\na,one\na,two\n", "csv", "Line 3: the task “a” is there already"),
    "priority": (b"key,text,priority\na,one,101\n", "csv", "Line 2, column priority"),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_file_is_refused_and_nothing_is_written(
    database: Database, project: Project, name: str
) -> None:
    content, format, sentence = MALFORMED[name]
    with pytest.raises(FileRefused) as caught:
        await load(database, content, format)
    assert caught.value.total == 1
    assert sentence in caught.value.faults[0].say()
    assert await tasks(database) == []


async def test_a_row_must_say_its_language_when_the_project_has_several(database: Database) -> None:
    await apply(database, FILE.replace('["sw"]', '["sw", "fil"]'))
    with pytest.raises(
        FileRefused, match=r"Line 2: the language is missing. The project has sw, fi"
    ):
        await load(database, b"text\nhello\n")


async def test_faults_are_counted_and_the_first_ones_are_said(
    database: Database, project: Project
) -> None:
    rows = ["key,text", *(f"k{number}," for number in range(30)), "good,one"]
    with pytest.raises(FileRefused) as caught:
        await load(database, "\n".join(rows).encode())
    assert (caught.value.total, len(caught.value.faults)) == (30, 20)
    assert caught.value.say().splitlines()[:2] == [
        "Nothing was imported: the file has 30 faults.",
        "Line 2: text is missing.",
    ]


async def test_a_fault_on_the_last_line_takes_everything_back(
    database: Database, project: Project
) -> None:
    rows = [f"k{number},text" for number in range(intake.CHUNK + 10)]
    with pytest.raises(FileRefused, match=f"Line {intake.CHUNK + 12}"):
        await load(database, "\n".join(["key,text", *rows, "last,"]).encode())
    assert await tasks(database) == []


async def test_looking_through_a_file_writes_nothing(database: Database, project: Project) -> None:
    await load(database, b"key,text\na,one\n")
    content = GOOD + b"a,other,,,\nd,,,,\nc,three,,,50\n"
    async with database.reading() as session:
        found = await projects.find(session, "quick")
        checked = await intake.check(session, found, io.BytesIO(content), "csv")
    assert checked.loaded == Loaded(rows=6, added=2, known=2, gold=1)
    assert [str(fault) for fault in checked.faults] == [
        "Line 6: text is missing.",
        "Line 5: the task “a” is there already, with another content.",
    ]
    assert (checked.total, checked.languages) == (2, {"sw": 5})
    assert len(await tasks(database)) == 1


async def test_a_file_on_disk_is_imported_by_the_projects_name(
    database: Database, project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "tasks.csv"
    path.write_bytes(GOOD)
    seen: list[int] = []
    loaded = await intake.import_file(database, "quick", path, actor=None, progress=seen.append)
    assert (loaded.added, seen) == (3, [3])
    with pytest.raises(intake.NoSuchFile, match="No such file"):
        await intake.import_file(database, "quick", tmp_path / "none.csv", actor=None)
    with pytest.raises(projects.NoSuchProject):
        await intake.import_file(database, "slow", path, actor=None)


async def test_two_imports_of_one_file_at_once_are_one(
    database: Database, project: Project
) -> None:
    loaded = await asyncio.gather(load(database, GOOD), load(database, GOOD))
    assert sorted(one.added for one in loaded) == [0, 3]
    positions = [task.position for task in await tasks(database)]
    assert len(set(positions)) == 3


async def test_fifty_thousand_rows_take_little_memory(
    database: Database, project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "many.jsonl"
    with path.open("w") as file:
        for number in range(50_000):
            file.write(json.dumps({"key": f"k{number}", "text": f"sentence {number} " * 5}) + "\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loaded = await intake.import_file(database, "quick", path, actor=None)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert loaded.added == 50_000
    assert grown < 50_000  # kilobytes


# What the tests do


async def apply(database: Database, text: str) -> Project:
    async with database.transaction() as session:
        return await projects.apply(session, project_file.parse(text), actor=None)


async def load(
    database: Database, content: bytes, format: str = "csv", *, stage: int = 1
) -> Loaded:
    async with database.transaction() as session:
        project = await projects.find(session, "quick")
        stream = io.BytesIO(content)
        return await intake.load(session, project, stream, format, stage=stage, actor=None)


async def tasks(database: Database) -> list[Task]:
    async with database.reading() as session:
        return list(await session.scalars(select(Task).order_by(Task.stage_id, Task.key)))
