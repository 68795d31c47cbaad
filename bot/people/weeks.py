"""What happens to a worker every Monday, each job at its hour on their own clock."""

from datetime import date, datetime, time
from functools import partial

from bot.calendar import MONDAY, Weekly
from bot.models.people import Worker
from bot.store import schedule
from bot.store.database import Session
from bot.store.schedule import Period

TOPUP, SUMMARY = "topup", "summary"
JOBS = {
    TOPUP: Weekly(MONDAY, time(6)),  # before the summary of the week, which tells of it
    SUMMARY: Weekly(MONDAY, time(9)),
}
Coming = tuple[Period, datetime]


def zone(worker: Worker) -> str:
    """The IANA name of the worker's time zone."""
    return worker.zone or "UTC"


def coming(job: str, worker: Worker, now: datetime) -> Coming:
    """The first Monday of a job that begins after `now`, and when."""
    return _at(job, worker, JOBS[job].next(zone(worker), now))


def following(job: str, worker: Worker, monday: date) -> Coming:
    """The Monday after a Monday of a job, and when it begins."""
    return _at(job, worker, JOBS[job].after(monday))


async def follow(session: Session, worker: Worker) -> None:
    """The worker's time zone has changed: the coming Mondays are other moments."""
    for job, rule in JOBS.items():
        await schedule.move(session, job, worker.id, partial(rule.begins, zone=zone(worker)))


async def forget(session: Session, worker: Worker) -> None:
    """Nothing more is planned, and it is not known what was. The books keep what was paid."""
    for job in JOBS:
        await schedule.forget(session, job, worker.id)


def _at(job: str, worker: Worker, day: date) -> Coming:
    return Period(worker.id, day), JOBS[job].begins(day, zone(worker))
