"""Logs: one form for everybody's lines, ids in them, and nothing that must stay secret."""

import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import structlog
from sqlalchemy import text

from bot import logs
from bot.settings import Settings
from bot.store.database import Database
from bot.web.server import SECRET_HEADER
from tests.life import SECRET, TOKEN, Life, living
from tests.stories import scenes

DATA_KEY = os.environ["KAZI_DATA_KEY"]
OTHER_KEY = "YW5vdGhlciBrZXkgb2YgZXZlcnkgdGVzdCwgMzIgYnk="
PASSWORD = 'p@ss "wörd"/1'
METRICS = "what-prometheus-sends"
PHONE = "+254 712 345 678"
OTHERS = ("apscheduler", "uvicorn.error")  # the bot and the sandbox set them elsewhere
FORMS = ("console", "json")
BOUNDARY = "\n\u2028\x85\x1b[31m"


@contextmanager
def written(form: str, *, level: int = logging.INFO) -> Iterator[io.StringIO]:
    """What the logs say, of every logger from `level` on; afterwards all is as it was."""
    root, before, excepthook = logging.getLogger(), structlog.get_config(), sys.excepthook
    handlers, names = list(root.handlers), ["", *logs.QUIET, *logs.OURS, *OTHERS]
    levels = {name: logging.getLogger(name).level for name in names}
    out = io.StringIO()
    structlog.contextvars.clear_contextvars()
    logs.configure(configured(form), out)
    for name in names:
        logging.getLogger(name).setLevel(level)
    try:
        yield out
    finally:
        logging.captureWarnings(False)
        structlog.configure(**before)
        sys.excepthook = excepthook
        root.handlers[:] = handlers
        for name, was in levels.items():
            logging.getLogger(name).setLevel(was)


def configured(form: str = "console") -> Settings:
    return Settings(
        bot_token=TOKEN,
        webhook_secret=SECRET,
        metrics_token=METRICS,
        data_key=f"{DATA_KEY},{OTHER_KEY}",
        database_url=f"postgresql://kazi:{quote(PASSWORD, safe='')}@db/kazi",
        log_format=form,
    )


