"""/payouts: batches, step by step: prepare, freeze, approve, pay, and the files to pay from."""

from collections.abc import Mapping
from typing import Any

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.pay import batches, destinations, due, payouts, safeguards, steps
from bot.pay.batches import Card
from bot.pay.payouts import Line
from bot.pay.providers.provider import ApiProvider, File
from bot.pay.reckoning import Route
from bot.pay.steps import Step
from bot.people import identities, roles, staff
from bot.store import outbox
from bot.store.database import Session
from handlers import batch_card, callbacks
from handlers.admin import desk
from handlers.batch_card import BT, Seen
from handlers.callbacks import pack
from handlers.cards import Message, amount, bold, escape
from handlers.keyboards import Button
from handlers.payout_card import rail
from handlers.turn import Turn

PAST = ("closed", "canceled")
PAGE = 6
LOOKED = 200  # payouts of a draft that are looked through for those it would leave out
BEFORE = {"freeze": steps.freeze, "approve": steps.approve}


async def show(update: Update, turn: Turn) -> None:
    """/payouts [due | b-7k2mabc]"""
    await desk.admit_to_payouts(turn)
    match [word.lower() for word in turn.args or []]:
        case []:
            turn.say(await _listing(turn))
        case ["due"]:
            turn.say(batch_card.due(await due.listed(turn.session)))
        case [code, *_rest]:
            turn.say(await _card(turn, await batches.one(turn.session, code)))


async def open_list(update: Update, turn: Turn) -> None:
    await desk.admit_to_payouts(turn)
    turn.replace(await _listing(turn))


async def open_past(update: Update, turn: Turn) -> None:
    """Batches that are over, a page."""
    await desk.admit_to_payouts(turn)
    page = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    found = await batches.listed(
        turn.session, states=PAST, limit=PAGE + 1, offset=min(page, 10_000) * PAGE
    )
    rows = [[Button(batch_card.label(one), pack(BT, "card", one.code))] for one in found[:PAGE]]
    turns = [Button("‹", pack(BT, "past", page - 1))] if page else []
    turns += [Button("›", pack(BT, "past", page + 1))] if len(found) > PAGE else []
    lines = [bold(_("Closed batches")), *([] if found else [_("Nothing yet.")])]
    turn.replace(Message(text="\n".join(lines), rows=[*rows, turns, [batch_card.home()]]))


async def open_card(update: Update, turn: Turn) -> None:
    _verb, code = callbacks.fields(turn.query.data, 2)
    turn.replace(await _card(turn, await _pointed(turn, code)))


async def prepare(update: Update, turn: Turn) -> None:
    """[Prepare …]: the open draft, with everybody who is due."""
    await desk.admit_to_payouts(turn)
    _verb, provider, currency = callbacks.fields(turn.query.data, 3)
    known = {one.route for one in await due.listed(turn.session)}
    route = Route(provider, currency)
    if route not in known:
        raise Gone
    card = await batches.draft(turn.session, route, actor=turn.worker.id, now=turn.now)
    turn.replace(await _card(turn, card))


async def step(update: Update, turn: Turn) -> None:
    """[Freeze] and [Approve], of the version that was looked at."""
    what, code, version = callbacks.fields(turn.query.data, 3)
    card = await _pointed(turn, code)
    done = await BEFORE[what](turn.session, card.id, _now(turn, version))
    if done.two_people:
        await _ask_others(turn, done)
    turn.replace(await _card(turn, done))


async def ask(update: Update, turn: Turn) -> None:
    """[Pay…] and [Cancel batch…]: the consequence in numbers, the safe way out first."""
    what, code, version = callbacks.fields(turn.query.data, 3)
    card = await _pointed(turn, code)
    said, label = _question(what, card)
    total = amount(card.amount, card.currency)
    text = said.format(
        count=i18n.number(card.count),
        amount=f"<b>{total}</b>",
        rail=escape(rail(card.provider)),
    )
    data = pack(BT, f"do_{what}", code, version, desk.stamp(turn.now))
    rows = [[batch_card.back(code)], [Button(label, data, style="danger")]]
    turn.replace(Message(text=text, rows=rows))


async def pay(update: Update, turn: Turn) -> None:
    """Money leaves: to the provider, or as files to pay from."""
    what, code, version, asked_at = callbacks.fields(turn.query.data, 4)
    card = await _pointed(turn, code)
    desk.check_fresh(asked_at, turn.now)
    by_api = what == "do_api" and _by_api(turn, card.provider)
    done = await steps.pay(turn.session, card.id, _now(turn, version), as_file=not by_api)
    turn.replace(await _card(turn, done))
    if not by_api:
        await _send_files(turn, done)


async def cancel(update: Update, turn: Turn) -> None:
    _what, code, version, asked_at = callbacks.fields(turn.query.data, 4)
    card = await _pointed(turn, code)
    desk.check_fresh(asked_at, turn.now)
    done = await steps.cancel(turn.session, card.id, _now(turn, version))
    turn.toast(_("Canceled. What was held is on the balances again."))
    turn.replace(await _card(turn, done))


async def export_again(update: Update, turn: Turn) -> None:
    """The same bytes as the first time."""
    _verb, code = callbacks.fields(turn.query.data, 2)
    await _send_files(turn, await _pointed(turn, code))
    turn.toast(_("The files are on their way."))


