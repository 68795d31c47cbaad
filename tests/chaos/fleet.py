"""Replicas of one bot on one database behind a balancer, killed one at a time."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from tests.balancer import Balancer
from tests.chaos.process import BotProcess, Starter, free_port

REPLICAS = 3


class Fleet:
    """Stands where one BotProcess stood: `kill` takes any replica, `start` brings it back."""

    def __init__(
        self, *, database_url: str, api_url: str, folder: Path, starter: Starter, seed: int
    ) -> None:
        self.replicas = []
        for number in range(REPLICAS):
            (place := folder / f"replica-{number}").mkdir()
            replica = BotProcess(
                "webhook", database_url=database_url, api_url=api_url, folder=place, starter=starter
            )
            self.replicas.append(replica)
        self.balancer = Balancer(free_port(), [replica.address for replica in self.replicas])
        self._down = list(self.replicas)
        self._chance = random.Random(seed)

    async def __aenter__(self) -> Self:
        await self.balancer.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.balancer.__aexit__()

    async def start(self) -> None:
        """Whoever is down comes up."""
        for replica in self._down:
            await replica.start()
        self._down = []

    async def kill(self) -> None:
        """Any of them, at once."""
        replica = self._chance.choice(self.replicas)
        await replica.kill()
        self._down.append(replica)

    async def revive(self) -> None:
        """Whoever ended for want of a database."""
        for replica in self.replicas:
            if replica not in self._down:
                await replica.revive()

    @asynccontextmanager
    async def frozen(self) -> AsyncIterator[None]:
        """Any of them stands still meanwhile: it holds what it holds and answers nobody."""
        replica = self._chance.choice(self.replicas)
        replica.freeze()
        try:
            yield
        finally:
            replica.thaw()

    def set_clock(self, seconds: float) -> None:
        """Of any of them."""
        self._chance.choice(self.replicas).set_clock(seconds)

    async def restart_each(self) -> list[tuple[int, float]]:
        """A rolling restart, as a deployment does it; exit codes, and seconds until each end."""
        goodbyes = []
        for replica in self.replicas:
            began = time.monotonic()
            goodbyes.append((await replica.stop(), time.monotonic() - began))
            await replica.start()
            await self.all_ready()
        return goodbyes

    async def stop(self) -> int:
        """All of them, at the same time and in a hurry; the worst exit code."""
        hurried = (replica.stop(hurry=True) for replica in self.replicas)
        return max(await asyncio.gather(*hurried))

    def webhook(self) -> dict[str, object]:
        path = str(self.replicas[0].webhook()["url"]).rpartition("/telegram/")[2]
        url = f"http://127.0.0.1:{self.balancer.port}/telegram/{path}"
        return self.replicas[0].webhook() | {"url": url}

    def said(self) -> str:
        return "".join(replica.said() for replica in self.replicas)

    async def all_ready(self) -> None:
        """Wait until the balancer has every replica to choose from."""
        async with asyncio.timeout(60):
            while not await self.balancer.all_ready():
                await asyncio.sleep(0.1)
