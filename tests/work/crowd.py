"""Fills a database with a project and what people answered, by plain inserts."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, select

from bot.models.people import Worker
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion, Task
from bot.store.database import Database, Session

START = datetime(2026, 11, 2, 8, 30, 0, 250_000, tzinfo=UTC)


class Given(NamedTuple):
    """One answer; `corrections` are its later revisions."""

    task: str
    worker: str
    label: str
    value: Any = None
    state: str = "answered"
    surplus: bool = False
    corrections: tuple[str, ...] = ()


async def fill(
    database: Database,
    given: list[Given],
    *,
    keys: list[str] | None = None,
    people: list[str] | bool = True,
    gold: list[str] | None = None,
    slug: str = "sw-fluency",
    **settings: Any,
) -> Project:
    """A project with answers, in the order given, and the tasks and people they need."""
    keys = keys or sorted({one.task for one in given})
    if people is True:
        people = sorted({one.worker for one in given})
    async with database.transaction() as session:
        made = await project(session, slug=slug, **settings)
        queue = await _first_queue(session, made)
        await tasks(session, queue, [key for key in keys if key not in (gold or [])])
        if gold:
            await tasks(session, queue, gold, gold="yes", overlap=0)
        if people:
            await workers(session, people)
        if given:
            ids = await _ids(session, queue)
            await answers(session, queue, given, tasks=ids[0], workers=ids[1])
    return made


async def pour(database: Database, recorded: list[tuple[str, str, str]]) -> None:
    """Thousands of answers, with two statements."""
    per_task = Counter(task for task, _, _ in recorded)
    async with database.transaction() as session:
        made = await project(session, slug="crowd")
        queue = await _first_queue(session, made)
        await tasks(session, queue, per_task, overlap=min(per_task.values()))
        await workers(session, {worker: None for _, worker, _ in recorded})
        task_ids, worker_ids = await _ids(session, queue)
        usual = {
            "stage_id": queue.stage_id, "stage_version": 1, "queue_id": queue.id,
            "state": "answered", "nonce": "n", "price_micro": 0, "currency": "USD",
            "locale": "sw", "layout": [], "offered_at": START, "lease_until": START, "seconds": 0,
        }  # fmt: skip
        held = [
            {**usual, "id": id, "task_id": task_ids[task], "worker_id": worker_ids[worker]}
            for id, (task, worker, _) in enumerate(recorded, start=1)
        ]
        await session.execute(insert(Assignment), held)
        said = [
            {"assignment_id": id, "revision": 1, "value": label, "label": label, "at": START}
            for id, (_, _, label) in enumerate(recorded, start=1)
        ]
        await session.execute(insert(Answer), said)


async def project(
    session: Session,
    *,
    slug: str = "sw-fluency",
    type: str = "choice",
    settings: Mapping[str, Any] | None = None,
    stages: Iterable[str] = ("check",),
) -> Project:
    made = Project(
        slug=slug, code=slug[:8], name=slug, languages=["sw"], currency="USD", state="open"
    )
    session.add(made)
    await session.flush()
    for ordinal, name in enumerate(stages, start=1):
        await _stage(session, made, ordinal, name, type, dict(settings or {}))
    return made


async def _stage(
    session: Session, made: Project, ordinal: int, name: str, type: str, settings: dict[str, Any]
) -> None:
    stage = Stage(project_id=made.id, ordinal=ordinal, name=name)
    session.add(stage)
    await session.flush()
    session.add(Queue(stage_id=stage.id, language="sw"))
    session.add(version(stage, 1, type=type, settings=settings))
    await session.flush()


def version(stage: Stage, number: int, **changes: Any) -> StageVersion:
    usual: dict[str, Any] = {
        "type": "choice",
        "settings": {},
        "text": {"en": {"question": "Which one?", "instructions": "Read both."}},
        "tier": "basic",
        "price_micro": 20_000,
        "currency": "USD",
        "expected_seconds": 12,
        "overlap": 3,
        "gold_share_ppm": 0,
        "review": {},
    }
    return StageVersion(stage_id=stage.id, version=number, **{**usual, **changes})


async def tasks(
    session: Session,
    queue: Queue,
    keys: Iterable[str],
    *,
    overlap: int = 3,
    gold: str | None = None,
) -> None:
    rows = [
        {
            "stage_id": queue.stage_id,
            "queue_id": queue.id,
            "key": key,
            "body": {"text": key},
            "gold": gold,
            "priority": 0,
            "position": position,
            "overlap": overlap,
            "open_slots": 0,
        }
        for position, key in enumerate(keys)
    ]
    if rows:
        await session.execute(insert(Task.__table__), rows)


async def workers(session: Session, names: Iterable[str]) -> None:
    rows = [{"pseudonym": name, "state": "active"} for name in names]
    await session.execute(insert(Worker.__table__), rows)


async def answers(
    session: Session,
    queue: Queue,
    given: Iterable[Given],
    *,
    tasks: Mapping[str, int],
    workers: Mapping[str, int],
) -> None:
    """Insert in the order given; how long somebody took follows from who and what, not when."""
    for one in given:
        seconds = 5 + zlib.crc32(f"{one.task} {one.worker}".encode()) % 60
        offered = START + timedelta(seconds=seconds)
        answered = offered + timedelta(seconds=seconds)
        assignment = await session.scalar(
            insert(Assignment)
            .values(
                task_id=tasks[one.task],
                worker_id=workers[one.worker],
                stage_id=queue.stage_id,
                stage_version=1,
                queue_id=queue.id,
                state=one.state,
                nonce="n",
                gold=select(Task.gold.is_not(None))
                .where(Task.id == tasks[one.task])
                .scalar_subquery(),
                surplus=one.surplus,
                price_micro=12_500,
                currency="USD",
                locale="sw",
                layout=[],
                offered_at=offered,
                lease_until=offered + timedelta(minutes=5),
                answered_at=answered,
                seconds=seconds,
            )
            .returning(Assignment.id)
        )
        for revision, label in enumerate((one.label, *one.corrections), start=1):
            await session.execute(
                insert(Answer).values(
                    assignment_id=assignment,
                    revision=revision,
                    value=label if one.value is None else one.value,
                    label=label,
                    at=answered + timedelta(minutes=revision - 1),
                )
            )


async def _first_queue(session: Session, project: Project) -> Queue:
    of_project = select(Queue).join(Stage).where(Stage.project_id == project.id)
    queue = (await session.scalars(of_project.order_by(Stage.ordinal))).first()
    assert queue is not None
    return queue


async def _ids(session: Session, queue: Queue) -> tuple[dict[str, int], dict[str, int]]:
    tasks = await session.execute(select(Task.key, Task.id).where(Task.queue_id == queue.id))
    workers = await session.execute(select(Worker.pseudonym, Worker.id))
    return {row.key: row.id for row in tasks}, {row.pseudonym: row.id for row in workers}
