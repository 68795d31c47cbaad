"""Money is read exactly and shown exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import i18n, money
from bot.money import Money

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.02 USD", Money(20_000, "USD")),
        ("USD 0.02", Money(20_000, "USD")),
        ("usd0.02", Money(20_000, "USD")),
        (" 250.00 KES ", Money(250_000_000, "KES")),
        ("0.000001 USD", Money(1, "USD")),
        ("5 JPY", Money(5_000_000, "JPY")),
        ("0 USD", Money(0, "USD")),
        ("-0 USD", Money(0, "USD")),
        ("007 USD", Money(7_000_000, "USD")),
        ("1000000000000 IDR", Money(10**18, "IDR")),
    ],
)
def test_an_amount_with_its_currency_is_read_in_either_order(text, amount):
    assert money.parse(text) == amount


@pytest.mark.parametrize(
    ("text", "refusal", "part"),
    [
        ("", money.NotMoney, "like 0.02 USD"),
        ("0.02", money.NotMoney, "“0.02”"),
        ("USD", money.NotMoney, "“USD”"),
        ("$0.02", money.NotMoney, "“$0.02”"),
        ("two USD", money.NotMoney, "“two USD”"),
        ("1e3 USD", money.NotMoney, "1e3"),
        ("1 USD 2", money.NotMoney, "1 USD 2"),
        ("1,250.50 USD", money.GroupedAmount, "without separators"),
        ("0,02 USD", money.GroupedAmount, "decimal point"),
        ("1 250 USD", money.GroupedAmount, "1 250 USD"),
        ("1. USD", money.GroupedAmount, "1. USD"),
        ("0.0000001 USD", money.TooFine, "At most 6"),
        ("1000000000001 USD", money.TooLarge, "too large"),
        ("9" * 5000 + " USD", money.TooLarge, "too large"),
        ("-0.02 USD", money.NegativeAmount, "below zero"),
        ("−0.02 USD", money.NegativeAmount, "below zero"),
        ("5 ABC", money.UnknownCurrency, "“ABC”"),
        ("5 DEM", money.UnknownCurrency, "“DEM”"),
    ],
)
def test_what_is_not_an_amount_is_refused_with_a_sentence_that_shows_it(text, refusal, part):
    with pytest.raises(money.NotMoney) as refused:
        money.parse(text)
    assert type(refused.value) is refusal
    assert part in refused.value.say()
    assert len(refused.value.say()) < 200


def test_a_negative_amount_is_read_where_it_is_allowed():
    assert money.parse("-1.50 USD", allow_negative=True) == Money(-1_500_000, "USD")
    assert money.parse("USD −1.50", allow_negative=True) == Money(-1_500_000, "USD")


@pytest.mark.parametrize(
    ("micro", "written"),
    [
        (20_000, "0.02"),
        (1, "0.000001"),
        (5_000_000, "5"),
        (10_000_000, "10"),
        (0, "0"),
        (-1_500_000, "-1.5"),
        (-1, "-0.000001"),
    ],
)
def test_a_plain_decimal_has_no_exponent_and_no_spare_zeros(micro, written):
    assert money.decimal(micro) == written


AMOUNTS = st.integers(-(10**18), 10**18)
CURRENCIES = st.sampled_from(sorted(money.currencies()))


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_is_read_back(micro, currency):
    written = f"{money.decimal(micro)} {currency}"
    assert money.parse(written, allow_negative=True) == Money(micro, currency)


@given(AMOUNTS, CURRENCIES, st.sampled_from(list(i18n.LANGUAGES)))
def test_no_value_is_lost_when_an_amount_is_shown(micro, currency, language):
    with i18n.speaking(language):
        said = money.show(micro, currency)
        mark = "," if language in ("es", "pt_BR", "fr", "ru", "id") else "."
    first, last = (said.index(digit(said)), said.rindex(digit(said[::-1])))
    digits = said[first : last + 1]
    plain = "".join(sign for sign in digits if sign.isdigit() or sign == mark).replace(mark, ".")
    assert Decimal(plain) * money.MICRO == abs(micro)
    assert ("-" in said) == (micro < 0)


def digit(text):
    return next(sign for sign in text if sign.isdigit())


@pytest.mark.parametrize(
    ("language", "micro", "currency", "said"),
    [
        ("en", 20_000, "USD", f"$0.02{NBSP}USD"),
        ("en", 12_500, "USD", f"$0.0125{NBSP}USD"),
        ("en", 5_000_000, "USD", f"$5.00{NBSP}USD"),
        ("en", -1_500_000, "USD", f"-$1.50{NBSP}USD"),
        ("en", 110_000_000, "KES", f"KSh{NBSP}110.00"),
        ("sw", 110_000_000, "KES", f"KSh{NBSP}110.00"),
        ("sw", 12_500, "USD", f"US${NBSP}0.0125"),
        ("en", 5_000_000, "JPY", f"¥5{NBSP}JPY"),
        ("en", 500_000, "JPY", f"¥0.5{NBSP}JPY"),
        ("zh_Hans", 5_000_000, "CNY", f"¥5.00{NBSP}CNY"),
        ("hi", 1_234_567_500_000, "INR", "₹12,34,567.50"),
        ("es", 1_234_567_500_000, "EUR", f"1.234.567,50{NBSP}€"),
        ("fr", 1_234_567_000_000, "XOF", f"1\u202f234\u202f567{NBSP}F\u202fCFA"),
        ("bn", 1_000_000, "BDT", "1.00৳"),
        ("bn", 1_000_000, "KES", f"1.00{NBSP}KSh"),
        ("id", 1_500_000, "IDR", f"Rp{NBSP}1,50"),
    ],
)
def test_amounts_are_shown_as_people_write_them(language, micro, currency, said):
    with i18n.speaking(language):
        assert money.show(micro, currency) == said


def test_an_arabic_amount_brings_its_own_mark_and_gets_no_other():
    with i18n.speaking("ar"):
        said = money.show(1_234_567_500_000, "EGP")
        assert said == f"\u200f1,234,567.50{NBSP}ج.م.\u200f"
        assert i18n.isolate(said) == said
