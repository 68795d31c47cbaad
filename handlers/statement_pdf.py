"""The page of a statement: all sheets, each with its sums, then line by line."""

from collections.abc import Iterator
from functools import cache

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from bot import fonts, i18n, money
from bot.i18n import gettext as _
from bot.pay.monthly import Sheet, Statement
from bot.pay.statements import Line
from handlers import money_words

WIDTHS = (17, 33, 40, 36, 26, 38)  # mm of the columns: 190 between the margins of an A4 page
AMOUNT = 4  # the column that stands at the right
HEIGHT = 5.2  # mm of a line
SMALL, TEXT, LARGE = 8, 10, 15  # points


def drawn(found: Statement) -> bytes:
    """All sheets, each with its sums, then line by line."""
    page = _Page(found)
    try:
        page.heading()
        for sheet in found.sheets:
            page.sums(sheet)
            page.listing(sheet)
        return bytes(page.output())
    finally:
        page.close_font()


class _Page(FPDF):
    """An A4 page in one font; what the font cannot write right is written in another way."""

    def __init__(self, found: Statement) -> None:
        super().__init__(format="A4")
        self.found, self._lists = found, False
        self.set_creation_date(found.until)
        self.set_title(f"Kazi {found.month} {found.pseudonym}")
        self.set_lang(i18n.current())
        self.add_font("Noto", fname=str(fonts.REGULAR))
        self.set_font("Noto", size=TEXT)
        self.set_auto_page_break(True, margin=18)
        self.add_page()

    def close_font(self) -> None:
        """The library leaves the file to the collector."""
        font = self.fonts["noto"]
        assert isinstance(font, TTFFont)
        font.ttfont.close()

    def header(self) -> None:
        """Within a listing each page names the columns again."""
        if self._lists:
            self.set_font("Noto", size=SMALL)
            self._columns()

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("Noto", size=SMALL)
        text = f"{self.found.pseudonym} · {self.found.month} · {self.page_no()}"
        self.cell(0, HEIGHT, text, align="C")

    def heading(self) -> None:
        self.set_font("Noto", size=LARGE)
        self._line(_("Statement: {month}").format(month=i18n.month(self.found.month.first)), 9)
        self.set_font("Noto", size=TEXT)
        self._line(_("Worker: {name}").format(name=self.found.pseudonym))
        zone = _("Days and times are those of {zone}.").format(zone=self.found.zone)
        self._line(zone)
        if not self.found.sheets:
            self._line(_("No money came or went."))

    def sums(self, sheet: Sheet) -> None:
        self.ln(3)
        self.set_font("Noto", size=LARGE)
        self._line(sheet.currency, 8)
        self.set_font("Noto", size=TEXT)
        for label, micro in _sums(sheet):
            self.cell(120, HEIGHT, label)
            amount = money.show(micro, sheet.currency)
            self.cell(0, HEIGHT, _plain(amount), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)

    def listing(self, sheet: Sheet) -> None:
        self.set_font("Noto", size=SMALL)
        self._columns()
        self._lists = True
        for line in sheet.lines:
            self._row(_cells(self.found, line))
        self._lists = False

    def _columns(self) -> None:
        self._row(money_words.columns())
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())

    def _row(self, cells: tuple[str, ...]) -> None:
        for at, (text, width) in enumerate(zip(cells, WIDTHS, strict=True)):
            align = "R" if at == AMOUNT else "L"
            self.cell(width, HEIGHT, self._fitted(text, width - 2), align=align)
        self.ln(HEIGHT)

    def _line(self, text: str, height: float = HEIGHT) -> None:
        self.cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _fitted(self, text: str, width: float) -> str:
        """As much of it as the column holds."""
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text}…"


def _cells(found: Statement, line: Line) -> tuple[str, ...]:
    return (
        *money_words.when(line, found.zone),
        printable(line.project, f"p_{line.code}") if line.project else "",
        money_words.kind(line.kind),
        _plain(money.show(line.micro, line.currency)),
        money_words.state(line),
    )


def _sums(sheet: Sheet) -> Iterator[tuple[str, int]]:
    """From what there was to what there is, by kind; then by project."""
    yield _("Balance at the beginning"), sheet.opening
    for kind, micro in sheet.kinds.items():
        yield money_words.kind(kind), micro
    yield _("Balance at the end"), sheet.closing
    codes = {line.project: line.code for line in sheet.lines}
    for name, micro in sheet.projects.items():
        if name is not None:
            label = printable(name, f"p_{codes[name]}")
            yield _("Project: {name}").format(name=label), micro


def printable(name: str, otherwise: str) -> str:
    """A name the font can write letter by letter; else the project's code.

    Noto Sans has Latin, Greek and Cyrillic. Other scripts need other fonts and the joining of
    letters: boxes, or letters that do not join, would be worse than a code.
    """
    plain = _plain(name)
    return plain if plain and all(ord(char) in _known() for char in plain) else otherwise


def _plain(text: str) -> str:
    """Without marks of direction, which have no shape."""
    return i18n.strip_marks(text)


@cache
def _known() -> frozenset[int]:
    """The characters of the font."""
    with TTFont(str(fonts.REGULAR)) as font:
        return frozenset(font.getBestCmap())
