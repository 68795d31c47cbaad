"""The webhook: who may call it, what it takes, and that everything is taken once."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from structlog.testing import capture_logs

from bot.models.base import Base
from bot.models.chat import Inbox, Outbox
from bot.models.pay import Posting
from bot.models.work import Answer, Assignment
from bot.sandbox import Person
from bot.web.server import LARGEST, SECRET_HEADER
from tests.life import SECRET, TOKEN, Life, last_with_buttons
from tests.stories import scenes

ALLOWED = {SECRET_HEADER: SECRET}
HOOK = f"/telegram/{TOKEN.partition(':')[0]}"
_numbers = itertools.count(1)


@pytest.fixture
async def web(bot: Life) -> AsyncIterator[httpx.AsyncClient]:
    found = await bot.kazi.wire.call("getWebhookInfo", {})
    origin = str(found["url"]).removesuffix(HOOK)
    async with httpx.AsyncClient(base_url=origin, headers=ALLOWED, timeout=60) as client:
        yield client


def message(person: Person, text: str, **more: Any) -> dict[str, Any]:
    """An update as Telegram would send it."""
    said = {"message_id": next(_numbers), "date": 1, "chat": person.chat.info, "from": person.user}
    said |= {"text": text, **more}
    if text.startswith("/"):
        said["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": next(_numbers), "message": said}


async def count(bot: Life, model: type[Base]) -> int:
    (found,) = await scenes.look(bot, select(func.count()).select_from(model))
    return int(found)


async def dead(bot: Life) -> list[Inbox]:
    return await scenes.look(bot, select(Inbox).where(Inbox.dead.is_not(None)))


async def is_alive(bot: Life, web: httpx.AsyncClient, person: Person) -> bool:
    """Whether this person's next update is handled."""
    before = len(person.chat.messages)
    answer = await web.post(HOOK, json=message(person, "/help"))
    await bot.settle()
    return answer.status_code == 200 and len(person.chat.messages) > before


BAD_SECRETS: list[list[tuple[str, str]]] = [
    [],
    [(SECRET_HEADER, "")],
    [(SECRET_HEADER, "guessed")],
    [(SECRET_HEADER, SECRET + "x")],
    [(SECRET_HEADER, SECRET), (SECRET_HEADER, SECRET)],
    [(SECRET_HEADER, SECRET), (SECRET_HEADER, "guessed")],
]


async def test_without_the_one_right_secret_nothing_is_read_or_written(
    bot: Life, web: httpx.AsyncClient
) -> None:
    (amina,) = await scenes.crew(bot, 1)
    before = await count(bot, Inbox)
    del web.headers[SECRET_HEADER]
    for headers in BAD_SECRETS:
        for body in (message(amina, "/work"), {}, "x" * (LARGEST + 1)):
            answer = await web.post(HOOK, json=body, headers=headers)
            assert answer.status_code == 403, headers
    not_ascii = [(SECRET_HEADER.encode(), "gehe\xefm".encode("latin-1"))]
    assert (await web.post(HOOK, json={}, headers=not_ascii)).status_code == 403
    assert await count(bot, Inbox) == before


async def test_during_a_rotation_the_earlier_secret_is_as_good(
    bot: Life, web: httpx.AsyncClient
) -> None:
    (amina,) = await scenes.crew(bot, 1)
    earlier = {"webhook_secret_previous": SecretStr("the-earlier-one")}
    bot.kazi.settings = bot.kazi.settings.model_copy(update=earlier)
    for secret, status in ((SECRET, 200), ("the-earlier-one", 200), ("", 403), ("other", 403)):
        headers = {SECRET_HEADER: secret}
        answer = await web.post(HOOK, json=message(amina, "/help"), headers=headers)
        assert answer.status_code == status, secret


async def test_a_body_that_is_too_large_is_refused_and_not_stored(
    bot: Life, web: httpx.AsyncClient
) -> None:
    (amina,) = await scenes.crew(bot, 1)
    before = await scenes.picture(bot), await count(bot, Inbox)
    large = message(amina, "/work", padding="x" * 300_000)
    assert (await web.post(HOOK, json=large)).status_code == 413

    async def undeclared() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 1000

    assert (await web.post(HOOK, content=undeclared())).status_code == 413
    assert (await scenes.picture(bot), await count(bot, Inbox)) == before
    fits = message(amina, "/work", padding="x" * 200_000)
    assert (await web.post(HOOK, json=fits)).status_code == 200


