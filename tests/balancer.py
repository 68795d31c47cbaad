"""What stands in front of replicas: each request to the next one that is ready, on loopback.

`python -m tests.balancer PORT ADDRESS…` is one in a process of its own.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Sequence

import uvloop
from aiohttp import ClientError, ClientSession, ClientTimeout, web

LOOK = 0.25  # seconds between two looks at /readyz
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Balancer:
    """Round robin over the replicas that say they are ready."""

    def __init__(self, port: int, upstreams: Sequence[str]) -> None:
        self.port, self.upstreams = port, upstreams
        self.refusals: list[float] = []
        """When, in monotonic seconds, somebody was told anything but 2xx."""
        self._ready: set[str] = set()
        self._turns = itertools.count()

    async def __aenter__(self) -> "Balancer":
        self._client = ClientSession(timeout=ClientTimeout(total=20))
        app = web.Application()
        app.router.add_post("/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self._looking = asyncio.ensure_future(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._looking.cancel()
        await self._runner.cleanup()
        await self._client.close()

    async def all_ready(self) -> bool:
        """Whether every replica says so now."""
        return all(await asyncio.gather(*map(self._is_ready, self.upstreams)))

    def worst_gap(self, until: float = 2.0) -> float:
        """The longest run of refusals, in seconds; a pause of `until` seconds ends a run."""
        longest, began, last = 0.0, None, 0.0
        for at in self.refusals:
            if began is None or at - last > until:
                began = at
            last = at
            longest = max(longest, last - began)
        return longest

    async def _look(self) -> None:
        while True:
            found = await asyncio.gather(*map(self._is_ready, self.upstreams))
            self._ready = {one for one, ready in zip(self.upstreams, found, strict=True) if ready}
            await asyncio.sleep(LOOK)

    async def _is_ready(self, upstream: str) -> bool:
        try:
            async with self._client.get(f"{upstream}/readyz", timeout=ClientTimeout(2)) as answer:
                return answer.status == 200
        except (ClientError, TimeoutError):
            return False

    async def _pass_on(self, request: web.Request) -> web.Response:
        """What reached no replica goes to the next; what may have is Telegram's to repeat."""
        body = await request.read()
        headers = {SECRET_HEADER: request.headers.get(SECRET_HEADER, "")}
        for upstream in self._in_turn():
            try:
                async with self._client.post(
                    upstream + request.path, data=body, headers=headers
                ) as answer:
                    return self._noted(answer.status, await answer.read(), answer.content_type)
            except OSError:  # refused: nobody listens
                continue
            except (ClientError, TimeoutError):
                break
        return self._noted(502, b"", "text/plain")

    def _in_turn(self) -> list[str]:
        ready = [one for one in self.upstreams if one in self._ready] or list(self.upstreams)
        first = next(self._turns) % len(ready)
        return ready[first:] + ready[:first]

    def _noted(self, status: int, body: bytes, kind: str) -> web.Response:
        if not 200 <= status < 300:
            self.refusals.append(time.monotonic())
        return web.Response(status=status, body=body, content_type=kind)


async def _stand(port: int, upstreams: Sequence[str]) -> None:
    """Until the process is ended."""
    async with Balancer(port, upstreams):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_stand(int(sys.argv[1]), sys.argv[2:]))
