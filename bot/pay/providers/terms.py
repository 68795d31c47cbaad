"""What each rail charges and allows, with where that was read and when.

Fees are what the house's account is charged for a payment; they are taken out of the payout.
Amounts are micro-units. To change a line, write its source and date beside it.
"""

from dataclasses import dataclass
from datetime import date

from bot.money import MICRO

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits of one payment, and its fee: a share up to a cap, or a step of a tariff."""

    source: str
    read_on: date
    minimum: int = 0
    maximum: int | None = None
    share: int = 0  # of the payment, in parts per million
    cap: int | None = None  # the most that the share comes to
    steps: tuple[tuple[int, int], ...] = ()  # payments up to so much cost so much

    def fee(self, amount: int) -> int:
        """What leaves `amount` so that the rest and its fee fit into it; not rounded to cents."""
        fee = -(-amount * self.share // (MILLION + self.share))
        if self.cap is not None:
            fee = min(fee, self.cap)
        # Between two steps the payment stays at the top of the lower one.
        return fee + min((max(cost, amount - top) for top, cost in self.steps), default=0)


def of(provider: str, currency: str) -> Terms:
    """The line of a rail in a currency, or its line for any."""
    return TERMS.get((provider, currency)) or TERMS.get((provider, "")) or NONE


NONE = Terms("nothing is charged by a file", date(2026, 11, 24))

TERMS: dict[tuple[str, str], Terms] = {
    # 2 %, paid by the sender. It is capped by the sender's country; the highest cap is taken where
    # it is known (USD), so the house is never charged more than it kept.
    ("paypal", ""): Terms(
        "developer.paypal.com/payouts/fees",
        date(2026, 11, 24),
        minimum=MICRO,
        share=20_000,
    ),
    ("paypal", "USD"): Terms(
        "developer.paypal.com/payouts/fees",
        date(2026, 11, 24),
        minimum=MICRO,
        maximum=20_000 * MICRO,
        share=20_000,
        cap=20 * MICRO,
    ),
    # Wise adds its fee to what the house pays; where it converts, it takes it from what arrives.
    ("wise", ""): Terms("wise.com/help/articles/2663302", date(2026, 11, 24), minimum=MICRO),
    # B2C to registered customers, charged to the business. The last step is the one most often
    # changed: compare it with your contract.
    ("mpesa", "KES"): Terms(
        "M-PESA bulk payment tariff form, safaricom.co.ke",
        date(2026, 11, 24),
        minimum=10 * MICRO,
        maximum=250_000 * MICRO,
        steps=(
            (100 * MICRO, 0),
            (1_500 * MICRO, 5 * MICRO),
            (5_000 * MICRO, 9 * MICRO),
            (20_000 * MICRO, 11 * MICRO),
            (250_000 * MICRO, 13 * MICRO),
        ),
    ),
}
