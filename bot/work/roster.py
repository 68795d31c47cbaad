"""The roster: workers found by name or segment, and one of them in figures.

    skill:fluency_sw>80 country:KE language:sw active:7d        w-7k2m        @amina_w        Amina

People are shown by their pseudonyms. Names are sealed: a user name is found by its mark, any other
name only among the newest that can be opened in a moment.
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from bot.errors import Gone, Invalid
from bot.i18n import N_
from bot.models.base import table
from bot.models.people import Worker, WorkerLanguage
from bot.models.rules import Firing
from bot.models.skills import Skill
from bot.models.work import Assignment, Project, Stage
from bot.pay import hours
from bot.pay.wage import Sum
from bot.people import identities, languages, roles, skills
from bot.people.skills import POINT, Level
from bot.store.database import Session
from bot.work import reading, restrictions, reviews, terms
from bot.work.restrictions import Limit
from bot.work.reviews import Tally

MAY_LOOK = ("owner", "admin")
HERE = ("active", "paused")  # have joined, and are not gone
PAGE = 6
FIRINGS = 5
PROJECTS = 5

_SKILL = re.compile(r"(?P<name>[a-z0-9_]{1,40})(?:(?P<sign>>=|<=|>|<)(?P<score>\d{1,3}))?")
COMPARED: dict[str, Callable[[Any, int], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}

assignments, spoken, held = table(Assignment), table(WorkerLanguage), table(Skill)


class NotASegment(Invalid):
    msgid = N_(
        "I do not know “{word}” here. Write it like "
        "skill:fluency_sw>80 country:KE language:sw active:7d."
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One worker in a list."""

    worker: Worker
    languages: tuple[str, ...]
    answers: int
    paused: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some workers of those that were found."""

    rows: Sequence[Row]
    count: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One worker, as those who run the bot see them."""

    worker: Worker
    languages: tuple[str, ...]
    states: dict[str, int]
    """How many of their assignments are in each state."""
    week: dict[str, Sum]
    """Their time and pay since Monday, per currency."""
    skills: dict[str, Level]
    limits: Sequence[Limit]
    proposals: Sequence[Limit]
    fired: Sequence[tuple[Firing, str]]
    """The newest firings, each with its project's name."""
    projects: Sequence[Project]
    """In which they work, the newest first."""
    tally: Tally
    """Of what they decided as a reviewer."""

    @property
    def answers(self) -> int:
        return sum(count for state, count in self.states.items() if state in ANSWERED)

    @property
    def acceptance(self) -> float | None:
        """Share accepted of what was decided; None before anything was."""
        good, bad = self.states.get("accepted", 0), self.states.get("not_accepted", 0)
        return good / (good + bad) if good + bad else None


ANSWERED = ("answered", "accepted", "returned", "not_accepted")


