"""The bot as an operator runs it: a process of its own, to be killed at any moment."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.life import OWNER, SECRET, TOKEN

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = Path(__file__).with_name("launcher.py")
BYTECODE = "/tmp/kazi-chaos-bytecode"  # a cold start must not compile 200 files
STOPPING = 15  # seconds that SIGTERM may take
ASKED = 0.3  # seconds until the first of two signals is heard
NO_DATABASE = "The database does not answer"
COMMANDS = {"polling": "run", "webhook": "serve"}


class Starter(Protocol):
    """How a bot's process comes to be."""

    async def start(self, command: str, environment: dict[str, str], log: Path) -> int:
        """The process id."""
        ...

    async def wait(self, pid: int) -> int:
        """The exit code, when it has one."""
        ...

    async def ended(self, pid: int) -> int | None:
        """The exit code; None while it lives."""
        ...

    async def close(self) -> None:
        """Leave no process behind, whatever went wrong."""
        ...


class Cold:
    """`python -m bot`, from nothing: about two seconds."""

    def __init__(self) -> None:
        self._processes: dict[int, Process] = {}

    async def start(self, command: str, environment: dict[str, str], log: Path) -> int:
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", command),
                env=environment,
                cwd=log.parent,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._processes[process.pid] = process
        return process.pid

    async def wait(self, pid: int) -> int:
        return await self._processes[pid].wait()

    async def ended(self, pid: int) -> int | None:
        return self._processes[pid].returncode

    async def close(self) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()
                await process.wait()


class Warm:
    """Forks of a process that has loaded the code: more deaths, less waiting. See launcher.py."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def start(self, command: str, environment: dict[str, str], log: Path) -> int:
        how = {"command": command, "environment": environment, "log": str(log)}
        return int(await self._order("start", how))

    async def wait(self, pid: int) -> int:
        return int(await self._order("wait", pid))

    async def ended(self, pid: int) -> int | None:
        code: int | None = await self._order("ended", pid)
        return code

    async def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()  # the launcher ends the bots and itself
            await self._process.wait()

    async def _order(self, order: str, what: object) -> Any:
        async with self._turn:
            if self._process is None:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, str(LAUNCHER)), env=_inherited(), stdin=PIPE, stdout=PIPE
                )
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps({order: what}).encode() + b"\n")
            return json.loads(await self._process.stdout.readline())


class BotProcess:
    """One bot; `start` and `kill` as often as wanted. Everything it says goes to one file."""

    def __init__(
        self, mode: str, *, database_url: str, api_url: str, folder: Path, starter: Starter
    ) -> None:
        self.mode = mode
        self.log = folder / "bot.log"
        self._clock = folder / "clock"
        self._environment = _environment(database_url, api_url, self._clock)
        self._starter = starter
        self._pid = 0

    async def start(self) -> None:
        self._pid = await self._starter.start(COMMANDS[self.mode], self._environment, self.log)

    async def kill(self) -> None:
        """As when the power goes: no handler runs, nothing is given back."""
        os.kill(self._pid, signal.SIGKILL)
        self._explain(await self._starter.wait(self._pid))

    async def revive(self) -> None:
        """As a supervisor does it: who could not begin without the database begins again."""
        code = await self._starter.ended(self._pid)
        if code is not None:
            self._explain(code)
            await self.start()

    def _explain(self, code: int) -> None:
        """Nobody ends by itself, unless it says that the database is away."""
        said = self.said()[-2000:]
        without = code == 1 and NO_DATABASE in said
        assert code == -signal.SIGKILL or without, f"the bot ended by itself: {said}"

    def freeze(self) -> None:
        """As a machine that stands still: nothing runs, everything is kept."""
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        os.kill(self._pid, signal.SIGCONT)

    def set_clock(self, seconds: float) -> None:
        """Put its own clock so many seconds ahead of everybody else's (see launcher.py)."""
        self._clock.write_text(str(seconds))

    async def stop(self, *, hurry: bool = False) -> int:
        """As a deployment does it; the exit code. In a hurry no balancer is waited for."""
        os.kill(self._pid, signal.SIGTERM)
        if hurry:
            await asyncio.sleep(ASKED)
            os.kill(self._pid, signal.SIGTERM)
        async with asyncio.timeout(STOPPING):
            return await self._starter.wait(self._pid)

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


@asynccontextmanager
async def starting(*, cold: bool) -> AsyncIterator[Starter]:
    """One for all the bots of a test; none of them outlives it."""
    starter: Starter = Cold() if cold else Warm()
    try:
        yield starter
    finally:
        await starter.close()


def _environment(database_url: str, api_url: str, clock: Path) -> dict[str, str]:
    port = free_port()
    return _inherited() | {
        "KAZI_BOT_TOKEN": TOKEN,
        "KAZI_DATABASE_URL": database_url,
        "KAZI_API_URL": api_url,
        "KAZI_OWNER_IDS": str(OWNER),
        "KAZI_PORT": str(port),
        "KAZI_WEBHOOK_URL": f"http://127.0.0.1:{port}",
        "KAZI_WEBHOOK_SECRET": SECRET,
        "KAZI_RATE_LIMIT": "0",
        "KAZI_CHAOS_CLOCK": str(clock),
    }


def _inherited() -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("KAZI_") or key.startswith(("KAZI_CHAOS_", "KAZI_DATA_KEY"))
    }
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": BYTECODE}


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
