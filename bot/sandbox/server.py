"""The sandbox as a server in the running event loop."""

import asyncio
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import Receive, Scope, Send

from bot.sandbox import control
from bot.sandbox.botapi import BotApi
from bot.sandbox.delivery import DEADLINE, Intake, Pace
from bot.sandbox.world import World

BACKLOG = 2048
PATIENCE = 3.0  # seconds for answers under way when the sandbox stops


class Sandbox(World):
    """A stand-in for Telegram on loopback.

    `seed` makes chance repeatable; `clock` gives seconds since 1970 and decides what is too old;
    `retry_scale` shortens the waits between deliveries and `deadline` is how many seconds a webhook
    may take; `duplicate` and `reorder` are the shares of deliveries that are repeated or held back
    until other queues overtake them; `history` is how many messages a chat keeps.
    """

    def __init__(  # noqa: PLR0913 - one knob a line, all by name
        self,
        *,
        token: str,
        username: str = "kazi_sandbox_bot",
        name: str = "Kazi",
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        history: int = 1000,
        retry_scale: float = 1.0,
        deadline: float = DEADLINE,
        duplicate: float = 0.0,
        reorder: float = 0.0,
    ) -> None:
        super().__init__(
            token=token, username=username, name=name, seed=seed, clock=clock, history=history
        )
        self.host = host
        self.port = port
        self._pace = Pace(retry_scale, deadline, duplicate, reorder)
        self._api = BotApi(self)
        self._api.intake = Intake(self, self._pace, self._api.execute)
        self._pages = control.application(self)
        self._server: uvicorn.Server | None = None
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where the chat page and, under `/bot<token>/`, the Bot API are."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen; port 0 takes a free one."""
        listening = socket.create_server((self.host, self.port), backlog=BACKLOG)
        # asyncio does this only for sockets that name their protocol; 40 ms an answer without it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = listening
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            ws="none",
            timeout_keep_alive=75,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        # Not serve(): that takes the process's signals, which belong to the program around us.
        await self._server.startup(sockets=[listening])

    async def stop(self) -> None:
        """Hang up, end what is under way, delete the files."""
        self._api.stopping.set()
        self.events.close()
        await self._api.intake.stop()
        if self._server is not None and self._socket is not None:
            await _hang_up(self._server)
            self._server = None
            self._socket.close()
        self.files.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/bot"):
            await self._api(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


async def _hang_up(server: uvicorn.Server) -> None:
    """What uvicorn's shutdown does, without its fixed tenth of a second: tests stop often."""
    for listener in server.servers:
        listener.close()
    state = server.server_state
    for connection in list(state.connections):
        connection.shutdown()
    try:
        async with asyncio.timeout(PATIENCE):
            while state.connections or state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.002)
    except TimeoutError:
        for task in state.tasks:
            task.cancel()