async def clear(update: Update, turn: Turn) -> None:
    """A destination that somebody else gave too is allowed for this worker."""
    await desk.admit_to_payouts(turn)
    number = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    line = await payouts.one(turn.session, number)
    place = (await destinations.at(turn.session, [line.worker_id], line.provider)).get(
        line.worker_id
    )
    if place is None:
        raise Gone
    await destinations.clear(turn.session, place.id, actor=turn.worker.id, now=turn.now)
    turn.toast(_("Cleared."))
    card = await batches.one(turn.session, line.batch_id)
    if card.state == "draft":
        route = Route(card.provider, card.currency, card.country)
        card = await batches.draft(turn.session, route, actor=turn.worker.id, now=turn.now)
    turn.replace(await _card(turn, card))


async def render(session: Session, wanted: Mapping[str, Any]) -> tuple[str, bytes]:
    """A file of a batch, read when it is sent: what it says never stands in the outbox."""
    for file in await batches.files(session, wanted["batch"], actor=wanted["actor"]):
        if file.name == wanted["name"]:
            return file
    raise Gone


async def _listing(turn: Turn) -> Message:
    mine = await roles.of(turn.session, turn.worker.id)
    return batch_card.listing(
        await batches.listed(turn.session),
        await due.listed(turn.session),
        await safeguards.frozen(turn.session),
        turn.zone,
        owner="owner" in mine,
    )


async def _card(turn: Turn, card: Card) -> Message:
    people = {card.changed_by, card.frozen_by, card.approved_by, card.paid_by} - {None}
    files = await _files(turn, card) if card.state in ("exported", "closed") else []
    seen = Seen(
        card=card,
        names={one: await _name(turn.session, one) for one in people if one is not None},
        odd=await batches.anomalies(turn.session, card.id, now=turn.now),
        out=await _out(turn.session, card),
        by_api=_by_api(turn, card.provider),
        files=len(files),
    )
    return batch_card.batch(seen, turn.zone)


async def _out(session: Session, card: Card) -> list[Line]:
    """Payouts that are left out; of a draft, those that would be."""
    if not card.counts.get("left_out"):
        return []
    if card.state != "draft":
        return await payouts.of_batch(session, card.id, state="left_out", limit=batch_card.SHOWN)
    found = await payouts.of_batch(session, card.id, limit=LOOKED)
    return [one for one in found if one.reason]


async def _name(session: Session, worker_id: int) -> str:
    known = (await identities.of(session, worker_id)).get(worker_id)
    if known is not None:
        return known.name
    found = await staff.find(session, worker_id)
    return found[1].pseudonym if found else "–"


async def _ask_others(turn: Turn, card: Card) -> None:
    """Above the limit the next step is another person's: they hear of it."""
    name = await _name(turn.session, turn.worker.id)
    for chat, reader in await staff.holders(turn.session, *roles.PAYING):
        if reader.id != turn.worker.id:
            with i18n.speaking(reader.locale or i18n.ENGLISH):
                turn.tell(chat, batch_card.asked(card, name), lane=outbox.MONEY)


async def _pointed(turn: Turn, code: str) -> Card:
    await desk.admit_to_payouts(turn)
    return await batches.one(turn.session, code)


def _question(what: str, card: Card) -> tuple[str, str]:
    if what == "cancel":
        words = ngettext(
            "Cancel this batch of {count} payout, {amount}? What was held is free again.",
            "Cancel this batch of {count} payouts, {amount}? What was held is free again.",
            card.count,
        )
        return words, _("Cancel the batch")
    words = ngettext(
        "Pay {count} person {amount} by {rail}? This cannot be taken back.",
        "Pay {count} people {amount} by {rail}? This cannot be taken back.",
        card.count,
    )
    if what == "file":
        words += " " + _("You get the file to pay from.")
    return words, _("Pay now")


def _by_api(turn: Turn, provider: str) -> bool:
    known = destinations.provider(provider)
    if turn.rails is None or not isinstance(known, ApiProvider):
        return False
    return known.configured(turn.rails.wire.settings)


async def _files(turn: Turn, card: Card) -> list[File]:
    try:
        return await batches.files(turn.session, card.id, actor=turn.worker.id)
    except Gone:  # it was paid over HTTP
        return []


async def _send_files(turn: Turn, card: Card) -> None:
    said = _("Payouts of batch {code}. Keep this file to yourself: it says where people are paid.")
    caption = said.format(code=f"<code>{card.code}</code>")
    for file in await batches.files(turn.session, card.id, actor=turn.worker.id):
        wanted = {
            "kind": "payouts",
            "batch": card.id,
            "name": file.name,
            "actor": turn.worker.id,
        }
        turn.say(Message(text=caption, document=wanted))


def _now(turn: Turn, version: str) -> Step:
    return Step(callbacks.number(version), turn.worker.id, turn.now)


HANDLERS = [
    CommandHandler("payouts", show),
    CallbackQueryHandler(open_list, pattern=f"^{BT}:list$"),
    CallbackQueryHandler(open_past, pattern=f"^{BT}:past:"),
    CallbackQueryHandler(open_card, pattern=f"^{BT}:card:"),
    CallbackQueryHandler(prepare, pattern=f"^{BT}:new:"),
    CallbackQueryHandler(step, pattern=f"^{BT}:(freeze|approve):"),
    CallbackQueryHandler(ask, pattern=f"^{BT}:(api|file|cancel):"),
    CallbackQueryHandler(pay, pattern=f"^{BT}:do_(api|file):"),
    CallbackQueryHandler(cancel, pattern=f"^{BT}:do_cancel:"),
    CallbackQueryHandler(export_again, pattern=f"^{BT}:files:"),
    CallbackQueryHandler(clear, pattern=f"^{BT}:clear:"),
]
