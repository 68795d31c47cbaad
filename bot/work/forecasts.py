"""The numbers of a project for `bot.pay.forecast`: planned before the launch, measured in the run.

Until MEASURED answers are in, the stage's terms say what an answer and its reviews cost; then what
was paid does. Every figure is a sum over rows, taken when somebody looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import func, select

from bot.models.pay import Account, Entry, Posting
from bot.models.work import Assignment, Project, Task
from bot.money import MICRO
from bot.pay import forecast, tiers
from bot.pay.forecast import Forecast, Span, Work
from bot.quality import exams, gold
from bot.store.database import Session
from bot.work import overlap_terms, pricing, review_terms, stages
from bot.work.stages import StageSpec

MEASURED = 50  # answers; fewer say little about the rest
GIVEN = ("answered", "returned", "accepted")
# Kinds of postings: what answers have cost, appeals and second looks among it.
WORKED = ("answer", "refuse", "accept", "appeal", "audit")


class Load(NamedTuple):
    """What a stage has to do: tasks that are not gold, the answers they want, and gold tasks."""

    tasks: int = 0
    wanted: int = 0
    gold: int = 0
    hints: int = 0
    """Gold tasks with a hint."""


class Done(NamedTuple):
    """What has been answered of a stage, gold not among it."""

    given: int = 0
    micro: int = 0
    """What these answers were offered for."""
    held: int = 0
    open_slots: int | None = None
    """Answers that nobody holds yet; None: none were counted, as before the launch."""


class Rates(NamedTuple):
    """What the tiers say of a stage."""

    review_micro: int = 0
    """Pay for one review of its answers."""
    highest_micro: int = 0
    """The most that one of its answers can be offered for; 0: by its own price."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What the ledger has charged a project so far, by kind of posting."""

    kinds: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.kinds.values())

    def of(self, kinds: Iterable[str]) -> int:
        return sum(self.kinds.get(kind, 0) for kind in kinds)


async def of(session: Session, projects: Sequence[Project]) -> dict[int, Forecast]:
    """The forecasts of some projects, by their numbers."""
    ids = [project.id for project in projects]
    specs = await stages.in_force(session, ids)
    stage_ids = [spec.stage_id for found in specs.values() for spec in found]
    there, done = await loads(session, stage_ids), await _done(session, stage_ids)
    spent = await costs(session, projects)
    found = {}
    for project in projects:
        mine = [
            (spec, there.get(spec.stage_id, Load()), done[spec.stage_id])
            for spec in specs.get(project.id, ())
        ]
        rates = {
            spec.stage_id: Rates(
                await review_pay(session, spec), await pricing.highest(session, spec)
            )
            for spec, _load, _done in mine
        }
        found[project.id] = reckon(mine, spent[project.id], rates)
    return found


def reckon(
    found: Sequence[tuple[StageSpec, Load, Done]], spent: Costs, rates: Mapping[int, Rates]
) -> Forecast:
    """The forecast of one project. Pure."""
    given = sum(done.given for _spec, _load, done in found)
    works = [
        work(spec, load, done, rates.get(spec.stage_id, Rates()))
        for spec, load, done in found
        if spec.project_kind == "work"
    ]
    if given >= MEASURED:
        works = [_as_measured(one, spent, given) for one in works]
    most = sum(lesson(spec, load) for spec, load, _done in found if spec.project_kind != "work")
    return forecast.forecast(works, spent=spent.total, given=given, lessons=Span(0, most))


def work(spec: StageSpec, load: Load, done: Done, rates: Rates) -> Work:
    """What a stage has still to do, by its own terms; at the prices paid when there are some."""
    left = load.wanted if done.open_slots is None else done.open_slots + done.held
    most = left
    overlap = overlap_terms.of(spec.overlap, spec.quality)
    if overlap.grows:  # none of them may be sure before
        most = max(left, load.tasks * overlap.most - done.given)
    answers = Span(left, most)
    return Work(
        answers=answers,
        price=_price(spec, done, rates),
        gold_ppm=min(spec.gold_share_ppm, forecast.MOST_GOLD) if load.gold else 0,
        reviews=_reviews(spec),
        review_micro=rates.review_micro,
    )


def lesson(spec: StageSpec, load: Load) -> int:
    """What one person can earn in a training or an exam, at the most."""
    terms = exams.terms(spec.quality) if spec.project_kind == "exam" else None
    spare = not gold.comparable(spec.kind.combine)  # an attempt that nobody grades in time
    most = min(load.gold, terms.tasks * (terms.most + spare)) if terms else load.gold
    return most * spec.price_micro


