"""Dispatch: who gets which task, for how long, and when it goes back.

A worker walks each queue along a cursor. The next task is the first open one after it that they
never had: one probe of an index for each task passed, flat from 1,000 to 1,000,000 tasks. A task
whose slot opens again lies behind some cursors, so it moves to the end of its priority band; and
before 'no tasks' is said, the queue is looked through once more from its start.
"""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Executable,
    bindparam,
    case,
    cast,
    func,
    insert,
    select,
    update,
)
from structlog.contextvars import bind_contextvars

from bot import metrics
from bot.models.base import table
from bot.models.chat import Chat
from bot.models.people import Worker, WorkerLanguage
from bot.models.skills import Sitting
from bot.models.work import Assignment, Cursor, Project, Queue, Stage, Task
from bot.pay import tiers
from bot.store.database import Session, upsert
from bot.task_types import TASK_TYPES
from bot.work import access, gold, no_work, pricing, restrictions, sittings, stages
from bot.work.access import Access
from bot.work.no_work import NoWork
from bot.work.queues import BAND, HAD, PRIORITIES, TAKEN
from bot.work.stages import StageSpec

SHORTEST_LEASE = timedelta(minutes=5)
LEASE_MEDIANS = 3
RUN = 3  # tasks of one queue in a row before another queue's turn: variety without confusion
BATCH = 100
WAKE_AGAIN = timedelta(minutes=1)
REQUEUED = 2**49  # sequences of requeued tasks start above any that an import counts
REQUEUE_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)

assignments, cursors, tasks = table(Assignment), table(Cursor), table(Task)
projects, queues, stage_rows = table(Project), table(Queue), table(Stage)
begun = table(Sitting)

# What every answer runs is built once: building a statement costs three times its execution.
_OFFERS = (
    select(assignments, tasks.c.key, tasks.c.body, queues.c.language, queues.c.median_seconds)
    .join(tasks, tasks.c.id == assignments.c.task_id)
    .join(queues, queues.c.id == assignments.c.queue_id)
)
_MINE = assignments.c.worker_id == bindparam("worker")
_THIS = assignments.c.id == bindparam("assignment")
HELD = _OFFERS.where(_MINE, assignments.c.state == "held")
ONE_OF_MINE = _OFFERS.where(_THIS, _MINE)
ONE = _OFFERS.where(_THIS)

LANES = (
    select(
        queues.c.id,
        queues.c.stage_id,
        stage_rows.c.version,
        queues.c.language,
        queues.c.median_seconds,
        queues.c.concepts,
        func.coalesce(cursors.c.position, -1),
        func.coalesce(cursors.c.served, 0),
        begun.c.id,
        tiers.EDITION,
    )
    .join(stage_rows, stage_rows.c.id == queues.c.stage_id)
    .join(projects, projects.c.id == stage_rows.c.project_id)
    .outerjoin(
        cursors,
        (cursors.c.worker_id == bindparam("worker")) & (cursors.c.queue_id == queues.c.id),
    )
    .outerjoin(
        begun,
        (begun.c.worker_id == bindparam("worker"))
        & (begun.c.queue_id == queues.c.id)
        & (begun.c.state == "open"),
    )
    .where(
        projects.c.state == "open",
        queues.c.language.in_(
            select(table(WorkerLanguage).c.language).where(
                table(WorkerLanguage).c.worker_id == bindparam("worker")
            )
        ),
        ~restrictions.KEPT_OUT,
    )
)

PROBE = (
    select(tasks.c.id)
    .where(
        tasks.c.queue_id == bindparam("queue"),
        tasks.c.position > bindparam("cursor"),
        tasks.c.open_slots > 0,
        ~HAD,
    )
    .order_by(tasks.c.position)
    .limit(1)
)


def _take(*, skip_locked: bool) -> Any:
    """Probe and take in one statement, passing over or waiting for what others are just taking."""
    probe = PROBE.with_for_update(skip_locked=skip_locked).correlate(None).scalar_subquery()
    return (
        update(tasks)
        .where(tasks.c.id == probe, tasks.c.open_slots > 0)
        .values(open_slots=tasks.c.open_slots - 1)
        .returning(*TAKEN)
    )


