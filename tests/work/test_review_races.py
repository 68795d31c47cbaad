"""Whoever decides at the same moment as somebody else: one wins, the other reads why not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.errors import Refusal
from bot.models.base import table
from bot.models.people import Worker
from bot.models.reviews import Appeal, Review
from bot.models.work import Assignment
from bot.pay import ledger
from bot.store.database import Database, Session
from bot.work import (
    adjudication,
    answers,
    appeals,
    dispatch,
    projects,
    reviews,
    settlement,
    verdicts,
)
from bot.work.reviews import Case
from bot.work.verdicts import Verdict
from tests.work.review_world import PAY, PRICE, World

NO = Verdict(kind="not_accepted", revision=1, reason="R1", note="why")
YES = Verdict(kind="accepted", revision=1)
Work = Callable[[Session], Awaitable[Any]]
AUTHOR, ONE, TWO = 0, 2, 3  # people of the world; the second answers and reviews


@pytest.fixture
async def world(database: Database) -> World:
    """One answer, given."""
    made = World(database)
    await made.begin(tasks=1)
    await made.answer(AUTHOR)
    return made


async def test_two_who_ask_at_once_do_not_get_the_same_answer(world: World):
    taken = await together(world, take(world, ONE), take(world, TWO))
    assert sorted(isinstance(one, Case) for one in taken) == [False, True]


async def test_of_two_who_decide_at_once_one_wins(world: World):
    """The first was slow, and somebody else has taken the answer."""
    case = await done(world, take(world, ONE))
    await done(world, late(Review, lease_until=world.now - timedelta(minutes=1)))
    assert await done(world, take(world, TWO)) is not None
    said = await together(
        world, decide(world, ONE, case.review_id, YES), decide(world, TWO, case.review_id, NO)
    )
    assert isinstance(said[0], verdicts.WithAnother | verdicts.AlreadyDecided)
    assert not isinstance(said[1], Refusal)
    await stands(world, "not_accepted", pending=0, available=0)
    assert await pay(world, ONE) == 0
    assert await pay(world, TWO) == PAY


async def test_a_verdict_tapped_twice_counts_once(world: World):
    case = await done(world, take(world, ONE))
    said = await together(world, *[decide(world, ONE, case.review_id, YES) for _ in range(3)])
    assert sum(isinstance(one, verdicts.AlreadyDecided) for one in said) == 2
    await stands(world, "accepted", pending=0, available=PRICE)
    assert await pay(world, ONE) == PAY


async def test_the_clock_and_a_reviewer_at_once_decide_once(world: World):
    case = await done(world, take(world, ONE))
    world.now += timedelta(days=4)

    async def clock(session: Session) -> int:
        return await answers.accept_due(session, now=world.now)

    said, accepted = await together(world, decide(world, ONE, case.review_id, NO), clock)
    if accepted:
        assert isinstance(said, settlement.ReviewOver)
        await stands(world, "accepted", pending=0, available=PRICE)
    else:
        await stands(world, "not_accepted", pending=0, available=0)


async def test_a_correction_and_a_verdict_at_once_do_not_mix(world: World):
    case = await done(world, take(world, ONE))

    async def correct(session: Session) -> object:
        (id,) = world.given
        author = await session.get_one(Worker, world.people[AUTHOR])
        offer = await dispatch.offer(session, author.id, id)
        assert offer is not None
        return await answers.record(session, author, offer, "blue", now=world.now)

    said, corrected = await together(world, decide(world, ONE, case.review_id, YES), correct)
    if isinstance(said, verdicts.CorrectedMeanwhile):
        await stands(world, "answered", pending=PRICE, available=0)
    else:
        assert isinstance(corrected, Refusal)
        await stands(world, "accepted", pending=0, available=PRICE)


async def test_an_appeal_sent_twice_is_one(world: World):
    await refused(world)
    said = await together(world, *[appeal(world) for _ in range(3)])
    assert sum(isinstance(one, appeals.AlreadyAppealed) for one in said) == 2
    assert await rows(world, Appeal) == 1
    assert await rows(world, Review) == 2


async def test_the_first_reviewer_does_not_decide_the_appeal(world: World):
    await refused(world)
    await done(world, appeal(world))
    assert await done(world, take(world, ONE)) is None
    case = await done(world, take(world, TWO))
    said = await together(
        world, decide(world, ONE, case.review_id, NO), decide(world, TWO, case.review_id, YES)
    )
    assert isinstance(said[0], verdicts.DecidedBefore | verdicts.AlreadyDecided)
    await stands(world, "accepted", pending=0, available=PRICE)


async def test_the_clock_and_the_judge_of_an_appeal_pay_once(world: World):
    await refused(world)
    await done(world, appeal(world))
    case = await done(world, take(world, TWO))
    world.now += timedelta(days=9)

    async def clock(session: Session) -> int:
        return len(await appeals.lapse_due(session, now=world.now))

    said, lapsed = await together(world, decide(world, TWO, case.review_id, YES), clock)
    assert isinstance(said, Refusal) == bool(lapsed)
    await stands(world, "accepted", pending=0, available=PRICE)


async def test_nobody_reviews_an_answer_of_their_own(world: World, database: Database):
    own = World(database)
    await own.begin(tasks=1)
    await own.answer(1)
    assert await done(own, take(own, 1)) is None
    (review_id,) = await ids(own)
    with pytest.raises(verdicts.OwnAnswer):
        await done(own, decide(own, 1, review_id, YES))


async def test_all_at_once_and_one_by_one_pay_an_answer_once(world: World):
    case = await done(world, take(world, ONE))

    async def all_(session: Session) -> int:
        worker = await session.get_one(Worker, world.people[TWO])
        return await verdicts.accept_all(session, worker, world.project, now=world.now)

    assert await done(world, all_) == 0  # it is in somebody's hands
    await done(world, late(Review, lease_until=world.now - timedelta(minutes=1)))
    said = await together(world, decide(world, ONE, case.review_id, YES), all_)
    assert isinstance(said[0], Refusal) == (said[1] == 1)
    await stands(world, "accepted", pending=0, available=PRICE)


async def test_two_who_decide_about_a_disagreement_at_once_settle_it_once(database: Database):
    world = World(database)
    await world.begin(tasks=1, overlap=2)
    await world.answer(0, "red")
    await world.answer(1, "blue")
    taken = await together(world, dispute(world, ONE), dispute(world, TWO))
    (one,) = [found for found in taken if found is not None]
    who = ONE if taken[0] else TWO
    said = await together(world, *[settle(world, who, one.id, index) for index in (0, 1, 0)])
    assert sum(isinstance(found, adjudication.AlreadySettled) for found in said) == 2
    assert await pay(world, who) == PAY


def dispute(world: World, who: int) -> Work:
    async def work(session: Session) -> object:
        reviewer = await session.get_one(Worker, world.people[who])
        project = await projects.find(session, world.project)
        return await adjudication.take(session, reviewer, project, now=world.now)

    return work


def settle(world: World, who: int, id: int, index: int) -> Work:
    async def work(session: Session) -> object:
        reviewer = await session.get_one(Worker, world.people[who])
        return await adjudication.decide(session, reviewer, id, index, "error", now=world.now)

    return work


# What they do


def take(world: World, who: int) -> Work:
    async def work(session: Session) -> Case | None:
        reviewer = await session.get_one(Worker, world.people[who])
        return await reviews.take(session, reviewer, now=world.now, project_id=world.project)

    return work


def decide(world: World, who: int, review_id: int, verdict: Verdict) -> Work:
    async def work(session: Session) -> object:
        reviewer = await session.get_one(Worker, world.people[who])
        return await verdicts.decide(
            session, reviewer, review_id, verdict, now=world.now, draw=0.99
        )

    return work


def appeal(world: World) -> Work:
    async def work(session: Session) -> object:
        (first,) = await session.scalars(select(Review.id).where(Review.verdict == "not_accepted"))
        author = await session.get_one(Worker, world.people[AUTHOR])
        return await appeals.submit(session, author, first, "No.", None, now=world.now)

    return work


async def refused(world: World) -> None:
    case = await done(world, take(world, ONE))
    await done(world, decide(world, ONE, case.review_id, NO))


def late(model: Any, **values: Any) -> Work:
    async def work(session: Session) -> None:
        await session.execute(update(table(model)).values(values))

    return work


async def done(world: World, work: Work) -> Any:
    return await world.database.run(work)


async def together(world: World, *works: Work) -> list[Any]:
    """All at the same time; a refusal is what one of them says."""

    async def one(work: Work) -> Any:
        try:
            return await world.database.run(work)
        except Refusal as refusal:
            return refusal

    return list(await asyncio.gather(*map(one, works)))


# What is so afterwards


async def stands(world: World, state: str, *, pending: int, available: int) -> None:
    (id,) = world.given
    async with world.database.reading() as session:
        await ledger.check(session)
        query = select(Assignment.state).where(Assignment.id == id)
        assert (await session.scalars(query)).one() == state
        found = (await ledger.balances(session, world.people[AUTHOR]))[0]
    assert (found.pending, found.available) == (pending, available)


async def pay(world: World, who: int) -> int:
    async with world.database.reading() as session:
        found = await ledger.balances(session, world.people[who])
    return found[0].available if found else 0


async def rows(world: World, model: Any) -> int:
    async with world.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def ids(world: World) -> list[int]:
    async with world.database.reading() as session:
        query = select(Review.id).where(Review.author_id == world.people[1])
        return list(await session.scalars(query))
