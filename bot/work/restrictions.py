"""Restrictions: what one worker may not do for a time, with a reason, numbers and an end.

A pause keeps new tasks away; a hold sends answers to a person's review. Neither takes work out of
somebody's hands or touches what was earned. One that ends by itself needs nobody to end it: whether
it is in force is a question of the clock.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, or_, select, update

from bot.errors import Gone, NotAllowed
from bot.i18n import N_
from bot.models.base import Utc, table
from bot.models.chat import Chat
from bot.models.people import Audit, Worker
from bot.models.rules import Restriction, in_force
from bot.models.work import Project
from bot.people import roles, staff
from bot.store.database import Session
from bot.work import holds

PAUSE, HOLD = "pause", "hold"
REASONS = ("accuracy", "instructions", "copied", "accounts", "conduct")  # a person's reasons
ALONE = timedelta(days=7)  # a longer one needs a second person
OPEN = timedelta(days=7)  # that a proposal waits for one
MAY_RESTRICT = ("owner", "admin")
BATCH = 100
UNTOUCHED = {"synchronize_session": False}

restrictions, projects = table(Restriction), table(Project)


class SecondPerson(NotAllowed):
    msgid = N_("A second owner or admin has to confirm this. You asked for it.")


class Decided(Gone):
    msgid = N_("This was decided already.")


class ProposalOver(Decided):
    msgid = N_("Nobody agreed to this within {days} days, so it is off. It can be asked for again.")


@dataclass(frozen=True, slots=True)
class Limit:
    """A restriction with what its message needs to know of the project."""

    restriction: Restriction
    project: str | None
    """The project's name; None: everywhere."""
    currency: str | None
    asker: str = ""
    """Of a proposal: what the person is called who made it."""

    @property
    def id(self) -> int:
        return self.restriction.id

    @property
    def waits(self) -> bool:
        """It was proposed, and a second person has not agreed yet."""
        return self.restriction.begins_at is None


# For the lanes of dispatch, with the parameters `worker` and `now`: one look at an index.
KEPT_OUT = exists(
    select(restrictions.c.id)
    .where(
        restrictions.c.worker_id == bindparam("worker"),
        restrictions.c.kind == PAUSE,
        or_(restrictions.c.project_id.is_(None), restrictions.c.project_id == projects.c.id),
        in_force(bindparam("now", type_=Utc())),
    )
    .correlate(projects)
)


async def restrict(
    session: Session, worker_id: int, *, actor: int | None, now: datetime, **terms: Any
) -> Limit:
    """Begin a restriction; by a person and for longer than a week only propose it.

    Where there is nobody else to ask, one person decides, and the audit says so.
    `terms`: project_id (None: everywhere), reason, seconds (None: until it is lifted), kind, rule,
    numbers. Raises RoleNeeded, or Gone for no such project.
    """
    await roles.require(session, actor, *MAY_RESTRICT)
    made = (await draft(session, worker_id, now=now, **terms)).restriction
    made.created_by = actor
    step = "begin"
    if actor is not None and needs_second(made.seconds):
        step = "propose" if await staff.others(session, actor) else "alone"
    if step == "propose":
        made.begins_at = made.ends_at = None
    session.add(made)
    await session.flush()
    _note(session, made, step, actor=actor)
    await session.flush()
    return (await _named(session, [await one(session, made.id)]))[0]


async def draft(session: Session, worker_id: int, *, now: datetime, **terms: Any) -> Limit:
    """What `restrict` would begin, to be shown; nothing is kept. Raises Gone for no project."""
    made = Restriction(worker_id=worker_id, **{"kind": PAUSE, "rule": "", "numbers": {}, **terms})
    _begin(made, now)
    if made.project_id is None:
        return Limit(made, None, None)
    project = await session.get(Project, made.project_id)
    if project is None:
        raise Gone
    return Limit(made, project.name, project.currency)


def needs_second(seconds: int | None) -> bool:
    """Whether a length is more than one person may decide."""
    return seconds is None or timedelta(seconds=seconds) > ALONE


async def confirm(session: Session, restriction_id: int, *, actor: int, now: datetime) -> Limit:
    """The second person agrees, and it begins.

    Raises SecondPerson, Decided, ProposalOver or RoleNeeded.
    """
    await roles.require(session, actor, *MAY_RESTRICT)
    found = (await one(session, restriction_id)).restriction
    if found.begins_at is not None or found.lifted_at is not None:
        raise Decided
    if found.created_by == actor:
        raise SecondPerson
    if found.created_at <= now - OPEN:
        raise ProposalOver(days=OPEN.days)
    ends_at = None if found.seconds is None else now + timedelta(seconds=found.seconds)
    values = {"begins_at": now, "ends_at": ends_at, "confirmed_by": actor}
    await _swap(session, restriction_id, Restriction.begins_at.is_(None), values)
    _note(session, found, "confirm", actor=actor)
    await session.flush()
    return await one(session, restriction_id)


async def lift(session: Session, restriction_id: int, *, actor: int, now: datetime) -> Limit:
    """End it now, or turn a proposal down; the caller tells the worker. Raises Decided."""
    await roles.require(session, actor, *MAY_RESTRICT)
    over = and_(Restriction.ends_at.is_not(None), Restriction.ends_at <= now)
    await _swap(session, restriction_id, ~over, {"lifted_at": now, "told_at": now})
    found = await one(session, restriction_id)
    lifted = found.restriction
    if lifted.kind == HOLD:
        await holds.release(session, lifted.worker_id, lifted.project_id, now=now)
    _note(session, lifted, "lift", actor=actor)
    await session.flush()
    return found


