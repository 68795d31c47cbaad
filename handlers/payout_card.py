"""A payout as its worker reads it: what it would be, how far it is, how it ended."""

from datetime import datetime, timedelta
from typing import NamedTuple

from bot import i18n, money
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.pay import destinations, payouts
from bot.pay.destinations import Place, Saved
from bot.pay.payouts import Line, Quote
from bot.pay.providers import PROVIDERS
from bot.pay.providers import provider as rails
from handlers import choices
from handlers.callbacks import pack
from handlers.cards import Message, amount, bold, escape
from handlers.keyboards import Button

PO = "po"  # callback prefix of payouts in a worker's chat
SU = "su"  # callback prefix of /support
ST = "st"  # callback prefix of /settings

STATES = {
    "draft": N_("requested"),
    "held": N_("being prepared"),
    "submitted": N_("on its way"),
    "unknown": N_("on its way"),
    "settled": N_("sent"),
    "failed": N_("failed"),
    "left_out": N_("not paid"),
}
# What is wrong is where the money should go: another destination helps.
MISPLACED = frozenset(
    [
        "unregistered",
        "destination",
        "restricted",
        "currency",
        "country",
        "unclaimed",
        "declined",
        "changed",
    ]
)


class Terms(NamedTuple):
    """What a quote says beyond its sums."""

    cap: int | None
    """The most for one payout, micro-units."""
    unit: int
    """What the way of payment pays in multiples of, micro-units."""
    usual: timedelta | None
    """How long payouts take."""
    planned: datetime | None
    """When the next batch is prepared by the calendar."""


def rail(name: str) -> str:
    """A way of payment as people call it."""
    return _(PROVIDERS[name].title)


def why(code: str) -> str:
    """A reason in the language being spoken; what a person wrote stays in their words."""
    known = payouts.REASONS | rails.REASONS
    return _(known[code]) if code in known else escape(code)


def quote(found: Quote, terms: Terms, zone: str) -> Message:
    """What a payout would be, with [Confirm] where it can be asked for."""
    assert found.place is not None
    lines = [bold(_("Payout")), _where(found.provider, found.place.shown)]
    rows = []
    if found.reason in payouts.ASKABLE:
        lines += [*_sums(found), _rest(found, terms), *_warning(found), _arrival(terms, zone)]
        data = pack(PO, "go", found.place.id, found.currency)
        rows = [[Button(_("Confirm"), data, style="primary")]]
    else:
        lines += [
            _("Available: {amount}").format(amount=amount(found.available, found.currency)),
            *_obstacle(found, zone),
        ]
    change = Button(_("Change payout details"), pack(PO, "place", found.provider))
    return Message(
        text="\n".join(lines),
        rows=[*rows, [change], [Button(choices.back(), pack(PO, "start"))]],
    )


def line(found: Line, zone: str) -> Message:
    """One payout of the worker's, whatever became of it."""
    rows = []
    if found.state == "draft":
        rows.append([Button(_("Take it back"), pack(PO, "undo", found.id))])
    if found.state == "failed" and found.reason in MISPLACED:
        rows.append([_details()])
    rows.append([Button(_("All payouts"), pack(PO, "list"))])
    title = _("Payout · {state}").format(state=_(STATES[found.state]))
    return Message(text="\n".join([bold(title), *_told(found, zone)]), rows=rows)


def news(found: Line, zone: str) -> Message:
    """How a payout ended, as its worker hears of it."""
    title = {
        "settled": _("Your payout is sent"),
        "failed": _("Your payout failed"),
        "left_out": _("Your payout could not be made this time"),
    }[found.state]
    rows = []
    if found.state != "settled":
        rows = [[_details()], [Button(_("Ask again"), pack(PO, "start"))]]
    return Message(text="\n".join([bold(title), *_told(found, zone)]), rows=rows, silent=False)


def changed(saved: Saved, zone: str) -> Message:
    """The notice after a change: whoever did not make it can undo it."""
    place = saved.place
    said = _("Payout details added: {rail}, {shown}.")
    if saved.before is not None:
        said = _("Payout details changed: {rail}, {shown} instead of {before}.")
    lines = [
        said.format(
            rail=escape(rail(place.provider)),
            shown=escape(place.shown),
            before=escape(saved.before or ""),
        ),
        _("For your safety nothing is paid there before {time}, your time.").format(
            time=i18n.when(place.usable_at, zone)
        ),
        _("If this was not you, tap the button below and write to us."),
    ]
    rows = [
        [Button(_("This was not me: remove it"), pack(PO, "no", place.id))],
        [Button(_("Write to a person"), pack(SU, "back"))],
    ]
    return Message(text="\n".join(lines), rows=rows, silent=False)


def place(found: Place, now: datetime, zone: str) -> list[str]:
    """A destination, and from when on it is used."""
    lines = [_where(found.provider, found.shown)]
    if found.usable_at > now:
        used = _("Used from {time}, your time.")
        lines.append(used.format(time=i18n.when(found.usable_at, zone)))
    if not found.cleared:
        lines.append(why("shared"))
    return lines


