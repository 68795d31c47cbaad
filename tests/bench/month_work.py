"""A workforce of six countries and what it does in a month, through the use cases, by chance.

Whoever answers takes the usual time of the work times a pace of their own, and is right as often as
they are careful. What is right is in the task's name: odd numbers are "yes".
"""

import json
import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import NamedTuple

from sqlalchemy import select

from bot.errors import Refusal
from bot.models.people import Role, Worker
from bot.models.reviews import Review
from bot.models.work import Assignment
from bot.money import MICRO
from bot.pay import tiers
from bot.pay.reckoning import Route
from bot.people import languages, skills
from bot.store.database import Session
from bot.work import (
    answers,
    appeals,
    bonuses,
    dispatch,
    intake,
    project_file,
    projects,
    reviews,
    rework,
    verdicts,
)
from bot.work.reviews import Case
from bot.work.settlement import ReviewOver
from bot.work.verdicts import Verdict
from tests.pay.payroll import House


class Country(NamedTuple):
    """Where people live, what they read beside English, and how they are paid."""

    code: str
    language: str
    zone: str
    routes: tuple[Route, ...]


class Work(NamedTuple):
    """A project with one stage. Without a price it pays by its tier."""

    slug: str
    language: str
    tier: str
    price: str
    seconds: int
    more: str = ""


COUNTRIES = (
    Country("KE", "sw", "Africa/Nairobi", (Route("mpesa", "KES"), Route("csv", "USD"))),
    Country("PH", "fil", "Asia/Manila", (Route("manual", "PHP"), Route("paypal", "USD"))),
    Country("BR", "en", "America/Sao_Paulo", (Route("paypal", "USD"),)),
    Country("IN", "hi", "Asia/Kolkata", (Route("manual", "INR"), Route("csv", "USD"))),
    Country("NG", "en", "Africa/Lagos", (Route("csv", "USD"),)),
    Country("EG", "en", "Africa/Cairo", (Route("manual", "USD"),)),
)
WORKS = (
    Work("basic", "en", "basic", "0.0081 USD", 12),
    Work("quality", "en", "quality", "0.027777 USD", 40, "grades = [50, 75, 100],"),
    Work("expert", "en", "expert", "", 60),
    Work("kenya", "sw", "language", "1.51 KES", 30),
    Work("manila", "fil", "language", "0.983333 PHP", 30),
    Work("delhi", "hi", "language", "0.95 INR", 30),
)
WAGES = {"KES": 180, "INR": 110}  # no row for pesos: reviews there are paid in dollars
EXPERTS, EXPERTISE = 5, "biology"  # every fifth knows it
REVIEWERS = 3  # of each country, and everywhere else the first ones
PROJECT = """
[project]
id = "{slug}"
name = "{slug}"
languages = ["{language}"]

[stage]
type = "choice"
options = ["yes", "no"]
show = ["text"]
tier = "{tier}"
{terms}
expected_seconds = {seconds}
overlap = 3
gold_share = 0.03
review = {{ share = 0.05, newcomers = 1, due = "3d", rework = "1d", audit = 0.2, {more} gold = 0 }}

[stage.text.en]
question = "Is the sentence right?"
instructions = "Read it, then choose."
"""
GOLD = 20  # tasks of each project
SKIPPED, RETRIED, UNFAIR = 0.01, 0.7, 0.05  # chances
APPEALED, HALF_APPEALED = 0.6, 0.1  # on each of two days; of what is paid in part
AT_ONCE = 10  # reviews in one transaction
DAY = timedelta(days=1)


@dataclass(slots=True)
class Person:
    """Somebody at work. `pace` multiplies the usual time, `care` is how often they are right."""

    worker: Worker
    country: Country
    pace: float
    care: float
    answers: int
    """In the whole month."""
    reviewer: bool = False


