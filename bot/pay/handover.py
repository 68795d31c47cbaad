"""What is handed to a provider: an attempt, committed before anything is said or written."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, update

from bot.models.base import table
from bot.models.payouts import Batch, Payout, PayoutAttempt
from bot.models.people import Worker
from bot.pay import destinations, endings
from bot.pay.providers.provider import Outcome, Payment
from bot.store.database import Session

batches, payouts, attempts = table(Batch), table(Payout), table(PayoutAttempt)
workers = table(Worker)


class Attempt(NamedTuple):
    """Payments under one key of their provider."""

    id: int
    batch: str
    """Its code."""
    provider: str
    key: str
    payments: list[Payment]
    fees: dict[str, int]
    """By reference, in micro-units."""
    begun_at: datetime
    handle: str = ""
    state: str = "open"
    calls: int = 0
    whole: bool = True
    """Every payment of it is here as it was handed over: the same call could be made again."""

    @property
    def references(self) -> list[str]:
        return [one.reference for one in self.payments]


class Manner(NamedTuple):
    """How many payments of a batch, in which state the attempt begins, when to look after it."""

    limit: int
    state: str
    wait: timedelta


async def begin(
    session: Session, batch: Row[Any], manner: Manner, *, now: datetime
) -> Attempt | None:
    """Take what is held next and hand it over; None when nobody was left to pay.

    Whose destination was erased or changed since the batch was frozen gets the money back: nothing
    is paid to where somebody no longer wants it.
    """
    rows = await _rows(session, payouts.c.batch_id == batch.id, payouts.c.state == "held")
    payments = await _payable(session, batch, rows[: manner.limit], now)
    if not payments:
        return None
    number = await session.scalar(
        select(func.count()).select_from(attempts).where(attempts.c.batch_id == batch.id)
    )
    key = f"kazi-{batch.code.removeprefix('b-')}-{(number or 0) + 1}"
    values = {
        "batch_id": batch.id,
        "key": key,
        "state": manner.state,
        "created_at": now,
        "due_at": now + manner.wait,
    }
    id = await session.scalar(insert(attempts).returning(attempts.c.id), values)
    assert id is not None
    await session.execute(
        update(payouts)
        .where(payouts.c.reference.in_([one.reference for one in payments]))
        .values(state="submitted", attempt_id=id)
    )
    fees = {row.reference: row.fee for row in rows}
    return Attempt(id, batch.code, batch.provider, key, payments, fees, begun_at=now)


async def again(session: Session, attempt: Row[Any], batch: Row[Any]) -> Attempt:
    """An attempt from before, with what of it has not ended."""
    rows = await _rows(session, payouts.c.attempt_id == attempt.id)
    ids = [row.destination_id for row in rows]
    shown = await destinations.reveal(session, ids, retired=True)
    current = await destinations.reveal(session, ids)
    open_ = [row for row in rows if row.state in endings.OUT]
    return Attempt(
        id=attempt.id,
        batch=batch.code,
        provider=batch.provider,
        key=attempt.key,
        payments=[_payment(batch, row, shown.get(row.destination_id, "")) for row in open_],
        fees={row.reference: row.fee for row in open_},
        handle=attempt.handle,
        state=attempt.state,
        begun_at=attempt.created_at,
        calls=attempt.calls,
        whole=len(open_) == len(rows) and all(id in current for id in ids),
    )


async def _rows(session: Session, *where: Any) -> Sequence[Row[Any]]:
    query = (
        select(payouts, workers.c.pseudonym)
        .join(workers, workers.c.id == payouts.c.worker_id)
        .where(*where)
        .order_by(payouts.c.id)
        .with_for_update(of=payouts)
    )
    return (await session.execute(query)).all()


async def _payable(
    session: Session, batch: Row[Any], rows: Sequence[Row[Any]], now: datetime
) -> list[Payment]:
    shown = await destinations.reveal(session, [row.destination_id for row in rows])
    for row in rows:
        if row.destination_id not in shown:
            known = await endings.of(session, batch.provider, [row.reference])
            failed = Outcome(row.reference, "failed", reason="changed")
            await endings.end(session, known[row.reference], failed, ["held"], now=now)
    return [
        _payment(batch, row, shown[row.destination_id])
        for row in rows
        if row.destination_id in shown
    ]


def _payment(batch: Row[Any], row: Row[Any], destination: str) -> Payment:
    return Payment(
        reference=row.reference,
        destination=destination,
        amount=row.amount - row.fee,
        currency=row.currency,
        note=f"Kazi {batch.code}",
        name=row.pseudonym,
    )
