"""Rules at work: whose new answers meet a rule, and what is then done about it.

Nothing of this is on the way of an answer. The clock looks at each queue with rules every few
seconds, at the people who answered since the last look, at their last answers: the cost follows
the new answers, never the backlog. A rule fires once for each window of a worker's answers; a
unique row decides between two processes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from bot.models.base import table
from bot.models.people import Audit, Worker
from bot.models.rules import Firing, RuleMark
from bot.models.work import Assignment, Project, Queue, Stage
from bot.quality import rules
from bot.quality.rules import Given, Measured
from bot.store.database import Session, upsert
from bot.work import consequences, rule_lines, stages, windows
from bot.work.consequences import LATE, Case, News
from bot.work.stages import StageSpec

EVERY = timedelta(seconds=10)
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)

assignments, firings, marks = table(Assignment), table(Firing), table(RuleMark)


@dataclass(frozen=True, slots=True)
class Look:
    """A queue to look at, and who has answered in it since."""

    queue_id: int
    stage_id: int
    version: int
    workers: Sequence[int]
    until: datetime


async def due(session: Session, *, now: datetime) -> list[Look]:
    """The queues whose turn it is. Of several processes one gets each."""
    found = []
    for queue_id, stage_id, version in await _ruled(session):
        seen = await _claim(session, queue_id, now)
        if seen is not None:
            spec = await stages.spec(session, stage_id, version)
            workers = await _answered_since(session, queue_id, seen - LATE, spec)
            found.append(Look(queue_id, stage_id, version, workers, now))
    return found


async def seen(session: Session, look: Look) -> None:
    """Everybody in it was looked at; a process that died before that looks again."""
    await session.execute(
        update(marks).where(marks.c.queue_id == look.queue_id).values(seen_at=look.until)
    )


async def judge(
    session: Session, worker_id: int, stage_id: int, version: int, *, now: datetime
) -> list[News]:
    """Hold a worker's last answers against the stage's rules, and act on what fires."""
    spec = await stages.spec(session, stage_id, version)
    worker = await session.get_one(Worker, worker_id)
    mine = rule_lines.of_stage(spec.quality)
    before = await _windows(session, worker_id, stage_id)
    given = await windows.last(session, worker_id, spec)
    found = []
    for rule in mine:
        case = Case(worker, spec, rule, now)
        news = await _judge_by(session, case, given, _since(case, before))
        found += [news] if news else []
    await consequences.keep_holding(session, worker_id, spec.project_id, now=now)
    return found


async def _ruled(session: Session) -> list[tuple[int, int, int]]:
    """Queues of open projects with rules; what a version says is in memory."""
    query = (
        select(Queue.id, Stage.id, Stage.version)
        .join(Stage, Stage.id == Queue.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Project.state == "open")
        .order_by(Queue.id)
    )
    found = []
    for queue_id, stage_id, version in (await session.execute(query)).all():
        if (await stages.spec(session, stage_id, version)).quality.get("rules"):
            found.append((queue_id, stage_id, version))
    return found


async def _claim(session: Session, queue_id: int, now: datetime) -> datetime | None:
    """Up to when the queue was seen, if it is due and nobody else looks."""
    first = upsert(session, marks).values(queue_id=queue_id, due_at=now, seen_at=now - LATE)
    await session.execute(first.on_conflict_do_nothing())
    seen_at: datetime | None = await session.scalar(
        update(marks)
        .where(marks.c.queue_id == queue_id, marks.c.due_at <= now)
        .values(due_at=now + EVERY)
        .returning(marks.c.seen_at)
    )
    return seen_at


async def _answered_since(
    session: Session, queue_id: int, moment: datetime, spec: StageSpec
) -> list[int]:
    """Who gave the new answers; where agreement counts, also whose tasks they may have settled."""
    fresh = assignments.alias("fresh")
    new = (fresh.c.queue_id == queue_id, fresh.c.answered_at > moment)
    query = select(fresh.c.worker_id).where(*new)
    if any(rule.collector == "agreement" for rule in rule_lines.of_stage(spec.quality)):
        query = (
            select(assignments.c.worker_id)
            .join(fresh, fresh.c.task_id == assignments.c.task_id)
            .where(*new, assignments.c.answered_at.is_not(None))
        )
    return sorted(set(await session.scalars(query.distinct())))


async def _windows(session: Session, worker_id: int, stage_id: int) -> dict[str, datetime]:
    """Where each rule's next window begins."""
    query = (
        select(firings.c.rule, func.max(firings.c.until))
        .where(firings.c.worker_id == worker_id, firings.c.stage_id == stage_id)
        .group_by(firings.c.rule)
    )
    return dict((await session.execute(query)).all())


def _since(case: Case, before: dict[str, datetime]) -> datetime:
    if case.rule.collector in rules.PER_DAY:
        return rules.midnight(case.now, case.worker.zone or "UTC")
    return before.get(case.line, BEGINNING)


async def _judge_by(
    session: Session, case: Case, given: Sequence[Given], since: datetime
) -> News | None:
    """Whether the rule holds over the window; then it fires once, and is acted upon."""
    window = [one for one in given if one.at > since]
    measured = await _measured(session, case, window, since)
    if measured is None or not window:
        return None
    firing_id = await _fire(session, case, measured, since=since, until=window[-1].at)
    if firing_id is None:
        return None
    return await consequences.follow(session, case, measured, window, firing_id)


async def _measured(
    session: Session, case: Case, window: Sequence[Given], since: datetime
) -> Measured | None:
    if case.rule.collector not in rules.PER_DAY:
        return rules.fires(case.rule, window)
    found = await windows.day(session, case.worker.id, case.spec, case.rule, since)
    return found if rules.holds(case.rule, found) else None


async def _fire(
    session: Session, case: Case, measured: Measured, *, since: datetime, until: datetime
) -> int | None:
    """Write it down, with an audit row; None when this window has fired before."""
    told = rules.numbers(case.rule, measured)
    statement = upsert(session, firings).values(
        worker_id=case.worker.id,
        stage_id=case.spec.stage_id,
        rule=case.line,
        since=since,
        until=until,
        numbers=told,
    )
    statement = statement.on_conflict_do_nothing().returning(firings.c.id)
    made: int | None = await session.scalar(statement)
    if made is not None:
        after = json.dumps({"rule": case.line, "numbers": told})
        subject = f"worker:{case.worker.id}"
        session.add(Audit(action="rule.fire", subject=subject, before=case.spec.slug, after=after))
        await session.flush()
    return made
