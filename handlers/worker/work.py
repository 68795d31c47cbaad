"""/work: one live card, answered by a tap or the next message, and the next task on it."""

from typing import Any

import telegram
from telegram import Update
from telegram.ext import (
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    PollAnswerHandler,
    filters,
)

from bot import i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.pay import wage
from bot.people import staff
from bot.store import outbox
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Unfit
from bot.work import answers, dispatch, reports, rework, sittings
from bot.work.answers import Recorded
from bot.work.dispatch import Offer
from bot.work.grading import Outcome
from bot.work.no_work import NoWork
from bot.work.reports import Parked
from handlers import (
    callbacks,
    keyboards,
    lessons,
    live_card,
    no_work,
    report_card,
)
from handlers.callbacks import WORK, pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

ANSWER = "a"  # callback prefix


async def work(update: Update, turn: Turn) -> None:
    """The card in hand again, as a new message, or the next task."""
    turn.chat.expecting = None
    offer = await dispatch.next_for(turn.session, turn.worker, now=turn.now)
    if isinstance(offer, Offer):
        offer = await dispatch.renew(turn.session, offer, now=turn.now)
    await _show_next(turn, offer)


async def tap(update: Update, turn: Turn) -> None:
    """An answer button."""
    assignment, nonce, index = callbacks.fields(turn.query.data, 3)
    current = await _card(turn, assignment, nonce)
    recorded = await answers.tap(
        turn.session, turn.worker, current, callbacks.number(index), now=turn.now
    )
    await _go_on(turn, recorded)


async def write(update: Update, turn: Turn) -> None:
    """The next message is the answer. What does not fit is kept as a draft, with the reason."""
    message = update.effective_message
    assert message is not None
    current = await _expected(turn, message)
    if current is None:
        await work(update, turn)
    else:
        await _write(turn, current, message)


async def write_late(update: Update, turn: Turn) -> bool:
    """Words that nothing on the screen asks for answer a card that did; False if there is none."""
    message = update.effective_message
    assert message is not None
    current = await _looked_at(turn, message)
    if current is None:
        return False
    await _write(turn, current, message)
    return True


async def correct(update: Update, turn: Turn) -> None:
    """An edited message corrects the answer it was, or the draft it still is.

    Any other edited message was no answer and is none now.
    """
    message = update.edited_message
    assert message is not None
    current = await answers.by_message(turn.session, turn.worker.id, message.message_id)
    recorded = None if current is None else await _read(turn, current, message)
    if recorded is None:
        return
    if recorded.revision == 1:
        await _go_on(turn, recorded)
    else:
        turn.say(Message(text=_saved(recorded)))


async def vote(update: Update, turn: Turn) -> None:
    """Ticks of the native poll: kept until [Done]."""
    if update.poll_answer is not None:
        await answers.voted(
            turn.session,
            turn.worker,
            update.poll_answer.poll_id,
            turn.bot_id,
            update.poll_answer.option_ids,
        )


async def press(update: Update, turn: Turn) -> None:
    """The other buttons of a card: done, skip, report, more, undo."""
    action, assignment, nonce = callbacks.fields(turn.query.data, 3)
    if action not in PRESSED:
        raise Gone
    await PRESSED[action](turn, assignment, nonce)


async def _done(turn: Turn, assignment: str, nonce: str) -> None:
    current = await _card(turn, assignment, nonce)
    recorded = await answers.done(turn.session, turn.worker, current, now=turn.now)
    await _go_on(turn, recorded)


async def _skip(turn: Turn, assignment: str, nonce: str) -> None:
    current = await _card(turn, assignment, nonce)
    await answers.skip(turn.session, current, now=turn.now)
    turn.toast(_("Skipped. It costs you nothing."))
    await _next(turn)


async def _ask_reason(turn: Turn, assignment: str, nonce: str) -> None:
    current = await _card(turn, assignment, nonce)
    reasons = [
        Button(label, pack(WORK, reason, assignment, nonce))
        for reason, label in report_card.reasons().items()
    ]
    rows = [*keyboards.pairs(reasons), [_back(current)]]
    turn.change_buttons(rows)
    turn.toast(_("What is wrong with this task?"))


