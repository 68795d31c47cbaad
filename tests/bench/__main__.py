"""`python -m tests.bench`: how fast the bot turns an answer into the next card, and at what cost.

Each line of the table is a bot in a process of its own, behind its webhook, with people in the
sandbox of this process. They tap as soon as they see a card, so many people are more than the bot
can serve, and their latency is mostly waiting in line.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, TypeVar

import typer
import uvloop
from rich.console import Console

from tests.bench import backlog as stock
from tests.bench import crowd, loading, report, yardstick
from tests.bench.backlog import KINDS, Kind
from tests.bench.report import Cycles, Imported

T = TypeVar("T", Cycles, Imported)
YARDSTICK_SECONDS = 2.0


def main(
    database: Annotated[list[str] | None, typer.Option(help="sqlite, postgresql")] = None,
    backlog: Annotated[list[int] | None, typer.Option(help="Tasks in the queue.")] = None,
    people: Annotated[list[int] | None, typer.Option(help="People at work at once.")] = None,
    seconds: Annotated[float, typer.Option(help="How long each line is timed.")] = 5.0,
    rows: Annotated[int, typer.Option(help="Rows of the file to import; 0: no import.")] = -1,
    quick: Annotated[bool, typer.Option("--quick", help="Small numbers: does it run?")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Measure full cycles (a tap, recorded and paid, the next card) beside bare SQL."""
    kinds = [kind for kind in KINDS if not database or kind in database]
    if not kinds or set(database or ()) - set(KINDS):
        raise typer.BadParameter(f"--database is one of {', '.join(KINDS)}")
    backlogs = backlog or ([1_000] if quick else [1_000, 100_000, 1_000_000])
    crowds = people or ([1, 8] if quick else [1, 64])
    rows = rows if rows >= 0 else (2_000 if quick else 1_000_000)
    seconds = min(seconds, 1.0) if quick else seconds
    with _server(kinds) as server:
        cycles = _told(_cycles(kinds, server, backlogs, crowds, seconds), as_json)
        imports = _told(_imports(kinds, server, rows), as_json) if rows else []
    if not as_json:
        report.show(cycles, imports)


def _told(lines: Iterator[T], as_json: bool) -> list[T]:
    """The lines, each said as soon as it is there."""
    said = []
    progress = Console(stderr=True)
    for line in lines:
        said.append(line)
        if as_json:
            print(json.dumps(line.plain()), flush=True)
        else:
            progress.print(f"[dim]{line.short()}[/dim]", highlight=False)
    return said


@contextmanager
def _server(kinds: Sequence[Kind]) -> Iterator[str]:
    if "postgresql" not in kinds:
        yield ""
        return
    with stock.server() as address:
        yield address


def _cycles(
    kinds: Sequence[Kind],
    server: str,
    backlogs: Sequence[int],
    crowds: Sequence[int],
    seconds: float,
) -> Iterator[Cycles]:
    for kind in kinds:
        for tasks in backlogs:
            for people in crowds:
                yield _measured(kind, server, tasks, people, seconds)


def _measured(kind: Kind, server: str, tasks: int, people: int, seconds: float) -> Cycles:
    """The yardstick, then the bot, on the same database; one person more is the yardstick's."""
    with stock.database(kind, server) as url:
        stock.fill(url, people=people + 1, tasks=tasks)
        least = yardstick.measure(
            url, kind, person=people + 1, seconds=min(seconds, YARDSTICK_SECONDS)
        )
        numbers = range(stock.FIRST_PERSON, stock.FIRST_PERSON + people)
        ride = uvloop.run(crowd.ride(url, numbers, seconds=seconds))
    return Cycles(kind, tasks, people, ride, least)


def _imports(kinds: Sequence[Kind], server: str, rows: int) -> Iterator[Imported]:
    with loading.file(rows) as path:
        for kind in kinds:
            with stock.database(kind, server) as url:
                stock.fill(url, people=0, tasks=0)
                yield Imported(kind, loading.measure(url, path))


if __name__ == "__main__":
    typer.run(main)
