"""Sittings: a worker goes through a training, or through an exam, at their own pace.

A training shows the right answer and the hint after each mistake, and the task stays until it is
answered right. An exam shows nothing before its end. In both only first answers count, every task
is paid whatever the answer, and a task that was put down comes back: nobody picks the easy ones.

A sitting is begun by the worker, is open or paused, and while it is open it is all they get. Where
answers to an exam cannot be compared with what is right, people grade them, see `grading`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, insert, literal, select, update

from bot.errors import Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.people import Worker, WorkerLanguage
from bot.models.reviews import Review
from bot.models.skills import Sitting
from bot.models.work import Assignment, Project, Queue, Stage
from bot.people import skills
from bot.quality import exams, requirements
from bot.quality import grading as grades
from bot.quality.gold import comparable
from bot.quality.requirements import Gap
from bot.store import schedule
from bot.store.database import Session
from bot.store.schedule import Period
from bot.work import access, gold, restrictions, review_terms, stages
from bot.work.gold import Marked
from bot.work.restrictions import KEPT_OUT
from bot.work.stages import StageSpec

sat, assignments, reviews = table(Sitting), table(Assignment), table(Review)
GOING = ("open", "paused")
GRADING, VOID = "grading", "void"
RETRY = "retry"  # the job that tells when an exam may be tried again
BATCH = 20  # of whom it tells in one transaction
PUT_DOWN = ("skipped", "expired")

LOOK = (
    *("assignment_id", "round", "purpose", "author_id"),
    *("stage_id", "queue_id", "state", "due_at"),
)

Standing = Literal["ready", "going", "grading", "later", "passed", "over", "short"]


class NotNow(Refusal):
    """Not to be begun: it is passed, used up, too early, or something is lacking."""

    msgid = N_("This cannot be started now. /ladder shows what you can do.")


class OneAtATime(Refusal):
    msgid = N_("Finish what you have begun first: /work goes on with it.")


@dataclass(frozen=True, slots=True)
class Chance:
    """A training or exam in one of the worker's languages, and how they stand with it."""

    queue_id: int
    spec: StageSpec
    language: str
    standing: Standing
    tasks: int
    """Answers that end it."""
    number: int
    """Which attempt is going on, or would be next; those that were void do not count."""
    retry_at: datetime | None
    """When it may be tried again; while it is being graded, by when it is."""
    gaps: tuple[Gap, ...]
    void: int = 0
    """Attempts that nobody graded in time."""

    @property
    def skill(self) -> str:
        return gold.measured(self.spec, self.language)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an answer in a training or exam was worth, and the sitting after it."""

    spec: StageSpec
    marked: Marked | None
    """None where people grade the answer."""
    sitting: Any

    @property
    def over(self) -> bool:
        """Whether it was the last answer."""
        return self.sitting.state not in GOING

    @property
    def again(self) -> bool:
        """Whether the same task is to be answered again."""
        return bool(self.sitting.mending_id)


async def chances(session: Session, worker_id: int, *, now: datetime) -> list[Chance]:
    """Every training and exam of open projects in the worker's languages.

    Without those that a restriction keeps them out of: nobody begins what then does not come.
    """
    found = await session.execute(_offered(worker_id), {"worker": worker_id, "now": now})
    specs = [(row, await stages.spec(session, row.stage_id, row.version)) for row in found]
    rows = [(row, spec) for row, spec in specs if spec.project_kind != "work"]
    if not rows:
        return []
    before = await _before(session, worker_id, [row.id for row, _spec in rows])
    who = await access.person(session, worker_id)
    return [
        await _chance(
            session,
            worker_id,
            row,
            spec,
            before.get(row.id, ()),
            tuple(requirements.gaps(spec.quality, row.language, who)),
            now,
        )
        for row, spec in rows
    ]


async def begin(session: Session, worker: Worker, queue_id: int, *, now: datetime) -> None:
    """Start, or go on with what was paused. The worker's row is held.

    Raises NotNow, or OneAtATime while another one is open.
    """
    offered = await chances(session, worker.id, now=now)
    chance = next((one for one in offered if one.queue_id == queue_id), None)
    if chance is None or chance.standing not in ("ready", "going"):
        raise NotNow
    await _put_aside(session, worker.id, queue_id, [one.queue_id for one in offered])
    if chance.standing == "going":
        await session.execute(
            update(sat)
            .where(*_mine(worker.id, queue_id), sat.c.state == "paused")
            .values(state="open")
        )
        return
    await session.execute(
        insert(sat).values(
            worker_id=worker.id,
            stage_id=chance.spec.stage_id,
            stage_version=chance.spec.version,
            queue_id=queue_id,
            number=chance.number + chance.void,
            state="open",
            tasks=chance.tasks,
            answered=0,
            correct=0,
            started_at=now,
        )
    )


async def pause(session: Session, sitting_id: int) -> None:
    """Put it aside: other work comes again, and /ladder goes on with it."""
    await session.execute(
        update(sat).where(sat.c.id == sitting_id, sat.c.state == "open").values(state="paused")
    )


async def counts(session: Session, stage_id: int) -> dict[str, int]:
    """How many sittings of a stage are in each state."""
    found = await session.execute(
        select(sat.c.state, func.count()).where(sat.c.stage_id == stage_id).group_by(sat.c.state)
    )
    return dict(found.all())


async def find(session: Session, sitting_id: int) -> Any:
    """One sitting; its row has the columns of the table."""
    return (await session.execute(select(sat).where(sat.c.id == sitting_id))).one()


async def resume(
    session: Session, sitting: Any, nonce: str, *, now: datetime, lease_until: datetime
) -> int | None:
    """What was put down comes back into the worker's hands, or the mistake that is not mended."""
    if sitting.mending_id is not None:
        return int(sitting.mending_id)
    put_down = (
        select(func.min(assignments.c.id))
        .where(assignments.c.sitting_id == sitting.id, assignments.c.state.in_(PUT_DOWN))
        .scalar_subquery()
    )
    again: int | None = await session.scalar(
        update(assignments)
        .where(assignments.c.id == put_down, assignments.c.state.in_(PUT_DOWN))
        .values(state="held", nonce=nonce, offered_at=now, lease_until=lease_until)
        .returning(assignments.c.id)
    )
    return again


