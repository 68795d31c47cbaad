"""The files an export writes: their bytes, who may have them, and what the manifest says."""

import csv
import hashlib
import io
import json
import tracemalloc
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot import formats
from bot.errors import NotAllowed
from bot.models.chat import Chat
from bot.models.people import Role, Worker
from bot.models.work import Project, Stage
from bot.store.database import Database
from bot.work import results
from bot.work.results import Export, Exported
from tests.work import crowd
from tests.work.crowd import Given

VOTES = [
    Given("t1", "w-ann", "yes"),
    Given("t1", "w-ben", "no", corrections=("yes",)),
    Given("t2", "w-ann", "no"),
]
KINDS = [
    Export("raw", "csv"),
    Export("raw", "tsv"),
    Export("raw", "jsonl", gold=True, revisions=True),
    Export("results", "csv"),
    Export("results", "jsonl"),
]
DANGEROUS = ["=1+1", "+HYPERLINK()", "-2+3", "@SUM(A1)", "\t=1", " =1", "\u200b=1", "＝1", "'=1"]


@pytest.mark.parametrize("chosen", KINDS, ids=str)
async def test_the_same_database_gives_the_same_bytes(database: Database, chosen: Export) -> None:
    await crowd.fill(database, VOTES)
    assert await write(database, chosen) == await write(database, chosen)


@pytest.mark.parametrize("chosen", KINDS, ids=str)
async def test_the_hash_and_the_size_are_those_of_the_file(
    database: Database, chosen: Export
) -> None:
    await crowd.fill(database, [*VOTES, Given("t3", "w-ann", "ndiyo – é नमस्ते")])
    text, exported = await write(database, chosen)
    data = text.encode()
    assert (exported.bytes, exported.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    header = 0 if chosen.format == "jsonl" else 1
    assert exported.rows == text.count("\n") - header


async def test_the_order_of_insertion_changes_no_byte_of_the_results(
    database_url: str, database: Database
) -> None:
    given = [Given(task, f"w-{n}", "yes") for task in ("b", "a", "C") for n in range(4)]
    await crowd.fill(database, given, slug="one")
    await crowd.fill(database, given[::-1], keys=["C", "b", "a"], people=[], slug="two")
    for chosen in (Export("results", "csv"), Export("results", "jsonl")):
        first, second = [await write(database, chosen, slug=slug) for slug in ("one", "two")]
        assert first == second


@pytest.mark.parametrize("label", DANGEROUS)
async def test_a_cell_that_a_spreadsheet_would_run_is_safe_and_verbatim_in_json_lines(
    database: Database, label: str
) -> None:
    await crowd.fill(database, [Given(label, "w-ann", label)], type="text")
    for what in ("raw", "results"):
        text, _ = await write(database, Export(what, "csv"))
        [row] = csv.DictReader(io.StringIO(text, newline=""))
        assert row["label"] == row["task"] == "'" + label
        assert formats.unescape(row["label"]) == label
        text, _ = await write(database, Export(what, "jsonl"))
        assert json.loads(text)["label"] == label


async def test_negative_numbers_stay_numbers(database: Database) -> None:
    await crowd.fill(database, [Given("t1", "w-ann", "-5", value=-5)], type="number")
    text, _ = await write(database, Export("raw"))
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["label"], row["answer"]) == ("-5", "-5")


async def test_an_empty_project_gives_a_header_and_no_rows(database: Database) -> None:
    await crowd.fill(database, [], keys=[])
    text, exported = await write(database, Export("raw"))
    assert text == ",".join(results.COLUMNS["raw"]) + "\n"
    assert exported.rows == 0


async def test_a_worker_has_one_name_in_a_project_and_another_in_the_next(
    database: Database,
) -> None:
    await crowd.fill(database, VOTES, slug="one")
    await crowd.fill(database, VOTES, people=[], slug="two")
    one, two = [await workers_in(database, Export("raw"), slug) for slug in ("one", "two")]
    assert len(one) == len(two) == 2
    assert not one & two
    assert not (one | two) & {"w-ann", "w-ben"}


async def test_the_command_line_can_have_telegram_ids(database: Database) -> None:
    await crowd.fill(database, VOTES)
    await chat(database, "w-ann", 5_000_000_001)
    found = await workers_in(database, Export("raw", workers="telegram"))
    assert found == {"5000000001", ""}  # the other has no chat any more


