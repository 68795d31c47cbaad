"""M-Pesa in Kenya, business to customer, through Safaricom's Daraja API.

One payment a call. The answer only says that it was taken; the result comes as a callback, soon,
late, twice, before the answer or never. Whether Daraja refuses a repeated
OriginatorConversationID is not documented, so a payment is never submitted twice: what is
uncertain is asked for with a transaction status query, whose answer is a callback too.
https://developer.safaricom.co.ke/apis/BusinessToCustomer (v3) and /apis/TransactionStatus
"""

import base64
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bot.i18n import N_
from bot.money import MICRO
from bot.pay.providers import addresses, tables
from bot.pay.providers.provider import ApiProvider, File, Outcome, Payment, Refused, State, Wire
from bot.pay.providers.values import listed, mapped, read, text
from bot.pay.providers.wire import Answer, Login
from bot.settings import Settings

ROWS = 5000
REMARKS = 100
HEADER = ("MobileNumber", "Amount", "Name", "Reference", "Remarks")
PATH = "/payments/mpesa/"  # of our own address: where results come
LATE = "/late"  # appended: what waited too long in the queue

# Result codes of the callback. One that is not here says nothing for certain.
RESULTS = {
    "1": "funds",
    "2": "limit",
    "3": "limit",
    "4": "limit",
    "5": "funds",
    "7": "destination",
    "8": "limit",  # more than the customer's account may hold
    "11": "credentials",  # the account that pays
    "12": "destination",
    "14": "destination",
    "20": "credentials",
    "21": "credentials",
    "2001": "credentials",
    "2006": "credentials",  # the account that pays is not active
    "2028": "credentials",  # not allowed for this shortcode
    "2040": "unregistered",
    "2051": "destination",
    "8006": "credentials",
    "SFC_IC0003": "destination",
}
DUPLICATE = "15"
STATES: dict[str, State] = {
    "Completed": "settled",
    "Cancelled": "failed",
    "Declined": "failed",
    "Expired": "failed",
    "Failed": "failed",
    "Initiated": "pending",
    "Authorized": "pending",
    "Pending Authorized": "pending",
}


class MPesa(ApiProvider):
    name = "mpesa"
    title = N_("M-Pesa")
    asks = N_("Write the phone number of your M-Pesa account, like 0712 345 678.")
    currencies = frozenset({"KES"})
    countries = frozenset({"KE"})
    at_once = 1
    repeatable = None

    def check(self, written: str) -> str:
        return addresses.kenyan_mobile(written)

    def unit(self, currency: str) -> int:
        return MICRO  # whole shillings

    def files(
        self, batch: str, payments: Sequence[Payment], template: bytes | None = None
    ) -> list[File]:
        """For the portal's bulk payments; its columns are matched when it is uploaded."""
        return [
            File(f"{batch}-{end}.csv", tables.written([HEADER, *map(self._row, part)]))
            for end, part in tables.cut(payments, ROWS)
        ]

    def configured(self, settings: Settings) -> bool:
        secrets = (
            settings.mpesa_consumer_key,
            settings.mpesa_consumer_secret,
            settings.mpesa_initiator_password,
            settings.mpesa_callback_secret,
        )
        plain = (
            settings.mpesa_shortcode,
            settings.mpesa_initiator,
            settings.mpesa_certificate,
            settings.webhook_url,
        )
        return all(one.get_secret_value() for one in secrets) and all(plain)

    async def submit(self, wire: Wire, batch: str, payments: Sequence[Payment]) -> list[Outcome]:
        (payment,) = payments
        amount = int(self.amount(payment))
        settings = wire.settings
        request = _addressed(settings) | {
            "OriginatorConversationID": payment.reference,
            "InitiatorName": settings.mpesa_initiator,
            "CommandID": settings.mpesa_command,
            "Amount": amount,
            "PartyB": payment.destination,
            "Remarks": _remarks(payment),
        }
        answer = await _call(wire, "/mpesa/b2c/v3/paymentrequest", request)
        if not _taken(answer):
            raise _refused(answer)
        handle = text(answer.body, "ConversationID")
        return [Outcome(payment.reference, "pending", handle=handle)]

    async def query(
        self, wire: Wire, batch: str, payments: Sequence[Payment], handle: str = ""
    ) -> list[Outcome]:
        """Asks; the answers come to `results`, so none is here."""
        for payment in payments:
            request = _addressed(wire.settings) | {
                "Initiator": wire.settings.mpesa_initiator,
                "CommandID": "TransactionStatusQuery",
                "OriginalConversationID": payment.reference,
                "IdentifierType": "4",
                "Remarks": payment.reference,
                "Occasion": payment.reference,
            }
            answer = await _call(wire, "/mpesa/transactionstatus/v1/query", request)
            if not _taken(answer):
                raise _refused(answer)
        return []

    def results(self, payload: bytes, *, timed_out: bool = False) -> list[Outcome]:
        result = mapped(read(payload), "Result")
        asked = _keyed(mapped(result, "ReferenceData"), "ReferenceItem").get("Occasion", "")
        found = _keyed(mapped(result, "ResultParameters"), "ResultParameter")
        reference = text(result, "OriginatorConversationID")
        if asked or "TransactionStatus" in found:
            reference = found.get("OriginatorConversationID") or asked
            outcome = _status(reference, result, found)
        else:
            outcome = _result(reference, result)
        if not outcome.reference:
            raise ValueError("no result of a payment")
        return [Outcome(reference, "unknown") if timed_out else outcome]

    def _row(self, payment: Payment) -> tuple[str, ...]:
        return (
            tables.exact(payment.destination),
            self.amount(payment),
            tables.words(payment.name),
            tables.exact(payment.reference),
            tables.words(payment.note),
        )


