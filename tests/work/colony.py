"""A made-up crowd at work through the use cases: honest people, and some who only want the pay.

Time is invented: everybody answers in the order of their own clocks, and the rules look every few
minutes of it. The same seed gives the same people and the same tasks.
"""

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO

from sqlalchemy import func, insert, select

from bot.clock import now
from bot.models.base import table
from bot.models.people import Worker, WorkerLanguage
from bot.models.rules import ExtraSlot, Firing, Restriction
from bot.models.work import Answer, Assignment, Project, Task
from bot.pay import ledger
from bot.quality import aggregate
from bot.store.database import Database, Session
from bot.work import answers, dispatch, intake, project_file, projects, rules
from bot.work.dispatch import Offer

LABELS = ("north", "east", "south", "west")
PRICE = 20_000
TICK = timedelta(seconds=30)
REST = timedelta(minutes=10)  # until somebody without work looks again
RULES = (
    "gold_accuracy < 45% over 10: pause 7d, reopen",
    "agreement < 55% over 15: more_overlap, tell",
    "fast_answers >= 60% over 20 under 30%: more_overlap, tell",
    "same_answer >= 12: more_overlap, tell",
)
SPAM = ("random", "always", "hasty", "copying")


@dataclass(slots=True)
class Person:
    """Somebody with a habit. `skill` is how often an honest person is right."""

    name: str
    habit: str
    skill: float
    worker: Worker | None = None

    @property
    def honest(self) -> bool:
        return self.habit == "honest"


@dataclass(slots=True)
class Outcome:
    """What became of it."""

    found: int
    spammers: int
    honest_paused: int
    honest_told: int
    """Honest people of whom somebody was told, or whose answers got company."""
    honest: int
    asked_again: int
    """Answers for which somebody else was asked too."""
    answers: int
    accuracy: float
    """Share of tasks whose result is right; a tie is not."""
    paid: bool
    """Everybody, honest or not, has the full price of each answer."""
    by_habit: dict[str, int] = field(default_factory=dict)


async def opened(session: Session, text: str, rows: str) -> Project:
    """A project with its tasks."""
    made = await projects.apply(session, project_file.parse(text), actor=None)
    await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
    return await projects.open_project(session, made, actor=None)


def crowd(seed: int, *, honest: int, spammers: int) -> list[Person]:
    chance = random.Random(seed)
    people = [Person(f"h{n}", "honest", chance.uniform(0.8, 0.97)) for n in range(honest)]
    return people + [Person(f"s{n}", SPAM[n % len(SPAM)], 0.0) for n in range(spammers)]


async def live(
    database: Database,
    people: Sequence[Person],
    *,
    tasks: int,
    gold: int,
    ruled: bool = True,
    seed: int = 1,
    overlap: int = 3,
    gold_share: float = 0.1,
    hours: int = 12,
) -> Outcome:
    """Let everybody work until there is no work, or the day is over."""
    colony = Colony(database, people, seed)
    await colony.begin(tasks, gold, _project(RULES if ruled else (), overlap, gold_share))
    await colony.work(timedelta(hours=hours))
    return await colony.outcome()


