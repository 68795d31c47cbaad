"""The wage guard: nothing is offered below the floor, unless an owner says so for all to see."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from bot.models.people import Audit, Worker
from bot.models.wage import WageStop
from bot.models.work import Project, Task
from bot.money import MICRO
from bot.pay import floors, wage
from bot.pay.floors import Floors, Known
from bot.people import roles
from bot.people.roles import RoleNeeded
from bot.store.database import Database, Session, now
from bot.work import dispatch, launch, states, wage_guard, wage_watch
from bot.work.no_work import NoWork
from bot.work.wage_guard import BelowFloor, NoFloor
from tests.pay.wages import NOW, Job, person

DAY = datetime(2026, 11, 24, tzinfo=UTC).date()
JANUARY = datetime(2026, 1, 1, tzinfo=UTC).date()
KNOWN = Floors(
    [
        Known("*", "USD", 2 * MICRO, JANUARY, "ours"),
        Known("US", "USD", 7 * MICRO, JANUARY, "law"),
        Known("KE", "KES", 300 * MICRO, JANUARY, "law"),
    ]
)


def judged(
    price: int, people: dict[str, set[str]], *, currency: str = "USD", **measured: int
) -> list[tuple[str, int, str]]:
    spec = SimpleNamespace(
        stage_id=1, name="check", price_micro=price, currency=currency, expected_seconds=60
    )
    seconds = {(1, language): time for language, time in measured.items()}
    found = wage_guard.judge([spec], seconds, people, KNOWN, DAY)  # type: ignore[list-item]
    return [
        (str(one.values["country"]), int(str(one.values["seconds"])), str(one.values["wage"]))
        for one in found
    ]


def test_the_price_is_held_against_the_floor_of_every_country_people_are_in() -> None:
    cent = MICRO // 100
    assert judged(4 * cent, {"en": {"US", "KE"}}) == [("US", 60, "2.4 USD")]
    assert judged(4 * cent, {"en": {"KE"}, "sw": set()}) == []
    assert judged(3 * cent, {"en": {"US", "KE"}}) == [("*", 60, "1.8 USD"), ("US", 60, "1.8 USD")]
    assert judged(3 * cent, {}) == [("*", 60, "1.8 USD")]
    assert judged(MICRO, {"sw": {"KE"}}, currency="KES") == [("KE", 60, "60 KES")]
    assert judged(1, {"sw": {"KE"}}, currency="EUR") == []


def test_measured_times_come_before_expected_ones_and_the_slowest_language_counts() -> None:
    cent = MICRO // 100
    both = {"en": {"KE"}, "sw": {"KE"}}
    assert judged(4 * cent, both, en=30, sw=90) == [("*", 90, "1.6 USD")]
    assert judged(4 * cent, both, sw=30) == []
    assert judged(12 * cent, {"en": {"US"}, "sw": {"US"}}, en=30, sw=90) == [("US", 90, "4.8 USD")]


async def cheap(session: Session, *, people: int = 0) -> tuple[Job, Worker, Worker]:
    """A project of 1 shilling for 20 s (180 an hour), and its owner and an admin."""
    job = await Job(session).begin(price=MICRO)
    job.project.state = "draft"
    owner, admin = await person(session, "w-owner", None), await person(session, "w-admin", None)
    await roles.grant(session, owner.id, "owner", by=None)
    await roles.grant(session, admin.id, "admin", by=None)
    task = {"stage_id": job.stage.id, "queue_id": job.queue.id, "key": "open", "body": {}}
    session.add(Task(**task, position=999, overlap=9, open_slots=9))
    today = (await now(session)).date()
    floor = Known("KE", "KES", 300 * MICRO, today, "law", shipped=False)
    await floors.change(session, floor, actor=None, now=await now(session))
    for number in range(people):
        await person(session, f"w-{number}")
    return job, owner, admin


async def test_only_an_owner_opens_what_pays_below_the_floor(database: Database) -> None:
    async with database.transaction() as session:
        job, owner, admin = await cheap(session, people=1)
        project = job.project
        with pytest.raises(launch.LaunchBlocked) as caught:
            await states.open_project(session, project, actor=owner.id)
        (said,) = caught.value.obstacles
        assert said.say() == (
            "check: 1 KES for 20 seconds is 180 KES an hour, below the floor of 300 KES (Kenya)."
        )
        with pytest.raises(RoleNeeded):
            await wage_guard.waive(session, project, actor=admin.id)
        for _ in range(2):
            await wage_guard.waive(session, project, actor=owner.id)
        waiver = await wage_guard.waiver(session, project.id)
        assert waiver is not None
        assert waiver.owner == "w-owner"
        remarks = await launch.remarks(session, project)
        assert [type(one) for one in remarks] == [BelowFloor]
        await states.open_project(session, project, actor=admin.id)
        assert await wage_watch.running(session) == []
        with pytest.raises(RoleNeeded):
            await wage_guard.restore(session, project, actor=admin.id)
        for _ in range(2):
            await wage_guard.restore(session, project, actor=owner.id)
        assert await wage_watch.running(session) == [project.id]
        noted = await session.scalars(select(Audit.action).where(Audit.action.like("floor.%e")))
        assert list(noted) == ["floor.waive", "floor.restore"]


async def test_a_country_without_a_floor_in_the_currency_is_remarked_on(
    database: Database,
) -> None:
    async with database.transaction() as session:
        job = await Job(session, currency="EUR").begin()
        (remark,) = await launch.remarks(session, job.project)
        assert isinstance(remark, NoFloor)
        assert remark.say() == "No floor in EUR is set for all countries. See /limits."
        await person(session, "w-amina"), await person(session, "w-marie", "FR")
        (remark,) = await launch.remarks(session, job.project)
        assert remark.say() == "No floor in EUR is set for Kenya. See /limits."


async def look(database: Database, project: Project) -> wage_guard.Stop | None:
    async with database.transaction() as session:
        found = await wage_watch.look(session, project.id, now=await now(session))
        return found and found[1]


async def test_what_comes_to_less_than_the_floor_is_paused_once_and_measured_anew(
    database: Database,
) -> None:
    async with database.transaction() as session:
        job, owner, admin = await cheap(session)
        project = job.project
        project.state = "open"
        amina, away = await person(session, "w-amina"), await person(session, "w-away", "TZ")
        for number in range(wage.ENOUGH - 1):
            await job.offer(amina, at=NOW + timedelta(minutes=number), seconds=15)
            await job.offer(away, at=NOW + timedelta(minutes=number), seconds=15)
    assert await look(database, project) is None
    async with database.transaction() as session:
        await _in(job, session).offer(amina, at=NOW, seconds=15)
    found = await look(database, project)
    assert found == wage_guard.Stop(project.id, "KE", "KES", 240 * MICRO, 300 * MICRO, wage.ENOUGH)
    assert await look(database, project) is None
    assert await look(database, Project(id=project.id + 1)) is None

    async with database.transaction() as session:
        project = await session.get_one(Project, project.id)
        assert project.state == "paused"
        worker = await session.get_one(Worker, amina.id)
        nothing = await dispatch.next_for(session, worker, now=await now(session))
        assert nothing == NoWork("underpaid")
        assert await wage_guard.stopped(session, project.id) == found
        await wage_guard.waive(session, project, actor=owner.id)
        await states.open_project(session, project, actor=admin.id)
        assert await wage_guard.stopped(session, project.id) is None
        await wage_guard.restore(session, project, actor=owner.id)
    assert await look(database, project) is None  # only what comes from now on counts
    async with database.reading() as session:
        assert len((await session.scalars(select(WageStop))).all()) == 1


def _in(job: Job, session: Session) -> Job:
    """The same project in another transaction."""
    job.session = session
    return job
