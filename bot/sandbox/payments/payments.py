"""Both stand-ins and their control interface as one ASGI app."""

import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.sandbox.payments.book import Book, Fault, answer
from bot.sandbox.payments.mpesa import MODES, MPesa
from bot.sandbox.payments.paypal import PayPal

CLIENT, SECRET, PASSWORD = "sandbox-client", "sandbox-secret", "sandbox-password"


class Payments:
    """The stand-ins. `clock` gives seconds since 1970 and decides what is forgotten."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.book = Book()
        self.paypal = PayPal(self.book, CLIENT, SECRET, clock)
        self.mpesa = MPesa(self.book, CLIENT, SECRET, PASSWORD, clock)
        self.app = Starlette(
            routes=[
                Mount("/paypal", routes=self.paypal.routes()),
                Mount("/mpesa", routes=self.mpesa.routes()),
                Route("/control/paid", self._paid),
                Route("/control/faults", self._faults, methods=["GET", "POST", "DELETE"]),
                Route("/control/mpesa", self._mpesa, methods=["POST"]),
                Route("/control/paypal", self._paypal, methods=["POST"]),
            ]
        )

    def settings(self, address: str) -> dict[str, Any]:
        """What a bot's settings are to pay here, where this app is served at `address`."""
        return {
            "paypal_url": f"{address}/paypal",
            "paypal_client_id": CLIENT,
            "paypal_client_secret": SECRET,
            "mpesa_url": f"{address}/mpesa",
            "mpesa_consumer_key": CLIENT,
            "mpesa_consumer_secret": SECRET,
            "mpesa_initiator": "testapi",
            "mpesa_initiator_password": PASSWORD,
            "mpesa_certificate": self.mpesa.certificate,
            "mpesa_shortcode": "600997",
        }

    async def stop(self) -> None:
        """End what hangs, and wait for callbacks under way."""
        self.book.stopping.set()
        await self.mpesa.stop()

    async def _paid(self, _: Request) -> Response:
        """Everything that was paid, and how often each reference was."""
        paid = self.book.paid
        times = {one.reference: self.book.times(one.reference) for one in paid}
        totals = {one.currency: str(self.book.total(one.currency)) for one in paid}
        return answer({"paid": [one._asdict() for one in paid], "times": times, "totals": totals})

    async def _faults(self, request: Request) -> Response:
        """See, add or end faults."""
        if request.method == "DELETE":
            self.book.faults.clear()
        if request.method == "POST":
            try:
                self.book.faults.append(Fault(**await request.json()))
            except (TypeError, ValueError) as error:
                return answer({"error": str(error)}, 400)
        return answer(self.book.faults)

    async def _mpesa(self, request: Request) -> Response:
        """When results come (`results`), what numbers answer (`numbers`), `release` of the held."""
        asked = await request.json()
        if asked.get("results", "after") not in MODES:
            return answer({"error": f"results is one of {', '.join(MODES)}"}, 400)
        self.mpesa.results = asked.get("results", self.mpesa.results)
        self.mpesa.numbers |= asked.get("numbers", {})
        if asked.get("release"):
            await self.mpesa.release()
        return answer({"results": self.mpesa.results, "numbers": self.mpesa.numbers})

    async def _paypal(self, request: Request) -> Response:
        """What is wrong with receivers (`accounts`), `give_back` to one who claimed nothing."""
        asked = await request.json()
        self.paypal.accounts |= asked.get("accounts", {})
        self.paypal.give_back(asked.get("give_back", ""))
        return answer({"accounts": self.paypal.accounts})
