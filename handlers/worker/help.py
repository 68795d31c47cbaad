"""/help: one screen, a button for each topic; for those who run the bot also their commands."""

from collections.abc import Collection

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot.errors import Gone
from bot.i18n import gettext as _
from bot.people import roles
from bot.work import reviews
from handlers import callbacks, choices, topics
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button, pairs
from handlers.turn import Turn

HP = "hp"  # callback prefix


async def help_(update: Update, turn: Turn) -> None:
    turn.say(_screen(await roles.of(turn.session, turn.worker.id)))


async def open_page(update: Update, turn: Turn) -> None:
    """A topic in place of the screen, or the screen again."""
    (name,) = callbacks.fields(turn.query.data, 1)
    mine = await roles.of(turn.session, turn.worker.id)
    if name == "home":
        turn.replace(_screen(mine))
        return
    if name == "admin" and _runs(mine):
        text = _commands(mine)
    elif _reads(name, mine):
        text = topics.page(name)
    else:
        raise Gone
    turn.replace(Message(text=text, rows=[[Button(choices.back(), pack(HP, "home"))]]))


def _reads(name: str, mine: Collection[str]) -> bool:
    """Whether a topic is for somebody with these roles."""
    if name == topics.PAYING:
        return bool(set(roles.PAYING) & set(mine))
    if name == topics.QUALITY:
        return _runs(mine)
    return name in topics.FOR_ALL or (name == topics.REVIEWING and _reviews(mine))


def _screen(mine: Collection[str]) -> Message:
    lines = [
        bold(_("How this works")),
        _("/work gives you a task. Its pay is shown before you answer."),
        _("/balance shows what you earned, /statement a month of it, /stats your pay per hour."),
        _("/ladder shows your skills, exams, and what they open."),
        _("/settings changes your languages, country and time zone."),
        _("/support reaches a person. /cancel stops what the bot is waiting for."),
    ]
    buttons = [topics.button(name, pack(HP, name)) for name in topics.FOR_ALL]
    rows = pairs(buttons)
    if _reviews(mine):
        rows.append([topics.button(topics.REVIEWING, pack(HP, topics.REVIEWING))])
    if set(roles.PAYING) & set(mine):
        rows.append([topics.button(topics.PAYING, pack(HP, topics.PAYING))])
    if _runs(mine):
        rows.append([topics.button(topics.QUALITY, pack(HP, topics.QUALITY))])
        rows.append([Button(_("Commands for admins"), pack(HP, "admin"))])
    return Message(text="\n".join(lines), rows=rows)


def _commands(mine: Collection[str]) -> str:
    """Every admin command with its form of one line; some are for owners alone."""
    described = {
        "/projects open": _("Projects, by state; each opens a card."),
        "/newproject": _("As the caption of a file: a new project from it."),
        "/set p_7k2 price=0.04 overlap=3": _("Change a project; you see the changes first."),
        "/status p_7k2": _("Progress, cost and speed of one project, or of all."),
        "/review p_7k2": _("Answers that wait for a reviewer, of one project or of all."),
        "/review p_7k2 low-agreement": _("Tasks whose answers have no majority: one decides."),
        "/inbox appeals": _("Appeals by the time they must be decided; reported tasks."),
        "/export p_7k2 jsonl results": _("Answers (raw) or results, as CSV or JSONL."),
        "/export ledger csv 2026-11": _("The ledger of a month, or all of it, for accountants."),
        "/audit p_7k2 7d": _("Who did what, by project, person (w_91), action or time; csv."),
        "/workers skill:fluency_sw>80 country:KE active:7d": _(
            "Workers, by name or segment; each opens a card."
        ),
        "/workers bonus w_91 p_7k2 0.50 Thank you!": _(
            "A bonus for accepted work; you see what the worker will read first."
        ),
        "/team invite reviewer": _("Roles; a link that lets one person in."),
        "/verify @name": _("Whether somebody belongs to this team."),
    }
    if set(roles.PAYING) & set(mine):
        described["/payouts due"] = _("Who is due; batches, step by step, until they are paid.")
    if "owner" in mine:
        described["/audit dead"] = _("Messages and updates that were given up, and why.")
    lines = [f"<code>{escape(form)}</code>\n{words}" for form, words in described.items()]
    return "\n\n".join([bold(_("Commands for admins")), *lines])


def _reviews(mine: Collection[str]) -> bool:
    return bool(set(reviews.MAY_REVIEW) & set(mine))


def _runs(mine: Collection[str]) -> bool:
    return bool({"owner", "admin"} & set(mine))


HANDLERS = [
    CommandHandler("help", help_),
    CallbackQueryHandler(open_page, pattern=f"^{HP}:"),
]
