"""One ASGI app: Telegram's webhook, what payment providers report, a balancer's two questions, and
the metrics.
"""

import asyncio
import hmac
from hashlib import sha256
from typing import Any

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.app import Kazi, Taken, Verdict
from bot.pay.providers import mpesa
from bot.settings import Settings
from bot.store import migrate
from bot.store.database import now, transient
from bot.web.scrape import Scrape

log = structlog.get_logger()

MPESA = mpesa.MPesa()
LARGEST = 256 * 1024  # bytes of one update; Telegram's own limit is 64 KiB
UPDATE_IDS = 2**63  # what the inbox can hold; Telegram's are small and positive
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
POSTPONE = {"Retry-After": "2"}


def app(*bots: Kazi) -> Starlette:
    """The server of one running bot, or of several on one database."""
    first = bots[0]

    async def ready(request: Request) -> Response:
        if request.app.state.draining:
            return PlainTextResponse("stopping", 503)
        return await _ready(first)

    async def paid(request: Request) -> Response:
        return await _paid(first, request)

    made = Starlette(
        routes=[
            *map(_route, bots),
            Route(f"{mpesa.PATH}{{secret}}", paid, methods=["POST"]),
            Route(f"{mpesa.PATH}{{secret}}{mpesa.LATE}", paid, methods=["POST"]),
            Route("/healthz", _healthy),
            Route("/readyz", ready),
            Route("/metrics", Scrape(first).answer),
        ]
    )
    made.state.draining = False  # True: still serving, but a balancer should look elsewhere
    return made


def _route(kazi: Kazi) -> Route:
    async def webhook(request: Request) -> Response:
        return await _webhook(kazi, request)

    return Route(f"/telegram/{kazi.bot_id}", webhook, methods=["POST"])


async def _webhook(kazi: Kazi, request: Request) -> Response:
    """200 only after the commit; 503 asks Telegram to come again."""
    given = request.headers.getlist(SECRET_HEADER)
    if len(given) != 1 or not _is_telegram(kazi.settings, given[0]):
        return PlainTextResponse("Forbidden", 403)
    body = await _body(request)
    if body is None:
        return PlainTextResponse("Payload Too Large", 413)
    data = _update(body)
    if data is None:
        raw = body[:4096].decode("utf-8", "replace")
        await kazi.bury(_number(body), "unreadable", raw, "not an update")
        return Response()
    # A client that hangs up must not cut a commit in half: the turn runs on.
    return _reply(await asyncio.shield(kazi.take(data)))


async def _paid(kazi: Kazi, request: Request) -> Response:
    """Nobody signs what M-Pesa reports: the address is the secret, compared in constant time.

    200 whatever it says, or it would come again for ever; 503 alone when it could not be kept.
    """
    secret = kazi.settings.mpesa_callback_secret.get_secret_value().encode()
    given = request.path_params["secret"].encode()
    if not secret or not hmac.compare_digest(given, secret):
        return PlainTextResponse("Not Found", 404)
    body = await _body(request)
    late = request.url.path.endswith(mpesa.LATE)
    try:
        outcomes = MPESA.results(body or b"", timed_out=late)
    except ValueError:
        log.warning("report of a payment not understood", size=len(body or b""))
        return Response()
    try:
        await asyncio.shield(kazi.receive(MPESA.name, outcomes))
    except Exception as error:
        if not transient(error):
            raise
        return PlainTextResponse("Again", 503, headers=POSTPONE)
    return Response()


def _is_telegram(settings: Settings, given: str) -> bool:
    """Compared in constant time; during a rotation the earlier secret is as good as the new one."""
    known = (settings.webhook_secret, settings.webhook_secret_previous)
    secrets = [one.get_secret_value().encode() for one in known if one.get_secret_value()]
    return any([hmac.compare_digest(given.encode(), secret) for secret in secrets])  # noqa: C419


def _reply(taken: Taken) -> Response:
    if taken.verdict is Verdict.AGAIN:
        return PlainTextResponse("Again", 503, headers=POSTPONE)
    if taken.verdict is Verdict.FAILED:
        return PlainTextResponse("Failed", 500, headers=POSTPONE)
    if taken.answer is None:
        return Response()
    return JSONResponse({"method": "answerCallbackQuery", **taken.answer})


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large: what is declared is not believed."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def _update(body: bytes) -> dict[str, Any] | None:
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    number = data.get("update_id") if isinstance(data, dict) else None
    return data if isinstance(number, int) and 0 <= number < UPDATE_IDS else None


def _number(body: bytes) -> int:
    """A key for what has none: negative, so that no update has it; the same for the same bytes."""
    return -int.from_bytes(sha256(body).digest()[:7], "big") - 1


async def _healthy(request: Request) -> Response:
    """The process is up."""
    return PlainTextResponse("ok")


async def _ready(kazi: Kazi) -> Response:
    """The database answers and is migrated."""
    try:
        async with asyncio.timeout(3), kazi.database.reading() as session:
            await now(session)
        current = await migrate.current(kazi.database)
    except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
        return PlainTextResponse(f"database: {type(error).__name__}", 503)
    if current != migrate.newest():
        return PlainTextResponse("migrations are missing: run kazi migrate", 503)
    return PlainTextResponse("ok")
