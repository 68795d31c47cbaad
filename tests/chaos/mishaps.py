"""What goes wrong in a storm: each mishap is done here, and written down with its time.

After most a letter may come twice: whoever sent it died, or could not write down that it was sent,
or was too slow. Without one of them, it may not.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import select, update

from bot.models.chat import Outbox
from bot.models.work import Assignment
from bot.sandbox import Sandbox
from bot.store.database import Database, Session, now
from bot.work import dispatch
from tests.chaos.fleet import Fleet
from tests.chaos.process import BotProcess
from tests.postgres import Power

MOMENT = 0.1  # seconds between what a mishap waits for and the mishap, at most
LONG_ABSENCE = 0.5  # share of deaths after which the bot is away for longer than its leases
HELD_TOO_LONG = 0.3  # share of those after which the tasks in hand have expired too
FROZEN = (0.5, 2.0)  # seconds that a process stands still
CLOCKS = (0, -3600, 3600, 86_400)  # seconds that a replica's own clock is ahead
# How often, in proportion.
EVERYTHING = {"kill": 6, "crash": 3, "both": 1, "freeze": 1, "clock": 1, "expiry": 2}
HARMLESS = {"clock"}  # nothing may come twice for it
UNSURE = ("500", "502html", "notok", "cut", "timeout")  # answers that leave open what was done
SPOKEN = ("sendMessage", "editMessageText", "editMessageReplyMarkup", "answerCallbackQuery")
HANGS = 0.5  # seconds


class Mishap(NamedTuple):
    """What happened; from when to when, in seconds of the sandbox's clock."""

    kind: str
    began: float
    ended: float


class Mishaps:
    """All that a seed has in store for one bot and its database."""

    def __init__(self, bot: BotProcess | Fleet, database: Database, chance: random.Random) -> None:
        self.diary: list[Mishap] = []
        self._bot, self._database, self._chance = bot, database, chance

    @property
    def counts(self) -> Counter[str]:
        return Counter(mishap.kind for mishap in self.diary)

    async def kill(self) -> None:
        """One process dies and comes back, at once or after a long absence."""
        await self._moment()
        async with self._noted("kill"):
            await self._bot.kill()
        if self._chance.random() < LONG_ABSENCE:
            await self.long_absence(tasks=self._chance.random() < HELD_TOO_LONG)
        await self._bot.start()

    async def outage(self, seconds: float = 0) -> None:
        """PostgreSQL falls, and comes back after so long."""
        await self._moment()
        power = Power(self._database.url)
        async with self._noted("outage"):
            await power.off()
            await asyncio.sleep(seconds)
            await power.on()
        await self.revive()

    async def freeze(self) -> None:
        """A replica stands still for longer than its leases, and then goes on as if nothing was."""
        assert isinstance(self._bot, Fleet)
        await self._moment()
        async with self._noted("freeze"), self._bot.frozen():
            await asyncio.sleep(self._chance.uniform(*FROZEN))
            await self.long_absence(tasks=self._chance.random() < HELD_TOO_LONG)
            await asyncio.sleep(self._chance.uniform(*FROZEN))

    async def clock(self) -> None:
        """The own clock of a replica jumps."""
        async with self._noted("clock"):
            self._bot.set_clock(self._chance.choice(CLOCKS))

    async def long_absence(self, *, tasks: bool) -> None:
        """As if the bot had been away for minutes: what it had leased is free by now."""

        async def pass_time(session: Session) -> None:
            past = await now(session) - timedelta(seconds=1)
            leased = {Outbox: Outbox.lease_until.is_not(None)}
            if tasks:
                leased[Assignment] = Assignment.state == "held"
            for model, those in leased.items():  # what a frozen process has locked stays as it is
                free = select(model.id).where(those).with_for_update(skip_locked=True)
                await session.execute(
                    update(model).where(model.id.in_(free)).values(lease_until=past)
                )

        async def expire(session: Session) -> None:
            await dispatch.expire(session, now=await now(session))

        async with self._noted("absence"):
            await self._database.run(pass_time)  # other replicas are at work on the same rows
            if tasks:  # and one of them notices it first
                await self._database.run(expire)

    async def happen_by_chance(self) -> None:
        """One of everything there is."""
        (kind,) = self._chance.choices(list(EVERYTHING), list(EVERYTHING.values()))
        await self.happen(kind)

    async def happen(self, kind: str) -> None:
        """One of EVERYTHING."""
        await self.revive()
        await {
            "kill": self.kill,
            "crash": self.outage,
            "both": self._both,
            "freeze": self.freeze,
            "clock": self.clock,
            "expiry": partial(self.long_absence, tasks=True),
        }[kind]()

    async def revive(self) -> None:
        """Let everybody be there again."""
        await self._bot.revive()

    async def _both(self) -> None:
        """A replica dies, and before it is back the database too."""
        await self._moment()
        async with self._noted("kill"):
            await self._bot.kill()
        await self.outage(self._chance.uniform(0, 1))
        await self._bot.start()

    async def _moment(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, MOMENT))

    @asynccontextmanager
    async def _noted(self, kind: str) -> AsyncIterator[None]:
        began = time.time()
        yield
        self.diary.append(Mishap(kind, began, time.time()))


def muddle(sandbox: Sandbox, share: float) -> None:
    """Let so many of the calls that say something go wrong, in every way alike."""
    ways = [(kind, done) for kind in UNSURE for done in (False, True)] + [("429", False)] * 2
    each = share / len(ways)
    for method in SPOKEN:
        for kind, executes in ways:
            sandbox.fault(method, kind, share=each, retry_after=1, executes=executes, seconds=HANGS)
