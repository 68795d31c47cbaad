"""How payouts end: once, whoever says it first and however often it is said again.

submitted, unknown → settled    held → with the provider
submitted, unknown → failed     held → available
submitted          → unknown    nobody knows; the money stays held
unknown            → submitted  the provider has it after all
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, exists, select, update

from bot.models.base import table
from bot.models.payouts import Batch, Payout
from bot.models.people import Audit
from bot.pay import ledger, safeguards
from bot.pay.ledger import Leaving
from bot.pay.providers.provider import Outcome
from bot.store.database import Session

log = structlog.get_logger()

FINAL = ("settled", "failed", "left_out")
OUT = ("submitted", "unknown")  # with the provider, as far as anybody knows
FROM = {"settled": OUT, "failed": OUT, "pending": ("unknown",), "unknown": ("submitted",)}
STATES = {"pending": "submitted"}

batches, payouts = table(Batch), table(Payout)


async def apply(
    session: Session, provider: str, outcomes: Iterable[Outcome], *, now: datetime
) -> list[str]:
    """Write down what a provider said; the references that no payout of its has.

    What contradicts an ending that is known already changes nothing and freezes payouts.
    """
    said = {one.reference: one for one in outcomes}
    rows = await of(session, provider, said)
    touched = {row.batch_id for row in rows.values()}
    await lock(session, touched)
    for reference, row in sorted(rows.items()):
        await _one(session, row, said[reference], now)
    for batch_id in touched:
        await close(session, batch_id, now)
    return [reference for reference in said if reference not in rows]


async def of(session: Session, provider: str, references: Iterable[str]) -> dict[str, Row[Any]]:
    """Payouts of a provider by reference."""
    query = (
        select(payouts, batches.c.provider)
        .join(batches, batches.c.id == payouts.c.batch_id)
        .where(batches.c.provider == provider, payouts.c.reference.in_(list(references)))
    )
    return {row.reference: row for row in await session.execute(query)}


async def lock(session: Session, batch_ids: Iterable[int]) -> None:
    """Endings of a batch come one after another: the last one closes it."""
    query = select(batches.c.id).where(batches.c.id.in_(list(batch_ids)))
    await session.execute(query.order_by(batches.c.id).with_for_update())


async def end(
    session: Session, row: Row[Any], outcome: Outcome, states: Iterable[str], *, now: datetime
) -> bool:
    """Move a payout that is in one of these states; whether it was. Money follows."""
    state = STATES.get(outcome.state, outcome.state)
    final = state in FINAL
    won = await session.scalar(
        update(payouts)
        .where(payouts.c.id == row.id, payouts.c.state.in_(list(states)))
        .values(
            state=state,
            receipt=outcome.receipt or payouts.c.receipt,
            reason=outcome.reason,
            ended_at=now if final else None,
        )
        .returning(payouts.c.id)
    )
    if won is None:
        return False
    if state == "settled":
        await ledger.settle(session, leaving(row))
    elif state == "failed":
        await ledger.pay_back(session, leaving(row))
    return True


def leaving(row: Row[Any]) -> Leaving:
    """A payout as the ledger takes it."""
    return Leaving(row.id, row.worker_id, row.provider, row.currency, row.amount, row.fee)


async def close(session: Session, batch_id: int, now: datetime) -> None:
    """Close a batch when every payout of it has ended."""
    mine = payouts.c.batch_id == batches.c.id
    await session.execute(
        update(batches)
        .where(batches.c.id == batch_id, batches.c.state.in_(("submitted", "exported")))
        .where(~exists().where(mine, payouts.c.state.not_in(FINAL)))
        .values(state="closed", version=batches.c.version + 1, changed_by=None, changed_at=now)
    )


async def _one(session: Session, row: Row[Any], outcome: Outcome, now: datetime) -> None:
    if await end(session, row, outcome, FROM[outcome.state], now=now):
        return
    found = (await session.execute(select(payouts).where(payouts.c.id == row.id))).one()
    if _contradicts(found.state, outcome.state):
        await contradict(session, row.reference, f"{found.state}, then {outcome.state}", now)


def _contradicts(known: str, said: str) -> bool:
    """Money that arrived although nothing was handed over, or that both arrived and did not."""
    return known != said and (said == "settled" or (said == "failed" and known == "settled"))


async def contradict(session: Session, reference: str, what: str, now: datetime) -> None:
    """The provider and the books do not agree: nothing more leaves until a person has looked."""
    log.error("payout in doubt", reference=reference, what=what)
    session.add(
        Audit(at=now, action="payout.doubt", subject=f"payout:{reference}", after=what[:200])
    )
    await safeguards.freeze(session, f"a payout in doubt: {what}", now)
