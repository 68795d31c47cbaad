"""Databases to measure on: a project with a backlog, and people who have joined already."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psycopg
from sqlalchemy import make_url, text

from bot import crypto
from bot.models.work import Project
from bot.people import languages, workers
from bot.people.workers import Visitor
from bot.store import migrate
from bot.store.database import Database, Session
from bot.work import project_file, projects, queues, stages
from tests.postgres import start

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")

TOKEN = "7000000003:bench-token-that-opens-nothing-outside"
BOT_ID = 7000000003
FIRST_PERSON = 300_001
SLUG = "bench"
# High enough that 64 people do not use a small backlog up while they are timed.
OVERLAP = 10
CHUNK = 20_000  # tasks a statement: far below the statement timeout, on a busy machine too
PROJECT = f"""
[project]
id = "{SLUG}"
name = "Which answer is right?"
languages = ["en"]

[stage]
type = "choice"
options = ["yes", "no", "unclear"]
show = ["text"]
price = "0.02 USD"
expected_seconds = 12
overlap = {OVERLAP}
gold_share = 0.0

[stage.text.en]
question = "Does the answer follow from the text?"
instructions = "Read the text, then choose."
"""
TASKS = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO tasks (stage_id, queue_id, key, body, priority, position, overlap, open_slots)
SELECT :stage_id, :queue_id, 'task-' || i,
       {body}, 0, {position} + i, :overlap, :overlap
FROM n
"""
BODY = (
    """'{"text": "Sentence ' || i || ': the clinic opens at eight on market days, and the nurse """
    """sees children before noon; bring the card that was given at the first visit."}'"""
)
_numbers = itertools.count(1)
os.environ.setdefault("KAZI_DATA_KEY", crypto.fresh())  # also of the processes measured


@contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL server: KAZI_TEST_POSTGRES, or one from the wheel."""
    given = os.environ.get("KAZI_TEST_POSTGRES")
    if given:
        yield given
        return
    folder = tempfile.mkdtemp(prefix="kazi-pg-")
    running = start(folder)
    yield running.get_uri()
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(kind: Kind, server: str) -> Iterator[str]:
    """The address of an empty database that goes away afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="kazi-bench-") as folder:
            yield f"sqlite:///{Path(folder) / 'kazi.db'}"
        return
    name = f"kazi_bench_{os.getpid()}_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name}")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def fill(url: str, *, people: int, tasks: int) -> None:
    """`settle`, where no event loop runs."""
    asyncio.run(settle(url, people=people, tasks=tasks))


async def settle(url: str, *, people: int, tasks: int, bot_id: int = BOT_ID) -> None:
    """Migrate, open a project with `tasks` tasks, and let `people` people have joined."""
    opened = Database(url, data_key=os.environ["KAZI_DATA_KEY"])
    await migrate.upgrade(opened)
    project = await opened.run(_project)
    for first in range(1, tasks + 1, CHUNK):
        last = min(first + CHUNK - 1, tasks)
        await opened.run(lambda session, a=first, b=last: _tasks(session, project, a, b))  # type: ignore[misc]
    if tasks:
        await opened.run(_open)
    await opened.run(lambda session: _people(session, people, bot_id))
    async with opened.transaction() as session:
        await session.execute(text("ANALYZE"))
    await opened.dispose()


async def _project(session: Session) -> Project:
    return await projects.apply(session, project_file.parse(PROJECT), actor=None)


async def _open(session: Session) -> None:
    await projects.open_project(session, await projects.find(session, SLUG), actor=None)


async def _tasks(session: Session, project: Project, first: int, last: int) -> None:
    (spec,) = await stages.current(session, project.id)
    (queue_id,) = (await stages.queue_ids(session, spec.stage_id)).values()
    postgresql = session.get_bind().dialect.name == "postgresql"
    body = f"CAST({BODY} AS JSON)" if postgresql else BODY  # SQLite would make it a number
    statement = TASKS.format(
        first=first,
        last=last,
        body=body.replace(":", "\\:"),  # else it reads as a parameter
        position=queues.position(0, 0),
    )
    values = {"stage_id": spec.stage_id, "queue_id": queue_id, "overlap": OVERLAP}
    await session.execute(text(statement), values)


async def _people(session: Session, people: int, bot_id: int) -> None:
    for number in range(FIRST_PERSON, FIRST_PERSON + people):
        visitor = Visitor(number, f"Person {number}", None, "en")
        _chat, worker = await workers.meet(session, bot_id, visitor, owners=())
        worker.locale, worker.country, worker.zone = "en", "KE", "Africa/Nairobi"
        worker.currency, worker.adult = "USD", True
        worker.state, worker.step = "active", None
        await languages.choose(session, worker.id, "en", "native")
    await session.flush()


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
