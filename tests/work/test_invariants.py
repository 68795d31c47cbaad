"""What must hold is watched while the bot works; what breaks stops payouts and is told, once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from bot import i18n
from bot.models.people import Audit
from bot.models.safety import Fault
from bot.pay import ledger, safeguards
from bot.pay.ledger import Side
from bot.people.roles import RoleNeeded
from bot.sandbox import Person
from bot.store.database import Database, Session, now
from bot.work import invariants
from bot.work.invariants import Marks
from tests.life import Life
from tests.stories import scenes
from tests.work import crowd

LATER = timedelta(minutes=10)
GUARDS = (
    *("entries_never_change", "postings_are_only_sealed", "postings_balance"),
    "accounts_never_change",
)
BREAKS = {
    "books": "UPDATE entries SET amount = amount - 1 WHERE id = (SELECT min(id) FROM entries)",
    "accounts": "UPDATE accounts SET worker_id = (SELECT min(id) FROM workers)"
    " WHERE kind = 'expense'",
    "pay": "UPDATE postings SET kind = 'gift' WHERE id = (SELECT min(id) FROM postings)",
    "leases": "UPDATE assignments SET lease_until = :past WHERE state = 'held'",
    "outbox": "INSERT INTO outbox (bot_id, chat_id, lane, method, payload, attempts, due_at,"
    " lease_until) VALUES (7, 7, 0, 'sendMessage', '{}', 0, :past, :future)",
    "inbox": "INSERT INTO attempts (bot_id, update_id, count, since) VALUES (7, 7, 2, :past)",
}
MENDS = {
    "books": "UPDATE entries SET amount = amount + 1 WHERE id = (SELECT min(id) FROM entries)",
    "accounts": "UPDATE accounts SET worker_id = NULL WHERE kind = 'expense'",
    "pay": "UPDATE postings SET kind = 'answer' WHERE kind = 'gift'",
    "leases": "UPDATE assignments SET lease_until = :future WHERE state = 'held'",
    "outbox": "UPDATE outbox SET dead = 'given up' WHERE bot_id = 7",
    "inbox": "DELETE FROM attempts",
}
TOLD = {
    "books": "Postings that do not balance: 1",
    "accounts": "Workers' accounts below zero: 1",
    "pay": "Answers not paid once at the offered price: 1",
    "leases": "Tasks held long after their time: 1",
    "outbox": "Messages not sent for over an hour: 1",
    "inbox": "Updates from Telegram never finished: 1",
}


@pytest.fixture
async def busy(bot: Life) -> Life:
    """An owner, and a worker who has answered one task and holds the next."""
    await bot.join_as(bot.owner)
    await scenes.opened(bot, "choice", 'options = ["yes", "no"]', tasks=["a", "b", "c"])
    (worker,) = await scenes.crew(bot, 1)
    await scenes.say(bot, worker)
    await scenes.pick(bot, worker, 0)
    assert await scenes.held(bot, worker) is not None
    return bot


async def test_a_healthy_bot_has_nothing_to_tell(busy: Life):
    before = busy.owner.chat.messages[-1]
    await watch(busy)
    assert busy.owner.chat.messages[-1] == before
    assert await open_faults(busy.database) == {}
    assert await frozen(busy.database) is None


@pytest.mark.parametrize("name", invariants.INVARIANTS)
async def test_what_is_broken_stops_payouts_and_every_owner_hears_of_it_once(name: str, busy: Life):
    second = await other_owner(busy)
    await directly(busy.database, BREAKS[name])
    await watch(busy)
    for owner in (busy.owner, second):
        assert "Payouts are stopped" in owner.last["text"]
        assert TOLD[name] in owner.last["text"]
        [told] = [one.params for one in busy.sandbox.calls if _stops(one.params, owner)]
        assert not told.get("disable_notification")  # it is heard, day or night
    found = await frozen(busy.database)
    assert found is not None
    assert name in found.reason

    told = len(busy.owner.chat.messages)
    await watch(busy)
    assert len(busy.owner.chat.messages) == told
    assert name in await open_faults(busy.database)

    await directly(busy.database, MENDS[name])
    await watch(busy)
    assert await open_faults(busy.database) == {}
    assert await frozen(busy.database) is not None
    assert len(busy.owner.chat.messages) == told


async def test_a_fault_that_comes_back_is_told_again(busy: Life):
    for _ in range(2):
        told = len(busy.owner.chat.messages)
        await directly(busy.database, BREAKS["inbox"])
        await watch(busy)
        assert len(busy.owner.chat.messages) == told + 1
        await directly(busy.database, MENDS["inbox"])
        await watch(busy)
    assert "Payouts stay stopped" in busy.owner.last["text"]


async def test_the_owner_reads_it_in_their_language(busy: Life):
    i18n.use_pseudo(True)
    try:
        await directly(busy.database, "UPDATE workers SET locale = 'en_XA'")
        await directly(busy.database, BREAKS["inbox"])
        await watch(busy)
    finally:
        i18n.use_pseudo(False)
    said = "Payouts are stopped: something is wrong with Kazi's records."
    assert i18n.pseudo(said) in busy.owner.last["text"]


async def test_an_owner_who_lets_payouts_go_on_is_not_overruled_by_the_same_fault(busy: Life):
    await directly(busy.database, BREAKS["inbox"])
    await watch(busy)
    async with busy.database.transaction() as session:
        assert await safeguards.thaw(session, None, await now(session))
    await watch(busy)
    assert await frozen(busy.database) is None
    await directly(busy.database, BREAKS["leases"])
    await watch(busy)
    assert await frozen(busy.database) is not None
    assert all(TOLD[name] in busy.owner.last["text"] for name in ("inbox", "leases"))


async def test_another_price_than_the_one_offered_is_found(busy: Life):
    await directly(busy.database, "UPDATE assignments SET price_micro = price_micro + 1")
    async with busy.database.reading() as session:
        seen = await invariants.look(session, now=await now(session))
    assert [*seen.wrong] == ["pay"]


async def test_a_posting_for_which_nobody_answered_is_found(busy: Life):
    await directly(busy.database, "DELETE FROM answers")
    async with busy.database.reading() as session:
        seen = await invariants.look(session, now=await now(session))
    assert [*seen.wrong] == ["pay"]


async def test_letters_behind_one_that_is_tried_again_wait_rightly(busy: Life):
    later = BREAKS["outbox"].replace(":past", ":future", 1)
    await directly(busy.database, later)
    await directly(busy.database, BREAKS["outbox"])
    async with busy.database.reading() as session:
        seen = await invariants.look(session, now=await now(session))
    assert seen.wrong == {}
    await directly(busy.database, MENDS["outbox"])


async def test_what_is_proven_is_not_read_again_and_what_is_wrong_is(busy: Life):
    async with busy.database.reading() as session:
        moment = await now(session)
        young = await invariants.look(session, now=moment)
        seen = await invariants.look(session, now=moment + LATER)
    assert (young.marks.posting, young.marks.answer) == (0, 0)
    assert seen.marks.posting > 0
    assert seen.marks.answer > 0

    await directly(busy.database, BREAKS["books"])
    known = Marks(seen.marks.posting, seen.marks.answer, {"books": [1]})
    async with busy.database.reading() as session:
        assert (await invariants.look(session, now=moment, since=seen.marks)).wrong == {}
        assert (await invariants.look(session, now=moment, since=known)).wrong == {"books": [1]}
        assert (await invariants.look(session, now=moment)).wrong == {"books": [1]}
    await directly(busy.database, MENDS["books"])


async def test_a_payment_that_comes_again_with_another_content_is_told(bot: Life):
    await bot.join_as(bot.owner)
    await scenes.opened(bot, "choice", 'options = ["yes", "no"]', tasks=["a"])
    (amina,) = await scenes.crew(bot, 1)
    await scenes.say(bot, amina)
    mine = await scenes.held(bot, amina)
    assert mine is not None
    sides = [Side("house:0:expense:USD", -7), Side("house:0:rounding:USD", 7)]
    async with bot.database.transaction() as session:
        await ledger.post(session, f"answer:{mine.id}", "odd", sides)
    before = await scenes.states(bot)
    await scenes.pick(bot, amina, 0)
    await bot.tick("send")
    told = [one["text"] for one in bot.owner.chat.messages if "came twice" in one.get("text", "")]
    assert len(told) == 1
    assert f"answer:{mine.id}" in told[0]
    assert await frozen(bot.database) is not None
    assert await scenes.states(bot) == before


async def test_a_walk_in_small_steps_finds_the_same(busy: Life, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(invariants, "STEP", 1)
    monkeypatch.setattr(invariants, "SUMS", 1)
    for name in ("books", "pay", "accounts"):
        await directly(busy.database, BREAKS[name])
        async with busy.database.reading() as session:
            seen = await invariants.look(session, now=await now(session))
        assert [*seen.wrong] == [name]
        await directly(busy.database, MENDS[name])


async def test_below_zero_after_a_reversal_is_no_fault(database: Database):
    """What was paid out and then reversed is owed back: flagged by its reversal, not a fault."""
    async with database.transaction() as session:
        project = await crowd.project(session)
        await crowd.workers(session, ["w-1"])
        sides = [
            Side(ledger.expense(project.id, "USD"), -20),
            Side(ledger.available(1, "USD"), 20),
        ]
        earned = await ledger.post(session, "bonus:1", "bonus", sides)
        paid = [Side(ledger.available(1, "USD"), -20), Side("worker:1:paid:USD", 20)]
        await ledger.post(session, "payout:1", "payout", paid)
    back = [Side(side.account, -side.amount) for side in sides]
    async with database.transaction() as session:
        await ledger.post(session, "reverse:1", "reverse", back)
    async with database.reading() as session:
        moment = await now(session)
        assert [*(await invariants.look(session, now=moment)).wrong] == ["accounts"]
    await directly(database, f"UPDATE postings SET reverses = {earned} WHERE key = 'reverse:1'")
    async with database.reading() as session:
        assert (await invariants.look(session, now=moment)).wrong == {}


async def test_of_many_processes_one_looks(database: Database):
    async def claim(session: Session) -> bool:
        return await invariants.claim(session, now=await now(session))

    won = await asyncio.gather(*(database.run(claim) for _ in range(8)))
    assert sorted(won) == [False] * 7 + [True]
    assert not await database.run(claim)


async def test_freezing_and_thawing_are_written_down(database: Database):
    async with database.transaction() as session:
        moment = await now(session)
        assert await safeguards.freeze(session, "restored", moment)
        assert not await safeguards.freeze(session, "restored", moment + LATER)
        assert not await safeguards.freeze(session, "books", moment + LATER)
        found = await safeguards.frozen(session)
        assert found == safeguards.Frozen(moment, "restored; books")
        assert await safeguards.thaw(session, None, moment + LATER)
        assert not await safeguards.thaw(session, None, moment + LATER)
        assert await safeguards.frozen(session) is None
        rows = (await session.scalars(select(Audit).order_by(Audit.id))).all()
    assert [(row.action, row.subject, row.before, row.after) for row in rows] == [
        ("payouts.freeze", "payouts", None, "restored"),
        ("payouts.freeze", "payouts", "restored", "books"),
        ("payouts.thaw", "payouts", "restored; books", None),
    ]


async def test_only_an_owner_thaws(database: Database):
    async with database.transaction() as session:
        await crowd.workers(session, ["w-1"])
        await safeguards.freeze(session, "restored", await now(session))
        with pytest.raises(RoleNeeded):
            await safeguards.thaw(session, 1, await now(session))
        assert await safeguards.frozen(session) is not None


async def watch(bot: Life) -> None:
    """Five minutes later."""
    await directly(bot.database, "UPDATE safeguards SET watched_at = NULL")
    await bot.tick("watch")
    await bot.tick("send")


async def other_owner(bot: Life) -> Any:
    person = await bot.join("Otieno")
    worker = await scenes.worker_of(bot, person)
    await directly(bot.database, f"INSERT INTO roles (worker_id, role) VALUES ({worker}, 'owner')")
    return person


async def directly(database: Database, statement: str) -> None:
    """As only somebody with the database in hand can: no trigger stands in the way."""
    async with database.transaction() as session:
        if database.is_sqlite:
            for guard in GUARDS:
                await session.execute(text(f"DROP TRIGGER IF EXISTS {guard}"))
        else:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
        moment = await now(session)
        values = {"past": moment - 13 * LATER, "future": moment + LATER}
        bound = {name: value for name, value in values.items() if f":{name}" in statement}
        await session.execute(text(statement).bindparams(**bound), bound)


async def open_faults(database: Database) -> dict[str, list[int]]:
    async with database.reading() as session:
        return {fault.name: fault.rows for fault in await session.scalars(select(Fault))}


async def frozen(database: Database) -> safeguards.Frozen | None:
    async with database.reading() as session:
        return await safeguards.frozen(session)


def _stops(params: dict[str, Any], owner: Person) -> bool:
    return params.get("chat_id") == owner.id and "Payouts are stopped" in params.get("text", "")
