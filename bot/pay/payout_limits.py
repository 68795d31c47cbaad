"""What may leave of a currency, and how much one person may pay alone. An owner sets it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from bot import money
from bot.models.base import table
from bot.models.payouts import PayoutLimit
from bot.models.people import Audit
from bot.people import roles
from bot.store.database import Session, upsert

rows = table(PayoutLimit)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one currency, in micro-units. Without a row two people are needed for every batch."""

    currency: str
    alone: int = 0
    """A batch up to this sum may be approved and paid by one person."""
    worker: int | None = None
    """The most for one worker in one payout; None: no cap."""
    day: int | None = None
    """The most for all together in 24 hours; None: no cap."""
    first: int | None = None
    """A first payout above it is pointed out; None: none is."""
    minimum: int = 0
    """The least that is paid out, where the provider would take less."""


async def of(session: Session, currency: str) -> Limits:
    """The limits in force."""
    return await _read(session, select(rows).where(rows.c.currency == currency), currency)


async def locked(session: Session, currency: str) -> Limits:
    """The same, and nobody else reckons with them until the end of the transaction."""
    query = select(rows).where(rows.c.currency == currency).with_for_update()
    return await _read(session, query, currency)


async def put(session: Session, limits: Limits, *, actor: int | None, now: datetime) -> None:
    """Set them; the change is in the audit. Raises RoleNeeded for who is no owner."""
    await roles.require(session, actor, "owner")
    before = await locked(session, limits.currency)
    values = asdict(limits)
    statement = upsert(session, rows).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["currency"], set_=values))
    session.add(
        Audit(
            at=now,
            actor_id=actor,
            action="payouts.limits",
            subject=f"currency:{limits.currency}",
            before=_words(before),
            after=_words(limits),
        )
    )
    await session.flush()


async def _read(session: Session, query: Select[Any], currency: str) -> Limits:
    row = (await session.execute(query)).mappings().one_or_none()
    return Limits(currency) if row is None else Limits(**row)


def _words(limits: Limits) -> str:
    given = {name: value for name, value in asdict(limits).items() if name != "currency"}
    return ", ".join(
        f"{name} {'none' if value is None else money.decimal(value)}"
        for name, value in given.items()
    )
