"""/stats: answers, active time and pay per hour, in words. And the summary of a week."""

from datetime import timedelta

from telegram import Update
from telegram.ext import CommandHandler

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.pay import statements
from bot.pay.ledger import Balance
from bot.pay.statements import Share, Span, Statistics, Stretch
from bot.people.summaries import Summary
from handlers.cards import Message, bold, escape
from handlers.turn import Turn

SECOND = timedelta(seconds=1)


async def stats(update: Update, turn: Turn) -> None:
    found = await statements.statistics(turn.session, turn.worker, now=turn.now)
    turn.say(Message(text=_told(found)))


def summary(week: Summary, done: Stretch) -> Message:
    """What a worker is told of their week, once it is over."""
    zone = week.worker.zone or "UTC"
    last_moment = week.until - SECOND
    lines = [
        bold(_("Your week")),
        _("{first} to {last}: {work}").format(
            first=i18n.day(week.since, zone),
            last=i18n.day(last_moment, zone),
            work=_span(done.work),
        ),
        *(_earned(one) for one in done.earned),
        _("/balance shows every line, /settings turns this summary off."),
    ]
    return Message(text="\n".join(lines))


def _earned(one: Balance) -> str:
    pending = escape(money.show(one.pending, one.currency))
    available = escape(money.show(one.available, one.currency))
    return _("Earned: {earned} (available {available}, pending {pending})").format(
        earned=f"<b>{escape(money.show(one.pending + one.available, one.currency))}</b>",
        available=available,
        pending=pending,
    )


def _told(found: Statistics) -> str:
    title = bold(_("Your work"))
    if not found.ever.answers:
        nothing = _("No answers yet. /work gives you a task.")
        return f"{title}\n{nothing}"
    lines = [
        title,
        _("Today: {work}").format(work=_span(found.today)),
        _("Last 7 days: {work}").format(work=_span(found.week)),
        _("Altogether: {work}").format(work=_span(found.ever)),
        *(_rate(rate.micro, rate.currency) for rate in found.rates),
    ]
    return "\n".join([*lines, "", bold(_("By project")), *map(_share, found.shares)])


def _span(span: Span) -> str:
    return _("{answers} in {time}").format(
        answers=_answers(span.answers), time=i18n.duration(span.seconds)
    )


def _answers(count: int) -> str:
    return ngettext("{count} answer", "{count} answers", count).format(count=i18n.number(count))


def _rate(micro: int, currency: str) -> str:
    """Per hour of active time, to the cent: millionths would pretend a precision it has not."""
    cents = micro // 10_000 * 10_000
    return _("Pay per hour of active time: {amount}").format(
        amount=escape(money.show(cents, currency))
    )


def _share(share: Share) -> str:
    return _("{project}: {answers} in {time}, {amount}").format(
        project=escape(share.project),
        answers=_answers(share.answers),
        time=i18n.duration(share.seconds),
        amount=escape(money.show(share.micro, share.currency)),
    )


HANDLERS = [CommandHandler("stats", stats)]
