"""The bot as an operator runs it: a process of its own, to be killed at any moment."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Protocol

from tests.life import OWNER, SECRET, TOKEN

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = Path(__file__).with_name("launcher.py")
BYTECODE = "/tmp/kazi-chaos-bytecode"  # a cold start must not compile 200 files
STOPPING = 15  # seconds that SIGTERM may take
COMMANDS = {"polling": "run", "webhook": "serve"}


class Starter(Protocol):
    """How a bot's process comes to be."""

    async def start(self, command: str) -> int:
        """The process id."""
        ...

    async def wait(self) -> int:
        """The exit code, when it has one."""
        ...

    async def close(self) -> None: ...


class Cold:
    """`python -m bot`, from nothing: about two seconds."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment, self._log = environment, log
        self._process: Process | None = None

    async def start(self, command: str) -> int:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", command),
                env=self._environment,
                cwd=self._log.parent,
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self._process.pid

    async def wait(self) -> int:
        assert self._process is not None
        return await self._process.wait()

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Warm:
    """A fork of a process that has loaded the code: more deaths, less waiting. See launcher.py."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment, self._log = environment, log
        self._process: Process | None = None

    async def start(self, command: str) -> int:
        return await self._order(f"start {command}")

    async def wait(self) -> int:
        return await self._order("wait")

    async def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()  # the launcher ends the bot and itself
            await self._process.wait()

    async def _order(self, words: str) -> int:
        if self._process is None:
            self._process = await self._launch()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{words}\n".encode())
        return int(await self._process.stdout.readline())

    async def _launch(self) -> Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, str(LAUNCHER), str(self._log)),
                env=self._environment,
                cwd=self._log.parent,
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
            )


class BotProcess:
    """One bot; `start` and `kill` as often as wanted. Everything it says goes to one file."""

    def __init__(
        self, mode: str, *, database_url: str, api_url: str, folder: Path, cold: bool
    ) -> None:
        self.mode = mode
        self.log = folder / "bot.log"
        environment = _environment(database_url, api_url)
        self._starter: Starter = (Cold if cold else Warm)(environment, self.log)
        self._environment = environment
        self._pid = 0

    async def start(self) -> None:
        self._pid = await self._starter.start(COMMANDS[self.mode])

    async def kill(self) -> None:
        """As when the power goes: no handler runs, nothing is given back."""
        os.kill(self._pid, signal.SIGKILL)
        code = await self._starter.wait()
        assert code == -signal.SIGKILL, f"the bot ended by itself: {self.said()[-2000:]}"

    async def stop(self) -> int:
        """As a deployment does it; the exit code."""
        os.kill(self._pid, signal.SIGTERM)
        async with asyncio.timeout(STOPPING):
            return await self._starter.wait()

    @property
    def address(self) -> str:
        """Where it listens."""
        return self._environment["KAZI_WEBHOOK_URL"]

    def webhook(self) -> dict[str, object]:
        """What `kazi webhook set` tells Telegram."""
        return {
            "url": f"{self.address}/telegram/{TOKEN.partition(':')[0]}",
            "secret_token": SECRET,
            "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
        }

    def said(self) -> str:
        """All that every process of this bot wrote to its terminal."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    async def close(self) -> None:
        """Leave no process behind, whatever went wrong."""
        await self._starter.close()


def _environment(database_url: str, api_url: str) -> dict[str, str]:
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("KAZI_") or key.startswith(("KAZI_CHAOS_", "KAZI_DATA_KEY"))
    }
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    port = free_port()
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": BYTECODE,
        "KAZI_BOT_TOKEN": TOKEN,
        "KAZI_DATABASE_URL": database_url,
        "KAZI_API_URL": api_url,
        "KAZI_OWNER_IDS": str(OWNER),
        "KAZI_PORT": str(port),
        "KAZI_WEBHOOK_URL": f"http://127.0.0.1:{port}",
        "KAZI_WEBHOOK_SECRET": SECRET,
        "KAZI_RATE_LIMIT": "0",
    }


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