def events(out: io.StringIO) -> list[dict[str, Any]]:
    """The lines of a log in JSON."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def begun(out: io.StringIO) -> list[str]:
    """The lines of a log for people that begin an event."""
    return [line for line in out.getvalue().splitlines() if not line.startswith("    ")]


# What is said, and the piece of it by which it would be told.
SECRETS = [
    (TOKEN, "0123456789"),
    (TOKEN.partition(":")[2], "0123456789"),
    (quote(TOKEN, safe=""), "0123456789"),
    (quote(TOKEN, safe="").lower(), "0123456789"),
    (f"https://api.telegram.org/bot{TOKEN}/getMe", "0123456789"),
    ("123456789:AAF-of_another_bot_0123456789abcdefg", "another"),
    (SECRET, SECRET),
    (METRICS, METRICS),
    (DATA_KEY, DATA_KEY[:20]),
    (OTHER_KEY, OTHER_KEY[:20]),
    (quote(OTHER_KEY, safe=""), OTHER_KEY[:20]),
    ("bm9ib2R5IGhhcyBzZXQgdGhpcyBrZXksIDMyIGJ5dGU=", "bm9ib2R5"),
    (PASSWORD, "p@ss"),
    (quote(PASSWORD, safe=""), "p%40ss"),
    (quote(PASSWORD), "p%40ss"),
    ("postgresql://somebody:else-s@db/kazi", "else-s"),
    ("host=db password=else-s user=kazi", "else-s"),
    (PHONE, "712"),
    ("+254712345678", "712"),
    ("+254 (712) 345-678", "712"),
    ("+1.212.555.0123", "212"),
    ("00254 712 345678", "712"),
    ("tel:%2B254712345678", "712"),
    ("Contact(first_name='Eve', phone_number='254 712 345 678')", "345"),
    ('{"contact": {"phone_number": "254712345678"}}', "712345"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("secret", "telling"), SECRETS)
def test_no_secret_and_no_phone_number_passes(form: str, secret: str, telling: str) -> None:
    with written(form) as out:
        structlog.get_logger().info(secret, field=secret, deep={"in": [secret, secret.encode()]})
        logging.getLogger("httpx").warning("HTTP Request: POST %s", secret, stack_info=False)
        try:
            fails(secret)
        except RuntimeError as error:
            logging.getLogger("telegram").exception("broken", extra={"unseen": secret})
            structlog.get_logger().exception("broken", error=error)
    assert out.getvalue().count("broken") == 2
    assert telling not in re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", out.getvalue())


def fails(secret: str) -> None:
    """Raise an error with a secret in its message and in the arguments of its cause."""
    raise RuntimeError(f"of {secret}") from ValueError(secret, secret.encode())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "plain",
    [
        "1700000000000",
        "5294967296123",
        "-1001234567890",
        "2026-11-24 01:02:03.123456+00:00",
        "12:00:00.001234567",
        "+5 points",
        "password authentication failed for user",
        "7000000001",
    ],
)
def test_ids_moments_and_words_are_left_as_they_are(form: str, plain: str) -> None:
    with written(form) as out:
        logging.getLogger("bot").info("%s", plain)
    assert plain in out.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_a_name_with_a_line_break_stays_in_its_line(form: str) -> None:
    name = f"Eve{BOUNDARY}2026-11-24T00:00:00Z [error] forged"
    with written(form) as out:
        structlog.get_logger().info(name, name=name, deep=[name], error=ValueError(name))
        logging.getLogger("telegram").warning("from %s", name)
        try:
            fails(name)
        except RuntimeError:
            structlog.get_logger().exception("broken")
    lines = events(out) if form == "json" else begun(out)
    assert len(lines) == 3
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_every_librarys_lines_have_the_form_of_ours(form: str) -> None:
    names = ("bot", "telegram", "httpx", "uvicorn.error", "apscheduler", "sqlalchemy", "alembic")
    with written(form) as out:
        for name in names:
            logging.getLogger(name).warning("%s", "hello")
        structlog.get_logger("bot.app").warning("hello")
    assert len(out.getvalue().splitlines()) == len(names) + 1
    if form == "json":
        assert [one["logger"] for one in events(out)] == [*names, "bot.app"]
        assert {one["event"] for one in events(out)} == {"hello"}
        assert {"timestamp", "level"} <= events(out)[0].keys()


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_written_is_told_without_its_content(form: str) -> None:
    with written(form) as out:
        logging.getLogger("bot").warning("%d", TOKEN)
        out.close()
        logging.getLogger("bot").warning("nobody reads this")
    with written(form) as out:
        logging.getLogger("bot").warning("%d", TOKEN)
    assert "cannot be written" in out.getvalue()
    assert TOKEN not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_crash_is_logged_without_its_secrets(form: str) -> None:
    with written(form) as out:
        try:
            fails(TOKEN)
        except RuntimeError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    assert "crashed" in out.getvalue()
    assert "of <secret>" in out.getvalue()
    assert TOKEN not in out.getvalue()


def test_nothing_below_a_warning_is_said_by_libraries_and_nothing_below_info_by_us() -> None:
    with written("json") as out:
        logs.configure(configured("json"), out)
        for name in ("httpx", "telegram.ext", "sqlalchemy.engine"):
            logging.getLogger(name).info("too much")
        logging.getLogger("bot.app").debug("too much")
        logging.getLogger("bot.app").info("just right")
        logging.getLogger("handlers.deliver").info("just right")
    assert [one["event"] for one in events(out)] == ["just right"] * 2


def test_settings_show_no_secret() -> None:
    shown = f"{configured()!r} {configured()}"
    for secret in (TOKEN, SECRET, METRICS, DATA_KEY, OTHER_KEY, "p%40ss"):
        assert secret not in shown


async def test_the_lines_of_a_turn_name_update_worker_and_assignment(bot: Life) -> None:
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", tasks=["rose"])
    (amina,) = await scenes.crew(bot, 1)
    await scenes.say(bot, amina)
    held = await scenes.held(bot, amina)
    assert held is not None
    await scenes.change(bot, text("ALTER TABLE outbox RENAME TO elsewhere"))
    with written("json") as out:
        await scenes.say(bot, amina)
    await scenes.change(bot, text("ALTER TABLE elsewhere RENAME TO outbox"))
    failed = [one for one in events(out) if one["event"] == "update failed"]
    assert len(failed) == 5
    for line in failed:
        assert (line["worker"], line["assignment"]) == (held.worker_id, held.id)
        assert isinstance(line["update"], int)
        assert amina.first_name not in str(line)


@pytest.mark.parametrize("form", FORMS)
async def test_a_day_at_debug_tells_no_secret_and_no_phone_number(
    form: str, database_url: str
) -> None:
    with written(form, level=logging.DEBUG) as out:
        database = Database(database_url, data_key=DATA_KEY)
        async with living(database) as bot:
            shown = await a_day(bot)
            shown += repr(bot.kazi.settings)
        await database.dispose()
    everything = out.getvalue() + shown
    assert "sendMessage" in everything
    assert "kazi_answers_total" in everything
    assert everything.count("Traceback") > 1
    for secret in (TOKEN, TOKEN.partition(":")[2], SECRET, DATA_KEY, PHONE, "254712345678"):
        assert secret not in everything
        assert quote(secret, safe="") not in everything
    if form == "json":
        assert {"update failed", "on purpose"} <= {one["event"] for one in events(out)}


async def a_day(bot: Life) -> str:
    """A person with a phone number in everything; what the operator can fetch afterwards."""
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", tasks=["rose", "sea"])
    (amina,) = await scenes.crew(bot, 1)
    await scenes.say(bot, amina)
    await scenes.pick(bot, amina, 0)
    await scenes.say(bot, amina, text=f"/support call {PHONE}, my token is {TOKEN}")
    url = str((await bot.kazi.wire.call("getWebhookInfo", {}))["url"])
    said = {"message_id": 1, "date": 1, "chat": amina.chat.info, "from": amina.user}
    contact = {"contact": {"phone_number": "254712345678", "first_name": f"Eve{BOUNDARY}"}}
    async with httpx.AsyncClient(headers={SECRET_HEADER: SECRET}, timeout=60) as web:
        await web.post(url, json={"update_id": 10**9, "message": said | contact})
        broken = said | {"date": "yesterday", "text": PHONE}
        for _ in range(5):
            await web.post(url, json={"update_id": 10**9 + 1, "message": broken})
        await bot.settle()
        try:
            fails(f"{url} {TOKEN} {SECRET}")
        except RuntimeError:
            structlog.get_logger().exception("on purpose")
        return (await web.get(httpx.URL(url).join("/metrics"))).text
