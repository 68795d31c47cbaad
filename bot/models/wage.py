"""The wage guard: floors, what workers say of their own time, and what follows from both.

Country + currency 1─n Floor                      (dated: the one that began last is in force)
Assignment 1─1 Correction                         (the worker's own word on their time)
Project 1─1 FloorWaiver, Project 1─n WageStop     (an owner allows less; the guard stopped it)
Worker + Project + week 1─1 TopUp                 (what was added to reach the floor)
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Utc, moment
from bot.models.work import where


class Floor(Base):
    """The least that an hour of work pays in a country, from a day on, as an owner set it.

    Floors that nobody set are in bot/pay/floors.toml.
    """

    __tablename__ = "floors"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    country: Mapped[str] = mapped_column(String(2))
    """ISO 3166; "*": everywhere."""
    currency: Mapped[str] = mapped_column(String(3))
    micro: Mapped[int] = mapped_column(BigInteger)
    """Of an hour; 0: there is none any more."""
    since: Mapped[date]
    """It holds from the beginning of this day on, UTC."""
    source: Mapped[str] = mapped_column(String(200))
    set_by: Mapped[int | None] = mapped_column(ForeignKey("workers.id"))
    set_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())

    __table_args__ = (UniqueConstraint("country", "currency", "since"),)


class Correction(Base):
    """How long a worker says that they worked on a task; never longer than they had it."""

    __tablename__ = "corrections"
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    seconds: Mapped[int]
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class FloorWaiver(Base):
    """An owner lets a project pay below the floor, and everybody who sees its card reads so."""

    __tablename__ = "floor_waivers"
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class WageStop(Base):
    """A project was paused because its work paid below the floor of a country."""

    __tablename__ = "wage_stops"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    country: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    micro: Mapped[int] = mapped_column(BigInteger)
    """What an hour came to: the median of the last answers."""
    floor_micro: Mapped[int] = mapped_column(BigInteger)
    answers: Mapped[int]
    """How many that was measured over."""
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    """When the project was opened again, or closed; from then on is measured anew."""

    __table_args__ = (
        Index("uq_wage_stops_open", "project_id", unique=True, **where("ended_at IS NULL")),
    )


class TopUp(Base):
    """What a project added to a worker's week, and from which figures that follows."""

    __tablename__ = "top_ups"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    monday: Mapped[date]
    """The local day after the week's last."""
    micro: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    seconds: Mapped[int]
    """The active time in this project, that no answer was copied in."""
    earned_micro: Mapped[int] = mapped_column(BigInteger)
    """What it had brought."""
    due_micro: Mapped[int] = mapped_column(BigInteger)
    """What the floor makes of it."""
    posting_id: Mapped[int] = mapped_column(ForeignKey("postings.id"), unique=True)

    __table_args__ = (
        UniqueConstraint("worker_id", "monday", "project_id", "currency"),
        Index("ix_top_ups_project", "project_id", "monday"),
    )
