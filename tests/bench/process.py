"""The bot as a process of its own, and what the system says it costs."""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
class Bot:
    """A running `kazi serve`."""

    pid: int

    def cpu(self) -> float:
        """Seconds of processor time so far, its own and the system's on its behalf."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss(self) -> int:
        """Bytes of memory in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def serving(url: str, sandbox: Sandbox) -> AsyncIterator[Bot]:
    """A bot on this database behind its webhook, subscribed to the sandbox."""
    port = _free_port()
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "serve", "--port", str(port)),
            env=os.environ | _settings(url, sandbox),
            stdout=said,
            stderr=said,
        )
        try:
            await _ready(process, port)
            await _subscribe(sandbox, port)
            yield Bot(process.pid)
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
        "PYTHONPATH": str(ROOT),
        "KAZI_BOT_TOKEN": TOKEN,
        "KAZI_DATABASE_URL": url,
        "KAZI_API_URL": sandbox.url,
        "KAZI_WEBHOOK_SECRET": SECRET,
        "KAZI_OWNER_IDS": "",
        "KAZI_RATE_LIMIT": "0",
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _ready(process: asyncio.subprocess.Process, port: int) -> None:
    until = time.monotonic() + PATIENCE
    async with httpx.AsyncClient() as client:
        while process.returncode is None and time.monotonic() < until:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/readyz")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
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
