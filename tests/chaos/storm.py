"""One storm: people work while the bot is killed again and again; then the books are read."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import httpx
import msgspec
from sqlalchemy import func, select

from bot.models.chat import Outbox
from bot.models.work import Answer, Assignment, StageVersion
from bot.sandbox import Sandbox
from bot.store.database import Database, now
from bot.work import intake, project_file, projects
from tests.chaos import books, controls, letters, trace
from tests.chaos.books import Said
from tests.chaos.fleet import Fleet
from tests.chaos.letters import Record
from tests.chaos.mishaps import EVERYTHING, Mishaps, muddle
from tests.chaos.people import Someone
from tests.chaos.process import BotProcess, starting
from tests.chaos.report import Report
from tests.chaos.witness import Witness
from tests.life import TOKEN

PEOPLE = 16
UNRULY = 0.1  # share of deliveries that are doubled, and of those that others overtake
UNDER_LOAD = (2, 80)  # updates that a bot may acknowledge before its end
PATIENT = 3.0  # seconds after which it ends in any case
DRAIN = 90.0  # seconds that everything may take to come to rest

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
        'options = ["cat", "dog"]\ngold_share = 0\n'
        'review = { share = 0, due = "1m", delay = "0m" }',
    ),
    "say": ("text", 35, 2, "gold_share = 0"),
}  # fmt: skip
SHORTEST_REVIEW = 60  # seconds, that a project file may ask for
TASKS = 600
A_SECOND = 6  # tasks of each project that people use up in a second, at most


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in a storm, in this order."""

    kills: int = 0
    restarts: int = 0
    """Orderly restarts of each replica."""
    outages: Sequence[float] = ()
    """Seconds that PostgreSQL is away, each time."""
    seconds: float = 0
    """How long everything there is happens, by chance."""
    muddle: float = 0
    """Share of calls of the Bot API that go wrong."""
    people: int = PEOPLE


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
    report = Report(seed)
    database = Database(database_url)
    since = await _prepare(database, max(TASKS, round(A_SECOND * trouble.seconds)))
    sandbox = Sandbox(token=TOKEN, seed=seed, retry_scale=0.02, duplicate=UNRULY, reorder=UNRULY)
    witness, record = Witness(sandbox.clock, sandbox.chance), Record()
    sandbox.updates, sandbox.calls = witness, record
    muddle(sandbox, trouble.muddle)
    async with (
        sandbox,
        _bot(mode, database_url, sandbox, folder, cold=cold, seed=seed) as bot,
    ):
        chance = random.Random(seed)
        crowd = [
            Someone(sandbox.person(f"Person {at}"), witness, random.Random(chance.random()))
            for at in range(trouble.people)
        ]
        mishaps = Mishaps(bot, database, chance)
        if mode != "polling":
            await _subscribe(sandbox, bot)
        await _storm(bot, crowd, witness, mishaps, chance, report, trouble)
        await _calm(crowd, database, witness, mishaps)
        code = await bot.stop()
    report.said = bot.said()
    report.faults = [f"exit code {code} after SIGTERM"] if code else []
    report.faults += await books.faults(
        database, [_said(someone, witness) for someone in crowd], witness.acknowledged, since=since
    )
    await _post(database, record, mishaps, report)
    await _count(database, crowd, report)
    await database.dispose()
    report.seconds = time.monotonic() - began
    return report


@asynccontextmanager
async def _bot(
    mode: str, database_url: str, sandbox: Sandbox, folder: Path, *, cold: bool, seed: int
) -> AsyncIterator[BotProcess | Fleet]:
    async with starting(cold=cold) as starter:
        given = {
            "database_url": database_url,
            "api_url": sandbox.url,
            "folder": folder,
            "starter": starter,
        }
        if mode != "replicas":
            yield BotProcess(mode, **given)
            return
        async with Fleet(**given, seed=seed) as fleet:
            yield fleet