async def _report(turn: Turn, assignment: str, nonce: str) -> None:
    current = await _card(turn, assignment, nonce)
    reason = callbacks.fields(turn.query.data, 3)[0]
    parked = await answers.report(turn.session, current, reason, now=turn.now)
    if parked is not None:
        await _tell_staff(turn, parked)
    turn.toast(_("Thank you. We will look at this task, and pay your time if it is broken."))
    offer = await dispatch.next_for(turn.session, turn.worker, now=turn.now)
    await _show_next(turn, offer)
    if reason in reports.AT_ONCE:
        turn.say(_break_offered(offer))


async def _tell_staff(turn: Turn, parked: Parked) -> None:
    found = await reports.one(turn.session, parked.task_id)
    for chat, reader in await staff.desk(turn.session, turn.bot_id, but=turn.worker.id):
        with i18n.speaking(reader.locale or i18n.ENGLISH):
            turn.tell(chat, report_card.card(found), lane=outbox.MONEY)


def _break_offered(offer: Offer | NoWork) -> Message:
    """After something harmful: nobody else gets it, and nobody has to go on at once."""
    lines = [_("Nobody gets this task any more until a person has looked at it.")]
    if isinstance(offer, NoWork):
        return Message(text=lines[0])
    lines.append(_("Such things can stay with you. Take a break if you like; it costs nothing."))
    button = Button(_("Take a break"), pack(WORK, "stop", offer.assignment_id, offer.nonce))
    return Message(text="\n".join(lines), rows=[[button]])


async def _more(turn: Turn, assignment: str, nonce: str) -> None:
    current = await _card(turn, assignment, nonce)
    undo = [] if current.sitting_id else [Button(_("Undo previous"), _same("last", current))]
    rows = [
        [Button(_("Instructions"), _same("info", current))],
        undo,
        [Button(_("Stop for now"), _same("stop", current))],
        [_back(current)],
    ]
    turn.change_buttons(rows)


async def _less(turn: Turn, assignment: str, nonce: str) -> None:
    await live_card.show(turn, await _card(turn, assignment, nonce))


async def _info(turn: Turn, assignment: str, nonce: str) -> None:
    current = await _card(turn, assignment, nonce)
    wording = current.spec.wording(current.locale, current.language)
    text = wording.instructions or _("This project has no further instructions.")
    turn.say(Message(text="\n".join([bold(_("Instructions")), escape(text)])))


async def _stop(turn: Turn, assignment: str, nonce: str) -> None:
    current = await _card(turn, assignment, nonce)
    said = _("Stopped. The task went back. Send /work when you want to go on.")
    if current.sitting_id is not None:
        await sittings.pause(turn.session, current.sitting_id)
        said = _("Put aside. /ladder goes on with it where you were, /work gives other tasks.")
    if current.state == "held":
        await answers.skip(turn.session, current, now=turn.now)
    if turn.chat.card_message not in (None, turn.tapped):
        turn.strip(turn.chat.card_message)
    turn.chat.card = turn.chat.expecting = None
    turn.replace(Message(text=said))


async def _undo_last(turn: Turn, assignment: str, nonce: str) -> None:
    last = await answers.last_answered(turn.session, turn.worker.id)
    if last is None:
        turn.toast(_("There is nothing to undo."))
        return
    await _reopen(turn, last)


async def _undo(turn: Turn, assignment: str, nonce: str) -> None:
    await _reopen(turn, callbacks.number(assignment))


async def _redo(turn: Turn, assignment: str, nonce: str) -> None:
    """A returned answer, to be given again; the reviewer's note stays above the task."""
    current = await _card(turn, assignment, nonce)
    value = await answers.own(turn.session, current.assignment_id)
    note = await rework.note(turn.session, current.assignment_id)
    said = _("Your answer was: {answer}").format(answer=escape(_words(current, value)))
    await live_card.show(turn, current, head=[f"<blockquote>{escape(note)}</blockquote>", said])


async def _keep(turn: Turn, assignment: str, nonce: str) -> None:
    """Leave a reopened answer as it was."""
    await _card(turn, assignment, nonce)
    turn.toast(_("Kept as it was."))
    await _next(turn)


