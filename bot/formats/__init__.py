"""Files in and out: one module per format, one visible table.

    for row in formats.read(stream, formats.guess(filename, head)):
        row.line, row.fields

Everything streams, so memory does not grow with the file. What a file may hold has limits
(`LIMITS`), and what is refused says on which line and in which column it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import BinaryIO, TextIO

from bot.formats import csv, jsonl, tsv
from bot.formats.cells import escape, unescape
from bot.formats.faults import FileFault, RowFault, TooManyRows, UnknownFormat
from bot.formats.format import LIMITS, Format, Limits, Row
from bot.formats.lines import UTF8_MARK, lines, wide_encoding

__all__ = [
    "FORMATS",
    "LIMITS",
    "FileFault",
    "Format",
    "Limits",
    "Row",
    "RowFault",
    "UnknownFormat",
    "escape",
    "guess",
    "read",
    "scan",
    "unescape",
    "write",
]

FORMATS: dict[str, Format] = {"csv": csv.FORMAT, "tsv": tsv.FORMAT, "jsonl": jsonl.FORMAT}

SAYS_NOTHING = ("", ".txt", ".json")  # suffixes behind which any of the formats may be


def read(stream: BinaryIO, format: str, *, limits: Limits = LIMITS) -> Iterator[Row]:
    """Rows of a clean file; the first fault is raised."""
    for row in scan(stream, format, limits=limits):
        if isinstance(row, FileFault):
            raise row
        yield row


def scan(stream: BinaryIO, format: str, *, limits: Limits = LIMITS) -> Iterator[Row | FileFault]:
    """Rows, and in their places the faults of single rows; raises faults of the whole file."""
    for count, row in enumerate(FORMATS[format].scan(lines(stream, limits), limits), 1):
        if count > limits.rows:
            raise TooManyRows(line=row.line, limit=limits.rows)
        yield row


def write(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    stream: TextIO,
    format: str,
    *,
    safe: bool = True,
) -> int:
    r"""Writes as the rows come and returns how many. `safe` keeps spreadsheets from running a cell.

    The stream is UTF-8 and should not change line ends (`newline=""`): each line ends with `\n`.
    """
    return FORMATS[format].write(columns, rows, stream, safe)


def guess(filename: str, head: bytes) -> str:
    """The format by the file's name and, where the name says nothing, by its first line."""
    suffix = PurePath(filename).suffix.lower()
    for name, format in FORMATS.items():
        if suffix in format.suffixes:
            return "tsv" if name == "csv" and _by_content(head) == "tsv" else name
    found = _by_content(head) if suffix in SAYS_NOTHING else None
    if found is None:
        raise UnknownFormat(filename=filename)
    return found


def _by_content(head: bytes) -> str | None:
    if wide_encoding(head) or b"\0" in head:
        return None
    first = head.removeprefix(UTF8_MARK).lstrip(b"\r\n").splitlines()[:1]
    match first:
        case [line] if line.lstrip().startswith(b"{"):
            return "jsonl"
        case [line] if b"\t" in line and b"," not in line and b";" not in line:
            return "tsv"
        case [line] if b"," in line or b";" in line:
            return "csv"
    return None
