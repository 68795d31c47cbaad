"""The export of a large stage, each method in a process of its own: its CPU and its memory."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from io import TextIOBase

from sqlalchemy import text, update

from bot.models.work import StageVersion
from bot.store.database import Database, Session
from bot.work import projects, results
from bot.work.results import Export
from tests.bench import backlog
from tests.bench.process import ROOT

EACH, CROWD = 10, 1_000  # answers to each task, workers
GOLD_EVERY = 20  # a twentieth of the tasks, for the accuracies of `weighted`
HELD = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO assignments (task_id, worker_id, stage_id, stage_version, queue_id, state, nonce, gold,
    surplus, price_micro, currency, locale, layout, offered_at, lease_until, answered_at, seconds)
SELECT tasks.id, 1 + (tasks.id * 7919 + n.i * 97) % {crowd}, stage_id, 1, queue_id, 'accepted', 'n',
    tasks.gold IS NOT NULL, {false}, 0, 'USD', 'en', '[]', {now}, {now}, {now}, 5
FROM tasks CROSS JOIN n
"""
# A worker is right in 600 to 999 of 1,000 tasks.
SAID = """
INSERT INTO answers (assignment_id, revision, value, label, at)
SELECT id, 1, {value}, label, {now} FROM (
    SELECT id, CASE WHEN (task_id * 7877 + worker_id * 6151 + id * 31) % 1000
        < 600 + worker_id % 400 THEN 'yes' ELSE 'no' END AS label FROM assignments) AS given
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export took. `peak` is bytes of memory at the highest."""

    method: str
    cpu: float
    peak: int
    sha256: str


async def fill(url: str, tasks: int) -> None:
    """A stage of this many tasks, all answered."""
    await backlog.settle(url, people=CROWD, tasks=tasks)
    database = Database(url, data_key=os.environ["KAZI_DATA_KEY"])
    await database.run(_answered)
    async with database.transaction() as session:
        await session.execute(text("ANALYZE"))
    await database.dispose()


def measure(url: str, method: str) -> Exported:
    """Export the results by a method."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.exporting", url, method],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return Exported(**json.loads(said))


async def _answered(session: Session) -> None:
    postgresql = session.get_bind().dialect.name == "postgresql"
    if postgresql:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
    named = {
        "last": EACH - 1,
        "crowd": CROWD,
        "false": "false" if postgresql else "0",
        "now": "'2026-11-02 08\\:30\\:00+00'" if postgresql else "'2026-11-02 08\\:30\\:00.000000'",
        "value": "to_json(label)" if postgresql else "json_quote(label)",
    }
    gold = "UPDATE tasks SET gold = 'yes', overlap = 0, open_slots = 0 WHERE id % :every = 0"
    await session.execute(text(gold), {"every": GOLD_EVERY})
    await session.execute(text(HELD.format(**named)))
    await session.execute(text(SAID.format(**named)))


async def _choose(session: Session, method: str) -> None:
    await session.execute(update(StageVersion).values(quality={"aggregate": method}))


class _Nowhere(TextIOBase):
    """A stream that only the export itself looks at."""

    def write(self, part: str, /) -> int:
        return len(part)


async def _export(url: str, method: str) -> Exported:
    database = Database(url, data_key=os.environ["KAZI_DATA_KEY"])
    await database.run(lambda session: _choose(session, method))
    began = time.process_time()
    async with database.reading() as session:
        project = await projects.find(session, backlog.SLUG)
        written = await results.export(session, project, Export("results"), _Nowhere(), actor=None)  # type: ignore[arg-type]
    cpu = time.process_time() - began
    await database.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Exported(method, cpu, peak, written.sha256)


def main(url: str, method: str) -> None:
    found = asyncio.run(_export(url, method))
    print(json.dumps({name: getattr(found, name) for name in Exported.__slots__}))


if __name__ == "__main__":
    main(*sys.argv[1:])
