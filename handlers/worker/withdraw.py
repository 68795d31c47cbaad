"""[Withdraw] and [Payout details]: where the money goes, what a payout would be, how it went."""

from collections.abc import Sequence
from datetime import datetime

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import money
from bot.errors import Gone, Invalid
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.pay import arrivals, destinations, ledger, payout_limits, payout_plans, payouts
from bot.pay.destinations import Place
from bot.pay.payouts import Line
from handlers import callbacks, choices, payout_card
from handlers.callbacks import BALANCE, pack
from handlers.cards import Message, amount, bold, escape
from handlers.keyboards import Button
from handlers.payout_card import PO, Terms
from handlers.turn import Turn

EXPECTING = "payout_destination"
SHOWN = 10  # payouts in the history


async def start(update: Update, turn: Turn) -> None:
    """What can be paid out, and what was asked for already."""
    _stop_waiting(turn)
    turn.replace(await _choices(turn))


async def choose_rail(update: Update, turn: Turn) -> None:
    """[KSh 1,240]: the ways to pay this currency out."""
    currency = await _currency(turn, callbacks.fields(turn.query.data, 2)[1])
    turn.replace(await _rails(turn, currency))


async def open_rail(update: Update, turn: Turn) -> None:
    """One way: the quote, or first the question where the money should go."""
    _verb, provider, code = callbacks.fields(turn.query.data, 3)
    currency = await _currency(turn, code)
    _offered(turn, provider, currency)
    if provider in await _places(turn):
        turn.replace(await _quote(turn, provider, currency))
    else:
        turn.replace(_ask(turn, provider, currency))


async def confirm(update: Update, turn: Turn) -> None:
    """The destination is named by the button: another one since then is not what was confirmed."""
    _verb, number, code = callbacks.fields(turn.query.data, 3)
    currency = await _currency(turn, code)
    place = await _mine(turn, number)
    _offered(turn, place.provider, currency)
    line = await payouts.request(
        turn.session, turn.worker.id, place.provider, currency, now=turn.now
    )
    turn.toast(_("Requested."))
    turn.replace(payout_card.line(line, turn.zone))


async def take_back(update: Update, turn: Turn) -> None:
    number = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    await payouts.take_back(turn.session, turn.worker.id, number, now=turn.now)
    turn.toast(_("Taken back. The money stays on your balance."))
    turn.replace(await _choices(turn))


async def show_list(update: Update, turn: Turn) -> None:
    """Every payout, the newest first."""
    lines = [one for one in await _lines(turn) if one.requested or one.state != "left_out"]
    text = _("Tap a payout to see it.") if lines else _("Nothing yet.")
    rows = [
        [Button(payout_card.short(one, turn.zone), pack(PO, "one", one.id))]
        for one in lines[:SHOWN]
    ]
    title = bold(_("Payouts"))
    turn.replace(Message(text=f"{title}\n{text}", rows=[*rows, [_back()]]))


async def open_one(update: Update, turn: Turn) -> None:
    number = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    line = await payouts.one(turn.session, number)
    if line.worker_id != turn.worker.id:
        raise Gone
    turn.replace(payout_card.line(line, turn.zone))


# Where the money goes


async def details(update: Update, turn: Turn) -> None:
    """Every way that fits this worker, with what is known of it."""
    _stop_waiting(turn)
    turn.replace(await _details(turn))


async def open_place(update: Update, turn: Turn) -> None:
    """One way: where it leads, and another destination or none."""
    provider = callbacks.fields(turn.query.data, 2)[1]
    known = (await _places(turn)).get(provider)
    if known is None:
        if provider not in await _fitting(turn):
            raise Gone
        turn.replace(_ask(turn, provider))
        return
    rows = [
        [Button(_("Change it"), pack(PO, "change", provider))],
        [Button(_("Remove it"), pack(PO, "no", known.id))],
        [Button(choices.back(), pack(PO, "details"))],
    ]
    lines = [bold(_("Payout details")), *payout_card.place(known, turn.now, turn.zone)]
    turn.replace(Message(text="\n".join(lines), rows=rows))


