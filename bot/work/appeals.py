"""Appeals: a worker disagrees with a verdict, another reviewer decides, silence means accepted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.errors import Gone, Invalid, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.people import Worker
from bot.models.reviews import Appeal, Review
from bot.models.work import Assignment, Project, Stage
from bot.people import roles
from bot.store.database import Session, upsert
from bot.work import review_queue, settlement
from bot.work.review_terms import WHOLE

WINDOW = timedelta(days=14)
DECIDED_WITHIN = 3  # working days
SATURDAY = 5
TEXT = 2000  # characters
MAY_LIST = ("admin", "owner")
BATCH = 50
SHOWN = 10

appeals, reviews, assignments = table(Appeal), table(Review), table(Assignment)


class NotAppealable(Gone):
    msgid = N_("There is nothing to appeal against here.")


class TooLateToAppeal(Refusal):
    msgid = N_("An appeal was possible for 14 days. They are over.")


class AlreadyAppealed(Refusal):
    msgid = N_("You have appealed against this already. There is one appeal for each decision.")


class AlreadyPaid(Refusal):
    msgid = N_("This answer is accepted and paid by now: no appeal is needed.")


class WordsNeeded(Invalid):
    msgid = N_("Write in 1 to {limit} characters why the decision is wrong.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An appeal nobody has decided yet, as admins see it in a list."""

    appeal_id: int
    review_id: int
    """Of the look that decides it."""
    project: str
    code: str
    decide_by: datetime
    own: bool
    """The reader may not decide it: it is their answer, or their verdict."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """An appeal that the clock decided for the worker."""

    appeal_id: int
    worker_id: int
    assignment_id: int


def until(decided_at: datetime) -> datetime:
    """The last moment for an appeal against a verdict."""
    return decided_at + WINDOW


def decide_by(at: datetime) -> datetime:
    """Three working days on, Saturdays and Sundays not counted."""
    left = DECIDED_WITHIN
    while left:
        at += timedelta(days=1)
        left -= at.weekday() < SATURDAY
    return at


async def check(session: Session, worker: Worker, review_id: int, *, now: datetime) -> None:
    """Raises what `submit` would raise, but for the words."""
    _check(await _verdict(session, worker, review_id), now)
    made = select(appeals.c.id).where(appeals.c.review_id == review_id)
    if await session.scalar(made) is not None:
        raise AlreadyAppealed


async def submit(
    session: Session,
    worker: Worker,
    review_id: int,
    text: str,
    photo: str | None,
    *,
    now: datetime,
) -> Row[Any]:
    """Have another reviewer decide; raises why that is not possible. Gives the appeal's row."""
    verdict = await _verdict(session, worker, review_id)
    written = text.strip()
    if not 0 < len(written) <= TEXT:
        raise WordsNeeded(limit=TEXT)
    await settlement.hold(session, verdict.assignment_id)
    _check(await _verdict(session, worker, review_id), now)
    values = {
        "review_id": review_id,
        "worker_id": worker.id,
        "text": written,
        "photo": photo,
        "state": "open",
        "at": now,
        "decide_by": decide_by(now),
    }
    statement = upsert(session, appeals).values(values)
    made = await session.execute(
        statement.on_conflict_do_nothing(index_elements=["review_id"]).returning(*appeals.c)
    )
    row = made.one_or_none()
    if row is None:
        raise AlreadyAppealed
    await review_queue.again(session, verdict.assignment_id, "appeal", due_at=now, of_id=review_id)
    return row


async def listing(session: Session, reader: Worker) -> list[Waiting]:
    """The open appeals, the most urgent first, at most SHOWN. For admins and owners."""
    await roles.require(session, reader.id, *MAY_LIST)
    look = reviews.alias()
    rows = await session.execute(
        select(
            appeals.c.id,
            look.c.id.label("review_id"),
            Project.name,
            Project.code,
            appeals.c.decide_by,
            (reviews.c.author_id == reader.id) | (reviews.c.reviewer_id == reader.id),
        )
        .join(reviews, reviews.c.id == appeals.c.review_id)
        .join(look, (look.c.of_id == reviews.c.id) & (look.c.purpose == "appeal"))
        .join(Stage, Stage.id == reviews.c.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(appeals.c.state == "open")
        .order_by(appeals.c.decide_by, appeals.c.id)
        .limit(SHOWN)
    )
    return [Waiting(*row) for row in rows]


async def lapse_due(session: Session, *, now: datetime, limit: int = BATCH) -> list[Lapsed]:
    """Accept and pay what nobody has decided about in time."""
    due = await session.execute(
        select(appeals.c.id, appeals.c.review_id, appeals.c.worker_id, reviews.c.assignment_id)
        .join(reviews, reviews.c.id == appeals.c.review_id)
        .where(appeals.c.state == "open", appeals.c.decide_by <= now)
        .order_by(appeals.c.decide_by)
        .limit(limit)
    )
    found = [await _lapse(session, row, now) for row in due.all()]
    return [one for one in found if one is not None]


async def _lapse(session: Session, due: Any, now: datetime) -> Lapsed | None:
    """None when somebody decided in the last moment."""
    await settlement.hold(session, due.assignment_id)
    closed = await settlement.close_appeal(session, due.review_id, "lapsed", now)
    if closed is None:
        return None
    await settlement.turn(session, due.review_id, f"appeal:{due.id}", "appeal", now)
    return Lapsed(due.id, due.worker_id, due.assignment_id)


async def _verdict(session: Session, worker: Worker, review_id: int) -> Row[Any]:
    """A first reviewer's verdict about this worker's answer, with the answer's state."""
    found = await session.execute(
        select(reviews, assignments.c.state.label("stands"), assignments.c.grade.label("paid"))
        .join(assignments, assignments.c.id == reviews.c.assignment_id)
        .where(
            reviews.c.id == review_id,
            reviews.c.author_id == worker.id,
            reviews.c.state == "decided",
            reviews.c.purpose.in_(("review", "final")),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotAppealable
    return row


def _check(verdict: Row[Any], now: datetime) -> None:
    decided = verdict.stands in ("accepted", "not_accepted")
    if not decided or not settlement.against(verdict.verdict, verdict.grade):
        raise NotAppealable
    if now > until(verdict.decided_at):
        raise TooLateToAppeal
    if verdict.stands == "accepted" and verdict.paid == WHOLE:
        raise AlreadyPaid
