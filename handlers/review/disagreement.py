"""/review p_7k2 low-agreement: tasks whose answers have no majority, decided one by one, blind."""

from dataclasses import replace

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, filters

from bot import i18n, money
from bot.i18n import gettext as _
from bot.models.work import Project
from bot.people import roles
from bot.task_types.kind import Ask, Wording
from bot.work import adjudication, projects, reviews
from bot.work.adjudication import Dispute
from handlers import callbacks, review_card, task_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, cut, escape
from handlers.keyboards import Button, Rows
from handlers.turn import Turn

LABEL, CAUSE, MARKS = "ad", "ac", "am"  # callback prefixes
WANTED = filters.Regex(r"\s(low-agreement|disagreement)\b")


async def begin(update: Update, turn: Turn) -> None:
    """The contested task in hand, or the next one of the project."""
    await roles.require(turn.session, turn.worker.id, *reviews.MAY_REVIEW)
    turn.chat.expecting = None
    project = await projects.find(turn.session, (turn.args or [""])[0])
    for message in await _next(turn, project):
        turn.say(message)


async def choose_label(update: Update, turn: Turn) -> None:
    """The right answer; then why the answers differ."""
    id, index = map(callbacks.number, callbacks.fields(turn.query.data, 2))
    dispute = await adjudication.in_hand(turn.session, turn.worker, id)
    adjudication.chosen(dispute, index)
    causes = {
        "ambiguous": _("The task is ambiguous"),
        "gap": _("The rules do not say"),
        "error": _("Workers made mistakes"),
    }
    rows = [[Button(words, pack(CAUSE, id, index, cause))] for cause, words in causes.items()]
    turn.change_buttons(rows)
    turn.toast(_("Why do the answers differ?"))


async def mark(update: Update, turn: Turn) -> None:
    """An option of several choices is switched on or off."""
    id, mask = map(callbacks.number, callbacks.fields(turn.query.data, 2))
    dispute = await adjudication.in_hand(turn.session, turn.worker, id)
    turn.change_buttons(_switches(dispute, _asked(turn, dispute)[1], mask))


async def choose_cause(update: Update, turn: Turn) -> None:
    """With the cause the decision is complete; the next task of the project comes."""
    id, index, cause = callbacks.fields(turn.query.data, 3)
    number = callbacks.number(id)
    dispute = await adjudication.in_hand(turn.session, turn.worker, number)
    await adjudication.decide(
        turn.session, turn.worker, number, callbacks.number(index), cause, now=turn.now
    )
    turn.toast(_("Saved. It is the result of this task."))
    project = await projects.find(turn.session, dispute.spec.slug)
    made = await _next(turn, project)
    if len(made) == 1:
        turn.replace(made[0])
        return
    if turn.tapped is not None:
        turn.strip(turn.tapped)
    for message in made:
        turn.say(message)


async def _next(turn: Turn, project: Project) -> list[Message]:
    found = await adjudication.take(turn.session, turn.worker, project, now=turn.now)
    if found is None:
        return [Message(text=bold(_("No task waits here for a decision.")))]
    return _card(turn, found)


def _card(turn: Turn, found: Dispute) -> list[Message]:
    """The task with its own buttons, and what was answered: not by whom, and not how often."""
    spec = found.spec
    wording, ask = _asked(turn, found)
    given = [
        escape(cut(spec.kind.words(spec.settings, wording, one), review_card.OTHER))
        for one in found.answers
    ]
    between = "; " if ask.poll else ", "  # a set has commas of its own
    said = _("{language} · you get {pay}")
    return task_card.messages(
        wording=wording,
        # Several choices are marked with buttons too: a poll would be the worker's own to vote in.
        ask=replace(ask, rule="" if not ask.poll else ask.rule, poll=()),
        rows=_switches(found, ask, 0),
        head=[
            _("<b>No majority</b> · {project}").format(project=escape(spec.project_name)),
            said.format(
                language=escape(i18n.language_name(found.language)),
                pay=escape(money.show(found.pay_micro, found.currency)),
            ),
        ],
        data=lambda index: pack(LABEL, found.id, index),
        foot="\n".join(
            [
                _("Answers of others: {answers}").format(answers=between.join(given)),
                review_card.rule(wording),
            ]
        ),
    )


def _asked(turn: Turn, found: Dispute) -> tuple[Wording, Ask]:
    wording = found.spec.wording(turn.locale, found.language)
    return wording, found.spec.kind.ask(found.spec.settings, wording, found.body)


def _switches(found: Dispute, ask: Ask, mask: int) -> Rows:
    """The options of several choices, and what says that all are marked that fit."""
    if not ask.poll:
        return ()
    rows = review_card.switches(ask, mask, lambda after: pack(MARKS, found.id, after))
    return [*rows, [review_card.done(pack(LABEL, found.id, mask))]]


HANDLERS = [
    CommandHandler("review", begin, filters=filters.UpdateType.MESSAGE & WANTED),
    CallbackQueryHandler(choose_label, pattern=f"^{LABEL}:"),
    CallbackQueryHandler(mark, pattern=f"^{MARKS}:"),
    CallbackQueryHandler(choose_cause, pattern=f"^{CAUSE}:"),
]
