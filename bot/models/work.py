"""Projects, their stages and tasks, and what was answered.

Project 1─n Stage 1─n StageVersion        (what a stage says and pays; a change is a new version)
              Stage 1─n Queue 1─n Task     (a queue is one stage in one language)
                           Worker n─n Task through Assignment 1─n Answer (revisions)
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Json, Utc, moment


def where(condition: str) -> dict[str, Any]:
    """A partial index on both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


class Project(Base):
    __tablename__ = "projects"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    """Its name on the command line and in exports."""
    code: Mapped[str] = mapped_column(String(8), unique=True)
    """Short and tappable in chat: /p_7k2."""
    name: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    """draft, open, paused, closing, closed."""
    languages: Mapped[list[str]] = mapped_column(Json)
    budget_micro: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    opened_at: Mapped[datetime | None] = mapped_column(Utc)
    closing_at: Mapped[datetime | None] = mapped_column(Utc)
    farewell_at: Mapped[datetime | None] = mapped_column(Utc)
    """When everybody who worked in it had been told how it went; None while somebody was not."""


class Stage(Base):
    __tablename__ = "stages"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    ordinal: Mapped[int]
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    """The version in force."""

    __table_args__ = (UniqueConstraint("project_id", "ordinal"),)


class StageVersion(Base):
    """What a stage asks, pays and demands. Never changed: a change is the next version."""

    __tablename__ = "stage_versions"
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    """A key of TASK_TYPES."""
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    """The task type's own settings, checked and normalised by it."""
    text: Mapped[dict[str, Any]] = mapped_column(Json)
    """{"sw": {"question": …, "instructions": …, "options": {"yes": "Ndiyo"}}}"""
    tier: Mapped[str] = mapped_column(String(20))
    price_micro: Mapped[int] = mapped_column(BigInteger)
    """Pay for one answer, computed when the version was made."""
    currency: Mapped[str] = mapped_column(String(3))
    expected_seconds: Mapped[int]
    overlap: Mapped[int]
    gold_share_ppm: Mapped[int]
    """Share of gold among what a worker gets, in millionths."""
    review: Mapped[dict[str, Any]] = mapped_column(Json)
    """{"share_ppm": 100000, "due_seconds": 259200, …}, see `bot.work.review_terms`."""
    quality: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    """What the stage demands of people and answers, as `bot.work.stage_file` reads it.

    A key that is missing has its default.
    """
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class Queue(Base):
    __tablename__ = "queues"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    language: Mapped[str] = mapped_column(String(12))
    median_seconds: Mapped[int | None]
    """Measured by the clock over the last answers; None before there are enough."""
    concepts: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """What its gold is tagged with ("": some is not), so that no concept is forgotten."""

    __table_args__ = (UniqueConstraint("stage_id", "language"),)


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    key: Mapped[str] = mapped_column(String(200))
    """The customer's name for it, or derived from the content; survives into every export."""
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    gold: Mapped[str | None]
    """The known right label; such a task is served by share, not from the backlog."""
    hint: Mapped[str | None]
    concept: Mapped[str | None] = mapped_column(String(60))
    """What a gold task is about: each worker gets of every concept alike."""
    difficulty: Mapped[int | None]
    """Of a gold task, from 1 (easy) to 5: a training begins with the easy ones."""
    priority: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(BigInteger)
    """Order in the queue: higher priority first, then arrival; see dispatch.position."""
    overlap: Mapped[int]
    """Answers wanted; 0 for gold, but for a task that became gold after its answers."""
    open_slots: Mapped[int]
    """Answers wanted and not yet held or given; 0 for gold, which has no end."""
    parked: Mapped[int | None]
    """Slots put aside, none open: the task was reported. None: it is in work."""

    __table_args__ = (
        UniqueConstraint("stage_id", "key"),
        Index("ix_tasks_open", "queue_id", "position", **where("open_slots > 0")),
        Index("ix_tasks_gold", "queue_id", "position", **where("gold IS NOT NULL")),
        Index("ix_tasks_concept", "queue_id", "concept", "position", **where("gold IS NOT NULL")),
    )


class Cursor(Base):
    """How far a worker has come in a queue."""

    __tablename__ = "cursors"
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    served: Mapped[int] = mapped_column(default=0)
    """How many tasks of the queue they were given: a run is finished before the next queue."""


