"""/review: one answer after another, its verdict by a tap, and what its author is told."""

import random
from typing import Any, Literal, cast

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.people import roles, skills, staff
from bot.store import outbox
from bot.task_types.kind import Ask
from bot.work import answers, projects, reviews, verdicts
from bot.work.calibration import GOLD
from bot.work.reviews import FIRST, Case
from bot.work.verdicts import Decided, Verdict
from handlers import callbacks, decisions, exam_news, reasons, review_card
from handlers.admin import desk
from handlers.callbacks import pack
from handlers.cards import Message, bold, cut, escape
from handlers.keyboards import Button
from handlers.review_card import EXPECTED as EXPECTED_ANSWER
from handlers.review_card import MARKS, NEXT, NOTHING, OPTION, PART, REASON, RV, SCORE
from handlers.turn import Turn

LONG = 3000  # characters of a written answer that is to be corrected


async def review(update: Update, turn: Turn) -> None:
    """/review [p_7k2]: the answer in hand again, or the one that waits longest."""
    await roles.require(turn.session, turn.worker.id, *reviews.MAY_REVIEW)
    turn.chat.expecting = None
    project_id = None
    if turn.args:
        project_id = (await projects.find(turn.session, turn.args[0])).id
    case = await reviews.take(turn.session, turn.worker, now=turn.now, project_id=project_id)
    _place(turn, await _shown(turn, case))


async def go_on(update: Update, turn: Turn) -> None:
    """The next one, of the project whose code the button has."""
    await roles.require(turn.session, turn.worker.id, *reviews.MAY_REVIEW)
    code = (turn.query.data or "").partition(":")[2]
    project_id = (await projects.find(turn.session, f"p_{code}")).id if code else None
    case = await reviews.take(turn.session, turn.worker, now=turn.now, project_id=project_id)
    _place(turn, await _shown(turn, case))


async def press(update: Update, turn: Turn) -> None:
    """The buttons of a card, but for those that choose something."""
    action, review_id, revision = callbacks.fields(turn.query.data, 3)
    if action not in PRESSED:
        raise Gone
    await PRESSED[action](turn, callbacks.number(review_id), callbacks.number(revision))


async def accept_part(update: Update, turn: Turn) -> None:
    """Accepted, for a part of the price."""
    review_id, revision, share = map(callbacks.number, callbacks.fields(turn.query.data, 3))
    await _decide(turn, review_id, Verdict(kind="accepted", revision=revision, grade=share))


async def grade(update: Update, turn: Turn) -> None:
    """How good an answer to an exam is."""
    review_id, revision, share = map(callbacks.number, callbacks.fields(turn.query.data, 3))
    await _decide(turn, review_id, Verdict(kind="graded", revision=revision, grade=share))


async def choose_reason(update: Update, turn: Turn) -> None:
    """Why it is not accepted; then what would have been right, where buttons can say it."""
    review_id, revision, reason = callbacks.fields(turn.query.data, 3)
    case = await _in_hand(turn, callbacks.number(review_id))
    if reason not in reasons.REASONS:
        raise Gone
    ask, _wording = review_card.asked(case.offer, turn.locale)
    if ask.buttons and case.purpose in FIRST:
        turn.change_buttons(review_card.right_one(case, ask, reason))
        turn.toast(_("Which answer would be right?"))
        return
    _ask_note(turn, case, callbacks.number(revision), "not_accepted", reason=reason)


async def choose_expected(update: Update, turn: Turn) -> None:
    """What would have been right; then the words to the author."""
    review_id, revision, reason, index = callbacks.fields(turn.query.data, 4)
    case = await _in_hand(turn, callbacks.number(review_id))
    if reason not in reasons.REASONS:
        raise Gone
    expected = None if index == NOTHING else _tapped(case, callbacks.number(index))
    _ask_note(
        turn,
        case,
        callbacks.number(revision),
        "not_accepted",
        reason=reason,
        expected=expected,
    )