class Colony:
    def __init__(self, database: Database, people: Sequence[Person], seed: int) -> None:
        self.database, self.people = database, people
        self.chance = random.Random(seed)
        self.start = now() - timedelta(days=1)
        self.next_look = self.start
        self.truth: dict[str, str] = {}

    async def begin(self, tasks: int, gold: int, text: str) -> None:
        random.seed(self.chance.random())  # dispatch draws gold by it
        rows = ["key,text,gold"]
        for number in range(tasks + gold):
            key = f"t{number}"
            self.truth[key] = self.chance.choice(LABELS)
            rows.append(f"{key},where is {key},{self.truth[key] if number < gold else ''}")
        async with self.database.transaction() as session:
            await opened(session, text, "\n".join(rows))
            await self._join(session)

    async def _join(self, session: Session) -> None:
        for person in self.people:
            person.worker = Worker(pseudonym=person.name, state="active", locale="en", zone="UTC")
            session.add(person.worker)
        await session.flush()
        ids = [person.worker.id for person in self.people if person.worker]
        spoken = [{"worker_id": id, "language": "en", "level": "native"} for id in ids]
        await session.execute(insert(table(WorkerLanguage)), spoken)

    async def work(self, length: timedelta) -> None:
        clocks = [(self.start + timedelta(seconds=n), n) for n in range(len(self.people))]
        end = self.start + length
        while clocks and clocks[0][0] < end:
            async with self.database.transaction(durable=False) as session:
                for _ in range(min(len(clocks), 40)):
                    moment, number = heapq.heappop(clocks)
                    after = await self._step(session, self.people[number], moment)
                    heapq.heappush(clocks, (after, number))
                if clocks[0][0] >= self.next_look:
                    await dispatch.measure(session)
            if clocks[0][0] >= self.next_look:
                await self.look(clocks[0][0])
                self.next_look = clocks[0][0] + TICK
                if not await self._left():
                    return

    async def look(self, moment):
        """What the clock does: hold new answers against the rules."""
        async with self.database.transaction(durable=False) as session:
            for one in await rules.due(session, now=moment):
                for worker_id in one.workers:
                    await rules.judge(session, worker_id, one.stage_id, one.version, now=moment)
                await rules.seen(session, one)

    async def _step(self, session: Session, person: Person, moment):
        offer = await dispatch.next_for(session, person.worker, now=moment)
        if not isinstance(offer, Offer):
            return moment + REST
        seconds = 1.0 if person.habit == "hasty" else self.chance.lognormvariate(2.5, 0.4)
        moment += timedelta(seconds=seconds)
        await answers.record(session, person.worker, offer, self._says(person, offer), now=moment)
        return moment + timedelta(seconds=1)

    def _says(self, person: Person, offer: Offer) -> str:
        right = self.truth[offer.key]
        if person.honest:
            wrong = [one for one in LABELS if one != right]
            return right if self.chance.random() < person.skill else self.chance.choice(wrong)
        if person.habit == "always":
            return LABELS[0]
        if person.habit == "copying":  # all of them say what one of them said
            return random.Random(offer.key).choice(LABELS)
        return self.chance.choice(LABELS)

    async def _left(self) -> bool:
        async with self.database.reading() as session:
            return bool(await session.scalar(select(func.sum(Task.open_slots))))

    async def outcome(self) -> Outcome:
        async with self.database.reading() as session:
            paused = set(await session.scalars(select(Restriction.worker_id)))
            fired = set(await session.scalars(select(Firing.worker_id)))
            found = Counter(p.habit for p in self.people if p.worker.id in paused)
            honest = {p.worker.id for p in self.people if p.honest}
            return Outcome(
                found=sum(found[habit] for habit in SPAM),
                spammers=len(self.people) - len(honest),
                honest_paused=found["honest"],
                honest_told=len(honest & fired),
                honest=len(honest),
                asked_again=await session.scalar(select(func.count()).select_from(ExtraSlot)),
                answers=await session.scalar(select(func.count()).select_from(Answer)),
                accuracy=await self._accuracy(session),
                paid=await _paid(session),
                by_habit={habit: found[habit] for habit in (*SPAM, "honest")},
            )

    async def _accuracy(self, session: Session) -> float:
        query = (
            select(Task.key, Task.overlap, Answer.label)
            .join(Assignment, Assignment.task_id == Task.id)
            .join(Answer, Answer.assignment_id == Assignment.id)
            .where(Task.gold.is_(None))
        )
        said: dict[tuple[str, int], list[str]] = defaultdict(list)
        for key, overlap, label in await session.execute(query):
            said[key, overlap].append(label)
        results = {key: aggregate.majority(labels) for (key, _overlap), labels in said.items()}
        right = sum(one.label == self.truth[key] for key, one in results.items())
        return right / len(results)


async def _paid(session: Session) -> bool:
    """Nobody lost a price, whatever rules did."""
    await ledger.check(session)
    query = select(Assignment.worker_id, func.count()).where(Assignment.answered_at.is_not(None))
    owed = dict((await session.execute(query.group_by(Assignment.worker_id))).all())
    for worker_id, count in owed.items():
        (balance,) = await ledger.balances(session, worker_id)
        if balance.pending + balance.available != count * PRICE:
            return False
    return True


def _project(lines: Sequence[str], overlap: int, gold_share: float) -> str:
    options = ", ".join(f'"{one}"' for one in LABELS)
    ruled = ", ".join(f'"{line}"' for line in lines)
    return (
        '[project]\nid = "compass"\nname = "Compass"\nlanguages = ["en"]\nbudget = "9000 USD"\n'
        f'[stage]\ntype = "choice"\noptions = [{options}]\nshow = ["text"]\n'
        f'price = "0.02 USD"\nexpected_seconds = 12\noverlap = {overlap}\n'
        f"gold_share = {gold_share}\n"
        + (f"rules = [{ruled}]\n" if ruled else "")
        + '[stage.text.en]\nquestion = "Where?"\n'
    )