def short(found: Line, zone: str) -> str:
    """On a button: day, amount, state."""
    parts = [
        i18n.day(found.created_at, zone),
        money.show(found.amount, found.currency),
        _(STATES[found.state]),
    ]
    return " · ".join(map(i18n.isolate, parts))


def _told(found: Line, zone: str) -> list[str]:
    requested = _("Requested {time}") if found.requested else _("Begun {time}")
    return [
        _where(found.provider, found.shown),
        *(_sums(found) if found.amount else []),
        requested.format(time=i18n.when(found.created_at, zone)),
        *_state(found, zone),
    ]


def _state(found: Line, zone: str) -> list[str]:
    match found.state:
        case "draft":
            return [_("What is available when the payout is prepared is paid.")]
        case "held":
            return [_("It is prepared and waits for approval.")]
        case "settled" | "failed" | "left_out":
            return _ended(found, zone)
    return [_("It is on its way. You are told here when it has arrived or failed.")]


def _ended(found: Line, zone: str) -> list[str]:
    assert found.ended_at is not None
    at = i18n.when(found.ended_at, zone)
    if found.state == "settled":
        if not found.receipt:
            return [_("Sent {time}").format(time=at)]
        sent = _("Sent {time}, reference {reference}")
        return [sent.format(time=at, reference=f"<code>{escape(found.receipt)}</code>")]
    lines = [_("Not paid, {time}: {why}").format(time=at, why=why(found.reason))]
    if found.state == "failed":
        back = _("{amount} is back on your balance.")
        lines.append(back.format(amount=amount(found.amount, found.currency)))
    return [*lines, _remedy(found.reason)]


def _remedy(reason: str) -> str:
    """What the worker can do."""
    if reason in MISPLACED:
        return _("Check your payout details, or choose another way, and ask again.")
    if reason == "limit":
        return _("Choose another way of payment, or write to /support.")
    if reason in ("minimum", "negative"):
        return _("Ask again when there is more on your balance.")
    if reason == "waiting":
        return _("Ask again when the new destination can be used.")
    return _("You can ask again later. /support reaches a person.")


def _where(provider: str, shown: str) -> str:
    return " · ".join(escape(one) for one in (rail(provider), shown) if one)


def _sums(found: Quote | Line) -> list[str]:
    fee = _("No fee")
    if found.fee:
        fee = _("Fee: {amount}").format(amount=amount(found.fee, found.currency))
    return [
        _("Leaves your balance: {amount}").format(amount=amount(found.amount, found.currency)),
        fee,
        _("You receive: {amount}").format(amount=f"<b>{amount(found.sent, found.currency)}</b>"),
    ]


def _rest(found: Quote, terms: Terms) -> str:
    said = _("Stays on your balance: {amount}")
    if not found.rest:
        return said.format(amount=amount(0, found.currency))
    if terms.cap is not None and found.available > terms.cap:
        said = _("Stays on your balance: {amount}, because at most {most} is paid at once")
    else:
        said = _("Stays on your balance: {amount}, because {rail} pays multiples of {unit}")
    return said.format(
        amount=amount(found.rest, found.currency),
        most=amount(terms.cap or 0, found.currency),
        rail=escape(rail(found.provider)),
        unit=amount(terms.unit, found.currency),
    )


def _warning(found: Quote) -> list[str]:
    return [why(found.reason)] if found.reason else []


def _obstacle(found: Quote, zone: str) -> list[str]:
    """Why there is no payout now, and when there may be one."""
    if found.reason == "waiting":
        assert found.place is not None
        said = _("The new destination can be used from {time}, your time.")
        return [why("waiting"), said.format(time=i18n.when(found.place.usable_at, zone))]
    if found.reason != "minimum":
        return [why(found.reason), _remedy(found.reason)]
    lines = [
        _("The smallest payout is {amount}.").format(amount=amount(found.minimum, found.currency))
    ]
    missing = found.minimum - found.available
    if missing > 0:
        lines.append(_("{amount} is missing.").format(amount=amount(missing, found.currency)))
    return lines


def _arrival(terms: Terms, zone: str) -> str:
    if terms.usual is not None:
        said = _("Usually sent {time} after it was asked for.")
        return said.format(time=i18n.duration(terms.usual.total_seconds()))
    if terms.planned is not None:
        said = _("The next payouts are prepared {time}, your time. You are told when it is sent.")
        return said.format(time=i18n.when(terms.planned, zone))
    return _("A person approves every payout. You are told when it is sent.")


def _details() -> Button:
    return Button(_("Payout details"), pack(PO, "details"))


def titled(provider: str, places: dict[str, Place]) -> str:
    """A way of payment on a button, with where it leads when that is known."""
    known = places.get(provider)
    parts = [rail(provider), *([known.shown] if known else [])]
    return " · ".join(map(i18n.isolate, parts))


def offered(currency: str, country: str | None) -> list[str]:
    """Names of the ways to pay this currency into this country.

    Not those that need a template from their own page: the desk could not hand it in by chat.
    """
    found = destinations.offered(currency, country)
    return [one.name for one in found if not one.template]
