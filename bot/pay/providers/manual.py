"""By hand: somebody pays from a list, out of a bank, a wallet or a cash box."""

from collections.abc import Sequence

from bot.i18n import N_
from bot.pay.providers import addresses, tables
from bot.pay.providers.provider import File, Payment, Provider

HEADER = ("reference", "name", "destination", "amount", "currency", "note")


class Manual(Provider):
    name = "manual"
    title = N_("By hand")
    asks = N_(
        "Write where your money should go: your bank with account number and name, an IBAN, "
        "or a TON address. Like: Equity Bank, 0123456789, Amina Otieno."
    )

    def check(self, written: str) -> str:
        return addresses.account(written)

    def files(
        self, batch: str, payments: Sequence[Payment], template: bytes | None = None
    ) -> list[File]:
        rows = [
            (
                tables.exact(one.reference),
                tables.words(one.name),
                tables.exact(one.destination),
                self.amount(one),
                one.currency,
                tables.words(one.note),
            )
            for one in payments
        ]
        return [File(f"{batch}.csv", tables.written([HEADER, *rows]))]
