"""What a worker is told of an exam when they are not looking: its grades, and another attempt."""

from dataclasses import replace
from datetime import datetime

from bot import i18n
from bot.i18n import gettext as _
from bot.models.chat import Chat
from bot.people import staff
from bot.store.database import Session
from bot.work import sittings
from bot.work.grading import Outcome
from handlers import lessons
from handlers.cards import Message


async def graded(
    session: Session, outcome: Outcome, *, now: datetime
) -> tuple[Chat, Message] | None:
    """What the grades came to, or that there are none; None when there is nobody to tell."""
    found = await staff.find(session, outcome.sitting.worker_id)
    if found is None:
        return None
    chat, worker = found
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        if outcome.sitting.state == sittings.VOID:
            message = await _void(session, outcome, now)
        else:
            message = await lessons.result(session, worker, outcome, now=now)
    return chat, replace(message, silent=False)


async def again(session: Session, sitting_id: int, *, now: datetime) -> tuple[Chat, Message] | None:
    """That the day has come; None when they cannot begin, or need not any more."""
    chance = await sittings.chance_again(session, sitting_id, now=now)
    if chance is None:
        return None
    sitting = await sittings.find(session, sitting_id)
    found = await staff.find(session, sitting.worker_id)
    if found is None or not found[0].reachable:
        return None
    chat, worker = found
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        head = _("You can take the exam “{project}” again.")
        said = head.format(project=lessons.called(chance.spec))
        return chat, lessons.invitation(chance, head=said)


async def _void(session: Session, outcome: Outcome, now: datetime) -> Message:
    said = _(
        "Nobody graded your answers to the exam “{project}” in time. This attempt does not count, "
        "and you keep {amount} for it."
    ).format(
        project=lessons.called(outcome.spec),
        amount=lessons.earned(outcome.spec, outcome.sitting.answered),
    )
    chance = await sittings.chance_again(session, outcome.sitting.id, now=now)
    if chance is None:
        return Message(text=said)
    now_ = _("You can take it again now.")
    return lessons.invitation(chance, head=f"{said} {now_}")
