"""Hours worked, from the rows that tell of them, and what each of them brought; see `wage`.

Nothing is counted while people work: the rows of offers, answers, reviews and appeals have it all.
A piece of time belongs to the week in which it was begun; that of a review, a rework or an appeal
to the one in which it was given: the week before may have been brought up to the floor by then.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from bot import calendar
from bot.calendar import MONDAY, Weekly
from bot.models.pay import Account, Entry, Posting
from bot.models.people import Worker
from bot.models.reviews import REVIEW_LEASE, Appeal, Review
from bot.models.wage import Correction, TopUp
from bot.models.work import Answer, Assignment, Queue, Stage, StageVersion
from bot.pay import floors, wage
from bot.pay.floors import Floors
from bot.pay.statements import MINE
from bot.pay.wage import Piece, Sum
from bot.store.database import Session

COPIED = "R5"  # the reason of a verdict: no floor holds for what was copied or made by a machine
GIVEN = ("answered", "returned", "accepted")
LONGEST_LOOK = 5000  # offers of a project that its figures are made from
DAYS = timedelta(days=7)
WEEK = Weekly(MONDAY, time(0))


async def worked(
    session: Session, worker: Worker, *, since: datetime, until: datetime, now: datetime
) -> list[Piece]:
    """Everything a worker did from one moment until before another, in all projects."""
    known = await floors.load(session)
    mine = (Assignment.worker_id == worker.id, *_within(Assignment.offered_at, since, until))
    found = await session.execute(_tasks(*mine))
    pieces = [_task(row, known, now) for row in found]
    for query, read in (
        (_reviewed(worker.id, since, until), _review),
        (_reworked(worker.id, since, until), _pause),
        (_appealed(worker.id, since, until), _pause),
    ):
        pieces += [read(row, known, worker.country) for row in await session.execute(query)]
    return pieces


async def this_week(session: Session, worker: Worker, *, now: datetime) -> dict[str, Sum]:
    """Since Monday on the worker's own clock, per currency."""
    zone = worker.zone or "UTC"
    since = calendar.midnight(WEEK.due(zone, now), zone)
    return wage.total(await worked(session, worker, since=since, until=now, now=now))


async def corrected(session: Session, project_id: int, *, now: datetime) -> int:
    """Answers of the last days whose authors said that they took longer."""
    found = await session.scalar(
        select(func.count())
        .select_from(Correction)
        .join(Assignment, Assignment.id == Correction.assignment_id)
        .join(Stage, Stage.id == Assignment.stage_id)
        .where(Stage.project_id == project_id, Assignment.offered_at >= now - DAYS)
    )
    return found or 0


async def by_country(
    session: Session, project_id: int, currency: str, *, now: datetime
) -> dict[str, list[tuple[int, int]]]:
    """Of everybody in a project in the last days, their pay per hour and their floor; "" is all."""
    known = await floors.load(session)
    of_project = select(Stage.id).where(Stage.project_id == project_id)
    recent = _tasks(
        Assignment.stage_id.in_(of_project),
        Assignment.offered_at >= now - DAYS,
        Assignment.currency == currency,
    )
    newest = recent.order_by(Assignment.id.desc()).limit(LONGEST_LOOK)
    people: dict[int, tuple[str, list[Piece]]] = {}
    for row in await session.execute(newest):
        country, pieces = people.setdefault(row.worker_id, (row.country or "", []))
        pieces.append(_task(row, known, now))
    added = await _added(session, project_id, currency, now.date() - DAYS)
    rates: dict[str, list[tuple[int, int]]] = {"": []}
    for worker_id, (country, pieces) in people.items():
        (done,) = wage.total(pieces).values()
        if done.seconds:
            micro = done.micro + added.get(worker_id, 0)
            rate = wage.hourly(micro, done.seconds), done.floor_micro
            for name in {"", country}:
                rates.setdefault(name, []).append(rate)
    return rates


async def last_rates(
    session: Session, project_id: int, *, since: datetime | None
) -> dict[str | None, list[int]]:
    """Pay per hour of each of a project's last answers, by the country of who gave them.

    Of tasks that were offered after `since`, at most `wage.LAST` of them.
    """
    queues = await session.scalars(
        select(Queue.id).join(Stage).where(Stage.project_id == project_id)
    )
    rows: list[Any] = []
    for queue_id in queues.all():
        query = _tasks(
            Assignment.queue_id == queue_id,
            Assignment.answered_at.is_not(None),
            Assignment.state.in_(GIVEN),
            *(() if since is None else (Assignment.offered_at > since,)),
            paid=False,
        )
        newest = query.order_by(Assignment.answered_at.desc()).limit(wage.LAST)
        rows += (await session.execute(newest)).all()
    rows.sort(key=lambda row: row.answered_at, reverse=True)
    rates: dict[str | None, list[int]] = {}
    for row in rows[: wage.LAST]:
        price = row.price_micro * row.grade // 100
        seconds = max(1, _active(row, row.answered_at))
        rates.setdefault(row.country, []).append(wage.hourly(price, seconds))
    return rates


def _tasks(*which: ColumnElement[bool], paid: bool = True) -> Select[Any]:
    """Offers, what became of them and, where `paid`, what they brought by now."""
    copied = exists().where(
        Review.assignment_id == Assignment.id,
        Review.verdict == "not_accepted",
        Review.reason == COPIED,
    )
    columns = (
        Assignment.id,
        Assignment.worker_id,
        Assignment.currency,
        Assignment.state,
        Assignment.price_micro,
        Assignment.grade,
        Assignment.offered_at,
        Assignment.answered_at,
        Assignment.lease_until,
        Assignment.seconds,
        Stage.project_id,
        Worker.country,
        Queue.median_seconds,
        StageVersion.expected_seconds,
        Correction.seconds.label("corrected"),
        and_(Assignment.state == "not_accepted", copied).label("copied"),
        *((_brought().label("micro"),) if paid else ()),
    )
    return (
        _with_terms(select(*columns).join(Worker, Worker.id == Assignment.worker_id))
        .outerjoin(Correction, Correction.assignment_id == Assignment.id)
        .where(*which)
    )


