"""What every rail that carries money can do, and the values it exchanges with the rest of the bot.

A provider knows neither database nor chat. Amounts are micro-units; a provider never rounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from bot import money
from bot.errors import Invalid
from bot.i18n import N_
from bot.pay.providers import addresses, terms
from bot.pay.providers.wire import Refused as Refused
from bot.pay.providers.wire import Uncertain as Uncertain
from bot.pay.providers.wire import Unreachable as Unreachable
from bot.pay.providers.wire import Wire as Wire
from bot.settings import Settings

State: TypeAlias = Literal["settled", "failed", "pending", "unknown"]

# Why a payment failed, or waits: sentences for the worker and the admin alike.
REASONS: dict[str, str] = {
    "unregistered": N_("Nobody has an account under this number or address."),
    "destination": N_("The provider does not know this number or address."),
    "restricted": N_("This account cannot receive money at the moment."),
    "limit": N_("The amount does not fit the limits of the account or the provider."),
    "currency": N_("This account cannot receive this currency."),
    "country": N_("The provider does not pay into this country."),
    "unclaimed": N_("The money was not claimed in time and came back."),
    "declined": N_("The recipient declined the money."),
    "review": N_("The provider is checking the payment."),
    "funds": N_("The account that pays does not hold enough money."),
    "credentials": N_("The provider did not accept our credentials or permissions."),
    "duplicate": N_("The provider has had a payment with this reference before."),
    "unavailable": N_("The provider could not be reached. Nothing was sent."),
    "request": N_("The provider could not read the request."),
    "other": N_("The provider refused the payment."),
}


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment to one person."""

    reference: str  # ours, unique and stable for ever: "kazi-<payout item id>"
    destination: str  # canonical, as `check` gave it
    amount: int  # micro-units; a multiple of unit(currency)
    currency: str
    note: str  # plain text, at most 100 characters
    name: str  # pseudonym, or the recipient's name where the rail wants one


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a payment, as far as the provider says.

    `settled` and `failed` are final; `pending` was taken; of `unknown` nothing is known, and only
    a query or a person may tell.
    """

    reference: str  # of the Payment
    state: State
    receipt: str = ""  # the provider's own reference (QK3…)
    reason: str = ""  # a code of REASONS
    handle: str = ""  # the provider's name for the submission: keep it, `query` wants it back


class File(NamedTuple):
    """A file to upload to the provider or to pay from."""

    name: str
    content: bytes


class WrongTemplate(Invalid):
    """A template does not fit. Subclasses name what."""

    msgid = N_("This template does not fit.")


class Provider:
    """One rail. One instance each, in PROVIDERS."""

    name: ClassVar[str]
    title: ClassVar[str]  # msgid
    asks: ClassVar[str]  # msgid: what to write as the destination, with an example
    currencies: ClassVar[frozenset[str] | None] = None  # None: any
    countries: ClassVar[frozenset[str] | None] = None
    template: ClassVar[bool] = False  # whether `files` wants one

    def check(self, written: str) -> str:
        """The canonical destination. Raises errors.Invalid with a sentence that has an example."""
        raise NotImplementedError

    def shown(self, destination: str) -> str:
        """The destination masked for people: "•••• 678"."""
        return addresses.masked(destination)

    def unit(self, currency: str) -> int:
        """The smallest payable amount in micro-units; every Payment is a multiple of it."""
        return money.unit(currency)

    def minimum(self, currency: str) -> int:
        """Below it, in micro-units, no payout is made."""
        return max(self.unit(currency), terms.of(self.name, currency).minimum)

    def maximum(self, currency: str) -> int | None:
        """The largest payment in micro-units; None: no limit is known."""
        return terms.of(self.name, currency).maximum

    def fee(self, amount: int, currency: str) -> int:
        """What is kept when `amount` leaves a balance; the Payment is for the rest. Micro-units.

        A multiple of the unit, rounded up here and nowhere else.
        """
        fee = terms.of(self.name, currency).fee(amount)
        unit = self.unit(currency)
        return -(-fee // unit) * unit

    def files(
        self, batch: str, payments: Sequence[Payment], template: bytes | None = None
    ) -> list[File]:
        """The batch as files: the same bytes for the same payments. Raises WrongTemplate."""
        raise NotImplementedError

    def amount(self, payment: Payment) -> str:
        """The exact decimal: "5.40". Raises ValueError for what the rail cannot pay exactly."""
        unit = self.unit(payment.currency)
        if payment.amount <= 0 or payment.amount % unit:
            raise ValueError(f"{payment.reference}: {payment.amount} cannot be paid exactly")
        decimals = len(str(money.MICRO // unit)) - 1  # of 100 cents: 2
        return f"{Decimal(payment.amount).scaleb(-money.DECIMALS):.{decimals}f}"


class ApiProvider(Provider):
    """A rail that is also paid over HTTP, where its credentials are set."""

    at_once: ClassVar[int]  # payments that one `submit` may hold; each call has its own attempt
    repeatable: ClassVar[timedelta | None] = None
    """For how long after the first attempt `submit` may be made again with the same batch and
    payments, because the provider refuses what it has had. None: never, only `query` tells."""

    def configured(self, settings: Settings) -> bool:
        """Whether the credentials are there; without them there are only files."""
        raise NotImplementedError

    async def submit(self, wire: Wire, batch: str, payments: Sequence[Payment]) -> list[Outcome]:
        """Hand over at most `at_once` payments. `batch` names this call, for ever.

        Pending for what was taken. Raises Uncertain, and Refused where certainly nothing was taken.
        """
        raise NotImplementedError

    async def query(
        self, wire: Wire, batch: str, payments: Sequence[Payment], handle: str = ""
    ) -> list[Outcome]:
        """Ask by the keys of `submit`; `unknown` where the provider does not know the reference.

        Changes nothing and may be asked any time. Leaves out those whose answer comes later, as a
        callback. Raises Uncertain or Refused, which then say nothing about the payments.
        """
        raise NotImplementedError

    def results(self, payload: bytes, *, timed_out: bool = False) -> list[Outcome]:
        """What an asynchronous callback says. Raises ValueError for what is none.

        `timed_out`: it came to the address for what waited too long in the provider's queue.
        Callbacks are not signed: one is to be believed only at an address that nobody can guess.
        """
        raise NotImplementedError
