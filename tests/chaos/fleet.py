"""Replicas of one bot on one database behind a balancer, killed one at a time."""

import asyncio
import random
import time
from pathlib import Path

from tests.balancer import Balancer
from tests.chaos.process import BotProcess, free_port

REPLICAS = 3


class Fleet:
    """Stands where one BotProcess stood: `kill` takes any replica, `start` brings it back."""

    def __init__(
        self, *, database_url: str, api_url: str, folder: Path, cold: bool, seed: int
    ) -> None:
        self.replicas = []
        for number in range(REPLICAS):
            (place := folder / f"replica-{number}").mkdir()
            replica = BotProcess(
                "webhook", database_url=database_url, api_url=api_url, folder=place, cold=cold
            )
            self.replicas.append(replica)
        self.balancer = Balancer(free_port(), [replica.address for replica in self.replicas])
        self._down = list(self.replicas)
        self._chance = random.Random(seed)
        self._open = False

    async def start(self) -> None:
        """Whoever is down comes up."""
        if not self._open:
            await self.balancer.__aenter__()
            self._open = True
        for replica in self._down:
            await replica.start()
        self._down = []

    async def kill(self) -> None:
        """Any of them, at once."""
        replica = self._chance.choice(self.replicas)
        await replica.kill()
        self._down.append(replica)

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
        """All of them, at the same time; the worst exit code."""
        return max(await asyncio.gather(*(replica.stop() for replica in self.replicas)))

    def webhook(self) -> dict[str, object]:
        path = str(self.replicas[0].webhook()["url"]).rpartition("/telegram/")[2]
        url = f"http://127.0.0.1:{self.balancer.port}/telegram/{path}"
        return self.replicas[0].webhook() | {"url": url}

    def said(self) -> str:
        return "".join(replica.said() for replica in self.replicas)

    async def close(self) -> None:
        await asyncio.gather(*(replica.close() for replica in self.replicas))
        if self._open:
            await self.balancer.__aexit__()

    async def all_ready(self) -> None:
        """Wait until the balancer has every replica to choose from."""
        async with asyncio.timeout(30):
            while not await self.balancer.all_ready():
                await asyncio.sleep(0.1)