class Assignment(Base):
    """One worker holding one task, under the terms it was offered at."""

    __tablename__ = "assignments"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    stage_version: Mapped[int]
    """Wording and price in force when it was offered."""
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    state: Mapped[str] = mapped_column(String(12), default="held")
    """held → answered → accepted or not_accepted; or skipped, expired, reported.

    A late answer leads from expired to answered. A reviewer may give an answer back, which leads
    from answered to returned and by the rework to answered again. A won appeal leads from
    not_accepted to accepted.
    """
    nonce: Mapped[str] = mapped_column(String(8))
    """On every button of its card; a button with another nonce is of an old card."""
    gold: Mapped[bool] = mapped_column(default=False)
    sitting_id: Mapped[int | None] = mapped_column(ForeignKey("sittings.id"))
    """The training or exam it is part of."""
    surplus: Mapped[bool] = mapped_column(default=False)
    """Answered late, when the last slot was already taken: kept and paid."""
    price_micro: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(12))
    layout: Mapped[list[int]] = mapped_column(Json)
    """The order in which options were shown."""
    draft: Mapped[Any | None] = mapped_column(Json)
    """A text that did not fit yet, or the poll's ticks: kept until it is sent."""
    offered_at: Mapped[datetime] = mapped_column(Utc)
    lease_until: Mapped[datetime] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    seconds: Mapped[int | None]
    """From offer to the first answer, or until the worker gave the task back."""
    accept_at: Mapped[datetime | None] = mapped_column(Utc)
    """When the review window ends; unreviewed, the answer is then accepted."""
    grade: Mapped[int] = mapped_column(default=100, server_default="100")
    """Share of the price that the answer gets, in percent."""
    returns: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often a reviewer gave the answer back to its author."""
    rework_until: Mapped[datetime | None] = mapped_column(Utc)
    """Until when a returned answer can be given again."""
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    """The worker's message that held a text answer: editing it corrects the answer."""

    __table_args__ = (
        UniqueConstraint("worker_id", "task_id"),
        Index("uq_assignments_held", "worker_id", unique=True, **where("state = 'held'")),
        Index("ix_assignments_lease", "lease_until", **where("state = 'held'")),
        Index("ix_assignments_accept", "accept_at", **where("state = 'answered'")),
        Index("ix_assignments_rework", "rework_until", **where("state = 'returned'")),
        Index("ix_assignments_recent", "worker_id", "answered_at"),
        Index("ix_assignments_task", "task_id"),
        Index("ix_assignments_stage", "stage_id", "state"),
        Index("ix_assignments_queue", "queue_id", "answered_at"),
        Index(  # SQLite takes it only for a condition written just like the query's
            "ix_assignments_gold",
            "worker_id",
            "queue_id",
            postgresql_where=text("gold"),
            sqlite_where=text("gold = 1"),
        ),
    )


class Answer(Base):
    """What a worker said; revisions are added, the highest counts."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"))
    revision: Mapped[int]
    value: Mapped[Any] = mapped_column(Json)
    label: Mapped[str]
    at: Mapped[datetime] = mapped_column(Utc)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    """Who corrected it; None: the worker's own words."""

    __table_args__ = (UniqueConstraint("assignment_id", "revision"),)


class Report(Base):
    """A worker's word that something is wrong with a task."""

    __tablename__ = "reports"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(20))
    """broken, language, unclear, harmful, personal or other."""
    text: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    state: Mapped[str] = mapped_column(String(10), default="open", server_default="open")
    """open, confirmed (the task is broken, and the time is paid) or dismissed."""
    decided_at: Mapped[datetime | None] = mapped_column(Utc)

    __table_args__ = (Index("ix_reports_open", "id", **where("state = 'open'")),)


class Intake(Base):
    """A file of rows on its way in by chat: uploaded, looked at, then imported or dropped."""

    __tablename__ = "intakes"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    file_id: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """asked (what for is not said yet), waiting, done or failed."""
    lease_until: Mapped[datetime | None] = mapped_column(Utc)
    """While a process fetches and reads it."""
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What the questions after the upload have been answered with."""
    created_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
