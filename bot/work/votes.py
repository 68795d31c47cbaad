"""A stage's answers as votes, and what they add up to: a result for each task, by its method.

    for key, outcome in votes.outcomes(session, stage, gold=False): ...
    found = await votes.agreement(session, spec)

Rows are streamed, by task key. Where labels are all that a method needs, the database counts them
and memory holds one page and one task's. Others take all answers as columns of numbers: a million
are 12 MB. Those of a crowd are learnt from at most LEARNT answers, and crowd-kit's models refuse
what they cannot bear.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from operator import attrgetter
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.util import await_only

from bot.models.people import Consent
from bot.models.reviews import Adjudication
from bot.models.work import Answer, Assignment, Queue, Stage, StageVersion, Task
from bot.quality import aggregate, analytics, estimates, one_coin
from bot.quality.aggregate import METHODS, Method, Outcome
from bot.quality.agreement import Agreement
from bot.quality.agreement import agreement as agree
from bot.quality.columns import Columns
from bot.quality.confidence import Vote
from bot.store.database import Session
from bot.task_types import TASK_TYPES
from bot.work import counting
from bot.work.stages import StageSpec

PAGE = 1000  # rows fetched at a time; between pages the other turns get theirs
LEARNT = 2_000_000  # answers that accuracies are learnt from: 200 MB, and 0.5 s a round
NEWEST = 5_000  # answers of a stage whose agreement is measured: some milliseconds

Rows: TypeAlias = "Select[*tuple[Any, ...]]"
Results: TypeAlias = Iterator[tuple[Row[Any], Outcome]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Which tasks to read, and how their answers become results."""

    stage: Stage
    options: tuple[str, ...]
    gold: bool
    method: Method


def outcomes(session: SyncSession, stage: Stage, *, gold: bool) -> Iterator[tuple[str, Outcome]]:
    """The result of every task by its key; `gold` takes the tasks with a known answer too."""
    version = session.get_one(StageVersion, (stage.id, stage.version))
    method = METHODS[method_of(version)]
    known = method.fits == "options"
    options = TASK_TYPES[version.type].labels(version.settings) if known else ()
    reading = _Reading(stage, options, gold, method)
    decided = _adjudicated(session, stage)
    for task, outcome in READ[method.needs](session, reading):
        label = decided.get(task.task_id)
        if label is None:
            yield task.key, aggregate.opened(outcome, task.overlap)
        else:
            yield task.key, aggregate.adjudicated(outcome, label)


def method_of(version: StageVersion) -> str:
    """How the answers become results: as the stage says, or as is usual for its type."""
    # Versions from before the stage's `aggregate` have mean or median in the settings.
    said: str | None = version.quality.get("aggregate") or version.settings.get("combine")
    return said or aggregate.usual(TASK_TYPES[version.type])


