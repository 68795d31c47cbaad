"""An ASGI app served in the running event loop: quick to answer, and quick to stop."""

import asyncio
import socket
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

BACKLOG = 2048
PATIENCE = 3.0  # seconds for answers under way when it stops


class Stoppable(ABC):
    """What runs for the length of an `async with`."""

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def stop(self) -> None: ...

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


class Loopback(Stoppable):
    """A server for programs that play several parts at once: sandbox, replays, tests."""

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._app = app
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        """The address that people and programs use."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen; port 0 takes a free one."""
        listening = socket.create_server((self.host, self.port), backlog=BACKLOG)
        # asyncio does this only for sockets that name their protocol; 40 ms an answer without it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = listening
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app,
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
        """Finish the answers under way and hang up."""
        if self._server is not None and self._socket is not None:
            await _hang_up(self._server)
            self._server = None
            self._socket.close()


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
