"""An answer as its reviewer sees it: the task, the answer, what others said, and the verdicts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext, pgettext
from bot.task_types.kind import Ask, Wording
from bot.work.dispatch import Offer
from bot.work.grading import GRADE
from bot.work.review_terms import WHOLE
from bot.work.reviews import FIRST, Case, Complaint, Tally
from handlers import reasons, task_card
from handlers.callbacks import pack
from handlers.cards import Message, cut, escape
from handlers.keyboards import Button, Rows, pairs
from handlers.turn import Turn

# Prefixes
RV, PART, REASON, EXPECTED, OPTION, MARKS, SCORE = "rv", "rg", "rr", "re", "rx", "rm", "xg"
NEXT = "rv-next"
NOTHING = "x"  # no button was right, or it cannot be said
# Characters of each part, so that all of them together fit one message.
RULE, SHOWN, SAID, WROTE = 400, 1000, 400, 1000
OTHER, OTHERS = 60, 8


def messages(turn: Turn, case: Case, tally: Tally, *, many: int, note: str = "") -> list[Message]:
    """The last one has the buttons. `many`: answers of the project that wait as well."""
    ask, wording = asked(case.offer, turn.locale)
    foot = "\n".join(_foot(case, wording, tally))
    apart = len(foot) + sum(len(block.content) for block in ask.blocks) > task_card.LONGEST
    made = task_card.messages(
        wording=wording,
        ask=replace(ask, buttons=(), poll=(), rule=""),
        head=[*([note, ""] if note else []), _title(case), _terms(turn, case)],
        data=str,
        rows=() if apart else _rows(case, ask, many),
        foot="" if apart else foot,
    )
    if apart:
        made.append(Message(text=foot, rows=_rows(case, ask, many)))
    photo = case.complaint.photo if case.complaint else None
    return [Message(text="", photo=photo), *made] if photo else made


def asked(offer: Offer, locale: str) -> tuple[Ask, Wording]:
    """The task as its author had it before them, in the reader's words where the stage has them."""
    wording = offer.spec.wording(locale, offer.language)
    ask = offer.spec.kind.ask(offer.spec.settings, wording, offer.body, offer.layout)
    return ask, wording


def words(offer: Offer, wording: Wording, value: Any) -> str:
    """An answer as people read it; a written one in full."""
    if isinstance(value, str) and not offer.spec.settings.get("options"):
        written = offer.spec.kind.label(offer.spec.settings, value)
        said = offer.spec.kind.words(offer.spec.settings, wording, value, offer.layout)
        return written if said.endswith("…") else said
    return offer.spec.kind.words(offer.spec.settings, wording, value, offer.layout)


def rule(wording: Wording) -> str:
    """The instructions, folded up."""
    text = wording.instructions
    if not text:
        return ""
    return f"<blockquote expandable>{escape(cut(text, RULE))}</blockquote>"


def because(case: Case) -> Rows:
    """The reasons for not accepting an answer."""
    buttons = [
        Button(reasons.said(code), pack(REASON, case.review_id, case.revision, code))
        for code in reasons.REASONS
    ]
    return [*pairs(buttons, width=1), [_back(case)]]


def right_one(case: Case, ask: Ask, reason: str) -> Rows:
    """What would have been right, by the task's own buttons."""

    def button(label: str, index: object) -> Button:
        return Button(label, pack(EXPECTED, case.review_id, case.revision, reason, index))

    rows = [[button(label, index) for label, index in row] for row in numbered(ask.buttons)]
    return [*rows, [button(_("Cannot say"), NOTHING)], [_back(case)]]


def corrected(case: Case, ask: Ask) -> Rows:
    """The task's own buttons, to choose the right answer with."""
    rows = [
        [Button(label, pack(OPTION, case.review_id, case.revision, index)) for label, index in row]
        for row in numbered(ask.buttons)
    ]
    return [*rows, [_back(case)]]


def marked(case: Case, ask: Ask, mask: int) -> Rows:
    """The options of a poll, to mark the right ones."""

    def data(after: int, action: str) -> str:
        return pack(MARKS, case.review_id, case.revision, after, action)

    return [
        *switches(ask, mask, lambda after: data(after, "turn")),
        [done(data(mask, "done")), _back(case)],
    ]


def switches(ask: Ask, mask: int, data: Callable[[int], str]) -> list[list[Button]]:
    """The options of a poll as buttons that are switched on and off; `mask` has those that are."""
    return [
        [Button(f"✓ {label}" if mask >> index & 1 else label, data(mask ^ 1 << index))]
        for index, label in enumerate(ask.poll)
    ]


def done(data: str) -> Button:
    return Button(pgettext("button", "Done"), data)


def numbered(rows: Sequence[Sequence[str]]) -> list[list[tuple[str, int]]]:
    """Labels with their numbers, row by row from 0."""
    made, index = [], 0
    for row in rows:
        made.append([(label, index + at) for at, label in enumerate(row)])
        index += len(row)
    return made


def standing(tally: Tally) -> str:
    """How a reviewer's own decisions fared; empty before there are any."""
    if not tally.decided:
        return ""
    said = _("Your decisions: {decided}. Looked at again: {again}, overturned: {overturned}.")
    lines = [
        said.format(
            decided=i18n.number(tally.decided),
            again=i18n.number(tally.seen_again),
            overturned=i18n.number(tally.overturned),
        )
    ]
    return "\n".join([*lines, *known(tally)])


