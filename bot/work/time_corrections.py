"""A worker's own word on how long a task took: believed up to the time that they had it."""

from datetime import datetime, timedelta

from sqlalchemy import Row, select

from bot.errors import Gone, Invalid, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.wage import Correction
from bot.models.work import Assignment
from bot.store.database import Session, upsert

CORRECTABLE = timedelta(days=1)
MINUTE = 60

corrections = table(Correction)


class NotMinutes(Invalid):
    msgid = N_("Write the minutes as a whole number, from 1 to {most}.")


class TooLate(Refusal):
    msgid = N_("The time of a task can be corrected for one day after its answer.")


async def longest(session: Session, worker_id: int, assignment_id: int, *, now: datetime) -> int:
    """The whole minutes that can be said. Raises Gone for another's task, or TooLate."""
    return -(-await _had(session, worker_id, assignment_id, now) // MINUTE)


async def correct(
    session: Session, worker_id: int, assignment_id: int, minutes: str | None, *, now: datetime
) -> int:
    """Keep the worker's word, the last one: the seconds that count from now on.

    `minutes` is a numeral, None for what was none. Raises NotMinutes, Gone or TooLate.
    """
    had = await _had(session, worker_id, assignment_id, now)
    most = -(-had // MINUTE)
    if minutes is None or not minutes.isdecimal() or not 1 <= int(minutes) <= most:
        raise NotMinutes(most=most)
    seconds = min(had, int(minutes) * MINUTE)
    said = {"seconds": seconds, "at": now}
    statement = upsert(session, corrections).values(assignment_id=assignment_id, **said)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["assignment_id"], set_=said)
    )
    return seconds


async def _had(session: Session, worker_id: int, assignment_id: int, now: datetime) -> int:
    query = select(Assignment.seconds, Assignment.answered_at).where(
        Assignment.id == assignment_id,
        Assignment.worker_id == worker_id,
        Assignment.answered_at.is_not(None),
    )
    row: Row[int | None, datetime | None] | None = (await session.execute(query)).one_or_none()
    if row is None:
        raise Gone
    assert row.answered_at is not None
    if now - row.answered_at > CORRECTABLE:
        raise TooLate
    return max(1, row.seconds or 0)
