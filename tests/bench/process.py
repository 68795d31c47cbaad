"""The bot as processes of its own, and what the system says they cost."""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.app import KINDS
from bot.sandbox import Sandbox
from tests.bench.backlog import BOT_ID, TOKEN

ROOT = Path(__file__).resolve().parents[2]
SECRET = "bench"
PATIENCE = 30.0  # seconds for a start on a busy machine
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Running:
    """One process."""

    pid: int

    def cpu(self) -> float:
        """Seconds of processor time so far, its own and the system's on its behalf."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss(self) -> int:
        """Bytes of memory in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot: one `kazi serve`, or several of them behind a balancer."""

    replicas: tuple[Running, ...]
    balancer: Running | None = None

    def cpu(self) -> float:
        """Of all replicas together."""
        return sum(one.cpu() for one in self.replicas)

    def rss(self) -> int:
        """Of the largest replica."""
        return max(one.rss() for one in self.replicas)

    def balancer_cpu(self) -> float:
        return self.balancer.cpu() if self.balancer else 0.0


@asynccontextmanager
async def serving(
    url: str, sandbox: Sandbox, *, replicas: int = 0, rate_limit: int = 0
) -> AsyncIterator[Bot]:
    """A bot on this database behind its webhook, subscribed to the sandbox.

    `replicas` stand behind a balancer, even if it is one; 0 is one without a balancer.
    """
    ports = [_free_port() for _ in range(replicas or 1)]
    environment = _settings(url, sandbox) | {"KAZI_RATE_LIMIT": str(rate_limit)}
    async with AsyncExitStack() as stack:
        bots = []
        for port in ports:
            command = ("bot", "serve", "--port", str(port))
            bots.append(await stack.enter_async_context(_process(*command, **environment)))
            await _ready(port)
        entrance, balancer = ports[0], None
        if replicas:
            entrance, upstreams = _free_port(), [f"http://127.0.0.1:{port}" for port in ports]
            command = ("tests.balancer", str(entrance), *upstreams)
            balancer = await stack.enter_async_context(_process(*command))
            await _ready(entrance, looked_for=405)
        await _subscribe(sandbox, entrance)
        yield Bot(tuple(bots), balancer)


@asynccontextmanager
async def _process(module: str, *arguments: str, **environment: str) -> AsyncIterator[Running]:
    """`python -m module`; what it said is shown when something goes wrong."""
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            stdout=said,
            stderr=said,
        )
        try:
            yield Running(process.pid)
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read().decode()[-4000:])
            raise
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _settings(url: str, sandbox: Sandbox) -> dict[str, str]:
    return {
        "KAZI_BOT_TOKEN": TOKEN,
        "KAZI_DATABASE_URL": url,
        "KAZI_API_URL": sandbox.url,
        "KAZI_WEBHOOK_SECRET": SECRET,
        "KAZI_OWNER_IDS": "",
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _ready(port: int, looked_for: int = 200) -> None:
    until = time.monotonic() + PATIENCE
    async with httpx.AsyncClient() as client:
        while time.monotonic() < until:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == looked_for:
                return
    raise RuntimeError("the bot did not start")


async def _subscribe(sandbox: Sandbox, port: int) -> None:
    wanted = {
        "url": f"http://127.0.0.1:{port}/telegram/{BOT_ID}",
        "secret_token": SECRET,
        "allowed_updates": list(KINDS),
        "max_connections": 100,
    }
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{sandbox.url}/bot{TOKEN}/setWebhook", json=wanted)
    answer.raise_for_status()
