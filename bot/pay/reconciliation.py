"""After a restore: what was paid since the copy was made is found, and never paid again.

The payment log knows what was handed over. A payment of it that the books do not have, or have as
not handed over yet, is in doubt: payouts are frozen until the provider or a person has said of each
what became of it, and an owner lets them go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, exists, func, select, update

from bot.models.base import table
from bot.models.pay import Account, Entry
from bot.models.payouts import Batch, Destination, Payout, PayoutAttempt
from bot.models.people import Audit, Worker
from bot.pay import callbacks, destinations, endings, ledger, safeguards
from bot.pay.payment_list import Told
from bot.pay.payment_log import PaymentLog, Sent
from bot.pay.providers import PROVIDERS
from bot.pay.providers.provider import ApiProvider, Outcome, Payment, Refused, Uncertain
from bot.pay.runner import Rails
from bot.people import roles
from bot.store.database import Database, Session, now, upsert, vault

MAY_TELL = roles.PAYING
BEFORE = ("draft", "left_out", "held")  # nothing was handed over, as far as the books know
ROWS = 10_000

accounts, entries = table(Account), table(Entry)
attempts, batches, payouts = table(PayoutAttempt), table(Batch), table(Payout)
places, workers = table(Destination), table(Worker)
_CURRENT = places.c.retired_at.is_(None)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation did, and what is left for a person."""

    settled: int
    failed: int
    open: list[Sent]


async def doubts(session: Session, log: PaymentLog) -> list[Sent]:
    """Payments that were handed over, and are not in the books as such."""
    sent = log.read()
    known = dict[str, str]()
    for start in range(0, len(sent), ROWS):
        some = [one.reference for one in sent[start : start + ROWS]]
        query = select(payouts.c.reference, payouts.c.state).where(payouts.c.reference.in_(some))
        known |= {row[0]: row[1] for row in await session.execute(query)}
    return [one for one in sent if known.get(one.reference, "draft") in BEFORE]


async def guard(session: Session, log: PaymentLog) -> int:
    """Freeze payouts when the log knows more than the books; how many payments more."""
    found = len(await doubts(session, log))
    if found:
        reason = f"the database is older than its payment log ({found} payments)"
        await safeguards.freeze(session, reason, await now(session))
    return found


async def ask(database: Database, rails: Rails, *, actor: int | None = None) -> Reconciled:
    """Ask the providers about every payment in doubt, and write down what they say.

    What they do not know is left for a person: `tell`. Raises RoleNeeded.
    """
    assert rails.log is not None
    async with database.reading() as session:
        await roles.require(session, actor, *MAY_TELL)
        found = await doubts(session, rails.log)
    ended: dict[str, list[str]] = {"settled": [], "failed": []}
    for key in dict.fromkeys(one.key for one in found):
        some = {one.reference: one for one in found if one.key == key}
        for outcome in await _said(database, rails, key, list(some.values())):
            sent = some[outcome.reference]
            done = await database.run(partial(_resolve, sent=sent, outcome=outcome))
            if done and outcome.state in ended:
                ended[outcome.state].append(outcome.reference)
    async with database.reading() as session:
        left = await doubts(session, rails.log)
    return Reconciled(len(ended["settled"]), len(ended["failed"]), left)


async def tell(
    session: Session, log: PaymentLog | None, told: Sequence[Told], *, actor: int | None
) -> Reconciled:
    """What a person or a list says of payments: of those in doubt, and of those on their way.

    The reference of each line is looked up in the books and in the log. Raises RoleNeeded.
    """
    await roles.require(session, actor, *MAY_TELL)
    logged = {one.reference: one for one in (log.read() if log else ())}
    count = {"settled": 0, "failed": 0}
    for one in told:
        sent = logged.get(one.reference) or one.sent or Sent(key="", reference=one.reference)
        outcome = Outcome(one.reference, one.state, one.receipt, one.reason)
        if await _resolve(session, sent, outcome):
            count[one.state] += 1
            session.add(
                Audit(
                    actor_id=actor,
                    action="payout.reconcile",
                    subject=f"payout:{one.reference}",
                    after=f"{one.state} {one.receipt}{one.reason}",
                )
            )
    await session.flush()
    return Reconciled(count["settled"], count["failed"], await doubts(session, log) if log else [])


async def _said(database: Database, rails: Rails, key: str, sent: list[Sent]) -> list[Outcome]:
    """What the provider says, or said by itself, of the payments of one attempt."""
    async with database.reading() as session:
        payments = [await _payment(session, one) for one in sent]
        references = [one.reference for one in sent]
        told = await callbacks.kept(session, sent[0].provider, references)
    asked = await _query(rails, key, sent[0], payments)
    found = {one.reference: one for one in (*told, *asked) if one.state != "unknown"}
    return [one for one in found.values() if one.reference in references]


async def _query(rails: Rails, key: str, first: Sent, payments: list[Payment]) -> list[Outcome]:
    """Nothing where the provider cannot be asked, or does not answer."""
    provider = PROVIDERS.get(first.provider)
    if not isinstance(provider, ApiProvider):
        return []
    try:
        return await provider.query(rails.wire, key, payments, first.handle)
    except (Uncertain, Refused):
        return []