def known(tally: Tally) -> list[str]:
    """A line about the verdicts whose right one is known; none before there are any."""
    if not tally.known:
        return []
    said = _("The right decision is known of {count}: right {right}.")
    return [said.format(count=i18n.number(tally.known), right=i18n.number(tally.right))]


def waits() -> Message:
    """To a reviewer who had been told that nothing does."""
    again = Button(_("Look again"), pack(NEXT))
    return Message(text=_("Something waits for your review."), rows=[[again]])


def code(appeal_id: int) -> str:
    """How an appeal is called: A-88."""
    return i18n.ltr(f"A-{appeal_id}")


def _title(case: Case) -> str:
    project = escape(case.offer.spec.project_name)
    if case.complaint is not None:
        said = _("<b>Appeal {code}</b> · {project}")
        return said.format(code=code(case.complaint.appeal_id), project=project)
    said = {
        "final": _("<b>Last review</b> · {project}"),
        "audit": _("<b>Second look</b> · {project}"),
        GRADE: _("<b>Exam answer</b> · {project}"),
    }.get(case.purpose, _("<b>Review</b> · {project}"))
    return said.format(project=project)


def _terms(turn: Turn, case: Case) -> str:
    language = escape(i18n.language_name(case.offer.language))
    pay = escape(money.show(case.pay_micro, case.currency))
    until = case.complaint.decide_by if case.complaint else case.decide_by
    if until is None:
        return _("{language} · you get {pay}").format(language=language, pay=pay)
    said = _("{language} · you get {pay} · to be decided by {time}")
    return said.format(language=language, pay=pay, time=i18n.when(until, turn.zone))


def _foot(case: Case, wording: Wording, tally: Tally) -> list[str]:
    value = escape(cut(words(case.offer, wording, case.value), SHOWN))
    lines = [_("Answer: {answer}").format(answer=f"<b>{value}</b>")]
    if case.others:
        lines.append(_others(case, wording))
    if case.gold is not None:
        good = (
            _("A good answer: {label}")
            if case.purpose == GRADE
            else _("Known to be right: {label}")
        )
        lines.append(good.format(label=escape(cut(case.gold, SAID))))
    if case.purpose == GRADE:
        lines.append(
            _("How good is it? The author is paid whatever you say, and never learns who you are.")
        )
    lines.append(rule(wording))
    if case.complaint is not None:
        lines += _complaint(case, case.complaint, wording)
    return [line for line in [*lines, standing(tally)] if line]


def _others(case: Case, wording: Wording) -> str:
    each = _("{answer} × {count}")
    said = [
        each.format(
            answer=escape(cut(words(case.offer, wording, value), OTHER)), count=i18n.number(count)
        )
        for value, count in case.others[:OTHERS]
    ]
    return _("Answers of others: {answers}").format(answers=", ".join(said))


def _complaint(case: Case, complaint: Complaint, wording: Wording) -> list[str]:
    lines = []
    if complaint.reason is not None:
        said = _("Not accepted before, {reason}")
        lines.append(said.format(reason=escape(reasons.said(complaint.reason))))
    if complaint.note:
        lines.append(f"<blockquote>{escape(cut(complaint.note, SAID))}</blockquote>")
    if complaint.expected is not None:
        expected = words(case.offer, wording, complaint.expected)
        lines.append(_("Expected: {answer}").format(answer=escape(cut(expected, SAID))))
    lines.append(_("The author writes:"))
    return [*lines, f"<blockquote>{escape(cut(complaint.text, WROTE))}</blockquote>"]


def _rows(case: Case, ask: Ask, many: int) -> list[list[Button]]:
    def button(label: str, action: str) -> Button:
        return Button(label, pack(RV, action, case.review_id, case.revision))

    skip = button(pgettext("button", "Skip"), "skip")
    if case.purpose == GRADE:
        return [*pairs([_score(case, grade) for grade in case.grades]), [skip]]
    rows = [[button(pgettext("button", "Accept"), "ok")]]
    if case.grades:
        rows = pairs([_part(case, share) for share in case.grades])
    if case.purpose in FIRST:
        rows.append([button(_("Fix and accept"), "fix")])
        rows += [[button(_("Give back…"), "back")]] if case.returnable else []
    rows.append([button(_("Not accepted…"), "no")])
    rows.append([skip])
    if case.purpose in FIRST and many > 1:
        label = ngettext("Accept {count} waiting…", "Accept all {count} waiting…", many)
        rows.append([button(label.format(count=i18n.number(many)), "all")])
    return rows


def _part(case: Case, share: int) -> Button:
    label = _("Accept, {share}").format(share=i18n.percent(share / WHOLE))
    return Button(label, pack(PART, case.review_id, case.revision, share))


def _score(case: Case, grade: int) -> Button:
    return Button(i18n.percent(grade / WHOLE), pack(SCORE, case.review_id, case.revision, grade))


def _back(case: Case) -> Button:
    return Button(pgettext("button", "Back"), pack(RV, "show", case.review_id, case.revision))
