"""Rails that carry money to people, one file each, in one visible table.

A rail checks where money goes, says what it costs, and writes the files that a person uploads or
pays from; some are also paid over HTTP. It knows neither database nor chat, and never rounds.

To add a rail:

1.  Write `bot/pay/providers/<name>.py` with one class that inherits `provider.Provider`, or
    `provider.ApiProvider` where there is an API. Say in its docstring where the format was read.
2.  `check` gives one canonical destination per account (take it from `addresses`) and refuses with
    a sentence that says what is expected, with an example. It may not begin as a formula.
3.  `files` gives the same bytes for the same payments: no clock, no chance, rows in their order.
    Words go through `tables.words`, everything else through `tables.exact` and `self.amount`.
4.  `submit` raises `Refused` only where certainly nothing was taken, else `Uncertain`. Set
    `repeatable` only where the rail itself refuses what it has had. A payment is only `failed` if
    the money certainly stayed; what is not understood is `unknown`.
5.  Limits and fees are lines of `terms.TERMS`, with source and date.
6.  Credentials are `SecretStr` in `bot/settings.py`, and in `deploy/env.example`. Without them
    `configured` is false and there are only files. Nothing is logged.
7.  Add the line below, a sample to `tests/pay/test_providers.py` (the contract then runs on it)
    and, for an API, a stand-in to `bot/sandbox/payments/` with its tests.
"""

from bot.pay.providers.csv import Csv
from bot.pay.providers.manual import Manual
from bot.pay.providers.mpesa import MPesa
from bot.pay.providers.paypal import PayPal
from bot.pay.providers.provider import Provider
from bot.pay.providers.wise import Wise

PROVIDERS: dict[str, Provider] = {
    "manual": Manual(),
    "csv": Csv(),
    "paypal": PayPal(),
    "wise": Wise(),
    "mpesa": MPesa(),
}
