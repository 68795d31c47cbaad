"""Money: what kinds of work pay, and the append-only ledger.

A posting is a balanced set of entries. It is sealed once it balances; triggers on both databases
refuse any change, deletion or addition afterwards (see the first migration).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Json, Utc, moment


class Tier(Base):
    """What an hour of a kind of work pays, from a moment on. A change is a next row, never an edit.

    In force is the newest row that has begun, of the worker's country where it has rows.
    """

    __tablename__ = "tiers"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(2), default="")
    """Empty: wherever there is no row for the country."""
    begins_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    wage_micro: Mapped[int] = mapped_column(BigInteger)
    """Reference wage of an hour."""
    floor_micro: Mapped[int] = mapped_column(BigInteger, default=0)
    """The wage may not be set lower."""
    premium_ppm: Mapped[int]
    """Added to the reference wage, in millionths."""
    review_micro: Mapped[int] = mapped_column(BigInteger)
    """Pay for one review of an answer of this tier."""
    least_micro: Mapped[int] = mapped_column(BigInteger, default=0)
    """No answer of this tier pays less."""
    hold_seconds: Mapped[int]
    """How long an answer's pay waits at most; the review window of stages that name none."""
    skills: Mapped[list[Any]] = mapped_column(Json, default=list)
    """What stages demand that name no skills themselves, see `bot.quality.requirements`."""
    field: Mapped[str] = mapped_column(String(20), default="")
    """Of those who declared none: a name of `fields`, or empty for the tier's own wage."""
    made_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    made_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())

    __table_args__ = (UniqueConstraint("name", "currency", "country", "begins_at"),)


class Field(Base):
    """What an hour of a field of expertise is worth, from a moment on; kept like tiers."""

    __tablename__ = "fields"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    begins_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    wage_micro: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    made_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())

    __table_args__ = (UniqueConstraint("name", "currency", "begins_at"),)


class Bonus(Base):
    """Money on top, for accepted work, with a word to the worker."""

    __tablename__ = "bonuses"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token: Mapped[str] = mapped_column(String(16), unique=True)
    """Of the card it was confirmed on: a second tap finds it taken."""
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignments.id"))
    """The answer it is for; None: for what the worker did in the project."""
    micro: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    message: Mapped[dict[str, str]] = mapped_column(Json)
    """By language."""
    made_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    made_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    """project:3:expense:USD, worker:7:pending:USD, worker:7:available:USD …"""
    kind: Mapped[str] = mapped_column(String(20))
    """expense, pending, available, held, paid."""
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    currency: Mapped[str] = mapped_column(String(3))


class Posting(Base):
    __tablename__ = "postings"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    """Derived from what it is for: answer:91, accept:91 … The same thing cannot be posted twice."""
    digest: Mapped[str] = mapped_column(String(64))
    """Of its content: the same key with another content is an alarm, not a repeat."""
    kind: Mapped[str] = mapped_column(String(20))
    reverses: Mapped[int | None] = mapped_column(ForeignKey("postings.id"), unique=True)
    assignment_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    sealed: Mapped[bool] = mapped_column(default=False)


class Entry(Base):
    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey("postings.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    """Micro-units; positive is owed to the account's holder."""

    __table_args__ = (
        CheckConstraint("amount <> 0", name="not_zero"),
        Index("ix_entries_account", "account_id", "amount"),
    )
