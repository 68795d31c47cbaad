"""One storm: people work while the bot is killed again and again; then the books are read."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx
import msgspec
from sqlalchemy import func, select, update

from bot.models.chat import Outbox
from bot.models.work import Answer, Assignment
from bot.sandbox import Sandbox
from bot.store.database import Database, Session, now
from bot.work import intake, project_file, projects
from tests.chaos import books
from tests.chaos.books import Said
from tests.chaos.fleet import Fleet
from tests.chaos.people import Someone
from tests.chaos.process import BotProcess
from tests.chaos.witness import Witness
from tests.life import TOKEN
from tests.postgres import Power

PEOPLE = 16
UNRULY = 0.1  # share of deliveries that are doubled, and of those that others overtake
UNDER_LOAD = (2, 80)  # updates that a bot may acknowledge before its end
MOMENT = 0.1  # seconds after the last of them, at most
PATIENT = 3.0  # seconds after which it ends in any case
LONG_ABSENCE = 0.5  # share of deaths after which the bot is away for longer than its leases
HELD_TOO_LONG = 0.3  # share of those after which the tasks in hand have expired too
DRAIN = 60.0  # seconds that everything may take to come to rest

PROJECTS = """
[project]
id = "{name}"
name = "Storm {name}"
languages = ["en"]
budget = "5000.00 USD"

[stage]
type = "{type}"
show = ["text"]
price = "0.0{cents} USD"
expected_seconds = 1
overlap = {overlap}
{settings}

[stage.text.en]
question = "Storm {name}?"
"""
KINDS = {
    "pick": ("choice", 25, 3, 'options = ["yes", "no", "unsure"]\ngold_share = 0.1'),
    "quick": (
        "choice", 15, 2,
        'options = ["cat", "dog"]\ngold_share = 0\nreview = { share = 0, due = "0m" }',
    ),
    "say": ("text", 35, 2, "gold_share = 0"),
}  # fmt: skip
TASKS = 600


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in a storm, in this order."""

    kills: int = 0
    restarts: int = 0
    """Orderly restarts of each replica."""
    outages: Sequence[float] = ()
    """Seconds that PostgreSQL is away, each time."""


@dataclass
class Report:
    """What happened, for the assertions and for people."""

    seed: int
    back: list[float] = field(default_factory=list)
    """Seconds from each kill, or the end of an outage, to the first update acknowledged."""
    reactions: list[float] = field(default_factory=list)
    acts: int = 0
    answers: int = 0
    corrections: int = 0
    late: int = 0
    hurries: int = 0
    seconds: float = 0.0
    goodbyes: list[tuple[int, float]] = field(default_factory=list)
    """Exit code and seconds of each orderly end."""
    gap: float = 0.0
    """Seconds in which nobody of the replicas took an update, at most."""
    faults: list[str] = field(default_factory=list)
    said: str = ""

    def line(self) -> str:
        slow = sorted(self.reactions)
        return (
            f"seed {self.seed}: {len(self.back)} kills, {self.acts} updates, {self.answers} answers"
            f" ({self.corrections} corrections, {self.late} surplus), /work again {self.hurries}"
            f" times; back after {min(self.back, default=0):.1f}-{max(self.back, default=0):.1f} s;"
            f" a person waited"
            f" {slow[len(slow) // 2]:.2f} s in the middle and {slow[-1]:.1f} s at most;"
            f" {self.seconds:.0f} s in all"
        )


async def rage(
    mode: str,
    database_url: str,
    folder: Path,
    *,
    seed: int,
    trouble: Trouble,
    cold: bool = False,
) -> Report:
    """Run one storm: `mode` is polling, webhook, or replicas, of which one at a time dies."""
    began = time.monotonic()
    chance = random.Random(seed)
    database = Database(database_url)
    await _prepare(database)
    sandbox = Sandbox(token=TOKEN, seed=seed, retry_scale=0.02, duplicate=UNRULY, reorder=UNRULY)
    witness = Witness(sandbox.clock, sandbox.chance)
    sandbox.updates = witness
    report = Report(seed)
    async with sandbox:
        bot = _bot(mode, database_url, sandbox.url, folder, cold=cold, seed=seed)
        crowd = [
            Someone(sandbox.person(f"Person {at}"), witness, random.Random(chance.random()))
            for at in range(PEOPLE)
        ]
        try:
            if mode != "polling":
                await _subscribe(sandbox, bot)
            await _storm(bot, crowd, witness, database, chance, report, trouble)
            await _rest(database, witness)
            await asyncio.gather(*(someone.prove() for someone in crowd))
            await _rest(database, witness)
            code = await bot.stop()
        finally:
            await bot.close()
        report.said = bot.said()
    people = [_said(someone, witness) for someone in crowd]
    report.faults = await books.faults(database, people, witness.acknowledged)
    report.faults += [f"exit code {code} after SIGTERM"] if code else []
    await _count(database, crowd, report)
    await database.dispose()
    report.seconds = time.monotonic() - began
    return report


def _bot(
    mode: str, database_url: str, api_url: str, folder: Path, *, cold: bool, seed: int
) -> BotProcess | Fleet:
    if mode == "replicas":
        return Fleet(
            database_url=database_url, api_url=api_url, folder=folder, cold=cold, seed=seed
        )
    return BotProcess(mode, database_url=database_url, api_url=api_url, folder=folder, cold=cold)


