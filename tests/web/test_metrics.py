"""GET /metrics: who may ask, and that the figures are those of what happened."""

import math
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import text, update

from bot.clock import now
from bot.models.base import table
from bot.models.chat import Outbox
from bot.models.work import Assignment
from bot.sandbox.loopback import Loopback
from bot.store import outbox
from bot.store.database import now as database_now
from bot.web import server
from bot.web.server import SECRET_HEADER
from tests.life import SECRET, Life
from tests.stories import scenes

Figures = dict[str, float]
NAMES = {
    "kazi_turn_seconds",
    "kazi_updates",
    "kazi_outbox_waiting",
    "kazi_outbox_oldest_seconds",
    "kazi_sends",
    "kazi_gate_wait_seconds",
    "kazi_claims",
    "kazi_leases_expired",
    "kazi_answers",
    "kazi_dead_updates",
    "kazi_pool_used",
    "kazi_pool_size",
    "kazi_webhook_pending",
    "kazi_webhook_last_error_seconds",
    "kazi_invariant_faults",
}


@pytest.fixture
async def web(bot: Life) -> AsyncIterator[httpx.AsyncClient]:
    url = httpx.URL((await bot.kazi.wire.call("getWebhookInfo", {}))["url"])
    async with httpx.AsyncClient(
        base_url=url.join("/"), headers={SECRET_HEADER: SECRET}, timeout=60
    ) as client:
        yield client


async def scrape(web: httpx.AsyncClient) -> Figures:
    """Every sample as Prometheus reads it, under its name and its labels' values."""
    answer = await web.get("/metrics")
    assert answer.status_code == 200
    found = text_string_to_metric_families(answer.text)
    samples = [sample for family in found for sample in family.samples]
    return {" ".join([one.name, *one.labels.values()]): one.value for one in samples}


async def grown(web: httpx.AsyncClient, before: Figures) -> Figures:
    """What is more now; the counters are of the process, which runs other tests too."""
    return {
        name: value - before.get(name, 0)
        for name, value in (await scrape(web)).items()
        if value != before.get(name, 0)
    }


async def test_every_figure_is_there_under_its_name(web: httpx.AsyncClient) -> None:
    answer = await web.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {name for name in found if name.startswith("kazi")} == NAMES


async def test_an_answered_task_shows(bot: Life, web: httpx.AsyncClient) -> None:
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", tasks=["rose", "sea"])
    (amina,) = await scenes.crew(bot, 1)
    before = await scrape(web)
    await scenes.say(bot, amina)
    await scenes.pick(bot, amina, 0)
    more = await grown(web, before)
    assert more["kazi_claims_total"] == 2
    assert more["kazi_answers_total"] == 1
    assert more["kazi_updates_total message done"] == 1
    assert more["kazi_updates_total callback_query done"] == 1
    assert more["kazi_turn_seconds_count callback_query"] == 1
    assert 0 < more["kazi_turn_seconds_sum callback_query"] < 5
    assert more["kazi_sends_total sendMessage sent"] >= 1
    await scenes.act(bot, amina, "undo")
    await scenes.pick(bot, amina, 1)
    assert (await grown(web, before))["kazi_answers_total"] == 1


async def test_a_task_taken_back_shows(bot: Life, web: httpx.AsyncClient) -> None:
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", tasks=["rose"])
    (amina,) = await scenes.crew(bot, 1)
    await scenes.say(bot, amina)
    before = await scrape(web)
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(lease_until=past))
    await bot.tick("expire")
    assert (await grown(web, before))["kazi_leases_expired_total"] == 1


async def test_what_waits_shows_by_lane_with_its_age(bot: Life, web: httpx.AsyncClient) -> None:
    (amina,) = await scenes.crew(bot, 1)
    said = {"chat_id": amina.id, "text": "hello"}
    lanes = [outbox.MONEY, outbox.OFFERS, outbox.OFFERS]
    async with bot.database.transaction() as session:
        moment = await database_now(session)
        for lane in lanes:
            letter = outbox.Letter("sendMessage", said, amina.id, bot_id=bot.kazi.bot_id, lane=lane)
            await outbox.queue(session, [letter], owner=None, now=moment)
    an_hour_ago = now() - timedelta(hours=1)
    offers = update(table(Outbox)).where(table(Outbox).c.lane == outbox.OFFERS)
    await scenes.change(bot, offers.values(created_at=an_hour_ago))
    found = await scrape(web)
    waiting = [found[f"kazi_outbox_waiting {lane}"] for lane in ("replies", "money", "offers")]
    assert waiting == [0, 1, 2]
    assert 0 < found["kazi_outbox_oldest_seconds money"] < 60
    assert 3600 <= found["kazi_outbox_oldest_seconds offers"] < 3660
    assert found["kazi_outbox_oldest_seconds broadcasts"] == 0
    await scenes.delivered(bot)
    assert (await scrape(web))["kazi_outbox_waiting offers"] == 0


async def test_updates_that_are_given_up_show(bot: Life, web: httpx.AsyncClient) -> None:
    before, hook = await scrape(web), f"/telegram/{bot.kazi.bot_id}"
    await web.post(hook, content=b"not json")
    person = {"id": 77, "is_bot": False, "first_name": "Eve"}
    said = {"message_id": 1, "date": "yesterday", "chat": {"id": 77, "type": "private"}}
    broken = {"update_id": 10**9, "message": said | {"from": person}}
    for _ in range(5):
        await web.post(hook, json=broken)
    more = await grown(web, before)
    assert more["kazi_dead_updates"] == 2
    assert more["kazi_updates_total unreadable dead"] == 1
    assert more["kazi_updates_total message failed"] == 4
    assert more["kazi_updates_total message dead"] == 1
    assert "kazi_updates_total message done" not in more


