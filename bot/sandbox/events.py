"""What happened, for pages that watch: numbered, the last thousand kept, streamed to listeners."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import msgspec

KEPT = 1000


class Events:
    """The log of what people would see happen, newest last."""

    def __init__(self) -> None:
        self._seq = 0
        self._log: deque[tuple[int, str, int, dict[str, Any]]] = deque(maxlen=KEPT)
        self._news: set[asyncio.Future[None]] = set()
        self._closed = False

    def emit(self, kind: str, person: int, **more: Any) -> None:
        """Note an event about one person's chat (0: about everyone) and wake the listeners."""
        self._seq += 1
        self._log.append((self._seq, kind, person, more))
        self._wake()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self._wake()

    async def stream(self, since: int | None = None, beat: float = 15) -> AsyncIterator[bytes]:
        """Server-sent events after `since` (None: from now on), a comment every `beat` seconds."""
        seen = self._seq if since is None else since
        yield b": welcome\n\n"
        while not self._closed:
            fresh = self._after(seen)
            for seq, kind, person, more in fresh:
                seen = seq
                body = msgspec.json.encode({"seq": seq, "type": kind, "person": person, **more})
                yield b"id: %d\ndata: %s\n\n" % (seq, body)
            if not fresh and not await self._wait(beat):
                yield b": still here\n\n"

    def _after(self, seen: int) -> list[tuple[int, str, int, dict[str, Any]]]:
        if self._seq <= seen:
            return []
        return [entry for entry in self._log if entry[0] > seen]

    async def _wait(self, seconds: float) -> bool:
        if self._closed:
            return True
        news = asyncio.get_running_loop().create_future()
        self._news.add(news)
        try:
            await asyncio.wait_for(news, seconds)
        except TimeoutError:
            return False
        finally:
            self._news.discard(news)
        return True

    def _wake(self) -> None:
        for news in self._news:
            if not news.done():
                news.set_result(None)
        self._news.clear()
