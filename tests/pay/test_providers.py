"""Rails without their wires: where money may go, what files say byte for byte, what it costs."""

import base64
import binascii
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import i18n, money
from bot.errors import Invalid
from bot.formats import cells
from bot.money import MICRO
from bot.pay.providers import PROVIDERS, addresses, mpesa, paypal, provider, terms, values, wise
from bot.pay.providers.provider import ApiProvider, Payment, Provider, Refused
from bot.pay.providers.wire import Wire
from bot.settings import Settings

HEADER = b"name,recipientEmail,sourceCurrency,targetCurrency,amountCurrency,amount,paymentReference"
SAMPLES = {
    "manual": ("Equity Bank, 0123456789, Amina Otieno", "KES"),
    "csv": ("GB29NWBK60161331926819", "EUR"),
    "paypal": ("amina@example.com", "USD"),
    "wise": ("amina@example.com", "EUR"),
    "mpesa": ("254712345678", "KES"),
}


def paid(rail: Provider, number: int = 1, **more: Any) -> Payment:
    destination, currency = SAMPLES[rail.name]
    plain = Payment(f"kazi-{number}", destination, 120 * MICRO, currency, "Week 47", "Amina")
    return replace(plain, **more)


def files(rail: Provider, payments: list[Payment]) -> dict[str, bytes]:
    return dict(rail.files("B7", payments, HEADER if rail.template else None))


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


@pytest.fixture(params=PROVIDERS.values(), ids=PROVIDERS)
def rail(request: pytest.FixtureRequest) -> Provider:
    return request.param


# What every rail promises


def test_every_rail_is_named_as_in_the_table_and_has_a_sample() -> None:
    assert [one.name for one in PROVIDERS.values()] == list(PROVIDERS) == list(SAMPLES)


def test_a_destination_read_again_stays_as_it_is(rail: Provider) -> None:
    destination, _ = SAMPLES[rail.name]
    assert rail.check(destination) == destination
    assert rail.check(f"  \u200f{destination} ") == destination


@pytest.mark.parametrize("language", i18n.SHIPPED)
def test_nonsense_is_refused_in_words_with_an_example(rail: Provider, language: str) -> None:
    with pytest.raises(Invalid) as refused, i18n.speaking(language):
        rail.check("?")
    with i18n.speaking(language):
        said, asked, title = refused.value.say(), i18n.gettext(rail.asks), i18n.gettext(rail.title)
    for text in (said, asked):
        assert any(example in text for example in ("0712", "amina@", "0123456789"))
    assert title
    if language != "en":
        assert said != str(refused.value)
        assert asked != rail.asks


@given(text=st.text(max_size=60))
def test_what_is_read_is_canonical_or_refused_and_never_a_formula(text: str) -> None:
    for one in PROVIDERS.values():
        with suppress(Invalid):
            destination = one.check(text)
            assert one.check(destination) == destination
            assert cells.cell(destination) == destination


def test_most_of_a_destination_is_hidden(rail: Provider) -> None:
    destination, _ = SAMPLES[rail.name]
    shown = rail.shown(destination)
    assert "•••" in shown
    assert destination not in shown
    assert destination[:6] not in shown


def test_the_same_payments_are_the_same_bytes(rail: Provider) -> None:
    payments = [paid(rail, number) for number in range(5)]
    assert files(rail, payments) == files(rail, list(payments))
    assert files(rail, payments) != files(rail, payments[::-1])


def test_a_file_carries_what_is_exact_and_defuses_words(rail: Provider) -> None:
    evil = paid(rail, name='=HYPERLINK("x")', note="\u200b@SUM(1)\nnext")
    (content,) = files(rail, [evil]).values()
    found = [cell for row in rows(content) for cell in row]
    assert evil.destination in found
    assert evil.reference in found
    assert rail.amount(evil) in found
    assert evil.name not in found
    assert not any("SUM" in cell for cell in found if not cell.startswith("'"))
    assert b"\nnext" not in content


def test_what_would_run_in_a_spreadsheet_is_no_destination(rail: Provider) -> None:
    with pytest.raises(ValueError, match="exactly"):
        files(rail, [paid(rail, destination='=cmd|"x"@example.com')])


