"""An owner takes a posting back: once, with a reason, and never what is still moving."""

import pytest
from sqlalchemy import select

from bot.models.people import Audit
from bot.models.work import Assignment
from bot.pay import corrections, ledger, safeguards
from bot.pay.corrections import Debt
from bot.pay.ledger import Balance, LedgerBroken, Side
from bot.people import roles
from bot.store.database import Database, Session, now
from bot.work import invariants
from tests.pay.bookkeeping import PRICE, earn, people
from tests.pay.test_statements import Job


async def reverse(
    database: Database, posting: int, reason: str = "paid twice", *, actor: int | None = None
) -> int:
    async with database.transaction() as session:
        moment = await now(session)
        return await corrections.reverse(session, posting, actor=actor, reason=reason, now=moment)


@pytest.fixture
async def paid(database: Database) -> tuple[Database, int]:
    """Posting 1 earned, posting 2 accepted, postings 3 and 4 took it out."""
    worker, project = await people(database)
    out = "provider:manual:paid:USD"
    held = f"worker:{worker}:held:USD"
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
        sides = [Side(ledger.available(worker, "USD"), -PRICE), Side(held, PRICE)]
        await ledger.post(session, "payout:1:hold", "hold", sides)
        await ledger.post(
            session, "payout:1:settle", "payout", [Side(held, -PRICE), Side(out, PRICE)]
        )
    return database, worker


async def test_what_was_paid_out_is_taken_back_and_carried(paid) -> None:
    database, worker = paid
    made = await reverse(database, 2, " wrong file ")
    made = await reverse(database, 1)
    async with database.reading() as session:
        assert await ledger.balances(session, worker) == [Balance("USD", available=-PRICE)]
        assert await corrections.debts(session) == [Debt(worker, "w-test234", "USD", -PRICE)]
        await ledger.check(session)
        seen = await invariants.look(session, now=await now(session))
        assert "accounts" not in seen.wrong
        rows = (await session.execute(select(Audit.subject, Audit.after))).all()
    assert [tuple(row) for row in rows] == [
        ("posting:2", "wrong file"),
        ("posting:1", "paid twice"),
    ]
    with pytest.raises(corrections.AlreadyReversed):
        await reverse(database, 2)
    assert await reverse(database, made) > made  # a reversal may have been the mistake
    async with database.transaction() as session:
        await earn(session, worker, 1, 2)
        assert (await ledger.balances(session, worker))[0].pending == PRICE


async def test_below_zero_without_a_reversal_is_a_fault(paid) -> None:
    database, worker = paid
    async with database.transaction() as session:
        sides = [Side(ledger.available(worker, "USD"), -1), Side("house:0:expense:USD", 1)]
        await ledger.post(session, "odd:1", "odd", sides)
    async with database.reading() as session:
        with pytest.raises(LedgerBroken, match="below zero"):
            await ledger.check(session)
        assert "accounts" in (await invariants.look(session, now=await now(session))).wrong


async def test_what_waits_for_other_answers_does_not_make_up_for_what_moved_on(paid) -> None:
    database, worker = paid
    async with database.transaction() as session:
        other = {"worker_id": worker, "project_id": 1, "micro": PRICE, "currency": "USD"}
        await ledger.earn(session, assignment_id=2, **other)
    with pytest.raises(corrections.MovedOn, match=f"worker:{worker}:pending"):
        await reverse(database, 1)


async def test_what_cannot_be_reversed_is_refused_with_the_reason(paid) -> None:
    database, worker = paid
    with pytest.raises(corrections.MovedOn, match=f"worker:{worker}:pending"):
        await reverse(database, 1)
    with pytest.raises(corrections.StillMoving):
        await reverse(database, 3)
    with pytest.raises(corrections.NoSuchPosting):
        await reverse(database, 77)
    with pytest.raises(corrections.ReasonNeeded):
        await reverse(database, 2, "  ")
    with pytest.raises(roles.RoleNeeded):
        await reverse(database, 2, actor=worker)


async def test_an_answer_that_waits_for_its_verdict_is_not_reversed(database: Database) -> None:
    async with database.transaction() as session:
        job = await Job(session).begin()
        answered = await job.answer()
    with pytest.raises(corrections.StillMoving):
        await reverse(database, 1)
    async with database.transaction() as session:
        await ledger.refuse(session, answered.id)
        (await session.get_one(Assignment, answered.id)).state = "rejected"
    with pytest.raises(corrections.AlreadyReversed):
        await reverse(database, 1)


async def test_of_two_who_reverse_at_once_one_is_told(database: Database, monkeypatch) -> None:
    worker, project = await people(database)
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
    await reverse(database, 2)

    async def unseen(session: Session, posting_id: int) -> None:
        """The other had not committed when we looked."""

    monkeypatch.setattr(corrections, "_check", unseen)
    with pytest.raises(corrections.AlreadyReversed):
        await reverse(database, 2)


async def test_a_key_with_another_content_stops_payouts_once(database: Database) -> None:
    for news in (True, False):
        async with database.transaction() as session:
            moment = await now(session)
            assert await safeguards.key_reused(session, "answer:1", moment) is news
    async with database.reading() as session:
        found = await safeguards.frozen(session)
    assert found is not None
    assert "answer:1" in found.reason
