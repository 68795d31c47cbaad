"""/ladder: my skills, what I am short of, the next exam, and what it would pay."""

from telegram import Update
from telegram.ext import CommandHandler

from bot import i18n
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.people.skills import Level
from bot.work import ladder
from bot.work.ladder import Ladder
from handlers import lessons, skill_words
from handlers.cards import Message, bold, escape
from handlers.turn import Turn

SHORT = 6  # projects out of reach that are told one by one
EXAMS = 10


async def show(update: Update, turn: Turn) -> None:
    found = await ladder.of(turn.session, turn.worker.id, now=turn.now)
    parts = [_skills(found), *_pay(found), *_short(found), *_exams(turn, found)]
    turn.say(Message(text="\n\n".join(parts), rows=lessons.buttons(found.chances)))


def _skills(found: Ladder) -> str:
    if not found.skills:
        nothing = _("None yet. They come from exams, and from answers that can be checked.")
        return f"{bold(_('Your skills'))}\n{nothing}"
    lines = [_skill(name, level) for name, level in found.skills.items()]
    return "\n".join([bold(_("Your skills")), *lines])


def _skill(name: str, level: Level) -> str:
    said = ngettext(
        "{skill}: {score} of 100, from {count} checked answer",
        "{skill}: {score} of 100, from {count} checked answers",
        level.observations,
    )
    return said.format(
        skill=escape(skill_words.name(name)),
        score=skill_words.score(level),
        count=i18n.number(level.observations),
    )


def _pay(found: Ladder) -> list[str]:
    """What answers pay at the worker's skill, and at which they pay more."""
    if not found.rungs:
        return []
    told = [skill_words.rung(one, found) for one in found.rungs[:SHORT]]
    return ["\n".join([bold(_("Pay by skill")), *told])]


def _short(found: Ladder) -> list[str]:
    if not found.short:
        return []
    told = [skill_words.closed(one, found) for one in found.short[:SHORT]]
    return ["\n".join([bold(_("The next steps")), *told])]


def _exams(turn: Turn, found: Ladder) -> list[str]:
    if not found.chances:
        return []
    lines = [bold(_("Exams and trainings"))]
    for one in found.chances[:EXAMS]:
        lines.append(lessons.standing(turn, one))
        if one.standing == "short":
            lines += [f"• {skill_words.gap(gap, found)}" for gap in one.gaps]
    return ["\n".join(lines)]


HANDLERS = [CommandHandler("ladder", show)]
