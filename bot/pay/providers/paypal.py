"""PayPal Payouts: files for its web page, and its API.

The API refuses a `sender_batch_id` that it had within 30 days and links to the payout that has it,
so the same call may be made again after a time-out. It refuses no repeated `sender_item_id` for
certain, and finds a payout again only by the id that it gave. No `PayPal-Request-Id` is sent: with
one, other payments under a name used before would look as if they had been taken.
https://developer.paypal.com/api/payments.payouts-batch/v1
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from bot import money
from bot.i18n import N_
from bot.pay.providers import addresses, tables
from bot.pay.providers.provider import ApiProvider, File, Outcome, Payment, Refused, State, Wire
from bot.pay.providers.values import listed, mapped, read, text
from bot.pay.providers.wire import Answer, Login
from bot.settings import Settings

ROWS = 5000  # of one file
NOTE = 1000
PAGE = 1000  # items of one answer
PAYOUTS = "/v1/payments/payouts"

# developer.paypal.com/api/rest/reference/currency-codes, and those that have no decimals there.
CURRENCIES = frozenset(
    {"AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"}
    | {"JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"}
)
WHOLE = frozenset({"HUF", "JPY", "TWD"})

STATES: dict[str, State] = {
    "SUCCESS": "settled",
    "FAILED": "failed",
    "RETURNED": "failed",
    "REFUNDED": "failed",
    "REVERSED": "failed",
    "PENDING": "pending",
    "UNCLAIMED": "pending",  # comes back by itself after 30 days
    "ONHOLD": "pending",
    "BLOCKED": "pending",  # until PayPal or a person undoes it
}
STATE_REASONS = {"RETURNED": "unclaimed", "REFUNDED": "declined", "ONHOLD": "review"}
ERROR_REASONS = {
    "RECEIVER_UNREGISTERED": "unregistered",
    "RECEIVER_UNCONFIRMED": "unregistered",
    "INVALID_EMAIL": "destination",
    "SELF_PAY_NOT_ALLOWED": "destination",
    "RECEIVER_ACCOUNT_LOCKED": "restricted",
    "RECEIVER_ACCOUNT_LIMITATION": "restricted",
    "RECEIVER_STATE_RESTRICTED": "restricted",
    "RECEIVER_YOUTH_ACCOUNT": "restricted",
    "RECEIVER_REFUSED": "declined",
    "TRANSACTION_DECLINED_BY_TRAVEL_RULE": "restricted",
    "REGULATORY_BLOCKED": "restricted",
    "REGULATORY_PENDING": "review",
    "RISK_DECLINE": "restricted",
    "RECEIVING_LIMIT_EXCEEDED": "limit",
    "TRANSACTION_LIMIT_EXCEEDED": "limit",
    "SPENDING_LIMIT_EXCEEDED": "limit",
    "NON_HOLDING_CURRENCY": "currency",
    "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER": "currency",
    "RECEIVER_COUNTRY_NOT_ALLOWED": "country",
    "CLOSED_MARKET": "country",
    "INSUFFICIENT_FUNDS": "funds",
    "DUPLICATE_ITEM": "duplicate",
    "AUTHORIZATION_ERROR": "credentials",
    "REQUIRED_SCOPE_MISSING": "credentials",
    "SENDER_ACCOUNT_UNVERIFIED": "credentials",
    "SENDER_EMAIL_UNCONFIRMED": "credentials",
    "CIP_NOT_VERIFIED": "credentials",
    "VALIDATION_ERROR": "request",
}
_ITEM = re.compile(r"items\[(\d+)\]")
_PAYOUT = re.compile(r"/payments/payouts/([A-Za-z0-9_-]+)")


class PayPal(ApiProvider):
    name = "paypal"
    title = N_("PayPal")
    asks = N_("Write the e-mail address of your PayPal account, like amina@example.com.")
    currencies = CURRENCIES
    at_once = 15_000
    repeatable = timedelta(days=29)  # a day less than PayPal remembers

    def check(self, written: str) -> str:
        return addresses.email(written)

    def unit(self, currency: str) -> int:
        return money.MICRO if currency in WHOLE else money.unit(currency)

    def files(
        self, batch: str, payments: Sequence[Payment], template: bytes | None = None
    ) -> list[File]:
        """For the web page: no header, one currency and at most 5,000 rows a file."""
        return [
            File(f"{batch}-{end}.csv", tables.written([self._row(one) for one in part]))
            for end, part in tables.cut(payments, ROWS)
        ]

    def configured(self, settings: Settings) -> bool:
        return bool(
            settings.paypal_client_id.get_secret_value()
            and settings.paypal_client_secret.get_secret_value()
        )

    async def submit(self, wire: Wire, batch: str, payments: Sequence[Payment]) -> list[Outcome]:
        if len(payments) > self.at_once or len({one.currency for one in payments}) > 1:
            raise ValueError("one currency and at most 15,000 payments a call")
        request = {
            "sender_batch_header": {"sender_batch_id": batch},
            "items": [self._item(one) for one in payments],
        }
        answer = await _call(wire, "POST", PAYOUTS, request)
        if answer.status < 300:
            handle = text(mapped(answer.body, "batch_header"), "payout_batch_id")
            return [Outcome(one.reference, "pending", handle=handle) for one in payments]
        if _used_before(answer):
            found = _PAYOUT.search(str(answer.body.get("links")))
            handle = found[1] if found else ""
            return await self.query(wire, batch, payments, handle)
        raise _refused(answer, payments)

    async def query(
        self, wire: Wire, batch: str, payments: Sequence[Payment], handle: str = ""
    ) -> list[Outcome]:
        header, items = await _details(wire, handle) if handle else ({}, {})
        if text(mapped(header, "sender_batch_header"), "sender_batch_id") != batch:
            return [_unknown(one, handle) for one in payments]
        return [self._found(one, header, items, handle) for one in payments]

    def results(self, payload: bytes, *, timed_out: bool = False) -> list[Outcome]:
        """A webhook about one item; not signed here, so ask before believing it."""
        resource = mapped(read(payload), "resource")
        reference = text(mapped(resource, "payout_item"), "sender_item_id")
        if not reference:
            raise ValueError("no payout item")
        return [_outcome(reference, resource, text(resource, "payout_batch_id"))]

    def _row(self, payment: Payment) -> tuple[str, ...]:
        return (
            tables.exact(payment.destination),
            self.amount(payment),
            payment.currency,
            tables.exact(payment.reference),
            tables.words(payment.note),
            "PAYPAL",
        )

    def _item(self, payment: Payment) -> dict[str, object]:
        return {
            "recipient_type": "EMAIL",
            "receiver": payment.destination,
            "amount": {"value": self.amount(payment), "currency": payment.currency},
            "note": payment.note[:NOTE],
            "sender_item_id": payment.reference,
        }

    def _found(
        self, payment: Payment, header: Any, items: dict[str, dict[str, Any]], handle: str
    ) -> Outcome:
        item, state = items.get(payment.reference), text(header, "batch_status")
        if item is None and state in ("DENIED", "CANCELED"):
            return Outcome(payment.reference, "failed", reason=_reason(header), handle=handle)
        if item is None and state != "SUCCESS":  # it is still being read
            return Outcome(payment.reference, "pending", handle=handle)
        if item is None or not self._same(payment, mapped(item, "payout_item")):
            return _unknown(payment, handle)
        return _outcome(payment.reference, item, handle)

    def _same(self, payment: Payment, item: dict[str, Any]) -> bool:
        """Whether PayPal has what we would have sent: after a restore it may be another's."""
        amount = mapped(item, "amount")
        there = (text(amount, "value"), text(amount, "currency"), text(item, "receiver").lower())
        try:
            value = money.parse(f"{there[0]} {payment.currency}").micro
        except money.NotMoney:
            return False
        ours = (payment.amount, payment.currency, payment.destination.lower())
        return (value, there[1], there[2]) == ours


