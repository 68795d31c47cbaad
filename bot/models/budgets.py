"""What projects have spent, the alarms about it, and who was told that a project has ended."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Utc, moment


class Spending(Base):
    """What a project has spent in its currency, by all postings up to the tally's mark."""

    __tablename__ = "spending"
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    micro: Mapped[int] = mapped_column(BigInteger)


class Tally(Base):
    """One row: up to which posting `spending` is summed up."""

    __tablename__ = "tally"
    id: Mapped[int] = mapped_column(primary_key=True)
    posting: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class BudgetAlarm(Base):
    """A share of a budget that is spent. Each is raised once; another budget has its own."""

    __tablename__ = "budget_alarms"
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    budget_micro: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    percent: Mapped[int] = mapped_column(primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())


class Farewell(Base):
    """A worker has been told of a project's end: 1, that it closes; 2, how it went for them."""

    __tablename__ = "farewells"
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
