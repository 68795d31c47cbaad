"""/balance: what is pending and what is available, and every task it came from."""

import re
from datetime import timedelta

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot import calendar, i18n, money
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.models.pay import Bonus
from bot.models.wage import TopUp
from bot.pay import hours, ledger, statements, topups
from bot.pay.ledger import Balance
from bot.pay.months import Month
from bot.pay.statements import Detail, Line
from bot.work import bonuses
from handlers import callbacks, choices, reasons, wage_words
from handlers.callbacks import BALANCE, STATEMENT, pack
from handlers.cards import Message, amount, bold, cut, escape
from handlers.keyboards import Button
from handlers.payout_card import PO
from handlers.turn import Turn

SECOND = timedelta(seconds=1)
BY_NUMBER = filters.Regex(r"^/l_\d{1,18}(@\w+)?\b")
ROWS = 6
NAME = 24  # characters of a project's name on a button
TEXTS = 4  # of a task: both sides of a comparison among them
SHOWN = 500  # characters of a task's text in its line


async def balance(update: Update, turn: Turn) -> None:
    turn.replace(await _summary(turn))


async def history(update: Update, turn: Turn) -> None:
    """A page of lines, of a month if one is named. The page asked for may lie beyond the end."""
    asked, month = _place(turn.query.data, 2)
    between = month.bounds(turn.zone) if month else None
    total = await statements.count(turn.session, turn.worker.id, between)
    pages = max(1, -(-total // ROWS))
    number = min(asked, pages - 1)
    lines = await statements.page(
        turn.session, turn.worker.id, between, offset=number * ROWS, limit=ROWS
    )
    rows = [[Button(_short(turn, line), _leads(line, number, month))] for line in lines]
    text = _("Tap a line to see the task behind it.") if lines else _("Nothing yet.")
    title = bold(_("History") if month is None else i18n.month(month.first))
    rows += [_turns(number, pages, month), [_home(month)]]
    turn.replace(Message(text=f"{title}\n{text}", rows=rows))


def _leads(line: Line, page: int, month: Month | None) -> str:
    """Where a line leads: to its task, or to the payouts."""
    if line.kind == "payout":
        return pack(PO, "list")
    return _data("line", line.posting_id, page, month)


async def line(update: Update, turn: Turn) -> None:
    """The task behind a line."""
    number, month = _place(turn.query.data, 3)
    posting = callbacks.number((turn.query.data or "").split(":")[2])
    back = Button(choices.back(), _data("page", number, month))
    turn.replace(Message(text=await _behind(turn, posting), rows=[[back]]))


async def line_by_number(update: Update, turn: Turn) -> None:
    """/l_123, as statements name it."""
    written = ((update.message and update.message.text) or "").removeprefix("/l_")
    number = re.match(r"\d+", written)
    assert number is not None
    turn.say(Message(text=await _behind(turn, int(number[0])), rows=[[_history()]]))


async def _behind(turn: Turn, posting_id: int) -> str:
    """The work and the words behind a line. Raises Gone for one that is not theirs."""
    found = await statements.detail(turn.session, turn.worker.id, posting_id)
    bonus = await bonuses.of_posting(turn.session, turn.worker.id, posting_id)
    added = await topups.of_posting(turn.session, turn.worker.id, posting_id)
    parts = [_bonus(turn, *bonus)] if bonus is not None else []
    parts += [_told(turn, found)] if found is not None else []
    parts += [_added(turn, *added)] if added is not None else []
    if not parts:
        raise Gone
    return "\n\n".join(parts)


def _place(data: str | None, at: int) -> tuple[int, Month | None]:
    """The page, and the month it is of, if any. Raises Gone."""
    fields = (data or "").split(":")[at:]
    if len(fields) not in (1, 2):
        raise Gone
    return callbacks.number(fields[0]), Month.parse(fields[1]) if len(fields) == 2 else None


def _data(*fields: object) -> str:
    """A field that is None is left out."""
    return pack(BALANCE, *(field for field in fields if field is not None))


async def inert(update: Update, turn: Turn) -> None:
    """The page number between the arrows."""


async def _summary(turn: Turn) -> Message:
    found = await ledger.balances(turn.session, turn.worker.id)
    title = bold(_("Your balance"))
    if not found:
        nothing = _("Nothing yet. /work gives you your first task.")
        return Message(text=f"{title}\n{nothing}")
    parts = [await _currency(turn, one) for one in found]
    week = await hours.this_week(turn.session, turn.worker, now=turn.now)
    parts += ["\n".join(lines)] if (lines := list(wage_words.week(week))) else []
    withdraw = Button(pgettext("money", "Withdraw"), pack(PO, "start"), style="primary")
    payouts = Button(_("Payouts"), pack(PO, "list"))
    statement = Button(_("Statement"), pack(STATEMENT, "show", Month.of(turn.now, turn.zone)))
    rows = [[withdraw], [_history(), payouts, statement]]
    return Message(text="\n\n".join([title, *parts]), rows=rows)


def _history() -> Button:
    return Button(_("History"), pack(BALANCE, "page", 0))


async def _currency(turn: Turn, one: Balance) -> str:
    lines = [
        _("Available: {amount}").format(amount=amount(one.available, one.currency)),
        _("Pending: {amount}").format(amount=amount(one.pending, one.currency)),
    ]
    if one.held:
        held = _("On its way to you: {amount}")
        lines.append(held.format(amount=amount(one.held, one.currency)))
    clears = await statements.clears_at(turn.session, turn.worker.id, one.currency)
    if one.pending and clears is not None:
        words = _("The oldest pending answer is accepted by {time}, your time.")
        lines.append(words.format(time=i18n.when(clears, turn.zone)))
    return "\n".join(lines)


def _bonus(turn: Turn, bonus: Bonus, project: str) -> str:
    """What somebody wrote with the money."""
    words = bonuses.said(bonus.message, turn.locale)
    lines = [
        bold(_("Bonus: {amount}").format(amount=amount(bonus.micro, bonus.currency))),
        _("Project: {name}").format(name=escape(project)),
        *([f"<blockquote>{escape(words)}</blockquote>"] if words else []),
        _("Given: {time}").format(time=i18n.when(bonus.made_at, turn.zone)),
    ]
    return "\n".join(lines)


def _added(turn: Turn, one: TopUp, project: str) -> str:
    sunday = calendar.midnight(one.monday, turn.zone) - SECOND
    lines = [
        f"<b>{amount(one.micro, one.currency)}</b>",
        _("Added to the week that ended on {day}, up to the floor.").format(
            day=i18n.day(sunday, turn.zone)
        ),
        _("Project: {name}").format(name=escape(project)),
        _("Your time there: {time}. It had paid {earned}; the floor makes {due} of it.").format(
            time=i18n.duration(one.seconds),
            earned=amount(one.earned_micro, one.currency),
            due=amount(one.due_micro, one.currency),
        ),
        _("Other projects of the week may have paid more, and that counts too."),
    ]
    return "\n".join(lines)


def _told(turn: Turn, found: Detail) -> str:
    line = found.line
    said = _("Answer: {answer}") if line.kind == "review" else _("Your answer: {answer}")
    parts = [
        f"<b>{amount(line.micro, line.currency)}</b>",
        _happened(turn, found),
        *_why(found),
        _("Project: {name}").format(name=escape(line.project or "")),
        _("Question: {question}").format(question=escape(found.question)),
        *(f"<blockquote>{escape(cut(text, SHOWN))}</blockquote>" for text in found.shown[:TEXTS]),
        *([said.format(answer=f"<b>{escape(found.answer)}</b>")] if found.answer else []),
        _("Given: {time}").format(time=i18n.when(line.at, turn.zone)),
    ]
    if found.seconds is not None and line.kind != "review":
        parts.append(_("Time taken: {time}").format(time=i18n.duration(found.seconds)))
    return "\n".join(parts)


def _happened(turn: Turn, found: Detail) -> str:
    """What this money came or went for."""
    happened = {
        "review": _("You reviewed this answer."),
        "refuse": _("Taken back: the answer was not accepted."),
        "appeal": _("Paid after your appeal."),
        "audit": _("Paid after a second look: the answer was right."),
        "bonus": _("A bonus on top of the price."),
        "report": _("Available: your time on a task that was broken"),
        "accept": _("Taken back: the answer got {grade} of its price."),
    }.get(found.line.kind)
    if happened is None:
        return _state(turn, found)
    return happened.format(grade=i18n.percent(found.grade / 100))


def _why(found: Detail) -> list[str]:
    """The reason and the note of an answer that was not accepted, at the line it went with."""
    if found.line.kind != "refuse" or found.reason is None:
        return []
    lines = [escape(reasons.said(found.reason))]
    return [*lines, f"<blockquote>{escape(found.note)}</blockquote>"] if found.note else lines


def _state(turn: Turn, found: Detail) -> str:
    if found.line.micro < 0:
        return _("Taken back")
    if found.line.state == "answered" and found.accept_at is not None:
        return _("Pending, accepted by {time} at the latest").format(
            time=i18n.when(found.accept_at, turn.zone)
        )
    return {
        "accepted": _("Accepted, available"),
        "returned": _("Pending: given back to you to answer again"),
        "answered": _("Pending review"),
    }.get(found.line.state or "", _("Not accepted"))


def _short(turn: Turn, line: Line) -> str:
    """One line on a button: day, amount, project, and a sign's word when it is not settled."""
    parts = [i18n.day(line.at, turn.zone), money.show(line.micro, line.currency)]
    sign = _sign(line)
    if sign:
        parts.append(sign)
    if line.project:
        parts.append(cut(line.project, NAME))
    return " · ".join(map(i18n.isolate, parts))


def _sign(line: Line) -> str:
    """What happened, in a word; nothing for an answer that is simply paid."""
    named = {
        "review": _("review"),
        "refuse": _("not accepted"),
        "appeal": _("appeal"),
        "audit": _("second look"),
        "accept": _("graded"),
        "bonus": _("bonus"),
        "topup": _("to the floor"),
        "payout": _("payout"),
    }
    waits = line.kind == "answer" and line.state in ("answered", "returned")
    return _("pending") if waits else named.get(line.kind, "")


def _turns(number: int, pages: int, month: Month | None) -> list[Button]:
    if pages == 1:
        return []
    before = Button("‹", _data("page", max(number - 1, 0), month))
    here = Button(f"{number + 1}/{pages}", pack(BALANCE, "here"))
    after = Button("›", _data("page", min(number + 1, pages - 1), month))
    return [before, here, after]


def _home(month: Month | None) -> Button:
    """Back to the balance, or to the statement it belongs to."""
    if month is None:
        return Button(choices.back(), pack(BALANCE, "home"))
    return Button(choices.back(), pack(STATEMENT, "show", month))


HANDLERS = [
    CommandHandler("balance", balance),
    MessageHandler(BY_NUMBER & filters.UpdateType.MESSAGE, line_by_number),
    CallbackQueryHandler(balance, pattern=f"^{BALANCE}:home$"),
    CallbackQueryHandler(inert, pattern=f"^{BALANCE}:here$"),
    CallbackQueryHandler(history, pattern=f"^{BALANCE}:page:"),
    CallbackQueryHandler(line, pattern=f"^{BALANCE}:line:"),
]
