"""Lines to records of cells, by RFC 4180.

A quoted cell may hold delimiters, line ends and doubled quotes. A quote inside a cell that does not
begin with one is an ordinary character. The standard library's reader is given single lines only:
it notices an unclosed quote at the end of the file or at some later quote, having kept all that is
between, and cannot say where it was opened.
"""

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.formats.faults import CellTooLong, RowFault, RowTooLong, StrayQuote, UnclosedQuote
from bot.formats.format import Limits, Lines

ENDS = "\r\n"
_INSIDE = re.compile(r'[^"]*(?:""[^"]*)*')  # of a quoted cell, up to the quote that closes it


class Record(NamedTuple):
    """The cells of one row, or why there are none."""

    line: int
    cells: list[str]
    fault: RowFault | None = None


class Table:
    """Owns the lines of a file. Set `names` when the header is known: the faults use them."""

    def __init__(self, lines: Lines, delimiter: str, limits: Limits) -> None:
        self.lines = lines
        self.delimiter = delimiter
        self.limits = limits
        self.names: list[str] = []

    def records(self) -> Iterator[Record]:
        """Blank lines are passed over, also those of only delimiters: they part Toloka's suites."""
        blank = self.delimiter + " \t" + ENDS
        for number, text in self.lines:
            if text.strip(blank):
                yield self.record(number, text)

    def record(self, number: int, text: str) -> Record:
        """The record that begins on this line; a quoted cell may take further lines."""
        if len(text) > self.limits.cell:
            return _Careful(self, number, text).record()
        if '"' not in text:
            return Record(number, text.rstrip(ENDS).split(self.delimiter))
        try:
            [cells] = csv.reader([text], delimiter=self.delimiter, strict=True)
        except csv.Error:  # a cell goes on below, or is not well quoted
            return _Careful(self, number, text).record()
        return Record(number, cells)

    def too_long(self, number: int, place: int) -> CellTooLong:
        return CellTooLong(line=number, column=self.name(place), limit=self.limits.cell)

    def name(self, place: int) -> str:
        return self.names[place] if place < len(self.names) else str(place + 1)


class _Careful:
    """A record read cell by cell, and how far. After a fault it is read on, but not kept."""

    def __init__(self, table: Table, number: int, text: str) -> None:
        self.table = table
        self.start = self.number = number
        self.text = text
        self.position = 0
        self.place = 0
        self.size = 0
        self.cells: list[str] = []
        self.fault: RowFault | None = None

    def record(self) -> Record:
        more = True
        while more:
            quoted = self.text.startswith('"', self.position)
            self._keep(self._quoted_cell() if quoted else self._plain_cell())
            more = self.text.startswith(self.table.delimiter, self.position)
            self.position += 1
        return Record(self.start, [] if self.fault else self.cells, self.fault)

    def _plain_cell(self) -> str:
        start = self.position
        self.position = self.text.find(self.table.delimiter, start)
        if self.position < 0:
            self.position = len(self.text.rstrip(ENDS))
        return self.text[start : self.position]

    def _quoted_cell(self) -> str:
        opened = self.number
        self.position += 1
        parts: list[str] = []
        size = 0
        while True:
            inside = _INSIDE.match(self.text, self.position)
            assert inside is not None  # it matches nothing, too
            part = inside.group().replace('""', '"')
            size += len(part)
            if size <= self.table.limits.cell:
                parts.append(part)
            self.position = inside.end() + 1
            if inside.end() < len(self.text):
                break
            self._take_line(opened)
        if size > self.table.limits.cell:
            self._fail(self.table.too_long(opened, self.place))
        self._check_end(opened)
        return "".join(parts)

    def _take_line(self, opened: int) -> None:
        following = next(self.table.lines, None)
        if following is None:
            raise self._unclosed(opened)
        self.number, self.text = following
        self.position = 0

    def _check_end(self, opened: int) -> None:
        """From a line above and in the middle of a text: that closes nothing, one is missing."""
        rest = self.text[self.position : self.position + 1]
        if rest in ("", self.table.delimiter, "\r", "\n"):
            return
        if opened < self.number:
            raise self._unclosed(opened)
        self._fail(StrayQuote(line=opened, column=self.table.name(self.place)))
        self.position = len(self.text)

    def _unclosed(self, opened: int) -> UnclosedQuote:
        return UnclosedQuote(line=opened, column=self.table.name(self.place))

    def _keep(self, cell: str) -> None:
        limits = self.table.limits
        self.size += len(cell) + 1
        if len(cell) > limits.cell:
            self._fail(self.table.too_long(self.number, self.place))
        if self.size > limits.line:
            self._fail(RowTooLong(line=self.start, limit=limits.line))
        if not self.fault:
            self.cells.append(cell)
        self.place += 1

    def _fail(self, fault: RowFault) -> None:
        self.fault = self.fault or fault