async def next_task(
    session: Session, sitting: Any, spec: StageSpec, concepts: Sequence[str]
) -> Any | None:
    """A training goes from easy to hard; an exam asks of every concept alike."""
    if spec.project_kind == "training":
        return await gold.easiest(session, sitting.worker_id, sitting.queue_id)
    return await gold.pick(session, sitting.worker_id, sitting.queue_id, concepts)


async def advance(  # noqa: PLR0913 - an answer with all that it counts for
    session: Session,
    sitting_id: int,
    spec: StageSpec,
    language: str,
    marked: Marked | None,
    *,
    assignment_id: int,
    first: bool,
    now: datetime,
) -> Lesson | None:
    """Count a first answer, and end the sitting with the last one. None: it had ended before."""
    right = marked is not None and marked.right
    mends = spec.project_kind == "training" and not right
    counted = await session.execute(
        update(sat)
        .where(sat.c.id == sitting_id, sat.c.state.in_(GOING))
        .values(
            answered=sat.c.answered + int(first),
            correct=sat.c.correct + int(first and right),
            mending_id=assignment_id if mends else None,
        )
        .returning(sat)
    )
    sitting = counted.one_or_none()
    if sitting is None:
        return None
    if sitting.answered >= sitting.tasks and not sitting.mending_id:
        sitting = await end(session, sitting, spec, language, now=now)
    return Lesson(spec, marked, sitting)


async def end(
    session: Session, sitting: Any, spec: StageSpec, language: str, *, now: datetime
) -> Any:
    """No further answer comes: it is over, or its answers are graded first. A training ends the
    pause that asked for it.
    """
    if spec.project_kind == "training":
        await restrictions.learnt(session, sitting.worker_id, spec.slug, now=now)
        return await _move(session, sitting, state="done", ended_at=now)
    if sitting.answered and not comparable(spec.kind.combine):
        return await _have_graded(session, sitting, spec, now)
    share_ppm = exams.share(sitting.correct, sitting.tasks)
    return await judge(session, sitting, spec, language, share_ppm=share_ppm, now=now)


async def judge(
    session: Session, sitting: Any, spec: StageSpec, language: str, *, share_ppm: int, now: datetime
) -> Any:
    """An exam came to this share. A passed one sets the skill to it."""
    number = sitting.number - await _void(session, sitting)
    terms = exams.terms(spec.quality)
    verdict = exams.judge(terms, share_ppm=share_ppm, number=number, now=now)
    state = "passed" if verdict.passed else "failed"
    score = {"score_ppm": share_ppm} if sitting.state == GRADING else {}
    over = await _move(
        session, sitting, state=state, ended_at=now, retry_at=verdict.retry_at, **score
    )
    if verdict.retry_at is not None:
        period = Period(sitting.id, verdict.retry_at.date())
        await schedule.plan(session, RETRY, [(period, verdict.retry_at)])
    if verdict.passed:
        await skills.begin(
            session,
            sitting.worker_id,
            gold.measured(spec, language),
            source="exam",
            share_ppm=share_ppm,
            weight=sitting.tasks,
            now=now,
        )
    return over


async def annul(session: Session, sitting: Any, *, now: datetime) -> Any:
    """An attempt that nobody graded in time does not count."""
    return await _move(session, sitting, state=VOID, ended_at=now)


