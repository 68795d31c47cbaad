"""The states of a project, each step a compare-and-swap.

    draft → open ⇄ paused → closing → closed

Closing offers nothing new and lets the work in hand be finished; `settle_closing` then closes.
"""

from typing import Any

from sqlalchemy import exists, func, select, update

from bot.errors import Refusal
from bot.i18n import N_
from bot.models.base import moment
from bot.models.work import Assignment, Project, Stage
from bot.people import roles
from bot.store.database import Session
from bot.work import launch, record, wage_guard
from bot.work.record import MAY_RUN


class WrongState(Refusal):
    """The project is in a state from which this step is not possible."""

    msgid = N_("The project {project} is {state}: this is not possible now.")


class IsDraft(WrongState):
    msgid = N_("The project {project} is a draft. Open it first.")


class IsOpen(WrongState):
    msgid = N_("The project {project} is open already.")


class IsPaused(WrongState):
    msgid = N_("The project {project} is paused already.")


class IsClosing(WrongState):
    msgid = N_("The project {project} is closing: work in hand is finished, nothing new begins.")


class IsClosed(WrongState):
    msgid = N_("The project {project} is closed.")


STATES = {
    "draft": IsDraft,
    "open": IsOpen,
    "paused": IsPaused,
    "closing": IsClosing,
    "closed": IsClosed,
}


async def open_project(
    session: Session,
    project: Project,
    *,
    actor: int | None,
    accepting: tuple[type[Refusal], ...] = (),
) -> Project:
    """Offer the project's tasks: a draft for the first time, a paused one again.

    Raises launch.LaunchBlocked with everything in the way, but for the kinds of obstacle in
    `accepting`: somebody knows of them and means it.
    """
    await roles.require(session, actor, *MAY_RUN)
    await record.hold(session, project)
    if project.state not in ("draft", "paused"):
        raise wrong_state(project)
    found = await launch.obstacles(session, project)
    obstacles = [one for one in found if not isinstance(one, accepting)]
    if obstacles:
        raise launch.LaunchBlocked(obstacles)
    return await _move(session, project, ("draft", "paused"), "open", actor)


async def pause(session: Session, project: Project, *, actor: int | None) -> Project:
    """Offer nothing for now; work in hand can be finished."""
    await roles.require(session, actor, *MAY_RUN)
    return await _move(session, project, ("open",), "paused", actor)


async def halt(session: Session, project: Project) -> bool:
    """The clock pauses an open project, whoever runs it; False when it was not open any more."""
    return await _swap(session, project, ("open",), "paused", None) is not None


async def close(session: Session, project: Project, *, actor: int | None) -> Project:
    """Offer nothing any more; when the work in hand is finished, `settle_closing` closes."""
    await roles.require(session, actor, *MAY_RUN)
    return await _move(session, project, ("draft", "open", "paused"), "closing", actor)


async def settle_closing(session: Session) -> list[Project]:
    """Close the closing projects in which nobody holds a task any more."""
    held = exists().where(
        Stage.project_id == Project.id,
        Assignment.stage_id == Stage.id,
        Assignment.state == "held",
    )
    closing = await session.scalars(select(Project).where(Project.state == "closing", ~held))
    moved = [
        await _swap(session, project, ("closing",), "closed", None) for project in closing.all()
    ]
    return [project for project in moved if project is not None]


def wrong_state(project: Project) -> WrongState:
    return STATES.get(project.state, WrongState)(project=project.slug, state=project.state)


def refuse_ended(project: Project) -> None:
    if project.state in ("closing", "closed"):
        raise wrong_state(project)


async def _move(
    session: Session, project: Project, before: tuple[str, ...], after: str, actor: int | None
) -> Project:
    """Raises WrongState when the project is elsewhere, or somebody else was first."""
    moved = await _swap(session, project, before, after, actor)
    if moved is None:
        raise wrong_state(await _fresh(session, project))
    return moved


async def _swap(
    session: Session, project: Project, before: tuple[str, ...], after: str, actor: int | None
) -> Project | None:
    was = project.state
    values: dict[str, Any] = {"state": after}
    if after == "open":
        values["opened_at"] = func.coalesce(Project.opened_at, moment())
    if after == "closing":
        values["closing_at"] = moment()
    moved = await session.scalar(
        update(Project)
        .where(Project.id == project.id, Project.state.in_(before))
        .values(values)
        .returning(Project)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if moved is not None:
        if after != "paused":
            await wage_guard.end_stop(session, moved.id)
        record.note(session, moved, "project.state", actor=actor, change=(was, after))
        await session.flush()
    return moved


async def _fresh(session: Session, project: Project) -> Project:
    query = select(Project).where(Project.id == project.id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()
