"""The sandbox as a server in the running event loop."""

import time
from collections.abc import Callable

from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from bot.sandbox import control
from bot.sandbox.botapi import BotApi
from bot.sandbox.delivery import DEADLINE, Intake, Pace
from bot.sandbox.loopback import Loopback, Stoppable
from bot.sandbox.payments import Payments
from bot.sandbox.world import World

PAYMENTS = "/payments"


class Sandbox(World, Stoppable):
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
        self._pace = Pace(retry_scale, deadline, duplicate, reorder)
        self._api = BotApi(self)
        self._api.intake = Intake(self, self._pace, self._api.execute)
        self.payments = Payments(clock)
        self._providers = Mount(PAYMENTS, self.payments.app)
        self._pages = control.application(self)
        self._loopback = Loopback(self._serve, host=host, port=port)

    @property
    def url(self) -> str:
        """Where the chat page and, under `/bot<token>/`, the Bot API are."""
        return self._loopback.url

    async def start(self) -> None:
        """Listen; port 0 takes a free one."""
        await self._loopback.start()

    async def stop(self) -> None:
        """Hang up, end what is under way, delete the files."""
        self._api.stopping.set()
        self.events.close()
        await self._api.intake.stop()
        await self.payments.stop()
        await self._loopback.stop()
        self.files.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/bot"):
            await self._api(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(PAYMENTS):
            await self._providers(scope, receive, send)
        else:
            await self._pages(scope, receive, send)
