"""Trainings and exams: the invitation, where one stands in it, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext, pgettext
from bot.models.people import Worker
from bot.people.skills import POINT
from bot.quality import exams
from bot.quality.gold import comparable
from bot.store.database import Session
from bot.task_types import TASK_TYPES
from bot.work import gold, ladder, sittings
from bot.work.dispatch import Offer
from bot.work.grading import Outcome
from bot.work.sittings import Chance, Lesson
from bot.work.stages import StageSpec
from handlers.callbacks import WORK, pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

NAME = 30  # characters of a project's name on a button
WITHIN_REACH = ("ready", "going")
OFFERED = 3  # buttons in one message


def invitation(chance: Chance, *, head: str = "") -> Message:
    """What it is, what it pays, how long it takes: before anybody begins."""
    spec = chance.spec
    heading = [head, ""] if head else []
    lines = [*heading, bold(spec.project_name), _size(spec, chance.tasks), *_rules(chance)]
    start = _("Go on") if chance.standing == "going" else pgettext("button", "Start")
    rows = [
        [
            Button(start, pack(WORK, "sit", chance.queue_id, 0)),
            Button(pgettext("button", "Later"), pack(WORK, "later", 0, 0)),
        ]
    ]
    return Message(text="\n".join(lines), rows=rows if chance.standing in WITHIN_REACH else ())


def buttons(chances: Sequence[Chance]) -> list[list[Button]]:
    """One for each that the worker may begin or go on with."""
    able = [one for one in chances if one.standing in WITHIN_REACH]
    return [[_button(one)] for one in able[:OFFERED]]


def progress(spec: StageSpec, sitting: Any) -> str:
    """Where somebody stands: "Exam · 3 of 10"."""
    said = _("Exam · {number} of {total}")
    if spec.project_kind == "training":
        said = _("Training · {number} of {total}")
    number = sitting.answered + (sitting.mending_id is None)
    return said.format(number=i18n.number(number), total=i18n.number(sitting.tasks))


def correction(lesson: Lesson, offer: Offer) -> list[str]:
    """After a mistake in a training: what is right, and why."""
    assert lesson.marked is not None
    kind, settings = TASK_TYPES[offer.spec.type], offer.spec.settings
    wording = offer.spec.wording(offer.locale, offer.language)
    right = kind.words(settings, wording, kind.value(settings, lesson.marked.gold), offer.layout)
    lines = [_("Not quite. The right answer is: {answer}.").format(answer=escape(right))]
    if lesson.marked.hint:
        lines.append(f"<i>{escape(lesson.marked.hint)}</i>")
    return [*lines, _("Now choose it to go on.")]


def saved(lesson: Lesson) -> str:
    """What is said of an answer; in an exam nothing but that it is there."""
    return _("Saved.") if lesson.spec.project_kind == "exam" else _("Right.")


async def result(session: Session, worker: Worker, end: Outcome, *, now: datetime) -> Message:
    """The end: what it came to, what it takes, what it opened, and what was earned."""
    sitting, spec = end.sitting, end.spec
    lines = [bold(spec.project_name), _outcome(end, worker.zone or "UTC")]
    if sitting.state == "passed":
        skill = gold.measured(spec, end.language)
        opened = await ladder.unlocked(session, worker.id, skill, now=now)
        if opened:
            names = ", ".join(map(escape, opened))
            lines.append(_("Unlocked: {projects}.").format(projects=names))
    lines.append(_pay(end))
    rows = [[Button(_("Get a task"), pack(WORK, "work", 0, 0))]]
    return Message(text="\n".join(lines), rows=rows)


def standing(turn: Turn, chance: Chance) -> str:
    """A line of /ladder."""
    spec = chance.spec
    said = {
        "ready": _size(spec, chance.tasks),
        "going": _("begun; it goes on where you were"),
        "grading": _("is being graded; you hear by {time}"),
        "later": _("you may try again from {time}"),
        "passed": _("passed"),
        "over": _("no further attempt"),
        "short": _("something is demanded before it"),
    }[chance.standing]
    if spec.project_kind == "training" and chance.standing == "over":
        said = _("done")
    when = i18n.when(chance.retry_at, turn.zone) if chance.retry_at else ""
    return f"{bold(spec.project_name)}: {said.format(time=when)}"


def _button(chance: Chance) -> Button:
    name = chance.spec.project_name
    short = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
    said = _("Exam: {project}")
    if chance.spec.project_kind == "training":
        said = _("Training: {project}")
    return Button(said.format(project=short), pack(WORK, "invite", chance.queue_id, 0))


def _size(spec: StageSpec, tasks: int) -> str:
    said = ngettext(
        "Paid exam: {count} task, {amount}, about {duration}.",
        "Paid exam: {count} tasks, {amount}, about {duration}.",
        tasks,
    )
    if spec.project_kind == "training":
        said = ngettext(
            "Paid training: {count} task, {amount}, about {duration}.",
            "Paid training: {count} tasks, {amount}, about {duration}.",
            tasks,
        )
    return said.format(
        count=i18n.number(tasks),
        amount=earned(spec, tasks),
        duration=i18n.duration(tasks * spec.expected_seconds),
    )


def _rules(chance: Chance) -> list[str]:
    paid = _("You are paid whatever the result.")
    if chance.spec.project_kind == "training":
        return [_("You see the right answer and why after each mistake."), paid]
    terms = exams.terms(chance.spec.quality)
    passing = ngettext(
        "{needed} right answer of {count} passes.",
        "{needed} right answers of {count} pass.",
        terms.needed,
    )
    if not comparable(chance.spec.kind.combine):
        passing = _("Two people who speak the language grade your answers; {share} passes.")
    attempt = _("This is attempt {number} of {most}.")
    return [
        passing.format(
            needed=i18n.number(terms.needed),
            count=i18n.number(terms.tasks),
            share=_percent(terms.pass_ppm),
        ),
        attempt.format(
            number=i18n.number(chance.number),
            most=i18n.number(max(terms.attempts, chance.number)),
        ),
        paid,
    ]


def _outcome(end: Outcome, zone: str) -> str:
    sitting, spec = end.sitting, end.spec
    if sitting.state == sittings.GRADING:
        said = _("Your answers are being graded. You get a message by {time}.")
        return said.format(time=i18n.when(sitting.grade_by, zone))
    if sitting.score_ppm is not None:
        return _graded(end, zone)
    counts = {"correct": i18n.number(sitting.correct), "count": i18n.number(sitting.tasks)}
    if spec.project_kind == "training":
        return _("{correct} of {count} right at the first try. The training is done.").format(
            **counts
        )
    needed = i18n.number(exams.terms(spec.quality).needed)
    if sitting.state == "passed":
        said = _("{correct} of {count} right, and {needed} were needed. You passed.")
        return said.format(**counts, needed=needed)
    said = _("{correct} of {count} right, and {needed} are needed. Not yet.")
    return f"{said.format(**counts, needed=needed)}\n{_again(sitting, zone)}"


def _pay(end: Outcome) -> str:
    """Theirs whatever came of it; people's grades come long after it was added."""
    said = _("You keep {amount} for it.")
    if end.sitting.state in ("passed", "done") and end.sitting.score_ppm is None:
        said = _("{amount} is added to your balance.")
    return said.format(amount=earned(end.spec, end.sitting.answered))


def _graded(end: Outcome, zone: str) -> str:
    """What people's grades came to."""
    sitting, needed = end.sitting, _percent(exams.terms(end.spec.quality).pass_ppm)
    score = _percent(sitting.score_ppm)
    if sitting.state == "passed":
        said = _("Your answers are graded: {score}, and {needed} was needed. You passed.")
        return said.format(score=score, needed=needed)
    said = _("Your answers are graded: {score}, and {needed} is needed. Not yet.")
    return f"{said.format(score=score, needed=needed)}\n{_again(sitting, zone)}"


def _again(sitting: Any, zone: str) -> str:
    if sitting.retry_at is None:
        return _("That was the last attempt. /ladder shows other ways.")
    return _("You may try again from {time}. /ladder shows other skills.").format(
        time=i18n.when(sitting.retry_at, zone)
    )


def _percent(ppm: int) -> str:
    """Rounded down: 79.99 % is not 80 %."""
    return i18n.percent(ppm // POINT / 100)


def called(spec: StageSpec) -> str:
    """The name of a training or exam inside a sentence."""
    return escape(spec.project_name)


def earned(spec: StageSpec, answers: int) -> str:
    """What so many answers pay."""
    return escape(money.show(answers * spec.price_micro, spec.currency))