async def write_note(update: Update, turn: Turn) -> None:
    """The words to the author: with them the verdict is complete."""
    asked = turn.chat.expecting or {}
    text = (update.effective_message and update.effective_message.text) or ""
    kind = cast(Literal["returned", "not_accepted"], asked.get("kind"))
    verdict = Verdict(
        kind=kind,
        revision=int(asked.get("revision", 0)),
        reason=asked.get("reason"),
        note=text.strip(),
        expected=asked.get("expected"),
    )
    await _decide(turn, int(asked.get("review", 0)), verdict)


async def choose_option(update: Update, turn: Turn) -> None:
    """The right answer by one of the task's own buttons."""
    review_id, revision, index = map(callbacks.number, callbacks.fields(turn.query.data, 3))
    case = await _in_hand(turn, review_id)
    await _fix(turn, case, revision, _tapped(case, index))


async def mark(update: Update, turn: Turn) -> None:
    """The right answer by marks, one after another, and then done."""
    review_id, revision, mask, action = callbacks.fields(turn.query.data, 4)
    case = await _in_hand(turn, callbacks.number(review_id))
    ask, _wording = review_card.asked(case.offer, turn.locale)
    marks = callbacks.number(mask)
    if action == "turn":
        turn.change_buttons(review_card.marked(case, ask, marks))
        return
    chosen = [index for index in range(len(ask.poll)) if marks >> index & 1]
    spec = case.offer.spec
    value = spec.kind.voted(spec.settings, case.offer.layout, chosen)
    await _fix(turn, case, callbacks.number(revision), value)


async def write_fix(update: Update, turn: Turn) -> None:
    """The right answer in words or as a number. What does not fit the task is refused."""
    asked = turn.chat.expecting or {}
    text = (update.effective_message and update.effective_message.text) or ""
    case = await _in_hand(turn, int(asked.get("review", 0)))
    spec = case.offer.spec
    value = spec.kind.read(spec.settings, text)
    label = spec.kind.spelling(spec.settings, text, value)
    await _fix(turn, case, int(asked.get("revision", 0)), value, label=label)


async def accept_many(update: Update, turn: Turn) -> None:
    """The second step of accepting all that waits in a project."""
    review_id, asked_at = callbacks.fields(turn.query.data, 2)
    case = await _in_hand(turn, callbacks.number(review_id))
    desk.check_fresh(asked_at, turn.now)
    await reviews.give_back(turn.session, turn.worker, case.review_id, now=turn.now)
    project_id = case.offer.spec.project_id
    done = await verdicts.accept_all(turn.session, turn.worker, project_id, now=turn.now)
    done = min(done + (case.purpose == GOLD), verdicts.MANY)  # as many as were asked about
    said = ngettext("{count} answer is accepted.", "{count} answers are accepted.", done)
    await _next(turn, said.format(count=i18n.number(done)))


# The buttons


async def _accept(turn: Turn, review_id: int, revision: int) -> None:
    await _decide(turn, review_id, Verdict(kind="accepted", revision=revision))


async def _ask_fix(turn: Turn, review_id: int, revision: int) -> None:
    """How the right answer is given depends on how the task is answered."""
    case = await _in_hand(turn, review_id)
    ask, wording = review_card.asked(case.offer, turn.locale)
    if ask.buttons:
        turn.change_buttons(review_card.corrected(case, ask))
        turn.toast(_("Which answer would be right?"))
    elif ask.poll:
        turn.change_buttons(review_card.marked(case, ask, _mask(case, ask)))
        turn.toast(_("Mark what is right, then press Done."))
    else:
        turn.chat.expecting = {"what": "review_fix", "review": review_id, "revision": revision}
        now = escape(cut(review_card.words(case.offer, wording, case.value), LONG))
        text = _("Write the right answer. It is now: {answer}").format(answer=f"<code>{now}</code>")
        turn.say(Message(text=text, force=ask.placeholder))


async def _ask_back(turn: Turn, review_id: int, revision: int) -> None:
    case = await _in_hand(turn, review_id)
    _ask_note(turn, case, revision, "returned")


