"""The wire to providers: HTTP with time-outs, and what may be concluded when it fails.

Nothing here logs: requests hold tokens and people's accounts.
"""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp
import msgspec
from pydantic import SecretStr

from bot.settings import Settings

CONNECT = 10.0  # seconds
FORM = "application/x-www-form-urlencoded"
MARGIN = 60.0  # seconds that a token is given up before it ends

# Raised before a request is written: it was certainly not executed.
UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Uncertain(Exception):
    """Time-out, 5xx, or the connection was lost after sending: nothing is known."""


class Refused(Exception):
    """Certainly nothing was taken; `reason` is a code of REASONS, `references` whose fault it is.

    Without references it is nobody's in particular.
    """

    def __init__(self, reason: str, references: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.references = references


class Unreachable(Refused):
    """Nothing was even looked at: the same submission may be made again later."""

    def __init__(self) -> None:
        super().__init__("unavailable")


class Answer(NamedTuple):
    """What came back, below 500. A body that is no JSON object is an empty one."""

    status: int
    body: dict[str, Any]


class Token(NamedTuple):
    """A bearer token; `until` in seconds of the monotonic clock."""

    text: str
    until: float


class Login(NamedTuple):
    """How a provider hands out tokens: OAuth2 with client credentials."""

    base: str  # the provider's address
    client: SecretStr
    secret: SecretStr
    method: str
    path: str
    body: bytes | None = None

    def basic(self) -> str:
        both = f"{self.client.get_secret_value()}:{self.secret.get_secret_value()}"
        return f"Basic {base64.b64encode(both.encode()).decode()}"


@dataclass(slots=True)
class Wire:
    """What a provider needs to speak to its other side. One for the whole process."""

    session: aiohttp.ClientSession
    settings: Settings
    _tokens: dict[str, Token] = field(default_factory=dict, repr=False)

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Raises Unreachable, or Uncertain."""
        seconds = self.settings.provider_timeout
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT, seconds))
        try:
            async with self.session.request(
                method, url, data=body, headers=headers, timeout=limits, allow_redirects=False
            ) as answer:
                return _concluded(answer.status, await answer.read())
        except UNSENT:
            raise Unreachable from None  # the library's words may hold the address
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise Uncertain from None

    async def call_as(self, login: Login, method: str, path: str, content: object = None) -> Answer:
        """A call with a provider's token, and once more with a new one where that has ended."""
        body = None if content is None else msgspec.json.encode(content)
        for _ in range(2):
            token = await self._token(login)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            answer = await self.call(method, login.base + path, headers, body)
            if not _token_refused(answer):
                return answer
            self._tokens.pop(login.base, None)
        raise Refused("credentials")

    async def _token(self, login: Login) -> str:
        """Without a token nothing is sent, so whatever goes wrong here took nothing."""
        held = self._tokens.get(login.base)
        if held is None or held.until < time.monotonic():
            headers = {"Authorization": login.basic(), "Content-Type": FORM}
            try:
                answer = await self.call(login.method, login.base + login.path, headers, login.body)
            except Uncertain:
                raise Unreachable from None
            held = self._tokens[login.base] = _issued(answer)
        return held.text


def _issued(answer: Answer) -> Token:
    """The token in an OAuth2 answer. Raises Refused."""
    text = answer.body.get("access_token")
    if answer.status != 200 or not isinstance(text, str):
        raise Refused("credentials")
    try:
        seconds = float(answer.body.get("expires_in", 0))  # Daraja writes it as text
    except (TypeError, ValueError):
        seconds = 0.0
    return Token(text, time.monotonic() + seconds - MARGIN)


def _concluded(status: int, content: bytes) -> Answer:
    if status == 429:
        raise Unreachable
    if status >= 500 or 300 <= status < 400:
        raise Uncertain
    try:
        body = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError:
        if status < 300:
            raise Uncertain from None
        body = {}
    return Answer(status, body)


def _token_refused(answer: Answer) -> bool:
    """Daraja says 404 or 400 for a token that has ended."""
    return answer.status == 401 or answer.body.get("errorCode") in ("404.001.03", "400.003.01")
