"""What a file format is: rows come in, rows go out, within limits."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from bot.formats.faults import FileFault

Lines = Iterator[tuple[int, str]]


class Row(NamedTuple):
    """`line` is the physical line, from 1, where the row starts."""

    line: int
    fields: dict[str, object]


class Limits(NamedTuple):
    """How much a file may hold, so that memory does not grow with what somebody sends."""

    rows: int = 5_000_000
    line: int = 1_000_000  # bytes of a physical line, characters of a row
    cell: int = 100_000  # characters
    depth: int = 5  # levels of JSON, the row itself is the first


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file. `scan` yields row-local faults and raises those of the whole file."""

    suffixes: tuple[str, ...]
    scan: Callable[[Lines, Limits], Iterator[Row | FileFault]]
    write: Callable[[Sequence[str], Iterable[Mapping[str, object]], TextIO, bool], int]