async def agreement(session: Session, spec: StageSpec) -> Agreement:
    """How far the newest answers of a stage agree with each other; gold is not among them."""
    queues = (await session.scalars(select(Queue.id).where(Queue.stage_id == spec.stage_id))).all()
    labels: dict[int, list[str]] = {}
    for queue in queues:
        for task, label in await session.execute(_newest(queue, NEWEST // len(queues))):
            labels.setdefault(task, []).append(label)
    return agree(spec.kind, labels.values())


def comparisons(
    session: SyncSession, stage: Stage, fields: tuple[str, str]
) -> Counter[tuple[str, str, str]]:
    """How often which label was said of which two, as two fields of the tasks name them."""
    left, right = fields
    reading = _Reading(stage, (), False, METHODS["majority"])
    found: Counter[tuple[str, str, str]] = Counter()
    for row in _streamed(session, _counts(session, reading).add_columns(Task.body)):
        if left in row.body and right in row.body and row.votes:
            found[str(row.body[left]), str(row.body[right]), row.label] += row.votes
    return found


def withdrawn() -> Select[int]:
    """Workers who took back their consent to the use of their answers, and gave no new one."""
    return (
        select(Consent.worker_id)
        .where(Consent.document == "answers")
        .group_by(Consent.worker_id)
        .having(func.count() == func.count(Consent.withdrawn_at))
    )


# From rows to results, by what a method needs


def _by_labels(session: SyncSession, reading: _Reading) -> Results:
    judge = reading.method.outcome
    assert judge is not None
    for rows in by_task(session, _counts(session, reading)):
        yield rows[0], judge(chain.from_iterable(repeat(row.label, row.votes or 0) for row in rows))


def _by_gold(session: SyncSession, reading: _Reading) -> Results:
    known = _accuracies_from_gold(session, reading.stage)
    answers, _corrected = _columns(session, reading)
    for task in _streamed(session, _tasks(session, reading)):
        yield task, aggregate.weighted(_with_accuracy(answers.of(task.task_id), known))


def _by_crowd(session: SyncSession, reading: _Reading) -> Results:
    answers, corrected = _columns(session, reading)
    tasks = list(_streamed(session, _tasks(session, reading)))
    own, _same = _columns(session, reading, own=True) if corrected else (answers, False)
    known = _accuracies_of_crowd(own, tasks, reading.options)
    for task in tasks:
        given = _with_accuracy(answers.of(task.task_id), known)
        yield task, aggregate.likeliest(given, reading.options)


def _by_model(session: SyncSession, reading: _Reading) -> Results:
    name = reading.method.name
    analytics.require(name, *_size(session, reading))
    answers, _corrected = _columns(session, reading)
    found = await_only(asyncio.to_thread(analytics.chances, name, *answers.lists()))
    for task in _streamed(session, _tasks(session, reading)):
        chances = found.get(task.task_id, {})
        yield task, aggregate.judged(chances, answers.count(task.task_id), name)


READ: dict[str, Callable[[SyncSession, _Reading], Results]] = {
    "labels": _by_labels,
    "gold": _by_gold,
    "crowd": _by_crowd,
    "model": _by_model,
}


def _adjudicated(session: SyncSession, stage: Stage) -> dict[int, str]:
    """What somebody decided about tasks whose answers have no majority."""
    rows = session.execute(
        select(Adjudication.task_id, Adjudication.label).where(
            Adjudication.stage_id == stage.id, Adjudication.label.is_not(None)
        )
    )
    return {task_id: label or "" for task_id, label in rows}


def _accuracies_from_gold(session: SyncSession, stage: Stage) -> dict[int, float]:
    """How accurate workers are by the stage's gold; no half-life: a result has no date."""
    right = func.sum(case((Answer.label == Task.gold, 1), else_=0))
    found = session.execute(
        _counted(select(Assignment.worker_id, right, func.count()), stage, own=True)
        .join(Task, Task.id == Assignment.task_id)
        .where(Assignment.gold, Task.gold.is_not(None))
        .group_by(Assignment.worker_id)
    )
    return {worker: estimates.accuracy(right, checked) for worker, right, checked in found}


def _accuracies_of_crowd(
    answers: Columns, tasks: Sequence[Row[Any]], options: Collection[str]
) -> dict[int, float]:
    # Of a very large stage every second, third … task: what is learnt is of workers, not of tasks.
    every = -(-len(answers) // LEARNT) or 1
    crowd = one_coin.Crowd((answers.of(task.task_id) for task in tasks[::every]), options)
    return await_only(asyncio.to_thread(one_coin.accuracies, crowd))


def _with_accuracy(answers: list[tuple[int, str]], known: Mapping[int, float]) -> list[Vote]:
    return [(label, known.get(worker, estimates.UNKNOWN)) for worker, label in answers]


# Statements


def _counted(statement: Rows, stage: Stage, *, own: bool = False) -> Rows:
    """Assignments of a stage with the answer that counts, where it may be used."""
    return (
        statement.select_from(Assignment)
        .join(Answer, Answer.assignment_id == Assignment.id)
        .where(Assignment.stage_id == stage.id, Assignment.state.in_(counting.STATES))
        .where(Assignment.worker_id.not_in(withdrawn()), *counting.newest(own=own))
    )


def _counts(session: SyncSession, reading: _Reading) -> Rows:
    """How often each label was given to each task; one empty row for a task without answers.

    Counted by the database: a million answers take SQLite 2 s this way, 11 s one by one.
    """
    counted = _counted(
        select(Assignment.task_id, Answer.label, func.count().label("votes")), reading.stage
    ).where(*answers_of(gold=reading.gold))
    said = counted.group_by(Assignment.task_id, Answer.label).subquery()
    with_tasks = _tasks(session, reading).outerjoin(said, said.c.task_id == Task.id)
    return with_tasks.add_columns(said.c.label, said.c.votes)


def _singles(reading: _Reading, *, own: bool) -> Rows:
    """Who gave each label, and who corrected it, task by task.

    Not by key: to sort a million rows by a text takes a database longer than to find them.
    """
    columns = (Assignment.task_id, Assignment.worker_id, Answer.label, Answer.reviewer_id)
    return (
        _counted(select(*columns), reading.stage, own=own)
        .where(*answers_of(gold=reading.gold))
        .order_by(Assignment.task_id, Assignment.worker_id)
    )


def _tasks(session: SyncSession, reading: _Reading) -> Rows:
    return (
        select(Task.id.label("task_id"), Task.key, Task.overlap)
        .where(*tasks_of(reading.stage, gold=reading.gold))
        .order_by(by_key(session))
    )


def _size(session: SyncSession, reading: _Reading) -> tuple[int, int]:
    """How many answers there are, and of how many workers."""
    columns = select(func.count(), func.count(Assignment.worker_id.distinct()))
    of_tasks = _counted(columns, reading.stage).join(Task, Task.id == Assignment.task_id)
    answers, workers = session.execute(
        of_tasks.where(*tasks_of(reading.stage, gold=reading.gold), *answers_of(gold=reading.gold))
    ).one()
    return answers, workers


def _newest(queue: int, limit: int) -> Rows:
    """The last answers to tasks of a queue, along its index by time."""
    return (
        select(Assignment.task_id, Answer.label)
        .join(Answer, Answer.assignment_id == Assignment.id)
        .where(Assignment.queue_id == queue, Assignment.answered_at.is_not(None))
        .where(
            Assignment.state.in_(counting.STATES),
            Assignment.gold.is_(False),
            *counting.newest(own=True),
        )
        .order_by(Assignment.answered_at.desc(), Assignment.id.desc())
        .limit(limit)
    )


# Reading


def tasks_of(stage: Stage, *, gold: bool) -> list[ColumnElement[bool]]:
    """Gold wants no number of answers, unless it was a task before: then it has a result too."""
    of_stage = Task.stage_id == stage.id
    return [of_stage] if gold else [of_stage, Task.overlap > 0]


def answers_of(*, gold: bool) -> list[ColumnElement[bool]]:
    """Answers to gold only where gold is wanted."""
    return [] if gold else [Assignment.gold.is_(False)]


def by_key(session: SyncSession) -> ColumnElement[str]:
    """Byte by byte on both databases: a server's language must not change the order."""
    return Task.key.collate("C") if is_postgresql(session) else Task.key.collate("BINARY")


def is_postgresql(session: SyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def by_task(session: SyncSession, statement: Rows) -> Iterator[list[Row[Any]]]:
    for _, rows in groupby(_streamed(session, statement), key=attrgetter("task_id")):
        yield list(rows)


def _columns(session: SyncSession, reading: _Reading, *, own: bool = False) -> tuple[Columns, bool]:
    """All answers, and whether reviewers corrected any of them."""
    found, corrected = Columns(), False
    for page in _pages(session, _singles(reading, own=own)):
        tasks, workers, labels, reviewers = zip(*page, strict=True)
        found.add(tasks, workers, labels)
        corrected = corrected or any(reviewers)
    return found, corrected


def _streamed(session: SyncSession, statement: Rows) -> Iterator[Row[Any]]:
    return chain.from_iterable(_pages(session, statement))


def _pages(session: SyncSession, statement: Rows) -> Iterator[Sequence[Row[Any]]]:
    # On the connection: the session would make each row a second time.
    found = session.connection().execute(statement, execution_options={"yield_per": PAGE})
    for page in found.partitions():
        yield page
        await_only(asyncio.sleep(0))
