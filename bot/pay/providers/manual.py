"""By hand: somebody pays from a list, from a bank, a wallet or a cash box."""

import csv
import io
from collections.abc import Sequence

from bot.errors import Invalid
from bot.i18n import N_, strip_marks
from bot.pay.providers.provider import File, Payment, Provider

LONGEST = 200


class NoDestination(Invalid):
    msgid = N_(
        "Write where the money should go in at most {limit} characters, like "
        "“Equity Bank, 0123456789, Amina Otieno”."
    )


class Manual(Provider):
    name = "manual"
    title = N_("By hand")
    asks = N_(
        "Write where your money should go: the bank with the account number and name, an IBAN, "
        "or a TON address."
    )

    def check(self, written: str) -> str:
        text = " ".join(strip_marks(written).split())
        if not text or len(text) > LONGEST:
            raise NoDestination(limit=LONGEST)
        return text

    def files(
        self, batch: str, payments: Sequence[Payment], template: bytes | None = None
    ) -> list[File]:
        out = io.StringIO(newline="")
        rows = csv.writer(out, lineterminator="\r\n")
        rows.writerow(["reference", "name", "destination", "amount", "currency", "note"])
        for one in payments:
            paid = self.amount(one)
            rows.writerow([one.reference, one.name, one.destination, paid, one.currency, one.note])
        return [File(f"{batch}.csv", out.getvalue().encode())]
