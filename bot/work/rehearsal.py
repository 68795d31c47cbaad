"""A rehearsal of rules: whom they would have touched, with what numbers. Nobody is touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.models.base import table
from bot.models.people import Worker
from bot.models.work import Assignment, Project, Queue
from bot.quality import rules
from bot.quality.rules import Rule
from bot.store.database import Session
from bot.work import rule_lines, stages, windows
from bot.work.stages import StageSpec

DAYS = 7
HISTORY = 5000  # last answers of a worker: a week of steady work, and what was before
ALL = 100_000  # workers

assignments, queues, workers = table(Assignment), table(Queue), table(Worker)


@dataclass(frozen=True, slots=True)
class Touched:
    """A rule that would have fired for a worker, and when it would have first."""

    worker_id: int
    pseudonym: str
    stage: str
    rule: str
    reason: str
    """The collector."""
    at: datetime
    numbers: dict[str, Any]
    times: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was looked at, and what was found."""

    since: datetime
    answers: int
    workers: int
    rules: int
    touched: Sequence[Touched]


async def rehearse(
    session: Session,
    project: Project,
    *,
    now: datetime,
    days: int = DAYS,
    lines: Sequence[str] = (),
    most: int = ALL,
) -> Rehearsal:
    """Replay the last days' answers against the project's rules, or against `lines` instead.

    At most the `most` busiest workers of each stage. Raises a FieldFault for a line that is none.
    """
    since = now - timedelta(days=days)
    found: list[Touched] = []
    answers, people, count = 0, set(), 0
    for spec in await stages.current(session, project.id):
        tried = _rules(spec, lines)
        count += len(tried)
        busy = await _busy(session, spec, since, most if tried else 0)
        for worker, given in busy:
            answers += given
            people.add(worker.id)
            found += await _of_worker(session, worker, spec, tried, since)
    return Rehearsal(since, answers, len(people), count, found)


def _rules(spec: StageSpec, lines: Sequence[str]) -> list[Rule]:
    if not lines:
        return rule_lines.of_stage(spec.quality)
    return [rule_lines.fitting(line, "rule", spec.kind, spec.currency) for line in lines]


async def _busy(
    session: Session, spec: StageSpec, since: datetime, most: int
) -> Sequence[tuple[Worker, int]]:
    """Who answered in the stage, and how often; the busiest first."""
    mine = select(queues.c.id).where(queues.c.stage_id == spec.stage_id)
    given = (
        select(assignments.c.worker_id, func.count().label("given"))
        .where(assignments.c.queue_id.in_(mine), assignments.c.answered_at > since)
        .group_by(assignments.c.worker_id)
        .subquery()
    )
    query = select(Worker, given.c.given).join(given, given.c.worker_id == Worker.id)
    rows = await session.execute(query.order_by(given.c.given.desc(), Worker.id).limit(most))
    return [(worker, count) for worker, count in rows]


async def _of_worker(
    session: Session, worker: Worker, spec: StageSpec, tried: Sequence[Rule], since: datetime
) -> list[Touched]:
    given = await windows.last(session, worker.id, spec, limit=HISTORY)
    found = []
    for rule in tried:
        fired = rules.replay(rule, given, worker.zone or "UTC", begins=since)
        if fired:
            at, measured = fired[0]
            told = rules.numbers(rule, measured)
            line = rule_lines.write(rule)
            who = (worker.id, worker.pseudonym, spec.name)
            found.append(Touched(*who, line, rule.collector, at, told, len(fired)))
    return found
