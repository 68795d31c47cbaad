"""The bench runs, and an answer costs no more than it was found to cost."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from bot.sandbox import Person
from bot.store.database import Database
from tests.bench import backlog, crowd
from tests.bench.backlog import FIRST_PERSON, KINDS, Kind
from tests.bench.process import ROOT
from tests.life import TOKEN, Life, living

# 17 in the turn, and then two that write down that the card was sent.
STATEMENTS = 19
FLAT = 1.5  # times the processor time, for twenty times the backlog
TRIES = 4  # a machine with other work needs a second look


@pytest.fixture
async def bot(database: Database) -> AsyncIterator[Life]:
    """A bot whose only person has a backlog of fifty tasks."""
    bot_id = int(TOKEN.partition(":")[0])
    await backlog.settle(database.url, people=1, tasks=50, bot_id=bot_id)
    async with living(database) as life:
        yield life


def test_the_bench_runs(postgres: str) -> None:
    said = _bench(postgres, "--people 2 --rows 600 --replicas 0 --letters 0")
    for kind in KINDS:
        assert said.count(kind) == 2  # a line of cycles, a line of import


def test_the_bench_of_replicas_and_of_a_broadcast_runs(postgres: str) -> None:
    only = "--database postgresql --people 2 --rows 0"
    said = _bench(postgres, f"{only} --replicas 2 --letters 40 --limit 0")
    behind_a_balancer, _, beside = said.partition("Replicas of")[2].partition("Replies without")
    assert _cells(behind_a_balancer)[:3] == ["2", "1,000", "2"]
    assert _cells(beside)[:3] == ["postgresql", "none", "40"]


async def test_an_answer_takes_few_statements_and_never_more(bot: Life) -> None:
    person = bot.sandbox.person("Amina", id=FIRST_PERSON)
    await person.send("/work")
    await bot.settle()
    for _ in range(2):  # the first one opens accounts
        await _answer(bot, person)
    counts = [await _statements_of_an_answer(bot, person) for _ in range(10)]
    assert max(counts) <= STATEMENTS
    assert counts == counts[:1] * len(counts)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_larger_backlog_costs_no_more_for_an_answer(kind: Kind, postgres: str) -> None:
    with backlog.database(kind, postgres) as small, backlog.database(kind, postgres) as large:
        await backlog.settle(small, people=TRIES, tasks=1_000)
        await backlog.settle(large, people=TRIES, tasks=20_000)
        ratios = []
        for person in range(FIRST_PERSON, FIRST_PERSON + TRIES):
            ratios.append(await _cost(large, person) / await _cost(small, person))
            if ratios[-1] <= FLAT:
                break
    assert ratios[-1] <= FLAT, ratios


def _bench(postgres: str, options: str) -> str:
    """What it says in its tiny form."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", *options.split()],
        cwd=ROOT,
        env=os.environ | {"KAZI_TEST_POSTGRES": postgres},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def _cells(table: str) -> list[str]:
    """Of the only line."""
    (line,) = (row for row in table.splitlines() if row.startswith("│"))
    return [cell.strip() for cell in line.strip("│").split("│")]


async def _cost(url: str, person: int) -> float:
    """Seconds of the bot's processor time for one answer."""
    ride = await crowd.ride(url, [person], seconds=1.0)
    return ride.bot_cpu / ride.cycles


async def _statements_of_an_answer(bot: Life, person: Person) -> int:
    with _watched(bot.database) as statements:
        await _answer(bot, person)
    return len(statements)


async def _answer(bot: Life, person: Person) -> None:
    card = crowd.card_of(person.chat)
    assert card is not None
    await person.tap_data(card.message_id, card.data)
    await bot.settle()


@contextmanager
def _watched(database: Database) -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    statements: list[str] = []
    engine = database.engine.sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)
