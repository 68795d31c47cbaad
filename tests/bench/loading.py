"""Import of a large file, in a process of its own: rows a second, and the memory it takes."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.store.database import Database
from bot.work import intake
from tests.bench.backlog import SLUG
from tests.bench.process import ROOT


@dataclass(frozen=True, slots=True)
class Import:
    """`peak` and `before` are bytes of memory: at the highest, and before the first row."""

    rows: int
    seconds: float
    cpu: float
    peak: int
    before: int


@contextmanager
def file(rows: int) -> Iterator[Path]:
    """A JSONL file of this many rows."""
    with TemporaryDirectory(prefix="kazi-rows-") as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for number in range(rows):
                row = {
                    "key": f"row-{number}",
                    "language": "en",
                    "text": f"Sentence {number}: the clinic opens at eight on market days, and "
                    "the nurse sees children before noon; bring the card.",
                }
                stream.write(json.dumps(row) + "\n")
        yield path


def measure(url: str, path: Path) -> Import:
    """Import the file into the database's project."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.loading", url, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return Import(**json.loads(said))


async def _load(url: str, path: Path) -> dict[str, float]:
    database, before = Database(url), _peak()
    cpu, began = time.process_time(), time.monotonic()
    loaded = await intake.import_file(database, SLUG, path, actor=None)
    told = {
        "rows": loaded.added,
        "seconds": time.monotonic() - began,
        "cpu": time.process_time() - cpu,
        "peak": _peak(),
        "before": before,
    }
    await database.dispose()
    return told


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_load(sys.argv[1], Path(sys.argv[2])))))