async def _ask_why(turn: Turn, review_id: int, revision: int) -> None:
    case = await _in_hand(turn, review_id)
    turn.change_buttons(review_card.because(case))
    turn.toast(_("Why is it not accepted?"))


async def _ask_many(turn: Turn, review_id: int, revision: int) -> None:
    """The first step: what it means, in numbers."""
    case = await _in_hand(turn, review_id)
    spec = case.offer.spec
    count = min(verdicts.MANY, 1 + len(await _others_waiting(turn, case)))
    lines = [
        ngettext(
            "Accept {count} answer of {project} without looking?",
            "Accept {count} answers of {project} without looking?",
            count,
        ).format(count=i18n.number(count), project=f"<b>{escape(spec.project_name)}</b>"),
        _("Their authors are paid. You get no pay for reviews of this kind."),
    ]
    keep = Button(_("Leave it as it is"), pack(RV, "show", review_id, revision))
    stamp = desk.stamp(turn.now)
    sure = Button(_("Accept them"), pack("rv-all", review_id, stamp), style="primary")
    turn.replace(Message(text="\n".join(lines), rows=[[keep], [sure]]))


async def _skip(turn: Turn, review_id: int, revision: int) -> None:
    if not await reviews.give_back(turn.session, turn.worker, review_id, now=turn.now):
        raise verdicts.NotTaken
    turn.toast(_("Skipped. Somebody else may decide."))
    await _next(turn)


async def _show(turn: Turn, review_id: int, revision: int) -> None:
    """The card as it was, with the buttons of its beginning."""
    turn.chat.expecting = None
    _place(turn, await _shown(turn, await _in_hand(turn, review_id)))


async def _open(turn: Turn, review_id: int, revision: int) -> None:
    """A certain one, as a list names it; whoever may not decide it is told why."""
    case = await reviews.take_one(turn.session, turn.worker, review_id, now=turn.now)
    if case is None:
        case = await _in_hand(turn, review_id)
    _place(turn, await _shown(turn, case))


PRESSED = {
    "ok": _accept,
    "fix": _ask_fix,
    "back": _ask_back,
    "no": _ask_why,
    "all": _ask_many,
    "skip": _skip,
    "show": _show,
    "open": _open,
}


# What they share


async def _in_hand(turn: Turn, review_id: int) -> Case:
    return await verdicts.in_hand(turn.session, turn.worker, review_id)


def _tapped(case: Case, index: int) -> Any:
    spec = case.offer.spec
    return spec.kind.tapped(spec.settings, case.offer.layout, index)


def _mask(case: Case, ask: Ask) -> int:
    """The marks of the answer as it is."""
    spec = case.offer.spec
    found = 0
    for index in range(len(ask.poll)):
        option = spec.settings["options"][(case.offer.layout or range(len(ask.poll)))[index]]
        found |= (option in case.value) << index
    return found


def _ask_note(
    turn: Turn,
    case: Case,
    revision: int,
    kind: str,
    *,
    reason: str | None = None,
    expected: Any = None,
) -> None:
    turn.chat.expecting = {
        "what": "review_note",
        "review": case.review_id,
        "revision": revision,
        "kind": kind,
        "reason": reason,
        "expected": expected,
    }
    text = _("Write to the author what is wrong, and how to do it right. /cancel stops this.")
    if reason == verdicts.EVIDENCE:
        text = _("Write to the author what shows that it is copied or automated.")
    turn.say(Message(text=text, force=_("Your note")))


async def _fix(
    turn: Turn, case: Case, revision: int, value: Any, *, label: str | None = None
) -> None:
    spec = case.offer.spec
    if label is None:
        label = spec.kind.label(spec.settings, value)
    verdict = Verdict(kind="fixed", revision=revision, value=value, label=label)
    await _decide(turn, case.review_id, verdict)


