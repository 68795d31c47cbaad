"""Which updates the bot acknowledged, and when: what Telegram itself would know."""

import asyncio
import time
from typing import Any

from bot.sandbox.updates import Key, Pending, Updates


class Witness(Updates):
    """The sandbox's own list of updates, which also remembers those that were confirmed.

    An update leaves the list when it was answered with 200, when a poll confirms it, or when it
    is too old; only the first two are acknowledgements.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.newest = 0
        self.acknowledged: dict[int, float] = {}
        """Update id to the moment of its acknowledgement, in seconds of time.monotonic()."""
        self._acked = asyncio.Event()

    def add(self, kind: str, value: dict[str, Any], key: Key) -> None:
        super().add(kind, value, key)
        self.newest = next(reversed(self.pending), self.newest)

    def done(self, pending: Pending) -> None:
        super().done(pending)
        self._note(pending.id)

    def confirm(self, offset: int) -> None:
        before = set(self.pending)
        super().confirm(offset)
        for update_id in before - set(self.pending):
            self._note(update_id)

    async def next_acknowledged(self) -> float:
        """Wait for the next acknowledgement; its moment."""
        self._acked.clear()
        await self._acked.wait()
        return time.monotonic()

    def _note(self, update_id: int) -> None:
        self.acknowledged.setdefault(update_id, time.monotonic())
        self._acked.set()