async def learnt(session: Session, worker_id: int, training: str, *, now: datetime) -> None:
    """A training is done, so what was to last until then ends now; the clock tells the worker."""
    for limit in await active(session, worker_id, now=now, kind=PAUSE):
        if limit.restriction.numbers.get("training") == training:
            limit.restriction.ends_at = now
            _note(session, limit.restriction, "learnt", actor=None)
    await session.flush()


async def one(session: Session, restriction_id: int, *, worker_id: int | None = None) -> Limit:
    """A restriction, if given of this worker only. Raises Gone."""
    query = _limits().where(Restriction.id == restriction_id)
    if worker_id is not None:
        query = query.where(Restriction.worker_id == worker_id)
    found = await session.execute(query.execution_options(populate_existing=True))
    row = found.one_or_none()
    if row is None:
        raise Gone
    return Limit(*row)


async def active(
    session: Session, worker_id: int, *, now: datetime, kind: str | None = None
) -> list[Limit]:
    """What is in force for a worker, the one that ends last first."""
    query = _limits().where(Restriction.worker_id == worker_id, in_force(now))
    if kind is not None:
        query = query.where(Restriction.kind == kind)
    found = [Limit(*row) for row in await session.execute(query.order_by(Restriction.id))]
    return sorted(found, key=_end, reverse=True)


async def paused(session: Session, worker_ids: Sequence[int], *, now: datetime) -> set[int]:
    """Who of these is kept out of something."""
    query = select(restrictions.c.worker_id).where(
        restrictions.c.worker_id.in_(worker_ids), restrictions.c.kind == PAUSE, in_force(now)
    )
    return set(await session.scalars(query))


async def proposed(session: Session, worker_id: int, *, now: datetime) -> list[Limit]:
    """What waits for a second person, and is not too old by now."""
    query = _limits().where(
        Restriction.worker_id == worker_id,
        Restriction.begins_at.is_(None),
        Restriction.lifted_at.is_(None),
        Restriction.created_at > now - OPEN,
    )
    found = [Limit(*row) for row in await session.execute(query.order_by(Restriction.id))]
    return await _named(session, found)


async def ended(
    session: Session, *, now: datetime, limit: int = BATCH
) -> Sequence[tuple[Limit, Chat, Worker]]:
    """Those that ended by themselves and whose workers have not been told; told from now on."""
    query = (
        select(Restriction, Project.name, Project.currency, Chat, Worker)
        .outerjoin(Project, Project.id == Restriction.project_id)
        .join(Chat, Chat.worker_id == Restriction.worker_id)
        .join(Worker, Worker.id == Restriction.worker_id)
        .where(
            Restriction.told_at.is_(None),
            Restriction.lifted_at.is_(None),
            Restriction.begins_at.is_not(None),
            Restriction.ends_at.is_not(None),
            Restriction.ends_at <= now,
        )
        .order_by(Restriction.ends_at)
        .limit(limit)
        .with_for_update(of=Restriction, skip_locked=True)
    )
    rows = (await session.execute(query)).all()
    for row in rows:
        row[0].told_at = now
    await session.flush()
    return [(Limit(*row[:3]), row[3], row[4]) for row in rows]


async def _named(session: Session, limits: Sequence[Limit]) -> list[Limit]:
    """With what those are called who asked for them."""
    askers = {limit.restriction.created_by for limit in limits} - {None}
    names = await staff.names(session, *(id for id in askers if id is not None))
    return [replace(one, asker=names.get(one.restriction.created_by or 0, "")) for one in limits]


def _end(limit: Limit) -> tuple[bool, float]:
    ends_at = limit.restriction.ends_at
    return ends_at is None, ends_at.timestamp() if ends_at else 0.0


def _limits() -> Any:
    return select(Restriction, Project.name, Project.currency).outerjoin(
        Project, Project.id == Restriction.project_id
    )


def _begin(made: Restriction, now: datetime) -> None:
    made.begins_at = now
    made.ends_at = None if made.seconds is None else now + timedelta(seconds=made.seconds)


async def _swap(
    session: Session, restriction_id: int, condition: Any, values: dict[str, Any]
) -> None:
    """Of two people who decide at once, one is told that it was decided."""
    won = await session.scalar(
        update(Restriction)
        .where(Restriction.id == restriction_id, Restriction.lifted_at.is_(None), condition)
        .values(values)
        .returning(Restriction.id)
        .execution_options(**UNTOUCHED)
    )
    if won is None:
        raise Decided


def _note(session: Session, one: Restriction, step: str, *, actor: int | None) -> None:
    """The worker finds it in a copy of their data too."""
    told = {
        "restriction": one.id,
        "kind": one.kind,
        "project": one.project_id,
        "reason": one.reason,
        "rule": one.rule,
        "numbers": one.numbers,
        "seconds": one.seconds,
    }
    session.add(
        Audit(
            actor_id=actor,
            action=f"restriction.{step}",
            subject=f"worker:{one.worker_id}",
            after=json.dumps(told, ensure_ascii=False),
        )
    )