async def chance_again(session: Session, sitting_id: int, *, now: datetime) -> Chance | None:
    """The next attempt at what somebody sat; None when it cannot be begun now."""
    sitting = await find(session, sitting_id)
    offered = await chances(session, sitting.worker_id, now=now)
    ready = (one for one in offered if one.queue_id == sitting.queue_id and one.standing == "ready")
    return next(ready, None)


def _offered(worker_id: int) -> Any:
    """The queues of open projects in the worker's languages that no restriction closes."""
    mine = select(WorkerLanguage.language).where(WorkerLanguage.worker_id == worker_id)
    return (
        select(Queue.id, Queue.stage_id, Stage.version, Queue.language)
        .join(Stage, Stage.id == Queue.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Project.state == "open", Queue.language.in_(mine), ~KEPT_OUT)
        .order_by(Queue.id)
    )


async def _move(session: Session, sitting: Any, **values: Any) -> Any:
    """Change a sitting that is still as it was seen; the caller holds it."""
    moved = await session.execute(
        update(sat)
        .where(sat.c.id == sitting.id, sat.c.state == sitting.state)
        .values(values)
        .returning(sat)
    )
    return moved.one()


async def _have_graded(session: Session, sitting: Any, spec: StageSpec, now: datetime) -> Any:
    """Each answer waits for its graders as long as a review may take."""
    for round in range(1, grades.GRADERS + 1):
        row = select(
            assignments.c.id,
            literal(round),
            literal("grade"),
            assignments.c.worker_id,
            assignments.c.stage_id,
            assignments.c.queue_id,
            literal("waiting"),
            literal(now, reviews.c.due_at.type),
        ).where(assignments.c.sitting_id == sitting.id, assignments.c.answered_at.is_not(None))
        await session.execute(insert(reviews).from_select(LOOK, row))
    until = now + review_terms.of(spec.review).due
    return await _move(session, sitting, state=GRADING, ended_at=now, grade_by=until)


async def _void(session: Session, sitting: Any) -> int:
    """How many of the attempts before this one do not count."""
    mine = _mine(sitting.worker_id, sitting.queue_id)
    return await session.scalar(select(func.count()).where(*mine, sat.c.state == VOID)) or 0


async def _before(
    session: Session, worker_id: int, queue_ids: Sequence[int]
) -> dict[int, list[Any]]:
    """The sittings in each of the queues, the last one last."""
    rows = await session.execute(
        select(sat)
        .where(sat.c.worker_id == worker_id, sat.c.queue_id.in_(queue_ids))
        .order_by(sat.c.number)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.queue_id, []).append(row)
    return found


async def _chance(  # noqa: PLR0913
    session: Session,
    worker_id: int,
    row: Any,
    spec: StageSpec,
    before: Sequence[Any],
    gaps: tuple[Gap, ...],
    now: datetime,
) -> Chance:
    last = before[-1] if before else None
    void = sum(one.state == VOID for one in before)
    going = last is not None and last.state in (*GOING, GRADING)
    number = len(before) - void + (not going)
    if spec.project_kind == "exam":
        tasks = exams.terms(spec.quality).tasks
        standing, retry_at = _standing_in_exam(last, gaps, now)
        if standing == "ready" and void and await gold.left(session, worker_id, row.id) < tasks:
            standing = "over"  # nobody gets a task twice
    else:
        tasks = 0 if going else await gold.left(session, worker_id, row.id)
        standing, retry_at = ("ready" if tasks else "over"), None
        standing = "short" if tasks and gaps else standing
    if last is not None and last.state in GOING:
        standing, tasks = "going", last.tasks
    return Chance(row.id, spec, row.language, standing, tasks, number, retry_at, gaps, void)


def _standing_in_exam(
    last: Any | None, gaps: tuple[Gap, ...], now: datetime
) -> tuple[Standing, datetime | None]:
    if last is not None and last.state == "passed":
        return "passed", None
    if last is not None and last.state == GRADING:
        return "grading", last.grade_by
    if last is not None and last.state == "failed":
        if last.retry_at is None:
            return "over", None
        if last.retry_at > now:
            return "later", last.retry_at
    return ("short" if gaps else "ready"), None


async def _put_aside(session: Session, worker_id: int, but: int, offered: Sequence[int]) -> None:
    """One is open at a time; one whose project is not open any more is in nobody's way."""
    open_ = await session.execute(
        select(sat).where(sat.c.worker_id == worker_id, sat.c.state == "open")
    )
    for row in open_:
        if row.queue_id == but:
            continue
        if row.queue_id in offered:
            raise OneAtATime
        await pause(session, row.id)


def _mine(worker_id: int, queue_id: int) -> tuple[Any, ...]:
    return sat.c.worker_id == worker_id, sat.c.queue_id == queue_id
