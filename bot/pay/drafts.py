"""The open draft of each route: workers and admins put payouts in until somebody freezes it."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, text, update

from bot.models.base import table
from bot.models.payouts import Batch, Payout
from bot.models.people import Worker
from bot.pay import payout_limits, reckoning, standings
from bot.pay.payout_limits import Limits
from bot.pay.providers import PROVIDERS
from bot.pay.reckoning import Route, Standing, Sum
from bot.store.database import Session, upsert

PREFIX = "kazi-"
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # nothing that reads as something else

batches, payouts = table(Batch), table(Payout)
RECKON = (
    update(payouts)
    .where(payouts.c.id == bindparam("payout"))
    .values(
        amount=bindparam("sum"),
        fee=bindparam("of_it"),
        reason=bindparam("why"),
        destination_id=bindparam("place"),
    )
)


class Origin(NamedTuple):
    """Who or what opens a draft."""

    actor: int | None = None
    """None: the clock, or a worker who asked."""
    plan_id: int | None = None
    period: date | None = None


async def opened(session: Session, route: Route, origin: Origin, *, now: datetime) -> int:
    """The id of the route's draft, made when there is none; nobody freezes it meanwhile."""
    values = {
        **route._asdict(),
        "code": f"b-{''.join(secrets.choice(ALPHABET) for _ in range(7))}",
        "created_by": origin.actor,
        "plan_id": origin.plan_id,
        "period": origin.period,
        "created_at": now,
        "changed_by": origin.actor,
        "changed_at": now,
    }
    statement = upsert(session, batches).values(values)
    found = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[*route._fields],
            index_where=batches.c.state == text("'draft'"),
            set_={"currency": route.currency},  # what it is: the draft there is gets locked
        ).returning(batches.c.id)
    )
    assert found is not None
    return int(found)


async def put(
    session: Session,
    batch_id: int,
    currency: str,
    worker_ids: Sequence[int],
    *,
    requested: bool,
) -> None:
    """Payouts of these workers into a draft; who is in it stays in it once."""
    rows = [
        {
            "batch_id": batch_id,
            "worker_id": worker_id,
            "currency": currency,
            "reference": reference(),
            "amount": 0,
            "requested": requested,
        }
        for worker_id in worker_ids
    ]
    if rows:
        await session.execute(upsert(session, payouts).on_conflict_do_nothing(), rows)


class Reckoned(NamedTuple):
    """A payout of a draft, as it stands now."""

    payout_id: int
    worker_id: int
    sum: Sum
    standing: Standing


async def reckon(
    session: Session,
    batch_id: int,
    route: Route,
    *,
    now: datetime,
    worker_id: int | None = None,
) -> list[Reckoned]:
    """Write into the payouts of a draft (of one worker, if given) what they would be now.

    The balances of these workers stay as they are until the end of the transaction, as far as
    payouts go: two batches cannot hold the same money.
    """
    query = select(payouts.c.id, payouts.c.worker_id).where(
        payouts.c.batch_id == batch_id, payouts.c.state == "draft"
    )
    if worker_id is not None:
        query = query.where(payouts.c.worker_id == worker_id)
    rows = (await session.execute(query.order_by(payouts.c.id).with_for_update())).all()
    ids = sorted(row.worker_id for row in rows)
    lock = select(Worker.id).where(Worker.id.in_(ids)).order_by(Worker.id)
    await session.execute(lock.with_for_update())
    limits = await payout_limits.locked(session, route.currency)
    standing = await standings.of(session, ids, route, now=now)
    found = [_reckoned(row.id, standing[row.worker_id], route, limits, now) for row in rows]
    if found:
        await session.execute(RECKON, [_values(one) for one in found])
    return found


def _reckoned(
    payout_id: int, standing: Standing, route: Route, limits: Limits, now: datetime
) -> Reckoned:
    sum = reckoning.reckon(PROVIDERS[route.provider], limits, standing, now)
    return Reckoned(payout_id, standing.worker_id, sum, standing)


def _values(one: Reckoned) -> dict[str, object]:
    place = one.standing.place
    return {
        "payout": one.payout_id,
        "sum": one.sum.amount,
        "of_it": one.sum.fee,
        "why": one.sum.reason,
        "place": None if place is None else place.id,
    }


def reference() -> str:
    """A name for a payout that was never used. Not its id: after a restore ids are given again."""
    return f"{PREFIX}{secrets.token_hex(8)}"
