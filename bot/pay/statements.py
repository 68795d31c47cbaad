"""What a worker earned, as they read it: line by line with the work behind it, and per hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import aliased

from bot import calendar
from bot.models.pay import Account, Entry, Posting
from bot.models.people import Worker
from bot.models.reviews import Review
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion, Task
from bot.pay.ledger import Balance
from bot.store.database import Session
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Block, TaskType, Wording

REVIEW = "review"  # the kind of a posting that pays a reviewer
PAID = ("answered", "returned", "accepted")
MINE = ("pending", "available", "held")  # moves between these are no income and no expense
WEEK = timedelta(days=7)
PROJECTS = 6  # shown one by one in the statistics
Charged = aliased(Project)


@dataclass(frozen=True, slots=True)
class Line:
    """Money that came to a worker or went, in micro-units."""

    posting_id: int
    at: datetime
    kind: str
    """The posting's kind: answer, accept (graded), refuse, appeal, audit, review …"""
    micro: int
    currency: str
    project: str | None
    state: str | None
    """Of the assignment that it was for: answered (pending), accepted (available) …"""
    code: str | None = None
    """The project's short code, which every font has."""
    reason: str | None = None
    """Why the answer was not accepted: R1 … R8."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One line with the work behind it."""

    line: Line
    question: str
    shown: tuple[str, ...]
    """The texts of the task, each under the title it had on the card: A and B, for example."""
    answer: str
    """In the worker's words; empty where the task was reported as broken, and indeed was."""
    seconds: int | None
    accept_at: datetime | None
    grade: int
    """Percent of the price, 100 for all of it."""
    reason: str | None
    """Why the answer was not accepted: R1 … R8."""
    note: str
    """A reviewer's words to the author."""


@dataclass(frozen=True, slots=True)
class Span:
    """Work done since a moment."""

    answers: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Share:
    """A worker's part in one project."""

    project: str
    answers: int
    seconds: int
    micro: int
    currency: str


@dataclass(frozen=True, slots=True)
class Statistics:
    today: Span
    week: Span
    ever: Span
    shares: tuple[Share, ...]
    """The projects last worked on, at most PROJECTS."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The work of some days, and what became of its pay by now."""

    work: Span
    earned: tuple[Balance, ...]


Between = tuple[datetime, datetime]  # from one moment until before another


async def count(session: Session, worker_id: int, between: Between | None = None) -> int:
    """How many lines there are."""
    moved = _moved(worker_id, between).subquery()
    return await session.scalar(select(func.count()).select_from(moved)) or 0


async def page(
    session: Session, worker_id: int, between: Between | None = None, *, offset: int, limit: int
) -> list[Line]:
    """Lines, newest first."""
    return await _lines(session, _moved(worker_id, between).offset(offset).limit(limit))


async def whole(session: Session, worker_id: int, between: Between) -> list[Line]:
    """All lines of some time, oldest first."""
    return (await _lines(session, _moved(worker_id, between)))[::-1]


async def balance(session: Session, worker_id: int, *, before: datetime) -> dict[str, int]:
    """What a worker had altogether before a moment, micro-units per currency."""
    found = await session.execute(
        select(Entry.currency, func.sum(Entry.amount))
        .join(Account, Account.id == Entry.account_id)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Account.worker_id == worker_id, Account.kind.in_(MINE), Posting.at < before)
        .group_by(Entry.currency)
        .order_by(Entry.currency)
    )
    return {currency: int(micro) for currency, micro in found}


async def detail(session: Session, worker_id: int, posting_id: int) -> Detail | None:
    """One line of this worker's with its task; None when it is not theirs or has no task."""
    only = _moved(worker_id).where(Entry.posting_id == posting_id)
    lines = await _lines(session, only.limit(1))
    found = await session.execute(_work(worker_id, posting_id))
    row = found.mappings().first()
    return _detail(lines[0], row) if lines and row else None


async def clears_at(session: Session, worker_id: int, currency: str) -> datetime | None:
    """When the first of the pending answers is accepted, if nobody reviews it before."""
    return await session.scalar(
        select(func.min(Assignment.accept_at)).where(
            Assignment.worker_id == worker_id,
            Assignment.state == "answered",
            Assignment.currency == currency,
        )
    )


