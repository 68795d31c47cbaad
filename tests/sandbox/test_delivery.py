"""Updates reach a webhook or a poller by Telegram's rules."""

import asyncio
import itertools
import json

import pytest

from bot.sandbox import Sandbox
from tests.sandbox.conftest import TOKEN

YES = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}


async def settled(sandbox):
    async with asyncio.timeout(5):
        while sandbox.updates.pending:
            await asyncio.sleep(0.01)


async def test_an_update_is_posted_with_the_secret_on_a_kept_connection(sandbox, api, asha, hook):
    await api("setWebhook", url=hook.url, secret_token="s3cret")
    await asha.send("one")
    await settled(sandbox)
    await asha.send("two")
    await settled(sandbox)
    assert [update["message"]["text"] for update in hook.updates] == ["one", "two"]
    assert hook.updates[0]["update_id"] < hook.updates[1]["update_id"]
    assert hook.requests[0][1]["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
    assert hook.connections == 1


async def test_a_failure_is_repeated_until_it_succeeds_and_blocks_only_its_chat(
    sandbox, api, asha, hook
):
    juan = sandbox.person("Juan")
    hook.answer = lambda n, update: (
        (503, {}, b"")
        if update["message"].get("text") == "first" and len(hook.requests) < 5
        else (200, {}, b"")
    )
    await api("setWebhook", url=hook.url)
    await asha.send("first")
    await asha.send("second")
    await juan.send("other")
    await settled(sandbox)
    texts = [update["message"]["text"] for update in hook.updates]
    assert texts.count("first") >= 3
    assert texts[-1] == "second"
    assert texts.index("other") < len(texts) - 1


async def test_failures_are_told_in_the_webhook_info(sandbox, api, asha, hook):
    hook.answer = lambda n, update: (500, {"Retry-After": "3600"}, b"")
    await api("setWebhook", url=hook.url)
    await asha.send("hello")
    await hook.received(1)
    await asyncio.sleep(0.05)
    info = await api("getWebhookInfo")
    assert info["pending_update_count"] == 1
    assert "500" in info["last_error_message"]


async def test_retry_after_is_honoured(sandbox, api, asha, hook):
    hook.answer = lambda n, update: (503, {"Retry-After": "10"}, b"") if n == 1 else (200, {}, b"")
    await api("setWebhook", url=hook.url)
    started = asyncio.get_running_loop().time()
    await asha.send("hello")
    await hook.received(2)
    assert asyncio.get_running_loop().time() - started >= 0.1  # ten seconds, scaled


async def test_the_pause_is_none_at_first_and_then_doubles(sandbox, api, asha, hook):
    at = []

    def answer(n, update):
        at.append(asyncio.get_running_loop().time())
        return (500 if n < 5 else 200), {}, b""

    hook.answer = answer
    await api("setWebhook", url=hook.url)
    await asha.send("hello")
    await hook.received(5)
    gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert all(gap >= least for gap, least in zip(gaps, (0, 0.02, 0.04, 0.08), strict=True))


async def test_a_webhook_that_is_down_gets_everything_once_it_is_up(sandbox, api, asha, hook):
    await hook.stop()
    await api("setWebhook", url=hook.url)
    await asha.send("hello")
    await asyncio.sleep(0.05)
    assert "last_error_message" in await api("getWebhookInfo")
    await api("deleteWebhook")
    await hook.start()
    await api("setWebhook", url=hook.url)
    await settled(sandbox)
    assert hook.updates[0]["message"]["text"] == "hello"


async def test_a_hanging_webhook_is_called_again_after_the_deadline(clock, client, hook):
    hook.pause = 0.3
    async with Sandbox(token=TOKEN, clock=clock, retry_scale=0.01, deadline=0.1) as sandbox:
        person = sandbox.person("Asha")
        await client.post(f"{sandbox.url}/bot{TOKEN}/setWebhook", json={"url": hook.url})
        await person.send("hello")
        await hook.received(2)


async def test_taps_and_texts_of_one_person_travel_side_by_side(sandbox, api, asha, hook):
    sent = await api("sendMessage", chat_id=asha.id, text="?", reply_markup=YES)
    hook.pause = 0.1
    await api("setWebhook", url=hook.url)
    await asha.send("text")
    await asha.tap(sent["message_id"], text="Yes")
    await settled(sandbox)
    assert hook.most_at_once == 2


async def test_no_more_connections_are_open_than_allowed(sandbox, api, hook):
    hook.pause = 0.02
    await api("setWebhook", url=hook.url, max_connections=2)
    for name in "ABCDEF":
        await sandbox.person(name).send("hello")
    await settled(sandbox)
    assert hook.most_at_once == 2


async def test_an_expired_tap_is_never_delivered(sandbox, api, asha, hook, clock):
    sent = await api("sendMessage", chat_id=asha.id, text="?", reply_markup=YES)
    query = await asha.tap(sent["message_id"], data="y")
    await asha.send("text")
    clock.at += 151
    await api("setWebhook", url=hook.url)
    await settled(sandbox)
    assert ["message" in update for update in hook.updates] == [True]
    assert "query is too old" in await api.refused("answerCallbackQuery", callback_query_id=query)


async def test_a_tap_expires_while_its_delivery_fails(sandbox, api, asha, hook, clock):
    def fail(n, update):
        clock.at += 100
        return 500, {}, b""

    hook.answer = fail
    sent = await api("sendMessage", chat_id=asha.id, text="?", reply_markup=YES)
    await api("setWebhook", url=hook.url)
    await asha.tap(sent["message_id"], data="y")
    await settled(sandbox)
    assert len(hook.updates) == 2


async def test_only_wanted_kinds_are_queued(sandbox, api, asha, hook):
    await api("setWebhook", url=hook.url, allowed_updates=["callback_query"])
    await asha.send("text")
    sent = await api("sendMessage", chat_id=asha.id, text="?", reply_markup=YES)
    await asha.tap(sent["message_id"], row=0, col=0)
    await settled(sandbox)
    assert [update.keys() - {"update_id"} for update in hook.updates] == [{"callback_query"}]


async def test_a_method_in_the_webhooks_answer_is_carried_out(sandbox, api, asha, hook):
    sent = await api("sendMessage", chat_id=asha.id, text="?", reply_markup=YES)
    hook.answer = lambda n, update: (
        200,
        {},
        json.dumps(
            {
                "method": "answerCallbackQuery",
                "callback_query_id": update["callback_query"]["id"],
                "text": "Saved",
            }
        ).encode(),
    )
    await api("setWebhook", url=hook.url)
    await asha.tap(sent["message_id"], text="Yes")
    await asha.wait(lambda chat: [t for t in chat.toasts if t["text"] == "Saved"])


async def test_duplicates_bring_the_same_update_twice(clock, client, hook):
    async with Sandbox(token=TOKEN, clock=clock, duplicate=1.0) as sandbox:
        person = sandbox.person("Asha")
        await client.post(f"{sandbox.url}/bot{TOKEN}/setWebhook", json={"url": hook.url})
        await person.send("hello")
        first, second = await hook.received(2)
        assert first == second


async def test_reordering_keeps_each_queue_in_order(clock, client, hook):
    async with Sandbox(token=TOKEN, clock=clock, reorder=0.5, seed=3) as sandbox:
        await client.post(f"{sandbox.url}/bot{TOKEN}/setWebhook", json={"url": hook.url})
        people = [sandbox.person(name) for name in "ABCDE"]
        for number in range(4):
            for person in people:
                await person.send(str(number))
        updates = await hook.received(20)
    ids = [update["update_id"] for update in updates]
    assert ids != sorted(ids)
    for person in people:
        own = [u["message"]["text"] for u in updates if u["message"]["from"]["id"] == person.id]
        assert own == ["0", "1", "2", "3"]


async def test_what_waits_is_delivered_once_the_webhook_is_set_or_dropped(api, sandbox, asha, hook):
    await asha.send("early")
    await api("setWebhook", url=hook.url)
    await hook.received(1)
    await api("deleteWebhook")
    await asha.send("dropped")
    await api("setWebhook", url=hook.url, drop_pending_updates=True)
    await asha.send("late")
    await settled(sandbox)
    assert [update["message"]["text"] for update in hook.updates] == ["early", "late"]


async def test_polling_waits_confirms_and_repeats_what_is_unconfirmed(api, asha):
    waiting = asyncio.ensure_future(api("getUpdates", timeout=5))
    await asyncio.sleep(0.05)
    await asha.send("hello")
    (update,) = await waiting
    assert await api("getUpdates") == [update]
    assert await api("getUpdates", offset=update["update_id"] + 1) == []
    assert await api("getUpdates") == []


async def test_a_second_poller_ends_the_first(api):
    first = asyncio.ensure_future(api.refused("getUpdates", timeout=5))
    await asyncio.sleep(0.1)
    assert await api("getUpdates") == []
    assert (await first).startswith("409 Conflict: terminated by other getUpdates")


@pytest.mark.parametrize("order", ["before", "after"])
async def test_polling_and_a_webhook_exclude_each_other(api, hook, order):
    if order == "before":
        await api("setWebhook", url=hook.url)
        assert "409" in await api.refused("getUpdates", timeout=1)
        return
    polling = asyncio.ensure_future(api.refused("getUpdates", timeout=5))
    await asyncio.sleep(0.1)
    await api("setWebhook", url=hook.url)
    assert "409" in await polling


async def test_stopping_does_not_wait_for_a_long_poll(clock, client):
    async with Sandbox(token=TOKEN, clock=clock) as sandbox:
        url = f"{sandbox.url}/bot{TOKEN}/getUpdates"
        polling = asyncio.ensure_future(client.post(url, json={"timeout": 30}))
        await asyncio.sleep(0.1)
        started = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - started < 2
    await asyncio.wait([polling])
    polling.exception()
