"""Tasks whose answers have no majority: one person decides, blind, and says why they differ.

A task is contested when all its answers are in and none has more than half of them; of several
choices an answer is the whole set. The decision is the task's result; nobody's pay depends on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from bot.errors import Gone, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.people import Worker
from bot.models.reviews import Adjudication
from bot.models.work import Answer, Assignment, Project, Queue, Stage, Task
from bot.pay import ledger, tiers
from bot.pay.ledger import Whose
from bot.people import roles
from bot.store.database import Session, upsert
from bot.task_types.kind import Value
from bot.work import counting, reviews, stages, votes
from bot.work.stages import StageSpec

CAUSES = ("ambiguous", "gap", "error")
FOUND = 200  # contested tasks put into the queue at a time
TYPES = ("choice", "compare", "rating", "multi")  # whose answers are voted on

adjudications, tasks, answers = table(Adjudication), table(Task), table(Answer)
assignments, queues, stage_rows = table(Assignment), table(Queue), table(Stage)


class AlreadySettled(Refusal):
    msgid = N_("Somebody has already decided about this task.")


class NotInHand(Gone):
    msgid = N_("You do not have this task in hand.")


@dataclass(frozen=True, slots=True)
class Dispute:
    """A contested task, as the person who decides sees it: what was answered, not how often."""

    id: int
    spec: StageSpec
    language: str
    body: dict[str, Any]
    answers: tuple[Any, ...]
    pay_micro: int
    currency: str


async def take(
    session: Session, reviewer: Worker, project: Project, *, now: datetime
) -> Dispute | None:
    """The contested task in hand, or the next one of the project."""
    await roles.require(session, reviewer.id, *reviews.MAY_REVIEW)
    specs = [one for one in await stages.current(session, project.id) if one.type in TYPES]
    for _attempt in ("what waits", "what is found"):
        taken = await _claim(session, reviewer.id, specs, now)
        if taken is not None:
            return await _dispute(session, taken)
        if not await _find(session, specs):
            return None
    return None


async def in_hand(session: Session, reviewer: Worker, id: int) -> Dispute:
    """What this reviewer is about to decide. Raises why they are not."""
    await roles.require(session, reviewer.id, *reviews.MAY_REVIEW)
    state = await session.scalar(select(adjudications.c.state).where(adjudications.c.id == id))
    mine = select(adjudications.c.id).where(_held_by(reviewer.id), adjudications.c.id == id)
    if state == "decided":
        raise AlreadySettled
    if await session.scalar(mine) is None:
        raise NotInHand
    return await _dispute(session, id)


async def decide(
    session: Session, reviewer: Worker, id: int, number: int, cause: str, *, now: datetime
) -> None:
    """What `number` stands for is the result, and `cause` is why the answers differ."""
    dispute = await in_hand(session, reviewer, id)
    if cause not in CAUSES:
        raise NotInHand
    spec = dispute.spec
    label = spec.kind.label(spec.settings, chosen(dispute, number))
    won = await session.scalar(
        update(adjudications)
        .where(adjudications.c.id == id, _held_by(reviewer.id))
        .values(state="decided", label=label, cause=cause, decided_at=now)
        .returning(adjudications.c.task_id)
    )
    if won is None:
        raise AlreadySettled
    about = select(func.min(assignments.c.id)).where(assignments.c.task_id == won)
    whose = Whose(reviewer.id, spec.project_id, await session.scalar(about) or 0, dispute.currency)
    await ledger.grant(session, f"adjudicate:{won}", "review", whose, micro=dispute.pay_micro)


def chosen(dispute: Dispute, number: int) -> Value:
    """The value of a button by its number, or of several choices by one bit for each option.

    Raises Unfit when the task has no such button, or too few or too many are marked.
    """
    kind, settings = dispute.spec.kind, dispute.spec.settings
    if dispute.spec.type != "multi":
        return kind.tapped(settings, (), number)
    return kind.voted(settings, (), [at for at in range(number.bit_length()) if number >> at & 1])


def _held_by(reviewer_id: int) -> ColumnElement[bool]:
    return and_(adjudications.c.state == "held", adjudications.c.reviewer_id == reviewer_id)


async def _claim(
    session: Session, reviewer_id: int, specs: Sequence[StageSpec], now: datetime
) -> int | None:
    """The one in hand with its lease renewed, or the oldest that this person may decide."""
    lease = {"lease_until": now + reviews.LEASE}
    here = adjudications.c.stage_id.in_([spec.stage_id for spec in specs])
    renewed: int | None = await session.scalar(
        update(adjudications)
        .where(_held_by(reviewer_id))
        .values(lease)
        .returning(adjudications.c.id)
    )
    if renewed is not None:
        return renewed
    answered = exists().where(
        assignments.c.worker_id == reviewer_id, assignments.c.task_id == adjudications.c.task_id
    )
    free = or_(
        adjudications.c.state == "waiting",
        and_(adjudications.c.state == "held", adjudications.c.lease_until < now),
    )
    among = queues.c.stage_id.in_([spec.stage_id for spec in specs])
    open_queues = await reviews.qualified(session, reviewer_id, among)
    probe = (
        select(adjudications.c.id)
        .where(here, free, ~answered, adjudications.c.queue_id.in_(open_queues))
        .order_by(adjudications.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .correlate(None)
        .scalar_subquery()
    )
    taken: int | None = await session.scalar(
        update(adjudications)
        .where(adjudications.c.id == probe, free)
        .values(lease | {"state": "held", "reviewer_id": reviewer_id})
        .returning(adjudications.c.id)
    )
    return taken


async def _find(session: Session, specs: Sequence[StageSpec]) -> int:
    """Put contested tasks into the queue, at most FOUND; how many are new."""
    found = await session.execute(_contested([spec.stage_id for spec in specs]).limit(FOUND))
    rows = [dict(row) | {"state": "waiting"} for row in found.mappings()]
    if not rows:
        return 0
    statement = upsert(session, adjudications).values(rows)
    made = await session.execute(
        statement.on_conflict_do_nothing(index_elements=["task_id"]).returning(adjudications.c.id)
    )
    return len(made.all())


def _contested(stage_ids: Sequence[int]) -> Any:
    """Tasks without a majority among all their answers, or all they will get."""
    each = _votes(stage_ids).subquery()
    sums = (
        select(
            each.c.task_id,
            func.sum(each.c.votes).label("all"),
            func.max(each.c.votes).label("most"),
        )
        .group_by(each.c.task_id)
        .subquery()
    )
    to_come = exists().where(
        assignments.c.task_id == tasks.c.id, assignments.c.state.in_(("held", "returned"))
    )
    known = exists().where(adjudications.c.task_id == tasks.c.id)
    return (
        select(tasks.c.id.label("task_id"), tasks.c.stage_id, tasks.c.queue_id)
        .join(sums, sums.c.task_id == tasks.c.id)
        .join(Stage, Stage.id == tasks.c.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(tasks.c.gold.is_(None), ~to_come, ~known)
        .where(or_(tasks.c.open_slots == 0, Project.state.in_(("closing", "closed"))))
        .where(sums.c["all"] > 1, 2 * sums.c.most <= sums.c["all"])
        .order_by(tasks.c.id)
    )


def _votes(stage_ids: Sequence[int]) -> Any:
    """How often each label counts, by task."""
    return (
        select(assignments.c.task_id, answers.c.label, func.count().label("votes"))
        .join(answers, answers.c.assignment_id == assignments.c.id)
        .where(assignments.c.stage_id.in_(stage_ids), *_counts())
        .group_by(assignments.c.task_id, answers.c.label)
    )


def _counts() -> tuple[ColumnElement[bool], ...]:
    """An answer that counts towards a result, in its last revision."""
    return (
        assignments.c.state.in_(counting.STATES),
        assignments.c.worker_id.not_in(votes.withdrawn()),
        *counting.newest(),
    )


async def _dispute(session: Session, id: int) -> Dispute:
    found = await session.execute(
        select(
            adjudications.c.task_id,
            adjudications.c.stage_id,
            stage_rows.c.version,
            queues.c.language,
            tasks.c.body,
        )
        .join(tasks, tasks.c.id == adjudications.c.task_id)
        .join(queues, queues.c.id == adjudications.c.queue_id)
        .join(stage_rows, stage_rows.c.id == adjudications.c.stage_id)
        .where(adjudications.c.id == id)
    )
    row = found.one()
    spec = await stages.spec(session, row.stage_id, row.version)
    tier = await tiers.nearest(session, spec.tier, spec.currency)
    given = await session.execute(
        select(answers.c.label, answers.c.value)
        .join(assignments, assignments.c.id == answers.c.assignment_id)
        .where(assignments.c.task_id == row.task_id, *_counts())
        .order_by(answers.c.label)
    )
    values: dict[str, Any] = dict(given.all())
    return Dispute(
        id=id,
        spec=spec,
        language=row.language,
        body=row.body,
        answers=tuple(values.values()),
        pay_micro=tier.review_micro,
        currency=tier.currency,
    )
