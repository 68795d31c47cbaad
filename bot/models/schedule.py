"""Work by the calendar: what is due once in every period, for somebody or something."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Id, Utc


class Scheduled(Base):
    """One period of one job for one subject. The period that comes is open, those before done."""

    __tablename__ = "schedule"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(String(20))
    """What is to be done: summary."""
    subject: Mapped[int] = mapped_column(BigInteger)
    """For whom or what: the id of a worker, for example, as the job takes it."""
    period: Mapped[date]
    """The local day it begins on, which is its name in every zone."""
    due_at: Mapped[datetime] = mapped_column(Utc)
    """When it begins, in the zone of its subject."""
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    """None: open."""

    __table_args__ = (
        UniqueConstraint("job", "subject", "period"),
        Index(
            "ix_schedule_due",
            "job",
            "due_at",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
    )
