"""Batches of payouts as the payouts desk reads them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import NamedTuple

from bot import i18n, money
from bot.i18n import N_, ngettext, pgettext
from bot.i18n import gettext as _
from bot.pay.anomalies import Anomaly
from bot.pay.batches import Card
from bot.pay.due import Due
from bot.pay.payouts import Line
from bot.pay.reckoning import Route
from bot.pay.safeguards import Frozen
from handlers.callbacks import pack
from handlers.cards import Message, amount, bold, escape
from handlers.keyboards import Button
from handlers.payout_card import rail, why

BT = "bt"  # callback prefix of batches
SHOWN = 8  # anomalies, and people left out, on a card
CLEARED = 4  # buttons to clear a shared destination

STATES = {
    "draft": N_("Draft"),
    "frozen": N_("Frozen"),
    "approved": N_("Approved"),
    "submitted": N_("With the provider"),
    "exported": N_("Exported"),
    "closed": N_("Closed"),
    "canceled": N_("Canceled"),
}
PAYOUTS = {
    "draft": N_("planned"),
    "held": N_("held"),
    "submitted": N_("on their way"),
    "settled": N_("settled"),
    "failed": N_("failed"),
    "unknown": N_("unknown"),
    "left_out": N_("left out"),
}
LAST = {
    "draft": N_("Draft since {time}"),
    "frozen": N_("Frozen by {name}, {time}: the money is held"),
    "approved": N_("Approved by {name}, {time}"),
    "submitted": N_("Paid by {name}, {time}: handed to the provider"),
    "exported": N_("Paid by {name}, {time}: exported to files"),
    "closed": N_("Closed {time}"),
    "canceled": N_("Canceled by {name}, {time}"),
}


class Seen(NamedTuple):
    """A batch with all that its card tells."""

    card: Card
    names: Mapping[int, str]
    """Of those who did its steps, by worker id."""
    odd: Sequence[Anomaly]
    out: Sequence[Line]
    """Payouts left out, or that would be."""
    by_api: bool
    """Its provider takes it over HTTP, and our credentials are there."""
    files: int


def batch(seen: Seen, zone: str) -> Message:
    """A batch with everything an approver needs, and the next step."""
    card = seen.card
    lines = [
        bold(_("Batch {code}").format(code=f"<code>{card.code}</code>")),
        _route(card),
        _last(seen, zone),
        *_earlier(seen),
        *_sums(card),
        *_progress(card),
        *([_("It came back: {why}").format(why=why(card.reason))] if card.reason else []),
        *_odd(seen, card.currency),
        *_out(seen.out, card.counts.get("left_out", 0)),
    ]
    if card.two_people and card.state in ("draft", "frozen", "approved"):
        lines.append(_("Above the limit for one person: two people are needed."))
    return Message(text="\n".join(lines), rows=_steps(seen))


def listing(
    cards: Sequence[Card], due: Sequence[Due], frozen: Frozen | None, zone: str, *, owner: bool
) -> Message:
    """Batches by state with counts and sums, and who is due."""
    lines = [bold(_("Payouts")), *(_stopped(frozen, zone) if frozen else [])]
    lines += _states(cards) or [_("No batch is open.")]
    lines += _due(due)
    rows = [[Button(label(one), pack(BT, "card", one.code))] for one in cards]
    rows += prepare(due)
    rows += [
        [Button(_("Closed batches"), pack(BT, "past", 0)), Button(_("Plans"), pack(BT, "plans"))],
        [Button(_("Limits"), pack(BT, "limits")), Button(_("Refresh"), pack(BT, "list"))],
    ]
    if frozen and owner:
        rows.insert(0, [Button(_("Let payouts go on"), pack(BT, "thaw"))])
    return Message(text="\n".join(lines), rows=rows)


def due(found: Sequence[Due]) -> Message:
    """Who is due, with a button for each way."""
    lines = _due(found) or [_("Nobody is due.")]
    return Message(
        text="\n".join([bold(_("Payouts that are due")), *lines]), rows=[*prepare(found), [home()]]
    )


def prepare(found: Sequence[Due]) -> list[list[Button]]:
    """[Prepare M-Pesa · KES]: a draft with everybody who is due."""
    said = _("Prepare {rail} · {currency}")
    return [
        [
            Button(
                said.format(rail=rail(one.route.provider), currency=one.route.currency),
                pack(BT, "new", one.route.provider, one.route.currency),
            )
        ]
        for one in found
    ]


def opened(card: Card) -> Message:
    """The clock has made a draft: the desk is told."""
    lines = [bold(_("A batch is ready to be looked at")), label(card)]
    return Message(text="\n".join(lines), rows=[[_open(card.code)]], silent=False)


def asked(card: Card, name: str) -> Message:
    """Somebody did a step, and the next one is another person's."""
    said = {
        "frozen": _("{name} has frozen this batch. Another person has to approve it."),
        "approved": _("{name} has approved this batch. Another person has to pay it."),
    }[card.state]
    lines = [label(card), said.format(name=f"<b>{escape(name)}</b>")]
    return Message(text="\n".join(lines), rows=[[_open(card.code)]], silent=False)


