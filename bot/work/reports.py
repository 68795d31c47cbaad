"""Reports of broken tasks: put aside, looked at by a person, and paid for when they were right.

Two people who report a task, or one who finds it harmful, put it aside: its slots wait with it.
Confirmed, it stays out of work and whoever reported it is paid for the time; dismissed, it goes on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from bot.errors import Gone
from bot.models.base import table
from bot.models.people import Audit
from bot.models.work import Assignment, Project, Queue, Report, Stage, StageVersion, Task
from bot.pay import ledger
from bot.pay.ledger import Whose
from bot.people import roles, skills
from bot.store.database import Session
from bot.work import dispatch
from bot.work.stages import TAKEN

ENOUGH = 2  # independent reports that put a task aside
AT_ONCE = ("harmful",)
MAY_DECIDE = ("owner", "admin")

reports, assignments, tasks = table(Report), table(Assignment), table(Task)


@dataclass(frozen=True, slots=True)
class Parked:
    """A task that was just put aside."""

    task_id: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """A task with reports that nobody has decided about."""

    task_id: int
    project: Project
    key: str
    language: str
    body: dict[str, Any]
    parked: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thanks:
    """What somebody gets for the time a broken task took them."""

    worker_id: int
    project: str
    micro: int
    currency: str


async def add(session: Session, assignment_id: int, reason: str, *, now: datetime) -> Parked | None:
    """Keep a report; what it puts aside. Two at the same moment put a task aside once."""
    session.add(Report(assignment_id=assignment_id, reason=reason, at=now))
    await session.flush()
    mine = select(assignments.c.task_id).where(assignments.c.id == assignment_id)
    task_id = await session.scalar(mine)
    assert task_id is not None
    # The row is held: who reports at the same moment counts this report too.
    await session.execute(select(tasks.c.id).where(tasks.c.id == task_id).with_for_update())
    said = await _open(session, task_id)
    if len(said) < ENOUGH and not set(said) & set(AT_ONCE):
        return None
    parked = await session.scalar(
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.parked.is_(None))
        .values(parked=tasks.c.open_slots, open_slots=0)
        .returning(tasks.c.id)
    )
    return None if parked is None else Parked(task_id, tuple(said))


async def waiting(
    session: Session, project: Project | None = None, *, offset: int = 0, limit: int = 6
) -> list[Reported]:
    """Tasks to decide about: those put aside first, then the oldest report."""
    first = _reported(project).order_by(tasks.c.parked.is_(None), func.min(reports.c.id))
    rows = (await session.execute(first.offset(offset).limit(limit))).all()
    return [await one(session, task_id) for (task_id,) in rows]


async def count(session: Session, project: Project | None = None) -> int:
    """How many tasks wait for a decision."""
    query = select(func.count()).select_from(_reported(project).subquery())
    return int(await session.scalar(query) or 0)


async def one(session: Session, task_id: int) -> Reported:
    """A reported task. Raises Gone when nothing about it is open any more."""
    reasons = await _open(session, task_id)
    query = (
        select(Project, Task, Queue.language)
        .join(Stage, Stage.project_id == Project.id)
        .join(Task, Task.stage_id == Stage.id)
        .join(Queue, Queue.id == Task.queue_id)
        .where(Task.id == task_id)
    )
    row = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    if row is None or not reasons:
        raise Gone
    project, task, language = row
    parked = task.parked is not None
    return Reported(task_id, project, task.key, language, task.body, parked, tuple(reasons))


async def confirm(
    session: Session, task_id: int, *, actor: int | None, now: datetime
) -> list[Thanks]:
    """The task is broken: out of work for good, and the reporters' time is paid.

    The task wants the answers it has and no more; answers to gold are none that it wanted. Raises
    Gone when somebody else was first.
    """
    await roles.require(session, actor, *MAY_DECIDE)
    decided = await _decide(session, task_id, "confirmed", actor=actor, now=now)
    taken = select(func.count()).where(
        assignments.c.task_id == task_id,
        assignments.c.state.in_(TAKEN),
        assignments.c.surplus.is_(False),
        assignments.c.gold.is_(False),
    )
    out = update(tasks).where(tasks.c.id == task_id)
    wanted = {"overlap": taken.scalar_subquery(), "open_slots": 0, "parked": 0}
    await session.execute(out.values(wanted))
    checked = select(assignments.c.id).where(
        assignments.c.task_id == task_id, assignments.c.gold.is_(True)
    )
    await skills.forget(session, (await session.scalars(checked)).all(), now=now)
    return [await _pay(session, assignment_id) for assignment_id in decided]


async def dismiss(session: Session, task_id: int, *, actor: int | None, now: datetime) -> None:
    """Nothing is wrong with it: it goes on, behind the others. Raises Gone."""
    await roles.require(session, actor, *MAY_DECIDE)
    await _decide(session, task_id, "dismissed", actor=actor, now=now)
    parked = await session.scalar(select(tasks.c.parked).where(tasks.c.id == task_id))
    if parked is None:
        return
    await session.execute(update(tasks).where(tasks.c.id == task_id).values(parked=None))
    if parked:  # the first slot gives it its new place
        await dispatch.free_slots(session, [task_id], now)
        more = update(tasks).where(tasks.c.id == task_id, tasks.c.gold.is_(None))
        await session.execute(more.values(open_slots=parked))


def time_price(price_micro: int, *, seconds: float, expected_seconds: int) -> int:
    """Pay for time: the price's share that the time was of the expected, never above the price."""
    spent = max(0.0, min(seconds, expected_seconds))
    return price_micro * round(spent * 1000) // (max(1, expected_seconds) * 1000)


