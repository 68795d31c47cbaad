"""What is exported of a project's answers: which rows, in which order, with which cells."""

import csv
import io
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from bot.models.people import Consent, Worker
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion
from bot.store.database import Database
from bot.work import results
from bot.work.results import Export
from tests.work import crowd
from tests.work.crowd import Given

NOW = datetime(2026, 11, 3, tzinfo=UTC)
VOTES = [
    Given("t1", "w-ann", "yes"),
    Given("t1", "w-ben", "yes"),
    Given("t1", "w-cem", "no"),
    Given("t2", "w-ann", "yes"),
    Given("t2", "w-ben", "no"),
]


async def test_every_answer_is_one_row_with_the_sixteen_columns(database: Database) -> None:
    await crowd.fill(database, [Given("t1", "w-ann", "yes", state="accepted")])
    rows = await read(database, Export("raw"))
    assert list(rows[0]) == [
        "project", "stage", "task", "worker", "label", "answer", "language", "gold", "state",
        "revision", "price", "currency", "seconds", "offered_at", "answered_at", "instructions",
    ]  # fmt: skip
    worker = results.pseudonym("w-ann", "sw-fluency")
    seconds = int(rows[0].pop("seconds"))
    assert [*rows[0].values()] == [
        "sw-fluency", "check", "t1", worker, "yes", '"yes"', "sw", "false", "accepted",
        "1", "0.0125", "USD", _iso(seconds), _iso(2 * seconds), "1",
    ]  # fmt: skip


async def test_in_json_lines_a_value_is_itself(database: Database) -> None:
    await crowd.fill(database, [Given("t1", "w-ann", "a|b", value=["a", "b"])])
    text = await written(database, Export("raw", "jsonl"))
    row = json.loads(text)
    assert (row["label"], row["answer"], row["gold"]) == ("a|b", ["a", "b"], False)
    assert (row["revision"], row["price"]) == (1, "0.0125")


async def test_a_list_is_json_in_its_cell(database: Database) -> None:
    await crowd.fill(database, [Given("t1", "w-ann", "a|b", value=["a", "b"])])
    [row] = await read(database, Export("raw"))
    assert json.loads(row["answer"]) == ["a", "b"]


async def test_a_corrected_answer_is_exported_as_corrected(database: Database) -> None:
    await crowd.fill(database, [Given("t1", "w-ann", "yes", corrections=("no", "maybe"))])
    [row] = await read(database, Export("raw"))
    assert (row["label"], row["revision"]) == ("maybe", "3")
    [result] = await read(database, Export("results"))
    assert (result["label"], result["answers"]) == ("maybe", "1")


async def test_all_revisions_come_when_asked_for(database: Database) -> None:
    await crowd.fill(database, [Given("t1", "w-ann", "yes", corrections=("no",)), VOTES[1]])
    rows = await read(database, Export("raw", revisions=True))
    ann = results.pseudonym("w-ann", "sw-fluency")
    mine = [row for row in rows if row["worker"] == ann]
    assert [(row["label"], row["revision"]) for row in mine] == [("yes", "1"), ("no", "2")]
    assert mine[0]["answered_at"] < mine[1]["answered_at"]
    assert len(rows) == 3


async def test_late_and_surplus_answers_are_there_and_count(database: Database) -> None:
    late = Given("t1", "w-dan", "no", surplus=True)
    later = Given("t1", "w-eve", "no", surplus=True)
    await crowd.fill(database, [*VOTES[:3], late, later])
    assert len(await read(database, Export("raw"))) == 5
    [result] = await read(database, Export("results"))
    assert (result["label"], result["answers"], result["confidence"]) == ("no", "5", "0.6")


