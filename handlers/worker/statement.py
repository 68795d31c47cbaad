"""/statement: a month of one's money in sums, as PDF and CSV, and line by line."""

from collections.abc import Iterator

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n, money
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.pay import monthly
from bot.pay.monthly import Sheet, Statement
from bot.pay.months import Month
from handlers import callbacks, money_words, statement_file
from handlers.callbacks import BALANCE, STATEMENT, pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

PROJECTS = 12  # one by one in the message; the file has all


async def statement(update: Update, turn: Turn) -> None:
    """/statement [2026-11 or a month's name]; this month without."""
    written = " ".join(turn.args or [])
    this = Month.of(turn.now, turn.zone)
    turn.say(await _card(turn, Month.read(written, this) if written else this))


async def show(update: Update, turn: Turn) -> None:
    turn.replace(await _card(turn, Month.parse(callbacks.fields(turn.query.data, 2)[1])))


async def send(update: Update, turn: Turn) -> None:
    """The file. It is written when it is sent."""
    _verb, written, format_ = callbacks.fields(turn.query.data, 3)
    month = Month.parse(written)
    if format_ not in statement_file.FORMATS:
        raise Gone
    wanted = {
        "kind": "statement",
        "worker": turn.worker.id,
        "month": str(month),
        "format": format_,
    }
    caption = _("Statement: {month}").format(month=i18n.month(month.first))
    turn.say(Message(text=caption, document=wanted))
    turn.toast(_("The file is on its way."))


async def _card(turn: Turn, month: Month) -> Message:
    found = await monthly.statement(turn.session, turn.worker, month)
    lines = [bold(_("Statement: {month}").format(month=i18n.month(month.first)))]
    if not found.sheets:
        lines.append(_("No money came or went."))
    for sheet in found.sheets:
        lines += ["", *_sheet(sheet)]
    return Message(text="\n".join(lines), rows=_rows(turn, found))


def _sheet(sheet: Sheet) -> Iterator[str]:
    def amount(micro: int) -> str:
        return escape(money.show(micro, sheet.currency))

    def line(name: str, micro: int) -> str:
        return _("{name}: {amount}").format(name=name, amount=amount(micro))

    yield line(_("Balance at the beginning"), sheet.opening)
    for kind, micro in sheet.kinds.items():
        yield line(escape(money_words.kind(kind)), micro)
    yield bold(line(_("Balance at the end"), sheet.closing))
    named = [(name, micro) for name, micro in sheet.projects.items() if name is not None]
    if named:
        yield _("By project:")
    for name, micro in named[:PROJECTS]:
        yield "• " + line(escape(name), micro)
    if len(named) > PROJECTS:
        rest = len(named) - PROJECTS
        more = ngettext("and {count} more project", "and {count} more projects", rest)
        yield more.format(count=i18n.number(rest))


def _rows(turn: Turn, found: Statement) -> list[list[Button]]:
    month = found.month
    rows: list[list[Button]] = []
    if found.lines:
        label = ngettext("{count} line", "{count} lines", found.lines)
        counted = label.format(count=i18n.number(found.lines))
        rows.append([Button(counted, pack(BALANCE, "page", 0, month))])
        rows.append(
            [
                Button("PDF", pack(STATEMENT, "file", month, "pdf")),
                Button("CSV", pack(STATEMENT, "file", month, "csv")),
            ]
        )
    begun = Month.of(turn.worker.created_at, found.zone)
    this = Month.of(turn.now, found.zone)
    around = [_to(month.before(), "‹ {month}")] if month > begun else []
    around += [_to(month.after(), "{month} ›")] if month < this else []
    return [*rows, around]


def _to(month: Month, label: str) -> Button:
    return Button(label.format(month=i18n.month(month.first)), pack(STATEMENT, "show", month))


HANDLERS = [
    CommandHandler("statement", statement),
    CallbackQueryHandler(show, pattern=f"^{STATEMENT}:show:"),
    CallbackQueryHandler(send, pattern=f"^{STATEMENT}:file:"),
]