def _reported(project: Project | None) -> Any:
    query = (
        select(tasks.c.id)
        .join(assignments, assignments.c.task_id == tasks.c.id)
        .join(reports, reports.c.assignment_id == assignments.c.id)
        .where(reports.c.state == "open")
        .group_by(tasks.c.id, tasks.c.parked)
    )
    if project is None:
        return query
    mine = select(Stage.id).where(Stage.project_id == project.id)
    return query.where(tasks.c.stage_id.in_(mine))


async def _open(session: Session, task_id: int) -> list[str]:
    query = (
        select(reports.c.reason)
        .join(assignments, assignments.c.id == reports.c.assignment_id)
        .where(*_about(task_id))
    )
    return list(await session.scalars(query.order_by(reports.c.id)))


def _about(task_id: int) -> tuple[ColumnElement[bool], ...]:
    return (assignments.c.task_id == task_id, reports.c.state == "open")


async def _decide(
    session: Session, task_id: int, state: str, *, actor: int | None, now: datetime
) -> Sequence[int]:
    """Of two people who decide at once, one is told that nothing is open."""
    mine = select(assignments.c.id).where(assignments.c.task_id == task_id)
    decided = await session.scalars(
        update(reports)
        .where(reports.c.state == "open", reports.c.assignment_id.in_(mine))
        .values(state=state, decided_at=now)
        .returning(reports.c.assignment_id)
    )
    found = sorted(decided.all())
    if not found:
        raise Gone
    after = json.dumps({"assignments": found})
    subject = f"task:{task_id}"
    session.add(Audit(actor_id=actor, action=f"report.{state}", subject=subject, after=after))
    await session.flush()
    return found


async def _pay(session: Session, assignment_id: int) -> Thanks:
    query = (
        select(
            assignments.c.worker_id,
            assignments.c.price_micro,
            assignments.c.currency,
            assignments.c.offered_at,
            reports.c.at,
            Project.id.label("project_id"),
            Project.name,
            StageVersion.expected_seconds,
        )
        .join(reports, reports.c.assignment_id == assignments.c.id)
        .join(Stage, Stage.id == assignments.c.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .join(
            StageVersion,
            (StageVersion.stage_id == assignments.c.stage_id)
            & (StageVersion.version == assignments.c.stage_version),
        )
        .where(assignments.c.id == assignment_id)
    )
    row = (await session.execute(query)).one()
    seconds = (row.at - row.offered_at).total_seconds()
    micro = time_price(row.price_micro, seconds=seconds, expected_seconds=row.expected_seconds)
    whose = Whose(row.worker_id, row.project_id, assignment_id, row.currency)
    await ledger.grant(session, f"report:{assignment_id}", "report", whose, micro=micro)
    return Thanks(row.worker_id, row.name, micro, row.currency)
