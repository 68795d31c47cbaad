"""What somebody can do, what they are short of, and how they come by it."""

from dataclasses import dataclass
from datetime import datetime

from bot.people import skills
from bot.people.skills import Level
from bot.quality import requirements
from bot.store.database import Session
from bot.work import access, dispatch, gold, sittings, stages
from bot.work.access import Closed
from bot.work.sittings import Chance


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a worker stands, and the next rungs."""

    skills: dict[str, Level]
    """As the worker is shown them, see `skills.told`."""
    short: list[Closed]
    """Queues in their languages that demand what they lack."""
    chances: list[Chance]
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
        earned_by=earned,
    )


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
