"""Comma-separated values; with semicolons where spreadsheets of many countries write those."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from bot.formats import separated
from bot.formats.faults import FileFault
from bot.formats.format import Format, Limits, Lines, Row


def scan(lines: Lines, limits: Limits) -> Iterator[Row | FileFault]:
    return separated.scan(lines, limits, delimiter=_delimiter)


def write(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], stream: TextIO, safe: bool
) -> int:
    return separated.write(columns, rows, stream, delimiter=",", safe=safe)


def _delimiter(header: str) -> str:
    bare = re.sub(r'"[^"]*"', "", header)
    return ";" if ";" in bare and "," not in bare else ","


FORMAT = Format(suffixes=(".csv",), scan=scan, write=write)
