"""What a rule does when it fires. Nothing here takes money: at most somebody looks, or waits.

pause, hold     a restriction for a time; a daily limit's ends at the worker's midnight
more_overlap    the worker's recent answers in doubt: one more answer for each of their tasks
reopen          the same for everything of theirs that is not accepted yet
set_skill       a skill is set, as by hand, and the worker is told
training        the worker is asked to read the instructions again; or, where the line names a
                training, to do that one: their work here pauses until then, and for a time at most
tell            owners and admins are told
"""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import select, update

from bot.models.base import table
from bot.models.people import Worker
from bot.models.rules import ExtraSlot
from bot.models.work import Assignment, Queue, Task
from bot.people import skills
from bot.quality import requirements, rules
from bot.quality.rules import Action, Given, Measured, Rule
from bot.store.database import Session, upsert
from bot.work import dispatch, holds, restrictions, rule_lines, sittings
from bot.work.restrictions import Limit
from bot.work.stages import StageSpec

LATE = timedelta(seconds=60)  # a turn that began then has ended by now, or never will
DOUBTED = 50  # answers for which `more_overlap` asks somebody else, at a time
REOPENED = 500  # and `reopen`

assignments, tasks, extra_slots = table(Assignment), table(Task), table(ExtraSlot)


@dataclass(frozen=True, slots=True)
class Case:
    """One rule and one worker, now."""

    worker: Worker
    spec: StageSpec
    rule: Rule
    now: datetime

    @property
    def line(self) -> str:
        return rule_lines.write(self.rule)


@dataclass(slots=True)
class News:
    """What a rule did about one worker, for those who have to hear of it."""

    worker: Worker
    spec: StageSpec
    rule: str
    reason: str
    """The collector."""
    numbers: dict[str, Any]
    limits: list[Limit] = field(default_factory=list)
    """What began for the worker."""
    skill: tuple[str, int] | None = None
    """A skill that was set, and its score."""
    training: bool = False
    """They are asked to read the instructions again."""
    tell: bool = False
    slots: int = 0
    """How many tasks got one more slot."""


@dataclass(frozen=True, slots=True)
class _Fired:
    """A firing, with what it is about and what is to be told of it."""

    case: Case
    window: Sequence[Given]
    firing_id: int
    news: News


async def follow(
    session: Session, case: Case, measured: Measured, window: Sequence[Given], firing_id: int
) -> News:
    """Do what the rule says, in its order."""
    told = rules.numbers(case.rule, measured)
    news = News(case.worker, case.spec, case.line, case.rule.collector, told)
    fired = _Fired(case, window, firing_id, news)
    for action in case.rule.actions:
        await ACTIONS[action.name](session, fired, action)
    return news


async def keep_holding(session: Session, worker_id: int, project_id: int, *, now: datetime) -> None:
    """New answers of somebody whose answers are held wait for a person as well."""
    held = await restrictions.active(session, worker_id, now=now, kind=restrictions.HOLD)
    if any(limit.restriction.project_id in (None, project_id) for limit in held):
        await holds.keep(session, worker_id, project_id, since=now - 10 * LATE)


async def _restrict(
    session: Session, fired: _Fired, action: Action, lesson: dict[str, Any] | None = None
) -> None:
    """Unless one like it lasts at least as long; `lesson` is what ends it before its time."""
    case = fired.case
    ends_at = case.now + timedelta(seconds=action.seconds or 0)
    if action.seconds is None:
        ends_at = rules.next_midnight(case.now, case.worker.zone or "UTC")
    for limit in await restrictions.active(session, case.worker.id, now=case.now, kind=action.name):
        there = limit.restriction
        same = there.project_id in (None, case.spec.project_id)
        if same and (there.ends_at is None or there.ends_at >= ends_at):
            return
    limit = await restrictions.restrict(
        session,
        case.worker.id,
        actor=None,
        now=case.now,
        project_id=case.spec.project_id,
        kind=action.name,
        reason=case.rule.collector,
        rule=case.line,
        numbers=fired.news.numbers | (lesson or {}),
        seconds=ceil((ends_at - case.now).total_seconds()),
    )
    fired.news.limits.append(limit)
    if action.name == restrictions.HOLD:
        await holds.keep(session, case.worker.id, case.spec.project_id)


async def _doubt(session: Session, fired: _Fired, action: Action) -> None:
    recent = [one.assignment_id for one in fired.window if not one.gold]
    fired.news.slots += await _ask_again(session, fired, recent[-DOUBTED:])


async def _reopen(session: Session, fired: _Fired, action: Action) -> None:
    case = fired.case
    pending = select(assignments.c.id).where(
        assignments.c.worker_id == case.worker.id,
        assignments.c.stage_id == case.spec.stage_id,
        assignments.c.state == "answered",
        assignments.c.gold.is_(False),
    )
    newest = pending.order_by(assignments.c.answered_at.desc()).limit(REOPENED)
    fired.news.slots += await _ask_again(session, fired, (await session.scalars(newest)).all())


async def _set_skill(session: Session, fired: _Fired, action: Action) -> None:
    case = fired.case
    queue = select(Queue.language).join(Assignment, Assignment.queue_id == Queue.id)
    newest = Assignment.id == fired.window[-1].assignment_id
    language = await session.scalar(queue.where(newest))
    given = {"skill": action.skill} if action.skill else case.spec.quality
    skill = requirements.skill_of(given, case.spec.slug, language or "")
    await skills.set_by_hand(session, case.worker.id, skill, action.score, actor=None, now=case.now)
    fired.news.skill = (skill, action.score)


async def _train(session: Session, fired: _Fired, action: Action) -> None:
    """A training that cannot be done (any more) keeps nobody from work."""
    case = fired.case
    offered = (
        await sittings.chances(session, case.worker.id, now=case.now) if action.training else []
    )
    ready = (one for one in offered if one.spec.slug == action.training)
    chance = next((one for one in ready if one.standing in ("ready", "going")), None)
    if chance is None:
        fired.news.training = True
        return
    lesson = {"training": action.training, "queue": chance.queue_id}
    await _restrict(session, fired, action._replace(name=restrictions.PAUSE), lesson)


async def _tell(session: Session, fired: _Fired, action: Action) -> None:
    fired.news.tell = True


ACTIONS: dict[str, Callable[[Session, _Fired, Action], Coroutine[Any, Any, None]]] = {
    "pause": _restrict,
    "hold": _restrict,
    "set_skill": _set_skill,
    "more_overlap": _doubt,
    "reopen": _reopen,
    "training": _train,
    "tell": _tell,
}


async def _ask_again(session: Session, fired: _Fired, which: Iterable[int]) -> int:
    """One more slot for the tasks of these answers; an answer is doubted once, whoever does."""
    rows = [{"assignment_id": id, "firing_id": fired.firing_id} for id in which]
    if not rows:
        return 0
    statement = upsert(session, extra_slots).values(rows).on_conflict_do_nothing()
    fresh = (await session.scalars(statement.returning(extra_slots.c.assignment_id))).all()
    query = select(assignments.c.task_id).where(assignments.c.id.in_(fresh))
    task_ids = (await session.scalars(query)).all()
    more = update(tasks).where(tasks.c.id.in_(task_ids)).values(overlap=tasks.c.overlap + 1)
    await session.execute(more)
    await dispatch.free_slots(session, task_ids, fired.case.now)
    return len(task_ids)
