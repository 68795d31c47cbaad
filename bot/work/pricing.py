"""The price at which a worker is offered a task: by stage, tier, skill and language.

It is worked out when the task is claimed and stays on the assignment, so it costs next to nothing:
the skills came with the short list of queues, and the tiers' terms are in memory.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import select

from bot.models.people import Worker
from bot.models.work import Project
from bot.money import MICRO
from bot.pay import prices, tiers
from bot.store import database
from bot.store.database import Session
from bot.work import record, stages, terms
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


async def highest(session: Session, spec: StageSpec) -> int:
    """The most that an answer of the stage can be offered for: to the best paid, anywhere."""
    if not prices.by_tier(spec.quality):
        return highest_of(spec)
    book, now = await tiers.book(session), await database.now(session)
    return max(
        (
            tiers.price_at(terms, wage, spec.expected_seconds, _best(spec))
            for terms, wage in book.all_wages(spec.tier, spec.currency, now=now)
        ),
        default=highest_of(spec),
    )


def highest_of(spec: StageSpec) -> int:
    """The same by the stage's own price."""
    return prices.price(prices.Base(spec.price_micro), _best(spec))


def _best(spec: StageSpec) -> int:
    languages = ("", *spec.quality.get("pay", {}).get("languages", ()))
    return max(prices.highest(spec.quality, one) for one in languages)


def factors_of(spec: StageSpec, language: str, skills: Mapping[str, float]) -> tuple[int, int]:
    """What skill and scarcity make of the price, in millionths. Lessons pay everybody the same."""
    mine = prices.factor(spec.quality, language, skills) if spec.project_kind == "work" else 0
    return mine or MICRO, prices.scarcity(spec.quality, language)


async def follow(session: Session) -> int:
    """Give stages that are priced by their tier a next version when the tier's price is another.

    Offers are priced by the tier at once; the version's own price is what cards and forecasts show.
    """
    going = select(Project.id).where(Project.state.not_in(("closing", "closed")))
    found = await stages.in_force(session, (await session.scalars(going)).all())
    book, now = await tiers.book(session), await database.now(session)
    changed = 0
    for spec in [one for specs in found.values() for one in specs]:
        tier = book.tier(spec.tier, spec.currency, now=now)
        if tier is None or not prices.by_tier(spec.quality):
            continue
        price = tiers.usual(book, tier, spec.expected_seconds, now=now)
        if price != spec.price_micro:
            changed += await _revise(session, spec, price)
    return changed


async def _revise(session: Session, spec: StageSpec, price: int) -> bool:
    """Under the project's lock, unless somebody has changed the stage meanwhile."""
    project = await session.get_one(Project, spec.project_id)
    await record.hold(session, project)
    current = await stages.current(session, project.id)
    if spec not in current:
        return False
    await stages.revise(session, spec, stages.columns(spec) | {"price_micro": price})
    shown = (terms.show_amount(one, spec.currency) for one in (spec.price_micro, price))
    change = (next(shown), next(shown))
    record.note(session, project, "project.price", actor=None, change=change, field=spec.name)
    return True
