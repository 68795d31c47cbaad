"""Stand-ins of payment providers on loopback: PayPal Payouts and M-Pesa's Daraja as documented.

They keep what was paid and how often, so that tests compare it with what was owed, and go wrong on
purpose. `<address>/paypal` and `<address>/mpesa` are what KAZI_PAYPAL_URL and KAZI_MPESA_URL want;
`<address>/control` shows the book and takes faults.
"""

from bot.sandbox.payments.book import Book, Fault, Paid
from bot.sandbox.payments.payments import Payments

__all__ = ["Book", "Fault", "Paid", "Payments"]
