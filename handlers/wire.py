"""The wire to Telegram: PTB's bot with one way in for every method, over aiohttp.

PTB's own HTTP client is httpx, which costs 1.0 ms of processor time a call; aiohttp costs 0.1 ms,
and an answer to a task is two calls.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.request import getproxies

import aiohttp
import msgspec
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData

CONNECT, WRITE, READ, UPLOAD, POOL = 5.0, 5.0, 15.0, 20.0, 5.0  # seconds
KEEP_ALIVE = 15.0  # seconds: below any server's, or a call meets a connection just being closed
RESOLVED = 300  # seconds that an address is remembered

os.environ.setdefault("PTB_TIMEDELTA", "true")  # PTB's retry_after as it will be, without a warning

# Raised before a request is written: it was certainly not executed.
UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Wire(ExtBot[None]):
    """PTB's bot, with one way in for every method: the outbox keeps methods and parameters."""

    async def call(self, method: str, payload: dict[str, Any]) -> Any:
        """The result of a Bot API call; raises TelegramError as reliability demands."""
        return await self._post(method, api_kwargs=payload)

    async def fetch(self, offset: int, kinds: Sequence[str], seconds: int) -> list[dict[str, Any]]:
        """Updates from `offset` on, as they came; Telegram waits up to `seconds` for one."""
        wanted = {"offset": offset, "timeout": seconds, "allowed_updates": list(kinds)}
        found = await self._post("getUpdates", wanted, read_timeout=seconds + 10)
        return list(found)

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a file that somebody sent, of at most 20 MB."""
        file = await self.get_file(file_id)
        await file.download_to_drive(path)


class Aiohttp(BaseRequest):
    """How PTB makes its HTTP requests."""

    def __init__(self, *, connections: int, read: float = READ) -> None:
        self._connections, self._read = connections, read
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._read

    async def initialize(self) -> None:
        if self._session is not None:
            return
        connector = aiohttp.TCPConnector(
            limit=self._connections, keepalive_timeout=KEEP_ALIVE, ttl_dns_cache=RESOLVED
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": self.USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=bool(getproxies()),  # looking for a proxy at every call is not free
        )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(  # noqa: PLR0913 - PTB's
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body; raises TimedOut or NetworkError, with what aiohttp said as cause."""
        if self._session is None:
            raise RuntimeError("this request is not initialized, or shut down")
        uploads = request_data is not None and request_data.contains_files
        read = _seconds(read_timeout, self._read)
        write = _seconds(write_timeout, UPLOAD if uploads else WRITE)
        connect, pool = _seconds(connect_timeout, CONNECT), _seconds(pool_timeout, POOL)
        limits = aiohttp.ClientTimeout(
            total=pool + connect + write + read, connect=pool, sock_connect=connect, sock_read=read
        )
        data, headers = _body(request_data, uploads=uploads)
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=limits
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            # Its class alone: its words may hold the address, and that the token.
            raise NetworkError(f"aiohttp.{type(error).__name__}") from error


def never_sent(error: BaseException) -> bool:
    """Whether a call that failed was certainly not executed."""
    return isinstance(error.__cause__, UNSENT)


def _seconds(given: Any, usual: float) -> float:
    return usual if given is None or isinstance(given, DefaultValue) else float(given)


def _body(data: RequestData | None, *, uploads: bool) -> tuple[Any, dict[str, str]]:
    """JSON, or a form in parts when files are in it."""
    if data is None:
        return None, {}
    if not uploads:
        return msgspec.json.encode(data.parameters), {"Content-Type": "application/json"}
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, {}