NO_UPDATES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b'{"update_id": "7", "message": {}}',
    b'{"update_id": 1e400, "message": {}}',
    b'{"update_id": 99999999999999999999, "message": {}}',
    b'{"update_id": -9223372036854775809, "message": {}}',
    b'\xff\xfe{"update_id": 1}',
    b'{"update_id": 1, "message": "\\ud800"}',
    b'{"update_id": 1, "message": ' + b"[" * 100_000,
    b'{"update_id": 1, "message": "\x00"}',
]


async def test_what_is_no_update_is_kept_as_dead_and_acknowledged(
    bot: Life, web: httpx.AsyncClient
) -> None:
    for number, body in enumerate(NO_UPDATES, 1):
        for _ in range(2):
            assert (await web.post(HOOK, content=body)).status_code == 200, body[:80]
        assert len(await dead(bot)) == number
    (amina,) = await scenes.crew(bot, 1)
    assert await is_alive(bot, web, amina)


async def test_unknown_kinds_are_kept_as_dead_and_the_chat_goes_on(
    bot: Life, web: httpx.AsyncClient
) -> None:
    (amina,) = await scenes.crew(bot, 1)
    for kind in ("shipping_query", "a_kind_of_tomorrow", "poll"):
        update = {"update_id": next(_numbers), kind: {"from": amina.user, "chat": amina.chat.info}}
        assert (await web.post(HOOK, json=update)).status_code == 200
    assert [row.dead for row in await dead(bot)] == ["unknown kind of update"] * 3
    assert all(f'"id":{amina.id}' in (row.raw or "") for row in await dead(bot))
    assert (await web.post(HOOK, content=b"not json")).status_code == 200
    assert await is_alive(bot, web, amina)


async def test_an_update_that_always_fails_is_given_up_after_five_times(
    bot: Life, web: httpx.AsyncClient
) -> None:
    (amina,) = await scenes.crew(bot, 1)
    broken = message(amina, "/work")
    broken["message"]["date"] = "yesterday"
    before = await scenes.picture(bot)
    with capture_logs() as logs:
        answers = [(await web.post(HOOK, json=broken)).status_code for _ in range(6)]
    assert [line["log_level"] for line in logs if line["event"] == "update buried"] == ["error"]
    assert answers == [500, 500, 500, 500, 200, 200]
    assert [row.update_id for row in await dead(bot)] == [broken["update_id"]]
    assert await scenes.picture(bot) == before
    assert await is_alive(bot, web, amina)


async def test_messages_of_every_sort_are_answered_and_none_fails(
    bot: Life, web: httpx.AsyncClient
) -> None:
    (amina,) = await scenes.crew(bot, 1)
    sticker = {"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1, "type": "regular"}
    sorts: list[dict[str, Any]] = [
        {"sticker": sticker | {"is_animated": False, "is_video": False}},
        {"location": {"latitude": 1.5, "longitude": 2.5}},
        {"contact": {"phone_number": "1", "first_name": "x"}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"rich_message": {"blocks": [1, 2, 3]}},
        {"text": "‮ ⁦x <b>&amp;</i> {placeholder} %s \u0000"},
        {"text": "/start@another_bot p_x"},
        {"text": "/"},
    ]
    for content in sorts:
        update = message(amina, "x")
        del update["message"]["text"]
        update["message"] |= content
        answer = await web.post(HOOK, json=update)
        assert answer.status_code == 200, content
    assert await dead(bot) == []
    assert await is_alive(bot, web, amina)


async def test_one_update_delivered_ten_times_at_once_has_one_effect(
    bot: Life, web: httpx.AsyncClient
) -> None:
    (amina,) = await scenes.crew(bot, 1)
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", tasks=["rose", "sea"])
    await ten_times(web, message(amina, "/work"))
    await bot.settle()
    assert await count(bot, Assignment) == 1
    card = last_with_buttons(amina)
    tap = {
        "id": "1",
        "from": amina.user,
        "message": card,
        "chat_instance": "1",
        "data": scenes.data(card, "a:"),
    }
    letters = await count(bot, Outbox)
    await ten_times(web, {"update_id": next(_numbers), "callback_query": tap})
    await bot.settle()
    assert (await count(bot, Answer), await count(bot, Posting)) == (1, 1)
    assert await count(bot, Outbox) == letters + 1
    await bot.check()


async def ten_times(web: httpx.AsyncClient, update: dict[str, Any]) -> None:
    body = msgspec.json.encode(update)
    answers = await asyncio.gather(*(web.post(HOOK, content=body) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10


async def test_only_the_webhook_of_this_bot_is_served(bot: Life, web: httpx.AsyncClient) -> None:
    assert (await web.get(HOOK)).status_code == 405
    assert (await web.post("/telegram/1", json={})).status_code == 404


async def test_health_and_readiness_are_said(bot: Life, web: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await web.get(path)
        assert (answer.status_code, answer.text) == (200, "ok")
