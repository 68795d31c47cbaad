"""What the author of an answer is told about a decision: why, what it pays, and what they can do.

Who decided is never in it.
"""

from datetime import datetime

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.models.people import Worker
from bot.task_types.kind import Wording
from bot.work import appeals, settlement
from bot.work.calibration import GOLD
from bot.work.dispatch import Offer
from bot.work.grading import GRADE
from bot.work.review_terms import WHOLE
from bot.work.verdicts import Decided, Verdict
from handlers import live_card, reasons, review_card
from handlers.callbacks import WORK, pack
from handlers.cards import Message, cut, escape
from handlers.keyboards import Button

AP = "ap"  # callback prefix of appeals
SHOWN = 300  # characters of each text, so that all of them and a note fit one message


def said(decided: Decided, answer: object, author: Worker, *, now: datetime) -> Message | None:
    """The message of a decision, in the language being spoken; None when there is nothing to say.

    `answer` is the author's own value.
    """
    verdict = decided.verdict
    if decided.appeal_id is not None:
        return _appeal_decided(decided)
    if decided.purpose in ("audit", GOLD, GRADE):
        return _second_look(decided.offer) if decided.turned else None
    if verdict.kind == "returned":
        return _returned(decided, answer, author)
    if decided.final and settlement.against(verdict.kind, verdict.grade):
        return _against(decided, answer, author, now)
    return _fixed(decided, answer) if verdict.kind == "fixed" else None


def lapsed(appeal_id: int, offer: Offer) -> Message:
    """The clock decided an appeal."""
    text = _(
        "Appeal {code}: nobody decided in time, so your answer is accepted. {amount} is available."
    )
    return Message(
        text=text.format(code=review_card.code(appeal_id), amount=live_card.price(offer)),
        silent=False,
    )


def _against(decided: Decided, answer: object, author: Worker, now: datetime) -> Message:
    verdict, offer = decided.verdict, decided.offer
    wording = offer.spec.wording(offer.locale, offer.language)
    until = i18n.when(appeals.until(now), author.zone or "UTC")
    lines = [
        _headline(decided),
        *([escape(reasons.said(verdict.reason))] if verdict.reason else []),
        *_task(offer, wording),
        _yours(offer, wording, answer),
        *_expected(verdict, offer, wording),
        *_rule(wording),
        *_note(verdict.note),
        _("You can appeal until {time}. Another person decides.").format(time=until),
    ]
    rows = [
        [Button(pgettext("button", "Appeal"), pack(AP, "open", decided.review_id))],
        [Button(_("I understand"), pack(AP, "fine", decided.review_id))],
    ]
    return Message(text="\n".join(lines), rows=rows)


def _headline(decided: Decided) -> str:
    offer, grade = decided.offer, decided.verdict.grade
    name = escape(offer.spec.project_name)
    if grade is None:
        taken = _("<b>Not accepted</b> · {project} · {amount}")
        return taken.format(project=name, amount=live_card.price(offer))
    part = settlement.granted(offer.price_micro, grade)
    return _("<b>Accepted in part</b> · {project} · {amount}, {share} of the price").format(
        project=name,
        amount=escape(money.show(part, offer.currency)),
        share=i18n.percent(grade / WHOLE),
    )


def _returned(decided: Decided, answer: object, author: Worker) -> Message:
    offer = decided.offer
    wording = offer.spec.wording(offer.locale, offer.language)
    assert offer.rework_until is not None
    until = i18n.when(offer.rework_until, author.zone or "UTC")
    lines = [
        _("<b>Given back to you</b> · {project}").format(project=escape(offer.spec.project_name)),
        *_task(offer, wording),
        _yours(offer, wording, answer),
        *_note(decided.verdict.note),
        _(
            "Please answer again until {time}. Your pay stays pending. After that, a reviewer "
            "decides about the answer as it is."
        ).format(time=until),
    ]
    again = Button(_("Answer again"), pack(WORK, "redo", offer.assignment_id, offer.nonce))
    return Message(text="\n".join(lines), rows=[[again]], silent=False)


def _fixed(decided: Decided, answer: object) -> Message:
    offer = decided.offer
    wording = offer.spec.wording(offer.locale, offer.language)
    better = escape(cut(review_card.words(offer, wording, decided.verdict.value), SHOWN))
    lines = [
        _("<b>Corrected by a reviewer</b> · {project}").format(
            project=escape(offer.spec.project_name)
        ),
        *_task(offer, wording),
        _yours(offer, wording, answer),
        _("Corrected: {answer}").format(answer=f"<b>{better}</b>"),
    ]
    if decided.final:
        lines.append(_("It is accepted and paid in full."))
    return Message(text="\n".join(lines))


def _appeal_decided(decided: Decided) -> Message:
    code = review_card.code(decided.appeal_id or 0)
    if decided.turned:
        text = _("Appeal {code}: you were right. Your answer is accepted. {amount} is available.")
        said = text.format(code=code, amount=live_card.price(decided.offer))
        return Message(text=said, silent=False)
    verdict = decided.verdict
    lines = [
        _("Appeal {code}: another reviewer looked at it, and the decision stays.").format(
            code=code
        ),
        *([escape(reasons.said(verdict.reason))] if verdict.reason else []),
        *_note(verdict.note),
        _("There is no further appeal. /support reaches a person."),
    ]
    return Message(text="\n".join(lines), silent=False)


def _second_look(offer: Offer) -> Message:
    text = _(
        "A second person looked at your answer in {project}: it was right. It is accepted, and "
        "{amount} is available."
    )
    said = text.format(project=escape(offer.spec.project_name), amount=live_card.price(offer))
    return Message(text=said, silent=False)


def _task(offer: Offer, wording: Wording) -> list[str]:
    """The question and what it was asked about."""
    ask, _own = review_card.asked(offer, offer.locale)
    shown = [block for block in ask.blocks if block.kind == "text"]
    quoted = [
        f"<blockquote>{_shown(f'{block.title} {block.content}'.strip())}</blockquote>"
        for block in shown[:3]
    ]
    return [escape(wording.question), *quoted]


def _yours(offer: Offer, wording: Wording, answer: object) -> str:
    given = _shown(review_card.words(offer, wording, answer))
    return _("Your answer: {answer}").format(answer=f"<b>{given}</b>")


def _expected(verdict: Verdict, offer: Offer, wording: Wording) -> list[str]:
    if verdict.expected is None:
        return []
    right = _shown(review_card.words(offer, wording, verdict.expected))
    return [_("Expected: {answer}").format(answer=f"<b>{right}</b>")]


def _rule(wording: Wording) -> list[str]:
    folded = review_card.rule(wording)
    return [_("The rules:"), folded] if folded else []


def _note(note: str) -> list[str]:
    if not note:
        return []
    return [_("The reviewer writes:"), f"<blockquote>{escape(note)}</blockquote>"]


def _shown(text: str) -> str:
    return escape(cut(text, SHOWN))
