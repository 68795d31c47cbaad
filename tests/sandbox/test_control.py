"""The page and other programs drive people over HTTP; calls can be made to fail."""

import asyncio
import json

import httpx
import pytest


@pytest.fixture
def page(sandbox, client):
    async def ask(method, path, **more):
        answer = await client.request(method, f"{sandbox.url}/api/{path}", **more)
        return answer.json()

    return ask


async def test_somebody_invented_over_http_writes_taps_and_votes(page, api, sandbox):
    person = await page("POST", "people", json={"first_name": "Ana", "language_code": "es"})
    assert person["unread"] == 0
    assert person["username"] is None
    mine = f"people/{person['id']}"
    await page("POST", f"{mine}/text", json={"text": "/start"})
    buttons = {"inline_keyboard": [[{"text": "Go", "callback_data": "g"}]]}
    sent = await api("sendMessage", chat_id=person["id"], text="hi", reply_markup=buttons)
    assert (await page("GET", "people"))[0]["unread"] == 1
    chat = await page("GET", f"{mine}/chat")
    assert [message.get("text") for message in chat["messages"]] == ["/start", "hi"]
    assert chat.keys() >= {
        "messages",
        "keyboard",
        "force_reply",
        "commands",
        "menu_button",
        "pinned",
        "blocked",
    }
    for tap in ({"row": 0, "col": 0}, {"data": "forged"}):
        answer = await page("POST", f"{mine}/tap", json={"message_id": sent["message_id"], **tap})
        assert answer["callback_query_id"]
    poll = await api("sendPoll", chat_id=person["id"], question="?", options=[{"text": "a"}])
    await page("POST", f"{mine}/vote", json={"message_id": poll["message_id"], "options": [0]})
    kinds = [(u.keys() - {"update_id"}).pop() for u in await api("getUpdates")]
    assert kinds == ["message", "callback_query", "callback_query", "poll"]
    await page("POST", f"{mine}/block")
    assert (await page("GET", "people"))[0]["blocked"]


async def test_a_file_is_sent_and_shown(page, api, client, sandbox, asha):
    await page(
        "POST",
        f"people/{asha.id}/file",
        data={"kind": "document", "caption": "rows"},
        files={"file": ("rows.csv", b"a\n", "text/csv")},
    )
    (update,) = await api("getUpdates")
    document = update["message"]["document"]
    shown = await client.get(f"{sandbox.url}/api/file/{document['file_id']}")
    assert shown.content == b"a\n"
    assert shown.headers["content-type"].startswith("text/csv")


async def test_mistakes_are_told(page, asha):
    assert "error" in await page("POST", f"people/{asha.id}/tap", json={"message_id": 99, "row": 0})
    assert "error" in await page("POST", "people/5/text", json={"text": "x"})
    assert "error" in await page("POST", f"people/{asha.id}/text", content=b"[")
    assert "error" in await page("POST", "people", json={})
    assert "error" in await page("POST", "faults", json={"kind": "fire"})


async def test_events_are_streamed_and_replayed(sandbox, client, api, asha):
    async def read(count, since):
        seen = []
        url = f"{sandbox.url}/api/events?since={since}"
        async with client.stream("GET", url) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    seen.append(json.loads(line[6:]))
                if len(seen) == count:
                    break
        return seen

    reading = asyncio.ensure_future(read(5, 0))
    await asyncio.sleep(0.1)
    sent = await api("sendMessage", chat_id=asha.id, text="hi")
    await api("editMessageText", chat_id=asha.id, message_id=sent["message_id"], text="ho")
    await api("sendChatAction", chat_id=asha.id, action="typing")
    seen = await asyncio.wait_for(reading, 5)
    assert [event["type"] for event in seen] == ["people", "message", "message", "edit", "typing"]
    assert [event["seq"] for event in seen] == [1, 2, 3, 4, 5]
    assert seen[3]["message"]["text"] == "ho"
    (last,) = await asyncio.wait_for(read(1, 4), 5)
    assert last["type"] == "typing"


async def test_faults_come_and_go_and_calls_are_remembered(page, api, asha):
    await page("POST", "faults", json={"method": "sendMessage", "kind": "500", "chat_id": asha.id})
    assert "500" in await api.refused("sendMessage", chat_id=asha.id, text="x")
    await api("getMe")
    await page("DELETE", "faults")
    await api("sendMessage", chat_id=asha.id, text="x")
    calls = await page("GET", f"calls?method=sendMessage&chat_id={asha.id}")
    assert [call["status"] for call in calls] == [500, 200]
    assert calls[0]["params"]["text"] == "x"


@pytest.mark.parametrize(("executes", "arrived"), [(True, 1), (False, 0)])
async def test_a_cut_answer_may_have_taken_effect(sandbox, api, asha, executes, arrived):
    sandbox.fault("sendMessage", "cut", executes=executes, count=1)
    before = len(asha.chat.messages)
    with pytest.raises(httpx.RemoteProtocolError):
        await api("sendMessage", chat_id=asha.id, text="x")
    assert len(asha.chat.messages) - before == arrived
    await api("sendMessage", chat_id=asha.id, text="y")


async def test_a_slow_answer_is_good(sandbox, api, asha):
    sandbox.fault("sendMessage", "slow", seconds=0.2, count=1)
    asking = asyncio.ensure_future(api("sendMessage", chat_id=asha.id, text="x"))
    await asha.wait(lambda chat: chat.messages[-1].get("text") == "x")
    assert not asking.done()
    assert (await asking)["text"] == "x"
    assert sandbox.calls[-1].fault == "slow"


async def test_the_other_ways_to_fail(sandbox, api, asha):
    sandbox.fault("*", "502html", count=1)
    gateway = await api.raw("getMe")
    assert (gateway.status_code, gateway.headers["content-type"]) == (502, "text/html")
    sandbox.fault("getMe", "notok", count=1)
    assert (await api.raw("getMe")).json() == {"ok": False}
    sandbox.fault("getMe", "403", count=1)
    assert "blocked" in await api.refused("getMe")
    sandbox.fault("getMe", "timeout", count=1, seconds=0.05)
    with pytest.raises(httpx.RemoteProtocolError):
        await api("getMe")
    sandbox.fault("sendMessage", "migrated", chat_id=asha.id, new_chat_id=-1007, count=1)
    moved = (await api.raw("sendMessage", chat_id=asha.id, text="x")).json()
    assert (moved["error_code"], moved["parameters"]) == (400, {"migrate_to_chat_id": -1007})
    sandbox.fault("getMe", "429", share=0.5)
    statuses = {(await api.raw("getMe")).status_code for _ in range(30)}
    assert statuses == {200, 429}


async def test_files_are_kept_from_running_and_escaping(client, sandbox, asha):
    await asha.upload("document", b"<script>", filename="x.html")
    file_id = asha.chat.messages[-1]["document"]["file_id"]
    shown = await client.get(f"{sandbox.url}/api/file/{file_id}")
    assert shown.headers["content-security-policy"] == "sandbox"
    outside = await client.get(f"{sandbox.url}/file/bot{sandbox.token}/../../etc/passwd")
    assert outside.status_code == 404
