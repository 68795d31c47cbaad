"""How projects stand: counted from the rows when somebody asks, never kept in a counter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any

from sqlalchemy import func, select

from bot.models.reviews import Review
from bot.models.work import Assignment, Project, Queue, Report
from bot.pay.forecast import Forecast
from bot.store import database
from bot.store.database import Session
from bot.work import forecasts, stages
from bot.work.forecasts import Load
from bot.work.stages import StageSpec

HOUR = 3600
RECENT = timedelta(hours=1)
GIVEN = ("answered", "returned", "accepted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One project in figures. Money in micro-units of the project's currency."""

    project: Project
    tasks: int
    gold: int
    wanted: int
    """Answers that all tasks want."""
    answers: int
    """Answers given, accepted ones among them; gold does not count."""
    accepted: int
    held: int
    cost_micro: int
    """What the ledger has charged the project so far."""
    forecast: Forecast
    """The cost when every answer that is still wanted is in, and what it is made of."""
    per_hour: int
    """Answers in the last hour, gold not among them."""
    idle: bool
    """There is work, open for an hour or longer, and no answer in the last hour."""
    wage_micro: int | None
    """What an hour of the first stage pays at the measured time; None until it is measured."""
    offered: int
    """How often a task was offered, and answered, given back or let expire."""
    skipped: float
    """Share of that which was skipped or reported."""
    reports: int
    """That nobody has decided about."""
    reviews: int
    """Answers that wait for a reviewer, or are in one's hands."""
    median_seconds: int | None

    @property
    def share(self) -> float:
        """How much of the work is done, from 0 to 1."""
        return min(1.0, self.answers / self.wanted) if self.wanted else 0.0


async def listing(session: Session, *, state: str | None = None) -> list[Summary]:
    """All projects, or those in a state, newest first."""
    query = select(Project).order_by(Project.id.desc())
    if state is not None:
        query = query.where(Project.state == state)
    return await _summaries(session, (await session.scalars(query)).all())


async def summary(session: Session, project: Project) -> Summary:
    """One project in figures."""
    return (await _summaries(session, [project]))[0]


@dataclass(slots=True)
class _Counts:
    """What was found for all of the projects, by project or by stage."""

    since: datetime
    specs: dict[int, list[StageSpec]]
    loads: dict[int, Load]
    forecasts: dict[int, Forecast]
    states: dict[tuple[int, str], int]
    recent: dict[int, int]
    reports: dict[int, int]
    reviews: dict[int, int]
    medians: dict[int, list[int]]


async def _summaries(session: Session, projects: Sequence[Project]) -> list[Summary]:
    if not projects:
        return []
    counts = await _count(session, projects)
    return [_summary(project, counts) for project in projects]


async def _count(session: Session, projects: Sequence[Project]) -> _Counts:
    ids = [project.id for project in projects]
    specs = await stages.in_force(session, ids)
    stage_ids = [spec.stage_id for found in specs.values() for spec in found]
    since = await database.now(session) - RECENT
    states = await session.execute(
        select(Assignment.stage_id, Assignment.state, func.count())
        .where(Assignment.stage_id.in_(stage_ids), Assignment.gold.is_(False))
        .group_by(Assignment.stage_id, Assignment.state)
    )
    return _Counts(
        since=since,
        specs=specs,
        loads=await forecasts.loads(session, stage_ids),
        forecasts=await forecasts.of(session, projects),
        states={(stage, state): count for stage, state, count in states},
        recent=await _recent(session, stage_ids, since),
        reports=await _reports(session, stage_ids),
        reviews=await _reviews(session, stage_ids),
        medians=await _medians(session, stage_ids),
    )


async def _recent(session: Session, stage_ids: Sequence[int], since: datetime) -> dict[int, int]:
    return await _pairs(
        session,
        select(Queue.stage_id, func.count())
        .join(Assignment, Assignment.queue_id == Queue.id)
        .where(
            Queue.stage_id.in_(stage_ids),
            Assignment.gold.is_(False),
            Assignment.answered_at > since,
        )
        .group_by(Queue.stage_id),
    )


async def _reports(session: Session, stage_ids: Sequence[int]) -> dict[int, int]:
    return await _pairs(
        session,
        select(Assignment.stage_id, func.count())
        .join(Report, Report.assignment_id == Assignment.id)
        .where(Assignment.stage_id.in_(stage_ids), Report.state == "open")
        .group_by(Assignment.stage_id),
    )


async def _reviews(session: Session, stage_ids: Sequence[int]) -> dict[int, int]:
    return await _pairs(
        session,
        select(Review.stage_id, func.count())
        .where(
            Review.stage_id.in_(stage_ids),
            Review.state.in_(("waiting", "held")),
            Review.purpose != "gold",
        )
        .group_by(Review.stage_id),
    )


async def _medians(session: Session, stage_ids: Sequence[int]) -> dict[int, list[int]]:
    query = select(Queue.stage_id, Queue.median_seconds).where(
        Queue.stage_id.in_(stage_ids), Queue.median_seconds.is_not(None)
    )
    found: dict[int, list[int]] = {}
    for stage_id, seconds in await session.execute(query):
        found.setdefault(stage_id, []).append(seconds or 0)
    return found


async def _pairs(session: Session, query: Any) -> dict[int, int]:
    return {key: int(value) for key, value in await session.execute(query)}


def _summary(project: Project, counts: _Counts) -> Summary:
    specs = counts.specs.get(project.id, [])
    ids = [spec.stage_id for spec in specs]
    loads = [counts.loads.get(id, Load()) for id in ids]
    given = _states(counts, ids, GIVEN)
    skipped, expired = (
        _states(counts, ids, ("skipped", "reported")),
        _states(counts, ids, ("expired",)),
    )
    offered = given + skipped + expired
    per_hour = sum(counts.recent.get(id, 0) for id in ids)
    seconds = _median(counts, ids)
    wanted = sum(load.wanted for load in loads)
    return Summary(
        project=project,
        tasks=sum(load.tasks for load in loads),
        gold=sum(load.gold for load in loads),
        wanted=wanted,
        answers=given,
        accepted=_states(counts, ids, ("accepted",)),
        held=_states(counts, ids, ("held",)),
        cost_micro=counts.forecasts[project.id].spent,
        forecast=counts.forecasts[project.id],
        per_hour=per_hour,
        idle=given < wanted and not per_hour and _open_since(project, counts.since),
        wage_micro=specs[0].price_micro * HOUR // seconds if seconds and specs else None,
        offered=offered,
        skipped=skipped / max(1, offered),
        reports=sum(counts.reports.get(id, 0) for id in ids),
        reviews=sum(counts.reviews.get(id, 0) for id in ids),
        median_seconds=seconds,
    )


def _open_since(project: Project, moment: datetime) -> bool:
    """Whether it was open then and is now; one opened a minute ago has no answers to miss."""
    opened = project.opened_at
    return project.state == "open" and opened is not None and opened <= moment


def _states(counts: _Counts, stage_ids: Iterable[int], states: Iterable[str]) -> int:
    return sum(counts.states.get((id, state), 0) for id in stage_ids for state in states)


def _median(counts: _Counts, stage_ids: Sequence[int]) -> int | None:
    seconds = [one for id in stage_ids[:1] for one in counts.medians.get(id, ())]
    return median_low(seconds) if seconds else None
