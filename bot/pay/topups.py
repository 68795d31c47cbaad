"""The weekly top-up: on Mondays the week is brought up to the floor, once for each worker.

A period of the calendar is one week of one worker's. Whoever claims it adds what is missing, in
that transaction; the keys of the rows and of the postings forbid a second time as well.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from bot import calendar
from bot.models.people import Worker
from bot.models.schedule import Scheduled
from bot.models.wage import TopUp
from bot.models.work import Project
from bot.pay import hours, ledger, wage
from bot.pay.ledger import Whose
from bot.people import weeks
from bot.people.weeks import TOPUP
from bot.store import schedule
from bot.store.database import Session

BATCH = 20
WORKING = ("active", "paused")


async def enrol(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Open the coming week of those who have none open: who has joined since the last look."""
    planned = select(Scheduled.id).where(
        Scheduled.job == TOPUP, Scheduled.subject == Worker.id, Scheduled.done_at.is_(None)
    )
    query = select(Worker).where(Worker.state.in_(WORKING), ~planned.exists())
    found = (await session.scalars(query.order_by(Worker.id).limit(limit))).all()
    coming = [weeks.coming(TOPUP, worker, now) for worker in found]
    await schedule.plan(session, TOPUP, coming)
    return len(found)


async def take(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Claim the weeks that are over, and add what is missing in them: how many were claimed."""
    taken = await schedule.claim(session, TOPUP, now=now, limit=limit)
    if not taken:
        return 0
    ids = [one.subject for one in taken]
    found = await session.scalars(select(Worker).where(Worker.id.in_(ids)))
    people = {worker.id: worker for worker in found}
    for worker_id, monday in taken:
        worker = people.get(worker_id)
        if worker is not None and worker.state in WORKING:
            await _bring_up(session, worker, monday, now)
            await schedule.plan(session, TOPUP, [weeks.following(TOPUP, worker, monday)])
    return len(taken)


async def of_week(session: Session, worker_id: int, monday: date) -> Sequence[TopUp]:
    """What was added to the week that ended before a Monday."""
    query = select(TopUp).where(TopUp.worker_id == worker_id, TopUp.monday == monday)
    return (await session.scalars(query.order_by(TopUp.id))).all()


async def of_posting(session: Session, worker_id: int, posting_id: int) -> tuple[TopUp, str] | None:
    """The week behind a line of this worker's ledger, and the project's name."""
    query = (
        select(TopUp, Project.name)
        .join(Project, Project.id == TopUp.project_id)
        .where(TopUp.worker_id == worker_id, TopUp.posting_id == posting_id)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


async def _bring_up(session: Session, worker: Worker, monday: date, now: datetime) -> None:
    zone = weeks.zone(worker)
    since, until = (calendar.midnight(day, zone) for day in (monday - calendar.WEEK, monday))
    pieces = await hours.worked(session, worker, since=since, until=until, now=now)
    seen: set[int] = set()
    for one in wage.top_ups(pieces):
        key = f"topup:{worker.id}:{one.project_id}:{monday}"
        if one.project_id in seen:  # reviews may be paid in another currency than answers
            key = f"{key}:{one.currency}"
        seen.add(one.project_id)
        await _add(session, key, worker.id, monday, one)
    await session.flush()


async def _add(session: Session, key: str, worker_id: int, monday: date, one: wage.TopUp) -> None:
    whose = Whose(worker_id, one.project_id, None, one.currency)
    posting_id = await ledger.grant(session, key, "topup", whose, micro=one.micro)
    if posting_id is None:  # the books have it already
        return
    session.add(
        TopUp(
            worker_id=worker_id,
            project_id=one.project_id,
            monday=monday,
            micro=one.micro,
            currency=one.currency,
            seconds=one.of.seconds,
            earned_micro=one.of.micro,
            due_micro=one.of.due_micro,
            posting_id=posting_id,
        )
    )