async def review_pay(session: Session, spec: StageSpec) -> int:
    """What one review of an answer of the stage pays; nothing where none are planned."""
    if not review_terms.of(spec.review).share_ppm:
        return 0
    tier = await tiers.nearest(session, spec.tier, spec.currency)
    return tier.review_micro if tier.currency == spec.currency else 0


async def loads(session: Session, stage_ids: Sequence[int]) -> dict[int, Load]:
    """What each of the stages has to do."""
    found = await session.execute(
        select(
            Task.stage_id,
            func.count().filter(Task.overlap > 0),  # gold that was a task before is one still
            func.coalesce(func.sum(Task.overlap), 0),
            func.count(Task.gold),
            func.count(Task.hint).filter(Task.gold.is_not(None)),
        )
        .where(Task.stage_id.in_(stage_ids))
        .group_by(Task.stage_id)
    )
    return {
        stage_id: Load(tasks, int(wanted), gold, hints)
        for stage_id, tasks, wanted, gold, hints in found
    }


async def costs(session: Session, projects: Sequence[Project]) -> dict[int, Costs]:
    """What the ledger has charged each project in its currency, by kind of posting."""
    found: dict[int, Costs] = {project.id: Costs() for project in projects}
    currencies = {project.id: project.currency for project in projects}
    rows = await session.execute(
        select(Account.project_id, Account.currency, Posting.kind, -func.sum(Entry.amount))
        .join(Entry, Entry.account_id == Account.id)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Account.project_id.in_(currencies), Account.kind == "expense")
        .group_by(Account.project_id, Account.currency, Posting.kind)
    )
    for project_id, currency, kind, micro in rows:
        if project_id is not None and currencies[project_id] == currency:
            found[project_id].kinds[kind] = int(micro)
    return found


async def _done(session: Session, stage_ids: Sequence[int]) -> dict[int, Done]:
    open_slots = await session.execute(
        select(Task.stage_id, func.sum(Task.open_slots))
        .where(Task.stage_id.in_(stage_ids), Task.open_slots > 0)
        .group_by(Task.stage_id)
    )
    done = {stage_id: Done(open_slots=0) for stage_id in stage_ids}
    for stage_id, slots in open_slots:
        done[stage_id] = done[stage_id]._replace(open_slots=int(slots))
    answered: Any = Assignment.state.in_(GIVEN)
    rows = await session.execute(
        select(
            Assignment.stage_id,
            func.count().filter(answered),
            func.coalesce(func.sum(Assignment.price_micro).filter(answered), 0),
            func.count().filter(Assignment.state == "held"),
        )
        .where(Assignment.stage_id.in_(stage_ids), Assignment.gold.is_(False))
        .where(Assignment.state.in_((*GIVEN, "held")))
        .group_by(Assignment.stage_id)
    )
    for stage_id, given, micro, held in rows:
        done[stage_id] = done[stage_id]._replace(given=given, micro=int(micro), held=held)
    return done


def _price(spec: StageSpec, done: Done, rates: Rates) -> Span:
    """From the stage's price to that of the best in its best paid language; or the mean paid."""
    if done.given >= MEASURED:
        return Span(done.micro // done.given, -(-done.micro // done.given))
    return Span(spec.price_micro, rates.highest_micro or pricing.highest_of(spec))


def _reviews(spec: StageSpec) -> Span:
    """The share in all rounds, and the second looks. How many newcomers will come is not known."""
    looks = review_terms.of(spec.review)
    each = looks.share_ppm * (looks.rounds * MICRO + looks.audit_ppm) // MICRO
    return Span(each, each)


def _as_measured(one: Work, spent: Costs, given: int) -> Work:
    """At the rates of the whole project: reviews, broken time and top-ups as they were."""
    worked = spent.of(WORKED)
    reviewed = max(0, spent.of(["review"]))
    rate = reviewed * MICRO // (given * one.review_micro) if one.review_micro else 0
    return Work(
        answers=one.answers,
        price=one.price,
        gold_ppm=one.gold_ppm,
        reviews=Span(rate, rate),
        review_micro=one.review_micro,
        broken_ppm=forecast.measured(spent.of(["report"]), worked),
        topup_ppm=forecast.measured(spent.of(["topup"]), worked),
    )
