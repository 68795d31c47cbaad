"""/newproject and /add: files sent by chat."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.models.work import Project
from bot.people import roles
from bot.work import project_file, projects, stages
from bot.work.stages import StageSpec
from handlers.admin import newproject
from tests.handlers import office
from tests.handlers.office import labels, press, read_files, send_file, shown, tell, toast
from tests.life import Life, last_with_buttons

PAIRS = (
    b"key,language,source,left,right,gold,note\n"
    b"p1,sw,Wash hands,Nawa mikono,Osha mikono,right,\n"
    b"p2,sw,Drink water,Kunywa maji,Maji kunywa,,odd\n"
    b"p2,sw,Drink water,Kunywa maji,Maji kunywa,,odd\n"
)
ANSWERS = b"question,answer,gold\n2+2?,4,right\n3+3?,7,wrong\n4+4?,8,\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


@pytest.fixture
def owner(bot: Life) -> Any:
    return bot.owner


async def found(bot: Life, slug: str) -> tuple[Project, StageSpec]:
    async with bot.database.reading() as session:
        project = await projects.find(session, slug)
        (spec,) = await stages.current(session, project.id)
        return project, spec


async def test_a_file_with_the_command_becomes_a_draft_with_its_tasks(
    bot: Life, owner: Any, path: Path
) -> None:
    await send_file(bot, owner, PAIRS, "swahili_pairs.csv", "/newproject")
    assert owner.last["text"] == "Reading swahili_pairs.csv…"
    assert await read_files(bot, PAIRS, path) == 1
    report, asked = (message["text"] for message in owner.chat.messages[-2:])
    assert "Rows: 3, 1 of them gold" in report
    assert "Fields: source, left, right, note" in report
    assert "Not in every row, so not shown: note" in report
    assert "Languages: Swahili 3" in report
    assert "1 row repeats" in report
    assert "Workers see: source, left, right" in asked
    assert labels(last_with_buttons(owner)) == [
        "Create draft",
        "Name: Swahili pairs",
        "Type: compare",
        "Question: Which one is better?",
        "Languages: Swahili",
        "Price of an answer: 0.017 USD",
        "Answers per task: 3",
        "Drop this file",
    ]
    assert await press(bot, owner, "Create draft") == "Making Swahili pairs…"
    assert await read_files(bot, PAIRS, path) == 1
    card = shown(owner)
    assert "2 tasks added, 1 of them gold. 1 row was there already." in card
    assert "Swahili pairs · draft" in card
    assert await office.keys(bot, "swahili-pairs") == ["p1", "p2"]
    project, spec = await found(bot, "swahili-pairs")
    assert project.languages == ["sw"]
    assert (spec.type, spec.gold_share_ppm, spec.overlap) == ("compare", 100_000, 3)


async def test_every_answer_can_be_changed_before(bot: Life, owner: Any, path: Path) -> None:
    await send_file(bot, owner, ANSWERS, "answers.csv", "/newproject")
    await read_files(bot, ANSWERS, path)
    assert "Type: choice: right / wrong" in labels(last_with_buttons(owner))
    await press(bot, owner, "Name")
    await tell(bot, owner, "Is this right?")
    await press(bot, owner, "Question")
    await tell(bot, owner, "Is the answer right?")
    await press(bot, owner, "Price")
    assert "is not an amount" in await tell(bot, owner, "much")
    await tell(bot, owner, "0.05")
    await press(bot, owner, "Answers per task")
    await press(bot, owner, "5")
    await press(bot, owner, "Languages")
    await press(bot, owner, "Swahili")
    await press(bot, owner, "✓ English")
    await press(bot, owner, "Back")
    await press(bot, owner, "Type")
    await press(bot, owner, "Change the options")
    assert "from 2 to 8 options" in await tell(bot, owner, "right")
    await tell(bot, owner, "right, partly, wrong")
    assert labels(last_with_buttons(owner))[1:-1] == [
        "Name: Is this right?",
        "Type: choice: right / partly / wrong",
        "Question: Is the answer right?",
        "Languages: Swahili",
        "Price of an answer: 0.05 USD",
        "Answers per task: 5",
    ]
    await press(bot, owner, "Create draft")
    await read_files(bot, ANSWERS, path)
    project, spec = await found(bot, "is-this-right")
    assert project.languages == ["sw"]
    assert spec.settings["options"] == ["right", "partly", "wrong"]
    assert spec.text["sw"]["question"] == "Is the answer right?"
    assert (spec.price_micro, spec.overlap) == (50_000, 5)


async def test_another_type_asks_for_its_options(bot: Life, owner: Any, path: Path) -> None:
    rows = b"text\nhello\n"
    await send_file(bot, owner, rows, "hello.csv", "/newproject")
    await read_files(bot, rows, path)
    assert "Type: text" in labels(last_with_buttons(owner))
    await press(bot, owner, "Type")
    assert "Send the options" in await press(bot, owner, "multi")
    await press(bot, owner, "Back")
    assert "Type: multi: options missing" in labels(last_with_buttons(owner))
    await press(bot, owner, "Create draft")
    assert "from 2 to 12 options" in toast(owner)
    await press(bot, owner, "Type")
    await press(bot, owner, "multi")
    await tell(bot, owner, "greeting, question")
    await press(bot, owner, "Create draft")
    await read_files(bot, rows, path)
    assert (await found(bot, "hello"))[1].settings["options"] == ["greeting", "question"]


async def test_a_draft_whose_rows_do_not_fit_leaves_nothing_and_asks_again(
    bot: Life, owner: Any, path: Path
) -> None:
    await send_file(bot, owner, ANSWERS, "answers.csv", "/newproject")
    await read_files(bot, ANSWERS, path)
    await press(bot, owner, "Type")
    await press(bot, owner, "Change the options")
    await tell(bot, owner, "right, odd")
    await press(bot, owner, "Create draft")
    await read_files(bot, ANSWERS, path)
    refused = owner.chat.messages[-2]["text"]
    assert "Nothing was imported: the file has 1 fault." in refused
    assert "Line 3:" in refused
    async with bot.database.reading() as session:
        assert await projects.listing(session) == []
    await press(bot, owner, "Type")
    await press(bot, owner, "Change the options")
    await tell(bot, owner, "right, wrong")
    await press(bot, owner, "Create draft")
    await read_files(bot, ANSWERS, path)
    assert len(await office.keys(bot, "answers")) == 3


async def test_creating_twice_makes_one_project(bot: Life, owner: Any, path: Path) -> None:
    await send_file(bot, owner, ANSWERS, "answers.csv", "/newproject")
    await read_files(bot, ANSWERS, path)
    message = last_with_buttons(owner)
    create = message["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    for _ in range(2):
        await owner.tap_data(message["message_id"], create)
        await bot.settle()
    assert toast(owner) == "This is being done already."
    assert await read_files(bot, ANSWERS, path) == 1
    await owner.tap_data(message["message_id"], create)
    await bot.settle()
    assert toast(owner) == "This is no longer there."
    async with bot.database.reading() as session:
        assert len(await projects.listing(session)) == 1


async def test_a_file_of_the_same_name_makes_a_project_of_its_own(
    bot: Life, owner: Any, path: Path
) -> None:
    for _ in range(2):
        await send_file(bot, owner, ANSWERS, "answers.csv", "/newproject")
        await read_files(bot, ANSWERS, path)
        await press(bot, owner, "Create draft")
        await read_files(bot, ANSWERS, path)
    async with bot.database.reading() as session:
        every = await projects.listing(session)
    assert {one.project.slug for one in every} == {"answers", "answers-2"}


async def test_a_file_with_faults_is_refused_with_the_first_three(
    bot: Life, owner: Any, path: Path
) -> None:
    rows = b"key,priority,text\n" + b"".join(b"k%d,high,x\n" % at for at in range(5))
    await send_file(bot, owner, rows, "faulty.csv", "/newproject")
    await read_files(bot, rows, path)
    report = owner.last["text"]
    assert "5 faults, so nothing was made of it." in report
    assert [line[:9] for line in report.splitlines() if line.startswith("•")] == [
        "• Line 2,",
        "• Line 3,",
        "• Line 4,",
    ]


UNREADABLE = [("empty.csv", b"\n"), ("header.csv", b"a,b\n"), ("wide.csv", b"\xff\xfea\0\n\0"),
     ("photo.json", b"\x89PNG\r\n"), ("results.csv", b"HITId,WorkerId,Answer.x\n1,2,3\n"),
     ("broken.toml", b"[project"), ("bytes.toml", b"\xff\xfe\x00")]  # fmt: skip


async def test_what_cannot_be_read_is_said(bot: Life, owner: Any, path: Path) -> None:
    for filename, content in UNREADABLE:
        await send_file(bot, owner, content, filename, "/newproject")
        await read_files(bot, content, path)
        assert filename in owner.last["text"]
        assert "Reading" not in owner.last["text"]
        assert not owner.last.get("reply_markup")
    async with bot.database.reading() as session:
        assert await projects.listing(session) == []


async def test_other_files_are_refused_before_they_are_fetched(
    bot: Life, owner: Any, path: Path
) -> None:
    await send_file(bot, owner, b"%PDF", "paper.pdf", "/newproject")
    assert "I can read CSV, TSV and JSONL" in owner.last["text"]
    await send_file(bot, owner, b"x" * (20 * 1024 * 1024 + 1), "big.csv", "/newproject")
    assert "larger than 20 MB" in owner.last["text"]
    assert await read_files(bot, b"", path) == 0


async def test_a_project_file_makes_a_draft_and_its_tasks_are_asked_for(
    bot: Life, owner: Any, path: Path
) -> None:
    toml = office.COLOURS.encode()
    await send_file(bot, owner, toml, "colours.toml", "/newproject")
    await read_files(bot, toml, path)
    assert "The project is now as colours.toml has it." in shown(owner)
    assert "Now send the file with its tasks" in owner.last["text"]
    assert "waiting for a file" in await tell(bot, owner, "which?")
    await send_file(bot, owner, office.ROWS, "rows.csv")
    await read_files(bot, office.ROWS, path)
    assert "rows.csv: 3 tasks added, 0 of them gold." in shown(owner)
    assert await office.keys(bot, "colours") == ["t1", "t2", "t3"]


async def test_faults_of_a_project_file_are_all_said(bot: Life, owner: Any, path: Path) -> None:
    toml = office.COLOURS.replace("overlap = 3", "overlp = 0").replace('en",', 'xx",').encode()
    await send_file(bot, owner, toml, "colours.toml")
    await press(bot, owner, "New project")
    await read_files(bot, toml, path)
    assert "Did you mean overlap?" in owner.last["text"]
    assert "“xx” is not one of the languages" in owner.last["text"]


async def test_a_file_without_a_word_is_asked_about(bot: Life, owner: Any, path: Path) -> None:
    made = await office.project(bot, rows=b"")
    await send_file(bot, owner, office.ROWS, "rows.csv")
    assert shown(owner) == "New project from rows.csv?"
    assert await read_files(bot, office.ROWS, path) == 0
    await press(bot, owner, "Tasks of a project")
    await press(bot, owner, "Which colour?")
    await read_files(bot, office.ROWS, path)
    assert "3 tasks added" in shown(owner)
    assert await office.keys(bot, made.slug) == ["t1", "t2", "t3"]


async def test_a_dropped_file_is_gone(bot: Life, owner: Any, path: Path) -> None:
    await send_file(bot, owner, office.ROWS, "rows.csv")
    message = last_with_buttons(owner)
    assert "is dropped" in await press(bot, owner, "Drop this file")
    await owner.tap_data(message["message_id"], "np:new:1")
    await bot.settle()
    assert toast(owner) == "This is no longer there."


async def test_tasks_are_added_by_caption_and_twice_add_nothing(
    bot: Life, owner: Any, path: Path
) -> None:
    made = await office.project(bot, rows=b"")
    for said in (
        "3 tasks added, 0 of them gold.",
        "0 tasks added, 0 of them gold. 3 rows were there already.",
    ):
        await send_file(bot, owner, office.ROWS, "rows.csv", f"/add p_{made.code}")
        await read_files(bot, office.ROWS, path)
        assert said in shown(owner)
    assert len(await office.keys(bot, made.slug)) == 3


async def test_a_command_in_reply_to_a_file_is_about_that_file(
    bot: Life, owner: Any, path: Path
) -> None:
    made = await office.project(bot, rows=b"")
    sent = await owner.upload("document", office.ROWS, filename="rows.csv")
    await bot.settle()
    await owner.send(f"/add p_{made.code}", reply_to=sent)
    await bot.settle()
    await read_files(bot, office.ROWS, path)
    assert await office.keys(bot, made.slug) == ["t1", "t2", "t3"]


async def test_reading_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newproject, "PAUSE", 0.01)
    heard: list[str] = []

    async def hear(text: str) -> None:
        heard.append(text)

    async with newproject._told(hear, "<rows>.csv") as count:
        count(5000)
        await asyncio.sleep(0.05)
    told = len(heard)
    await asyncio.sleep(0.05)
    assert heard[0] == "&lt;rows&gt;.csv: 5,000 rows so far…"
    assert len(heard) == told


async def test_a_refused_file_adds_nothing(bot: Life, owner: Any, path: Path) -> None:
    made = await office.project(bot)
    rows = b"key,language,thing\nnew,en,x\nt1,en,another rose\n"
    await tell(bot, owner, f"/p_{made.code}")
    await press(bot, owner, "Add tasks")
    await send_file(bot, owner, rows, "more.csv")
    await read_files(bot, rows, path)
    assert "Line 3: the task “t1” is there already, with another content." in owner.last["text"]
    assert await office.keys(bot, made.slug) == ["t1", "t2", "t3"]


async def test_a_workers_file_is_not_taken(bot: Life, path: Path) -> None:
    amina = await bot.join("Amina")
    await send_file(bot, amina, office.ROWS, "rows.csv")
    assert "I did not expect a file here." in amina.last["text"]
    await send_file(bot, amina, office.ROWS, "rows.csv", "/newproject")
    assert amina.last["text"].startswith("This needs one of these roles")
    assert await read_files(bot, b"", path) == 0


async def test_somebody_elses_upload_is_not_theirs_to_answer(bot: Life, owner: Any) -> None:
    await send_file(bot, owner, office.ROWS, "rows.csv")
    rashid = await bot.join("Rashid")
    async with bot.database.transaction() as session:
        await roles.grant(session, 2, "admin", by=None)
    await rashid.tap_data(rashid.last["message_id"], "np:new:1")
    await bot.settle()
    assert toast(rashid) == "This is no longer there."


def test_the_example_of_the_tests_is_a_good_project_file() -> None:
    assert project_file.parse(office.COLOURS).slug == "colours"
