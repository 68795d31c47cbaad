"""Tables of text: a header, then rows of as many cells. CSV and TSV differ in the delimiter."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from bot.formats.cells import PLAIN, cell
from bot.formats.faults import (
    DuplicateColumn,
    EmptyColumn,
    EmptyFile,
    FileFault,
    NoRows,
    WrongCellCount,
)
from bot.formats.format import Limits, Lines, Row
from bot.formats.records import Record, Table


def scan(
    lines: Lines, limits: Limits, *, delimiter: Callable[[str], str]
) -> Iterator[Row | FileFault]:
    """Rows by the header's names. `delimiter` is told from the line of the header."""
    number, text = _first_written(lines)
    table = Table(lines, delimiter(text), limits)
    names = table.names = _names(table.record(number, text))
    empty = True
    for record in table.records():
        empty = False
        yield _row(record, names)
    if empty:
        raise NoRows(line=number)


def write(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    stream: TextIO,
    *,
    delimiter: str,
    safe: bool,
) -> int:
    """All cells are quoted: a row of empty cells is no blank line. Returns how many rows."""

    def quoted(value: object) -> str:
        if value is None:
            return '""'
        plain = value if isinstance(value, str) else str(value) if type(value) is int else ""
        if PLAIN.fullmatch(plain):
            return f'"{plain}"'
        return '"' + cell(value, safe=safe).replace('"', '""') + '"'

    def line(values: Iterable[object]) -> str:
        return delimiter.join(map(quoted, values)) + "\n"

    stream.write(_header(columns, line(columns), delimiter))
    count = 0
    for row in rows:
        stream.write(line(map(row.__getitem__, columns)))
        count += 1
    return count


def _first_written(lines: Lines) -> tuple[int, str]:
    for number, text in lines:
        if not text.isspace():
            return number, text
    raise EmptyFile(line=1)


def _names(header: Record) -> list[str]:
    if header.fault:
        raise header.fault
    names = [name.strip() for name in header.cells]
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        if not name:
            raise EmptyColumn(line=header.line, column=place)
        if name in seen:
            raise DuplicateColumn(line=header.line, column=name)
        seen.add(name)
    return names


def _row(record: Record, names: list[str]) -> Row | FileFault:
    line, cells, fault = record
    if fault:
        return fault
    if len(cells) != len(names):
        return WrongCellCount(line=line, cells=len(cells), columns=len(names))
    return Row(line, dict(zip(names, cells, strict=True)))


def _header(columns: Sequence[str], quoted: str, delimiter: str) -> str:
    """Plain where the names are plain words: people and scripts look at the first line."""
    words = all(name.replace("_", "").isalnum() for name in columns)
    return delimiter.join(columns) + "\n" if words else quoted
