"""Why there is nothing to offer: no limit is invisible."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from bot.models.people import WorkerLanguage
from bot.models.wage import WageStop
from bot.models.work import Project, Queue, Stage
from bot.store.database import Session
from bot.work import restrictions
from bot.work.access import Access, Closed
from bot.work.restrictions import Limit

Why = Literal[
    "joining",
    "consent",
    "restricted",
    "underpaid",
    "nothing_open",
    "paused",
    "languages",
    "skills",
    "all_done",
]


@dataclass(frozen=True, slots=True)
class NoWork:
    """There is nothing to offer, and why; `closed` has the queues that demand what is lacking."""

    why: Why
    closed: tuple[Closed, ...] = ()
    limits: Sequence[Limit] = ()
    """What keeps work away, when that is why."""


async def why(session: Session, worker_id: int, found: Access[Any], *, now: datetime) -> NoWork:
    """The most useful reason there is nothing to do."""
    reads = select(WorkerLanguage.language).where(WorkerLanguage.worker_id == worker_id)
    mine = set(await session.scalars(reads))
    open_, readable = await _projects(session, "open", mine)
    pauses = await restrictions.active(session, worker_id, now=now, kind=restrictions.PAUSE)
    limits = [one for one in pauses if one.restriction.project_id in (None, *readable)]
    if readable and limits:
        return NoWork("restricted", tuple(found.closed), limits)
    if found.closed:
        return NoWork("skills", tuple(found.closed))
    if await _underpaid(session, mine):
        return NoWork("underpaid")
    if readable:
        return NoWork("all_done")
    return NoWork(await _nothing_readable(session, mine, anything=bool(open_)))


async def _nothing_readable(session: Session, mine: Collection[str], *, anything: bool) -> Why:
    _paused, could_read = await _projects(session, "paused", mine)
    if could_read:
        return "paused"
    return "languages" if anything else "nothing_open"


async def _projects(
    session: Session, state: str, mine: Collection[str]
) -> tuple[set[int], set[int]]:
    """Projects in a state, and those of them that have a queue in a language of mine."""
    query = (
        select(Queue.language, Project.id)
        .join(Stage, Stage.id == Queue.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Project.state == state)
    )
    rows = (await session.execute(query.distinct())).all()
    return {project for _, project in rows}, {one for language, one in rows if language in mine}


async def _underpaid(session: Session, languages: Collection[str]) -> bool:
    """Whether work that somebody could read is paused because it paid below the floor."""
    query = (
        select(Queue.id)
        .join(Stage, Stage.id == Queue.stage_id)
        .join(WageStop, WageStop.project_id == Stage.project_id)
        .where(WageStop.ended_at.is_(None), Queue.language.in_(languages))
    )
    return await session.scalar(query.limit(1)) is not None