@given(units=st.integers(1, 10**9), name=st.sampled_from(sorted(PROVIDERS)))
def test_amounts_are_written_exactly(units: int, name: str) -> None:
    one = PROVIDERS[name]
    payment = paid(one)
    payment = replace(payment, amount=units * one.unit(payment.currency))
    assert Decimal(one.amount(payment)) * MICRO == payment.amount


@given(amount=st.integers(-MICRO, 300 * MICRO), name=st.sampled_from(sorted(PROVIDERS)))
def test_nothing_is_rounded_inside_a_rail(amount: int, name: str) -> None:
    one = PROVIDERS[name]
    payment = paid(one)
    payment = replace(payment, amount=amount)
    if amount > 0 and amount % one.unit(payment.currency) == 0:
        assert one.amount(payment)
    else:
        with pytest.raises(ValueError, match="exactly"):
            files(one, [payment])


@given(amount=st.integers(0, 10**12), name=st.sampled_from(sorted(PROVIDERS)))
def test_a_fee_fits_into_its_amount_in_payable_units(amount: int, name: str) -> None:
    one = PROVIDERS[name]
    _, currency = SAMPLES[name]
    amount -= amount % one.unit(currency)
    fee = one.fee(amount, currency)
    assert 0 <= fee <= amount
    assert fee % one.unit(currency) == 0
    assert (one.maximum(currency) or 10**18) > one.minimum(currency) >= one.unit(currency)


def test_every_line_of_terms_has_a_source_and_belongs_to_a_rail() -> None:
    for (name, currency), line in terms.TERMS.items():
        rails = PROVIDERS[name].currencies
        assert currency == "" or rails is None or currency in rails
        assert line.source
        assert line.read_on.year >= 2026


# Where money goes


@pytest.mark.parametrize(
    "written",
    [
        "0712345678",
        "0712 345 678",
        "+254 712 345 678",
        "+254 (0) 712-345.678",
        "00254712345678",
        "254712345678",
        "712345678",
        "\u202d+254\u00a0712\u2011345\u2013678\u202c",
        "０７１２３４５６７８",
        "٠٧١٢٣٤٥٦٧٨",
    ],
)
def test_a_kenyan_mobile_is_read_however_it_is_written(written: str) -> None:
    assert addresses.kenyan_mobile(written) == "254712345678"


def test_the_newer_numbers_are_mobiles_too() -> None:
    assert addresses.kenyan_mobile("0110 123456") == "254110123456"


@pytest.mark.parametrize(
    "written",
    ["", "071234567", "07123456789", "+255712345678", "+1 712 345 678", "020 1234567", "amina",
     "0712345678, 0712345679", "254254712345678"],
)  # fmt: skip
def test_what_is_no_kenyan_mobile_is_refused(written: str) -> None:
    with pytest.raises(addresses.NoKenyanMobile):
        addresses.kenyan_mobile(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (" Amina@Example.COM ", "amina@example.com"),
        ("mailto:amina@example.com", "amina@example.com"),
        ("ａｍｉｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "amina@example.com"),
        ("amina@bücher.example.com", "amina@xn--bcher-kva.example.com"),
    ],
)
def test_an_email_is_read_in_one_form(written: str, meant: str) -> None:
    assert addresses.email(written) == meant


@pytest.mark.parametrize(
    "written", ["amina", "amina@", "a b@example.com", "amina@example", "=a@example.com",
                "+a@example.com", "آمنة@example.com", "a@b@example.com"]
)  # fmt: skip
def test_what_is_no_email_is_refused(written: str) -> None:
    with pytest.raises(addresses.NoEmail):
        addresses.email(written)


@pytest.mark.parametrize(
    "written",
    ["GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819", "IBAN: GB29NWBK60161331926819"],
)
def test_an_iban_is_read_without_its_spaces(written: str) -> None:
    assert addresses.iban(written) == "GB29NWBK60161331926819"


@pytest.mark.parametrize("rail_name", ["manual", "csv"])
@pytest.mark.parametrize(
    "written", ["GB29 NWBK 6016 1331 9268 18", "GB29 NWBK 6016 1331 9268", "ZZ29 1234 5678 9012 34"]
)
def test_an_iban_with_a_slip_is_refused(rail_name: str, written: str) -> None:
    with pytest.raises(addresses.NoIban):
        PROVIDERS[rail_name].check(written)


