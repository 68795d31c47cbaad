"""What the chat tells of payouts before they are made: who is due, and how long they take."""

from datetime import timedelta
from pathlib import Path

from bot.clock import now
from bot.models.payouts import Batch, Payout
from bot.models.people import Worker
from bot.money import MICRO
from bot.pay import arrivals, due, troubles
from bot.pay.due import Due
from bot.pay.reckoning import Route
from bot.store.database import Database, Session
from tests.pay import payroll

BY_HAND = Route("manual", "USD")


async def settled(session: Session, hours: list[int]) -> None:
    """Payouts that were asked for, and arrived so many hours later."""
    batch = Batch(code=f"b-{len(hours)}", provider="csv", currency="USD", state="closed")
    people = [Worker(pseudonym=f"w-{len(hours)}{at}", state="active") for at in hours]
    session.add_all([batch, *people])
    await session.flush()
    asked = now() - timedelta(days=3)
    session.add_all(
        Payout(
            batch_id=batch.id,
            worker_id=one.id,
            reference=one.pseudonym,
            amount=1,
            currency="USD",
            state="settled",
            requested=True,
            created_at=asked,
            ended_at=asked + timedelta(hours=at),
        )
        for one, at in zip(people, hours, strict=True)
    )
    await session.flush()


async def test_how_long_payouts_take_is_their_median_from_three_on(database: Database) -> None:
    async with database.transaction() as session:
        await settled(session, [2, 40])
        assert await arrivals.usual(session, "csv", "USD") is None
        await settled(session, [3])
        assert await arrivals.usual(session, "csv", "USD") == timedelta(hours=3)
        assert await arrivals.usual(session, "csv", "KES") is None


async def test_due_is_who_has_enough_and_is_in_no_draft_by_way_and_currency(
    database: Database, tmp_path: Path
) -> None:
    async with payroll.opened(database, tmp_path) as house:
        await house.crew(2, 5 * MICRO, payroll.DOLLARS)
        await house.hire(700 * MICRO, payroll.SHILLINGS)
        await house.hire(MICRO // 2, payroll.DOLLARS)  # below the least of PayPal
        await house.hire(5 * MICRO, payroll.DOLLARS, places=False)
        async with database.reading() as session:
            assert await due.listed(session) == [
                Due(payroll.DOLLARS, 2, 10 * MICRO),
                Due(payroll.SHILLINGS, 1, 700 * MICRO),
            ]
        await house.draft(payroll.DOLLARS)
        async with database.reading() as session:
            assert await due.listed(session) == [Due(payroll.SHILLINGS, 1, 700 * MICRO)]


async def test_the_desk_hears_of_a_failed_payout_once(database: Database, tmp_path: Path) -> None:
    async with payroll.opened(database, tmp_path) as house:
        worker = await house.hire(5 * MICRO, BY_HAND)
        await house.paid(BY_HAND)
        await house.mark((await house.payouts())[0].id, "failed", reason="destination")
        told = await house.do(troubles.take, "failed")
        assert [line.worker_id for line in told] == [worker]
        assert await house.do(troubles.take, "failed") == []


async def test_where_nobody_has_money_nobody_is_due_and_nothing_is_wrong(
    database: Database,
) -> None:
    async with database.transaction() as session:
        assert await due.listed(session) == []
        assert await troubles.take(session, "failed", now=now()) == []