async def _storm(
    bot: BotProcess | Fleet,
    crowd: list[Someone],
    witness: Witness,
    mishaps: Mishaps,
    chance: random.Random,
    report: Report,
    trouble: Trouble,
) -> None:
    async def suffer(mishap: Awaitable[None]) -> None:
        """Under load, and until somebody is heard again."""
        await _load(witness, chance.randint(*UNDER_LOAD))
        before = len(mishaps.diary)
        await mishap
        began = min(one.began for one in mishaps.diary[before:])
        await _sign_of_life(witness)
        report.back.append(time.time() - began)

    await bot.start()
    living = [asyncio.ensure_future(someone.live()) for someone in crowd]
    await _sign_of_life(witness)
    for _ in range(trouble.kills):
        await suffer(mishaps.kill())
    if isinstance(bot, Fleet) and trouble.restarts:
        await _restart(bot, report, trouble.restarts)
    for seconds in trouble.outages:
        await suffer(mishaps.outage(seconds))
    if trouble.seconds:
        await _everything(mishaps, suffer, trouble.seconds)
    await _load(witness, UNDER_LOAD[1])
    async with asyncio.timeout(DRAIN):
        await asyncio.gather(*(someone.stop() for someone in crowd))
        await asyncio.gather(*living)


async def _everything(
    mishaps: Mishaps, suffer: Callable[[Awaitable[None]], Awaitable[None]], seconds: float
) -> None:
    """Each mishap once, and then what chance brings."""
    end = time.monotonic() + seconds
    for kind in EVERYTHING:
        await suffer(mishaps.happen(kind))
    while time.monotonic() < end:
        await suffer(mishaps.happen_by_chance())
    await mishaps.revive()


async def _restart(fleet: Fleet, report: Report, times: int) -> None:
    """Deploy a few times over: each replica in turn goes and comes back, under load."""
    await fleet.all_ready()
    fleet.balancer.refusals.clear()
    for _ in range(times):
        report.goodbyes += await fleet.restart_each()
    report.gap = fleet.balancer.worst_gap()


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


async def _calm(
    crowd: list[Someone], database: Database, witness: Witness, mishaps: Mishaps
) -> None:
    """When all has come to rest, everybody does one more task."""
    await _rest(database, witness, mishaps)
    await asyncio.gather(*(someone.prove() for someone in crowd))
    await _rest(database, witness, mishaps)


async def _rest(database: Database, witness: Witness, mishaps: Mishaps) -> None:
    """Wait until no update waits for the bot and no message for a person.

    Letters leased to the dead go again when their leases have run out, which is helped along.
    """
    if mishaps.diary:
        await asyncio.sleep(1)
        await mishaps.long_absence(tasks=False)
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


async def _prepare(database: Database, tasks: int) -> datetime:
    """The projects, of so many tasks each; the database's time before anything happened."""
    await letters.copy(database)
    await controls.loosen(database)
    await trace.begin(database)
    for name, (type, cents, overlap, settings) in KINDS.items():
        toml = PROJECTS.format(
            name=name, type=type, cents=cents, overlap=overlap, settings=settings
        )
        rows = [{"key": f"{name}-{at}", "text": f"Row {at} of {name}"} for at in range(tasks)]
        for row in rows[::50] if name == "pick" else []:
            row["gold"] = "yes"
        file = BytesIO(b"\n".join(msgspec.json.encode(row) for row in rows))
        async with database.transaction() as session:
            project = await projects.apply(session, project_file.parse(toml), actor=None)
            await intake.load(session, project, file, "jsonl", actor=None)
            await projects.open_project(session, project, actor=None)
    async with database.transaction() as session:
        for version in await session.scalars(select(StageVersion)):
            if version.review["due_seconds"] == SHORTEST_REVIEW:  # accepted while others still work
                version.review = version.review | {"due_seconds": 0}
    async with database.reading() as session:
        return await now(session)


def _said(someone: Someone, witness: Witness) -> Said:
    """Only what was acknowledged is promised."""
    acts = [act for act in someone.acts if act.update_id in witness.acknowledged]
    return Said(someone.person.first_name, someone.person.id, acts)


async def _post(database: Database, record: Record, mishaps: Mishaps, report: Report) -> None:
    """What was said, and what went wrong with it."""
    report.mishaps, report.muddled = mishaps.counts, record.muddled
    async with database.reading() as session:
        compared = await letters.compare(session, record, mishaps.diary)
    report.faults += compared.faults
    report.letters, report.repeated = compared.letters, compared.repeated


async def _count(database: Database, crowd: list[Someone], report: Report) -> None:
    report.acts = sum(len(someone.acts) for someone in crowd)
    report.hurries = sum(someone.hurries for someone in crowd)
    report.reactions = [one for someone in crowd for one in someone.reactions]
    async with database.reading() as session:
        count = select(func.count())
        report.answers = await session.scalar(count.where(Answer.revision == 1)) or 0
        report.corrections = await session.scalar(count.where(Answer.revision > 1)) or 0
        report.late = await session.scalar(count.where(Assignment.surplus)) or 0
