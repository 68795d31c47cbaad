"""The payouts of a batch one by one, and how each ended where only a person can tell."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n, money
from bot.errors import Gone, Invalid
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.pay import batches, payouts
from bot.pay.payouts import Ending, Line
from handlers import batch_card, callbacks
from handlers.admin import desk
from handlers.batch_card import BT
from handlers.callbacks import pack
from handlers.cards import Message, amount, bold, escape
from handlers.keyboards import Button
from handlers.payout_card import rail, why
from handlers.turn import Turn

PAGE = 8
RECEIPT, REASON = 80, 40  # characters that are kept
PAID, FAILED = "payout_receipt", "payout_reason"  # what the next text says
# Why a person's payment fails, as a rule; anything else is written.
REASONS = ("unregistered", "destination", "restricted", "limit", "declined", "unclaimed", "other")


class TooLongForPayout(Invalid):
    msgid = N_("Write it in at most {limit} characters.")


async def show(update: Update, turn: Turn) -> None:
    """A page of payouts in the order they came."""
    await desk.admit_to_payouts(turn)
    _verb, code, number = callbacks.fields(turn.query.data, 3)
    card = await batches.one(turn.session, code)
    page = min(callbacks.number(number), batches.LARGEST)
    found = await payouts.of_batch(turn.session, card.id, offset=page * PAGE, limit=PAGE + 1)
    rows = [[Button(_plain(one), pack(BT, "item", one.id))] for one in found[:PAGE]]
    turns = [Button("‹", pack(BT, "items", code, page - 1))] if page else []
    turns += [Button("›", pack(BT, "items", code, page + 1))] if len(found) > PAGE else []
    said = _("Payouts of batch {code}").format(code=f"<code>{escape(card.code)}</code>")
    turn.replace(Message(text=bold(said), rows=[*rows, turns, [batch_card.back(code)]]))


async def open_item(update: Update, turn: Turn) -> None:
    """One payout; what a text would have said of it is no longer waited for."""
    if (turn.chat.expecting or {}).get("what") in EXPECTED:
        turn.chat.expecting = None
    turn.replace(await _card(turn, await _line(turn)))


async def ask_receipt(update: Update, turn: Turn) -> None:
    """[Mark paid]: the provider's reference, as text."""
    line = await _marked(turn)
    turn.chat.expecting = {"what": PAID, "payout": line.id}
    text = _("Write the reference of the payment to {worker}, like QK31XY or a date.")
    rows = [[Button(_("Leave it as it is"), pack(BT, "item", line.id))]]
    turn.replace(Message(text=text.format(worker=f"<b>{escape(line.pseudonym)}</b>"), rows=rows))


async def ask_reason(update: Update, turn: Turn) -> None:
    """[Mark failed]: why, by a button or as text; the worker reads it."""
    line = await _marked(turn)
    turn.chat.expecting = {"what": FAILED, "payout": line.id}
    text = _("Why did the payment to {worker} fail? The worker reads it. Tap, or write it.")
    rows = [[Button(why(code), pack(BT, "fail", line.id, code))] for code in REASONS]
    rows.append([Button(_("Leave it as it is"), pack(BT, "item", line.id))])
    turn.replace(Message(text=text.format(worker=f"<b>{escape(line.pseudonym)}</b>"), rows=rows))


async def choose_reason(update: Update, turn: Turn) -> None:
    _verb, number, code = callbacks.fields(turn.query.data, 3)
    if code not in REASONS:
        raise Gone
    ending = Ending("failed", reason=code)
    turn.replace(await _mark(turn, callbacks.number(number), ending))


async def take_receipt(update: Update, turn: Turn) -> None:
    await desk.admit_to_payouts(turn)
    ending = Ending("settled", receipt=_written(update, RECEIPT))
    turn.say(await _mark(turn, _waiting(turn), ending))


