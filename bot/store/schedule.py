"""Calendar work: every period of a job once for each subject, whoever looks and however often.

Of each subject one period is open: the one that comes, due when it begins. Whoever claims it has
done it, in the same transaction, and opens the next. UNIQUE(job, subject, period) is the judge.
What is not due costs nothing: it lies behind in the index.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select, update

from bot.models.base import table
from bot.models.schedule import Scheduled
from bot.store.database import Session, upsert

KEEP = timedelta(weeks=8)  # what was done

scheduled = table(Scheduled)
_OPEN = scheduled.c.done_at.is_(None)
_MINE = (
    scheduled.c.job == bindparam("of_job"),
    scheduled.c.subject == bindparam("of_subject"),
)
OPEN = select(scheduled.c.period).where(*_MINE, _OPEN)
LOCK = OPEN.with_for_update()
MOVE = update(scheduled).where(*_MINE, _OPEN, scheduled.c.period == bindparam("of_period"))
CANCEL = delete(scheduled).where(*_MINE, _OPEN)
ERASE = delete(scheduled).where(*_MINE)
DUE = (
    select(scheduled.c.id)
    .where(scheduled.c.job == bindparam("of_job"), _OPEN, scheduled.c.due_at <= bindparam("now"))
    .order_by(scheduled.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
DONE = (
    update(scheduled)
    .where(scheduled.c.id.in_(bindparam("ids", expanding=True)), _OPEN)
    .values(done_at=bindparam("now"))
    .returning(scheduled.c.subject, scheduled.c.period)
)
PRUNE = delete(scheduled).where(
    scheduled.c.job == bindparam("of_job"),
    scheduled.c.subject.in_(bindparam("subjects", expanding=True)),
    scheduled.c.done_at < bindparam("before"),
)


class Period(NamedTuple):
    """One period of one subject."""

    subject: int
    day: date


async def plan(session: Session, job: str, coming: Sequence[tuple[Period, datetime]]) -> None:
    """Open periods, each with the moment it is due. One that is there stays as it is."""
    rows = [
        {"job": job, "subject": one.subject, "period": one.day, "due_at": due_at}
        for one, due_at in coming
    ]
    if rows:
        statement = upsert(session, scheduled).values(rows)
        await session.execute(statement.on_conflict_do_nothing())


async def is_planned(session: Session, job: str, subject: int) -> bool:
    """Whether a period of this subject is open."""
    return await session.scalar(OPEN, _of(job, subject)) is not None


async def move(
    session: Session, job: str, subject: int, begins: Callable[[date], datetime]
) -> None:
    """The subject's clock has changed: its open period, if there is one, has another beginning."""
    await _wait(session, job, subject)
    which = _of(job, subject)
    day = await session.scalar(OPEN, which)
    if day is not None:
        await session.execute(MOVE.values(due_at=begins(day)), which | {"of_period": day})


async def cancel(session: Session, job: str, subject: int) -> None:
    """Nothing more of this job for this subject. What was done stays known."""
    await _wait(session, job, subject)
    await session.execute(CANCEL, _of(job, subject))


async def forget(session: Session, job: str, subject: int) -> None:
    """As if the job had never known the subject."""
    await session.execute(ERASE, {"of_job": job, "of_subject": subject})


async def claim(session: Session, job: str, *, now: datetime, limit: int) -> list[Period]:
    """Take periods that are due, the longest waiting first: nobody else will have them.

    The caller does them and opens those that follow, in this transaction.
    """
    which = {"of_job": job, "now": now, "limit": limit}
    ids = (await session.scalars(DUE, which)).all()
    if not ids:
        return []
    done = await session.execute(DONE, {"ids": ids, "now": now})
    taken = sorted(Period(*row) for row in done)
    which = {"of_job": job, "subjects": [one.subject for one in taken], "before": now - KEEP}
    await session.execute(PRUNE, which)
    return taken


async def _wait(session: Session, job: str, subject: int) -> None:
    """Who claims the open period just now opens the next, which the following statement sees."""
    await session.execute(LOCK, _of(job, subject))


def _of(job: str, subject: int) -> dict[str, object]:
    return {"of_job": job, "of_subject": subject}