def ton(kind: int = 0x11, chain: int = 0, body: bytes = bytes(range(32))) -> str:
    raw = bytes([kind, chain]) + body
    check = binascii.crc_hqx(raw, 0).to_bytes(2, "big")
    return base64.urlsafe_b64encode(raw + check).decode()


# Of the documentation of TON: one account in its two forms.
BOUNCEABLE = "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF"
WALLET = "UQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPuwA"


@pytest.mark.parametrize(
    "written",
    [BOUNCEABLE, WALLET, f"ton://transfer/{WALLET}", BOUNCEABLE.replace("-", "+"),
     f"{WALLET[:24]} {WALLET[24:]}"],
)  # fmt: skip
def test_a_ton_address_is_read_into_the_form_of_wallets(written: str) -> None:
    assert addresses.account(written) == WALLET


@pytest.mark.parametrize("kind", [0x11, 0x51])
@pytest.mark.parametrize("chain", [0x00, 0xFF])
def test_both_workchains_are_known(kind: int, chain: int) -> None:
    assert addresses.ton(ton(kind, chain)) == ton(0x51, chain)


@pytest.mark.parametrize(
    "written",
    [WALLET[:-1] + "B", WALLET[:10] + "z" + WALLET[11:], ton(0x12), ton(chain=1), WALLET[:-1],
     "0:" + "ca" * 32],
)  # fmt: skip
def test_a_ton_address_with_a_slip_is_refused(written: str) -> None:
    with pytest.raises(addresses.NoTonAddress):
        addresses.ton(written)


@pytest.mark.parametrize("written", [WALLET[:-1] + "B", "ton://transfer/UQ", "0:" + "ca" * 32])
def test_what_looks_like_a_ton_address_must_be_one(written: str) -> None:
    with pytest.raises(addresses.NoTonAddress):
        addresses.account(written)


def test_a_ton_address_of_the_test_network_is_refused_as_that() -> None:
    with pytest.raises(addresses.TestTonAddress):
        addresses.ton(ton(0x51 | 0x80))


@pytest.mark.parametrize(
    ("written", "meant", "method"),
    [
        ("Equity Bank,\n 0123456789, Amina", "Equity Bank, 0123456789, Amina", "account"),
        ("+254 712 345 678", "+254712345678", "phone"),
        ("00254 712 345 678", "+254712345678", "phone"),
        ("Amina@Example.com", "amina@example.com", "email"),
        ("ask amina @ the office", "ask amina @ the office", "account"),
        ("GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819", "iban"),
        (BOUNCEABLE, WALLET, "ton"),
        ("No 42 Nairobi Road, cash", "No 42 Nairobi Road, cash", "account"),
        ("254712345678", "254712345678", "phone"),
    ],
)
def test_by_hand_anything_goes_but_known_forms_must_be_right(
    written: str, meant: str, method: str
) -> None:
    assert addresses.account(written) == meant
    assert addresses.method(meant) == method


@pytest.mark.parametrize(
    "written", ["", "bank", "x" * 201, "=1+1+1+1", "@office desk", "+ my bank"]
)
def test_by_hand_too_little_too_much_and_formulas_are_refused(written: str) -> None:
    with pytest.raises(addresses.NoAccount) as refused:
        addresses.account(written)
    assert "Equity Bank" in refused.value.say()


def test_an_email_is_masked_with_its_domain() -> None:
    assert addresses.masked("amina@example.com") == "am•••@example.com"
    assert addresses.masked("254712345678") == "•••• 678"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("4821 3377", "48213377"),
        ("０４８２１３３７７", "048213377"),
        ("9F6F0B2E-0000-4000-8000-1234567890AB", "9f6f0b2e-0000-4000-8000-1234567890ab"),
        ("Amina@example.com", "amina@example.com"),
    ],
)
def test_a_wise_recipient_is_an_id_or_an_email(written: str, meant: str) -> None:
    assert PROVIDERS["wise"].check(written) == meant


# Files, byte for byte


def test_by_hand_is_a_list_to_read() -> None:
    rail = PROVIDERS["manual"]
    assert files(rail, [paid(rail), paid(rail, 2, destination="+254712345678")]) == {
        "B7.csv": b"reference,name,destination,amount,currency,note\r\n"
        b'kazi-1,Amina,"Equity Bank, 0123456789, Amina Otieno",120.00,KES,Week 47\r\n'
        b"kazi-2,Amina,+254712345678,120.00,KES,Week 47\r\n"
    }


