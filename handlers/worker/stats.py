"""/stats: answers, time and pay per hour, in words. And the summary of a week."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from telegram import Update
from telegram.ext import CommandHandler

from bot import i18n, money
from bot.i18n import gettext as _
from bot.models.wage import TopUp
from bot.pay import hours, statements
from bot.pay.ledger import Balance
from bot.pay.statements import Share, Span, Statistics, Stretch
from bot.people.summaries import Summary
from handlers import wage_words
from handlers.cards import Message, answers, bold, escape
from handlers.turn import Turn

SECOND = timedelta(seconds=1)


async def stats(update: Update, turn: Turn) -> None:
    found = await statements.statistics(turn.session, turn.worker, now=turn.now)
    week = await hours.this_week(turn.session, turn.worker, now=turn.now)
    turn.say(Message(text=_told(found, wage_words.week(week))))


def summary(week: Summary, done: Stretch, added: Sequence[TopUp] = ()) -> Message:
    """What a worker is told of their week, once it is over, and of what was added to it."""
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
        *(_added(one) for one in added),
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


def _added(one: TopUp) -> str:
    said = _("Added up to the floor: {amount}, for {time} that had paid {earned}")
    return said.format(
        amount=f"<b>{escape(money.show(one.micro, one.currency))}</b>",
        time=i18n.duration(one.seconds),
        earned=escape(money.show(one.earned_micro, one.currency)),
    )


def _told(found: Statistics, week: Iterable[str]) -> str:
    title = bold(_("Your work"))
    if not found.ever.answers:
        nothing = _("No answers yet. /work gives you a task.")
        return f"{title}\n{nothing}"
    lines = [
        title,
        _("Today: {work}").format(work=_span(found.today)),
        _("Last 7 days: {work}").format(work=_span(found.week)),
        _("Altogether: {work}").format(work=_span(found.ever)),
        *week,
    ]
    return "\n".join([*lines, "", bold(_("By project")), *map(_share, found.shares)])


def _span(span: Span) -> str:
    return _("{answers} in {time}").format(
        answers=answers(span.answers), time=i18n.duration(span.seconds)
    )


def _share(share: Share) -> str:
    return _("{project}: {answers} in {time}, {amount}").format(
        project=escape(share.project),
        answers=answers(share.answers),
        time=i18n.duration(share.seconds),
        amount=escape(money.show(share.micro, share.currency)),
    )


HANDLERS = [CommandHandler("stats", stats)]
