"""Skills: from 0 to 100, earned; every change has its reason.

    await skills.observe(session, worker_id, "fluency_sw", source="gold", share_ppm=1_000_000, …)

A skill is the estimate (`bot.quality.estimates`) over a worker's last observations of it, old
ones counting for less. An exam, or a person's word, begins it anew: what was before counts no
more, and what is observed later moves it from there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from bot.errors import Invalid
from bot.i18n import N_
from bot.models.base import table
from bot.models.people import Audit
from bot.models.skills import SKILL, Observation, Skill, SkillChange
from bot.people import roles
from bot.quality import estimates
from bot.quality.estimates import NOBODY, Prior
from bot.store.database import Session, for_both

NAME = re.compile(rf"[a-z0-9_]{{1,{SKILL}}}")
WHOLE = 1_000_000  # ppm
POINT = 10_000  # ppm in one of the 100 points people read
HALF_LIFE = timedelta(days=90)
RECENT = 100  # observations a score is made of, newest first
BEGINNINGS = ("exam", "hand")
BY_HAND = 10  # how many answers the word of an admin counts like
SETTERS = ("owner", "admin")
SEEN_AFTER = timedelta(minutes=10)  # as long as answers may be corrected, see `told`

held, observed, changes = table(Skill), table(Observation), table(SkillChange)

# Built once: the answer to a gold task runs them.
OBSERVE = for_both(
    lambda insert: (statement := insert(observed)).on_conflict_do_update(
        index_elements=["source", "assignment_id"],
        set_={name: statement.excluded[name] for name in ("skill", "share_ppm", "at")},
    )
)
# Gives what was before, and holds the row: two who observe the same skill wait for each other.
HOLD = for_both(
    lambda insert: (
        insert(held)
        .on_conflict_do_update(index_elements=["worker_id", "skill"], set_={"at": held.c.at})
        .returning(held.c.score_ppm, held.c.observations)
    )
)
LATEST = (
    select(observed.c.source, observed.c.share_ppm, observed.c.weight, observed.c.at)
    .where(observed.c.worker_id == bindparam("worker"), observed.c.skill == bindparam("name"))
    .order_by(observed.c.at.desc(), observed.c.id.desc())
    .limit(RECENT)
)
SET = update(held).where(held.c.worker_id == bindparam("worker"), held.c.skill == bindparam("name"))
ADD = insert(changes)


class NotAScore(Invalid):
    msgid = N_("A skill is a whole number from 0 to 100.")


class NoSuchName(Invalid):
    msgid = N_(
        "“{skill}” cannot be the name of a skill: small letters a-z, digits and underscores, at "
        "most 40."
    )


@dataclass(frozen=True, slots=True)
class Level:
    """Where somebody stands in one skill."""

    score: float
    """From 0 to 100."""
    observations: int


async def observe(  # noqa: PLR0913 - what was seen, of whom, where and when
    session: Session,
    worker_id: int,
    skill: str,
    *,
    source: Literal["gold", "agreement", "review"],
    share_ppm: int,
    assignment_id: int,
    now: datetime,
) -> None:
    """An answer was checked and was `share_ppm` right. For one answer the later word counts."""
    await session.execute(
        OBSERVE(session),
        {
            "worker_id": worker_id,
            "skill": skill,
            "source": source,
            "assignment_id": assignment_id,
            "share_ppm": share_ppm,
            "weight": 1,
            "at": now,
        },
    )
    await _recompute(session, worker_id, skill, source=source, by=None, now=now)


async def begin(  # noqa: PLR0913
    session: Session,
    worker_id: int,
    skill: str,
    *,
    source: Literal["exam", "hand"],
    share_ppm: int,
    weight: int,
    by: int | None = None,
    now: datetime,
) -> None:
    """An exam of `weight` answers, or somebody's word: the skill is exactly this from now on."""
    await session.execute(
        insert(observed).values(
            worker_id=worker_id,
            skill=skill,
            source=source,
            share_ppm=share_ppm,
            weight=weight,
            at=now,
        )
    )
    await _recompute(session, worker_id, skill, source=source, by=by, now=now)


