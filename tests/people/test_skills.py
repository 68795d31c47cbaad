"""Skills of people: what they rest on, and every change with its reason."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.models.people import Audit, Role, Worker
from bot.models.skills import SkillChange
from bot.people import roles, skills
from bot.people.skills import Level
from bot.store.database import Database
from tests.work import crowd
from tests.work.crowd import Given

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RIGHT = skills.WHOLE


@pytest.fixture
async def amina(database: Database) -> int:
    """A worker with five assignments, whose ids are 1 to 5."""
    await crowd.fill(database, [Given(f"t{n}", "amina", "yes") for n in range(1, 6)])
    async with database.reading() as session:
        return (await session.scalars(select(Worker.id))).one()


async def observe(database: Database, worker: int, assignment: int, **what: Any) -> None:
    seen: dict[str, Any] = {"source": "gold", "share_ppm": RIGHT, "now": NOW} | what
    async with database.transaction() as session:
        await skills.observe(session, worker, "a", assignment_id=assignment, **seen)


async def level(database: Database, worker: int) -> Level:
    async with database.reading() as session:
        return (await skills.of(session, worker))["a"]


async def changes(database: Database) -> list[tuple[Any, ...]]:
    async with database.reading() as session:
        rows = await session.scalars(select(SkillChange).order_by(SkillChange.id))
        return [(r.source, r.before_ppm, r.after_ppm, r.observations) for r in rows]


async def test_each_observation_moves_the_score(database: Database, amina: int) -> None:
    await observe(database, amina, 1)
    assert await level(database, amina) == Level(75, 1)
    await observe(database, amina, 2, share_ppm=0)
    assert await level(database, amina) == Level(50, 2)
    assert await changes(database) == [
        ("gold", None, 750_000, 1),
        ("gold", 750_000, 500_000, 2),
    ]


async def test_of_one_answer_the_later_word_counts(database: Database, amina: int) -> None:
    await observe(database, amina, 1, share_ppm=0)
    await observe(database, amina, 1)
    await observe(database, amina, 1)
    assert await level(database, amina) == Level(75, 1)
    assert len(await changes(database)) == 2
    await observe(database, amina, 1, source="review", share_ppm=RIGHT // 2)
    assert await level(database, amina) == Level(pytest.approx(100 * 2 / 3, abs=0.01), 2)


async def test_an_old_observation_counts_for_less(database: Database, amina: int) -> None:
    await observe(database, amina, 1, now=NOW - skills.HALF_LIFE)
    await observe(database, amina, 2, share_ppm=0)
    assert (await level(database, amina)).score == pytest.approx(100 * 1 / 2.5, abs=0.01)


async def test_only_the_last_observations_count(
    database: Database, amina: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skills, "LATEST", skills.LATEST.limit(2))
    for assignment in (1, 2, 3):
        await observe(database, amina, assignment, now=NOW + assignment * DAY)
    assert (await level(database, amina)).observations == 2


async def test_an_exam_begins_the_skill_anew(database: Database, amina: int) -> None:
    await observe(database, amina, 1, share_ppm=0)
    async with database.transaction() as session:
        await skills.begin(
            session, amina, "a", source="exam", share_ppm=800_000, weight=10, now=NOW + DAY
        )
    assert await level(database, amina) == Level(80, 10)
    await observe(database, amina, 2, share_ppm=0, now=NOW + 2 * DAY)
    assert await level(database, amina) == Level(pytest.approx(100 * 8 / 11, abs=0.01), 11)


async def test_an_admin_sets_a_skill_and_it_is_written_down_who(
    database: Database, amina: int
) -> None:
    async with database.transaction() as session:
        admin = await session.scalar(
            insert(Worker).values(pseudonym="admin", state="active").returning(Worker.id)
        )
        session.add(Role(worker_id=admin, role="admin"))
        await session.flush()
        await skills.set_by_hand(session, amina, "a", 90, actor=admin, now=NOW)
        await skills.set_by_hand(session, amina, "a", 40, actor=admin, now=NOW + DAY)
    assert await level(database, amina) == Level(40, skills.BY_HAND)
    async with database.reading() as session:
        audits = list(await session.scalars(select(Audit).where(Audit.action == "skill.set")))
        by = list(await session.scalars(select(SkillChange.changed_by)))
    assert [(one.actor_id, one.before, one.after) for one in audits] == [
        (admin, None, "a 90"),
        (admin, "a 90", "a 40"),
    ]
    assert by == [admin, admin]


async def test_not_everybody_sets_skills_and_not_to_everything(
    database: Database, amina: int
) -> None:
    async with database.transaction() as session:
        with pytest.raises(roles.RoleNeeded):
            await skills.set_by_hand(session, amina, "a", 90, actor=amina, now=NOW)
        for score in (-1, 101):
            with pytest.raises(skills.NotAScore):
                await skills.set_by_hand(session, amina, "a", score, actor=None, now=NOW)
        for name in ("", "Fluency", "a" * 41, "a-b"):
            with pytest.raises(skills.NoSuchName):
                await skills.set_by_hand(session, amina, name, 50, actor=None, now=NOW)


async def test_two_who_observe_at_once_lose_nothing(database: Database, amina: int) -> None:
    await observe(database, amina, 1)

    async def one(assignment: int) -> None:
        async def work(session: Any) -> None:
            await skills.observe(
                session,
                amina,
                "a",
                source="gold",
                share_ppm=RIGHT,
                assignment_id=assignment,
                now=NOW,
            )

        await database.run(work)

    await asyncio.gather(*(one(assignment) for assignment in (2, 3, 4, 5)))
    assert await level(database, amina) == Level(pytest.approx(100 * 5.5 / 6, abs=0.01), 5)
    assert len(await changes(database)) == 5


async def test_a_worker_is_not_told_at_once_what_hidden_checks_say(
    database: Database, amina: int
) -> None:
    await observe(database, amina, 1)
    await observe(database, amina, 2, now=NOW + DAY)
    async with database.reading() as session:
        assert await skills.told(session, amina, now=NOW) == {}
        later = NOW + DAY + timedelta(minutes=5)
        assert await skills.told(session, amina, now=later) == {"a": Level(75, 1)}
        found = await skills.told(session, amina, now=later + skills.SEEN_AFTER)
        assert found["a"].observations == 2
