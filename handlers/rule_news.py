"""What is said when a rule fires: to the worker whom it touches, and to those who run the bot."""

from collections.abc import Iterator

from bot import i18n
from bot.i18n import gettext as _
from bot.i18n import ngettext
from bot.models.chat import Chat
from bot.people import staff
from bot.store import outbox
from bot.store.database import Session, now
from bot.work import rules
from bot.work.consequences import News
from bot.work.rules import Look
from handlers import cards, restriction_card, skill_words
from handlers.cards import Message, bold, escape


async def judge(session: Session, look: Look, worker_id: int) -> None:
    """Hold one worker's last answers against the rules, and queue what is to be said of it."""
    moment = await now(session)
    found = await rules.judge(session, worker_id, look.stage_id, look.version, now=moment)
    letters = []
    for news in found:
        letters += await _to_worker(session, news)
        letters += await _to_staff(session, news)
    await outbox.queue(session, letters, owner=None, now=moment)


async def _to_worker(session: Session, news: News) -> list[outbox.Letter]:
    found = await staff.find(session, news.worker.id)
    if found is None:
        return []
    chat, _worker = found
    with i18n.speaking(news.worker.locale or i18n.ENGLISH):
        return [_letter(chat, message) for message in _said(news)]


def _said(news: News) -> Iterator[Message]:
    for limit in news.limits:
        yield restriction_card.begun(limit, news.worker.zone or "UTC")
    if news.skill is not None:
        yield _skill(news, *news.skill)
    if news.training:
        yield _lesson(news)


async def _to_staff(session: Session, news: News) -> list[outbox.Letter]:
    letters = []
    for chat, reader in await staff.holders(session, *staff.DESK) if news.tell else []:
        with i18n.speaking(reader.locale or i18n.ENGLISH):
            letters.append(_letter(chat, _report(news)))
    return letters


def _skill(news: News, skill: str, score: int) -> Message:
    """A skill decides which work is offered: whoever has it hears of every such step."""
    reason = restriction_card.measured(news.reason, news.numbers, news.spec.currency)
    lines = [
        bold(
            _("Your skill {skill} is now {score} of 100").format(
                skill=escape(skill_words.name(skill)), score=i18n.number(score)
            )
        ),
        _("Project: {name}").format(name=escape(news.spec.project_name)),
        _("Why: {reason}").format(reason=reason),
        _("Every right check answer raises it again. /ladder shows what it opens."),
    ]
    return Message(text="\n".join(lines), silent=False)


def _lesson(news: News) -> Message:
    """The instructions once more, with what was measured."""
    spec, worker = news.spec, news.worker
    wording = spec.wording(worker.locale or i18n.ENGLISH, worker.locale or i18n.ENGLISH)
    project = escape(spec.project_name)
    reason = restriction_card.measured(news.reason, news.numbers, spec.currency)
    lines = [
        bold(_("Please read the instructions of {project} again").format(project=project)),
        _("Why: {reason}").format(reason=reason),
        _("Nothing else changes, and what you earned stays yours."),
    ]
    if wording.instructions:
        lines += ["", f"<blockquote expandable>{escape(wording.instructions)}</blockquote>"]
    return Message(text="\n".join(lines), silent=False)


def _report(news: News) -> Message:
    lines = [
        bold(_("A rule fired: {worker}").format(worker=escape(news.worker.pseudonym))),
        f"/w_{news.worker.id} · /p_{news.spec.code} {escape(news.spec.project_name)}",
        f"<code>{escape(news.rule)}</code>",
        restriction_card.figure(news.reason, news.numbers, news.spec.currency),
    ]
    if news.slots:
        words = ngettext(
            "{count} task gets one more answer.", "{count} tasks get one more answer.", news.slots
        )
        lines.append(words.format(count=i18n.number(news.slots)))
    lines.append(_("This is a reason to look, not a proof. Pay is not touched."))
    return Message(text="\n".join(lines))


def _letter(chat: Chat, message: Message) -> outbox.Letter:
    method, payload = cards.send(message, chat.chat_id)
    return outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY)
