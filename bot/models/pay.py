"""Money: what kinds of work pay, and the append-only ledger.

A posting is a balanced set of entries. It is sealed once it balances; triggers on both databases
refuse any change, deletion or addition afterwards (see the first migration).
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Utc, moment


class Tier(Base):
    """A kind of work and what an hour of it pays."""

    __tablename__ = "tiers"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    wage_micro: Mapped[int] = mapped_column(BigInteger)
    """Reference wage of an hour."""
    currency: Mapped[str] = mapped_column(String(3))
    premium_ppm: Mapped[int]
    """Added to the reference wage, in millionths."""
    review_micro: Mapped[int] = mapped_column(BigInteger)
    """Pay for one review of an answer of this tier."""


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
