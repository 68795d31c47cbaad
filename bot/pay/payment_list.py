"""A list of payments that a person uploads: a bank statement or a provider's report, as CSV."""

import csv
import io
from typing import Literal, NamedTuple

from bot import money
from bot.errors import Invalid
from bot.i18n import N_
from bot.pay.payment_log import Sent

ROWS = 10_000


class BadList(Invalid):
    msgid = N_(
        "Line {number} of the list cannot be read. Each line needs reference and state (settled or "
        "failed); of a payment that Kazi does not know also provider, worker, amount and currency."
    )


class Told(NamedTuple):
    """What a person or a list says of one payment."""

    reference: str
    state: Literal["settled", "failed"]
    receipt: str = ""
    reason: str = ""
    sent: Sent | None = None
    """Whose and how much, of a payment that neither the books nor the log know."""


def read(content: bytes) -> list[Told]:
    """CSV with a header: reference, state; receipt, reason; provider, worker, amount, currency.

    Only the first two are needed. Raises BadList with the number of the line.
    """
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace")))
    found = []
    for number, row in enumerate(rows, start=2):
        one = _line({str(key).strip().lower(): (value or "") for key, value in row.items()})
        if one is None or number > ROWS:
            raise BadList(number=number)
        found.append(one)
    return found


def _line(row: dict[str, str]) -> Told | None:
    reference, state = row.get("reference", "").strip(), row.get("state", "").strip().lower()
    if not reference or state not in ("settled", "failed"):
        return None
    sent = None
    if row.get("amount"):
        try:
            amount = money.parse(f"{row['amount']} {row.get('currency', '')}")
        except money.NotMoney:
            return None
        sent = Sent(
            key="",
            batch=row.get("batch", ""),
            provider=row.get("provider", ""),
            reference=reference,
            worker=row.get("worker", "").strip(),
            amount=amount.micro,
            currency=amount.currency,
        )
    said: Literal["settled", "failed"] = "settled" if state == "settled" else "failed"
    return Told(reference, said, row.get("receipt", "")[:80], row.get("reason", "")[:40], sent)