async def search(
    session: Session, words: Sequence[str], *, page: int, actor: int | None, now: datetime
) -> Page:
    """Workers to whom all words apply, the newest first. Raises NotASegment or RoleNeeded."""
    await roles.require(session, actor, *MAY_LOOK)
    conditions: list[ColumnElement[bool]] = [Worker.state.in_(HERE)]
    for word in words:
        conditions.append(await _condition(session, word, now))
    query = select(func.count()).select_from(Worker).where(*conditions)
    count = int(await session.scalar(query) or 0)
    pages = max(1, -(-count // PAGE))
    number = min(page, pages - 1)
    some = select(Worker).where(*conditions).order_by(Worker.id.desc())
    found = (await session.scalars(some.offset(number * PAGE).limit(PAGE))).all()
    return Page(await _rows(session, found, now), count, number, pages)


async def profile(session: Session, worker_id: int, *, actor: int | None, now: datetime) -> Profile:
    """Raises Gone for nobody, and RoleNeeded."""
    await roles.require(session, actor, *MAY_LOOK)
    worker = await session.get(Worker, worker_id)
    if worker is None:
        raise Gone
    return Profile(
        worker=worker,
        languages=tuple(await languages.of(session, worker_id)),
        states=await _states(session, worker_id),
        week=await hours.this_week(session, worker, now=now),
        skills=await skills.of(session, worker_id),
        limits=await restrictions.active(session, worker_id, now=now),
        proposals=await restrictions.proposed(session, worker_id, now=now),
        fired=await _fired(session, worker_id),
        projects=await _projects(session, worker_id),
        tally=await reviews.tally(session, worker_id, known_until=now),
    )


async def _condition(session: Session, word: str, now: datetime) -> ColumnElement[bool]:
    key, colon, value = word.partition(":")
    if colon:
        if key.lower() not in FILTERS or not value:
            raise NotASegment(word=word[: terms.WRITTEN])
        return FILTERS[key.lower()](value, now)
    if word.lower().startswith("w-"):
        return Worker.pseudonym.startswith(word.lower(), autoescape=True)
    return Worker.id.in_(await identities.called(session, word))


def _country(value: str, now: datetime) -> ColumnElement[bool]:
    return Worker.country == value.upper()


def _language(value: str, now: datetime) -> ColumnElement[bool]:
    code = reading.language(value)
    if code is None:
        raise NotASegment(word=f"language:{value}"[: terms.WRITTEN])
    return exists().where(spoken.c.worker_id == Worker.id, spoken.c.language == code)


def _active(value: str, now: datetime) -> ColumnElement[bool]:
    since = now - timedelta(seconds=terms.due(value, "active"))
    return exists().where(assignments.c.worker_id == Worker.id, assignments.c.answered_at > since)


def _skill(value: str, now: datetime) -> ColumnElement[bool]:
    """skill:fluency_sw>80, or skill:fluency_sw for anybody who has it."""
    found = _SKILL.fullmatch(value.lower())
    if found is None:
        raise NotASegment(word=f"skill:{value}"[: terms.WRITTEN])
    mine = (held.c.worker_id == Worker.id, held.c.skill == found["name"])
    if not found["sign"]:
        return exists().where(*mine)
    wanted = int(found["score"]) * POINT
    return exists().where(*mine, COMPARED[found["sign"]](held.c.score_ppm, wanted))


# What may stand before a colon.
FILTERS: dict[str, Callable[[str, datetime], ColumnElement[bool]]] = {
    "skill": _skill,
    "country": _country,
    "language": _language,
    "active": _active,
}


async def _rows(session: Session, found: Sequence[Worker], now: datetime) -> list[Row]:
    ids = [worker.id for worker in found]
    spoken_by: dict[int, list[str]] = {}
    for id, code in await session.execute(
        select(spoken.c.worker_id, spoken.c.language)
        .where(spoken.c.worker_id.in_(ids))
        .order_by(spoken.c.language)
    ):
        spoken_by.setdefault(id, []).append(code)
    given = await _given(session, ids)
    paused = await restrictions.paused(session, ids, now=now)
    return [
        Row(one, tuple(spoken_by.get(one.id, ())), given.get(one.id, 0), one.id in paused)
        for one in found
    ]


async def _given(session: Session, ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(assignments.c.worker_id, func.count())
        .where(assignments.c.worker_id.in_(ids), assignments.c.answered_at.is_not(None))
        .group_by(assignments.c.worker_id)
    )
    return dict((await session.execute(query)).all())


async def _states(session: Session, worker_id: int) -> dict[str, int]:
    query = (
        select(assignments.c.state, func.count())
        .where(assignments.c.worker_id == worker_id)
        .group_by(assignments.c.state)
    )
    return dict((await session.execute(query)).all())


async def _fired(session: Session, worker_id: int) -> list[tuple[Firing, str]]:
    query = (
        select(Firing, Project.name)
        .join(Stage, Stage.id == Firing.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Firing.worker_id == worker_id)
        .order_by(Firing.id.desc())
        .limit(FIRINGS)
    )
    return [(firing, name) for firing, name in await session.execute(query)]


async def _projects(session: Session, worker_id: int) -> Sequence[Project]:
    there: Any = exists().where(
        Stage.project_id == Project.id,
        assignments.c.stage_id == Stage.id,
        assignments.c.worker_id == worker_id,
    )
    query = select(Project).where(there, Project.state != "closed").order_by(Project.id.desc())
    return (await session.scalars(query.limit(PROJECTS))).all()
