"""Wise's batch payments: Wise's own template, filled in.

Its columns differ by kind and currency, so nothing is assumed: the template's header says which
there are, and a column that Kazi cannot fill must be filled in the recipient's own row of the
template (saved recipients come that way). https://wise.com/help/articles/2663302
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from bot.i18n import N_
from bot.pay.providers import addresses, tables
from bot.pay.providers.provider import File, Payment, Provider, WrongTemplate

ROWS = 1000  # transfers of one file
LARGEST = 5 * 1024 * 1024  # bytes of a template; unpacked ten times that
SAVED = 20_000  # rows read of a template
_ID = re.compile(r"[0-9]{4,12}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NoRecipient(addresses.NoDestination):
    msgid = N_(
        "Write the e-mail address to which Wise should send your money, like amina@example.com, "
        "or your recipient number at Wise, like 48213377."
    )


class NoTemplate(WrongTemplate):
    msgid = N_(
        "Wise wants its own template: on wise.com choose Send money, Batch, download the template "
        "and send it here as CSV or XLSX."
    )


class UnreadableTemplate(WrongTemplate):
    msgid = N_("This file cannot be read. Send the template from wise.com as CSV or XLSX.")


class NoAmountColumn(WrongTemplate):
    msgid = N_(
        "This is no template for a batch payment: the column “{column}” is missing. "
        "Download it anew from wise.com."
    )


class UnknownColumn(WrongTemplate):
    msgid = N_(
        "Wise's template has the column “{column}”, which Kazi cannot fill. Take the template for "
        "e-mail or saved recipients, or fill this column in the template for {name}."
    )


class NotSaved(WrongTemplate):
    msgid = N_(
        "{name} is not among the recipients in this template. Save the recipient at Wise and "
        "download the template again."
    )


class NoWay(WrongTemplate):
    msgid = N_("This template has no column for where {name} is paid: “{column}”.")


class Template(NamedTuple):
    """The header as it was written, and the rows of saved recipients by their ids."""

    columns: list[str]
    saved: dict[str, dict[str, str]]  # by column, as `_key` writes it


class Wise(Provider):
    name = "wise"
    title = N_("Wise")
    asks = N_(
        "Write the e-mail address to which Wise should send your money, like amina@example.com."
    )
    template = True

    def check(self, written: str) -> str:
        packed = addresses.plain(written).replace(" ", "").lower()
        if _ID.fullmatch(packed):
            return packed
        try:
            return addresses.email(written)
        except addresses.NoEmail:
            raise NoRecipient from None

    def files(
        self, batch: str, payments: Sequence[Payment], template: bytes | None = None
    ) -> list[File]:
        """CSV, which Wise takes for either kind of template."""
        if template is None:
            raise NoTemplate
        form = read(template)
        return [
            File(
                f"{batch}-{end}.csv",
                tables.written([form.columns, *(self._row(form, one) for one in part)]),
            )
            for end, part in tables.cut(payments, ROWS)
        ]

    def _row(self, form: Template, payment: Payment) -> list[str]:
        by_email = "@" in payment.destination
        own = form.saved.get(payment.destination, {})
        keys = [_key(column) for column in form.columns]
        if not by_email and form.saved and not own:
            raise NotSaved(name=payment.name)
        way = EMAIL if by_email else RECIPIENT
        if not way & set(keys):
            raise NoWay(name=payment.name, column="recipientEmail" if by_email else "recipientId")
        return [self._cell(payment, own, column) for column in form.columns]

    def _cell(self, payment: Payment, own: dict[str, str], column: str) -> str:
        key = _key(column)
        if key == AMOUNT:
            return self.amount(payment)
        if key == "amountcurrency":
            return _exact_side(payment, own)
        fill = FILLED.get(key)
        if (kept := own.get(key, "")) and key not in OURS:
            return kept
        if fill is None and key not in EMPTY and not key.startswith("address"):
            raise UnknownColumn(column=column, name=payment.name)
        return fill(payment) if fill else ""


AMOUNT = "amount"
EMAIL = {"recipientemail", "email"}
RECIPIENT = {"recipientid"}

FILLED: dict[str, Callable[[Payment], str]] = {
    "name": lambda one: tables.words(one.name),
    "recipientid": lambda one: "" if "@" in one.destination else tables.exact(one.destination),
    "recipientemail": lambda one: tables.exact(one.destination) if "@" in one.destination else "",
    "email": lambda one: tables.exact(one.destination) if "@" in one.destination else "",
    "sourcecurrency": lambda one: one.currency,
    "targetcurrency": lambda one: one.currency,  # or what the recipient's own row says
    "paymentreference": lambda one: tables.exact(one.reference),
    "reference": lambda one: tables.exact(one.reference),
    "recipienttype": lambda one: "PERSON",
    "receivertype": lambda one: "PERSON",
    "type": lambda one: "EMAIL" if "@" in one.destination else "",
}
OURS = {"sourcecurrency", "paymentreference", "reference", *RECIPIENT}
EMPTY = {"recipientdetail"}  # to tell recipients apart; Wise does not read it


def _exact_side(payment: Payment, own: dict[str, str]) -> str:
    """Exactly what is booked arrives, or, where Wise converts it, leaves our account."""
    target = own.get("targetcurrency") or payment.currency
    return "target" if target == payment.currency else "source"


def read(template: bytes) -> Template:
    """The columns and saved recipients of a template. Raises WrongTemplate."""
    if len(template) > LARGEST:
        raise UnreadableTemplate
    rows = _sheet(template) if template.startswith(b"PK") else _text(template)
    filled = [row for row in rows if any(row)]
    columns = [name for name in (filled[0] if filled else []) if name]
    keys = [_key(name) for name in columns]
    if AMOUNT not in keys:
        raise NoAmountColumn(column=AMOUNT)
    if len(set(keys)) < len(keys):
        raise UnreadableTemplate
    saved = [dict(zip(keys, row, strict=False)) for row in filled[1:]]
    return Template(columns, {one["recipientid"]: one for one in saved if one.get("recipientid")})


def _text(template: bytes) -> list[list[str]]:
    try:
        text = template.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableTemplate from None
    header = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [[cell.strip() for cell in row] for row in islice(rows, SAVED)]
    except csv.Error:
        raise UnreadableTemplate from None


def _sheet(template: bytes) -> list[list[str]]:
    import openpyxl  # a tenth of a second that only whoever pays through Wise spends

    try:
        with zipfile.ZipFile(io.BytesIO(template)) as packed:
            if sum(one.file_size for one in packed.infolist()) > 10 * LARGEST:
                raise UnreadableTemplate
        book = openpyxl.load_workbook(io.BytesIO(template), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(max_row=SAVED, values_only=True)
        return [["" if cell is None else str(cell).strip() for cell in row] for row in rows]
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError):
        raise UnreadableTemplate from None


def _key(column: str) -> str:
    """A column's name however it is written: "Recipient ID" is recipientid."""
    return re.sub(r"[^a-z0-9]", "", column.lower())
