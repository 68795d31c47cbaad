"""A table for other programs: a bank's importer, a payroll, a rail that Kazi does not know."""

import hashlib
from collections.abc import Sequence

from bot.i18n import N_
from bot.pay.providers import addresses, tables
from bot.pay.providers.provider import File, Payment, Provider

HEADER = (
    "payout_id",
    "worker_ref",
    "method",
    "destination",
    "amount_minor",
    "currency",
    "amount_decimal",
    "reference",
    "sha",
)


class Csv(Provider):
    name = "csv"
    title = N_("Bank transfer")
    asks = N_(
        "Write your IBAN, or your bank with account number and name. "
        "Like: Equity Bank, 0123456789, Amina Otieno."
    )

    def check(self, written: str) -> str:
        return addresses.account(written)

    def files(
        self, batch: str, payments: Sequence[Payment], template: bytes | None = None
    ) -> list[File]:
        rows = [_sealed(self._row(one)) for one in payments]
        return [File(f"{batch}.csv", tables.written([HEADER, *rows]))]

    def _row(self, payment: Payment) -> tuple[str, ...]:
        return (
            tables.exact(payment.reference),
            tables.words(payment.name),
            addresses.method(payment.destination),
            tables.exact(payment.destination),
            _minor(self.amount(payment)),
            payment.currency,
            self.amount(payment),
            tables.words(payment.note),
        )


def _minor(amount: str) -> str:
    """The amount in the currency's smallest units: "540" cents of "5.40"."""
    return str(int(amount.replace(".", "")))


def _sealed(row: tuple[str, ...]) -> tuple[str, ...]:
    """With the SHA-256 of its cells, joined by line ends: a row that was changed is seen."""
    return (*row, hashlib.sha256("\n".join(row).encode()).hexdigest())
