"""/status: progress, cost, speed and pay of one project or of all, in words."""

from datetime import timedelta

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.i18n import gettext as _
from bot.i18n import ngettext, pgettext
from bot.models.work import Project
from bot.pay import hours, wage
from bot.work import progress, stages, votes
from bot.work.progress import HOUR, Summary
from handlers import callbacks, wage_words
from handlers.admin import desk, project_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

SX = "sx"  # callback prefix
RUNNING = ("open", "paused", "closing")
SHOWN = 6  # projects in one message
FAR = timedelta(days=60)  # an estimate beyond it says nothing


async def status(update: Update, turn: Turn) -> None:
    """/status [p_7k2]"""
    await desk.admit(turn)
    if turn.args:
        turn.say(await _one(turn, await desk.project(turn, turn.args[0])))
    else:
        turn.say(await _all(turn))


async def refresh_one(update: Update, turn: Turn) -> None:
    _verb, code = callbacks.fields(turn.query.data, 2)
    turn.replace(await _one(turn, await desk.pointed(turn, code)))


async def refresh_all(update: Update, turn: Turn) -> None:
    await desk.admit(turn)
    turn.replace(await _all(turn))


async def _one(turn: Turn, project: Project) -> Message:
    found = await progress.summary(turn.session, project)
    lines = [
        project_card.title(project),
        project_card.done(found),
        _pace(turn, found),
        *project_card.reviews(found),
        project_card.cost(found),
        *project_card.forecast(found),
        *_work(found),
        *await _hours(turn, project),
        *await _agreement(turn, found),
        *(f"⚠ {alert}" for alert in project_card.alerts(found)),
        _updated(turn),
    ]
    rows = [
        [Button(pgettext("button", "Refresh"), pack(SX, "one", project.code))],
        [project_card.back(project)],
    ]
    return Message(text="\n".join(line for line in lines if line), rows=rows)


async def _all(turn: Turn) -> Message:
    found = [one for one in await progress.listing(turn.session) if one.project.state in RUNNING]
    if not found:
        every = Button(_("All projects"), pack(project_card.PJ, "list", "all", 0))
        return Message(text=_("No project is running."), rows=[[every]])
    lines = [bold(_("Running projects")), *(_brief(turn, one) for one in found[:SHOWN])]
    more = len(found) - SHOWN
    if more > 0:
        words = ngettext(
            "{count} more project: /projects", "{count} more projects: /projects", more
        )
        lines.append(words.format(count=i18n.number(more)))
    refresh = Button(pgettext("button", "Refresh"), pack(SX, "all"))
    return Message(text="\n\n".join([*lines, _updated(turn)]), rows=[[refresh]])


def _brief(turn: Turn, found: Summary) -> str:
    lines = [
        f"/p_{found.project.code} {project_card.title(found.project)}",
        project_card.done(found),
        _pace(turn, found),
        *project_card.reviews(found),
        project_card.cost(found),
        *(f"⚠ {alert}" for alert in project_card.alerts(found)),
    ]
    return "\n".join(line for line in lines if line)


def _pace(turn: Turn, found: Summary) -> str:
    """When all answers are in at the speed of the last hour, as far as that can be said."""
    missing = found.wanted - found.answers
    if missing <= 0 or found.project.state not in ("open", "closing"):
        return ""
    speed = ngettext(
        "{count} answer in the last hour", "{count} answers in the last hour", found.per_hour
    ).format(count=i18n.number(found.per_hour))
    seconds = missing * HOUR / found.per_hour if found.per_hour else None
    if seconds is None or seconds > FAR.total_seconds():
        return _("Speed: {speed}").format(speed=speed)
    return _("Speed: {speed}; done in about {time}, {moment}").format(
        speed=speed,
        time=i18n.duration(seconds),
        moment=i18n.when(turn.now + timedelta(seconds=seconds), turn.zone),
    )


def _work(found: Summary) -> list[str]:
    """What it is like for workers: time, pay per hour, skips, reports."""
    lines = []
    if found.median_seconds is not None:
        time = i18n.duration(found.median_seconds)
        lines.append(_("Half of the answers take less than {time}").format(time=time))
    if found.wage_micro is not None:
        pay = project_card.amount(found.wage_micro, found.project.currency)
        lines.append(_("Pay per hour at that time: {amount}").format(amount=pay))
    lines.append(
        _("Skipped: {share}. Reports: {reports}").format(
            share=i18n.percent(found.skipped), reports=i18n.number(found.reports)
        )
    )
    return lines


async def _hours(turn: Turn, project: Project) -> list[str]:
    """Pay per hour of the last days, all time counted: of everybody, and country by country."""
    rates = await hours.by_country(turn.session, project.id, project.currency, now=turn.now)
    lines = []
    for country, found in sorted(rates.items()):
        spread = wage.spread(found)
        name = i18n.country_name(country) if country else _("Pay per hour, last 7 days")
        if spread is not None:
            lines.append(wage_words.spread(name, spread, project.currency))
    corrected = await hours.corrected(turn.session, project.id, now=turn.now)
    if corrected:
        words = ngettext(
            "{count} time was corrected by its worker.",
            "{count} times were corrected by their workers.",
            corrected,
        )
        lines.append(words.format(count=i18n.number(corrected)))
    return lines


async def _agreement(turn: Turn, found: Summary) -> list[str]:
    """The alpha of each stage, or why there is none; nothing before there are answers."""
    specs = await stages.current(turn.session, found.project.id) if found.answers else []
    lines = []
    for spec in specs:
        measured = await votes.agreement(turn.session, spec)
        if measured.alpha is None:
            line = _("Agreement (alpha): none, {reason}").format(reason=_(measured.reason))
        else:
            alpha = i18n.number(round(measured.alpha, 2))
            line = _("Agreement (alpha): {alpha}").format(alpha=alpha)
        lines.append(f"{escape(spec.name)} · {line}" if len(specs) > 1 else line)
    return lines


def _updated(turn: Turn) -> str:
    time = escape(i18n.clock_time(turn.now, turn.zone))
    return _("<i>Updated {time}</i>").format(time=time)


HANDLERS = [
    CommandHandler("status", status),
    CallbackQueryHandler(refresh_one, pattern=f"^{SX}:one:"),
    CallbackQueryHandler(refresh_all, pattern=f"^{SX}:all$"),
]
