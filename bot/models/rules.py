"""What quality rules found, and what it limits: restrictions, firings, extra answers.

A rule is a line of a stage (`bot.quality.rules`). It fires for a worker in a stage at most once for
the answers of one window; what it then does leaves rows here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Json, Utc, moment

_UNTOLD = "told_at IS NULL AND lifted_at IS NULL AND begins_at IS NOT NULL AND ends_at IS NOT NULL"


class Restriction(Base):
    """What one worker may not do for a time, and why. Never about money that was earned."""

    __tablename__ = "restrictions"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    """None: everywhere."""
    kind: Mapped[str] = mapped_column(String(10), default="pause")
    """pause: no new tasks. hold: answers wait for a person's review as long as can be."""
    reason: Mapped[str] = mapped_column(String(20))
    """A collector of rules, or one of restrictions.REASONS when a person decided."""
    rule: Mapped[str] = mapped_column(String(200), default="")
    """The line of the stage that fired; empty when a person decided."""
    numbers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What was measured, as the worker is told it."""
    seconds: Mapped[int | None] = mapped_column(BigInteger)
    """How long it lasts from its beginning; None: until it is lifted."""
    begins_at: Mapped[datetime | None] = mapped_column(Utc)
    """None: somebody proposed it, and a second person has not agreed yet."""
    ends_at: Mapped[datetime | None] = mapped_column(Utc)
    lifted_at: Mapped[datetime | None] = mapped_column(Utc)
    """Ended by a person before its time; of a proposal: turned down."""
    told_at: Mapped[datetime | None] = mapped_column(Utc)
    """When the worker was told that it is over."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    """None: a rule."""
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())

    __table_args__ = (
        Index("ix_restrictions_worker", "worker_id"),
        Index(
            "ix_restrictions_untold",
            "ends_at",
            postgresql_where=text(_UNTOLD),
            sqlite_where=text(_UNTOLD),
        ),
    )


def in_force(now: Any) -> ColumnElement[bool]:
    """A restriction has begun, and has not ended. `now` is a moment or a statement's parameter."""
    return and_(
        Restriction.begins_at <= now,
        Restriction.lifted_at.is_(None),
        or_(Restriction.ends_at.is_(None), Restriction.ends_at > now),
    )


class Firing(Base):
    """A rule's condition held for a worker in a window of their answers; once for each window."""

    __tablename__ = "firings"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    rule: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(Utc)
    """Answers up to then were counted before."""
    until: Mapped[datetime] = mapped_column(Utc)
    """The newest answer that was counted: the next window begins after it."""
    numbers: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())

    __table_args__ = (UniqueConstraint("worker_id", "stage_id", "rule", "since"),)


class ExtraSlot(Base):
    """An answer in doubt, for which its task got one more slot; at most one each."""

    __tablename__ = "extra_slots"
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    firing_id: Mapped[int] = mapped_column(ForeignKey("firings.id"))


class RuleMark(Base):
    """Up to when the answers of a queue have been held against its stage's rules."""

    __tablename__ = "rule_marks"
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Utc)
    """When to look again; whoever moves it is the one to look."""
    seen_at: Mapped[datetime] = mapped_column(Utc)
