"""Payout files as CSV, the same bytes for the same rows, and cut into as many as a rail wants."""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import groupby

from bot.formats import cells
from bot.pay.providers.provider import Payment


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 without a mark, lines ending as RFC 4180 says."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def words(text: str) -> str:
    """A name or a note for a cell: on one line, and no formula in a spreadsheet.

    Only such words get an apostrophe in front. What a rail reads (destinations, amounts,
    references) must be exact, and needs none: `addresses` gives no form that would run.
    """
    return cells.cell(" ".join(text.split()))


def exact(text: str) -> str:
    """A value that must arrive as it is. Raises ValueError for one that a spreadsheet would run."""
    if cells.cell(text) != text:
        raise ValueError("a value cannot be written to a file exactly")
    return text


def cut(payments: Sequence[Payment], most: int) -> list[tuple[str, list[Payment]]]:
    """Parts of one currency and at most so many rows, each with the end of its file's name.

    Currencies in order of their codes, payments in the order given: "USD-1", "USD-2".
    """
    ordered = sorted(payments, key=lambda one: one.currency)  # stable
    return [
        (f"{currency}-{number}", part)
        for currency, same in groupby(ordered, key=lambda one: one.currency)
        for number, part in enumerate(_parts(list(same), most), 1)
    ]


def _parts(payments: list[Payment], most: int) -> list[list[Payment]]:
    return [payments[start : start + most] for start in range(0, len(payments), most)]
