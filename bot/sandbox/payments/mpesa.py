"""Daraja's B2C and transaction status as documented: accepted now, told later by a callback.

What is not documented is taken at its worst: the same OriginatorConversationID pays again, unless
`checks_duplicates`.
"""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.payments.book import Book, Paid, answer
from bot.sandbox.payments.tokens import LIFE, Tokens
from bot.sandbox.wire import BrokenAnswer, Wire

MODES = ("after", "before", "twice", "held", "never", "late")
SMALLEST, LARGEST = 10, 250_000  # shillings
PATIENCE = 10.0  # seconds for whoever takes a callback


class MPesa:
    """Answers under `/mpesa`.

    `results` says when callbacks come: after the answer, before it, twice, held until `release`,
    never, or as a notice that the request waited too long (which was paid all the same). `numbers`
    is the result code for a phone number, like "2040" for one without M-Pesa.
    """

    def __init__(
        self, book: Book, key: str, secret: str, password: str, clock: Callable[[], float]
    ) -> None:
        self.results = "after"
        self.numbers: dict[str, str] = {}
        self.checks_duplicates = False
        self.tokens = Tokens(key, secret, clock)
        self._book = book
        self._password = password.encode()
        self._requests: dict[str, dict[str, Any]] = {}  # the last by its conversation's id
        self._codes: dict[str, str] = {}
        self._held: list[tuple[str, dict[str, Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._wires: dict[str, Wire] = {}

    @cached_property
    def certificate(self) -> str:
        """What Safaricom hands out to encrypt the initiator's password with, as PEM."""
        return _certificate(_private_key())

    def routes(self) -> list[Route]:
        answering = self._book.answering
        return [
            Route("/oauth/v1/generate", answering("mpesa", "token", self._token)),
            Route(
                "/mpesa/b2c/v3/paymentrequest",
                answering("mpesa", "submit", self._pay),
                methods=["POST"],
            ),
            Route(
                "/mpesa/transactionstatus/v1/query",
                answering("mpesa", "query", self._status),
                methods=["POST"],
            ),
        ]

    async def release(self) -> None:
        """Send the callbacks that were held."""
        held, self._held = self._held, []
        for url, body in held:
            await self._post(url, body)

    async def settle(self) -> None:
        """Wait for the callbacks under way."""
        while self._sending:
            await asyncio.gather(*self._sending)

    async def stop(self) -> None:
        """Hang up."""
        await self.settle()
        for wire in self._wires.values():
            await wire.close()

    async def _token(self, request: Request) -> Response:
        if not self.tokens.known(request):
            return _error(400, "400.008.01", "Invalid Authentication passed")
        return answer({"access_token": self.tokens.issue(), "expires_in": str(LIFE)})

    async def _pay(self, request: Request) -> Response:
        if not self.tokens.valid(request):
            return _error(404, "404.001.03", "Invalid Access Token")
        asked = await request.json()
        if fault := _fault(asked):
            return _error(400, "400.002.02", f"Bad Request - Invalid {fault}")
        reference = asked["OriginatorConversationID"]
        code = self._code(asked)
        self._requests[reference], self._codes[reference] = asked, code
        if code == "0":
            amount, number = str(asked["Amount"]), asked["PartyB"]
            self._book.pay(Paid("mpesa", reference, number, amount, "KES"))
        conversation = f"AG_{len(self._requests):020d}"
        await self._tell(asked, _result(reference, conversation, code, asked))
        return _accepted(reference, conversation)

    def _code(self, asked: dict[str, Any]) -> str:
        if not self._is_ours(asked["SecurityCredential"]):
            return "2001"
        if self.checks_duplicates and asked["OriginatorConversationID"] in self._requests:
            return "15"
        if not SMALLEST <= asked["Amount"] <= LARGEST:
            return "2" if asked["Amount"] < SMALLEST else "3"
        return self.numbers.get(asked["PartyB"], "0")

    def _is_ours(self, credential: str) -> bool:
        try:
            said = _private_key().decrypt(base64.b64decode(credential), padding.PKCS1v15())
        except ValueError:
            return False
        return said == self._password

    async def _status(self, request: Request) -> Response:
        if not self.tokens.valid(request):
            return _error(404, "404.001.03", "Invalid Access Token")
        asked = await request.json()
        if not self._is_ours(asked["SecurityCredential"]):
            return _error(400, "400.002.02", "Bad Request - Invalid SecurityCredential")
        about = asked["OriginalConversationID"]
        own = f"{len(self._requests)}-{about}"
        await self._tell(asked, _told(own, asked, self._codes.get(about)))
        return _accepted(own, f"AG_{own}")

    async def _tell(self, asked: dict[str, Any], body: dict[str, Any]) -> None:
        url, mode = asked["ResultURL"], self.results
        if mode == "before":
            await self._post(url, body)
        if mode == "held":
            self._held.append((url, body))
        if mode in ("after", "twice"):
            self._send(url, body, 2 if mode == "twice" else 1)
        if mode == "late":
            self._send(asked["QueueTimeOutURL"], body, 1)

    def _send(self, url: str, body: dict[str, Any], times: int) -> None:
        async def send() -> None:
            for _ in range(times):
                await self._post(url, body)

        task = asyncio.get_running_loop().create_task(send())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _post(self, url: str, body: dict[str, Any]) -> None:
        """A callback; who does not take it is not told again."""
        wire = self._wires.setdefault(url, Wire(url))
        with suppress(OSError, BrokenAnswer):
            async with asyncio.timeout(PATIENCE):
                await wire.post(msgspec.json.encode(body), {})


def _fault(asked: dict[str, Any]) -> str:
    wanted = (
        "OriginatorConversationID",
        "InitiatorName",
        "SecurityCredential",
        "CommandID",
        "PartyA",
        "PartyB",
        "Remarks",
        "QueueTimeOutURL",
        "ResultURL",
    )
    missing = next((name for name in wanted if not asked.get(name)), "")
    number = str(asked.get("PartyB", ""))
    if not missing and not (number.isdecimal() and len(number) == 12 and number[:3] == "254"):
        return "PartyB"
    return missing or ("" if isinstance(asked.get("Amount"), int) else "Amount")


def _accepted(own: str, conversation: str) -> Response:
    return answer(
        {
            "ConversationID": conversation,
            "OriginatorConversationID": own,
            "ResponseCode": "0",
            "ResponseDescription": "Accept the service request successfully.",
        }
    )


def _result(reference: str, conversation: str, code: str, asked: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ResultType": 0,
        "ResultCode": int(code) if code.isdecimal() else code,
        "ResultDesc": "The service request is processed successfully." if code == "0" else "No.",
        "OriginatorConversationID": reference,
        "ConversationID": conversation,
        "TransactionID": _receipt(reference),
        "ReferenceData": {
            "ReferenceItem": {"Key": "QueueTimeoutURL", "Value": asked["QueueTimeOutURL"]}
        },
    }
    if code == "0":
        result["ResultParameters"] = _parameters(
            TransactionAmount=asked["Amount"],
            TransactionReceipt=_receipt(reference),
            B2CRecipientIsRegisteredCustomer="Y",
        )
    return {"Result": result}


def _told(own: str, asked: dict[str, Any], code: str | None) -> dict[str, Any]:
    """What became of a payment; one that nobody knows is an error of the question."""
    about = asked["OriginalConversationID"]
    result: dict[str, Any] = {
        "ResultType": 0,
        "ResultCode": 0 if code is not None else 2033,
        "ResultDesc": "The service request is processed successfully." if code else "Not found.",
        "OriginatorConversationID": own,
        "ConversationID": f"AG_{own}",
        "TransactionID": "QUERY00000",
        "ReferenceData": {"ReferenceItem": {"Key": "Occasion", "Value": asked["Occasion"]}},
    }
    if code is not None:
        result["ResultParameters"] = _parameters(
            OriginatorConversationID=about,
            TransactionReason=None,
            TransactionStatus="Completed" if code == "0" else "Declined",
            ReceiptNo=_receipt(about),
        )
    return {"Result": result}


def _parameters(**values: object) -> dict[str, Any]:
    pairs = [
        {"Key": key} if value is None else {"Key": key, "Value": value}
        for key, value in values.items()
    ]
    return {"ResultParameter": pairs}


def _receipt(reference: str) -> str:
    return f"QK{sum(reference.encode()):08d}"


def _error(status: int, code: str, said: str) -> Response:
    return answer({"requestId": "1-1", "errorCode": code, "errorMessage": said}, status)


@cache
def _private_key() -> rsa.RSAPrivateKey:
    """One for the process: making it takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