def security_credential(settings: Settings) -> str:
    """The initiator's password encrypted for Safaricom: RSA with PKCS #1 v1.5 padding, base64.

    Raises Refused where the certificate is none.
    """
    try:
        certificate = x509.load_pem_x509_certificate(settings.mpesa_certificate.encode())
        key = certificate.public_key()
    except ValueError:
        raise Refused("credentials") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused("credentials")
    password = settings.mpesa_initiator_password.get_secret_value().encode()
    return base64.b64encode(key.encrypt(password, padding.PKCS1v15())).decode()


def result_url(settings: Settings) -> str:
    """Where results are posted: our own address with a part that nobody can guess."""
    secret = settings.mpesa_callback_secret.get_secret_value()
    return f"{settings.webhook_url.rstrip('/')}{PATH}{secret}"


def _addressed(settings: Settings) -> dict[str, object]:
    """What both requests have: who asks, and where the answer goes."""
    here = result_url(settings)
    return {
        "SecurityCredential": security_credential(settings),
        "PartyA": settings.mpesa_shortcode,
        "ResultURL": here,
        "QueueTimeOutURL": here + LATE,
    }


def _remarks(payment: Payment) -> str:
    kept = "".join(one if one.isalnum() else " " for one in payment.note)
    return " ".join(kept.split())[:REMARKS] or payment.reference


async def _call(wire: Wire, path: str, content: object) -> Answer:
    settings = wire.settings
    login = Login(
        settings.mpesa_url,
        settings.mpesa_consumer_key,
        settings.mpesa_consumer_secret,
        "GET",
        "/oauth/v1/generate?grant_type=client_credentials",
    )
    return await wire.call_as(login, "POST", path, content)


def _taken(answer: Answer) -> bool:
    return answer.status < 300 and text(answer.body, "ResponseCode") == "0"


def _refused(answer: Answer) -> Refused:
    code = text(answer.body, "ResponseCode") or text(answer.body, "errorCode")
    if answer.status in (401, 403):
        return Refused("credentials")
    return Refused(RESULTS.get(code) or ("request" if code.startswith("400") else "other"))


def _result(reference: str, result: dict[str, Any]) -> Outcome:
    """Of a payment: nought is settled, what is known to be a failure is one, the rest unknown."""
    code, receipt = text(result, "ResultCode"), text(result, "TransactionID")
    if code == "0":
        return Outcome(reference, "settled", receipt)
    if code in RESULTS:
        return Outcome(reference, "failed", reason=RESULTS[code])
    return Outcome(reference, "unknown", reason="duplicate" if code == DUPLICATE else "")


def _status(reference: str, result: dict[str, Any], found: dict[str, str]) -> Outcome:
    """Of a question about a payment: that it failed says nothing about the payment."""
    if text(result, "ResultCode") != "0":
        return Outcome(reference, "unknown")
    state = STATES.get(found.get("TransactionStatus", ""), "unknown")
    receipt = found.get("ReceiptNo", "") if state == "settled" else ""
    return Outcome(reference, state, receipt, "other" if state == "failed" else "")


def _keyed(value: dict[str, Any], name: str) -> dict[str, str]:
    """Daraja's lists of {"Key": …, "Value": …}, where one alone is no list and may lack a value."""
    return {text(one, "Key"): text(one, "Value") for one in listed(value, name)}
