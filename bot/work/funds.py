"""Budgets while work goes on: alarms at 80 % and 100 %, and no offer that is not funded.

Answers write nothing that projects share, so the clock does the sums: what postings since the last
look have charged is added to what was summed up before.

Why no answer goes unfunded. Let A be what is spent plus what is in hand, at the prices offered. An
answer moves money within A; only offers make A grow. At each look a project is paused unless A plus
the reserve fits its budget, where the reserve is what was answered in the last 30 seconds, and one
more answer at the highest price. Looks come every 5 seconds, so A stays within the budget as long
as offers are made less than six times as fast as answers came, and a look may be 25 seconds late.
What is left of the work may cost less than the reserve: then that is enough, and nothing is paused
for the last few tasks. Reviews, broken time and late answers are what the launch's own 10 % is for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update

from bot.models.base import table
from bot.models.budgets import BudgetAlarm, Spending, Tally
from bot.models.pay import Account, Entry, Posting
from bot.models.work import Assignment, Project, Queue, Stage, Task
from bot.money import MICRO
from bot.store.database import Session, upsert
from bot.work import pricing, stages, states
from bot.work.stages import StageSpec

EVERY = timedelta(seconds=5)
AHEAD = timedelta(seconds=30)
SETTLED = timedelta(minutes=2)  # a lower posting may still commit; no transaction lives this long
ALARMS = (80, 100)  # percent
WATCHED = ("open", "paused", "closing")

assignments, entries, postings = table(Assignment), table(Entry), table(Posting)
accounts, alarms, spending = table(Account), table(BudgetAlarm), table(Spending)


@dataclass(frozen=True, slots=True)
class News:
    """What those who run a project must hear of its budget."""

    project: Project
    percent: int
    """Of the budget that is spent or bound: 80, or 100."""
    spent: int
    in_hand: int
    paused: bool
    """Nothing is offered any more until there is more budget."""


async def look(session: Session, *, now: datetime) -> list[News]:
    """Sum up, raise each alarm once, and pause what could not pay its next answers."""
    query = select(Project).where(Project.state.in_(WATCHED), Project.budget_micro.is_not(None))
    projects = (await session.scalars(query.order_by(Project.id))).all()
    spent = await _spent(session, now) if projects else None
    if spent is None:  # nothing to watch, or another process is looking
        return []
    held = await _held(session, projects)
    recent = await _recent(session, projects, now - AHEAD)
    news = []
    for project in projects:
        found = await _judge(
            session,
            project,
            (spent.get(project.id, 0), held.get(project.id, 0), recent.get(project.id, 0)),
        )
        news += [found] if found is not None else []
    return news


def reserve(recent: int, highest: int) -> int:
    """What may be offered until the next looks: as much as lately, and one answer more."""
    return recent + highest


def fits(budget: int, bound: int, ahead: int, left: int) -> bool:
    """Whether offers may go on: the reserve fits, or all that is left does."""
    return bound + min(ahead, left) <= budget


async def _judge(session: Session, project: Project, money: tuple[int, int, int]) -> News | None:
    spent, held, recent = money
    assert project.budget_micro is not None
    paused = project.state == "open" and not await _funded(session, project, spent + held, recent)
    if paused:
        await states.pause(session, project, actor=None)
    share = spent * 100 // max(1, project.budget_micro)
    due = [one for one in ALARMS if share >= one or (paused and one == ALARMS[-1])]
    fresh = [one for one in due if await _raise(session, project, one)]
    if not (fresh or paused):
        return None
    return News(project, ALARMS[-1] if paused else fresh[-1], spent, held, paused)


async def _funded(session: Session, project: Project, bound: int, recent: int) -> bool:
    budget = project.budget_micro or 0
    specs = await stages.current(session, project.id)
    highest = {spec.stage_id: await pricing.highest(session, spec) for spec in specs}
    ahead = reserve(recent, max(highest.values(), default=0))
    if bound + ahead <= budget:
        return True
    return fits(budget, bound, ahead, await _left(session, specs, highest, ahead))


async def _left(
    session: Session, specs: Sequence[StageSpec], highest: Mapping[int, int], ahead: int
) -> int:
    """What is not offered yet, at its highest price, and the gold that comes with the reserve."""
    if any(spec.project_kind != "work" for spec in specs):
        return ahead
    left = 0
    for spec in specs:
        slots = select(func.sum(Task.open_slots)).where(
            Task.stage_id == spec.stage_id, Task.open_slots > 0
        )
        open_slots = int(await session.scalar(slots) or 0)
        left += open_slots * highest[spec.stage_id] + -(-ahead * spec.gold_share_ppm // MICRO)
    return left


async def _spent(session: Session, now: datetime) -> dict[int, int] | None:
    """What projects have spent in their currency; None: another process is at it."""
    tally = (await session.scalars(select(Tally).with_for_update(skip_locked=True))).one_or_none()
    if tally is None:
        return None
    before = (postings.c.at < now - SETTLED, postings.c.id > tally.posting)
    upto = await session.scalar(select(func.max(postings.c.id)).where(*before)) or tally.posting
    settled = dict((await session.execute(_charged(tally.posting, upto))).all())
    for project_id, micro in settled.items():
        statement = upsert(session, spending).values(project_id=project_id, micro=micro)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["project_id"], set_={"micro": spending.c.micro + micro}
            )
        )
    await session.execute(update(Tally).values(posting=upto))
    whole = dict((await session.execute(select(spending.c.project_id, spending.c.micro))).all())
    for project_id, micro in (await session.execute(_charged(upto, None))).all():
        whole[project_id] = whole.get(project_id, 0) + int(micro)
    return whole


def _charged(after: int, upto: int | None) -> Select[Any]:
    """Per project, in its own currency: what the postings between two have charged it."""
    query = (
        select(accounts.c.project_id, -func.sum(entries.c.amount))
        .join(entries, entries.c.account_id == accounts.c.id)
        .join(Project, Project.id == accounts.c.project_id)
        .where(
            entries.c.posting_id > after,
            accounts.c.kind == "expense",
            accounts.c.currency == Project.currency,
        )
        .group_by(accounts.c.project_id)
    )
    return query if upto is None else query.where(entries.c.posting_id <= upto)


async def _held(session: Session, projects: Sequence[Project]) -> dict[int, int]:
    query = (
        select(Stage.project_id, func.sum(assignments.c.price_micro))
        .join(assignments, assignments.c.stage_id == Stage.id)
        .where(Stage.project_id.in_([one.id for one in projects]), assignments.c.state == "held")
        .group_by(Stage.project_id)
    )
    return {project: int(micro) for project, micro in await session.execute(query)}


async def _recent(session: Session, projects: Sequence[Project], since: datetime) -> dict[int, int]:
    query = (
        select(Stage.project_id, func.sum(assignments.c.price_micro))
        .join(Queue, Queue.stage_id == Stage.id)
        .join(assignments, assignments.c.queue_id == Queue.id)
        .where(
            Stage.project_id.in_([one.id for one in projects]),
            assignments.c.answered_at > since,
        )
        .group_by(Stage.project_id)
    )
    return {project: int(micro) for project, micro in await session.execute(query)}


async def _raise(session: Session, project: Project, percent: int) -> bool:
    """Whether this alarm is new; the row lets nobody else raise it."""
    row = {
        "project_id": project.id,
        "budget_micro": project.budget_micro,
        "percent": percent,
    }
    statement = upsert(session, alarms).values(row).on_conflict_do_nothing()
    return await session.scalar(statement.returning(alarms.c.percent)) is not None