async def _call(wire: Wire, method: str, path: str, content: object = None) -> Answer:
    settings = wire.settings
    login = Login(
        settings.paypal_url,
        settings.paypal_client_id,
        settings.paypal_client_secret,
        "POST",
        "/v1/oauth2/token",
        b"grant_type=client_credentials",
    )
    return await wire.call_as(login, method, path, content)


async def _details(wire: Wire, handle: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The payout's header and its items by our references, of all pages."""
    items: dict[str, dict[str, Any]] = {}
    page = 1
    while True:
        path = f"{PAYOUTS}/{quote(handle, safe='')}?page={page}&page_size={PAGE}"
        answer = await _call(wire, "GET", f"{path}&total_required=true")
        if answer.status == 404:
            return {}, {}
        if answer.status >= 300:
            raise _refused(answer, ())
        header, found = mapped(answer.body, "batch_header"), listed(answer.body, "items")
        items |= {text(mapped(one, "payout_item"), "sender_item_id"): one for one in found}
        if len(found) < PAGE:
            return header, items
        page += 1


def _used_before(answer: Answer) -> bool:
    fields = [text(one, "field").upper() for one in listed(answer.body, "details")]
    return any("SENDER_BATCH_ID" in one for one in fields) and bool(
        text(answer.body, "name") == "USER_BUSINESS_ERROR"
    )


def _refused(answer: Answer, payments: Sequence[Payment]) -> Refused:
    """PayPal takes all or nothing, and names the items that it could not read."""
    fields = " ".join(text(one, "field") for one in listed(answer.body, "details"))
    at_fault = sorted({int(number) for number in _ITEM.findall(fields)})
    names = tuple(payments[number].reference for number in at_fault if number < len(payments))
    if answer.status in (401, 403) and text(answer.body, "name") not in ERROR_REASONS:
        return Refused("credentials")
    return Refused(ERROR_REASONS.get(text(answer.body, "name"), "other"), names)


def _outcome(reference: str, item: dict[str, Any], handle: str) -> Outcome:
    status = text(item, "transaction_status")
    state = STATES.get(status, "unknown")
    reason = "" if state == "settled" else STATE_REASONS.get(status) or _reason(item)
    if reason == "duplicate":  # paid before, under another batch: certainly no failure
        state = "unknown"
    if state in ("pending", "unknown") and reason == "other":
        reason = ""
    return Outcome(reference, state, text(item, "transaction_id"), reason, handle)


def _reason(item: dict[str, Any]) -> str:
    return ERROR_REASONS.get(text(mapped(item, "errors"), "name"), "other")


def _unknown(payment: Payment, handle: str) -> Outcome:
    return Outcome(payment.reference, "unknown", handle=handle)
