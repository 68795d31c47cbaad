"""OAuth2 with client credentials, as both providers have it."""

import base64
import secrets
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

LIFE: Final = 3599  # seconds


class Tokens:
    """Bearer tokens for one client."""

    def __init__(self, client: str, secret: str, clock: Callable[[], float]) -> None:
        self._login = base64.b64encode(f"{client}:{secret}".encode()).decode()
        self._clock = clock
        self._until: dict[str, float] = {}

    def known(self, request: Request) -> bool:
        """Whether the right client asks for a token."""
        return secrets.compare_digest(
            request.headers.get("authorization", "").encode(), f"Basic {self._login}".encode()
        )

    def issue(self) -> str:
        """A new token."""
        token = secrets.token_urlsafe(24)
        self._until[token] = self._clock() + LIFE
        return token

    def valid(self, request: Request) -> bool:
        """Whether a request shows a token that has not ended."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and self._until.get(token, 0) > self._clock()

    def end(self) -> None:
        """End every token now."""
        self._until.clear()