async def _again(turn: Turn, assignment: str, nonce: str) -> None:
    await work(turn.received, turn)


async def _invite(turn: Turn, queue: str, _nonce: str) -> None:
    """What an exam or a training is and pays, before it begins."""
    found = await sittings.chances(turn.session, turn.worker.id, now=turn.now)
    wanted = [one for one in found if one.queue_id == callbacks.number(queue)]
    if not wanted:
        raise sittings.NotNow
    turn.say(lessons.invitation(wanted[0]))


async def _sit(turn: Turn, queue: str, _nonce: str) -> None:
    await sittings.begin(turn.session, turn.worker, callbacks.number(queue), now=turn.now)
    await work(turn.received, turn)


async def _later(turn: Turn, _queue: str, _nonce: str) -> None:
    turn.replace(Message(text=_("It waits for you: /ladder shows it.")))


PRESSED = {
    "done": _done,
    "skip": _skip,
    "report": _ask_reason,
    "more": _more,
    "less": _less,
    "info": _info,
    "stop": _stop,
    "last": _undo_last,
    "undo": _undo,
    "redo": _redo,
    "keep": _keep,
    "work": _again,
    "invite": _invite,
    "sit": _sit,
    "later": _later,
    **dict.fromkeys(answers.REASONS, _report),
}


def offer_work(text: str) -> Message:
    """A message with a button that brings the next task."""
    return Message(text=text, rows=[[Button(_("Get a task"), pack(WORK, "work", 0, 0))]])


async def _card(turn: Turn, assignment: str, nonce: str) -> Offer:
    number = callbacks.number(assignment)
    return await answers.card(turn.session, turn.worker, number, nonce)


async def _read(turn: Turn, current: Offer, message: telegram.Message) -> Recorded | None:
    """The answer in a message. What does not fit is kept as a draft, with the reason."""
    text, number = message.text or message.caption or "", message.message_id
    try:
        return await answers.write(
            turn.session, turn.worker, current, text, message_id=number, now=turn.now
        )
    except Unfit as misfit:
        if current.answered_at is None:
            await answers.keep_draft(turn.session, current, text, message_id=number)
            await dispatch.renew(turn.session, current, now=turn.now)
        turn.say(Message(text=escape(misfit.say())))
        return None


async def _write(turn: Turn, current: Offer, message: telegram.Message) -> None:
    elsewhere = turn.chat.card != current.assignment_id
    recorded = await _read(turn, current, message)
    if recorded is not None:
        await _go_on(turn, recorded, elsewhere=elsewhere)


async def _expected(turn: Turn, message: telegram.Message) -> Offer | None:
    """The task whose answer a message is: the one shown, if the message stands below its card."""
    shown = (turn.chat.expecting or {}).get("assignment", 0)
    current = await dispatch.offer(turn.session, turn.worker.id, shown)
    place = turn.chat.card_message
    if current is not None and place is not None and place < message.message_id:
        return current
    return await _looked_at(turn, message) or current


async def _looked_at(turn: Turn, message: telegram.Message) -> Offer | None:
    """The card of a text task that was the last on the screen when a message was written.

    A card without a letter was an edit, and seen. If none is known to have been seen, the newest.
    """
    found = await answers.unanswered(turn.session, turn.worker.id, since=message.date, now=turn.now)
    written = [one for one in found if live_card.ask(one).reply]
    if len(written) < 2:
        return next(iter(written), None)
    cards = [one.assignment_id for one in written]
    places = await outbox.places(turn.session, turn.bot_id, turn.chat.chat_id, cards)
    seen = (one for one in written if places.get(one.assignment_id, 0) < message.message_id)
    return next(seen, written[0])


async def _reopen(turn: Turn, assignment: int) -> None:
    current = await answers.reopen(turn.session, turn.worker, assignment, now=turn.now)
    value = await answers.latest(turn.session, assignment)
    said = _("Your answer: {answer}. Choose again, or keep it.").format(
        answer=escape(_words(current, value))
    )
    await live_card.show(turn, current, head=[said])


