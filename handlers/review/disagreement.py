"""/review p_7k2 low-agreement: tasks whose answers have no majority, decided one by one, blind."""

from dataclasses import replace

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, filters

from bot import i18n, money
from bot.i18n import gettext as _
from bot.models.work import Project
from bot.people import roles
from bot.work import adjudication, projects, reviews
from bot.work.adjudication import Dispute
from handlers import callbacks, keyboards, review_card, task_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

LABEL, CAUSE = "ad", "ac"  # callback prefixes
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
    _tapped(dispute, index)
    causes = {
        "ambiguous": _("The task is ambiguous"),
        "gap": _("The rules do not say"),
        "error": _("Workers made mistakes"),
    }
    rows = [[Button(words, pack(CAUSE, id, index, cause))] for cause, words in causes.items()]
    turn.call(
        "editMessageReplyMarkup",
        chat_id=turn.chat.chat_id,
        message_id=turn.tapped,
        reply_markup=keyboards.inline(rows),
    )
    turn.toast(_("Why do the answers differ?"))


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
    wording = spec.wording(turn.locale, found.language)
    ask = spec.kind.ask(spec.settings, wording, found.body)
    given = [
        escape(review_card.cut(spec.kind.words(spec.settings, wording, one), review_card.OTHER))
        for one in found.answers
    ]
    said = _("{language} · you get {pay}")
    return task_card.messages(
        wording=wording,
        ask=replace(ask, rule=""),
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
                _("Answers of others: {answers}").format(answers=", ".join(given)),
                review_card.rule(wording),
            ]
        ),
    )


def _tapped(dispute: Dispute, index: int) -> None:
    """Raises what a button raises that the task does not have."""
    dispute.spec.kind.tapped(dispute.spec.settings, (), index)


HANDLERS = [
    CommandHandler("review", begin, filters=filters.UpdateType.MESSAGE & WANTED),
    CallbackQueryHandler(choose_label, pattern=f"^{LABEL}:"),
    CallbackQueryHandler(choose_cause, pattern=f"^{CAUSE}:"),
]
