"""What people can do, how that is known, and the trainings and exams they sit.

Worker 1─n Observation    one thing that could be checked
       1─n Skill          what the observations add up to, now
       1─n SkillChange    every step of it, with its reason
       1─n Sitting 1─n Assignment
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Utc

SKILL = 40  # characters of a skill's name: [a-z0-9_]


class Skill(Base):
    """How well somebody does one kind of thing. Kept by `bot.people.skills` alone."""

    __tablename__ = "skills"
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    skill: Mapped[str] = mapped_column(String(SKILL), primary_key=True)
    score_ppm: Mapped[int]
    """0 to 1,000,000; people read 0 to 100."""
    observations: Mapped[int]
    """How many checked answers it rests on; 0: all were withdrawn, and they have no such skill."""
    at: Mapped[datetime] = mapped_column(Utc)


class Observation(Base):
    """Something a worker did that could be checked, and how right it was."""

    __tablename__ = "observations"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    skill: Mapped[str] = mapped_column(String(SKILL))
    source: Mapped[str] = mapped_column(String(12))
    """gold, agreement or review of one answer; exam or hand, which begin the score anew."""
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignments.id"))
    """None for a whole exam, and by hand."""
    share_ppm: Mapped[int]
    weight: Mapped[int] = mapped_column(default=1)
    """How many answers it stands for."""
    at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (
        UniqueConstraint("source", "assignment_id"),
        Index("ix_observations_recent", "worker_id", "skill", "at"),
    )


class SkillChange(Base):
    """One step of a skill: from what to what, and why. Only ever added to."""

    __tablename__ = "skill_changes"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    skill: Mapped[str] = mapped_column(String(SKILL))
    source: Mapped[str] = mapped_column(String(12))
    before_ppm: Mapped[int | None]
    """None: they had no such skill."""
    after_ppm: Mapped[int]
    observations: Mapped[int]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    """Who did it by hand; None: it was computed."""
    at: Mapped[datetime] = mapped_column(Utc)

    __table_args__ = (Index("ix_skill_changes_history", "worker_id", "skill", "id"),)


class Sitting(Base):
    """One worker going through a training, or through an exam: one attempt."""

    __tablename__ = "sittings"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    stage_version: Mapped[int]
    """Whose terms it is held to, to its end."""
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    number: Mapped[int]
    """The first, second … of this worker here."""
    state: Mapped[str] = mapped_column(String(8), default="open")
    """open ⇄ paused → passed or failed; a training ends done.

    Where people grade the answers, grading comes before; void: nobody graded them in time.
    """
    tasks: Mapped[int]
    """How many answers end it."""
    answered: Mapped[int] = mapped_column(default=0)
    correct: Mapped[int] = mapped_column(default=0)
    """First answers that were right; 0 where people grade them."""
    score_ppm: Mapped[int | None]
    """What an exam came to that people graded."""
    mending_id: Mapped[int | None] = mapped_column(BigInteger)
    """The assignment whose wrong answer is being mended, in a training."""
    started_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    retry_at: Mapped[datetime | None] = mapped_column(Utc)
    """When a failed exam may be tried again; None: not any more."""
    grade_by: Mapped[datetime | None] = mapped_column(Utc)
    """Until when people may grade the answers."""

    __table_args__ = (
        UniqueConstraint("worker_id", "queue_id", "number"),
        Index(
            "uq_sittings_open",
            "worker_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index(
            "ix_sittings_grading",
            "grade_by",
            postgresql_where=text("state = 'grading'"),
            sqlite_where=text("state = 'grading'"),
        ),
    )
