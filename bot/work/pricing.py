"""The price at which a worker is offered a task: by stage, tier, skill and language.

It is worked out when the task is claimed and stays on the assignment, so it costs next to nothing:
the skills came with the short list of queues, and the tiers' terms are in memory.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from bot.models.people import Worker
from bot.money import MICRO
from bot.pay import prices, tiers
from bot.store.database import Session
from bot.work.stages import StageSpec


class Lane(Protocol):
    """A queue, with the number of the tiers' terms."""

    @property
    def language(self) -> str: ...
    @property
    def edition(self) -> int: ...


async def offered(
    session: Session,
    spec: StageSpec,
    lane: Lane,
    worker: Worker,
    skills: Mapping[str, float],
    *,
    now: datetime,
) -> int:
    """Micro-units for one answer of this worker's in this queue."""
    factors = factors_of(spec, lane.language, skills)
    if prices.by_tier(spec.quality):
        book = await tiers.edition(session, lane.edition)
        tier = book.tier(spec.tier, spec.currency, now=now, country=worker.country)
        if tier is not None:
            wage = book.wage(tier, field=worker.field, now=now)
            return tiers.price_at(tier, wage, spec.expected_seconds, *factors)
    return prices.price(prices.Base(spec.price_micro), *factors)


def factors_of(spec: StageSpec, language: str, skills: Mapping[str, float]) -> tuple[int, int]:
    """What skill and scarcity make of the price, in millionths. Lessons pay everybody the same."""
    mine = prices.factor(spec.quality, language, skills) if spec.project_kind == "work" else 0
    return mine or MICRO, prices.scarcity(spec.quality, language)
