"""What a worker is told of a restriction: what, until when, why in numbers, what still works."""

from collections.abc import Callable, Mapping
from typing import Any

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.money import MICRO
from bot.work import restrictions
from bot.work.restrictions import Limit
from handlers.callbacks import WORK, pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button

SU = "su"  # callback prefix of /support


def begun(limit: Limit, zone: str) -> Message:
    """It begins now. The button reaches a person, with the restriction named."""
    lines = [bold(head(limit, zone)), "", _("Why: {reason}").format(reason=why(limit))]
    lines += [_still_works(limit), _("Your balance is not touched: what you earned stays yours.")]
    rows = [[answer(limit)]]
    if "queue" in limit.restriction.numbers:
        lines += [
            "",
            _("Do the training now, and you can work there again when it is done. It is paid."),
        ]
        rows = [lesson(limit), *rows]
    return Message(text="\n".join(lines), rows=rows, silent=False)


def lesson(limit: Limit) -> list[Button]:
    """What the training is and pays, before it begins; it ends the pause."""
    queue = limit.restriction.numbers["queue"]
    return [Button(_("Do the training"), pack(WORK, "invite", queue, 0), style="primary")]


def over(limit: Limit, *, lifted: bool = False) -> Message:
    """It has ended, by itself or because somebody lifted it."""
    if limit.restriction.kind == restrictions.HOLD:
        text = _("Your answers in {project} no longer wait for a person.")
    elif lifted:
        text = _("The pause of your work in {project} was lifted. You can work there again.")
    else:
        text = _("The pause of your work in {project} is over. You can work there again.")
    button = Button(_("Get a task"), pack(WORK, "work", 0, 0))
    return Message(text=text.format(project=place(limit)), rows=[[button]], silent=False)


def head(limit: Limit, zone: str) -> str:
    """What, and until when."""
    values = {"project": place(limit), "moment": until(limit, zone)}
    held = limit.restriction.kind == restrictions.HOLD
    if limit.restriction.ends_at is None:
        if held:
            return _("A person looks at each of your answers in {project} now.").format(**values)
        return _("Your work in {project} is paused until a person lifts it.").format(**values)
    if held:
        text = _("Until {moment} a person looks at each of your answers in {project}.")
    else:
        text = _("Your work in {project} is paused until {moment}.")
    return text.format(**values)


def about(limit: Limit, zone: str) -> str:
    """What, until when and why, in a line."""
    reason = _("Why: {reason}").format(reason=why(limit))
    return f"{head(limit, zone)} {reason}"


def why(limit: Limit) -> str:
    """The rule and what was measured, or the reason that a person gave."""
    found = limit.restriction
    if found.reason in MEASURED:
        return measured(found.reason, found.numbers, limit.currency or "")
    return reason(found.reason)


def reason(name: str) -> str:
    """A person's reason, from the closed list."""
    words = {
        "accuracy": _("many of your answers there are wrong."),
        "instructions": _("your answers do not follow the instructions."),
        "copied": _("answers look copied, or made by a program."),
        "accounts": _("it looks as if one person works with several accounts."),
        "conduct": _("messages that hurt or threatened people."),
    }
    return words.get(name, name)


def place(limit: Limit) -> str:
    """Where it holds."""
    return escape(limit.project) if limit.project else _("all projects")


def until(limit: Limit, zone: str) -> str:
    ends_at = limit.restriction.ends_at
    return "" if ends_at is None else i18n.when(ends_at, zone)


def answer(limit: Limit) -> Button:
    """Opens a thread with the team about this restriction."""
    return Button(_("Answer or appeal"), pack(SU, "r", limit.id))


def measured(collector: str, numbers: Mapping[str, Any], currency: str) -> str:
    """What a rule measured, and what it asks for."""
    return MEASURED[collector](numbers, currency)


def figure(collector: str, numbers: Mapping[str, Any], currency: str) -> str:
    """What a rule measured, for those who know the rule."""
    if numbers["of"]:
        count, of = i18n.number(numbers["count"]), i18n.number(numbers["of"])
        return _("Measured: {count} of {of}").format(count=count, of=of)
    if collector == "income_per_day":
        found = escape(money.show(numbers["count"], currency))
    else:
        found = i18n.number(numbers["count"])
    return _("Measured: {figure}").format(figure=found)


def _still_works(limit: Limit) -> str:
    if limit.restriction.kind == restrictions.HOLD:
        return _("You can work as before. Pay becomes available when the review is done or over.")
    if limit.restriction.project_id is None:
        return _("What still works: a task you have in hand, /balance, /stats and /support.")
    return _("What still works: a task you have in hand, and all other projects.")


def _gold_accuracy(numbers: Mapping[str, Any], currency: str) -> str:
    text = ngettext(
        "{count} of your last {of} check answer was right; {share} are needed.",
        "{count} of your last {of} check answers were right; {share} are needed.",
        numbers["of"],
    )
    return _filled(text, numbers)


def _agreement(numbers: Mapping[str, Any], currency: str) -> str:
    text = ngettext(
        "{count} of your last {of} answer is what most people said; {share} are needed.",
        "{count} of your last {of} answers are what most people said; {share} are needed.",
        numbers["of"],
    )
    return _filled(text, numbers)


def _fast_answers(numbers: Mapping[str, Any], currency: str) -> str:
    text = ngettext(
        "{count} of your last {of} answer came much faster than usual there.",
        "{count} of your last {of} answers came much faster than usual there.",
        numbers["of"],
    )
    return _filled(text, numbers)


def _same_answer(numbers: Mapping[str, Any], currency: str) -> str:
    text = ngettext(
        "you gave the same answer {count} time in a row.",
        "you gave the same answer {count} times in a row.",
        numbers["count"],
    )
    return _filled(text, numbers)


def _review_verdicts(numbers: Mapping[str, Any], currency: str) -> str:
    text = ngettext(
        "{count} of your last {of} decided answer was not accepted.",
        "{count} of your last {of} decided answers were not accepted.",
        numbers["of"],
    )
    return _filled(text, numbers)


def _income_per_day(numbers: Mapping[str, Any], currency: str) -> str:
    limit = escape(money.show(numbers["bound"], currency))
    return _("this project's limit of {amount} a day is reached.").format(amount=limit)


def _answers_per_day(numbers: Mapping[str, Any], currency: str) -> str:
    text = ngettext(
        "this project's limit of {bound} answer a day is reached.",
        "this project's limit of {bound} answers a day is reached.",
        numbers["bound"],
    )
    return _filled(text, numbers)


def _filled(text: str, numbers: Mapping[str, Any]) -> str:
    bound = numbers["bound"]
    return text.format(
        count=i18n.number(numbers["count"]),
        of=i18n.number(numbers["of"]),
        share=i18n.percent(bound / MICRO),
        bound=i18n.number(bound),
    )


MEASURED: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "gold_accuracy": _gold_accuracy,
    "agreement": _agreement,
    "fast_answers": _fast_answers,
    "same_answer": _same_answer,
    "review_verdicts": _review_verdicts,
    "income_per_day": _income_per_day,
    "answers_per_day": _answers_per_day,
}
