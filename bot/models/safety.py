"""What keeps the money safe when something went wrong."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Json, Utc, moment


class Safeguards(Base):
    """One row: whether payouts are frozen, and how far the books have been proven."""

    __tablename__ = "safeguards"
    id: Mapped[int] = mapped_column(primary_key=True)
    payouts_frozen_since: Mapped[datetime | None] = mapped_column(Utc)
    """None: money may leave."""
    payouts_frozen_reason: Mapped[str | None]
    watched_at: Mapped[datetime | None] = mapped_column(Utc)
    """When a process last set out to look at the invariants."""
    proven_posting: Mapped[int] = mapped_column(BigInteger, default=0)
    """Every posting up to this id has been looked at."""
    proven_answer: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class Fault(Base):
    """An invariant that does not hold, from when it was found until it holds again."""

    __tablename__ = "faults"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    """A key of invariants.INVARIANTS."""
    rows: Mapped[list[int]] = mapped_column(Json)
    """Ids of what is wrong, at most invariants.MANY; looked at again until they are right."""
    found_at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
