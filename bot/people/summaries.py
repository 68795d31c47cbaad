"""Who gets the weekly summary, and when: on Mondays at nine, on the worker's own clock."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from bot import calendar
from bot.models.chat import Chat
from bot.models.people import Worker
from bot.people import weeks
from bot.people.weeks import SUMMARY
from bot.store import schedule
from bot.store.database import Session

BATCH = 20  # in one transaction: each is a few statements


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary that is due: whose, and of which seven days."""

    worker: Worker
    chat: Chat
    since: datetime
    """When the first of the seven days began."""
    until: datetime
    """When the last of them ended."""
    monday: date
    """The local day after them."""


async def subscribe(session: Session, worker: Worker, *, now: datetime) -> None:
    """From the next Monday on. Twice is once."""
    await schedule.plan(session, SUMMARY, [weeks.coming(SUMMARY, worker, now)])


async def unsubscribe(session: Session, worker: Worker) -> None:
    await schedule.cancel(session, SUMMARY, worker.id)


async def subscribed(session: Session, worker: Worker) -> bool:
    return await schedule.is_planned(session, SUMMARY, worker.id)


async def take(session: Session, *, now: datetime, limit: int = BATCH) -> tuple[int, list[Summary]]:
    """Claim summaries that are due: how many, and those of them that somebody can read.

    The next ones are planned. After an outage of weeks they follow one another, each of its week.
    """
    taken = await schedule.claim(session, SUMMARY, now=now, limit=limit)
    if not taken:
        return 0, []
    people = await _people(session, [one.subject for one in taken])
    mine = [(*people[one.subject], one.day) for one in taken if one.subject in people]
    await schedule.plan(
        session, SUMMARY, [weeks.following(SUMMARY, worker, day) for _chat, worker, day in mine]
    )
    due = [_summary(*one) for one in mine if one[0].reachable]
    return len(taken), due


async def _people(session: Session, ids: list[int]) -> dict[int, tuple[Chat, Worker]]:
    """Those who have not gone for good: with them their chats go."""
    query = select(Chat, Worker).join(Worker, Worker.id == Chat.worker_id)
    found = await session.execute(query.where(Worker.id.in_(ids)))
    return {worker.id: (chat, worker) for chat, worker in found}


def _summary(chat: Chat, worker: Worker, day: date) -> Summary:
    zone = weeks.zone(worker)
    first = day - calendar.WEEK
    until = calendar.midnight(day, zone)
    return Summary(worker, chat, calendar.midnight(first, zone), until, day)
