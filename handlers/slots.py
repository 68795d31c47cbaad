"""Whose call is next: so many side by side, and the bot's messages a second over all processes.

The budget's row is not touched in a turn and not for each letter: when letters wait, a block of
the next eighth of a second is taken for them, replies before offers. A block that lies behind those
of other processes is looked at again when it begins, since a 429 may have shut the bot meanwhile.
Slots are evenly spaced, and one that cannot be used at its time is lost, so that no late ones bunch
together.
"""

import asyncio
import heapq
import itertools

import structlog

from bot.store import gates
from bot.store.database import Database, Session
from bot.store.gates import Block
from bot.store.outbox import OFFERS

log = structlog.get_logger()

SIDE_BY_SIDE = 30  # calls at a time
# Of them offers and broadcasts: enough to use the budget at Telegram's 0.1 s a call, and few enough
# that a turn finds the processor free while 100,000 of them wait.
IN_NO_HURRY = 4
# Seconds of slots in a block, which costs 0.9 ms of CPU; also how long a bot-wide 429 goes
# unnoticed elsewhere: with its own way into the database that stays under 0.2 s.
AHEAD = 0.12
LATE = 0.05  # seconds after which a slot is lost
AGAIN = 1.0  # seconds to wait when the database does not answer


class Slots:
    """The calls of one process. `rate` is in messages a second, 0 for as fast as it goes."""

    def __init__(self, database: Database, bot_id: int, rate: int) -> None:
        self._database, self._bot_id, self._rate = database, bot_id, rate
        self._spacing = gates.spacing(rate) if rate else 0.0
        self.block = max(1, int(AHEAD / self._spacing)) if rate else 0
        self._free = SIDE_BY_SIDE
        self._unhurried = asyncio.Semaphore(IN_NO_HURRY)
        self._freed = asyncio.Event()
        self._waiting: list[tuple[int, int, asyncio.Future[float]]] = []
        self._order = itertools.count()
        self._handing: asyncio.Task[None] | None = None
        self._shut_until = 0.0
        self._next_at = 0.0

    async def take(self, lane: int) -> float:
        """Wait for a slot; 0: call now, and `give` it back. Else nothing may go for so long."""
        if lane < OFFERS:
            return await self._take(lane)
        await self._unhurried.acquire()
        shut = await self._take(lane)
        if shut:
            self._unhurried.release()
        return shut

    async def _take(self, lane: int) -> float:
        if (shut := self.shut_for()) > 0:
            return shut
        if not self._rate and self._free and not self._waiting:
            self._free -= 1
            return 0.0
        mine = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (lane, next(self._order), mine))
        if self._rate and self._handing is None:
            self._handing = asyncio.get_running_loop().create_task(self._hand_out())
        return float(await mine)

    def give(self, lane: int) -> None:
        """A call has ended."""
        if lane >= OFFERS:
            self._unhurried.release()
        self._free += 1
        self._freed.set()
        if not self._rate:
            self._next()

    def shut(self, seconds: float) -> None:
        """Nothing goes out for `seconds`; who waits is told so."""
        self._shut_until = max(self._shut_until, _monotonic() + seconds)
        while self._waiting:
            self._tell(seconds)

    def shut_for(self) -> float:
        return self._shut_until - _monotonic()

    async def _hand_out(self) -> None:
        """While anybody waits: take a block, and hand each slot out at its time."""
        try:
            while self._waiting:
                while not self._free:
                    self._freed.clear()
                    await self._freed.wait()
                count = min(len(self._waiting), self.block)
                begins, closed = await self._reserve(count)
                begin = _monotonic() + begins
                if begins and not closed:
                    await asyncio.sleep(begins)
                    closed = await self._closed()
                if closed:
                    self.shut(closed)
                else:
                    await self._spend(begin, count)
        finally:
            self._handing = None

    async def _reserve(self, count: int) -> Block:
        if self._database.is_sqlite:
            return self._reserve_alone(count)

        async def take(session: Session) -> Block:
            return await gates.reserve(session, self._bot_id, count, self._rate)

        try:
            return await self._database.run(take, durable=False)
        except Exception:
            log.exception("no slots taken")
            return Block(0.0, AGAIN)

    async def _closed(self) -> float:
        """Seconds for which a 429 has shut the bot, here or in another process."""
        if self._database.is_sqlite:
            return max(0.0, self.shut_for())
        try:
            async with self._database.reading() as session:
                return await gates.closed(session, self._bot_id)
        except Exception:
            log.exception("slots given up")
            return AGAIN

    def _reserve_alone(self, count: int) -> Block:
        """SQLite serves one process, so nobody else sends: its one writer need not be asked."""
        begin = max(self._next_at, _monotonic())
        self._next_at = begin + count * self._spacing
        return Block(begin - _monotonic(), 0.0)

    async def _spend(self, begin: float, count: int) -> None:
        for at in (begin + number * self._spacing for number in range(count)):
            if (early := at - _monotonic()) > 0:
                await asyncio.sleep(early)
            if self._free and _monotonic() - at < LATE:
                self._next()

    def _next(self) -> None:
        """A slot for who waits first in the best lane."""
        if self._waiting and self._tell(0.0):
            self._free -= 1

    def _tell(self, seconds: float) -> bool:
        """Whether there was still somebody to hear it."""
        _lane, _order, waiter = heapq.heappop(self._waiting)
        if waiter.cancelled():
            return False
        waiter.set_result(seconds)
        return True


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
