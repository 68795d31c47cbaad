"""There is no task: why, what would help, and when somebody writes again."""

from collections.abc import Sequence

from bot.i18n import gettext as _
from bot.work import ladder
from bot.work.no_work import NoWork
from handlers import lessons, restriction_card, skill_words
from handlers.callbacks import WORK, pack
from handlers.cards import Message
from handlers.keyboards import Button
from handlers.turn import Turn

LACKING = 3  # projects out of reach that are told


async def say(
    turn: Turn, nothing: NoWork, *, saved: str = "", answered: Sequence[Button] = ()
) -> None:
    """The reason, what would help, and the promise to write when there is work."""
    why = {
        "joining": _("Finish joining first: send /start."),
        "consent": _("New work is paused because an agreement is missing. See /privacy."),
        "nothing_open": _("No project is open right now."),
        "paused": _("The projects in your languages are paused for now."),
        "languages": _("The open projects are in other languages than yours. See /settings."),
        "skills": _("The open projects need what you do not have yet."),
        "underpaid": _(
            "Work in your languages is paused, because an hour of it paid less than the floor. "
            "The team has been told."
        ),
        "all_done": _("You have done every task that is open in your languages."),
        "restricted": "\n".join(
            restriction_card.about(limit, turn.zone) for limit in nothing.limits
        ),
    }[nothing.why]
    waits = nothing.why not in ("joining", "consent")
    later = _("You will get a message when there is work.") if waits else ""
    lacking, chances = await _ways_out(turn, nothing)
    rows = [*chances, [Button(_("Look again"), pack(WORK, "work", 0, 0))]]
    if answered:
        rows.insert(0, list(answered))
    rows += [[restriction_card.answer(limit)] for limit in nothing.limits[:1]]
    turn.chat.card = turn.chat.expecting = None
    turn.chat.wake_at = turn.now if waits else None
    text = "\n".join(part for part in (saved, why, *lacking, later) if part)
    turn.replace(Message(text=text, rows=rows))


async def _ways_out(turn: Turn, nothing: NoWork) -> tuple[list[str], list[list[Button]]]:
    """What is lacking and how to come by it, and the exams and trainings that may begin now."""
    if nothing.why not in ("skills", "all_done"):
        return [], []
    found = await ladder.of(turn.session, turn.worker.id, now=turn.now)
    told = [skill_words.closed(one, found) for one in nothing.closed[:LACKING]]
    return told, lessons.buttons(found.chances)
