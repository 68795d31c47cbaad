"""Second looks at answers: reviews on schedule, what they found, and appeals against them.

Assignment 1─n Review (rounds)        Review 1─1 Appeal
                Review n─1 Review     (an audit or an appeal looks at an earlier verdict)
Task 1─1 Adjudication                 (its answers have no majority)
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Json, Utc, moment
from bot.models.work import where

REVIEW_LEASE = timedelta(minutes=30)


class Review(Base):
    """One look of one reviewer at one answer: waiting until it is taken, decided or lapsed."""

    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"))
    round: Mapped[int]
    """1, 2, … over all looks at the answer."""
    purpose: Mapped[str] = mapped_column(String(10))
    """review, final (the answer cannot be returned any more), audit or appeal.

    Or gold: the verdict is known and measures the reviewer; or grade: of an exam's answer.
    """
    of_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"))
    """The review whose verdict an audit or an appeal looks at."""
    author_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """waiting ⇄ held → decided; or lapsed: the clock came first, or gold was put down."""
    due_at: Mapped[datetime] = mapped_column(Utc)
    """From when it is handed out; the oldest first."""
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    lease_until: Mapped[datetime | None] = mapped_column(Utc)
    """Until when it is the reviewer's alone: for REVIEW_LEASE after it was taken."""
    revision: Mapped[int | None]
    """Of the answer, as the reviewer saw it."""
    pay_micro: Mapped[int | None] = mapped_column(BigInteger)
    """What the reviewer gets, frozen when it was taken; None: nothing, as for accepting many."""
    currency: Mapped[str | None] = mapped_column(String(3))
    verdict: Mapped[str | None] = mapped_column(String(12))
    """accepted, fixed, returned or not_accepted; graded in an exam."""
    grade: Mapped[int | None]
    """Share of the price that an accepted answer gets, in percent; None: all of it.

    In an exam how good the answer is; its price does not depend on it.
    """
    reason: Mapped[str | None] = mapped_column(String(2))
    """R1 … R8, of an answer that was not accepted."""
    note: Mapped[str] = mapped_column(default="", server_default="")
    """The reviewer's words to the author; with R5 the evidence."""
    expected: Mapped[Any | None] = mapped_column(Json)
    """The value that would have been right."""
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    overturned: Mapped[bool | None]
    """Whether a second reviewer decided otherwise; None: nobody has looked again."""
    right: Mapped[bool | None]
    """Of gold: whether it is the verdict that is known; None: not gold, or broken gold."""

    __table_args__ = (
        UniqueConstraint("assignment_id", "round"),
        UniqueConstraint("assignment_id", "reviewer_id"),
        Index("uq_reviews_held", "reviewer_id", unique=True, **where("state = 'held'")),
        Index("ix_reviews_open", "due_at", **where("state IN ('waiting', 'held')")),
        Index("ix_reviews_stage", "stage_id", "state"),
        Index("ix_reviews_author", "author_id", "stage_id", "decided_at"),
        Index("ix_reviews_reviewer", "reviewer_id", "decided_at"),
    )


class Appeal(Base):
    """A worker disagrees with a verdict, once. Silence until `decide_by` means accepted."""

    __tablename__ = "appeals"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), unique=True)
    """The verdict it is against."""
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), index=True)
    text: Mapped[str]
    photo: Mapped[str | None] = mapped_column(String(200))
    """Telegram's file id."""
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open → overturned or upheld by another reviewer; or lapsed: nobody decided in time."""
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    decide_by: Mapped[datetime] = mapped_column(Utc)
    decided_at: Mapped[datetime | None] = mapped_column(Utc)

    __table_args__ = (Index("ix_appeals_open", "decide_by", **where("state = 'open'")),)


class Adjudication(Base):
    """One person's decision about a task whose answers have no majority: its result."""

    __tablename__ = "adjudications"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), unique=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """waiting ⇄ held → decided."""
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    lease_until: Mapped[datetime | None] = mapped_column(Utc)
    label: Mapped[str | None]
    cause: Mapped[str | None] = mapped_column(String(10))
    """Why the answers differ: ambiguous, gap (in the guideline) or error."""
    decided_at: Mapped[datetime | None] = mapped_column(Utc)

    __table_args__ = (
        Index("uq_adjudications_held", "reviewer_id", unique=True, **where("state = 'held'")),
        Index("ix_adjudications_stage", "stage_id", "state"),
    )