def test_the_table_for_programs_has_cents_and_a_seal_on_each_row() -> None:
    rail = PROVIDERS["csv"]
    ((name, content),) = files(rail, [paid(rail), paid(rail, 2, currency="JPY")]).items()
    assert name == "B7.csv"
    header, first, second = rows(content)
    assert ",".join(header) == (
        "payout_id,worker_ref,method,destination,amount_minor,currency,amount_decimal,reference,sha"
    )
    assert first[:-1] == [
        "kazi-1", "Amina", "iban", "GB29NWBK60161331926819", "12000", "EUR", "120.00", "Week 47",
    ]  # fmt: skip
    assert second[4:7] == ["120", "JPY", "120"]
    for row in (first, second):
        assert row[-1] == hashlib.sha256("\n".join(row[:-1]).encode()).hexdigest()


def test_paypals_file_has_no_header_and_one_currency() -> None:
    rail = PROVIDERS["paypal"]
    payments = [
        paid(rail, 1),
        paid(rail, 2, currency="EUR", amount=5_450_000),
        paid(rail, 3, currency="JPY"),
        paid(rail, 4, note="Thanks, Amina"),
    ]
    assert files(rail, payments) == {
        "B7-EUR-1.csv": b"amina@example.com,5.45,EUR,kazi-2,Week 47,PAYPAL\r\n",
        "B7-JPY-1.csv": b"amina@example.com,120,JPY,kazi-3,Week 47,PAYPAL\r\n",
        "B7-USD-1.csv": b"amina@example.com,120.00,USD,kazi-1,Week 47,PAYPAL\r\n"
        b'amina@example.com,120.00,USD,kazi-4,"Thanks, Amina",PAYPAL\r\n',
    }


@pytest.mark.parametrize(("name", "most"), [("paypal", 5000), ("wise", 1000), ("mpesa", 5000)])
def test_more_rows_than_a_file_may_have_make_several_files(name: str, most: int) -> None:
    rail = PROVIDERS[name]
    _, currency = SAMPLES[name]
    extra = 0 if name == "paypal" else 1  # the header
    found = files(rail, [paid(rail, number) for number in range(most + 1)])
    assert list(found) == [f"B7-{currency}-1.csv", f"B7-{currency}-2.csv"]
    assert [len(rows(content)) - extra for content in found.values()] == [most, 1]
    assert not files(rail, [])


def test_m_pesas_file_has_whole_shillings() -> None:
    rail = PROVIDERS["mpesa"]
    assert files(rail, [paid(rail)]) == {
        "B7-KES-1.csv": b"MobileNumber,Amount,Name,Reference,Remarks\r\n"
        b"254712345678,120,Amina,kazi-1,Week 47\r\n"
    }
    with pytest.raises(ValueError, match="exactly"):
        files(rail, [paid(rail, amount=100_500_000)])


# Wise's template


def filled(template: bytes, *payments: Payment) -> list[dict[str, str]]:
    rail = PROVIDERS["wise"]
    one = rail.files("B7", payments or [paid(rail)], template)[0]
    header, *found = rows(one.content)
    return [dict(zip(header, row, strict=True)) for row in found]


def test_wises_columns_are_filled_by_the_templates_header() -> None:
    rail = PROVIDERS["wise"]
    (content,) = files(rail, [paid(rail)]).values()
    assert content == HEADER + b"\r\nAmina,amina@example.com,EUR,EUR,target,120.00,kazi-1\r\n"


@pytest.mark.parametrize(
    "template",
    [
        b"\xef\xbb\xbf" + HEADER.replace(b",", b";") + b"\r\n",
        b"\n" + HEADER.replace(b",", b"\t") + b"\r\ne.g. Jane\t\t\t\t\t\t\n",
        HEADER.replace(b"recipientEmail", b"Recipient Email").replace(b"amount,", b"AMOUNT,"),
    ],
)
def test_a_template_is_read_however_it_is_written(template: bytes) -> None:
    (row,) = filled(template)
    assert list(row.values()) == [
        "Amina", "amina@example.com", "EUR", "EUR", "target", "120.00", "kazi-1",
    ]  # fmt: skip


