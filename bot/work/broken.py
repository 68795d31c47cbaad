"""Tasks that workers have reported, for those who look after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from bot.models.work import Assignment, Project, Report, Stage, Task
from bot.store.database import Session, now

WEEK = timedelta(days=7)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Broken:
    """A task with the reasons it was reported for."""

    code: str
    """The project's."""
    key: str
    reasons: str
    count: int


async def latest(session: Session) -> Sequence[Broken]:
    """Reported in the last week, the last one first, at most SHOWN."""
    since = await now(session) - WEEK
    rows = await session.execute(
        select(
            Project.code,
            Task.key,
            func.min(Report.reason),
            func.max(Report.reason),
            func.count(),
        )
        .join(Assignment, Assignment.id == Report.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .join(Stage, Stage.id == Task.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Report.at > since)
        .group_by(Project.code, Task.id, Task.key)
        .order_by(func.max(Report.at).desc())
        .limit(SHOWN)
    )
    return [
        Broken(code, key, ", ".join(dict.fromkeys((low, high))), count)
        for code, key, low, high, count in rows
    ]