async def change(update: Update, turn: Turn) -> None:
    provider = callbacks.fields(turn.query.data, 2)[1]
    if provider not in await _places(turn):
        raise Gone
    turn.replace(_ask(turn, provider))


async def remove(update: Update, turn: Turn) -> None:
    """Only the one the button is about: a later one stays."""
    place = await _mine(turn, callbacks.fields(turn.query.data, 2)[1])
    await destinations.remove(turn.session, turn.worker.id, place.provider, now=turn.now)
    turn.toast(_("Removed. Nothing is paid there."))
    turn.replace(await _details(turn))


async def take_destination(update: Update, turn: Turn) -> None:
    """The text that says where the money goes. Its message leaves the chat, right or wrong."""
    assert update.effective_message is not None
    expected = turn.chat.expecting or {}
    provider, currency = str(expected["provider"]), str(expected.get("currency") or "")
    secret = {"chat_id": turn.chat.chat_id, "message_id": update.effective_message.message_id}
    turn.call("deleteMessage", **secret)
    try:
        saved = await destinations.save(
            turn.session,
            turn.worker.id,
            provider,
            update.effective_message.text or "",
            now=turn.now,
        )
    except Invalid as fault:  # said here and not by the routing table, which rolls back first
        turn.say(Message(text=f"{escape(fault.say())}\n{_kept()}", force=_("Payout details")))
        return
    turn.chat.expecting = None
    if saved.waits and not saved.same:
        turn.say(payout_card.changed(saved, turn.zone))
    turn.say(await (_quote(turn, provider, currency) if currency else _details(turn)))


def _ask(turn: Turn, provider: str, currency: str = "") -> Message:
    turn.chat.expecting = {"what": EXPECTING, "provider": provider, "currency": currency}
    rail = destinations.provider(provider)
    lines = [bold(escape(_(rail.title))), _(rail.asks), _kept()]
    back = pack(PO, "start") if currency else pack(PO, "details")
    return Message(text="\n".join(lines), rows=[[Button(choices.back(), back)]])


def _kept() -> str:
    return _(
        "Your message is deleted from this chat once it is read. What it says is kept encrypted, "
        "and shown only in part. /cancel stops this."
    )


# Cards


async def _choices(turn: Turn) -> Message:
    """Payouts asked for already, and currencies with something to pay out."""
    asked = [one for one in await _lines(turn) if one.state == "draft" and one.requested]
    taken = {one.currency for one in asked}
    found = await ledger.balances(turn.session, turn.worker.id)
    free = [one for one in found if one.available > 0 and one.currency not in taken]
    if len(free) == 1 and not asked:
        return await _rails(turn, free[0].currency)
    if len(asked) == 1 and not free:
        return payout_card.line(asked[0], turn.zone)
    rows = [
        [Button(payout_card.short(one, turn.zone), pack(PO, "one", one.id))] for one in asked
    ] + [
        [Button(money.show(one.available, one.currency), pack(PO, "cur", one.currency))]
        for one in free
    ]
    text = _("What do you want to withdraw?")
    if not rows:
        text = _("Nothing is available yet. Pending pay becomes available when it is accepted.")
    title = bold(pgettext("money", "Withdraw"))
    return Message(text=f"{title}\n{text}", rows=[*rows, [_back()]])


async def _rails(turn: Turn, currency: str) -> Message:
    places = await _places(turn)
    offered = payout_card.offered(currency, turn.worker.country)
    names = sorted(offered, key=lambda name: name not in places)  # those in use first
    rows = [
        [Button(payout_card.titled(name, places), pack(PO, "rail", name, currency))]
        for name in names
    ]
    found = await ledger.balances(turn.session, turn.worker.id)
    available = next(one.available for one in found if one.currency == currency)
    lines = [
        bold(pgettext("money", "Withdraw")),
        _("Available: {amount}").format(amount=amount(available, currency)),
        _("How should the money come to you?"),
    ]
    return Message(text="\n".join(lines), rows=[*rows, [_back()]])


