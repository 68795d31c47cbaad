"""Tab-separated values, as Toloka reads and writes them: quoting as in CSV, JSON in cells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from bot.formats import separated
from bot.formats.faults import FileFault
from bot.formats.format import Format, Limits, Lines, Row


def scan(lines: Lines, limits: Limits) -> Iterator[Row | FileFault]:
    return separated.scan(lines, limits, delimiter=lambda header: "\t")


def write(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], stream: TextIO, safe: bool
) -> int:
    return separated.write(columns, rows, stream, delimiter="\t", safe=safe)


FORMAT = Format(suffixes=(".tsv",), scan=scan, write=write)