async def statistics(session: Session, worker: Worker, *, now: datetime) -> Statistics:
    """What a worker has done; "today" begins at midnight of their own time zone."""
    zone = worker.zone or "UTC"
    midnight = calendar.midnight(now.astimezone(ZoneInfo(zone)).date(), zone)
    shares = await _shares(session, worker.id)
    return Statistics(
        today=await _span(session, worker.id, midnight),
        week=await _span(session, worker.id, now - WEEK),
        ever=Span(sum(one.answers for one in shares), sum(one.seconds for one in shares)),
        shares=tuple(shares[:PROJECTS]),
    )


async def stretch(
    session: Session, worker_id: int, *, since: datetime, until: datetime
) -> Stretch | None:
    """What a worker answered from one moment until before another; None when nothing."""
    work = await _span(session, worker_id, since, until)
    if not work.answers:
        return None
    return Stretch(work, tuple(await _earned(session, worker_id, since, until)))


# Lines


def _moved(worker_id: int, between: Between | None = None) -> Select[int, str, int]:
    """Postings that changed what the worker has altogether, and by how much."""
    query = (
        select(Entry.posting_id, Entry.currency, func.sum(Entry.amount).label("micro"))
        .join(Account, Account.id == Entry.account_id)
        .where(Account.worker_id == worker_id, Account.kind.in_(MINE))
        .group_by(Entry.posting_id, Entry.currency)
        .having(func.sum(Entry.amount) != 0)
        .order_by(Entry.posting_id.desc(), Entry.currency)
    )
    if between is None:
        return query
    since, until = between
    within = (Posting.at >= since) & (Posting.at < until)
    return query.join(Posting, Posting.id == Entry.posting_id).where(within)


def _charged(column: Any) -> Any:
    """Of the project that paid: a bonus may be for no answer of it in particular."""
    return (
        select(func.min(column))
        .join(Account, Account.project_id == Charged.id)
        .join(Entry, Entry.account_id == Account.id)
        .where(Entry.posting_id == Posting.id)
        .scalar_subquery()
    )


async def _lines(session: Session, moved: Select[int, str, int]) -> list[Line]:
    few, refused = moved.subquery(), _refused().subquery()
    rows = await session.execute(
        select(
            Posting.id,
            Posting.at,
            Posting.kind,
            few.c.micro,
            few.c.currency,
            func.coalesce(Project.name, _charged(Charged.name)),
            Assignment.state,
            func.coalesce(Project.code, _charged(Charged.code)),
            refused.c.reason,
        )
        .join(few, few.c.posting_id == Posting.id)
        .outerjoin(Assignment, Assignment.id == Posting.assignment_id)
        .outerjoin(Stage, Stage.id == Assignment.stage_id)
        .outerjoin(Project, Project.id == Stage.project_id)
        .outerjoin(refused, refused.c.assignment_id == Assignment.id)
        .order_by(Posting.id.desc(), few.c.currency)
    )
    return [Line(id, at, kind, int(micro), *rest) for id, at, kind, micro, *rest in rows]


