"""/balance: what is pending and what is available, and every task it came from."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n, money
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.pay import ledger, statements
from bot.pay.ledger import Balance
from bot.pay.statements import Detail, Line
from handlers import callbacks, choices, reasons
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.payout_card import BL, PO
from handlers.turn import Turn

ROWS = 6
NAME = 24  # characters of a project's name on a button
TEXTS = 4  # of a task: both sides of a comparison among them
SHOWN = 500  # characters of a task's text in its line


async def balance(update: Update, turn: Turn) -> None:
    turn.replace(await _summary(turn))


async def history(update: Update, turn: Turn) -> None:
    """A page of lines. The page asked for may lie beyond the end by now."""
    asked = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    total = await statements.count(turn.session, turn.worker.id)
    pages = max(1, -(-total // ROWS))
    number = min(asked, pages - 1)
    lines = await statements.page(turn.session, turn.worker.id, offset=number * ROWS, limit=ROWS)
    rows = [[Button(_short(turn, line), _behind(line, number))] for line in lines]
    text = _("Tap a line to see the task behind it.") if lines else _("Nothing yet.")
    title = bold(_("History"))
    turn.replace(Message(text=f"{title}\n{text}", rows=[*rows, _turns(number, pages), [_home()]]))


def _behind(line: Line, page: int) -> str:
    """Where a line leads: to its task, or to the payouts."""
    return pack(PO, "list") if line.kind == "payout" else pack(BL, "line", line.posting_id, page)


async def line(update: Update, turn: Turn) -> None:
    """The task behind a line."""
    _verb, posting, page = callbacks.fields(turn.query.data, 3)
    found = await statements.detail(turn.session, turn.worker.id, callbacks.number(posting))
    if found is None:
        raise Gone
    back = Button(choices.back(), pack(BL, "page", callbacks.number(page)))
    turn.replace(Message(text=_told(turn, found), rows=[[back]]))


async def inert(update: Update, turn: Turn) -> None:
    """The page number between the arrows."""


async def _summary(turn: Turn) -> Message:
    found = await ledger.balances(turn.session, turn.worker.id)
    title = bold(_("Your balance"))
    if not found:
        nothing = _("Nothing yet. /work gives you your first task.")
        return Message(text=f"{title}\n{nothing}")
    parts = [await _currency(turn, one) for one in found]
    history = Button(_("History"), pack(BL, "page", 0))
    withdraw = Button(_("Withdraw"), pack(PO, "start"), style="primary")
    payouts = Button(_("Payouts"), pack(PO, "list"))
    return Message(text="\n\n".join([title, *parts]), rows=[[withdraw], [history, payouts]])


async def _currency(turn: Turn, one: Balance) -> str:
    lines = [
        _("Available: {amount}").format(amount=_amount(one.available, one.currency)),
        _("Pending: {amount}").format(amount=_amount(one.pending, one.currency)),
    ]
    if one.held:
        held = _("On its way to you: {amount}")
        lines.append(held.format(amount=_amount(one.held, one.currency)))
    clears = await statements.clears_at(turn.session, turn.worker.id, one.currency)
    if one.pending and clears is not None:
        words = _("The oldest pending answer is accepted by {time}, your time.")
        lines.append(words.format(time=i18n.when(clears, turn.zone)))
    return "\n".join(lines)


def _told(turn: Turn, found: Detail) -> str:
    line = found.line
    said = _("Answer: {answer}") if line.kind == "review" else _("Your answer: {answer}")
    parts = [
        f"<b>{_amount(line.micro, line.currency)}</b>",
        _happened(turn, found),
        *_why(found),
        _("Project: {name}").format(name=escape(line.project or "")),
        _("Question: {question}").format(question=escape(found.question)),
        *(f"<blockquote>{escape(_cut(text))}</blockquote>" for text in found.shown[:TEXTS]),
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
        parts.append(_cut(line.project, NAME))
    return " · ".join(map(i18n.isolate, parts))


def _sign(line: Line) -> str:
    """What happened, in a word; nothing for an answer that is simply paid."""
    named = {
        "review": _("review"),
        "refuse": _("not accepted"),
        "appeal": _("appeal"),
        "audit": _("second look"),
        "accept": _("graded"),
        "payout": _("payout"),
    }
    waits = line.kind == "answer" and line.state in ("answered", "returned")
    return _("pending") if waits else named.get(line.kind, "")


def _turns(number: int, pages: int) -> list[Button]:
    if pages == 1:
        return []
    before = Button("‹", pack(BL, "page", max(number - 1, 0)))
    here = Button(f"{number + 1}/{pages}", pack(BL, "here"))
    after = Button("›", pack(BL, "page", min(number + 1, pages - 1)))
    return [before, here, after]


def _home() -> Button:
    return Button(choices.back(), pack(BL, "home"))


def _amount(micro: int, currency: str) -> str:
    return escape(money.show(micro, currency))


def _cut(text: str, longest: int = SHOWN) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


HANDLERS = [
    CommandHandler("balance", balance),
    CallbackQueryHandler(balance, pattern=f"^{BL}:home$"),
    CallbackQueryHandler(inert, pattern=f"^{BL}:here$"),
    CallbackQueryHandler(history, pattern=f"^{BL}:page:"),
    CallbackQueryHandler(line, pattern=f"^{BL}:line:"),
]