async def _go_on(turn: Turn, recorded: Recorded, *, elsewhere: bool = False) -> None:
    """Saved; the live card turns to the next task. An older card only says that it is saved.

    `elsewhere`: these words were for another card than the one shown, which must be said.
    """
    if recorded.lesson is not None:
        await _teach(turn, recorded, recorded.lesson)
        return
    saved = _saved_elsewhere(recorded) if elsewhere else _saved(recorded)
    answered = recorded.offer.assignment_id
    turn.toast(i18n.strip_marks(_plain_saved(recorded)))
    above = turn.tapped not in (None, turn.chat.card_message)
    if above and turn.chat.card not in (None, answered):
        turn.replace(Message(text=saved))
        return
    await _next(
        turn,
        saved=saved,
        undo=answered,
        longer=_longer(turn, recorded),
        free=recorded.offer.state == "held",
    )


async def _teach(turn: Turn, recorded: Recorded, lesson: sittings.Lesson) -> None:
    """In a training a mistake is shown and mended; an exam goes on to its end."""
    offer = recorded.offer
    if lesson.again:
        again = await dispatch.offer(turn.session, turn.worker.id, offer.assignment_id)
        assert again is not None
        await live_card.show(turn, again, head=lessons.correction(lesson, again))
        return
    turn.toast(lessons.saved(lesson))
    if not lesson.over:
        await _next(turn, saved=lessons.saved(lesson))
        return
    turn.chat.card = turn.chat.expecting = None
    end = Outcome(lesson.sitting, lesson.spec, offer.language)
    turn.replace(await lessons.result(turn.session, turn.worker, end, now=turn.now))


async def _next(
    turn: Turn,
    *,
    saved: str = "",
    undo: int | None = None,
    longer: bool = False,
    free: bool = False,
) -> None:
    offer = await dispatch.next_for(turn.session, turn.worker, now=turn.now, free=free)
    await _show_next(turn, offer, saved=saved, undo=undo, longer=longer)


async def _show_next(
    turn: Turn,
    offer: Offer | NoWork,
    *,
    saved: str = "",
    undo: int | None = None,
    longer: bool = False,
) -> None:
    if isinstance(offer, NoWork):
        answered = live_card.before(undo, longer=longer)
        await no_work.say(turn, offer, saved=saved, answered=answered)
    else:
        head = [saved] if saved else []
        await live_card.show(turn, offer, head=head, undo=undo, longer=longer)


def _longer(turn: Turn, recorded: Recorded) -> bool:
    """Whether somebody is asked if a task took longer than is counted: once, at its answer."""
    offer, expected = recorded.offer, recorded.offer.spec.expected_seconds
    return recorded.revision == 1 and wage.may_be_longer(
        dispatch.seconds_since(offer, turn.now), expected, offer.median_seconds or expected
    )


def _saved(recorded: Recorded) -> str:
    return _("Saved: {answer}.").format(answer=escape(_words(recorded.offer, recorded.value)))


def _saved_elsewhere(recorded: Recorded) -> str:
    return _("Saved for the task that was shown before: {answer}.").format(
        answer=escape(_words(recorded.offer, recorded.value))
    )


def _plain_saved(recorded: Recorded) -> str:
    return _("Saved: {answer}.").format(answer=_words(recorded.offer, recorded.value))


def _words(offer: Offer, value: Any) -> str:
    wording = offer.spec.wording(offer.locale, offer.language)
    return TASK_TYPES[offer.spec.type].words(offer.spec.settings, wording, value, offer.layout)


def _back(current: Offer) -> Button:
    return Button(_("Back"), _same("less", current))


def _same(action: str, current: Offer) -> str:
    """Data of a button about this showing of the card."""
    return pack(WORK, action, current.assignment_id, current.nonce)


EXPECTED = {"answer": write}

HANDLERS = [
    CommandHandler("work", work),
    CallbackQueryHandler(tap, pattern=f"^{live_card.ANSWER}:"),
    CallbackQueryHandler(press, pattern=f"^{WORK}:"),
    MessageHandler(filters.UpdateType.EDITED_MESSAGE & filters.TEXT, correct),
    PollAnswerHandler(vote),
]
