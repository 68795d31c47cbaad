"""/limits: wage floors per country, what tiers pay, thresholds. Owners change floors."""

import re
from datetime import date

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import calendar, i18n, money
from bot.errors import Gone, Invalid
from bot.i18n import N_, pgettext
from bot.i18n import gettext as _
from bot.money import MICRO
from bot.pay import floors, tiers, wage
from bot.pay.floors import Known
from bot.pay.tiers import Terms
from bot.people import roles
from bot.work import time_corrections, wage_guard
from handlers import callbacks
from handlers.admin import desk
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

LM = "lm"  # callback prefix
FORM = '/limits floor KE 200 KES "source"'
_FLOOR = re.compile(
    r"floor\s+(?P<country>\S+)\s+(?P<hour>[^\"“”„«]+?)\s*"
    r"[\"“”„«](?P<source>[^\"“”»]*)[\"“”»](?:\s+(?P<since>\d{4}-\d{2}-\d{2}))?",
    re.IGNORECASE,
)


class NotALimit(Invalid):
    msgid = N_("Write it like {form}; a day from which it holds may follow, like 2027-01-01.")


async def limits(update: Update, turn: Turn) -> None:
    """/limits [floor KE 200 KES "source" [2027-01-01]]"""
    await desk.admit(turn)
    words = i18n.strip_marks(" ".join(turn.args or []))
    turn.say(await (_proposed(turn, words) if words else _card(turn)))


async def show(update: Update, turn: Turn) -> None:
    await desk.admit(turn)
    _stop_waiting(turn)
    turn.replace(await _card(turn))


async def apply(update: Update, turn: Turn) -> None:
    """What was proposed last, if the button belongs to it."""
    _verb, digest, asked_at = callbacks.fields(turn.query.data, 3)
    expected = turn.chat.expecting or {}
    words = str(expected.get("words", ""))
    if expected.get("what") != "limit" or desk.digest(words) != digest:
        raise Gone
    desk.check_fresh(asked_at, turn.now)
    wanted = _read(turn, words)
    await floors.change(turn.session, wanted, actor=turn.worker.id, now=turn.now)
    turn.chat.expecting = None
    turn.toast(_("Changed."))
    turn.replace(await _card(turn))


def _read(turn: Turn, words: str) -> Known:
    """Raises NotALimit, or what of a floor does not fit."""
    found = _FLOOR.fullmatch(words.strip())
    if found is None:
        raise NotALimit(form=FORM)
    try:
        since = date.fromisoformat(found["since"]) if found["since"] else turn.now.date()
    except ValueError as fault:
        raise NotALimit(form=FORM) from fault
    return floors.read(found["country"], found["hour"], found["source"], since)


async def _proposed(turn: Turn, words: str) -> Message:
    """The difference with [Apply]."""
    await roles.require(turn.session, turn.worker.id, *floors.MAY_SET)
    wanted = _read(turn, words)
    known = await floors.load(turn.session)
    before = known.find(wanted.country, wanted.currency, wanted.since)
    turn.chat.expecting = {"what": "limit", "words": words}
    lines = [
        _("Change the floor of {country}?").format(country=f"<b>{_country(wanted.country)}</b>"),
        f"{_amount(before, wanted.currency)} → <b>{_amount(wanted, wanted.currency)}</b>",
        _("From {day} on. Source: {source}").format(
            day=_day(wanted.since), source=escape(wanted.source)
        ),
        _("Projects that run are held to it at once, weeks from that day on."),
    ]
    data = pack(LM, "apply", desk.digest(words), desk.stamp(turn.now))
    rows = [
        [Button(pgettext("button", "Apply"), data, style="primary")],
        [Button(_("Leave it as it is"), pack(LM, "card"))],
    ]
    return Message(text="\n".join(lines), rows=rows)


async def _card(turn: Turn) -> Message:
    known = await floors.load(turn.session)
    of_tiers = [await tiers.tier(turn.session, name) for name in tiers.NAMES]
    blocks = [
        [bold(_("Wage floors, an hour")), *map(_floor, known.in_force(turn.now.date()))],
        [bold(_("What tiers pay")), *map(_tier, of_tiers)],
        [bold(_("Thresholds")), *_thresholds()],
        [_("An owner changes a floor: {form}").format(form=f"<code>{escape(FORM)}</code>")],
    ]
    return Message(text="\n\n".join("\n".join(block) for block in blocks))


def _floor(one: Known) -> str:
    said = _("{country}: {amount}, from {day}. {source}")
    return said.format(
        country=_country(one.country),
        amount=f"<b>{_amount(one, one.currency)}</b>",
        day=_day(one.since),
        source=f"<i>{escape(one.source)}</i>",
    )


def _tier(one: Terms) -> str:
    said = _("{tier}: {wage} an hour, premium {premium}, {review} a review")
    return said.format(
        tier=escape(one.name),
        wage=escape(money.show(one.wage_micro, one.currency)),
        premium=i18n.percent(one.premium_ppm / MICRO),
        review=escape(money.show(one.review_micro, one.currency)),
    )


def _thresholds() -> list[str]:
    return [
        _("Time of a task: at most {times} times the usual, but at least {least} counts").format(
            times=i18n.number(wage.CAP_MEDIANS), least=i18n.duration(wage.SHORTEST_CAP)
        ),
        _("Workers correct their time within {time}").format(
            time=i18n.duration(time_corrections.CORRECTABLE.total_seconds())
        ),
        _("A project is paused by its last {last} answers, {enough} at the least").format(
            last=i18n.number(wage.LAST), enough=i18n.number(wage.ENOUGH)
        ),
        _("Nothing is said of fewer than {few} people").format(few=i18n.number(wage.FEW)),
        _("Workers pay no fees"),
    ]


def _amount(one: Known | None, currency: str) -> str:
    return escape(money.show(one.micro, currency)) if one else _("none")


def _country(code: str) -> str:
    return escape(wage_guard.country_said(code))


def _day(day: date) -> str:
    return escape(i18n.full_day(calendar.midnight(day, "UTC"), "UTC"))


def _stop_waiting(turn: Turn) -> None:
    if (turn.chat.expecting or {}).get("what") == "limit":
        turn.chat.expecting = None


HANDLERS = [
    CommandHandler("limits", limits),
    CallbackQueryHandler(show, pattern=f"^{LM}:card$"),
    CallbackQueryHandler(apply, pattern=f"^{LM}:apply:"),
]
