"""The live card: the task in hand, its terms and buttons; edited in place while somebody looks."""

from bot import i18n
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Ask
from bot.work import review_terms, sittings
from bot.work.dispatch import Offer
from handlers import lessons, task_card, wage_words
from handlers.callbacks import LONGER, WORK, pack
from handlers.cards import Message, amount, escape
from handlers.keyboards import Button
from handlers.turn import Turn

ANSWER = "a"  # callback prefix of the answers


async def show(
    turn: Turn,
    offer: Offer,
    *,
    head: list[str] | None = None,
    undo: int | None = None,
    longer: bool = False,
) -> None:
    """Put the task on the live card: an edit where the person is looking, else a new message.

    `undo` is what was answered before; `longer`: it is asked whether that took longer.
    """
    asked = ask(offer)
    made = task_card.messages(
        wording=offer.spec.wording(offer.locale, offer.language),
        ask=asked,
        head=[*(head or []), *await _standing(turn, offer), _terms(turn, offer)],
        data=lambda index: pack(ANSWER, offer.assignment_id, offer.nonce, index),
        rows=_rows(offer, before(undo, longer=longer), poll=bool(asked.poll)),
        foot=_draft(offer),
    )
    _place(turn, made, offer)
    turn.chat.card = offer.assignment_id
    turn.chat.wake_at = None
    turn.chat.expecting = (
        {"what": "answer", "assignment": offer.assignment_id} if asked.reply else None
    )


def ask(offer: Offer) -> Ask:
    """What the task shows, and how it wants to be answered."""
    wording = offer.spec.wording(offer.locale, offer.language)
    kind = TASK_TYPES[offer.spec.type]
    return kind.ask(offer.spec.settings, wording, offer.body, offer.layout)


def _place(turn: Turn, made: list[Message], offer: Offer) -> None:
    """An edit where the person is looking; else new messages, and the older card is stripped."""
    edits = _edits(turn, made)
    if edits:
        turn.replace(made[0])
    else:
        for message in made[:-1]:
            turn.say(message)
        turn.say(made[-1], card=offer.assignment_id)
    for old in {turn.tapped, turn.chat.card_message}:
        if old is not None and not (edits and old == turn.tapped):
            turn.strip(old)
    turn.chat.card_message = turn.tapped if edits else None


def _edits(turn: Turn, made: list[Message]) -> bool:
    return len(made) == 1 and turn.can_replace(made[0])


def before(undo: int | None, *, longer: bool) -> list[Button]:
    """Buttons about the answer before."""
    if undo is None:
        return []
    again = Button(pgettext("button", "Undo"), pack(WORK, "undo", undo, 0))
    return [again, Button(_("Took longer?"), pack(LONGER, undo))] if longer else [again]


def _rows(offer: Offer, answered: list[Button], *, poll: bool) -> list[list[Button]]:
    def button(label: str, action: str) -> Button:
        return Button(label, pack(WORK, action, offer.assignment_id, offer.nonce))

    rows = [[button(pgettext("button", "Done"), "done")]] if poll else []
    if offer.sitting_id is not None:
        report = [button(pgettext("button", "Report"), "report")] if offer.state == "held" else []
        return [*rows, [*report, button(_("More ▾"), "more")]]
    if offer.state == "answered":
        return [*rows, [button(_("Keep it"), "keep")]]
    if offer.state == "returned":
        return [*rows, [button(_("Instructions"), "info")]]
    if answered:
        rows.append(answered)
    last = [
        button(pgettext("button", "Skip"), "skip"),
        button(pgettext("button", "Report"), "report"),
        button(_("More ▾"), "more"),
    ]
    return [*rows, last]


async def _standing(turn: Turn, offer: Offer) -> list[str]:
    """How far a training or an exam is."""
    if offer.sitting_id is None:
        return []
    return [lessons.progress(offer.spec, await sittings.find(turn.session, offer.sitting_id))]


def _terms(turn: Turn, offer: Offer) -> str:
    """What it pays, how long it usually takes, until when it is theirs, and until when reviewed."""
    if offer.rework_until is not None:
        said = _("{price} · yours to answer again until {time}")
        return said.format(price=price(offer), time=i18n.when(offer.rework_until, turn.zone))
    terms = _("{price} · {pace} · yours until {time}").format(
        price=price(offer),
        pace=_pace(offer),
        time=i18n.clock_time(offer.lease_until, turn.zone),
    )
    reviewed = review_terms.of(offer.spec.review)
    if not (reviewed.share_ppm or reviewed.newcomers):
        return terms
    said = _("May be reviewed; accepted after {time} at the latest")
    late = i18n.duration(reviewed.due.total_seconds())
    return f"{terms}\n{said.format(time=late)}"


def _pace(offer: Offer) -> str:
    return wage_words.pace(
        offer.price_micro,
        offer.currency,
        expected=offer.spec.expected_seconds,
        median=offer.median_seconds,
    )


def price(offer: Offer) -> str:
    """What an answer to it pays."""
    return amount(offer.price_micro, offer.currency)


def _draft(offer: Offer) -> str:
    if not isinstance(offer.draft, str):
        return ""
    return _("Your draft: {text}").format(text=escape(offer.draft[:500]))
