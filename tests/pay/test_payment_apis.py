"""PayPal's and M-Pesa's clients over real HTTP against their stand-ins, with every fault."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from bot.pay.providers import PROVIDERS
from bot.pay.providers.mpesa import LATE, MPesa
from bot.pay.providers.paypal import PayPal
from bot.pay.providers.provider import (
    REASONS,
    ApiProvider,
    Outcome,
    Payment,
    Refused,
    Uncertain,
    Unreachable,
    Wire,
)
from bot.sandbox import Sandbox
from bot.sandbox.loopback import Loopback
from bot.sandbox.payments import Fault, Payments
from bot.sandbox.payments.book import answer
from bot.sandbox.server import PAYMENTS
from bot.settings import Settings

DAY = 24 * 3600.0
KEEP_OUT = "nobody-guesses-this"
PAYPAL, MPESA = PROVIDERS["paypal"], PROVIDERS["mpesa"]
assert isinstance(PAYPAL, PayPal)
assert isinstance(MPESA, MPesa)
RAILS: list[ApiProvider] = [PAYPAL, MPESA]


class Bank:
    """The stand-ins, a wire to them, and the callbacks that came."""

    def __init__(self, payments: Payments) -> None:
        self.payments, self.book = payments, payments.book
        self.now = 1_800_000_000.0
        self.callbacks: list[Outcome] = []
        self.wire: Wire
        self.address = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        routes = [
            Route("/payments/mpesa/{secret:path}", self.callback, methods=["POST"]),
            Mount("/bank", self.payments.app),
        ]
        await Starlette(routes=routes)(scope, receive, send)

    async def callback(self, request: Request) -> Response:
        late = request.url.path.endswith(LATE)
        assert request.path_params["secret"].removesuffix(LATE) == KEEP_OUT
        self.callbacks += MPESA.results(await request.body(), timed_out=late)
        return Response("{}")

    def patience(self, seconds: float) -> None:
        self.wire.settings = self.wire.settings.model_copy(update={"provider_timeout": seconds})

    def fault(self, call: str, kind: str, **more: Any) -> None:
        self.book.faults.append(Fault(call, kind, **more))


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    payments = Payments(clock=lambda: bank.now)
    bank = Bank(payments)
    async with Loopback(bank) as here, aiohttp.ClientSession() as session:
        bank.address = f"{here.url}/bank"
        settings = Settings(
            webhook_url=here.url,
            mpesa_callback_secret=KEEP_OUT,
            **payments.settings(bank.address),
        )
        bank.wire = Wire(session, settings)
        yield bank
        await payments.stop()


async def until(happened: Callable[[], bool]) -> None:
    while not happened():
        await asyncio.sleep(0.01)


def dollars(number: int, receiver: str = "") -> Payment:
    return Payment(
        f"kazi-{number}", receiver or f"w{number}@example.com", 5_450_000, "USD", "Week 47", "W"
    )


def shillings(number: int, phone: str = "254712345678", amount: int = 100) -> Payment:
    return Payment(f"kazi-{number}", phone, amount * 1_000_000, "KES", "Week 47", "W")


def of(rail: ApiProvider, number: int = 1) -> Payment:
    return dollars(number) if rail is PAYPAL else shillings(number)


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {one.reference: one.state for one in outcomes}


async def seen(bank: Bank, batch: str, payments: list[Payment], handle: str) -> list[Outcome]:
    """What PayPal says once it is through."""
    for _ in range(2):
        await PAYPAL.query(bank.wire, batch, payments, handle)
    return await PAYPAL.query(bank.wire, batch, payments, handle)


# PayPal


async def test_a_batch_is_pending_then_settled_with_receipts(bank: Bank) -> None:
    payments = [dollars(number) for number in range(3)]
    taken = await PAYPAL.submit(bank.wire, "B1", payments)
    assert states(taken) == {"kazi-0": "pending", "kazi-1": "pending", "kazi-2": "pending"}
    first = await PAYPAL.query(bank.wire, "B1", payments, taken[0].handle)
    assert {one.state for one in first} == {"pending"}
    last = await seen(bank, "B1", payments, taken[0].handle)
    assert {one.state for one in last} == {"settled"}
    assert all(one.receipt.startswith("TX") and not one.reason for one in last)
    assert [bank.book.times(one.reference) for one in payments] == [1, 1, 1]
    assert str(bank.book.total("USD")) == "16.35"
    assert bank.book.calls["paypal token"] == 1


async def test_each_failed_item_says_why_and_the_rest_is_settled(bank: Bank) -> None:
    bank.payments.paypal.accounts = {
        "locked@example.com": "RECEIVER_ACCOUNT_LOCKED",
        "new@example.com": "RECEIVER_UNREGISTERED",
        "odd@example.com": "NOT_HEARD_OF",
    }
    payments = [dollars(1), *(dollars(n, f"{who}@example.com") for n, who in enumerate(
        ("locked", "new", "odd"), 2))]  # fmt: skip
    taken = await PAYPAL.submit(bank.wire, "B1", payments)
    last = await seen(bank, "B1", payments, taken[0].handle)
    assert [(one.state, one.reason) for one in last] == [
        ("settled", ""),
        ("failed", "restricted"),
        ("pending", "unregistered"),
        ("failed", "other"),
    ]
    bank.payments.paypal.give_back("new@example.com")
    later = await PAYPAL.query(bank.wire, "B1", payments, taken[0].handle)
    assert (later[2].state, later[2].reason) == ("failed", "unclaimed")
    assert len(bank.book.paid) == 1


async def test_the_same_batch_again_is_not_paid_again_and_is_found(bank: Bank) -> None:
    payments = [dollars(1), dollars(2)]
    taken = await PAYPAL.submit(bank.wire, "B1", payments)
    again = await PAYPAL.submit(bank.wire, "B1", payments)
    assert states(again) == states(taken)
    assert again[0].handle == taken[0].handle
    last = await PAYPAL.submit(bank.wire, "B1", payments)
    last = await PAYPAL.submit(bank.wire, "B1", payments)
    assert {one.state for one in last} == {"settled"}
    assert [bank.book.times(one.reference) for one in payments] == [1, 1]


async def test_another_batch_under_a_used_name_is_unknown_not_paid(bank: Bank) -> None:
    taken = await PAYPAL.submit(bank.wire, "B1", [dollars(1), dollars(2)])
    await seen(bank, "B1", [], taken[0].handle)
    others = [dollars(1, "another@example.com"), replace(dollars(2), amount=10_000), dollars(3)]
    again = await PAYPAL.submit(bank.wire, "B1", others)
    assert [one.state for one in again] == ["unknown"] * 3
    assert len(bank.book.paid) == 2


async def test_a_name_may_be_used_again_after_thirty_days(bank: Bank) -> None:
    assert PAYPAL.repeatable is not None
    await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    bank.now += PAYPAL.repeatable.total_seconds()
    await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    assert bank.book.times("kazi-1") == 1
    bank.now += 2 * DAY
    await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    assert bank.book.times("kazi-1") == 2


async def test_an_item_paid_in_another_batch_is_unknown_never_failed(bank: Bank) -> None:
    await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    taken = await PAYPAL.submit(bank.wire, "B2", [dollars(1)])
    (last,) = await seen(bank, "B2", [dollars(1)], taken[0].handle)
    assert (last.state, last.reason) == ("unknown", "duplicate")
    assert bank.book.times("kazi-1") == 1


async def test_one_unreadable_item_refuses_all_and_is_named(bank: Bank) -> None:
    payments = [dollars(1), dollars(2, "nobody"), dollars(3)]
    with pytest.raises(Refused) as refused:
        await PAYPAL.submit(bank.wire, "B1", payments)
    assert (refused.value.reason, refused.value.references) == ("request", ("kazi-2",))
    assert not bank.book.paid


async def test_an_empty_account_refuses_all(bank: Bank) -> None:
    bank.payments.paypal.funds = {}
    with pytest.raises(Refused) as refused:
        await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    assert refused.value.reason == "funds"


async def test_a_denied_batch_fails_whole(bank: Bank) -> None:
    taken = await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    batch = bank.payments.paypal.batches[taken[0].handle]
    batch.state, batch.items = "DENIED", []
    (last,) = await PAYPAL.query(bank.wire, "B1", [dollars(1)], batch.id)
    assert (last.state, last.reason) == ("failed", "other")


async def test_more_than_a_page_is_read_to_the_end(bank: Bank) -> None:
    payments = [dollars(number) for number in range(1001)]
    taken = await PAYPAL.submit(bank.wire, "B1", payments)
    bank.payments.paypal.batches[taken[0].handle].looks = 2
    last = await PAYPAL.query(bank.wire, "B1", payments, taken[0].handle)
    assert [one.state for one in last] == ["settled"] * 1001


async def test_of_an_unheard_of_batch_nothing_is_known(bank: Bank) -> None:
    taken = await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    for batch, handle in (("B1", ""), ("B1", "nothing/../here"), ("B2", taken[0].handle)):
        (one,) = await PAYPAL.query(bank.wire, batch, [dollars(1)], handle)
        assert one.state == "unknown"


async def test_a_call_holds_one_currency(bank: Bank) -> None:
    mixed = [dollars(1), replace(dollars(2), currency="EUR")]
    with pytest.raises(ValueError, match="one currency"):
        await PAYPAL.submit(bank.wire, "B1", mixed)
    assert not bank.book.calls


# M-Pesa


async def test_a_payment_is_pending_until_its_result_comes(bank: Bank) -> None:
    (taken,) = await MPESA.submit(bank.wire, "B1", [shillings(1)])
    assert (taken.state, taken.receipt) == ("pending", "")
    assert taken.handle.startswith("AG_")
    await bank.payments.mpesa.settle()
    (told,) = bank.callbacks
    assert (told.reference, told.state) == ("kazi-1", "settled")
    assert told.receipt.startswith("QK")
    assert [tuple(one) for one in bank.book.paid] == [
        ("mpesa", "kazi-1", "254712345678", "100", "KES")
    ]


@pytest.mark.parametrize(
    ("mode", "told"),
    [("before", ["settled"]), ("twice", ["settled"] * 2), ("held", []), ("never", []),
     ("late", ["unknown"])],
)  # fmt: skip
async def test_results_come_early_twice_late_or_never(
    bank: Bank, mode: str, told: list[str]
) -> None:
    bank.payments.mpesa.results = mode
    await MPESA.submit(bank.wire, "B1", [shillings(1)])
    await bank.payments.mpesa.settle()
    assert [one.state for one in bank.callbacks] == told
    await bank.payments.mpesa.release()
    assert len(bank.callbacks) == (1 if mode == "held" else len(told))
    assert bank.book.times("kazi-1") == 1


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [("2040", "failed", "unregistered"), ("SFC_IC0003", "failed", "destination"),
     ("1", "failed", "funds"), ("17", "unknown", ""), ("15", "unknown", "duplicate")],
)  # fmt: skip
async def test_result_codes_become_reasons_and_odd_ones_unknown(
    bank: Bank, code: str, state: str, reason: str
) -> None:
    bank.payments.mpesa.numbers["254712345678"] = code
    await MPESA.submit(bank.wire, "B1", [shillings(1)])
    await bank.payments.mpesa.settle()
    assert [(one.state, one.reason) for one in bank.callbacks] == [(state, reason)]
    assert not bank.book.paid


async def test_the_limits_of_m_pesa_fail_with_a_reason(bank: Bank) -> None:
    for number, amount in ((1, 9), (2, 250_001)):
        await MPESA.submit(bank.wire, "B1", [shillings(number, amount=amount)])
    await bank.payments.mpesa.settle()
    assert [one.reason for one in bank.callbacks] == ["limit", "limit"]


async def test_what_never_came_is_asked_for(bank: Bank) -> None:
    bank.payments.mpesa.results = "never"
    bank.payments.mpesa.numbers["254799999999"] = "2040"
    known = [shillings(1), shillings(2, "254799999999")]
    for one in known:
        await MPESA.submit(bank.wire, "B1", [one])
    bank.payments.mpesa.results = "after"
    assert await MPESA.query(bank.wire, "B1", [*known, shillings(3)]) == []
    await bank.payments.mpesa.settle()
    assert states(bank.callbacks) == {"kazi-1": "settled", "kazi-2": "failed", "kazi-3": "unknown"}
    assert next(one for one in bank.callbacks if one.reference == "kazi-1").receipt
    assert len(bank.book.paid) == 1


async def test_the_initiators_password_is_encrypted_for_safaricom(bank: Bank) -> None:
    bank.wire.settings = bank.wire.settings.model_copy(update={"mpesa_initiator": "x" * 20})
    bank.payments.mpesa._password = b"another"
    await MPESA.submit(bank.wire, "B1", [shillings(1)])
    await bank.payments.mpesa.settle()
    assert [(one.state, one.reason) for one in bank.callbacks] == [("failed", "credentials")]
    with pytest.raises(Refused):
        await MPESA.query(bank.wire, "B1", [shillings(1)])


async def test_a_number_that_daraja_cannot_read_is_refused(bank: Bank) -> None:
    with pytest.raises(Refused) as refused:
        await MPESA.submit(bank.wire, "B1", [shillings(1, "0712345678")])
    assert refused.value.reason == "request"


# Both


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
@pytest.mark.parametrize("kind", ["hang", "cut", "500", "503"])
@pytest.mark.parametrize("after", [False, True], ids=["not taken", "taken"])
async def test_a_broken_answer_is_uncertain_and_reconciled_without_paying_twice(
    bank: Bank, rail: ApiProvider, kind: str, after: bool
) -> None:
    payment = of(rail)
    await rail.query(bank.wire, "B0", [payment], "no-such-batch")  # a token is there
    await bank.payments.mpesa.settle()
    bank.callbacks.clear()
    bank.fault("submit", kind, after=after)
    bank.patience(0.5 if kind == "hang" else 30)  # all in one loop: the request is read at once
    with pytest.raises(Uncertain):
        await rail.submit(bank.wire, "B1", [payment])
    await until(lambda: bank.book.calls[f"{rail.name} submit"] == 1)
    await until(lambda: bank.book.times("kazi-1") == int(after))
    bank.patience(30)
    if rail.repeatable:  # the rail itself refuses what it had
        again = await rail.submit(bank.wire, "B1", [payment])
        assert states(again) == {"kazi-1": "pending"}
        assert bank.book.times("kazi-1") == 1
    else:
        await until(lambda: not after or bank.callbacks != [])
        await rail.query(bank.wire, "B1", [payment])
        await bank.payments.mpesa.settle()
        assert {one.state for one in bank.callbacks} == {"settled" if after else "unknown"}
        assert bank.book.times("kazi-1") == int(after)


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
@pytest.mark.parametrize("kind", ["hang", "cut", "500", "429"])
async def test_without_a_token_nothing_is_sent(bank: Bank, rail: ApiProvider, kind: str) -> None:
    bank.fault("token", kind)
    bank.patience(0.3 if kind == "hang" else 30)
    with pytest.raises(Unreachable) as unreachable:
        await rail.submit(bank.wire, "B1", [of(rail)])
    assert unreachable.value.reason == "unavailable"
    assert bank.book.calls[f"{rail.name} submit"] == 0
    bank.patience(30)
    assert states(await rail.submit(bank.wire, "B1", [of(rail)])) == {"kazi-1": "pending"}
    assert bank.book.times("kazi-1") == 1


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
async def test_too_many_calls_took_nothing(bank: Bank, rail: ApiProvider) -> None:
    bank.fault("submit", "429")
    with pytest.raises(Unreachable):
        await rail.submit(bank.wire, "B1", [of(rail)])
    assert not bank.book.paid


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
async def test_a_token_that_ended_is_renewed(bank: Bank, rail: ApiProvider) -> None:
    await rail.submit(bank.wire, "B1", [of(rail, 1)])
    getattr(bank.payments, rail.name).tokens.end()
    await rail.submit(bank.wire, "B2", [of(rail, 2)])
    assert bank.book.calls[f"{rail.name} token"] == 2
    assert [bank.book.times(f"kazi-{number}") for number in (1, 2)] == [1, 1]


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
async def test_wrong_credentials_are_refused(bank: Bank, rail: ApiProvider) -> None:
    wrong = {"paypal_client_secret": "x", "mpesa_consumer_secret": "x"}
    bank.wire.settings = Settings(**bank.payments.settings(bank.address) | wrong)
    with pytest.raises(Refused) as refused:
        await rail.submit(bank.wire, "B1", [of(rail)])
    assert refused.value.reason == "credentials"
    assert not bank.book.paid


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
async def test_a_token_that_is_never_right_is_given_up(bank: Bank, rail: ApiProvider) -> None:
    tokens = getattr(bank.payments, rail.name).tokens
    tokens.valid = lambda request: False
    with pytest.raises(Refused) as refused:
        await rail.submit(bank.wire, "B1", [of(rail)])
    assert refused.value.reason == "credentials"
    assert bank.book.calls[f"{rail.name} submit"] == 2


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
async def test_an_address_where_nobody_listens_took_nothing(rail: ApiProvider) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with aiohttp.ClientSession() as session:
            wire = Wire(session, Settings(paypal_url=address, mpesa_url=address))
            with pytest.raises(Refused):
                await rail.submit(wire, "B1", [of(rail)])


async def test_neither_secrets_nor_tokens_nor_destinations_are_logged(
    bank: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bank.fault("submit", "500", after=True)
    with pytest.raises(Uncertain) as uncertain:
        await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    await MPESA.submit(bank.wire, "B1", [shillings(1)])
    shown = f"{uncertain.value!r} {uncertain.value.__cause__!r} {bank.wire!r}"
    await bank.payments.mpesa.settle()
    ours = "\n".join(one.getMessage() for one in caplog.records if "sandbox" not in one.name)
    tokens = [one.text for one in bank.wire._tokens.values()]
    assert len(tokens) == 2
    for secret in (*tokens, "sandbox-secret", "sandbox-password", "w1@example.com", "254712345678"):
        assert secret not in ours + shown


# The control interface


async def test_the_book_and_the_faults_are_seen_from_outside(bank: Bank) -> None:
    async with httpx.AsyncClient(base_url=f"{bank.address}/control") as outside:
        bad = await outside.post("/faults", json={"kind": "flood"})
        assert bad.status_code == 400
        await outside.post("/faults", json={"call": "submit", "kind": "503", "after": True})
        with pytest.raises(Uncertain):
            await MPESA.submit(bank.wire, "B1", [shillings(1)])
        assert (await outside.get("/faults")).json()[0]["count"] == 0
        assert (await outside.request("DELETE", "/faults")).json() == []
        seen = (await outside.get("/paid")).json()
        assert seen["times"] == {"kazi-1": 1}
        assert seen["totals"] == {"KES": "100"}
        assert (await outside.post("/mpesa", json={"results": "never?"})).status_code == 400
        held = await outside.post("/mpesa", json={"results": "held", "numbers": {"254": "1"}})
        assert held.json() == {"results": "held", "numbers": {"254": "1"}}
        await bank.payments.mpesa.settle()
        await MPESA.submit(bank.wire, "B1", [shillings(2)])
        await outside.post("/mpesa", json={"release": True})
        assert states(bank.callbacks) == {"kazi-1": "settled", "kazi-2": "settled"}
        known = await outside.post("/paypal", json={"accounts": {"a@b.example": "RISK_DECLINE"}})
        assert known.json() == {"accounts": {"a@b.example": "RISK_DECLINE"}}


async def test_daraja_may_refuse_what_it_had(bank: Bank) -> None:
    bank.payments.mpesa.checks_duplicates = True
    for _ in range(2):
        await MPESA.submit(bank.wire, "B1", [shillings(1)])
        await bank.payments.mpesa.settle()
    assert [one.state for one in bank.callbacks] == ["settled", "unknown"]
    assert bank.book.times("kazi-1") == 1


def test_every_reason_has_a_sentence() -> None:
    from bot.pay.providers import mpesa, paypal

    used = {*mpesa.RESULTS.values(), *paypal.ERROR_REASONS.values(), *paypal.STATE_REASONS.values()}
    assert used <= REASONS.keys()


# Answers that no stand-in gives


def script(bank: Bank, token: Any, *answers: tuple[int, Any]) -> None:
    """From now on: a token, then these answers one after another."""
    left = list(answers)

    async def say(request: Request) -> Response:
        is_token = "oauth" in request.url.path
        status, body = (200, token) if is_token else left.pop(0)
        if isinstance(body, bytes):
            return Response(body, status)
        return answer(body, status)

    bank.payments.app = Starlette(routes=[Route("/{path:path}", say, methods=["GET", "POST"])])


TOKEN = {"access_token": "t", "expires_in": "soon"}


async def refusal(bank: Bank, rail: ApiProvider, status: int, body: Any) -> str:
    script(bank, TOKEN, (status, body))
    with pytest.raises(Refused) as refused:
        await rail.submit(bank.wire, "B1", [of(rail)])
    return refused.value.reason


async def test_refusals_are_told_apart_by_what_can_be_done(bank: Bank) -> None:
    assert await refusal(bank, PAYPAL, 403, {"name": "NOT_AUTHORIZED"}) == "credentials"
    assert await refusal(bank, PAYPAL, 403, {"name": "CIP_NOT_VERIFIED"}) == "credentials"
    assert await refusal(bank, PAYPAL, 422, {"name": "BRAND_NEW"}) == "other"
    assert await refusal(bank, PAYPAL, 400, b"<html>") == "other"
    assert await refusal(bank, MPESA, 403, {}) == "credentials"
    assert await refusal(bank, MPESA, 200, {"ResponseCode": "1"}) == "funds"
    assert await refusal(bank, MPESA, 404, {"errorCode": "404.003.01"}) == "other"


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (302, b""), (200, b"[]")])
async def test_an_answer_that_cannot_be_read_is_uncertain(
    bank: Bank, rail: ApiProvider, status: int, body: bytes
) -> None:
    script(bank, TOKEN, (status, body))
    with pytest.raises(Uncertain):
        await rail.submit(bank.wire, "B1", [of(rail)])


@pytest.mark.parametrize("rail", RAILS, ids=["paypal", "mpesa"])
async def test_a_token_that_is_none_is_refused(bank: Bank, rail: ApiProvider) -> None:
    script(bank, {"access_token": None})
    with pytest.raises(Refused) as refused:
        await rail.submit(bank.wire, "B1", [of(rail)])
    assert refused.value.reason == "credentials"


async def test_a_query_that_is_refused_says_nothing_of_the_payments(bank: Bank) -> None:
    script(bank, TOKEN, (400, {"name": "VALIDATION_ERROR"}))
    with pytest.raises(Refused):
        await PAYPAL.query(bank.wire, "B1", [dollars(1)], "PB1")


@pytest.mark.parametrize(
    ("status", "value", "state"),
    [("PROCESSING", None, "pending"), ("SUCCESS", None, "unknown"), ("SUCCESS", "x", "unknown"),
     ("SUCCESS", "5.4500", "settled"), ("SUCCESS", "5.46", "unknown")],
)  # fmt: skip
async def test_an_item_counts_if_it_is_what_we_would_have_sent(
    bank: Bank, status: str, value: str | None, state: str
) -> None:
    item = {
        "transaction_status": "SUCCESS",
        "payout_item": {
            "sender_item_id": "kazi-1",
            "receiver": "W1@Example.com",
            "amount": {"value": value, "currency": "USD"},
        },
    }
    header = {"batch_status": status, "sender_batch_header": {"sender_batch_id": "B1"}}
    items = [] if value is None else [item]
    script(bank, TOKEN, (200, {"batch_header": header, "items": items}))
    (one,) = await PAYPAL.query(bank.wire, "B1", [dollars(1)], "PB1")
    assert one.state == state


async def test_a_used_name_without_a_link_leaves_all_unknown(bank: Bank) -> None:
    details = [{"field": "sender_batch_header.sender_batch_id", "issue": "Duplicate"}]
    script(bank, TOKEN, (400, {"name": "USER_BUSINESS_ERROR", "details": details}))
    (one,) = await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
    assert one.state == "unknown"


async def test_the_sandbox_serves_the_stand_ins(bank: Bank) -> None:
    async with Sandbox(token="4242:test") as sandbox:
        bank.wire.settings = Settings(**sandbox.payments.settings(f"{sandbox.url}{PAYMENTS}"))
        await PAYPAL.submit(bank.wire, "B1", [dollars(1)])
        assert sandbox.payments.book.times("kazi-1") == 1
