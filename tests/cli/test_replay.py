"""A recorded crowd goes through the sandbox and the real bot, and comes out as it was."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from bot.cli import simulate
from bot.cli.player import Recorded
from bot.pay import ledger
from bot.store.database import Database
from bot.work import intake, project_file, projects

SETS = {
    "multipico_hi": ("hi", 'type = "choice"\noptions = ["0", "1"]\nshow = ["post", "reply"]'),
    "n_emotion": ("en", 'type = "number"\nmin = 0\nmax = 100\nshow = ["emotion", "headline"]'),
    "pandalm": ("en", 'type = "compare"\nshow = ["instruction"]'),
}
PROJECT = """
[project]
id = "replay"
name = "Replay"
languages = ["{language}"]
[stage]
{stage}
price = "0.02 USD"
overlap = 10
gold_share = 0
[stage.text.en]
question = "?"
"""
TASKS = 12


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", SETS)
async def test_recorded_answers_arrive_once_each_and_unchanged(
    name: str, database: Database, shared: Path, tmp_path: Path
):
    """The first tasks of a real set, by everybody who answered any of them."""
    kept = _first_tasks(shared / name / "tasks.csv", tmp_path / "tasks.csv")
    labels = _labels_of(kept, shared / name / "labels.csv", tmp_path / "labels.csv")
    await _open(database, name, (tmp_path / "tasks.csv").read_bytes())

    told = await simulate.play(
        database,
        "replay",
        simulate.read_labels(tmp_path / "labels.csv"),
        answers=tmp_path / "answers.csv",
    )

    assert told["missing"] == 0
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as stream:
        given = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(stream)]
    assert sorted(given) == sorted(labels)
    after = Database(database.url)
    async with after.reading() as session:
        totals = await ledger.check(session)
    await after.dispose()
    assert totals["USD"]["pending"] == 20_000 * len(labels)
    await asyncio.sleep(0)


async def _open(database: Database, name: str, rows: bytes) -> None:
    """The set's project, with these tasks, open."""
    language, stage = SETS[name]
    async with database.transaction() as session:
        text = PROJECT.format(language=language, stage=stage)
        project = await projects.apply(session, project_file.parse(text), actor=None)
        await intake.load(session, project, io.BytesIO(rows), "csv", actor=None)
        await projects.open_project(session, project, actor=None)


def _first_tasks(source: Path, target: Path) -> set[str]:
    with source.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        first = [row for row, _ in zip(rows, range(TASKS), strict=False)]
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=first[0].keys())
        writer.writeheader()
        writer.writerows(first)
    return {row["task"] for row in first}


def _labels_of(tasks: set[str], source: Path, target: Path) -> list[tuple[str, str, str]]:
    with source.open(encoding="utf-8", newline="") as stream:
        rows = [
            (row["task"], row["worker"], row["label"])
            for row in csv.DictReader(stream)
            if row["task"] in tasks
        ]
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["task", "worker", "label"])
        writer.writerows(rows)
    return rows


async def test_a_tie_is_undecided_and_no_answer_is_missing(database: Database, tmp_path: Path):
    await _open(database, "multipico_hi", b"key,post,reply\na,It rains,Yes\n")
    (tmp_path / "truth.csv").write_text("task,truth\na,1\n", encoding="utf-8")
    crowd = [Recorded("w001", {"a": "0"}), Recorded("w002", {"a": "1"})]
    told = await simulate.play(database, "replay", crowd, truth=tmp_path / "truth.csv")
    told = json.loads(json.dumps(told))  # as --json writes it
    assert (told["answers"], told["missing"], told["undecided"]) == (2, 0, 1)
    assert told["accuracy"] == 0
    assert "mae" not in told


async def test_a_label_that_does_not_fit_is_refused_before_anybody_joins(database: Database):
    await _open(database, "n_emotion", b"key,emotion,headline\na,joy,It rains\n")
    with pytest.raises(simulate.LabelRefused, match=r"Task a, worker w001: .* from 0 to 100"):
        await simulate.play(database, "replay", [Recorded("w001", {"a": "-5"})])