async def _quote(turn: Turn, provider: str, currency: str) -> Message:
    found = await payouts.quote(turn.session, turn.worker.id, provider, currency, now=turn.now)
    limits = await payout_limits.of(turn.session, currency)
    terms = Terms(
        cap=limits.worker,
        unit=destinations.provider(provider).unit(currency),
        usual=await arrivals.usual(turn.session, provider, currency),
        planned=await _planned(turn, provider, currency),
    )
    return payout_card.quote(found, terms, turn.zone)


async def _planned(turn: Turn, provider: str, currency: str) -> datetime | None:
    mine = ("", turn.worker.country)
    plans = await payout_plans.listed(turn.session)
    moments = [
        one.next_at
        for one in plans
        if one.route[:2] == (provider, currency) and one.route.country in mine
    ]
    return min(moments, default=None)


async def _details(turn: Turn) -> Message:
    places = await _places(turn)
    names = dict.fromkeys([*places, *await _fitting(turn)])
    rows = [[Button(payout_card.titled(name, places), pack(PO, "place", name))] for name in names]
    lines = [bold(_("Payout details"))]
    for one in places.values():
        lines += payout_card.place(one, turn.now, turn.zone)
    lines.append(_("Tap one to add, change or remove it. It is only needed for a payout."))
    home = Button(choices.back(), pack(payout_card.ST, "home"))
    return Message(text="\n".join(lines), rows=[*rows, [home]])


# What belongs to whom


async def _places(turn: Turn) -> dict[str, Place]:
    return {one.provider: one for one in await destinations.current(turn.session, turn.worker.id)}


async def _mine(turn: Turn, number: str) -> Place:
    """The worker's own current destination of this id. Raises Gone."""
    wanted = callbacks.number(number)
    for one in (await _places(turn)).values():
        if one.id == wanted:
            return one
    raise Gone


async def _currency(turn: Turn, code: str) -> str:
    """A currency in which the worker has a balance. Raises Gone."""
    if code not in {one.currency for one in await ledger.balances(turn.session, turn.worker.id)}:
        raise Gone
    return code


def _offered(turn: Turn, provider: str, currency: str) -> None:
    """Raises Gone for a way that does not pay this currency, or not into the worker's country."""
    if provider not in payout_card.offered(currency, turn.worker.country):
        raise Gone


async def _fitting(turn: Turn) -> Sequence[str]:
    """Ways for any currency of this worker's."""
    held = [one.currency for one in await ledger.balances(turn.session, turn.worker.id)]
    codes = [*held, *([turn.worker.currency] if turn.worker.currency else [])]
    return [name for code in codes for name in payout_card.offered(code, turn.worker.country)]


async def _lines(turn: Turn) -> list[Line]:
    return await payouts.mine(turn.session, turn.worker.id)


def _stop_waiting(turn: Turn) -> None:
    if (turn.chat.expecting or {}).get("what") == EXPECTING:
        turn.chat.expecting = None


def _back() -> Button:
    return Button(choices.back(), pack(BALANCE, "home"))


EXPECTED = {EXPECTING: take_destination}

HANDLERS = [
    CallbackQueryHandler(start, pattern=f"^{PO}:start$"),
    CallbackQueryHandler(choose_rail, pattern=f"^{PO}:cur:"),
    CallbackQueryHandler(open_rail, pattern=f"^{PO}:rail:"),
    CallbackQueryHandler(confirm, pattern=f"^{PO}:go:"),
    CallbackQueryHandler(take_back, pattern=f"^{PO}:undo:"),
    CallbackQueryHandler(show_list, pattern=f"^{PO}:list$"),
    CallbackQueryHandler(open_one, pattern=f"^{PO}:one:"),
    CallbackQueryHandler(details, pattern=f"^{PO}:details$"),
    CallbackQueryHandler(open_place, pattern=f"^{PO}:place:"),
    CallbackQueryHandler(change, pattern=f"^{PO}:change:"),
    CallbackQueryHandler(remove, pattern=f"^{PO}:no:"),
]