class Workforce:
    """Everybody at work, and the one chance that all they do comes from."""

    def __init__(self, house: House, began: datetime, chance: random.Random) -> None:
        self.house, self.database, self.chance = house, house.database, chance
        self.began = began
        self.people: list[Person] = []

    async def hire(self, count: int, answers: int) -> None:
        """`count` people of all countries in turn, who will give this many answers together."""
        weights = [self.chance.lognormvariate(0, 0.4) for _ in range(count)]
        shares = _shares(answers, weights)
        async with self.database.transaction() as session:
            for number, share in enumerate(shares):
                self.people.append(await self._join(session, number, share))

    async def _join(self, session: Session, number: int, share: int) -> Person:
        country = COUNTRIES[number % len(COUNTRIES)]
        worker = Worker(
            pseudonym=f"w-month{number:03d}",
            state="active",
            locale="en",
            country=country.code,
            zone=country.zone,
            currency="USD",
            adult=True,
        )
        session.add(worker)
        await session.flush()
        for language in {"en", country.language}:
            await languages.choose(session, worker.id, language, "native")
        reviewer = number < REVIEWERS * len(COUNTRIES)
        if reviewer:
            session.add(Role(worker_id=worker.id, role="reviewer"))
        if reviewer or number % EXPERTS == 0:
            moment = self.began
            await skills.set_by_hand(
                session, worker.id, EXPERTISE, 90, actor=self.house.owner, now=moment
            )
        pace, care = self.chance.lognormvariate(0, 0.3), self.chance.betavariate(18, 2)
        return Person(worker, country, pace, care, share, reviewer)

    async def open(self, answers: int) -> None:
        """The tiers' wages in other currencies, and every project with more than enough tasks."""
        async with self.database.transaction() as session:
            for currency, wage in WAGES.items():
                row = {"wage_micro": wage * MICRO}
                await tiers.change(session, "language", row, currency=currency, actor=None)
        tasks = answers // 8 + max(one.answers for one in self.people)
        for work in WORKS:
            async with self.database.transaction() as session:
                await _open(session, work, tasks)

    async def work_day(self, day: datetime, left: int) -> int:
        """Everybody's part of a day: what came back to them first, then what is new."""
        given = 0
        for person in self.people:
            at = day + timedelta(minutes=self.chance.randrange(6 * 60, 15 * 60))
            count = person.answers if left == 1 else self._part(person.answers, left)
            person.answers -= count
            sit = partial(self._sit, person=person, at=at, count=count)
            given += await self.database.run(sit, durable=False)
        return given

    async def _sit(self, session: Session, person: Person, at: datetime, count: int) -> int:
        at = await self._take_up(session, person, at)
        return await self._answer(session, person, count, at)

    def _part(self, answers: int, left: int) -> int:
        return min(answers, round(answers / left * self.chance.uniform(0.3, 1.7)))

    async def _answer(self, session: Session, person: Person, count: int, at: datetime) -> int:
        done = 0
        while done < count:
            offer = await dispatch.next_for(session, person.worker, now=at, free=True)
            assert isinstance(offer, dispatch.Offer), offer
            at += self._time(person, offer)
            if self.chance.random() < SKIPPED:
                await answers.skip(session, offer, now=at)
                continue
            await answers.record(session, person.worker, offer, self._said(person, offer), now=at)
            done += 1
        return done

    def _time(self, person: Person, offer: dispatch.Offer) -> timedelta:
        usual = offer.spec.expected_seconds * person.pace
        return timedelta(seconds=max(2, round(usual * self.chance.lognormvariate(0, 0.25))))

    def _said(self, person: Person, offer: dispatch.Offer) -> str:
        right = truth(offer.key)
        return right if self.chance.random() < person.care else _other(right)

    async def _take_up(self, session: Session, person: Person, at: datetime) -> datetime:
        """Answers that were given back, and verdicts of the last two days to disagree with."""
        mine = Assignment.worker_id == person.worker.id
        returned = select(Assignment.id).where(mine, Assignment.state == "returned")
        for assignment_id in (await session.scalars(returned.order_by(Assignment.id))).all():
            offer = await dispatch.offer(session, person.worker.id, assignment_id)
            if offer is not None and self.chance.random() < RETRIED:
                at += self._time(person, offer)
                value = truth(offer.key)
                await answers.record(session, person.worker, offer, value, now=at)
        against = select(Review.id, Review.verdict).where(
            Review.author_id == person.worker.id,
            Review.decided_at > at - 2 * DAY,
            Review.purpose.in_(("review", "final")),
            (Review.verdict == "not_accepted") | (Review.grade < 100),
        )
        for review_id, verdict in (await session.execute(against.order_by(Review.id))).all():
            likely = APPEALED if verdict == "not_accepted" else HALF_APPEALED
            if self.chance.random() < likely:
                at += timedelta(seconds=60)
                with suppress(Refusal):  # it was appealed yesterday, or an audit has mended it
                    words = "Please look again: it is right."
                    await appeals.submit(session, person.worker, review_id, words, None, now=at)
        return at

    async def review_day(self, at: datetime) -> None:
        """Reviewers in turn, until nobody finds anything more."""
        crew = [person for person in self.people if person.reviewer]
        clocks, found = dict.fromkeys(range(len(crew)), at), 1
        while found:
            found = 0
            for number, person in enumerate(crew):
                look = partial(self._review, person=person, at=clocks[number])
                count, clocks[number] = await self.database.run(look, durable=False)
                found += count

    async def _review(self, session: Session, person: Person, at: datetime) -> tuple[int, datetime]:
        done = 0
        while done < AT_ONCE:
            case = await reviews.take(session, person.worker, now=at)
            if case is None:
                break
            at += timedelta(seconds=self.chance.randrange(10, 40))
            verdict, draw = self._verdict(case), self.chance.random()
            with suppress(ReviewOver):  # the clock was faster with the appeal
                await verdicts.decide(
                    session, person.worker, case.review_id, verdict, now=at, draw=draw
                )
            done += 1
        return done, at

    def _verdict(self, case: Case) -> Verdict:
        right, roll = truth(case.offer.key), self.chance.random()
        good = case.value == right
        if case.purpose in ("audit", "appeal"):
            return _verdict(case, "accepted" if good else "not_accepted")
        if good and roll > UNFAIR:
            grade = self.chance.choice(case.grades) if case.grades and roll > 0.7 else None
            return Verdict(kind="accepted", revision=case.revision, grade=grade)
        if case.returnable and self.chance.random() < 0.4:
            return _verdict(case, "returned")
        if good or self.chance.random() < 0.7:
            return _verdict(case, "not_accepted")
        return Verdict(kind="fixed", revision=case.revision, value=right, label=right)

    async def clock(self, now: datetime) -> None:
        """What the ticks do at night."""
        for tick in (answers.accept_due, rework.take_back, dispatch.expire, appeals.lapse_due):
            while await self.database.run(partial(tick, now=now)):
                pass
        await self.database.run(dispatch.measure)

    async def thank(self) -> None:
        """A bonus for one in twenty, in any project where something of theirs was accepted."""
        for person in self.chance.sample(self.people, max(3, len(self.people) // 20)):
            work = self.chance.choice([one for one in WORKS if one.slug != "expert"])
            with suppress(bonuses.NothingAccepted):
                await self.database.run(partial(self._thank, person=person, slug=work.slug))

    async def _thank(self, session: Session, person: Person, slug: str) -> None:
        project, owner = await projects.find(session, slug), self.house.owner
        text = f"{self.chance.randrange(10**4, 10**6) / MICRO:.6f} Thank you!"
        draft = await bonuses.draft(session, person.worker, project, text, actor=owner)
        await bonuses.give(session, draft.as_json(), actor=owner)


def truth(key: str) -> str:
    """The right answer to a task."""
    return "yes" if int(key.rpartition("-")[2]) % 2 else "no"


def _other(label: str) -> str:
    return "no" if label == "yes" else "yes"


def _verdict(case: Case, kind: verdicts.Kind) -> Verdict:
    reason = "R1" if kind == "not_accepted" else None
    note = "" if kind == "accepted" else "Please read the sentence again."
    return Verdict(kind=kind, revision=case.revision, reason=reason, note=note)


def _shares(whole: int, weights: Iterable[float]) -> list[int]:
    """Whole numbers in about these proportions that make `whole`."""
    weights = list(weights)
    shares = [int(whole * weight / sum(weights)) for weight in weights]
    for number in range(whole - sum(shares)):
        shares[number % len(shares)] += 1
    return shares


async def _open(session: Session, work: Work, tasks: int) -> None:
    terms = f'price = "{work.price}"' if work.price else f'skills = {{ {EXPERTISE} = ">=80" }}'
    text = PROJECT.format(**work._asdict(), terms=terms)
    project = await projects.apply(session, project_file.parse(text), actor=None)
    rows = (_row(work, number) for number in range(1, tasks + GOLD + 1))
    stream = BytesIO("\n".join(map(json.dumps, rows)).encode())
    await intake.load(session, project, stream, "jsonl", actor=None)
    await projects.open_project(session, project, actor=None)


def _row(work: Work, number: int) -> dict[str, str]:
    key = f"{work.slug}-{number}"
    known = {"gold": truth(key)} if number <= GOLD else {}
    return {"key": key, "language": work.language, "text": f"Sentence {number}.", **known}
