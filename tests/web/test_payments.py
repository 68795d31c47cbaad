"""Where M-Pesa reports what became of a payment: only who knows the address is heard, and once."""

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.models.payouts import Result
from bot.pay import safeguards
from tests.life import Life

SECRET = "nobody-guesses-this"


def report(code: int = 0) -> dict:
    return {
        "Result": {
            "ResultCode": code,
            "OriginatorConversationID": "kazi-5f0c",
            "TransactionID": "QK31ABCDEF",
        }
    }


@pytest.fixture
async def till(bot: Life):
    """The bot's server without Telegram: an address to report to."""
    bot.kazi.settings.mpesa_callback_secret = SecretStr(SECRET)
    url = str((await bot.kazi.webhook_info())["url"])
    origin = url[: url.index("/telegram/")]
    async with httpx.AsyncClient(base_url=origin, trust_env=False, timeout=60) as client:
        yield client


async def kept(bot: Life) -> int:
    async with bot.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Result)) or 0


async def test_a_report_is_kept_once_and_only_from_who_knows_the_address(
    bot: Life, till: httpx.AsyncClient
):
    for path in ("wrong", "", f"{SECRET}/more", "Ünïcode"):
        assert (await till.post(f"/payments/mpesa/{path}", json=report())).status_code == 404
    assert (await till.get(f"/payments/mpesa/{SECRET}")).status_code == 405
    assert await kept(bot) == 0
    for _ in range(3):
        answer = await till.post(f"/payments/mpesa/{SECRET}", json=report())
        assert (answer.status_code, answer.content) == (200, b"")
    assert await kept(bot) == 1
    async with bot.database.reading() as session:  # it is of no batch that we have
        frozen = await safeguards.frozen(session)
    assert "in no batch" in (frozen.reason if frozen else "")


async def test_what_is_no_report_is_answered_and_not_kept(bot: Life, till: httpx.AsyncClient):
    for body in (b"", b"{", b"[]", b'{"Result": 1}', b"x" * 300_000):
        answer = await till.post(f"/payments/mpesa/{SECRET}", content=body)
        assert answer.status_code == 200
    assert await kept(bot) == 0
    late = await till.post(f"/payments/mpesa/{SECRET}/late", json=report())
    assert (late.status_code, await kept(bot)) == (200, 1)
    async with bot.database.reading() as session:
        assert await safeguards.frozen(session) is None  # that it waited too long says nothing
    bot.kazi.settings.mpesa_callback_secret = SecretStr("")
    assert (await till.post("/payments/mpesa/", json=report())).status_code == 404
