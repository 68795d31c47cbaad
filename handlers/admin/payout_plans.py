"""/payouts plan: drafts that the clock opens; and letting payouts go on after a freeze."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, filters

from bot import i18n
from bot.errors import Gone, Invalid
from bot.i18n import N_
from bot.i18n import gettext as _
from bot.money import currencies
from bot.pay import destinations, due, payout_plans, reconciliation, safeguards
from bot.pay.payout_plans import EVERY, Plan
from bot.pay.reckoning import Route
from bot.people import roles
from handlers import batch_card, callbacks
from handlers.admin import desk
from handlers.batch_card import BT
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

FORM = "/payouts plan mpesa KES week KE"
OFFERED = 4  # ways with a button; any other by the line above
NAMES = {"week": N_("every Monday"), "month": N_("on the first of every month")}


class NotAPlan(Invalid):
    msgid = N_("Write it like {form}: how, which currency, week or month, and one country or none.")


class StillOpen(Invalid):
    msgid = N_(
        "{count} payments are known to the payment log and not to the books. Say first what became "
        "of them: kazi payout reconcile, on the server."
    )


async def plan(update: Update, turn: Turn) -> None:
    """/payouts plan [mpesa KES week [KE]]"""
    await desk.admit_to_payouts(turn)
    words = (turn.args or [])[1:]
    if words:
        route, every = _read(words)
        await _make(turn, route, every)
    turn.say(await _card(turn))


async def show(update: Update, turn: Turn) -> None:
    await desk.admit_to_payouts(turn)
    turn.replace(await _card(turn))


async def make(update: Update, turn: Turn) -> None:
    """[Weekly: M-Pesa · KES]"""
    await desk.admit_to_payouts(turn)
    _verb, provider, currency, country, every = callbacks.fields(turn.query.data, 5)
    route = Route(provider, currency, country)
    if every not in EVERY or not _fits(route):
        raise Gone
    if await _make(turn, route, every):
        turn.toast(_("Switched on."))
    turn.replace(await _card(turn))


async def end(update: Update, turn: Turn) -> None:
    number = callbacks.number(callbacks.fields(turn.query.data, 2)[1])
    await desk.admit_to_payouts(turn)
    await payout_plans.end(turn.session, number, actor=turn.worker.id, now=turn.now)
    turn.toast(_("Switched off. Drafts that are open stay."))
    turn.replace(await _card(turn))


async def ask_thaw(update: Update, turn: Turn) -> None:
    """[Let payouts go on]: why they are frozen, and what is still open."""
    await roles.require(turn.session, turn.worker.id, "owner")
    frozen = await safeguards.frozen(turn.session)
    if frozen is None:
        raise Gone
    lines = [
        bold(_("Let payouts go on?")),
        _("Payouts are frozen since {time}: {reason}").format(
            time=i18n.when(frozen.since, turn.zone), reason=escape(frozen.reason)
        ),
        _("Payments in the log that the books do not know: {count}").format(
            count=i18n.number(await _doubts(turn))
        ),
        _("Go on when you know why they were frozen, and the books are right."),
    ]
    data = pack(BT, "do_thaw", desk.stamp(turn.now))
    rows = [[batch_card.home()], [Button(_("Let payouts go on"), data, style="danger")]]
    turn.replace(Message(text="\n".join(lines), rows=rows))


async def thaw(update: Update, turn: Turn) -> None:
    """The second step. Refused while payments are in doubt."""
    await roles.require(turn.session, turn.worker.id, "owner")
    desk.check_fresh(callbacks.fields(turn.query.data, 2)[1], turn.now)
    open_ = await _doubts(turn)
    if open_:
        raise StillOpen(count=open_)
    if not await safeguards.thaw(turn.session, turn.worker.id, turn.now):
        raise Gone
    turn.replace(Message(text=_("Payouts go on."), rows=[[batch_card.home()]]))


async def _doubts(turn: Turn) -> int:
    if turn.rails is None or turn.rails.log is None:
        return 0
    return len(await reconciliation.doubts(turn.session, turn.rails.log))


async def _make(turn: Turn, route: Route, every: str) -> bool:
    """A second tap finds the plan there already."""
    there = {(one.route, one.every) for one in await payout_plans.listed(turn.session)}
    if (route, every) in there:
        return False
    await payout_plans.make(
        turn.session, route, every, zone=turn.zone, actor=turn.worker.id, now=turn.now
    )
    return True


async def _card(turn: Turn) -> Message:
    plans = await payout_plans.listed(turn.session)
    known = [one.route for one in await due.listed(turn.session)]
    planned = {(one.route, one.every) for one in plans}
    lines = [
        bold(_("Payout plans")),
        _("The clock prepares a batch with everybody who is due. People freeze, approve and pay."),
        *[_line(one, turn.zone) for one in plans],
        _("By hand: {form}").format(form=f"<code>{FORM}</code>"),
    ]
    off = [
        [Button(_("Switch off: {plan}").format(plan=_named(one)), pack(BT, "unplan", one.id))]
        for one in plans
    ]
    on = [
        [Button(_label(every, route), pack(BT, "plan", *route, every))]
        for route in known[:OFFERED]
        for every in EVERY
        if (route, every) not in planned
    ]
    return Message(text="\n".join(lines), rows=[*off, *on, [batch_card.home()]])


def _line(one: Plan, zone: str) -> str:
    said = _("{plan}: next {time}")
    return said.format(plan=escape(_named(one)), time=i18n.when(one.next_at, zone))


def _named(one: Plan) -> str:
    return f"{batch_card.titled(one.route)}, {_(NAMES[one.every])}"


def _label(every: str, route: Route) -> str:
    said = _("Every week: {route}") if every == "week" else _("Every month: {route}")
    return said.format(route=batch_card.titled(route))


def _read(words: list[str]) -> tuple[Route, str]:
    """Raises NotAPlan."""
    provider, currency, every, country, *more = [*words, "", "", ""][: max(4, len(words))]
    route = Route(provider.lower(), currency.upper(), country.upper())
    if more or every.lower() not in EVERY or not _fits(route):
        raise NotAPlan(form=FORM)
    return route, every.lower()


def _fits(route: Route) -> bool:
    offered = {one.name for one in destinations.offered(route.currency, route.country or None)}
    known = not route.country or bool(i18n.zones_of(route.country))
    return route.currency in currencies() and route.provider in offered and known


HANDLERS = [
    CommandHandler("payouts", plan, filters=filters.Regex(r"(?i)^/\S+\s+plan\b")),
    CallbackQueryHandler(show, pattern=f"^{BT}:plans$"),
    CallbackQueryHandler(make, pattern=f"^{BT}:plan:"),
    CallbackQueryHandler(end, pattern=f"^{BT}:unplan:"),
    CallbackQueryHandler(ask_thaw, pattern=f"^{BT}:thaw$"),
    CallbackQueryHandler(thaw, pattern=f"^{BT}:do_thaw:"),
]