SAVED = (
    b"recipientId,name,recipientDetail,recipientType,recipientEmail,addressCity,iban,"
    b"sourceCurrency,targetCurrency,amountCurrency,amount,reference\r\n"
    b'48213377,Amina Otieno,"Ending 6819",BUSINESS,,Nairobi,GB29,GBP,KES,target,,old\r\n'
)


def test_a_saved_recipients_own_row_is_kept_and_the_rest_is_ours() -> None:
    rail = PROVIDERS["wise"]
    (row,) = filled(SAVED, paid(rail, destination="48213377"))
    assert row == {
        "recipientId": "48213377",
        "name": "Amina Otieno",
        "recipientDetail": "Ending 6819",
        "recipientType": "BUSINESS",
        "recipientEmail": "",
        "addressCity": "Nairobi",
        "iban": "GB29",
        "sourceCurrency": "EUR",
        "targetCurrency": "KES",
        "amountCurrency": "source",
        "amount": "120.00",
        "reference": "kazi-1",
    }


def as_xlsx(*lines: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_template_may_be_a_workbook() -> None:
    rail = PROVIDERS["wise"]
    head, row = SAVED.decode().splitlines()
    cells_of = next(csv.reader([row]))
    template = as_xlsx(head.split(","), [int(cells_of[0]), *cells_of[1:]])
    payment = paid(rail, destination="48213377")
    assert filled(template, payment) == filled(SAVED, payment)


def packed(name: str, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\0" * size)
    return out.getvalue()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "its own template"),
        (b"", "“amount” is missing"),
        (b"name,recipientEmail\r\n", "“amount” is missing"),
        (HEADER + b",accountNumber\r\n", "“accountNumber”, which Kazi cannot fill"),
        (HEADER.replace(b"recipientEmail,", b""), "no column for where Amina is paid"),
        (HEADER + b",Amount", "cannot be read"),
        (b'"name\r\namount', "cannot be read"),
        (b"\xff\xfe\x00amount", "cannot be read"),
        (b"PK\x03\x04 is no archive", "cannot be read"),
        (packed("a.txt", 10), "cannot be read"),
        (packed("a.txt", wise.LARGEST * 10 + 1), "cannot be read"),
        (b"amount," * (wise.LARGEST // 7 + 1), "cannot be read"),
    ],
)
def test_a_template_that_does_not_fit_is_refused_in_words(
    template: bytes | None, said: str
) -> None:
    rail = PROVIDERS["wise"]
    with pytest.raises(provider.WrongTemplate) as refused:
        rail.files("B7", [paid(rail)], template)
    assert said in refused.value.say()
    with i18n.speaking("sw"):
        assert refused.value.say() != str(refused.value)


def test_an_id_wants_a_column_and_a_saved_recipient() -> None:
    rail = PROVIDERS["wise"]
    by_id = paid(rail, destination="48213377")
    with pytest.raises(wise.NoWay, match="recipientId"):
        rail.files("B7", [by_id], HEADER)
    with pytest.raises(wise.NotSaved, match="Amina is not among"):
        rail.files("B7", [paid(rail, destination="99999999")], SAVED)
    bare = b"recipientId,type,amount\r\n"
    assert filled(bare, by_id) == [{"recipientId": "48213377", "type": "", "amount": "120.00"}]
    mixed = b"recipientId,email,type,receiverType,recipientDetail,amount\r\n"
    assert list(filled(mixed)[0].values()) == [
        "", "amina@example.com", "EMAIL", "PERSON", "", "120.00",
    ]  # fmt: skip


# What it costs


@pytest.mark.parametrize(
    ("name", "currency", "amount", "fee"),
    [
        ("mpesa", "KES", 100, 0),
        ("mpesa", "KES", 103, 3),  # the payment stays at 100, which costs nothing
        ("mpesa", "KES", 1_000, 5),
        ("mpesa", "KES", 250_013, 13),
        ("paypal", "USD", 102, 2),
        ("paypal", "USD", 10_000, 20),
        ("paypal", "EUR", 10_200, 200),
        ("paypal", "JPY", 120, 3),  # rounded up to whole yen
        ("wise", "EUR", 100, 0),
        ("manual", "KES", 100, 0),
    ],
)
def test_fees_are_those_of_the_table(name: str, currency: str, amount: int, fee: int) -> None:
    assert PROVIDERS[name].fee(amount * MICRO, currency) == fee * MICRO


def test_limits_are_those_of_the_table() -> None:
    assert PROVIDERS["mpesa"].minimum("KES") == 10 * MICRO
    assert PROVIDERS["mpesa"].maximum("KES") == 250_000 * MICRO
    assert PROVIDERS["manual"].minimum("USD") == 10_000
    assert PROVIDERS["manual"].maximum("USD") is None
    assert money.unit("USD") == 10_000
    assert money.unit("JPY") == MICRO


# Callbacks


def test_a_paypal_webhook_tells_about_one_item() -> None:
    resource = {
        "payout_batch_id": "PB1",
        "transaction_id": "TX1",
        "transaction_status": "SUCCESS",
        "payout_item": {"sender_item_id": "kazi-1"},
    }
    (one,) = PROVIDERS["paypal"].results(json.dumps({"resource": resource}).encode())
    assert (one.reference, one.state, one.receipt, one.handle) == (
        "kazi-1",
        "settled",
        "TX1",
        "PB1",
    )


@pytest.mark.parametrize(
    ("status", "error", "state", "reason"),
    [
        ("PENDING", "", "pending", ""),
        ("ONHOLD", "", "pending", "review"),
        ("UNCLAIMED", "RECEIVER_UNREGISTERED", "pending", "unregistered"),
        ("RETURNED", "RECEIVER_UNREGISTERED", "failed", "unclaimed"),
        ("REFUNDED", "", "failed", "declined"),
        ("FAILED", "NON_HOLDING_CURRENCY", "failed", "currency"),
        ("FAILED", "", "failed", "other"),
        ("FAILED", "DUPLICATE_ITEM", "unknown", "duplicate"),
        ("NEW_STATE", "", "unknown", ""),
    ],
)
def test_paypals_states_are_understood(status: str, error: str, state: str, reason: str) -> None:
    resource = {
        "transaction_status": status,
        "payout_item": {"sender_item_id": "kazi-1"},
        "errors": {"name": error},
    }
    (one,) = PROVIDERS["paypal"].results(json.dumps({"resource": resource}).encode())
    assert (one.state, one.reason) == (state, reason)


@pytest.mark.parametrize("name", ["paypal", "mpesa"])
@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"Result": 1, "resource": []}', b"\xff"])
def test_a_callback_that_is_none_is_a_value_error(name: str, payload: bytes) -> None:
    rail = PROVIDERS[name]
    assert isinstance(rail, ApiProvider)
    with pytest.raises(ValueError, match="no "):
        rail.results(payload)


