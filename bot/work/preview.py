"""A task as workers will see it, for those who run the project: looked at, never handed out."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from bot.models.work import Project, Queue, Task
from bot.people import roles
from bot.store.database import Session
from bot.work import stages
from bot.work.stages import StageSpec

Step = Literal["next", "before"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One task with the words of its stage. Without a body: the queue has no task yet."""

    spec: StageSpec
    language: str
    task_id: int
    key: str
    body: dict[str, Any] | None
    gold: str | None
    stages: int
    """How many the project has."""


async def sample(  # noqa: PLR0913 - which task, by its place
    session: Session,
    project: Project,
    *,
    language: str,
    ordinal: int = 1,
    task_id: int = 0,
    step: Step = "next",
    actor: int | None,
) -> Sample | None:
    """The task after (or before) `task_id` in the order of arrival; after the last comes the first.

    None when the project has no such stage.
    """
    await roles.require(session, actor, "owner", "admin")
    specs = await stages.current(session, project.id)
    spec = next((one for one in specs if one.ordinal == ordinal), None)
    if spec is None:
        return None
    found = await _task(session, spec, language, task_id, step)
    found = found or await _task(session, spec, language, None, step)
    if found is None:
        return Sample(spec, language, 0, "", None, None, len(specs))
    return Sample(spec, language, found.id, found.key, found.body, found.gold, len(specs))


async def _task(
    session: Session, spec: StageSpec, language: str, task_id: int | None, step: Step
) -> Task | None:
    query = (
        select(Task)
        .join(Queue, Queue.id == Task.queue_id)
        .where(Queue.stage_id == spec.stage_id, Queue.language == language)
    )
    if step == "next":
        query = query.where(Task.id > (task_id or 0)).order_by(Task.id)
    else:
        query = query.order_by(Task.id.desc())
        query = query if task_id is None else query.where(Task.id < task_id)
    found: Task | None = await session.scalar(query.limit(1))
    return found
