"""Updates on their way to the bot: numbered, kept until confirmed or expired."""

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.sandbox.checks import fits

DAY = 86_400.0
LIFE = {"callback_query": 150.0, "inline_query": 30.0, "chosen_inline_result": 600.0}
PENDING = 100_000
Key = tuple[str, int | str]


@dataclass(slots=True, eq=False)
class Pending:
    """One update as it will be sent. `expires` is in seconds of the sandbox's clock."""

    id: int
    kind: str
    key: Key
    body: bytes
    expires: float


class Updates:
    """What waits for the bot, oldest first; a webhook or a poller takes it from here."""

    def __init__(self, clock: Callable[[], float], chance: random.Random) -> None:
        self.pending: dict[int, Pending] = {}
        self.allowed: list[str] = []
        self.on_new: Callable[[Pending], None] | None = None
        self._clock = clock
        self._next = chance.randrange(100_000_000, 900_000_000)
        self._news: asyncio.Event = asyncio.Event()

    def add(self, kind: str, value: dict[str, Any], key: Key) -> None:
        """Queue an update, unless the bot did not ask for its kind."""
        if self.allowed and kind not in self.allowed:
            return
        update_id = self._next
        update = {"update_id": update_id, kind: value}
        fits("Update", update)
        self._next += 1
        expires = self._clock() + LIFE.get(kind, DAY)
        pending = Pending(
            update_id,
            kind,
            key,
            msgspec.json.encode(update),
            expires,
        )
        self.pending[pending.id] = pending
        if len(self.pending) > PENDING:
            del self.pending[next(iter(self.pending))]
        self._news.set()
        if self.on_new is not None:
            self.on_new(pending)

    def alive(self, pending: Pending) -> bool:
        """Whether an update should still be delivered; an expired one is forgotten."""
        if pending.expires <= self._clock():
            self.pending.pop(pending.id, None)
        return pending.id in self.pending

    def done(self, pending: Pending) -> None:
        """Forget a delivered update."""
        self.pending.pop(pending.id, None)

    def drop(self) -> None:
        """Forget all that waits."""
        self.pending.clear()

    def confirm(self, offset: int) -> None:
        """Forget what a poller has seen: ids below `offset`, or all but the last `-offset`."""
        ids = list(self.pending)
        gone: Iterable[int] = ids[:offset] if offset < 0 else (i for i in ids if i < offset)
        for update_id in list(gone):
            del self.pending[update_id]

    def batch(self, limit: int) -> list[Pending]:
        """The oldest updates that are still alive."""
        batch = []
        for pending in list(self.pending.values()):
            if self.alive(pending):
                batch.append(pending)
                if len(batch) == limit:
                    break
        return batch

    async def news(self) -> None:
        """Wait until another update is queued."""
        self._news.clear()
        await self._news.wait()