def trouble(state: str, lines: Sequence[Line]) -> Message:
    """Payouts of one batch that failed, or of which nothing is known."""
    count = len(lines)
    head = ngettext("{count} payout failed", "{count} payouts failed", count)
    if state == "unknown":
        head = ngettext(
            "Nobody knows what became of {count} payout",
            "Nobody knows what became of {count} payouts",
            count,
        )
    parts = [bold(head.format(count=i18n.number(count))), *map(item, lines[:SHOWN])]
    parts += _more(count - SHOWN)
    if state == "unknown":
        parts.append(_("Look at the provider's own page. Nothing is paid again until you know."))
    return Message(text="\n".join(parts), rows=[[_open(lines[0].code)]], silent=False)


def item(one: Line) -> str:
    """A payout in a line: who, how much, what became of it."""
    parts = [escape(one.pseudonym), amount(one.amount, one.currency), _(PAYOUTS[one.state])]
    parts += [why(one.reason)] if one.reason else []
    return " · ".join(parts)


def label(card: Card) -> str:
    """A batch on a button."""
    sum = money.show(card.amount, card.currency)
    parts = [card.code, rail(card.provider), *([card.country] if card.country else []), sum]
    return " · ".join(map(i18n.isolate, [*parts, _(STATES[card.state])]))


def titled(route: Route) -> str:
    """A route in words: M-Pesa · KES · Kenya."""
    parts = [rail(route.provider), route.currency]
    parts += [i18n.country_name(route.country)] if route.country else []
    return " · ".join(map(i18n.isolate, parts))


def home() -> Button:
    return Button(_("All batches"), pack(BT, "list"))


def back(code: str) -> Button:
    return Button(pgettext("button", "Back"), pack(BT, "card", code))


def _route(card: Card) -> str:
    route = Route(card.provider, card.currency, card.country)
    if card.period is None:
        return escape(titled(route))
    at = i18n.full_day(datetime.combine(card.period, time(), UTC), "UTC")
    return _("{route}, by plan for {day}").format(route=escape(titled(route)), day=at)


def _last(seen: Seen, zone: str) -> str:
    card = seen.card
    return _(LAST[card.state]).format(
        name=_named(seen, card.changed_by), time=i18n.when(card.changed_at, zone)
    )


def _earlier(seen: Seen) -> list[str]:
    """Who did the steps before the last one."""
    card = seen.card
    said = {
        "frozen": (_("Frozen by {name}"), card.frozen_by),
        "approved": (_("Approved by {name}"), card.approved_by),
        "paid": (_("Paid by {name}"), card.paid_by),
    }
    last = {"submitted": "paid", "exported": "paid"}.get(card.state, card.state)
    parts = [
        words.format(name=_named(seen, who))
        for step, (words, who) in said.items()
        if who is not None and step != last
    ]
    return [" · ".join(parts)] if parts else []


def _named(seen: Seen, who: int | None) -> str:
    return "Kazi" if who is None else f"<b>{escape(seen.names.get(who, '–'))}</b>"


def _sums(card: Card) -> list[str]:
    people = ngettext(
        "{count} payout: {amount} leave balances",
        "{count} payouts: {amount} leave balances",
        card.count,
    )
    return [
        people.format(
            count=i18n.number(card.count), amount=f"<b>{amount(card.amount, card.currency)}</b>"
        ),
        _("Fees: {fee}. To be sent: {sent}").format(
            fee=amount(card.fee, card.currency), sent=amount(card.sent, card.currency)
        ),
    ]


def _progress(card: Card) -> list[str]:
    """How many of them are where, once they are on their way."""
    if card.state not in ("submitted", "exported", "closed"):
        return []
    said = _("{state}: {count} ({amount})")
    return [
        said.format(
            state=_(PAYOUTS[state]),
            count=i18n.number(card.counts[state]),
            amount=amount(card.amounts[state], card.currency),
        )
        for state in PAYOUTS
        if card.counts.get(state) and state != "left_out"
    ]