def told(**result: Any) -> list[provider.Outcome]:
    rail = PROVIDERS["mpesa"]
    assert isinstance(rail, ApiProvider)
    return rail.results(json.dumps({"Result": result}).encode())


# As https://developer.safaricom.co.ke/apis/TransactionStatus has it.
STATUS = {
    "ConversationID": "AG_20180223_0000493344ae97d86f75",
    "OriginatorConversationID": "3213-416199-2",
    "ReferenceData": {"ReferenceItem": {"Key": "Occasion"}},
    "ResultCode": 0,
    "ResultParameters": {
        "ResultParameter": [
            {"Key": "DebitPartyName", "Value": "600310 - Safaricom333"},
            {"Key": "DebitPartyName", "Value": "254708374149 - John Doe"},
            {"Key": "OriginatorConversationID", "Value": "kazi-1"},
            {"Key": "TransactionReason"},
            {"Key": "TransactionStatus", "Value": "Completed"},
            {"Key": "ReceiptNo", "Value": "MBN31H462N"},
        ]
    },
    "ResultType": 0,
    "TransactionID": "MBN0000000",
}


def test_the_documented_status_of_a_payment_is_read() -> None:
    (one,) = told(**STATUS)
    assert (one.reference, one.state, one.receipt) == ("kazi-1", "settled", "MBN31H462N")