# From the cursor on; from the start; and before 'no tasks' is said, once more without passing
# over a task whose row is locked for a moment: it may have a slot left.
TAKE, TAKE_ANY = _take(skip_locked=True), _take(skip_locked=False)
PASSES = ((False, TAKE), (True, TAKE), (True, TAKE_ANY))
ASSIGN = insert(assignments).returning(assignments.c.id)
ADVANCE = (
    update(cursors)
    .where(cursors.c.worker_id == bindparam("worker"), cursors.c.queue_id == bindparam("queue"))
    .values(position=bindparam("reached"), served=cursors.c.served + 1)
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A task in a worker's hands, and all that its card shows."""

    assignment_id: int
    worker_id: int
    nonce: str
    state: str
    spec: StageSpec
    language: str
    key: str
    body: dict[str, Any]
    layout: list[int]
    locale: str
    price_micro: int
    currency: str
    draft: Any
    offered_at: datetime
    lease_until: datetime
    answered_at: datetime | None
    gold: bool
    task_id: int
    queue_id: int
    sitting_id: int | None
    median_seconds: int | None
    """What the queue's answers take, once that is measured."""
    rework_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue a worker may pull from, and how far they have come in it."""

    queue_id: int
    stage_id: int
    version: int
    language: str
    median_seconds: int | None
    concepts: list[str]
    cursor: int
    served: int
    sitting_id: int | None
    edition: int
    """Of the tiers' terms, see `bot.pay.tiers.edition`."""


async def next_for(
    session: Session, worker: Worker, *, now: datetime, free: bool = False
) -> Offer | NoWork:
    """The task the worker holds, or else the next one, claimed for them.

    `free`: the caller knows that they hold none, because what they held was just answered.
    """
    if worker.state != "active":
        return NoWork("consent" if worker.state == "paused" else "joining")
    in_hand = None if free else await held(session, worker.id)
    return in_hand or await _claim(session, worker, now)


async def held(session: Session, worker_id: int) -> Offer | None:
    """What the worker has in hand."""
    return await _offer(session, HELD, worker=worker_id)


async def offer(session: Session, worker_id: int, assignment_id: int) -> Offer | None:
    """One assignment of this worker's, whatever its state."""
    return await _offer(session, ONE_OF_MINE, assignment=assignment_id, worker=worker_id)


async def offer_of(session: Session, assignment_id: int) -> Offer | None:
    """One assignment, whoever's it is: for programs, never for a tap."""
    return await _offer(session, ONE, assignment=assignment_id)


async def available(session: Session, worker: Worker, *, now: datetime) -> bool:
    """Whether a claim would find something, without claiming it."""
    found = await _access(session, worker.id, now)
    if any(lane.sitting_id for lane in found.open):
        return True
    for lane in found.open:
        for cursor in (lane.cursor, -1):
            where = {"worker": worker.id, "queue": lane.queue_id, "cursor": cursor}
            if await session.scalar(PROBE, where) is not None:
                return True
    return False


async def waiting(
    session: Session, *, now: datetime, limit: int = 50
) -> Sequence[tuple[Chat, Worker]]:
    """People to look for work for again, longest waiting first."""
    found = await session.execute(
        select(Chat, Worker)
        .join(Worker, Worker.id == Chat.worker_id)
        .where(Chat.wake_at <= now, Chat.reachable.is_(True))
        .order_by(Chat.wake_at)
        .limit(limit)
        .with_for_update(of=Chat, skip_locked=True)
    )
    return [(chat, worker) for chat, worker in found]


async def renew(session: Session, current: Offer, *, now: datetime) -> Offer:
    """Any sign of life gives the lease its full length again; a longer one stays as it is."""
    until = now + lease_length(current.spec.expected_seconds, None)
    if current.state != "held" or until <= current.lease_until:
        return current
    await session.execute(
        update(assignments)
        .where(assignments.c.id == current.assignment_id, assignments.c.state == "held")
        .values(lease_until=until)
    )
    return replace(current, lease_until=until)


async def give_back(
    session: Session, current: Offer, *, state: Literal["skipped", "reported"], now: datetime
) -> bool:
    """The worker hands the task back; False when it was not in their hands any more."""
    done = await session.execute(
        update(assignments)
        .where(assignments.c.id == current.assignment_id, assignments.c.state == "held")
        .values(state=state, seconds=seconds_since(current, now))
        .returning(assignments.c.task_id)
    )
    freed = done.scalars().all()
    await free_slots(session, freed, now)
    return bool(freed)


async def expire(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Take back what was held too long. The card stays good: a late answer is kept and paid."""
    stale = (
        select(assignments.c.id)
        .where(assignments.c.state == "held", assignments.c.lease_until < now)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    gone = await _expire(session, stale, now)
    metrics.LEASES_EXPIRED.inc(gone)
    return gone


async def unreachable(session: Session, bot_id: int, chat_id: int, *, now: datetime) -> None:
    """The person blocked the bot or is gone: others get their task, their money stays theirs."""
    worker_id = await session.scalar(
        update(Chat)
        .where(Chat.bot_id == bot_id, Chat.chat_id == chat_id)
        .values(reachable=False)
        .returning(Chat.worker_id)
        .execution_options(synchronize_session=False)
    )
    mine = select(assignments.c.id).where(
        assignments.c.worker_id == worker_id, assignments.c.state == "held"
    )
    await _expire(session, mine, now)


async def take_slot(session: Session, task_id: int) -> bool:
    """A place for an answer that counts after all; False when others have filled them all."""
    taken = await session.scalar(
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.open_slots > 0)
        .values(open_slots=tasks.c.open_slots - 1)
        .returning(tasks.c.id)
    )
    return taken is not None


async def measure(session: Session) -> None:
    """Keep each open queue's median answer time over its last 51 answers."""
    open_queues = (
        select(Queue)
        .join(Stage, Stage.id == Queue.stage_id)
        .join(Project, Project.id == Stage.project_id)
    )
    for queue in await session.scalars(open_queues.where(Project.state == "open")):
        recent = (
            select(assignments.c.seconds)
            .where(assignments.c.queue_id == queue.id, assignments.c.answered_at.is_not(None))
            .order_by(assignments.c.answered_at.desc())
            .limit(51)
        )
        seconds = sorted((await session.scalars(recent)).all())
        if len(seconds) >= 5:
            queue.median_seconds = seconds[len(seconds) // 2]


async def free_slots(session: Session, task_ids: Sequence[int], now: datetime) -> None:
    """Slots open again. A task that had none open lies behind cursors: it goes to the end.

    Those of a task that is put aside wait with it.
    """
    parked = tasks.c.parked.is_not(None)
    since = int((now - REQUEUE_EPOCH) / timedelta(microseconds=1))
    for offset, task_id in enumerate(sorted(task_ids)):
        # Cast, or PostgreSQL takes the band for a 32-bit number too.
        last = (PRIORITIES - cast(tasks.c.priority, BigInteger)) * BAND + REQUEUED + since + offset
        await session.execute(
            update(tasks)
            .where(tasks.c.id == task_id, tasks.c.gold.is_(None))
            .values(
                open_slots=case((parked, 0), else_=tasks.c.open_slots + 1),
                parked=tasks.c.parked + 1,
                position=case((tasks.c.open_slots == 0, last), else_=tasks.c.position),
            )
        )


def lease_length(expected_seconds: int, median_seconds: int | None) -> timedelta:
    """Three times the usual time, at least five minutes."""
    usual = median_seconds or expected_seconds
    return max(SHORTEST_LEASE, timedelta(seconds=LEASE_MEDIANS * usual))


def seconds_since(current: Offer, now: datetime) -> int:
    """How long the worker has had the task."""
    return max(0, round((now - current.offered_at).total_seconds()))


def fresh_nonce() -> str:
    """What marks the buttons of one showing of a card."""
    return secrets.token_hex(4)


def order(lanes: Sequence[Lane]) -> list[Lane]:
    """A run of a queue is finished first; then the queue served least."""
    return sorted(lanes, key=lambda lane: (lane.served % RUN == 0, lane.served, lane.queue_id))


async def lanes(session: Session, worker_id: int, *, now: datetime) -> list[Lane]:
    """The queues of open projects in the worker's languages that no restriction closes."""
    found = await session.execute(LANES, {"worker": worker_id, "now": now})
    return [Lane(*tuple[Any, ...](row)) for row in found]


async def _claim(session: Session, worker: Worker, now: datetime) -> Offer | NoWork:
    found = await _access(session, worker.id, now)
    if any(lane.sitting_id for lane in found.open):
        sat = await _sit(session, worker, found.open[0], now)
        return sat or await _claim(session, worker, now)
    for start_over, take in PASSES:
        for lane in order(found.open):
            start = -1 if start_over else lane.cursor
            claimed = await _claim_in(
                session, worker, lane, now, found.skills, start=start, take=take
            )
            if claimed is not None:
                return claimed
    return await no_work.why(session, worker.id, found, now=now)


async def _access(session: Session, worker_id: int, now: datetime) -> Access[Lane]:
    """An exam or training that was begun comes alone; else what is open to the worker."""
    found = await lanes(session, worker_id, now=now)
    begun = [lane for lane in found if lane.sitting_id is not None]
    return Access(begun, []) if begun else await access.sift(session, worker_id, found)


async def _sit(session: Session, worker: Worker, lane: Lane, now: datetime) -> Offer | None:
    """The next task of the training or exam that was begun; None when it has none left."""
    assert lane.sitting_id is not None
    sitting = await sittings.find(session, lane.sitting_id)
    spec = await stages.spec(session, lane.stage_id, sitting.stage_version)
    lease = now + lease_length(spec.expected_seconds, lane.median_seconds)
    again = await sittings.resume(session, sitting, fresh_nonce(), now=now, lease_until=lease)
    if again is not None:
        return await offer(session, worker.id, again)
    row = await sittings.next_task(session, sitting, spec, lane.concepts)
    if row is None:
        await sittings.end(session, sitting, spec, lane.language, now=now)
        return None
    return await _assign(session, worker, lane, spec, row, now, {})


async def _claim_in(  # noqa: PLR0913 - who, where, when, and which of the passes
    session: Session,
    worker: Worker,
    lane: Lane,
    now: datetime,
    skills: Mapping[str, float],
    *,
    start: int,
    take: Any,
) -> Offer | None:
    spec = await stages.spec(session, lane.stage_id, lane.version)
    if start == lane.cursor and random.random() * 1_000_000 < spec.gold_share_ppm:  # noqa: S311
        found = await gold.pick(session, worker.id, lane.queue_id, lane.concepts)
        if found is not None:
            return await _assign(session, worker, lane, spec, found, now, skills)
    where = {"worker": worker.id, "queue": lane.queue_id, "cursor": start}
    row = (await session.execute(take, where)).one_or_none()
    if row is None:
        return None
    return await _assign(session, worker, lane, spec, row, now, skills)


async def _assign(  # noqa: PLR0913 - who, what, when, and what decides the price
    session: Session,
    worker: Worker,
    lane: Lane,
    spec: StageSpec,
    task: Any,
    now: datetime,
    skills: Mapping[str, float],
) -> Offer:
    """Freeze the terms on an assignment and move the cursor."""
    price = spec.price_micro
    if "pay" in spec.quality:
        price = await pricing.offered(session, spec, lane, worker, skills, now=now)
    layout = TASK_TYPES[spec.type].layout(spec.settings, random.Random(secrets.randbits(32)))  # noqa: S311
    values = {
        "task_id": task.id,
        "worker_id": worker.id,
        "stage_id": lane.stage_id,
        "stage_version": spec.version,
        "queue_id": lane.queue_id,
        "state": "held",
        "nonce": fresh_nonce(),
        "gold": task.gold is not None,
        "sitting_id": lane.sitting_id,
        "surplus": False,
        "price_micro": price,
        "currency": spec.currency,
        "locale": worker.locale or "en",
        "layout": layout,
        "offered_at": now,
        "lease_until": now + lease_length(spec.expected_seconds, lane.median_seconds),
    }
    assignment_id = await session.scalar(ASSIGN, values)
    assert assignment_id is not None
    bind_contextvars(assignment=assignment_id)
    metrics.CLAIMS.inc()
    reached = lane.cursor if task.gold is not None else max(lane.cursor, task.position)
    await _move_cursor(session, worker.id, lane, reached)
    return Offer(
        assignment_id=assignment_id,
        worker_id=worker.id,
        nonce=str(values["nonce"]),
        state="held",
        spec=spec,
        language=lane.language,
        key=task.key,
        body=task.body,
        layout=layout,
        locale=worker.locale or "en",
        price_micro=price,
        currency=spec.currency,
        draft=None,
        offered_at=now,
        lease_until=now + lease_length(spec.expected_seconds, lane.median_seconds),
        answered_at=None,
        gold=task.gold is not None,
        sitting_id=lane.sitting_id,
        task_id=task.id,
        queue_id=lane.queue_id,
        median_seconds=lane.median_seconds,
    )


async def _move_cursor(session: Session, worker_id: int, lane: Lane, reached: int) -> None:
    """The first task of a queue makes the row; the worker's row is held, so nobody else does."""
    if lane.served:
        where = {"worker": worker_id, "queue": lane.queue_id, "reached": reached}
        await session.execute(ADVANCE, where)
        return
    statement = upsert(session, cursors).values(
        worker_id=worker_id, queue_id=lane.queue_id, position=reached, served=1
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["worker_id", "queue_id"],
            set_={"position": reached, "served": cursors.c.served + 1},
        )
    )


async def _offer(session: Session, query: Executable, **which: int) -> Offer | None:
    row = (await session.execute(query, which)).one_or_none()
    if row is None:
        return None
    bind_contextvars(assignment=row.id)
    return Offer(
        assignment_id=row.id,
        worker_id=row.worker_id,
        nonce=row.nonce,
        state=row.state,
        spec=await stages.spec(session, row.stage_id, row.stage_version),
        language=row.language,
        key=row.key,
        body=row.body,
        layout=row.layout,
        locale=row.locale,
        price_micro=row.price_micro,
        currency=row.currency,
        draft=row.draft,
        offered_at=row.offered_at,
        lease_until=row.lease_until,
        answered_at=row.answered_at,
        gold=row.gold,
        sitting_id=row.sitting_id,
        task_id=row.task_id,
        queue_id=row.queue_id,
        median_seconds=row.median_seconds,
        rework_until=row.rework_until,
    )


async def _expire(session: Session, which: Any, now: datetime) -> int:
    gone = await session.execute(
        update(assignments)
        .where(assignments.c.id.in_(which), assignments.c.state == "held")
        .values(state="expired")
        .returning(assignments.c.task_id)
    )
    freed = gone.scalars().all()
    await free_slots(session, freed, now)
    return len(freed)