async def _storm(
    bot: BotProcess | Fleet,
    crowd: list[Someone],
    witness: Witness,
    database: Database,
    chance: random.Random,
    report: Report,
    trouble: Trouble,
) -> None:
    await bot.start()
    living = [asyncio.ensure_future(someone.live()) for someone in crowd]
    await _sign_of_life(witness)
    for left in reversed(range(trouble.kills)):
        await _load(witness, chance.randint(*UNDER_LOAD))
        await asyncio.sleep(chance.uniform(0, MOMENT))
        killed = time.monotonic()
        await bot.kill()
        if not left or chance.random() < LONG_ABSENCE:
            await _long_absence(database, tasks=chance.random() < HELD_TOO_LONG)
        await bot.start()
        report.back.append(await _sign_of_life(witness) - killed)
    if isinstance(bot, Fleet):
        await _restart(bot, report, trouble.restarts)
    for seconds in trouble.outages:
        await _load(witness, chance.randint(*UNDER_LOAD))
        await _outage(database, seconds)
        up = time.monotonic()
        report.back.append(await _sign_of_life(witness) - up)
    await _load(witness, UNDER_LOAD[1])
    async with asyncio.timeout(DRAIN):
        await asyncio.gather(*(someone.stop() for someone in crowd))
        await asyncio.gather(*living)


async def _restart(fleet: Fleet, report: Report, times: int) -> None:
    """Deploy a few times over: each replica in turn goes and comes back, under load."""
    await fleet.all_ready()
    fleet.balancer.refusals.clear()
    for _ in range(times):
        report.goodbyes += await fleet.restart_each()
    report.gap = fleet.balancer.worst_gap()


async def _outage(database: Database, seconds: float) -> None:
    """PostgreSQL falls, and comes back after so long."""
    power = Power(database.url)
    await power.off()
    await asyncio.sleep(seconds)
    await power.on()


async def _subscribe(sandbox: Sandbox, bot: BotProcess | Fleet) -> None:
    async with httpx.AsyncClient() as client:
        address = f"{sandbox.url}/bot{TOKEN}/setWebhook"
        (await client.post(address, json=bot.webhook())).raise_for_status()


async def _sign_of_life(witness: Witness) -> float:
    async with asyncio.timeout(DRAIN):
        return await witness.next_acknowledged()


async def _load(witness: Witness, updates: int) -> None:
    """Wait until so many more updates are acknowledged: the same work on a slow machine."""
    enough = len(witness.acknowledged) + updates
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENT):
            while len(witness.acknowledged) < enough:
                await witness.next_acknowledged()


async def _long_absence(database: Database, *, tasks: bool) -> None:
    """As if the bot had been away for minutes: what it had leased is free by now."""

    async def pass_time(session: Session) -> None:
        past = await now(session) - timedelta(seconds=1)
        await session.execute(
            update(Outbox).where(Outbox.lease_until.is_not(None)).values(lease_until=past)
        )
        if tasks:
            held = Assignment.state == "held"
            await session.execute(update(Assignment).where(held).values(lease_until=past))

    await database.run(pass_time)  # other replicas are at work on the same rows


async def _rest(database: Database, witness: Witness) -> None:
    """Wait until no update waits for the bot and no message for a person."""
    unsent = select(func.count()).where(Outbox.sent_at.is_(None), Outbox.dead.is_(None))
    waiting = -1
    try:
        async with asyncio.timeout(DRAIN):
            while witness.pending or waiting:
                await asyncio.sleep(0.2)
                async with database.reading() as session:
                    waiting = await session.scalar(unsent) or 0
    except TimeoutError:
        raise AssertionError(
            f"after {DRAIN} s: {len(witness.pending)} updates wait, {waiting} messages"
        ) from None


async def _prepare(database: Database) -> None:
    for name, (type, cents, overlap, settings) in KINDS.items():
        toml = PROJECTS.format(
            name=name, type=type, cents=cents, overlap=overlap, settings=settings
        )
        rows = [{"key": f"{name}-{at}", "text": f"Row {at} of {name}"} for at in range(TASKS)]
        for row in rows[::50] if name == "pick" else []:
            row["gold"] = "yes"
        file = BytesIO(b"\n".join(msgspec.json.encode(row) for row in rows))
        async with database.transaction() as session:
            project = await projects.apply(session, project_file.parse(toml), actor=None)
            await intake.load(session, project, file, "jsonl", actor=None)
            await projects.open_project(session, project, actor=None)


def _said(someone: Someone, witness: Witness) -> Said:
    """Only what was acknowledged is promised."""
    acts = [act for act in someone.acts if act.update_id in witness.acknowledged]
    return Said(someone.person.first_name, acts)


async def _count(database: Database, crowd: list[Someone], report: Report) -> None:
    report.acts = sum(len(someone.acts) for someone in crowd)
    report.hurries = sum(someone.hurries for someone in crowd)
    report.reactions = [one for someone in crowd for one in someone.reactions]
    async with database.reading() as session:
        count = select(func.count())
        report.answers = await session.scalar(count.where(Answer.revision == 1)) or 0
        report.corrections = await session.scalar(count.where(Answer.revision > 1)) or 0
        report.late = await session.scalar(count.where(Assignment.surplus)) or 0
