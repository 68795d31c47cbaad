"""What somebody can do, what they are short of, and how they come by it."""

from dataclasses import dataclass
from datetime import datetime

from bot.models.people import Worker
from bot.pay import prices
from bot.pay.prices import Range
from bot.people import skills
from bot.people.skills import Level
from bot.quality import requirements
from bot.store.database import Session
from bot.work import access, dispatch, gold, pricing, sittings, stages
from bot.work.access import Access, Closed
from bot.work.dispatch import Lane
from bot.work.sittings import Chance
from bot.work.stages import StageSpec


@dataclass(frozen=True, slots=True)
class Rung:
    """What an answer of a queue pays somebody now, and what it would in the next skill range."""

    spec: StageSpec
    language: str
    micro: int
    following: Range | None
    following_micro: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a worker stands, and the next rungs."""

    skills: dict[str, Level]
    """As the worker is shown them, see `skills.told`."""
    short: list[Closed]
    """Queues in their languages that demand what they lack."""
    chances: list[Chance]
    rungs: list[Rung]
    """Queues open to them that pay by skill."""
    earned_by: dict[str, str]
    """Skills that answers count for, with the name of a project that has such tasks for them."""

    def exam_for(self, skill: str) -> Chance | None:
        """The exam that gives a skill, or else the training that does."""
        giving = [one for one in self.chances if one.skill == skill]
        giving.sort(key=lambda one: one.spec.project_kind != "exam")
        return giving[0] if giving else None


async def of(session: Session, worker_id: int, *, now: datetime) -> Ladder:
    """Everything /ladder shows."""
    lanes = await dispatch.lanes(session, worker_id, now=now)
    found = await access.sift(session, worker_id, lanes)
    earned: dict[str, str] = {}
    for lane in found.open:
        spec = await stages.spec(session, lane.stage_id, lane.version)
        if spec.gold_share_ppm:
            earned.setdefault(gold.measured(spec, lane.language), spec.project_name)
    return Ladder(
        skills=await skills.told(session, worker_id, now=now),
        short=found.closed,
        chances=await sittings.chances(session, worker_id, now=now),
        rungs=await _rungs(session, worker_id, found, now),
        earned_by=earned,
    )


async def _rungs(
    session: Session, worker_id: int, found: Access[Lane], now: datetime
) -> list[Rung]:
    worker = await session.get_one(Worker, worker_id)
    rungs = []
    for lane in found.open:
        spec = await stages.spec(session, lane.stage_id, lane.version)
        if not prices.ranges(spec.quality, lane.language):
            continue
        _mine, above = prices.ladder(spec.quality, lane.language, found.skills)
        there = {**found.skills, above.skill: above.start} if above else found.skills
        paid = [
            await pricing.offered(session, spec, lane, worker, skills, now=now)
            for skills in (found.skills, there)
        ]
        rungs.append(Rung(spec, lane.language, paid[0], above, paid[1]))
    return rungs


async def unlocked(session: Session, worker_id: int, skill: str, *, now: datetime) -> list[str]:
    """The names of projects open to the worker that demand this skill."""
    lanes = await dispatch.lanes(session, worker_id, now=now)
    found = await access.sift(session, worker_id, lanes)
    names = []
    for lane in found.open:
        spec = await stages.spec(session, lane.stage_id, lane.version)
        demanded = requirements.conditions(spec.quality, lane.language)
        if any(one.skill == skill for group in demanded for one in group):
            names.append(spec.project_name)
    return list(dict.fromkeys(names))