def _odd(seen: Seen, currency: str) -> list[str]:
    if not seen.odd or seen.card.state not in ("draft", "frozen", "approved"):
        return []
    found = [_anomaly(one, currency) for one in seen.odd[:SHOWN]]
    return [bold(_("Look at these:")), *found, *_more(len(seen.odd) - SHOWN)]


def _anomaly(one: Anomaly, currency: str) -> str:
    said = {
        "new": _("{worker}: a new destination"),
        "changed": _("{worker}: the destination was changed in the last days"),
        "shared": ngettext(
            "{worker}: {count} other person is paid there too",
            "{worker}: {count} other people are paid there too",
            one.usual,
        ),
        "spike": _("{worker}: {amount}, usually {usual}"),
        "first": _("{worker}: a first payout of {amount}"),
        "minimum": ngettext(
            "{count} person is below the smallest payout",
            "{count} people are below the smallest payout",
            one.usual,
        ),
    }[one.kind]
    return said.format(
        worker=escape(one.pseudonym),
        count=i18n.number(one.usual),
        amount=amount(one.amount, currency),
        usual=amount(one.usual, currency),
    )


def _out(lines: Sequence[Line], count: int) -> list[str]:
    if not count:
        return []
    said = ngettext("{count} left out:", "{count} left out:", count)
    found = [f"{escape(one.pseudonym)}: {why(one.reason)}" for one in lines[:SHOWN]]
    head = bold(said.format(count=i18n.number(count)))
    return [head, *found, *_more(count - len(found))]


def _more(count: int) -> list[str]:
    if count <= 0:
        return []
    said = ngettext("and {count} more", "and {count} more", count)
    return [said.format(count=i18n.number(count))]


def _steps(seen: Seen) -> list[list[Button]]:
    """The buttons of a batch, by its state."""
    card = seen.card
    rows = [[_step(seen, what, words)] for what, words in _next(seen).items()]
    shared = [one for one in seen.out if one.reason == "shared"]
    said = _("Clear {worker}")
    rows += [
        [Button(said.format(worker=one.pseudonym), pack(BT, "clear", one.id))]
        for one in shared[:CLEARED]
    ]
    if seen.files:
        rows.append([Button(_("Export again"), pack(BT, "files", card.code))])
    rows.append(
        [
            Button(_("Payouts one by one"), pack(BT, "items", card.code, 0)),
            Button(_("Refresh"), pack(BT, "card", card.code)),
        ]
    )
    if card.state in ("draft", "frozen", "approved"):
        rows.append([_step(seen, "cancel", _("Cancel batch…"))])
    return [*rows, [home()]]


def _next(seen: Seen) -> dict[str, str]:
    match seen.card.state:
        case "draft":
            return {"freeze": _("Freeze")}
        case "frozen":
            return {"approve": _("Approve")}
        case "approved" if seen.by_api:
            return {"api": _("Pay…"), "file": _("Pay from a file…")}
        case "approved":
            return {"file": _("Pay…")}
    return {}


def _step(seen: Seen, what: str, words: str) -> Button:
    return Button(words, pack(BT, what, seen.card.code, seen.card.version))


def _states(cards: Iterable[Card]) -> list[str]:
    """One line for each state, way and currency."""
    count: Counter[tuple[str, str, str]] = Counter()
    people: Counter[tuple[str, str, str]] = Counter()
    total: Counter[tuple[str, str, str]] = Counter()
    for card in cards:
        key = (card.state, card.provider, card.currency)
        count[key] += 1
        people[key] += card.count
        total[key] += card.amount
    said = _("{state} · {rail}: batches {batches}, payouts {payouts}, {amount}")
    return [
        said.format(
            state=_(STATES[key[0]]),
            rail=escape(rail(key[1])),
            batches=i18n.number(count[key]),
            payouts=i18n.number(people[key]),
            amount=amount(total[key], key[2]),
        )
        for key in sorted(count, key=lambda key: list(STATES).index(key[0]))
    ]


def _due(found: Sequence[Due]) -> list[str]:
    said = _("Due · {rail}: people {people}, {amount}")
    return [
        said.format(
            rail=escape(rail(one.route.provider)),
            people=i18n.number(one.count),
            amount=amount(one.amount, one.route.currency),
        )
        for one in found
    ]


def _stopped(frozen: Frozen, zone: str) -> list[str]:
    said = _("Payouts are frozen since {time}: {reason}")
    return [said.format(time=i18n.when(frozen.since, zone), reason=escape(frozen.reason))]


def _open(code: str) -> Button:
    return Button(_("Open the batch"), pack(BT, "card", code))