def _work(worker_id: int, posting_id: int) -> Select[Any]:
    """The task of a line and the worker's last word on it; of a review, what was decided about."""
    theirs = or_(Assignment.worker_id == worker_id, Posting.kind == REVIEW)
    refused = _refused().subquery()
    return (
        select(
            StageVersion.type,
            StageVersion.settings,
            StageVersion.text,
            Assignment.locale,
            Queue.language,
            Task.body,
            Assignment.layout,
            Answer.value,
            Assignment.seconds,
            Assignment.accept_at,
            Assignment.grade,
            refused.c.reason,
            refused.c.note,
        )
        .select_from(Posting)
        .join(Assignment, Assignment.id == Posting.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .join(Queue, Queue.id == Assignment.queue_id)
        .join(
            StageVersion,
            (StageVersion.stage_id == Assignment.stage_id)
            & (StageVersion.version == Assignment.stage_version),
        )
        .outerjoin(Answer, Answer.assignment_id == Assignment.id)
        .outerjoin(refused, refused.c.assignment_id == Assignment.id)
        .where(Posting.id == posting_id, theirs)
        .where(or_(Answer.reviewer_id.is_(None), Posting.kind == REVIEW))
        .order_by(Answer.revision.desc())
        .limit(1)
    )


def _refused() -> Select[int, str | None, str]:
    """Why answers were not accepted; an answer is decided about once, appeals apart."""
    return select(Review.assignment_id, Review.reason, Review.note).where(
        Review.verdict == "not_accepted", Review.purpose.in_(("review", "final"))
    )


def _detail(line: Line, row: Mapping[Any, Any]) -> Detail:
    kind = TASK_TYPES[row["type"]]
    wording = _wording(row["text"], row["locale"], row["language"])
    ask = kind.ask(row["settings"], wording, row["body"], row["layout"])
    return Detail(
        line=line,
        question=wording.question,
        shown=tuple(_titled(block) for block in ask.blocks if block.kind == "text"),
        answer="" if line.kind == "report" else _answer(kind, wording, row),
        seconds=row["seconds"],
        accept_at=row["accept_at"],
        grade=row["grade"],
        reason=row["reason"],
        note=row["note"] or "",
    )


def _answer(kind: TaskType, wording: Wording, row: Mapping[Any, Any]) -> str:
    return kind.words(row["settings"], wording, row["value"], row["layout"])


def _titled(block: Block) -> str:
    return f"{block.title}\n{block.content}" if block.title else block.content


def _wording(text: Mapping[str, Any], locale: str, language: str) -> Wording:
    """The words as the worker saw them: theirs, else the queue's language, English, any."""
    code = next((code for code in (locale, language, "en", *text) if code in text), None)
    words = text[code] if code else {}
    return Wording(
        language=code or language,
        question=words.get("question", ""),
        instructions=words.get("instructions", ""),
        options=words.get("options", {}),
    )


# Statistics


async def _span(
    session: Session, worker_id: int, since: datetime, until: datetime | None = None
) -> Span:
    query = select(func.count(), func.coalesce(func.sum(Assignment.seconds), 0)).where(
        Assignment.worker_id == worker_id, Assignment.answered_at >= since
    )
    if until is not None:
        query = query.where(Assignment.answered_at < until)
    answers, seconds = (await session.execute(query)).one()
    return Span(answers, int(seconds or 0))


async def _earned(
    session: Session, worker_id: int, since: datetime, until: datetime
) -> list[Balance]:
    """Every entry of the ledger that the answers of this time have brought, per currency."""
    found = await session.execute(
        select(Entry.currency, Account.kind, func.sum(Entry.amount))
        .select_from(Assignment)
        .join(Posting, Posting.assignment_id == Assignment.id)
        .join(Entry, Entry.posting_id == Posting.id)
        .join(Account, Account.id == Entry.account_id)
        .where(
            Assignment.worker_id == worker_id,
            Assignment.answered_at >= since,
            Assignment.answered_at < until,
            Account.worker_id == worker_id,
        )
        .group_by(Entry.currency, Account.kind)
        .order_by(Entry.currency)
    )
    sums: dict[str, dict[str, int]] = {}
    for currency, kind, micro in found:
        sums.setdefault(currency, {})[kind] = int(micro)
    return [
        Balance(currency, kinds.get("pending", 0), kinds.get("available", 0))
        for currency, kinds in sums.items()
    ]


async def _shares(session: Session, worker_id: int) -> list[Share]:
    """Per project and currency, the last worked on first. Unaccepted work counts its time only."""
    # Rounded up like work.settlement.granted.
    part = (Assignment.price_micro * Assignment.grade + 99) // 100
    paid = case((Assignment.state.in_(PAID), part), else_=0)
    rows = await session.execute(
        select(
            Project.name,
            func.count(),
            func.coalesce(func.sum(Assignment.seconds), 0),
            func.sum(paid),
            Assignment.currency,
        )
        .join(Stage, Stage.id == Assignment.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Assignment.worker_id == worker_id, Assignment.answered_at.is_not(None))
        .group_by(Project.id, Project.name, Assignment.currency)
        .order_by(func.max(Assignment.answered_at).desc())
    )
    return [
        Share(name, answers, int(seconds), int(micro or 0), currency)
        for name, answers, seconds, micro, currency in rows
    ]