async def _payment(session: Session, sent: Sent) -> Payment:
    """As it was handed over: to where the payout went, or its worker is paid at present."""
    theirs = (
        select(places.c.sealed)
        .join(workers, workers.c.id == places.c.worker_id)
        .where(workers.c.pseudonym == sent.worker, places.c.provider == sent.provider, _CURRENT)
    )
    went = (
        select(places.c.sealed)
        .join(payouts, payouts.c.destination_id == places.c.id)
        .where(payouts.c.reference == sent.reference)
    )
    sealed = await session.scalar(went) or await session.scalar(theirs)
    destination = vault(session).open(sealed) if sealed else ""
    amount = sent.amount - sent.fee
    return Payment(sent.reference, destination, amount, sent.currency, "", sent.worker)


async def _resolve(session: Session, sent: Sent, outcome: Outcome) -> bool:
    """Bring the books to what became of a payment; whether that changed them."""
    moment = await now(session)
    row = await _found(session, sent.reference)
    if row is None:
        row = await _enter(session, sent, moment)
    if row is None:
        return False
    await endings.lock(session, [row.batch_id])
    if outcome.state in ("settled", "pending") and row.state in ("draft", "left_out"):
        row = await _hold(session, row, sent)
    if outcome.state == "pending":
        return await _pending(session, row, sent, moment)
    done = await endings.end(session, row, outcome, (*BEFORE, *endings.OUT), now=moment)
    await _close(session, row.batch_id, moment)
    return done


async def _found(session: Session, reference: str) -> Row[Any] | None:
    query = (
        select(payouts, batches.c.provider)
        .join(batches, batches.c.id == payouts.c.batch_id)
        .where(payouts.c.reference == reference)
    )
    return (await session.execute(query)).one_or_none()


async def _enter(session: Session, sent: Sent, moment: datetime) -> Row[Any] | None:
    """A payment that the books have forgotten, in its batch. None when nobody knows whose it is."""
    worker = select(Worker.id).where(Worker.pseudonym == sent.worker)
    worker_id = await session.scalar(worker)
    if worker_id is None or sent.provider not in PROVIDERS or sent.amount <= 0:
        return None
    code = sent.batch or f"r-{sent.reference}"[:12]
    values = {
        "code": code,
        "provider": sent.provider,
        "currency": sent.currency,
        "state": "closed",
        "created_at": moment,
        "changed_at": moment,
    }
    await session.execute(upsert(session, batches).values(values).on_conflict_do_nothing())
    batch_id = await session.scalar(select(batches.c.id).where(batches.c.code == code))
    at = (await destinations.at(session, [worker_id], sent.provider)).get(worker_id)
    payout = {
        "batch_id": batch_id,
        "worker_id": worker_id,
        "destination_id": at and at.id,
        "reference": sent.reference,
        "amount": sent.amount,
        "fee": sent.fee,
        "currency": sent.currency,
        "created_at": moment,
    }
    await session.execute(upsert(session, payouts).on_conflict_do_nothing(), payout)
    return await _found(session, sent.reference)


async def _hold(session: Session, row: Row[Any], sent: Sent) -> Row[Any]:
    """Hold what was paid. Where the books have lost the work behind it, the house bears the gap."""
    amount, fee = (sent.amount, sent.fee) if sent.amount else (row.amount, row.fee)
    await session.execute(
        update(payouts)
        .where(payouts.c.id == row.id)
        .values(state="held", amount=amount, fee=fee, reason="", ended_at=None)
    )
    held = await _found(session, row.reference)
    assert held is not None
    leaving = endings.leaving(held)
    lock = select(Worker.id).where(Worker.id == row.worker_id).with_for_update()
    await session.execute(lock)
    gap = amount - await _available(session, row.worker_id, row.currency)
    if gap > 0:
        await ledger.cover(session, leaving, gap)
    await ledger.hold(session, leaving)
    return held


async def _available(session: Session, worker_id: int, currency: str) -> int:
    query = (
        select(func.coalesce(func.sum(entries.c.amount), 0))
        .join(accounts, accounts.c.id == entries.c.account_id)
        .where(accounts.c.code == ledger.available(worker_id, currency))
    )
    return int(await session.scalar(query) or 0)


async def _pending(session: Session, row: Row[Any], sent: Sent, moment: datetime) -> bool:
    """The provider has it: the runner goes on asking."""
    values = {
        "batch_id": row.batch_id,
        "key": sent.key,
        "state": "asked",
        "handle": sent.handle,
        "created_at": moment,
        "due_at": moment,
    }
    await session.execute(upsert(session, attempts).values(values).on_conflict_do_nothing())
    attempt_id = await session.scalar(select(attempts.c.id).where(attempts.c.key == sent.key))
    won = await session.scalar(
        update(payouts)
        .where(payouts.c.id == row.id, payouts.c.state == "held")
        .values(state="submitted", attempt_id=attempt_id)
        .returning(payouts.c.id)
    )
    return won is not None


async def _close(session: Session, batch_id: int, moment: datetime) -> None:
    """Close a batch that was put back to before it was paid, when nothing in it waits any more."""
    mine = payouts.c.batch_id == batches.c.id
    await session.execute(
        update(batches)
        .where(batches.c.id == batch_id, batches.c.state.in_(("draft", "frozen", "approved")))
        .where(~exists().where(mine, payouts.c.state.not_in(endings.FINAL)))
        .values(state="closed", version=batches.c.version + 1, changed_by=None, changed_at=moment)
    )
    await endings.close(session, batch_id, moment)