def _with_terms(query: Any) -> Select[Any]:
    """How long tasks of an assignment's kind take."""
    joined: Select[Any] = (
        query.join(Stage, Stage.id == Assignment.stage_id)
        .join(Queue, Queue.id == Assignment.queue_id)
        .join(
            StageVersion,
            and_(
                StageVersion.stage_id == Assignment.stage_id,
                StageVersion.version == Assignment.stage_version,
            ),
        )
    )
    return joined


def _brought() -> ColumnElement[int]:
    """All that the ledger has for the author: the price, what was taken back, paid after all."""
    return (
        select(func.coalesce(func.sum(Entry.amount), 0))
        .select_from(Posting)
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .where(
            Posting.assignment_id == Assignment.id,
            Account.worker_id == Assignment.worker_id,
            Account.kind.in_(MINE),
        )
        .correlate(Assignment)
        .scalar_subquery()
    )


def _reviewed(worker_id: int, since: datetime, until: datetime) -> Select[Any]:
    """Reviews given. Who accepts many at once has none of them in hand, and no pay for them."""
    return _with_terms(
        select(
            Stage.project_id,
            func.coalesce(Review.currency, Assignment.currency).label("currency"),
            func.coalesce(Review.pay_micro, 0).label("micro"),
            Review.lease_until,
            Review.decided_at,
            Queue.median_seconds,
            StageVersion.expected_seconds,
        ).join(Assignment, Assignment.id == Review.assignment_id)
    ).where(
        Review.reviewer_id == worker_id,
        Review.lease_until.is_not(None),
        *_within(Review.decided_at, since, until),
    )


def _reworked(worker_id: int, since: datetime, until: datetime) -> Select[Any]:
    """Answers that were given back, and given again."""
    again = (
        select(func.min(Answer.at))
        .where(
            Answer.assignment_id == Review.assignment_id,
            Answer.reviewer_id.is_(None),
            Answer.at > Review.decided_at,
        )
        .correlate(Review)
        .scalar_subquery()
    )
    return _with_terms(
        select(
            Stage.project_id,
            Assignment.currency,
            Review.decided_at.label("begun_at"),
            again.label("ended_at"),
            Queue.median_seconds,
            StageVersion.expected_seconds,
        ).join(Assignment, Assignment.id == Review.assignment_id)
    ).where(
        Review.author_id == worker_id,
        Review.verdict == "returned",
        *_within(again, since, until),
    )


def _appealed(worker_id: int, since: datetime, until: datetime) -> Select[Any]:
    """Appeals written, from the verdict on, which is cut like all long times."""
    return _with_terms(
        select(
            Stage.project_id,
            Assignment.currency,
            Review.decided_at.label("begun_at"),
            Appeal.at.label("ended_at"),
            Queue.median_seconds,
            StageVersion.expected_seconds,
        )
        .select_from(Appeal)
        .join(Review, Review.id == Appeal.review_id)
        .join(Assignment, Assignment.id == Review.assignment_id)
    ).where(Appeal.worker_id == worker_id, *_within(Appeal.at, since, until))


def _within(column: Any, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return column >= since, column < until


def _task(row: Any, known: Floors, now: datetime) -> Piece:
    return Piece(
        project_id=row.project_id,
        currency=row.currency,
        seconds=_active(row, now),
        micro=int(row.micro),
        floor_micro=known.micro(row.country, row.currency, row.offered_at.date()),
        honest=not row.copied,
    )


def _active(row: Any, now: datetime) -> int:
    """Until its answer, or until it was given back; what is held or ran out, until its lease."""
    elapsed = row.seconds
    if elapsed is None:
        elapsed = _whole(row.offered_at, min(now, row.lease_until))
    return wage.active(elapsed, _usual(row), row.corrected)


def _review(row: Any, known: Floors, country: str | None) -> Piece:
    """From taking it to the verdict; money as frozen when it was taken."""
    taken_at = row.lease_until - REVIEW_LEASE
    return Piece(
        project_id=row.project_id,
        currency=row.currency,
        seconds=wage.active(_whole(taken_at, row.decided_at), _usual(row)),
        micro=row.micro,
        floor_micro=known.micro(country, row.currency, row.decided_at.date()),
    )


def _pause(row: Any, known: Floors, country: str | None) -> Piece:
    """Time whose money is with the answer."""
    return Piece(
        project_id=row.project_id,
        currency=row.currency,
        seconds=wage.active(_whole(row.begun_at, row.ended_at), _usual(row)),
        micro=0,
        floor_micro=known.micro(country, row.currency, row.ended_at.date()),
    )


def _usual(row: Any) -> int:
    return int(row.median_seconds or row.expected_seconds)


def _whole(begun: datetime, ended: datetime) -> int:
    return round((ended - begun).total_seconds())


async def _added(session: Session, project_id: int, currency: str, since: date) -> dict[int, int]:
    """Top-ups of a project in the last days, by worker."""
    found = await session.execute(
        select(TopUp.worker_id, func.sum(TopUp.micro))
        .where(TopUp.project_id == project_id, TopUp.currency == currency, TopUp.monday > since)
        .group_by(TopUp.worker_id)
    )
    return {worker_id: int(micro) for worker_id, micro in found}