async def _decide(turn: Turn, review_id: int, verdict: Verdict) -> None:
    decided = await verdicts.decide(
        turn.session,
        turn.worker,
        review_id,
        verdict,
        now=turn.now,
        draw=random.random(),  # noqa: S311
    )
    turn.chat.expecting = None
    await _tell_author(turn, decided)
    await _tell_examinee(turn, decided)
    said = {
        "accepted": _("Saved: accepted."),
        "fixed": _("Saved: corrected and accepted."),
        "returned": _("Saved: given back to the author."),
        "not_accepted": _("Saved: not accepted."),
        "graded": _("Saved: graded."),
    }[verdict.kind]
    turn.toast(said)
    await _next(turn, said)


async def _tell_author(turn: Turn, decided: Decided) -> None:
    found = await staff.find(turn.session, decided.offer.worker_id)
    if found is None:
        return
    chat, author = found
    own = await answers.own(turn.session, decided.offer.assignment_id)
    with i18n.speaking(author.locale or i18n.ENGLISH):
        message = decisions.said(decided, own, author, now=turn.now)
        if message is not None:
            turn.tell(chat, message, lane=outbox.MONEY)


async def _tell_examinee(turn: Turn, decided: Decided) -> None:
    """With the last grade an exam is judged."""
    if decided.exam is None:
        return
    news = await exam_news.graded(turn.session, decided.exam, now=turn.now)
    if news is not None:
        turn.tell(*news, lane=outbox.MONEY)


async def _next(turn: Turn, note: str = "") -> None:
    case = await reviews.take(turn.session, turn.worker, now=turn.now)
    _place(turn, await _shown(turn, case, note=note))


async def _shown(turn: Turn, case: Case | None, *, note: str = "") -> list[Message]:
    turn.chat.call_at = turn.now if case is None else None
    seen = turn.now - skills.SEEN_AFTER
    tally = await reviews.tally(turn.session, turn.worker.id, known_until=seen)
    if case is None:
        return [await _nothing(turn, review_card.standing(tally), note)]
    many = 1 + len(await _others_waiting(turn, case)) if case.purpose in FIRST else 0
    return review_card.messages(turn, case, tally, many=many, note=note)


async def _others_waiting(turn: Turn, case: Case) -> list[int]:
    return await reviews.waiting(
        turn.session, turn.worker.id, now=turn.now, project_id=case.offer.spec.project_id
    )


async def _nothing(turn: Turn, standing: str, note: str) -> Message:
    lines = [note, bold(_("No answer waits for your review."))]
    others = await reviews.elsewhere(turn.session, now=turn.now)
    if others:
        said = ngettext(
            "{count} waits for others: it is your own, you have decided about it before, or it is "
            "in a language that is not among yours in /settings.",
            "{count} wait for others: they are your own, you have decided about them before, or "
            "they are in languages that are not among yours in /settings.",
            others,
        )
        lines.append(said.format(count=i18n.number(others)))
    lines += [standing, _("You will get a quiet message when one does.")]
    again = Button(_("Look again"), pack(NEXT))
    return Message(text="\n".join(line for line in lines if line), rows=[[again]])


def _place(turn: Turn, made: list[Message]) -> None:
    """An edit where the reviewer is looking, else new messages."""
    if len(made) == 1:
        turn.replace(made[0])
        return
    if turn.tapped is not None:
        turn.strip(turn.tapped)
    for message in made:
        turn.say(message)


EXPECTED = {"review_note": write_note, "review_fix": write_fix}

HANDLERS = [
    CommandHandler("review", review),
    CallbackQueryHandler(go_on, pattern=f"^{NEXT}(:|$)"),
    CallbackQueryHandler(accept_many, pattern="^rv-all:"),
    CallbackQueryHandler(press, pattern=f"^{RV}:"),
    CallbackQueryHandler(accept_part, pattern=f"^{PART}:"),
    CallbackQueryHandler(grade, pattern=f"^{SCORE}:"),
    CallbackQueryHandler(choose_reason, pattern=f"^{REASON}:"),
    CallbackQueryHandler(choose_expected, pattern=f"^{EXPECTED_ANSWER}:"),
    CallbackQueryHandler(choose_option, pattern=f"^{OPTION}:"),
    CallbackQueryHandler(mark, pattern=f"^{MARKS}:"),
]
