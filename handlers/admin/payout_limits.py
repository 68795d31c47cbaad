"""/payouts limits: how much one person may pay alone, and the caps. First the difference."""

import re
from dataclasses import asdict

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, filters

from bot import i18n, money
from bot.errors import Gone, Invalid
from bot.i18n import N_, pgettext
from bot.i18n import gettext as _
from bot.pay import batches, due, payout_limits
from bot.pay.payout_limits import Limits
from bot.people import roles
from handlers import batch_card, callbacks
from handlers.admin import desk
from handlers.batch_card import BT
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

FORM = "/payouts limits KES alone=50000 worker=20000 day=none minimum=100"
NONE = "none"
FIELDS = {
    "alone": N_("One person may approve and pay a batch up to"),
    "worker": N_("The most for one worker in one payout"),
    "day": N_("The most for all together in 24 hours"),
    "first": N_("First payouts are pointed out above"),
    "minimum": N_("The smallest payout"),
}
ALWAYS = ("alone", "minimum")  # those that are an amount and never "none"
_CHANGE = re.compile(r"(\w+)\s*=\s*(\S+)")


class NotLimits(Invalid):
    msgid = N_("Write it like {form}.")


async def limits(update: Update, turn: Turn) -> None:
    """/payouts limits [KES [alone=50000 …]]"""
    await desk.admit_to_payouts(turn)
    words = " ".join((turn.args or [])[1:])
    turn.say(await (_proposed(turn, words) if words else _card(turn)))


async def show(update: Update, turn: Turn) -> None:
    await desk.admit_to_payouts(turn)
    if (turn.chat.expecting or {}).get("what") == "payout_limits":
        turn.chat.expecting = None
    turn.replace(await _card(turn))


async def apply(update: Update, turn: Turn) -> None:
    """What was proposed last, if the button belongs to it."""
    _verb, digest, asked_at = callbacks.fields(turn.query.data, 3)
    expected = turn.chat.expecting or {}
    words = str(expected.get("words", ""))
    if expected.get("what") != "payout_limits" or desk.digest(words) != digest:
        raise Gone
    desk.check_fresh(asked_at, turn.now)
    _before, after = await _wanted(turn, words)
    await payout_limits.put(turn.session, after, actor=turn.worker.id, now=turn.now)
    turn.chat.expecting = None
    turn.toast(_("Changed."))
    turn.replace(await _card(turn))


async def take(update: Update, turn: Turn) -> None:
    """Text while a difference waits for [Apply]: other limits instead."""
    text = (update.effective_message and update.effective_message.text) or ""
    turn.say(await _proposed(turn, text))


async def _proposed(turn: Turn, words: str) -> Message:
    await roles.require(turn.session, turn.worker.id, "owner")
    before, after = await _wanted(turn, words)
    old, new = asdict(before), asdict(after)
    changed = [name for name in FIELDS if old[name] != new[name]]
    if not changed:
        return Message(text=_("This changes nothing: it is so already."), rows=[[_back()]])
    turn.chat.expecting = {"what": "payout_limits", "words": words}
    lines = [
        _("Change the limits of {currency}?").format(currency=f"<b>{after.currency}</b>"),
        *[
            f"{_(FIELDS[name])}: {_shown(old[name], before.currency)} → "
            f"<b>{_shown(new[name], before.currency)}</b>"
            for name in changed
        ],
    ]
    data = pack(BT, "limit", desk.digest(words), desk.stamp(turn.now))
    rows = [
        [Button(pgettext("button", "Apply"), data, style="primary")],
        [Button(_("Leave it as it is"), pack(BT, "limits"))],
    ]
    return Message(text="\n".join(lines), rows=rows)


async def _wanted(turn: Turn, words: str) -> tuple[Limits, Limits]:
    """The limits now, and as written. Raises NotLimits or NotMoney."""
    currency, _space, rest = i18n.strip_marks(words).strip().partition(" ")
    if currency.upper() not in money.currencies() or _CHANGE.sub("", rest).strip() or not rest:
        raise NotLimits(form=FORM)
    before = await payout_limits.of(turn.session, currency.upper())
    values = {name.lower(): _read(name, value, before) for name, value in _CHANGE.findall(rest)}
    return before, Limits(**(asdict(before) | values))


def _read(name: str, value: str, before: Limits) -> int | None:
    if name.lower() not in FIELDS:
        raise NotLimits(form=FORM)
    if value.lower() == NONE:
        return 0 if name.lower() in ALWAYS else None
    return money.parse(f"{value} {before.currency}").micro


async def _card(turn: Turn) -> Message:
    """Of every currency that somebody is due in or a batch is in."""
    open_ = [one.currency for one in await batches.listed(turn.session)]
    codes = dict.fromkeys([*(one.route.currency for one in await due.listed(turn.session)), *open_])
    parts = [bold(_("Payout limits"))]
    for code in codes:
        found = asdict(await payout_limits.of(turn.session, code))
        rows = [f"{_(words)}: {_shown(found[name], code)}" for name, words in FIELDS.items()]
        parts.append("\n".join([bold(code), *rows]))
    said = _("An owner changes them: {form}")
    parts.append(said.format(form=f"<code>{escape(FORM)}</code>"))
    return Message(text="\n\n".join(parts), rows=[[batch_card.home()]])


def _shown(micro: int | None, currency: str) -> str:
    return _("none") if micro is None else escape(money.show(micro, currency))


def _back() -> Button:
    return Button(pgettext("button", "Back"), pack(BT, "limits"))


EXPECTED = {"payout_limits": take}

HANDLERS = [
    CommandHandler("payouts", limits, filters=filters.Regex(r"(?i)^/\S+\s+limits\b")),
    CallbackQueryHandler(show, pattern=f"^{BT}:limits$"),
    CallbackQueryHandler(apply, pattern=f"^{BT}:limit:"),
]
