"""What Telegram answers, and what becomes of the letter."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select, update
from telegram import InputFile
from telegram.error import NetworkError, TimedOut

from bot.models.base import table
from bot.models.chat import Chat, Outbox
from bot.sandbox import Sandbox
from bot.store import outbox
from bot.store.database import Database, now
from bot.store.outbox import Letter
from handlers import deliver
from handlers.wire import Aiohttp, Wire, never_sent
from tests.handlers.post_office import BOT_ID, PostOffice, crowd, heard, messages, senders, text
from tests.life import TOKEN

Answer = tuple[int, dict[str, Any] | str]
KINDS = ("500", "502html", "notok", "cut", "timeout")
ME = {"id": BOT_ID, "is_bot": True, "first_name": "Kazi", "username": "kazi_bot"}


class Script:
    """A Telegram that gives prepared answers, and says yes when they are used up."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.calls: list[dict[str, Any]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        if request.path.endswith("/getMe"):
            return web.json_response({"ok": True, "result": ME})
        form = request.content_type.startswith("multipart")
        sent = await _parts(request) if form else await request.json()
        self.calls.append(sent | {"method": request.path.rpartition("/")[2]})
        yes: Answer = (200, {"ok": True, "result": {"message_id": len(self.calls)}})
        status, body = self.answers.pop(0) if self.answers else yes
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html")
        return web.json_response(body, status=status)


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    made = Script()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(token=TOKEN) as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a twentieth."""
    pause = deliver.pause
    monkeypatch.setattr(deliver, "pause", lambda attempts: pause(attempts) / 20)
    monkeypatch.setattr(deliver, "SHORTEST", 0.02)


@asynccontextmanager
async def replied(
    script: Script, database: Database, *answers: Answer
) -> AsyncIterator[PostOffice]:
    """One letter to chat 7, and what it was answered with."""
    async with senders(database, script.url, 1) as office:
        script.answers += answers
        await office.write(text(7, "hello"))
        await office.tick()
        yield office


async def fate(office: PostOffice) -> tuple[bool, str | None, int]:
    """Whether the first letter was sent, why it was given up, and the tries it has used."""
    query = select(Outbox.sent_at, Outbox.dead, Outbox.attempts).order_by(Outbox.id).limit(1)
    async with office.database.reading() as session:
        sent_at, dead, attempts = (await session.execute(query)).one()
        return sent_at is not None, dead, attempts


def refused(code: int, description: str, **parameters: Any) -> Answer:
    body = {"ok": False, "error_code": code, "description": description}
    return code, body | ({"parameters": parameters} if parameters else {})


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_fifth_of_failures_loses_nothing_and_doubles_only_what_was_unclear(
    sandbox: Sandbox, database: Database, kind: str
) -> None:
    people = crowd(sandbox, 20)
    sandbox.fault("sendMessage", kind, share=0.2, executes=kind != "500", seconds=0.05)
    async with senders(database, sandbox.url, 2) as office:
        await office.know(people)
        await office.write(*(text(one, said) for said in ("one", "two", "three") for one in people))
        await office.deliver()
    failures = sum(1 for call in messages(sandbox) if call.status != 200 or kind == "notok")
    said = [heard(one) for one in people]
    assert [list(dict.fromkeys(words)) for words in said] == [["one", "two", "three"]] * 20
    assert sum(map(len, said)) - 60 <= failures


async def test_an_edit_that_changes_nothing_has_succeeded(
    script: Script, database: Database
) -> None:
    no_change = refused(400, "Bad Request: message is not modified")
    async with replied(script, database, no_change) as office:
        assert await fate(office) == (True, None, 1)


async def test_a_chat_that_is_not_found_is_given_up_with_what_waits_for_it(
    script: Script, database: Database
) -> None:
    async with senders(database, script.url, 1) as office:
        script.answers.append(refused(400, "Bad Request: chat not found"))
        await office.write(text(7, "one"), text(7, "two"), text(7, "paid", lane=outbox.MONEY))
        await office.tick()
        assert await office.waiting() == 0
        assert [call["text"] for call in script.calls] == ["one", "paid"]


async def test_word_of_money_waits_for_who_blocked_the_bot(
    script: Script, database: Database
) -> None:
    async with senders(database, script.url, 1) as office:
        script.answers.append(refused(403, "Forbidden: bot was blocked by the user"))
        await office.write(text(7, "paid", lane=outbox.MONEY))
        await office.tick()
        await office.tick()
        assert len(script.calls) == 1
        await database.run(lambda session: outbox.resume(session, BOT_ID, 7))
        await office.deliver()
    assert [call["text"] for call in script.calls] == ["paid", "paid"]


async def test_a_file_that_takes_long_to_make_is_made_once_and_sent(
    script: Script, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "STALE", 0.05)
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=0.1))
    made = []

    async def render(session: outbox.Session, wanted: Mapping[str, Any]) -> tuple[str, bytes]:
        made.append(wanted["kind"])
        await asyncio.sleep(0.4)
        return "slow.csv", b"a,b\n"

    letter = Letter("sendDocument", {"chat_id": 7, "document": {"kind": "slow"}}, 7, bot_id=BOT_ID)
    async with senders(database, script.url, 2, documents={"slow": render}) as office:
        await office.write(letter)
        first = asyncio.ensure_future(office.deliver())
        await asyncio.sleep(0.2)  # the lease it was claimed with has ended
        await asyncio.gather(first, office.deliver())
    assert made == ["slow"]
    assert [call["document"] for call in script.calls] == [("slow.csv", b"a,b\n")]


async def test_letters_follow_a_group_to_its_new_number(script: Script, database: Database) -> None:
    moved = refused(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1007)
    async with senders(database, script.url, 1) as office:
        script.answers.append(moved)
        await office.write(text(-7, "one"), text(-7, "two"))
        await office.deliver()
    assert [(call["chat_id"], call["text"]) for call in script.calls] == [
        (-7, "one"),
        (-1007, "one"),
        (-1007, "two"),
    ]


async def test_a_group_that_moves_under_load_misses_nothing(
    sandbox: Sandbox, database: Database
) -> None:
    people = crowd(sandbox, 20)
    old, new = (sandbox.person("The team", id=number) for number in (-7, -1007))
    old.started = new.started = True
    early, late = ["one", "two", "three"], ["four", "five"]
    async with senders(database, sandbox.url, 3) as office:
        await office.know([*people, old])
        await office.write(*(text(one, said) for said in early for one in [*people, old]))
        delivering = asyncio.ensure_future(office.deliver())
        await old.wait(lambda chat: chat.messages, timeout=30)
        sandbox.fault("*", "migrated", chat_id=old.id, new_chat_id=new.id)
        await office.write(*(text(one, said) for said in late for one in [*people, old]))
        await delivering
        await office.deliver()
    assert [heard(one) for one in people] == [early + late] * 20
    assert heard(old) + heard(new) == early + late
    async with database.reading() as session:
        assert await session.scalar(select(Chat.chat_id).where(Chat.worker_id == old.id)) == new.id


async def test_a_refused_token_stops_everything_and_counts_against_no_letter(
    script: Script, database: Database
) -> None:
    async with replied(script, database, refused(401, "Unauthorized")) as office:
        await office.write(text(8, "hello"))
        await office.tick()
        assert len(script.calls) == 1
        assert await fate(office) == (False, None, 0)


@pytest.mark.parametrize("odd", [(200, "<html>"), (200, {"ok": False}), refused(429, "Slow down")])
async def test_an_odd_answer_is_a_try(script: Script, database: Database, odd: Answer) -> None:
    async with replied(script, database, odd) as office:
        assert await fate(office) == (False, None, 1)
        await office.deliver()
        assert await fate(office) == (True, None, 2)


async def test_what_is_too_large_is_given_up_at_once(script: Script, database: Database) -> None:
    async with replied(script, database, refused(413, "Request Entity Too Large")) as office:
        assert await fate(office) == (False, "Request Entity Too Large", 1)


async def test_a_telegram_out_of_reach_counts_against_no_letter(
    script: Script, database: Database
) -> None:
    async with senders(database, script.url, 1) as office:
        (sender,) = office.senders
        sender.wire._base_url = f"http://127.0.0.1:9/bot{TOKEN}"
        await office.write(text(7, "hello"))
        await office.tick()
        assert await fate(office) == (False, None, 0)
        sender.wire._base_url = f"{script.url}/bot{TOKEN}"
        await office.deliver()
        assert await fate(office) == (True, None, 1)


async def test_after_an_outage_old_offers_are_dropped_and_replies_and_money_are_kept(
    script: Script, database: Database
) -> None:
    async with senders(database, script.url, 1) as office:
        for lane in (outbox.OFFERS, outbox.REPLIES, outbox.BROADCASTS, outbox.MONEY):
            await office.write(text(lane + 7, f"lane {lane}", lane=lane))

        async def grow_old(session: outbox.Session) -> None:
            age = await now(session) - timedelta(minutes=1)
            may = table(Outbox).c.expires_at.is_not(None)
            await session.execute(update(table(Outbox)).where(may).values(expires_at=age))

        await database.run(grow_old)
        await office.tick()
        async with database.reading() as session:
            assert {one.why for one in await outbox.dead(session, BOT_ID, 5)} == {"expired"}
    assert sorted(call["text"] for call in script.calls) == ["lane 0", "lane 1"]


async def test_a_sender_leaves_the_letters_of_another_bot_alone(
    script: Script, database: Database
) -> None:
    other = text(7, "hello")
    other.bot_id = BOT_ID + 1
    async with senders(database, script.url, 1) as office:
        await office.write(other)
        await office.tick()
        assert await office.waiting() == 1
    assert script.calls == []


async def test_a_chat_in_which_a_turn_is_at_work_is_left_to_it(
    sandbox: Sandbox, database: Database
) -> None:
    people = crowd(sandbox, 2)
    async with senders(database, sandbox.url, 1) as office:
        await office.know(people)
        await office.write(*(text(one, "hello") for one in people))
        if not database.is_sqlite:
            async with database.transaction() as session:
                mine = select(Chat).where(Chat.chat_id == people[0].id).with_for_update()
                await session.execute(mine)
                await office.tick()
                assert [heard(one) for one in people] == [[], ["hello"]]
        await office.deliver()
    assert [heard(one) for one in people] == [["hello"], ["hello"]]


async def test_files_go_in_parts_with_their_names(script: Script) -> None:
    async with _wire(script.url) as wire:
        file = InputFile(BytesIO(b"a,b\n"), filename="answers.csv")
        await wire.call("sendDocument", {"chat_id": 7, "document": file, "caption": "é"})
    (sent,) = script.calls
    assert sent["document"] == ("answers.csv", b"a,b\n")
    assert (sent["chat_id"], sent["caption"]) == ("7", "é")


async def test_buttons_go_as_they_are(script: Script) -> None:
    buttons = {"inline_keyboard": [[{"text": "✔", "callback_data": "a:1"}]]}
    async with _wire(script.url) as wire:
        await wire.call("sendMessage", {"chat_id": 7, "text": "?", "reply_markup": buttons})
    markup = script.calls[0]["reply_markup"]
    assert (json.loads(markup) if isinstance(markup, str) else markup) == buttons


async def test_a_call_that_hangs_times_out_and_may_have_been_executed(sandbox: Sandbox) -> None:
    sandbox.fault("getWebhookInfo", "timeout", seconds=1)
    async with _wire(sandbox.url) as wire:
        with pytest.raises(TimedOut) as hung:
            await wire._post("getWebhookInfo", {}, read_timeout=0.1)
        assert not never_sent(hung.value)
        sandbox.faults.clear()
        wire._base_url = f"http://127.0.0.1:9/bot{TOKEN}"
        with pytest.raises(NetworkError) as refusal:
            await wire.call("getWebhookInfo", {})
        assert never_sent(refusal.value)
        assert TOKEN not in str(refusal.value)


async def _parts(request: web.Request) -> dict[str, Any]:
    """A form: words, and files as name and content."""
    parts = (await request.post()).items()
    return {
        name: one if isinstance(one, str) else (one.filename, one.file.read())
        for name, one in parts
    }


def _wire(url: str) -> Wire:
    return Wire(
        TOKEN,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=Aiohttp(connections=4),
        get_updates_request=Aiohttp(connections=1),
    )