async def set_by_hand(
    session: Session,
    worker_id: int,
    skill: str,
    score: int,
    *,
    actor: int | None,
    now: datetime,
) -> None:
    """An admin knows better. It counts like BY_HAND answers.

    Raises RoleNeeded, NoSuchName or NotAScore.
    """
    await roles.require(session, actor, *SETTERS)
    if not NAME.fullmatch(skill):
        raise NoSuchName(skill=skill[: 2 * SKILL])
    if not 0 <= score <= 100:
        raise NotAScore
    before = (await of(session, worker_id)).get(skill)
    share = score * POINT
    await begin(
        session, worker_id, skill, source="hand", share_ppm=share, weight=BY_HAND, by=actor, now=now
    )
    said = None if before is None else f"{skill} {before.score:.0f}"
    session.add(
        Audit(
            actor_id=actor,
            action="skill.set",
            subject=f"worker:{worker_id}",
            before=said,
            after=f"{skill} {score}",
        )
    )
    await session.flush()


async def forget(session: Session, assignment_ids: Sequence[int], *, now: datetime) -> None:
    """What gold said of these answers counts no more: the task was broken."""
    gone = await session.execute(
        delete(observed)
        .where(observed.c.source == "gold", observed.c.assignment_id.in_(assignment_ids))
        .returning(observed.c.worker_id, observed.c.skill)
    )
    whose = {(worker_id, skill) for worker_id, skill in gone}
    for worker_id, skill in sorted(whose):  # in one order, so that two never wait for each other
        await _recompute(session, worker_id, skill, source="gold", by=None, now=now)


async def of(session: Session, worker_id: int) -> dict[str, Level]:
    """All skills of a worker by name: what decides which work is theirs."""
    found = await session.execute(
        select(held.c.skill, held.c.score_ppm, held.c.observations)
        .where(held.c.worker_id == worker_id, held.c.observations > 0)
        .order_by(held.c.skill)
    )
    return {name: Level(ppm / POINT, count) for name, ppm, count in found}


async def told(session: Session, worker_id: int, *, now: datetime) -> dict[str, Level]:
    """The skills as the worker is shown them: without what hidden checks of the last minutes say.

    Whoever could read at once that an answer was checked, and was wrong, would know gold when
    they see it, and could still correct it.
    """
    last = (
        select(func.max(changes.c.id))
        .where(
            changes.c.worker_id == worker_id,
            or_(changes.c.at <= now - SEEN_AFTER, changes.c.source.in_(BEGINNINGS)),
        )
        .group_by(changes.c.skill)
    )
    found = await session.execute(
        select(changes.c.skill, changes.c.after_ppm, changes.c.observations)
        .where(changes.c.id.in_(last))
        .order_by(changes.c.skill)
    )
    return {name: Level(ppm / POINT, count) for name, ppm, count in found if count}


async def _recompute(
    session: Session, worker_id: int, skill: str, *, source: str, by: int | None, now: datetime
) -> None:
    mine = {"worker": worker_id, "name": skill}
    row = {"worker_id": worker_id, "skill": skill, "score_ppm": WHOLE // 2, "observations": 0}
    before = (await session.execute(HOLD(session), row | {"at": now})).one()
    rows = (await session.execute(LATEST, mine)).all()
    score_ppm, count = _score(rows, now)
    if (score_ppm, count) == (before.score_ppm, before.observations):
        return
    values = {"score_ppm": score_ppm, "observations": count, "at": now}
    await session.execute(SET, mine | values)
    await session.execute(
        ADD,
        {
            "worker_id": worker_id,
            "skill": skill,
            "source": source,
            "before_ppm": before.score_ppm if before.observations else None,
            "after_ppm": score_ppm,
            "observations": count,
            "changed_by": by,
            "at": now,
        },
    )


def _score(rows: Sequence[Any], now: datetime) -> tuple[int, int]:
    """The score in millionths, and how many answers it rests on."""
    prior, count, seen = NOBODY, 0, []
    for row in rows:
        count += row.weight
        if row.source in BEGINNINGS:
            prior = Prior(row.share_ppm / WHOLE * row.weight, row.weight)
            break
        seen.append((row.at, row.share_ppm / WHOLE))
    found = estimates.decayed(seen, now=now, half_life=HALF_LIFE, prior=prior)
    return round(found.score * POINT), count
