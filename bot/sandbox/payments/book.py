"""What the stand-ins paid, and what goes wrong with them on purpose."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KINDS = ("hang", "cut", "500", "503", "429")
CALLS = ("*", "token", "submit", "query")
Act = Callable[[Request], Awaitable[Response]]


class Paid(NamedTuple):
    """Money that left: `amount` as the provider was told it."""

    rail: str
    reference: str
    destination: str
    amount: str
    currency: str


@dataclass(slots=True)
class Fault:
    """Which calls go wrong and how, `count` of them (None: no end).

    With `after` the call takes effect although its answer fails; a hanging one closes the
    connection after `seconds`.
    """

    call: str = "*"
    kind: str = "500"
    after: bool = False
    count: int | None = 1
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.call not in CALLS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, call of {', '.join(CALLS)}")


@dataclass(slots=True)
class Book:
    """The money and the faults of all stand-ins together."""

    paid: list[Paid] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each was called: "paypal submit"."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def pay(self, paid: Paid) -> None:
        self.paid.append(paid)

    def times(self, reference: str) -> int:
        """How often a reference was paid: once, or something is wrong."""
        return sum(one.reference == reference for one in self.paid)

    def total(self, currency: str) -> Decimal:
        """Everything that was paid in a currency."""
        return sum(
            (Decimal(one.amount) for one in self.paid if one.currency == currency), Decimal(0)
        )

    def answering(self, rail: str, call: str, act: Act) -> Act:
        """A route that goes wrong when a fault says so."""

        async def route(request: Request) -> Response:
            self.calls[f"{rail} {call}"] += 1
            fault = self._fault(call)
            if fault is None:
                return await act(request)
            if fault.after:
                await act(request)
            return await self._failure(fault)

        return route

    def _fault(self, call: str) -> Fault | None:
        for fault in self.faults:
            if fault.call in ("*", call) and fault.count != 0:
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    async def _failure(self, fault: Fault) -> Response:
        if fault.kind == "hang":
            try:
                async with asyncio.timeout(fault.seconds):
                    await self.stopping.wait()
            except TimeoutError:
                pass
        if fault.kind in ("hang", "cut"):
            return Cut()
        return Response("<html>Service Unavailable</html>", int(fault.kind), media_type="text/html")


class Cut(Response):
    """Promises more than comes; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok":tr', "more_body": True})


def answer(value: object, status: int = 200) -> Response:
    """JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")
