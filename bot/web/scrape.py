"""GET /metrics: who may ask, and the figures that are looked up when somebody does."""

import asyncio
import hmac
import ipaddress
import math
import time

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.pool import QueuePool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot import clock, metrics
from bot.app import Kazi
from bot.store import backlog

PATIENCE = 3  # seconds for the database, and for Telegram: Prometheus gives up after 10
WEBHOOK_EVERY = 60.0  # seconds; Telegram's word on the webhook changes slowly
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

log = structlog.get_logger()


class Scrape:
    """The figures of one running bot. What cannot be looked up is NaN, and never a failure."""

    def __init__(self, kazi: Kazi) -> None:
        self._kazi = kazi
        self._token = kazi.settings.metrics_token.get_secret_value()
        self._asked = -math.inf
        self._failed_at = math.nan

    async def answer(self, request: Request) -> Response:
        """The page, or a refusal: a token must be right; without one, loopback alone may ask."""
        if self._token and not _bears(request, self._token):
            return PlainTextResponse("Unauthorized", 401, headers={"WWW-Authenticate": "Bearer"})
        if not self._token and not _is_local(request):
            return PlainTextResponse("Forbidden", 403)
        self._count_connections()
        await asyncio.gather(self._look_at_database(), self._ask_telegram())
        metrics.WEBHOOK_LAST_ERROR.set(clock.now().timestamp() - self._failed_at)
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _count_connections(self) -> None:
        pool = self._kazi.database.engine.pool
        if isinstance(pool, QueuePool):
            metrics.POOL_USED.set(pool.checkedout())
            metrics.POOL_SIZE.set(pool.size())

    async def _look_at_database(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE), self._kazi.database.reading() as session:
                found = await backlog.look(session)
        except Exception as error:  # noqa: BLE001 - /readyz says what is wrong with a database
            log.warning("no figures of the database", error=type(error).__name__)
            found = backlog.UNKNOWN
        metrics.DEAD_UPDATES.set(found.dead_updates)
        for lane, waiting in found.lanes.items():
            metrics.OUTBOX_WAITING.labels(lane).set(waiting.count)
            metrics.OUTBOX_OLDEST.labels(lane).set(waiting.oldest_seconds)

    async def _ask_telegram(self) -> None:
        if time.monotonic() - self._asked < WEBHOOK_EVERY:
            return
        self._asked = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                info = await self._kazi.webhook_info()
        except Exception as error:  # noqa: BLE001 - the other figures matter as much
            log.warning("no figures of the webhook", error=type(error).__name__)
            info = {"pending_update_count": math.nan, "last_error_date": math.nan}
        metrics.WEBHOOK_PENDING.set(info.get("pending_update_count", 0))
        self._failed_at = info.get("last_error_date", -math.inf)


def _bears(request: Request, token: str) -> bool:
    given = request.headers.getlist("authorization")
    scheme, _, credentials = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        credentials.strip().encode(), token.encode()
    )


def _is_local(request: Request) -> bool:
    """A proxy on this machine speaks for others: what it passes on is not local."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
