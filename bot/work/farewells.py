"""The end of a project for those who worked in it: a notice when it closes, and a last statement.

What is in hand may be finished, and what was answered is accepted when its review window ends, if
nobody reviewed it before: the clock does that whatever state the project is in. Each step is told
once, which a row remembers; a project is done when everybody has had their statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from bot.models.base import table
from bot.models.budgets import Farewell
from bot.models.pay import Account, Entry
from bot.models.work import Assignment, Project, Stage
from bot.store.database import Session, upsert

BATCH = 50
NOTICE, STATEMENT = 1, 2  # steps
PENDING = ("held", "answered", "returned")
ANSWERED = ("answered", "returned", "accepted", "not_accepted")
ENDED = ("closing", "closed")

farewells = table(Farewell)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """What one worker is to be told of the end of one project."""

    project: Project
    worker_id: int
    step: int
    in_hand: int
    pending: int
    accepted: int
    refused: int
    accept_at: datetime | None
    """When the last pending answer is accepted at the latest."""
    micro: int
    """All that the project has brought them, what is pending among it."""


async def take(session: Session, *, now: datetime, limit: int = BATCH) -> list[Goodbye]:
    """The next to be told; whoever is given here is not given again."""
    ended = select(Project).where(
        Project.state.in_(ENDED), Project.closing_at.is_not(None), Project.farewell_at.is_(None)
    )
    locked = ended.order_by(Project.id).with_for_update(skip_locked=True, key_share=True)
    found: list[Goodbye] = []
    for project in (await session.scalars(locked)).all():
        if len(found) >= limit:
            break
        mine = await _of_project(session, project, limit - len(found))
        if not mine and project.state == "closed" and not await _left(session, project.id):
            project.farewell_at = now
        found += mine
    await session.flush()
    return found


async def _of_project(session: Session, project: Project, room: int) -> list[Goodbye]:
    found: list[Goodbye] = []
    for step in (NOTICE, STATEMENT) if project.state == "closed" else (NOTICE,):
        for worker_id in await session.scalars(_due(project.id, step).limit(room - len(found))):
            if await _mark(session, project.id, worker_id, step):
                found.append(await _goodbye(session, project, worker_id, step))
    return found


def _mine(project_id: int, states: Sequence[str]) -> Select[Any]:
    return (
        select(Assignment.worker_id)
        .join(Stage, Stage.id == Assignment.stage_id)
        .where(Stage.project_id == project_id, Assignment.state.in_(states))
        .distinct()
    )


def _due(project_id: int, step: int) -> Select[Any]:
    """Who has something pending hears that it closes; who has nothing any more, how it went."""
    told = exists().where(
        farewells.c.project_id == project_id,
        farewells.c.worker_id == Assignment.worker_id,
        farewells.c.step >= step,
    )
    if step == NOTICE:
        return _mine(project_id, PENDING).where(~told)
    pending = _mine(project_id, PENDING).subquery()
    return _mine(project_id, ANSWERED).where(
        ~told, Assignment.worker_id.not_in(select(pending.c.worker_id))
    )


async def _left(session: Session, project_id: int) -> bool:
    """Whether anybody has still something pending."""
    return await session.scalar(_mine(project_id, PENDING).limit(1)) is not None


async def _mark(session: Session, project_id: int, worker_id: int, step: int) -> bool:
    statement = upsert(session, farewells).values(
        project_id=project_id, worker_id=worker_id, step=step
    )
    return (
        await session.scalar(statement.on_conflict_do_nothing().returning(farewells.c.step))
        is not None
    )


async def _goodbye(session: Session, project: Project, worker_id: int, step: int) -> Goodbye:
    rows = await session.execute(
        select(Assignment.state, func.count(), func.max(Assignment.accept_at))
        .join(Stage, Stage.id == Assignment.stage_id)
        .where(Stage.project_id == project.id, Assignment.worker_id == worker_id)
        .group_by(Assignment.state)
    )
    counts, latest = {}, None
    for state, count, accept_at in rows:
        counts[state] = count
        latest = accept_at if state == "answered" else latest
    return Goodbye(
        project=project,
        worker_id=worker_id,
        step=step,
        in_hand=counts.get("held", 0),
        pending=counts.get("answered", 0) + counts.get("returned", 0),
        accepted=counts.get("accepted", 0),
        refused=counts.get("not_accepted", 0),
        accept_at=latest,
        micro=await _earned(session, project, worker_id),
    )


async def _earned(session: Session, project: Project, worker_id: int) -> int:
    """The worker's side of every posting that the project has paid or taken back."""
    charged, theirs = aliased(Entry), aliased(Account)
    paid = (
        select(charged.id)
        .join(theirs, theirs.id == charged.account_id)
        .where(charged.posting_id == Entry.posting_id, theirs.project_id == project.id)
    )
    query = (
        select(func.coalesce(func.sum(Entry.amount), 0))
        .join(Account, Account.id == Entry.account_id)
        .where(Account.worker_id == worker_id, Account.currency == project.currency, paid.exists())
    )
    return int(await session.scalar(query) or 0)