async def test_a_task_that_was_skipped_or_is_still_held_has_no_row(database: Database) -> None:
    await crowd.fill(database, [VOTES[0], Given("t1", "w-ben", "", state="skipped")])
    async with database.transaction() as session:
        skipped = select(Assignment.id).where(Assignment.state == "skipped")
        await session.execute(delete(Answer).where(Answer.assignment_id.in_(skipped)))
    assert len(await read(database, Export("raw"))) == 1
    [result] = await read(database, Export("results"))
    assert (result["answers"], result["status"]) == ("1", "open")


async def test_every_task_has_a_result_whether_settled_tied_or_open(database: Database) -> None:
    four = [*VOTES, Given("t2", "w-cem", "maybe")]
    await crowd.fill(database, four, keys=["t1", "t2", "t3"])
    assert await read(database, Export("results")) == [
        {"task": "t1", "label": "yes", "confidence": "0.6667", "answers": "3",
         "method": "majority", "status": "settled"},
        {"task": "t2", "label": "", "confidence": "0.3333", "answers": "3",
         "method": "majority", "status": "tie"},
        {"task": "t3", "label": "", "confidence": "", "answers": "0",
         "method": "majority", "status": "open"},
    ]  # fmt: skip


async def test_numbers_become_their_mean_or_the_median_if_the_stage_says_so(
    database: Database,
) -> None:
    numbers = [Given("t1", f"w-{n}", n, value=int(n)) for n in ("10", "20", "60")]
    await crowd.fill(database, numbers, type="number")
    [result] = await read(database, Export("results"))
    assert (result["label"], result["method"], result["confidence"]) == ("30", "mean", "")
    async with database.transaction() as session:
        await session.execute(update(StageVersion).values(settings={"combine": "median"}))
    [result] = await read(database, Export("results"))
    assert (result["label"], result["method"]) == ("20", "median")


async def test_texts_that_differ_stay_unsettled(database: Database) -> None:
    await crowd.fill(database, VOTES, type="text")
    statuses = [row["status"] for row in await read(database, Export("results"))]
    assert statuses == ["tie", "open"]


async def test_gold_is_left_out_unless_asked_for(database: Database) -> None:
    await crowd.fill(database, VOTES, gold=["t1"])
    assert {row["task"] for row in await read(database, Export("raw"))} == {"t2"}
    assert {row["task"] for row in await read(database, Export("results"))} == {"t2"}
    everything = await read(database, Export("raw", gold=True))
    assert Counter((row["task"], row["gold"]) for row in everything) == {
        ("t1", "true"): 3,
        ("t2", "false"): 2,
    }
    assert len(await read(database, Export("results", gold=True))) == 2


async def test_answers_of_people_who_withdrew_their_consent_are_left_out(
    database: Database,
) -> None:
    await crowd.fill(database, VOTES)
    await consent(database, "w-ann", "answers", withdrawn=True)
    await consent(database, "w-ben", "answers", withdrawn=True)
    await consent(database, "w-ben", "answers")  # and given again
    await consent(database, "w-cem", "privacy", withdrawn=True)
    rows = await read(database, Export("raw"))
    assert Counter(row["task"] for row in rows) == {"t1": 2, "t2": 1}
    result = (await read(database, Export("results")))[0]
    assert (result["answers"], result["status"]) == ("2", "open")


async def test_each_row_says_under_which_wording_it_was_answered(database: Database) -> None:
    await crowd.fill(database, VOTES[:2])
    async with database.transaction() as session:
        first = select(Assignment.id).order_by(Assignment.id).limit(1).scalar_subquery()
        stage = await session.scalar(select(Stage))
        session.add(crowd.version(stage, 2))
        await session.execute(
            update(Assignment).where(Assignment.id == first).values(stage_version=2)
        )
    versions = [row["instructions"] for row in await read(database, Export("raw"))]
    assert sorted(versions) == ["1", "2"]


