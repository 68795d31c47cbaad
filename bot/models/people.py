"""Who works and who runs the work."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Utc, moment


class Worker(Base):
    """A person, known by a pseudonym. Names live apart in `identities`."""

    __tablename__ = "workers"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(20), unique=True)
    """Random, stable, says nothing: w-7k2m9q."""
    state: Mapped[str] = mapped_column(String(20), default="joining")
    """joining, active, paused (an agreement is missing), declined (under 18), gone (erased)."""
    step: Mapped[str | None] = mapped_column(String(20), default="language")
    """Where onboarding stands; None when it is done."""
    locale: Mapped[str | None] = mapped_column(String(12))
    """The language of the interface; None until chosen."""
    country: Mapped[str | None] = mapped_column(String(2))
    zone: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[str | None] = mapped_column(String(3))
    adult: Mapped[bool | None]
    field: Mapped[str | None] = mapped_column(String(20))
    """What they are an expert of, by their own word: a name of `fields`."""
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class Identity(Base):
    """What Telegram tells of a person: separable, so that erasing it leaves the ledger whole.

    Sealed, see `bot.people.identities`, which alone reads and writes it.
    """

    __tablename__ = "identities"
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    name: Mapped[str]
    username: Mapped[str | None]
    fingerprint: Mapped[str | None] = mapped_column(String(41))
    """Mark of both names under the key that sealed them; None: they are plain, from before."""
    handle: Mapped[str | None] = mapped_column(String(41), index=True)
    """Mark of the user name."""


class WorkerLanguage(Base):
    """A language somebody reads and writes, and how well: native, fluent or some."""

    __tablename__ = "worker_languages"
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    level: Mapped[str] = mapped_column(String(10))


class Consent(Base):
    """One agreement to one version of one document, in the language it was read in."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), index=True)
    document: Mapped[str] = mapped_column(String(20))
    """terms, privacy or answers."""
    version: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(12))
    given_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    withdrawn_at: Mapped[datetime | None] = mapped_column(Utc)


class Role(Base):
    """One of people.roles.ROLES; workers need none."""

    __tablename__ = "roles"
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    granted_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class Invite(Base):
    """A single-use link that gives a role. Only the hash of its secret is kept."""

    __tablename__ = "invites"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    """A role, or `worker`."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    expires_at: Mapped[datetime] = mapped_column(Utc)
    used_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    used_at: Mapped[datetime | None] = mapped_column(Utc)


class Audit(Base):
    """Who did what to what, and what it was before. Only ever added to, and then chained."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    """None: the command line or the clock."""
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    before: Mapped[str | None]
    after: Mapped[str | None]
    position: Mapped[int | None] = mapped_column(BigInteger)
    """In the chain, from 1 on; None until the clock has put it there, see bot.people.trail."""
    hash: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 over the hash of the position before, and this row."""

    __table_args__ = (
        Index("ix_audit_position", "position", unique=True),
        Index(
            "ix_audit_unchained",
            "id",
            postgresql_where=text("position IS NULL"),
            sqlite_where=text("position IS NULL"),
        ),
        Index("ix_audit_subject", "subject"),
    )