@pytest.mark.parametrize(
    ("status", "state"),
    [("Declined", "failed"), ("Authorized", "pending"), ("Wondering", "unknown")],
)
def test_other_states_of_m_pesa_have_no_receipt(status: str, state: str) -> None:
    changed = json.loads(json.dumps(STATUS).replace("Completed", status))
    (one,) = told(**changed)
    assert (one.state, one.receipt) == (state, "")


def test_a_question_that_failed_says_nothing_about_its_payment() -> None:
    asked = {"ReferenceData": {"ReferenceItem": [{"Key": "Occasion", "Value": "kazi-1"}]}}
    (one,) = told(OriginatorConversationID="q-1", ResultCode=1, **asked)
    assert (one.reference, one.state) == ("kazi-1", "unknown")


# Settings


CREDENTIALS = {
    "paypal_client_id": "id",
    "paypal_client_secret": "secret",
    "mpesa_consumer_key": "key",
    "mpesa_consumer_secret": "secret",
    "mpesa_initiator": "initiator",
    "mpesa_initiator_password": "password",
    "mpesa_certificate": "PEM",
    "mpesa_shortcode": "600997",
    "mpesa_callback_secret": "secret",
    "webhook_url": "https://kazi.example.org/",
}


@pytest.mark.parametrize("name", ["paypal", "mpesa"])
def test_a_rail_is_paid_by_api_only_with_all_credentials(name: str) -> None:
    rail = PROVIDERS[name]
    assert isinstance(rail, ApiProvider)
    assert rail.configured(Settings(**CREDENTIALS))
    for missing in CREDENTIALS:
        if missing.startswith(name):
            assert not rail.configured(Settings(**CREDENTIALS | {missing: ""}))
    assert not rail.configured(Settings())


def test_results_come_to_an_address_with_a_secret_part() -> None:
    assert mpesa.result_url(Settings(**CREDENTIALS)) == (
        "https://kazi.example.org/payments/mpesa/secret"
    )


@pytest.mark.parametrize("field", ["paypal_url", "mpesa_url"])
def test_money_is_only_sent_over_https(field: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Settings(**{field: "http://api.example.org"})
    assert getattr(Settings(**{field: "http://127.0.0.1:8081/bank/"}), field).endswith("/bank")


def test_secrets_of_providers_are_in_files_too_and_never_shown(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAYPAL_CLIENT_SECRET", "MPESA_INITIATOR_PASSWORD", "MPESA_CERTIFICATE"):
        (tmp_path / name).write_text("a-secret\n")
        monkeypatch.setenv(f"KAZI_{name}_FILE", str(tmp_path / name))
    settings = Settings()
    assert settings.paypal_client_secret.get_secret_value() == "a-secret"
    assert settings.mpesa_certificate == "a-secret"
    assert "a-secret" not in repr(settings)


# A key that is no RSA key, as a certificate.
def elliptic() -> str:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("certificate", [lambda: "no PEM", elliptic])
def test_a_wrong_certificate_is_refused_before_anything_is_sent(
    certificate: Callable[[], str],
) -> None:
    with pytest.raises(Refused) as refused:
        mpesa.security_credential(Settings(mpesa_certificate=certificate()))
    assert refused.value.reason == "credentials"


# Values of others


def test_what_is_missing_or_of_another_kind_is_empty() -> None:
    given_ = {"a": {"b": 1}, "c": [1, {"d": "x"}], "e": None, "f": True}
    assert values.mapped(given_, "a") == {"b": 1}
    assert values.mapped(given_, "c") == {}
    assert values.listed(given_, "c") == [{"d": "x"}]
    assert values.listed(given_, "a") == [{"b": 1}]
    assert values.listed(given_, "e") == []
    assert values.text(given_, "e") == ""


async def test_the_contract_itself_does_nothing() -> None:
    bare, wire = ApiProvider(), Wire(None, Settings())  # type: ignore[arg-type]
    for call in (bare.submit, bare.query):
        with pytest.raises(NotImplementedError):
            await call(wire, "B", [])
    for act in (
        lambda: bare.check(""),
        lambda: bare.files("B", []),
        lambda: bare.configured(Settings()),
        lambda: bare.results(b""),
    ):
        with pytest.raises(NotImplementedError):
            act()


def test_paypal_pays_only_in_its_currencies() -> None:
    assert "KES" not in paypal.CURRENCIES
    assert PROVIDERS["mpesa"].currencies == {"KES"}