async def test_stages_come_in_their_order_and_one_can_be_chosen(database: Database) -> None:
    await crowd.fill(database, VOTES[:2], stages=("write", "check"))
    async with database.transaction() as session:
        second = await session.scalar(select(Queue).order_by(Queue.id.desc()))
        await crowd.tasks(session, second, ["a0"])
    tasks = [row["task"] for row in await read(database, Export("results"))]
    assert tasks == ["t1", "a0"]
    tasks = [row["task"] for row in await read(database, Export("results", stage="check"))]
    assert tasks == ["a0"]
    with pytest.raises(results.NoSuchStage, match="It has: write, check"):
        await read(database, Export("results", stage="chek"))


async def test_another_project_stays_out(database: Database) -> None:
    await crowd.fill(database, VOTES)
    await crowd.fill(database, [], keys=["t1"], slug="other", people=False)
    assert await read(database, Export("raw"), slug="other") == []
    assert len(await read(database, Export("results"), slug="other")) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_the_order_of_arrival_leaves_no_trace(database: Database, seed: int) -> None:
    shuffle = random.Random(seed)
    keys = ["b", "a", "B", "é", "z-1", "z_1", "10", "9", "नमस्ते", "~"]
    names = [f"w-{n}" for n in range(6)]
    given = [Given(key, name, "yes") for key in keys for name in names]
    shuffle.shuffle(given)
    shuffle.shuffle(keys)
    shuffle.shuffle(names)
    await crowd.fill(database, given, keys=keys, people=names)
    rows = [(row["task"], row["worker"]) for row in await read(database, Export("raw"))]
    assert rows == sorted(rows, key=lambda row: (row[0].encode(), row[1]))
    assert len(rows) == len(given)
    listed = [row["task"] for row in await read(database, Export("results"))]
    assert listed == sorted(keys, key=str.encode)


async def test_outcomes_can_be_had_without_a_file(database: Database) -> None:
    made = await crowd.fill(database, VOTES)
    async with database.reading() as session:
        found = await results.outcomes(session, made)
    assert {task: (one.label, one.status) for task, one in found.items()} == {
        "t1": ("yes", "settled"),
        "t2": ("", "open"),
    }


@pytest.mark.parametrize("name", ["snow_rte", "multipico_hi", "pandalm"])
async def test_a_real_crowd_comes_out_as_it_was_recorded(
    database: Database, shared: Path, name: str
) -> None:
    folder = shared / name
    recorded = [(r["task"], r["worker"], r["label"]) for r in _csv(folder / "labels.csv")]
    await crowd.pour(database, recorded)
    rows = await read(database, Export("raw"))
    names = {results.pseudonym(worker, "crowd"): worker for _, worker, _ in recorded}
    exported = [(row["task"], names[row["worker"]], row["label"]) for row in rows]
    assert sorted(exported) == sorted(recorded)
    found = {row["task"]: row for row in await read(database, Export("results"))}
    for row in _csv(folder / "reference.csv"):
        tied = "|" in row["plurality"]
        wanted = ("", "tie") if tied else (row["plurality"], "settled")
        assert (found[row["task"]]["label"], found[row["task"]]["status"]) == wanted
        assert found[row["task"]]["answers"] == row["answers"]


async def consent(
    database: Database, worker: str, document: str, *, withdrawn: bool = False
) -> None:
    async with database.transaction() as session:
        id = await session.scalar(select(Worker.id).where(Worker.pseudonym == worker))
        session.add(
            Consent(
                worker_id=id,
                document=document,
                version="1",
                locale="sw",
                withdrawn_at=NOW if withdrawn else None,
            )
        )


async def written(database: Database, chosen: Export, *, slug: str | None = None) -> str:
    stream = io.StringIO(newline="")
    async with database.reading() as session:
        projects = select(Project).order_by(Project.id)
        if slug is not None:
            projects = projects.where(Project.slug == slug)
        project = (await session.scalars(projects)).first()
        assert project is not None
        await results.export(session, project, chosen, stream, actor=None)
    return stream.getvalue()


async def read(
    database: Database, chosen: Export, *, slug: str | None = None
) -> list[dict[str, str]]:
    text = await written(database, chosen, slug=slug)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _iso(seconds: int) -> str:
    return (crowd.START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
