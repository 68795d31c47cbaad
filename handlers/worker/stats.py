"""/stats: answers, active time and pay per hour, in words."""

from telegram import Update
from telegram.ext import CommandHandler

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.pay import statements
from bot.pay.statements import Share, Span, Statistics
from handlers.cards import Message, bold, escape
from handlers.turn import Turn


async def stats(update: Update, turn: Turn) -> None:
    found = await statements.statistics(turn.session, turn.worker, now=turn.now)
    turn.say(Message(text=_told(found)))


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
