"""The wage guard: no project is offered below the floor unless an owner says so for all to see.

Before a project is opened, its price is held against the time that its tasks take, or are
expected to take, and against the floors of the countries in which people read its languages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, update

from bot import i18n
from bot.errors import Refusal
from bot.i18n import N_, gettext, pgettext
from bot.models.base import moment, table
from bot.models.people import Worker, WorkerLanguage
from bot.models.wage import FloorWaiver, WageStop
from bot.models.work import Project, Queue
from bot.pay import floors, wage
from bot.pay.floors import EVERYWHERE, Floors
from bot.people import roles
from bot.store import database
from bot.store.database import Session, upsert
from bot.work import record, terms
from bot.work.stages import StageSpec

MAY_WAIVE = ("owner",)
HERE = ("active", "paused")  # states of workers who may get work

waivers, stops = table(FloorWaiver), table(WageStop)


class BelowFloor(Refusal):
    msgid = N_(
        "{stage}: {price} for {seconds} seconds is {wage} an hour, below the floor of {floor} "
        "({country})."
    )

    def say(self) -> str:
        named = {"country": country_said(str(self.values["country"]))}
        return gettext(self.msgid).format(**self.values | named)


class NoFloor(Refusal):
    """People live where no floor in the project's currency is known."""

    msgid = N_("No floor in {currency} is set for {countries}. See /limits.")

    def say(self) -> str:
        codes = str(self.values["countries"]).split(", ")
        named = {"countries": ", ".join(map(country_said, codes))}
        return gettext(self.msgid).format(**self.values | named)


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who allowed a project to pay below the floor, and when."""

    owner: str
    """A pseudonym."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a project was paused: what an hour came to, in micro-units, and over how many answers."""

    project_id: int
    country: str
    currency: str
    micro: int
    floor_micro: int
    answers: int


def country_said(code: str) -> str:
    """A country in the language being spoken."""
    return pgettext("floor", "all countries") if code == EVERYWHERE else i18n.country_name(code)


async def obstacles(
    session: Session, project: Project, specs: Sequence[StageSpec]
) -> list[Refusal]:
    """Stages that pay below a floor; none where an owner allows it."""
    if await waiver(session, project.id) is not None:
        return []
    return await _below(session, project, specs)


async def remarks(session: Session, project: Project, specs: Sequence[StageSpec]) -> list[Refusal]:
    """Countries without a floor in the currency, and what is below one with an owner's word."""
    found: list[Refusal] = []
    if await waiver(session, project.id) is not None:
        found += await _below(session, project, specs)
    known, day = await floors.load(session), (await database.now(session)).date()
    people = await _countries(session, project.languages)
    there = {country for countries in people.values() for country in countries} or {EVERYWHERE}
    lacking = [one for one in sorted(there) if known.find(one, project.currency, day) is None]
    if lacking:
        found.append(NoFloor(countries=", ".join(lacking), currency=project.currency))
    return found


def judge(
    specs: Sequence[StageSpec],
    seconds: Mapping[tuple[int, str], int],
    people: Mapping[str, set[str]],
    known: Floors,
    day: date,
) -> Iterator[BelowFloor]:
    """Each stage and floor that it stays below, at the slowest language. Pure.

    `seconds` is what is measured, by stage and language; `people` the countries of each language.
    """
    for spec in specs:
        times = {
            language: seconds.get((spec.stage_id, language), spec.expected_seconds)
            for language in people
        }
        where = {EVERYWHERE: max(times.values(), default=spec.expected_seconds)}
        for language, countries in people.items():
            for country in countries:
                where[country] = max(where.get(country, 0), times[language])
        everywhere = known.micro(None, spec.currency, day)
        for country, time in sorted(where.items()):
            floor = known.micro(country, spec.currency, day)
            if country != EVERYWHERE and floor == everywhere:
                continue  # said once, for all countries
            if wage.hourly(spec.price_micro, time) < floor:
                yield _below_floor(spec, country, time, floor)


async def waive(session: Session, project: Project, *, actor: int) -> None:
    """Let a project pay below the floor: an owner's decision, shown on its card. Twice is once."""
    await roles.require(session, actor, *MAY_WAIVE)
    statement = upsert(session, waivers).values(project_id=project.id, owner_id=actor)
    made = await session.scalar(statement.on_conflict_do_nothing().returning(waivers.c.project_id))
    if made is not None:
        change = ("the floor holds", "pay below the floor is allowed")
        record.note(session, project, "floor.waive", actor=actor, change=change)
        await session.flush()


async def restore(session: Session, project: Project, *, actor: int) -> None:
    """The floor holds for the project again, from its next answers on."""
    await roles.require(session, actor, *MAY_WAIVE)
    gone = await session.scalar(
        delete(waivers).where(waivers.c.project_id == project.id).returning(waivers.c.project_id)
    )
    if gone is not None:
        change = ("pay below the floor is allowed", "the floor holds")
        record.note(session, project, "floor.restore", actor=actor, change=change)
        await session.flush()


async def waiver(session: Session, project_id: int) -> Waiver | None:
    """The owner's word that lets the project pay below the floor."""
    query = (
        select(Worker.pseudonym, waivers.c.at)
        .join(waivers, waivers.c.owner_id == Worker.id)
        .where(waivers.c.project_id == project_id)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Waiver(*row)


async def stopped(session: Session, project_id: int) -> Stop | None:
    """Why the guard paused the project, while that holds."""
    columns = ("project_id", "country", "currency", "micro", "floor_micro", "answers")
    query = select(*(stops.c[name] for name in columns)).where(
        stops.c.project_id == project_id, stops.c.ended_at.is_(None)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Stop(*row)


async def end_stop(session: Session, project_id: int) -> None:
    """The project goes on, or is over: what was measured before counts no more."""
    await session.execute(
        update(stops)
        .where(stops.c.project_id == project_id, stops.c.ended_at.is_(None))
        .values(ended_at=moment())
    )


async def _below(session: Session, project: Project, specs: Sequence[StageSpec]) -> list[Refusal]:
    return list(
        judge(
            specs,
            await _measured(session, [spec.stage_id for spec in specs]),
            await _countries(session, project.languages),
            await floors.load(session),
            (await database.now(session)).date(),
        )
    )


async def _measured(session: Session, stage_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    query = select(Queue.stage_id, Queue.language, Queue.median_seconds).where(
        Queue.stage_id.in_(stage_ids), Queue.median_seconds > 0
    )
    found = await session.execute(query)
    return {(stage_id, language): seconds or 0 for stage_id, language, seconds in found}


async def _countries(session: Session, languages: Sequence[str]) -> dict[str, set[str]]:
    """Where people live who read each of the languages."""
    found = await session.execute(
        select(WorkerLanguage.language, Worker.country)
        .join(Worker, Worker.id == WorkerLanguage.worker_id)
        .where(
            WorkerLanguage.language.in_(languages),
            Worker.state.in_(HERE),
            Worker.country.is_not(None),
        )
        .distinct()
    )
    people: dict[str, set[str]] = {language: set() for language in languages}
    for language, country in found:
        people[language].add(country or "")
    return people


def _below_floor(spec: StageSpec, country: str, seconds: int, floor: int) -> BelowFloor:
    def shown(micro: int) -> str:
        return terms.show_amount(micro, spec.currency)

    return BelowFloor(
        stage=spec.name,
        price=shown(spec.price_micro),
        seconds=seconds,
        wage=shown(wage.hourly(spec.price_micro, seconds)),
        floor=shown(floor),
        country=country,
    )
