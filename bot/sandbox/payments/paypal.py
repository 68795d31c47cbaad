"""PayPal's Payouts API as documented: asynchronous batches whose names are refused for 30 days.

A payout is paid when it is taken; its state moves on with every look at it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.payments.book import Book, Paid, answer
from bot.sandbox.payments.tokens import LIFE, Tokens

REMEMBERED = 30 * 24 * 3600.0  # seconds
MOST = 15_000
STATES = ("PENDING", "PROCESSING", "SUCCESS")
WHOLE = ("HUF", "JPY", "TWD")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(slots=True)
class Batch:
    """A payout that was taken."""

    id: str
    name: str
    at: float
    items: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0
    state: str = ""  # DENIED or CANCELED, which end it

    def status(self) -> str:
        return self.state or STATES[min(self.looks, len(STATES) - 1)]


class PayPal:
    """Answers under `/paypal`.

    `accounts` says what is wrong with a receiver: an error's name, like RECEIVER_UNREGISTERED.
    `funds` is what the payer has by currency (None: enough).
    """

    def __init__(self, book: Book, client: str, secret: str, clock: Callable[[], float]) -> None:
        self.accounts: dict[str, str] = {}
        self.funds: dict[str, Decimal] | None = None
        self.batches: dict[str, Batch] = {}
        self.tokens = Tokens(client, secret, clock)
        self._book = book
        self._clock = clock
        self._items: dict[str, float] = {}  # when each sender_item_id was taken

    def routes(self) -> list[Route]:
        answering = self._book.answering
        return [
            Route("/v1/oauth2/token", answering("paypal", "token", self._token), methods=["POST"]),
            Route(
                "/v1/payments/payouts",
                answering("paypal", "submit", self._create),
                methods=["POST"],
            ),
            Route("/v1/payments/payouts/{id}", answering("paypal", "query", self._show)),
        ]

    def give_back(self, receiver: str) -> None:
        """Thirty days later: what a receiver has not claimed comes back."""
        for batch in self.batches.values():
            for item in batch.items:
                unclaimed = item["transaction_status"] == "UNCLAIMED"
                if unclaimed and item["payout_item"]["receiver"] == receiver:
                    item["transaction_status"] = "RETURNED"

    async def _token(self, request: Request) -> Response:
        body = (await request.body()).decode()
        if not self.tokens.known(request) or "grant_type=client_credentials" not in body:
            return answer({"error": "invalid_client"}, 401)
        token = {"access_token": self.tokens.issue(), "token_type": "Bearer", "expires_in": LIFE}
        return answer(token)

    async def _create(self, request: Request) -> Response:
        if not self.tokens.valid(request):
            return _error(401, "INVALID_TOKEN")
        asked = await request.json()
        name, items = asked["sender_batch_header"]["sender_batch_id"], asked["items"]
        if (used := self._used(name)) is not None:
            details = [{"field": "SENDER_BATCH_ID", "issue": "Duplicate batch request"}]
            links = [{"href": f"{request.url}/{used.id}", "rel": "self", "method": "GET"}]
            return _error(400, "USER_BUSINESS_ERROR", details, links)
        if faults := _faults(items):
            return _error(400, "VALIDATION_ERROR", faults)
        if not self._affordable(items):
            return _error(422, "INSUFFICIENT_FUNDS")
        batch = Batch(f"PB{len(self.batches) + 1:011d}", name, self._clock())
        self.batches[batch.id] = batch
        batch.items = [self._take(batch, one) for one in items]
        return answer({"batch_header": _header(batch), "links": []}, 201)

    def _used(self, name: str) -> Batch | None:
        recent = self._clock() - REMEMBERED
        found = (one for one in self.batches.values() if one.name == name and one.at > recent)
        return next(found, None)

    def _affordable(self, items: list[dict[str, Any]]) -> bool:
        if self.funds is None:
            return True
        currency = items[0]["amount"]["currency"]
        wanted = sum(Decimal(one["amount"]["value"]) for one in items)
        if self.funds.get(currency, Decimal(0)) < wanted:
            return False
        self.funds[currency] -= wanted
        return True

    def _take(self, batch: Batch, item: dict[str, Any]) -> dict[str, Any]:
        reference, now = item["sender_item_id"], self._clock()
        error = self.accounts.get(item["receiver"], "")
        if now - self._items.get(reference, now - REMEMBERED) < REMEMBERED:
            error = "DUPLICATE_ITEM"
        self._items[reference] = now
        status = {"": "SUCCESS", "RECEIVER_UNREGISTERED": "UNCLAIMED"}.get(error, "FAILED")
        number = f"{batch.id[2:]}{len(self._items):06d}"
        if status == "SUCCESS":
            amount = item["amount"]
            paid = Paid("paypal", reference, item["receiver"], amount["value"], amount["currency"])
            self._book.pay(paid)
        return {
            "payout_item_id": f"PI{number}",
            "transaction_id": f"TX{number}",
            "transaction_status": status,
            "payout_batch_id": batch.id,
            "payout_item": item,
            **({"errors": {"name": error, "message": error}} if error else {}),
        }

    async def _show(self, request: Request) -> Response:
        if not self.tokens.valid(request):
            return _error(401, "INVALID_TOKEN")
        batch = self.batches.get(request.path_params["id"])
        if batch is None:
            return _error(404, "INVALID_RESOURCE_ID")
        size = min(int(request.query_params.get("page_size", 1000)), 1000)
        start = (int(request.query_params.get("page", 1)) - 1) * size
        shown = [_seen(one, batch.status()) for one in batch.items[start : start + size]]
        body = {"batch_header": _header(batch), "items": shown, "total_items": len(batch.items)}
        batch.looks += 1
        return answer(body)


def _seen(item: dict[str, Any], status: str) -> dict[str, Any]:
    """An item while its batch is under way has no result yet, nor has one that was denied."""
    if status == "SUCCESS":
        return item
    hidden = {"transaction_id", "errors"}
    return {key: value for key, value in item.items() if key not in hidden} | {
        "transaction_status": "PENDING"
    }


def _header(batch: Batch) -> dict[str, Any]:
    return {
        "payout_batch_id": batch.id,
        "batch_status": batch.status(),
        "sender_batch_header": {"sender_batch_id": batch.name},
    }


def _faults(items: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the first check finds: one bad item refuses all."""
    found = []
    if not 0 < len(items) <= MOST or len({one["amount"]["currency"] for one in items}) > 1:
        found.append({"field": "items", "issue": "Invalid number of items or currencies"})
    for number, item in enumerate(items):
        if not _EMAIL.fullmatch(item["receiver"]):
            found.append({"field": f"items[{number}].receiver", "issue": "Receiver is invalid"})
        if not _payable(item["amount"]):
            found.append({"field": f"items[{number}].amount", "issue": "Amount is invalid"})
    return found


def _payable(amount: dict[str, str]) -> bool:
    try:
        value = Decimal(amount["value"])
    except InvalidOperation:
        return False
    places = 0 if amount["currency"] in WHOLE else 2
    return value > 0 and value == value.quantize(Decimal(1).scaleb(-places))


def _error(
    status: int,
    name: str,
    details: list[dict[str, str]] | None = None,
    links: list[dict[str, str]] | None = None,
) -> Response:
    body = {"name": name, "message": name, "debug_id": "0", "details": details or []}
    return answer(body | {"links": links or []}, status)
