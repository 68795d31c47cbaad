"""/export: files of answers and results, with their manifest."""

import gzip
import hashlib
import json
import sys

import pytest
from sqlalchemy import select

from bot.models.chat import Chat
from bot.people import roles
from bot.work import projects
from handlers import attachments
from handlers.admin import export
from tests.handlers import office
from tests.handlers.office import press, sent, tell
from tests.life import Life
from tests.stories.scenes import crew, opened, pick


@pytest.fixture
async def made(bot: Life) -> str:
    """An open project with one answer."""
    project = await office.project(bot)
    async with bot.database.transaction() as session:
        await projects.open_project(session, await projects.find(session, project.id), actor=None)
    amina = await bot.join("Amina")
    await tell(bot, amina, "/work")
    await press(bot, amina, "red")
    return project.code


async def test_one_line_sends_the_file_and_its_manifest(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, f"/export p_{made} jsonl raw")
    files = sent(bot, bot.owner)
    assert list(files) == ["colours-raw.jsonl", "colours-raw.manifest.json"]
    (row,) = files["colours-raw.jsonl"].splitlines()
    assert json.loads(row)["label"] == "red"
    manifest = json.loads(files["colours-raw.manifest.json"])
    told = manifest["files"]["colours-raw.jsonl"]
    assert told["sha256"] == hashlib.sha256(files["colours-raw.jsonl"]).hexdigest()
    assert told["rows"] == 1


async def test_a_manifest_is_kept_from_the_making_of_its_file(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, f"/export p_{made} csv results")
    told = sent(bot, bot.owner)["colours-results.manifest.json"]
    assert export._manifests == {}  # what was kept has been sent
    # A process that did not send the file makes it again, and says the same of it.
    async with bot.database.reading() as session:
        project = await projects.find(session, f"p_{made}")
        wanted = {"project": project.id, "what": "results", "format": "csv", "actor": None}
        wanted |= {"part": export.MANIFEST, "pair": "another"}
        assert await export.render(session, wanted) == ("colours-results.manifest.json", told)
    for number in range(export.KEPT + 1):
        export._keep(str(number), "{}")
    assert len(export._manifests) == export.KEPT
    export._manifests.clear()


async def test_gold_and_revisions_are_exported_when_they_are_asked_for(
    bot: Life, made: str
) -> None:
    baraka = await bot.join("Baraka")
    await tell(bot, baraka, "/work")
    await press(bot, baraka, "blue")
    await press(bot, baraka, "Undo")
    await press(bot, baraka, "red")
    await tell(bot, bot.owner, f"/export p_{made} jsonl gold revisions")
    files = sent(bot, bot.owner)
    rows = [json.loads(line) for line in files["colours-raw.jsonl"].splitlines()]
    said = sorted((row["revision"], row["label"]) for row in rows)
    assert said == [(1, "blue"), (1, "red"), (2, "red")]
    (stated,) = json.loads(files["colours-raw.manifest.json"])["files"].values()
    assert (stated["gold"], stated["revisions"]) == (True, True)


async def test_the_card_sends_what_is_chosen(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, "/export")
    await press(bot, bot.owner, "Which colour?")
    await press(bot, bot.owner, "Results, CSV")
    files = sent(bot, bot.owner)
    assert files["colours-results.csv"].splitlines()[0] == (
        b"task,label,confidence,answers,method,status"
    )
    assert len(files["colours-results.csv"].splitlines()) == 1 + 3


async def test_an_unknown_word_is_answered_with_the_right_form(bot: Life, made: str) -> None:
    said = await tell(bot, bot.owner, f"/export {made} xlsx")
    assert f"Write it like /export p_{made} jsonl results." in said


async def test_a_requester_may_export_and_change_nothing(bot: Life, made: str) -> None:
    rashid = await bot.join("Rashid")
    async with bot.database.transaction() as session:
        worker = await session.scalar(select(Chat.worker_id).where(Chat.chat_id == rashid.id))
        await roles.grant(session, worker or 0, "requester", by=None)
    await tell(bot, rashid, f"/export {made} csv")
    assert "colours-results.csv" in sent(bot, rashid)
    assert (await tell(bot, rashid, f"/set {made} price=1")).startswith("This needs one of")


async def test_what_is_too_large_for_telegram_is_compressed(
    bot: Life, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"project": 1, "what": "results", "format": "csv", "actor": None}
    async with bot.database.reading() as session:
        name, whole = await export.render(session, wanted)
        monkeypatch.setattr(attachments, "MOST", 200)
        wider = wanted | {"format": "jsonl"}
        packed_name, packed = await export.render(session, wider)
        monkeypatch.setattr(attachments, "MOST", 10)
        assert (await export.render(session, wanted))[0] == "too-large.txt"
    assert packed_name == "colours-results.jsonl.gz"
    assert len(gzip.decompress(packed).splitlines()) == len(whole.splitlines()) - 1
    assert name == "colours-results.csv"


async def test_what_cannot_be_exported_is_told_and_not_tried_for_ever(
    bot: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "crowdkit", None)
    text = office.COLOURS.replace('type = "choice"', 'type = "choice"\naggregate = "glad"')
    made = await office.project(bot, text)
    await tell(bot, bot.owner, f"/export {made.code} csv results")
    files = sent(bot, bot.owner)
    assert b"glad needs the extra [analytics]" in files["refused.txt"]
    assert "colours-results.csv" not in files


async def test_the_ledger_goes_to_accountants(bot: Life) -> None:
    await bot.join_as(bot.owner)
    (amina,) = await crew(bot, 1)
    await opened(bot, "rating", tasks=["sea"])
    await tell(bot, amina, "/work")
    await pick(bot, amina, 0)
    assert "Export the ledger" in await tell(bot, bot.owner, "/export ledger")
    await press(bot, bot.owner, "All, CSV")
    assert sent(bot, bot.owner)["ledger-all.csv"].count(b"answer:") == 2
    await tell(bot, bot.owner, "/export ledger beancount 2020-01")
    assert b"open" in sent(bot, bot.owner)["ledger-2020-01.beancount"]
    assert "2020-13" in await tell(bot, bot.owner, "/export ledger csv 2020-13")
    assert "2020-02" in await tell(bot, bot.owner, "/export ledger 2020-01 2020-02")
    assert "roles" in await tell(bot, amina, "/export ledger csv")
