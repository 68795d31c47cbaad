"""What goes between Telegram and us: updates in, messages out, and the state of each chat.

Every key starts with the bot, so that several bots can share one database.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Json, Utc, moment


class Inbox(Base):
    """An update that was taken. Taken before means: nothing to do."""

    __tablename__ = "inbox"
    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    dead: Mapped[str | None]
    """Why it was given up; None for the ordinary ones."""
    raw: Mapped[str | None]
    """The update as it came, kept only when it is dead."""

    __table_args__ = (
        Index(
            "ix_inbox_dead",
            "received_at",
            postgresql_where=text("dead IS NOT NULL"),
            sqlite_where=text("dead IS NOT NULL"),
        ),
    )


class Attempt(Base):
    """How often an update has failed with a bug; after a few it is dead."""

    __tablename__ = "attempts"
    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class Outbox(Base):
    """A message to send, in the order of its chat. Leased while it is being sent."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    lane: Mapped[int]
    """0 replies, 1 money and decisions, 2 offers, 3 broadcasts."""
    method: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    card: Mapped[int | None] = mapped_column(BigInteger)
    """The assignment this message shows: its message becomes the chat's live card."""
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    due_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    lease_until: Mapped[datetime | None] = mapped_column(Utc)
    lease_owner: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Utc)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    dead: Mapped[str | None]
    """Why it will never be sent."""
    expires_at: Mapped[datetime | None] = mapped_column(Utc)
    """When it is no longer worth sending; None: always."""

    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "bot_id",
            "chat_id",
            "id",
            postgresql_where=text("sent_at IS NULL AND dead IS NULL"),
            sqlite_where=text("sent_at IS NULL AND dead IS NULL"),
        ),
        Index(
            "ix_outbox_due",
            "lane",
            "due_at",
            postgresql_where=text("sent_at IS NULL AND dead IS NULL AND lane >= 0"),
            sqlite_where=text("sent_at IS NULL AND dead IS NULL AND lane >= 0"),
        ),
        Index(
            "ix_outbox_expiry",
            "expires_at",
            postgresql_where=text("sent_at IS NULL AND dead IS NULL AND expires_at IS NOT NULL"),
            sqlite_where=text("sent_at IS NULL AND dead IS NULL AND expires_at IS NOT NULL"),
        ),
    )


class Chat(Base):
    """One person's private chat with one bot, and what the bot is waiting for in it."""

    __tablename__ = "chats"
    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), unique=True)
    expecting: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the next message means: {"what": "answer" | "country" …, …}; None: nothing."""
    card: Mapped[int | None] = mapped_column(BigInteger)
    """The assignment on the live card."""
    card_message: Mapped[int | None] = mapped_column(BigInteger)
    card_kind: Mapped[str | None] = mapped_column(String(10))
    """text, photo, audio or poll: what the live card can be edited into."""
    reachable: Mapped[bool] = mapped_column(default=True)
    wake_at: Mapped[datetime | None] = mapped_column(Utc, index=True)
    """When to look again whether there is work for somebody who was told there is none."""
    call_at: Mapped[datetime | None] = mapped_column(Utc, index=True)
    """When to look again whether reviews wait for a reviewer who was told that none does."""


class StatusCard(Base):
    """A pinned message that says what a worker has; edited silently when that has changed."""

    __tablename__ = "status_cards"
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    letter: Mapped[int | None] = mapped_column(BigInteger)
    """Of the outbox, that brings the message; None: it is not written yet."""
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    """None: the message is on its way, and is pinned when it is there."""
    shown: Mapped[str] = mapped_column(String(64), default="")
    """Hash of what it says."""
    due_at: Mapped[datetime] = mapped_column(Utc, server_default=moment(), index=True)
    """When to look again whether something has changed."""


class Poll(Base):
    """A native poll that is the answer sheet of an assignment."""

    __tablename__ = "polls"
    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    poll_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)


class Gate(Base):
    """What Telegram's limits leave in a scope (`bot` or `chat:<id>`), see `bot.store.gates`."""

    __tablename__ = "gates"
    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    closed_until: Mapped[datetime | None] = mapped_column(Utc)
    """Nothing may be sent before, after a 429."""
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    next_us: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """When the next message is due at an even pace, in microseconds since 1970."""
