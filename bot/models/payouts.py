"""Money that leaves: where to, in which batches, and what the providers said of it.

batch    draft → frozen → approved → submitted (an API) or exported (a file) → closed
         draft, frozen, approved → canceled
payout   draft → held → submitted → settled or failed
         submitted → unknown → settled or failed, when somebody knows
         draft → left_out, when its batch is frozen without it
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Utc, moment

_CURRENT = text("retired_at IS NULL")
_SOLE = text("retired_at IS NULL AND NOT shared")
_DRAFT = text("state = 'draft'")
_UNTOLD = text("told_at IS NULL AND state IN ('settled', 'failed', 'left_out')")
_WATCHED = text("due_at IS NOT NULL")


class Destination(Base):
    """Where a worker is paid: sealed, see `bot.pay.destinations`. A change is a new row."""

    __tablename__ = "destinations"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    provider: Mapped[str] = mapped_column(String(20))
    sealed: Mapped[str | None]
    """None: erased with its owner."""
    mark: Mapped[str | None] = mapped_column(String(41))
    """The same for the same destination of this provider, whoever gave it."""
    shared: Mapped[bool] = mapped_column(default=False)
    """Somebody else gave it before: nothing is paid there until an admin has looked."""
    cleared_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    cleared_at: Mapped[datetime | None] = mapped_column(Utc)
    """When an admin allowed it although it is shared."""
    usable_at: Mapped[datetime] = mapped_column(Utc)
    """From when on it is paid to: at once for the first one, later after a change."""
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    retired_at: Mapped[datetime | None] = mapped_column(Utc)
    """When another one took its place, or its owner took it back."""

    __table_args__ = (
        Index(
            "uq_destinations_current",
            *("worker_id", "provider"),
            unique=True,
            postgresql_where=_CURRENT,
            sqlite_where=_CURRENT,
        ),
        Index(
            "uq_destinations_mark",
            *("provider", "mark"),
            unique=True,
            postgresql_where=_SOLE,
            sqlite_where=_SOLE,
        ),
        Index("ix_destinations_worker", "worker_id"),
    )


class Batch(Base):
    """Payouts of one provider and currency, approved and paid together."""

    __tablename__ = "batches"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    """What people call it; random, so that none is given twice, not even after a restore."""
    provider: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(2), default="")
    """Of the workers in it; empty: everywhere."""
    state: Mapped[str] = mapped_column(String(10), default="draft")
    version: Mapped[int] = mapped_column(default=1)
    """Counts the steps: each swaps it, so that of two who do the same step one is told."""
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("payout_plans.id"))
    period: Mapped[date | None]
    """Of the plan that opened it: the day the period begins."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    """None: the clock, or the first worker who asked."""
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    frozen_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    paid_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    """Who did the last step; None: the clock or the command line."""
    changed_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Why the provider took none of it, when it came back to be paid again."""

    __table_args__ = (
        Index(
            "uq_batches_draft",
            *("provider", "currency", "country"),
            unique=True,
            postgresql_where=_DRAFT,
            sqlite_where=_DRAFT,
        ),
        Index("ix_batches_state", "state"),
    )


class BatchFile(Base):
    """A file for a person or a bank, kept sealed: exported again it has the same bytes."""

    __tablename__ = "batch_files"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    name: Mapped[str] = mapped_column(String(120))
    sealed: Mapped[str] = mapped_column(Text)
    """Base64 of its bytes, sealed: it holds destinations."""
    key: Mapped[str] = mapped_column(String(8))
    """Id of the key that sealed it."""
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())

    __table_args__ = (UniqueConstraint("batch_id", "name"),)


class PayoutAttempt(Base):
    """Payouts handed to a provider in one call. Committed before the call is made."""

    __tablename__ = "payout_attempts"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    """The provider refuses a second batch under it, if it refuses at all."""
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open: the call may have been made. asked: the provider took it. unknown: nobody knows.
    refused: it took none of it. done: every payout of it is settled or failed."""
    handle: Mapped[str] = mapped_column(String(80), default="")
    """The provider's own name for it, by which it is found again."""
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    calls: Mapped[int] = mapped_column(default=0)
    """How often the provider was asked what became of it."""
    due_at: Mapped[datetime | None] = mapped_column(Utc)
    """When to ask what became of it; while a call is made, when it has ended. None: never."""

    __table_args__ = (
        Index(
            "ix_payout_attempts_due",
            "due_at",
            postgresql_where=_WATCHED,
            sqlite_where=_WATCHED,
        ),
    )


class Payout(Base):
    """Money leaving to one worker."""

    __tablename__ = "payouts"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    destination_id: Mapped[int | None] = mapped_column(ForeignKey("destinations.id"))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("payout_attempts.id"), index=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    """What the provider knows it by; random, for the same reason as the code of a batch."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """Micro-units that leave the balance, the fee among them; in a draft a forecast."""
    fee: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10), default="draft")
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Why it failed or was left out."""
    receipt: Mapped[str] = mapped_column(String(80), default="")
    """The provider's own reference."""
    requested: Mapped[bool] = mapped_column(default=False)
    """The worker asked for it."""
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    """When it was settled, failed or left out."""
    told_at: Mapped[datetime | None] = mapped_column(Utc)
    """When the worker was told how it ended."""

    __table_args__ = (
        UniqueConstraint("batch_id", "worker_id"),
        Index("ix_payouts_worker", "worker_id", "state"),
        Index(
            "ix_payouts_untold",
            "id",
            postgresql_where=_UNTOLD,
            sqlite_where=_UNTOLD,
        ),
    )


class Result(Base):
    """What a provider said of one payout without being asked; each thing once."""

    __tablename__ = "payout_results"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(80), index=True)
    state: Mapped[str] = mapped_column(String(10))
    receipt: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())

    __table_args__ = (UniqueConstraint("provider", "reference", "state", "receipt"),)


class PayoutPlan(Base):
    """A draft that the clock opens in every period."""

    __tablename__ = "payout_plans"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(2), default="")
    every: Mapped[str] = mapped_column(String(5))
    """week: on Mondays. month: on the first."""
    zone: Mapped[str] = mapped_column(String(64))
    """On whose clock the day begins."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class PayoutLimit(Base):
    """What may leave of a currency, and from which sum on two people must agree."""

    __tablename__ = "payout_limits"
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    alone: Mapped[int] = mapped_column(BigInteger, default=0)
    """Micro-units of a batch that one person may approve and pay; above it two are needed."""
    worker: Mapped[int | None] = mapped_column(BigInteger)
    """The most for one worker in one payout; None: no cap."""
    day: Mapped[int | None] = mapped_column(BigInteger)
    """The most for all together in 24 hours; None: no cap."""
    first: Mapped[int | None] = mapped_column(BigInteger)
    """A first payout above it is pointed out; None: none is."""
    minimum: Mapped[int] = mapped_column(BigInteger, default=0)
    """The least that is paid out, where the provider would take less."""
