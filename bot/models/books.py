"""What proves that the books were not rewritten: one link of the hash chain for each day."""

from datetime import date, datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Utc, moment


class LedgerDay(Base):
    """The postings of one UTC day, hashed together with the day before. Never changes."""

    __tablename__ = "ledger_days"
    day: Mapped[date] = mapped_column(primary_key=True)
    upto: Mapped[int] = mapped_column(BigInteger)
    """The highest posting; the day has those after the `upto` of the day before."""
    count: Mapped[int]
    """How many postings; of a quiet day none."""
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the hash of the day before, the day, and the postings, see bot.pay.chain."""
    at: Mapped[datetime] = mapped_column(Utc, server_default=moment())