async def test_what_telegram_refuses_shows(bot: Life, web: httpx.AsyncClient) -> None:
    amina, baraka = await scenes.crew(bot, 2)
    before = await scrape(web)
    bot.sandbox.fault("sendMessage", "429", chat_id=amina.id, retry_after=1, count=1)
    bot.sandbox.fault("sendMessage", "403", chat_id=baraka.id, count=1)
    await scenes.say(bot, amina, baraka, text="/help")
    await scenes.delivered(bot)
    more = await grown(web, before)
    assert more["kazi_sends_total sendMessage held"] >= 1
    assert more["kazi_sends_total sendMessage dead"] == 1
    assert more["kazi_gate_wait_seconds_count"] >= 1


async def test_connections_are_counted(bot: Life, web: httpx.AsyncClient) -> None:
    found = await scrape(web)
    assert found["kazi_pool_size"] == (1 if bot.database.is_sqlite else 10)
    assert found["kazi_pool_used"] == 0
    async with bot.database.transaction() as session:
        await database_now(session)
        assert (await scrape(web))["kazi_pool_used"] == 1


async def test_telegram_is_asked_of_the_webhook_once_a_minute(
    bot: Life, web: httpx.AsyncClient
) -> None:
    for _ in range(3):
        found = await scrape(web)
    assert found["kazi_webhook_pending"] == 0
    assert found["kazi_webhook_last_error_seconds"] == math.inf
    asked = [call for call in bot.sandbox.calls if call.method == "getWebhookInfo"]
    assert len(asked) == 2  # the fixture of this file is one of them


async def test_a_failed_delivery_shows_its_age(bot: Life, web: httpx.AsyncClient) -> None:
    gone = {"url": f"{web.base_url}telegram/1", "secret_token": SECRET}
    await bot.kazi.wire.call("setWebhook", gone)
    await bot.sandbox.person("Zawadi").send("/start")
    while await scenes.trouble(bot) is None:
        pass
    found = await scrape(web)
    assert 0 <= found["kazi_webhook_last_error_seconds"] < 60
    assert found["kazi_webhook_pending"] == 1
    back = {"url": f"{web.base_url}telegram/{bot.kazi.bot_id}", "secret_token": SECRET}
    await bot.kazi.wire.call("setWebhook", back)


async def test_without_telegram_or_the_tables_the_other_figures_are_there(
    bot: Life, web: httpx.AsyncClient
) -> None:
    bot.sandbox.fault("getWebhookInfo", "502html")
    await scenes.change(bot, text("ALTER TABLE outbox RENAME TO elsewhere"))
    found = await scrape(web)
    await scenes.change(bot, text("ALTER TABLE elsewhere RENAME TO outbox"))
    assert math.isnan(found["kazi_webhook_pending"])
    assert math.isnan(found["kazi_webhook_last_error_seconds"])
    assert math.isnan(found["kazi_outbox_waiting money"])
    assert math.isnan(found["kazi_dead_updates"])
    assert found["kazi_pool_size"] > 0
    assert (await scrape(web))["kazi_outbox_waiting money"] == 0


WRONG: list[list[tuple[str, str]]] = [
    [],
    [("Authorization", "the-right-one")],
    [("Authorization", "Bearer")],
    [("Authorization", "Bearer the-wrong-one")],
    [("Authorization", "Bearer the-right-one2")],
    [("Authorization", "Basic the-right-one")],
    [("Authorization", "Bearer the-right-one"), ("Authorization", "Bearer the-right-one")],
]


async def test_with_a_token_set_it_is_needed_even_on_this_machine(bot: Life) -> None:
    bot.kazi.settings.metrics_token = SecretStr("the-right-one")
    async with Loopback(server.app(bot.kazi)) as served, httpx.AsyncClient(timeout=60) as web:
        for headers in WRONG:
            answer = await web.get(f"{served.url}/metrics", headers=headers)
            assert answer.status_code == 401, headers
            assert "kazi" not in answer.text
        not_ascii = {b"Authorization": "Bearer gehe\xefm".encode("latin-1")}
        assert (await web.get(f"{served.url}/metrics", headers=not_ascii)).status_code == 401
        right = {"Authorization": "Bearer the-right-one"}
        assert (await web.get(f"{served.url}/metrics", headers=right)).status_code == 200


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("203.0.113.5", 403),
        ("10.0.0.2", 403),
        ("::ffff:203.0.113.5", 403),
        ("testclient", 403),
    ],
)
async def test_without_a_token_only_this_machine_may_ask(
    bot: Life, client: str, expected: int
) -> None:
    transport = httpx.ASGITransport(server.app(bot.kazi), client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://kazi") as web:
        assert (await web.get("/metrics")).status_code == expected


async def test_what_a_proxy_on_this_machine_passes_on_is_not_of_this_machine(
    web: httpx.AsyncClient,
) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert (await web.get("/metrics", headers={header: "127.0.0.1"})).status_code == 403


async def test_only_reading_is_possible(web: httpx.AsyncClient) -> None:
    assert (await web.post("/metrics")).status_code == 405
