"""What was handed to providers, line by line in a file that no restore of the database takes back.

It is kept beside the database, not in it: after an older copy was put back, it knows the payments
that the books have forgotten. It names nobody (pseudonyms) and no destination.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import make_url

from bot.pay.handover import Attempt
from bot.settings import Settings
from bot.store.database import Database

FILE = "kazi.payments"


class Sent(msgspec.Struct, omit_defaults=True):
    """One payment that was handed over, or the provider's own name for those of a key."""

    key: str
    """Of the attempt."""
    handle: str = ""
    batch: str = ""
    provider: str = ""
    reference: str = ""
    worker: str = ""
    """The pseudonym."""
    amount: int = 0
    """Micro-units that left the balance."""
    fee: int = 0
    currency: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentLog:
    """The file. Many processes may add to it; a line is on the disk before money moves."""

    path: Path

    def add(self, attempt: Attempt, now: datetime) -> None:
        """Note an attempt before its call is made."""
        self._write(
            Sent(
                key=attempt.key,
                batch=attempt.batch,
                provider=attempt.provider,
                reference=payment.reference,
                worker=payment.name,
                amount=payment.amount + attempt.fees[payment.reference],
                fee=attempt.fees[payment.reference],
                currency=payment.currency,
                at=now,
            )
            for payment in attempt.payments
        )

    def name(self, key: str, handle: str) -> None:
        """Note what the provider calls it."""
        self._write([Sent(key, handle)])

    def read(self) -> list[Sent]:
        """Every payment, once each, with its handle. A line that was torn off is no payment."""
        if not self.path.exists():
            return []
        lines = [line for line in self.path.read_bytes().splitlines() if _whole(line)]
        said = [msgspec.json.decode(line, type=Sent) for line in lines]
        handles = {one.key: one.handle for one in said if one.handle}
        found = {one.reference: one for one in said if one.reference}
        for one in found.values():
            one.handle = handles.get(one.key, "")
        return list(found.values())

    def _write(self, lines: Iterable[Sent]) -> None:
        content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)


def of(settings: Settings, database: Database) -> PaymentLog | None:
    """Where the settings say; beside an SQLite file else. None: nobody keeps one."""
    if settings.payments_log:
        return PaymentLog(Path(settings.payments_log))
    if not database.is_sqlite:
        return None
    return PaymentLog(Path(make_url(database.url).database or "").with_name(FILE))


def _whole(line: bytes) -> bool:
    return line.startswith(b"{") and line.endswith(b"}")