async def take_reason(update: Update, turn: Turn) -> None:
    await desk.admit_to_payouts(turn)
    ending = Ending("failed", reason=_written(update, REASON))
    turn.say(await _mark(turn, _waiting(turn), ending))


async def _mark(turn: Turn, number: int, ending: Ending) -> Message:
    line = await _pointed(turn, number)
    await _check(turn, line)
    done = await payouts.mark(turn.session, line.id, ending, actor=turn.worker.id, now=turn.now)
    turn.chat.expecting = None
    turn.toast(_("Noted. The worker is told."))
    return await _card(turn, done)


async def _card(turn: Turn, line: Line) -> Message:
    lines = [
        bold(escape(line.pseudonym)) + f" /w_{line.worker_id}",
        " · ".join(escape(one) for one in (rail(line.provider), line.shown) if one),
        _("Leaves the balance: {amount}").format(amount=amount(line.amount, line.currency)),
        _("Fees: {fee}. To be sent: {sent}").format(
            fee=amount(line.fee, line.currency), sent=amount(line.sent, line.currency)
        ),
        _("State: {state}").format(state=_(batch_card.PAYOUTS[line.state])),
        _("Our reference: {reference}").format(reference=f"<code>{line.reference}</code>"),
    ]
    if line.receipt:
        said = _("Their reference: {reference}")
        lines.append(said.format(reference=f"<code>{escape(line.receipt)}</code>"))
    if line.reason:
        lines.append(why(line.reason))
    if line.ended_at:
        lines.append(_("Ended: {time}").format(time=i18n.when(line.ended_at, turn.zone)))
    rows = []
    if await _open(turn, line):
        rows = [
            [Button(_("Mark paid…"), pack(BT, "paid", line.id))],
            [Button(_("Mark failed…"), pack(BT, "failed", line.id))],
        ]
    return Message(text="\n".join(lines), rows=[*rows, [batch_card.back(line.code)]])


async def _open(turn: Turn, line: Line) -> bool:
    """Whether a person may say how it ended: of what nobody knows, and of what went by file."""
    if line.state != "submitted":
        return line.state == "unknown"
    return (await batches.one(turn.session, line.batch_id)).state == "exported"


async def _check(turn: Turn, line: Line) -> None:
    """Raises AlreadyEnded, or Gone for what a provider is still busy with."""
    if line.state in ("settled", "failed"):
        raise payouts.AlreadyEnded
    if not await _open(turn, line):
        raise Gone


async def _line(turn: Turn) -> Line:
    return await _pointed(turn, callbacks.number(callbacks.fields(turn.query.data, 2)[1]))


async def _marked(turn: Turn) -> Line:
    line = await _line(turn)
    await _check(turn, line)
    return line


async def _pointed(turn: Turn, number: int) -> Line:
    await desk.admit_to_payouts(turn)
    return await payouts.one(turn.session, number)


def _waiting(turn: Turn) -> int:
    return int((turn.chat.expecting or {})["payout"])


def _written(update: Update, limit: int) -> str:
    text = ((update.effective_message and update.effective_message.text) or "").strip()
    if not 0 < len(text) <= limit:
        raise TooLongForPayout(limit=limit)
    return text


def _plain(one: Line) -> str:
    parts = [one.pseudonym, money.show(one.amount, one.currency)]
    return " · ".join(map(i18n.isolate, [*parts, _(batch_card.PAYOUTS[one.state])]))


EXPECTED = {PAID: take_receipt, FAILED: take_reason}

HANDLERS = [
    CallbackQueryHandler(show, pattern=f"^{BT}:items:"),
    CallbackQueryHandler(open_item, pattern=f"^{BT}:item:"),
    CallbackQueryHandler(ask_receipt, pattern=f"^{BT}:paid:"),
    CallbackQueryHandler(ask_reason, pattern=f"^{BT}:failed:"),
    CallbackQueryHandler(choose_reason, pattern=f"^{BT}:fail:"),
]