async def test_nobody_gets_telegram_ids_in_a_chat(database: Database) -> None:
    await crowd.fill(database, VOTES)
    owner = await role(database, "w-ann", "owner")
    with pytest.raises(results.TelegramIdsStayHere):
        await write(database, Export("raw", workers="telegram"), actor=owner)


@pytest.mark.parametrize("name", ["owner", "admin", "requester"])
async def test_those_who_run_the_work_can_export(database: Database, name: str) -> None:
    await crowd.fill(database, VOTES)
    actor = await role(database, "w-ann", name)
    _, exported = await write(database, Export("raw"), actor=actor)
    assert exported.rows == 3


@pytest.mark.parametrize("name", ["", "reviewer"])
async def test_others_get_nothing(database: Database, name: str) -> None:
    await crowd.fill(database, VOTES)
    actor = await role(database, "w-ann", name)
    with pytest.raises(NotAllowed):
        await write(database, Export("raw"), actor=actor)


async def test_the_manifest_says_what_the_files_were_made_from(database: Database) -> None:
    made = await crowd.fill(database, VOTES, gold=["t2"])
    async with database.transaction() as session:
        stage = await session.scalar(select(Stage))
        assert stage is not None
        stage.version = 2
        text = {"sw": {"question": "Ipi?", "instructions": "Soma zote."}}
        session.add(crowd.version(stage, 2, text=text, price_micro=12_500))
    files = {"raw.csv": Export("raw"), "results.jsonl": Export("results", "jsonl", gold=True)}
    content = await manifest(database, made, files)
    assert content["project"] == "sw-fluency"
    [described] = content["stages"]
    assert (described["tasks"], described["gold"], described["version"]) == (1, 1, 2)
    first, second = described["versions"]
    assert (first["price"], second["price"], second["currency"]) == ("0.02", "0.0125", "USD")
    assert first["text_sha256"] != second["text_sha256"]
    raw, found = content["files"]["raw.csv"], content["files"]["results.jsonl"]
    assert (raw["rows"], raw["gold"], raw["workers"]) == (2, False, "pseudonym")
    assert raw["columns"] == list(results.COLUMNS["raw"])
    assert (found["rows"], found["what"], found["gold"]) == (2, "results", True)
    assert raw["sha256"] == (await write(database, Export("raw")))[1].sha256
    assert content == await manifest(database, made, files)


async def test_a_large_export_does_not_grow_in_memory(database: Database) -> None:
    recorded = [(f"t{n // 4:05}", f"w-{n % 4}", "yes") for n in range(6_000)]
    await crowd.pour(database, recorded)
    sink = Sink()
    async with database.reading() as session:
        project = await session.scalar(select(Project))
        assert project is not None
        tracemalloc.start()
        try:
            await results.export(session, project, Export("raw"), sink, actor=None)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sink.size > 800_000
    assert peak < 3_000_000


class Sink(io.StringIO):
    """Forgets what is written to it."""

    size = 0

    def write(self, text: str) -> int:
        self.size += len(text)
        return len(text)


async def write(
    database: Database, chosen: Export, *, slug: str | None = None, actor: int | None = None
) -> tuple[str, Exported]:
    stream = io.StringIO(newline="")
    async with database.reading() as session:
        projects = select(Project).order_by(Project.id)
        if slug is not None:
            projects = projects.where(Project.slug == slug)
        project = (await session.scalars(projects)).first()
        assert project is not None
        exported = await results.export(session, project, chosen, stream, actor=actor)
    return stream.getvalue(), exported


async def manifest(database: Database, project: Project, files: dict[str, Export]) -> Any:
    made = {name: (await write(database, chosen))[1] for name, chosen in files.items()}
    async with database.reading() as session:
        return json.loads(await results.manifest(session, project, made))


async def workers_in(database: Database, chosen: Export, slug: str | None = None) -> set[str]:
    text, _ = await write(database, chosen, slug=slug)
    return {row["worker"] for row in csv.DictReader(io.StringIO(text, newline=""))}


async def chat(database: Database, worker: str, telegram: int) -> None:
    async with database.transaction() as session:
        id = await session.scalar(select(Worker.id).where(Worker.pseudonym == worker))
        session.add(Chat(bot_id=1, chat_id=telegram, worker_id=id))


async def role(database: Database, worker: str, name: str) -> int:
    async with database.transaction() as session:
        id = await session.scalar(select(Worker.id).where(Worker.pseudonym == worker))
        assert id is not None
        if name:
            await session.execute(insert(Role).values(worker_id=id, role=name))
    return id
