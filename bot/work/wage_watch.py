"""While projects run: what their last answers paid by the hour, held against the floors.

A project below a floor is paused: nothing new is offered, what is in hand is finished and paid.
It is measured anew after each change of its terms, and after each pause.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select

from bot.models.base import table
from bot.models.wage import FloorWaiver, WageStop
from bot.models.work import Project, Stage, StageVersion
from bot.pay import floors, hours, wage
from bot.pay.floors import EVERYWHERE
from bot.store.database import Session
from bot.work import states
from bot.work.wage_guard import Stop

stops = table(WageStop)


async def running(session: Session) -> Sequence[int]:
    """The projects to look at: open, and held to the floor."""
    waived = select(FloorWaiver.project_id).where(FloorWaiver.project_id == Project.id)
    query = select(Project.id).where(Project.state == "open", ~waived.exists())
    return (await session.scalars(query.order_by(Project.id))).all()


async def look(session: Session, project_id: int, *, now: datetime) -> tuple[Project, Stop] | None:
    """Pause a project that pays too little: what it came to, told to whoever was first."""
    project = await session.get(Project, project_id)
    if project is None:
        return None
    found = await _too_low(session, project, now)
    if found is None or not await states.halt(session, project):
        return None
    await session.execute(insert(stops).values(_values(found)))
    return project, found


async def _too_low(session: Session, project: Project, now: datetime) -> Stop | None:
    since = await _measured_since(session, project.id)
    rates = await hours.last_rates(session, project.id, since=since)
    known, day, currency = await floors.load(session), now.date(), project.currency
    groups = {EVERYWHERE: [rate for some in rates.values() for rate in some]}
    groups |= {country: some for country, some in rates.items() if country is not None}
    for country, some in sorted(groups.items()):
        floor = known.micro(country, currency, day)
        median = wage.too_low(some, floor)
        if median is not None:
            return Stop(project.id, country, currency, median, floor, len(some))
    return None


async def _measured_since(session: Session, project_id: int) -> datetime | None:
    """The last change of terms, or the end of the last pause."""
    changed = await session.scalar(
        select(func.max(StageVersion.created_at))
        .join(Stage, Stage.id == StageVersion.stage_id)
        .where(Stage.project_id == project_id)
    )
    resumed = await session.scalar(
        select(func.max(stops.c.ended_at)).where(stops.c.project_id == project_id)
    )
    return max((one for one in (changed, resumed) if one is not None), default=None)


def _values(found: Stop) -> dict[str, object]:
    return {
        "project_id": found.project_id,
        "country": found.country,
        "currency": found.currency,
        "micro": found.micro,
        "floor_micro": found.floor_micro,
        "answers": found.answers,
    }
