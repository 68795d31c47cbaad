"""`python -m tests.bench`: how fast the bot turns an answer into the next card, and at what cost.

Each line of the table is a bot in a process of its own, behind its webhook, with people in the
sandbox of this process. They tap as soon as they see a card, so many people are more than the bot
can serve, and their latency is mostly waiting in line. Beside a broadcast they think before they
answer, so that their latency is the bot's.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, TypeVar

import typer
import uvloop
from rich.console import Console

from tests.bench import backlog as stock
from tests.bench import broadcasts, crowd, loading, report, yardstick
from tests.bench.backlog import KINDS, Kind
from tests.bench.report import Announced, Cycles, Imported, Replicated

T = TypeVar("T", Announced, Cycles, Imported, Replicated)
YARDSTICK_SECONDS = 2.0
TELEGRAMS_LIMIT = 30  # messages a second
THINKING = 16  # people beside a broadcast: eight answers a second
THINK = 2.0  # seconds
LONGER = 4  # times: with the pauses there are few answers, and a p99 wants many


def main(
    database: Annotated[list[str] | None, typer.Option(help="sqlite, postgresql")] = None,
    backlog: Annotated[list[int] | None, typer.Option(help="Tasks in the queue.")] = None,
    people: Annotated[list[int] | None, typer.Option(help="People at work at once.")] = None,
    seconds: Annotated[float, typer.Option(help="How long each line is timed.")] = 5.0,
    replicas: Annotated[list[int] | None, typer.Option(help="Of one bot, on PostgreSQL.")] = None,
    letters: Annotated[int, typer.Option(help="Of a broadcast that waits; 0: none.")] = -1,
    limit: Annotated[list[int] | None, typer.Option(help="Messages a second; 0: none.")] = None,
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
    fleets = [one for one in replicas or [1, 2, 3] if one and "postgresql" in kinds]
    letters = letters if letters >= 0 else (300 if quick else 100_000)
    limits = (limit or [TELEGRAMS_LIMIT, 0]) if letters else []
    rows = rows if rows >= 0 else (2_000 if quick else 1_000_000)
    seconds = min(seconds, 1.0) if quick else seconds
    with _server(kinds) as server:
        cycles = _told(_cycles(kinds, server, backlogs, crowds, seconds), as_json)
        together = _told(_replicated(server, fleets, backlogs[0], crowds[-1], seconds), as_json)
        announced = _told(_announced(kinds, server, limits, letters, seconds), as_json)
        imports = _told(_imports(kinds, server, rows), as_json) if rows else []
    if not as_json:
        report.show(cycles, together, announced, imports)


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
        ride = uvloop.run(crowd.ride(url, _numbers(people), seconds=seconds))
    return Cycles(kind, tasks, people, ride, least)


def _replicated(
    server: str, fleets: Sequence[int], tasks: int, people: int, seconds: float
) -> Iterator[Replicated]:
    """The same people with one, two, three processes."""
    for replicas in fleets:
        with stock.database("postgresql", server) as url:
            stock.fill(url, people=people, tasks=tasks)
            ride = uvloop.run(crowd.ride(url, _numbers(people), seconds=seconds, replicas=replicas))
        yield Replicated(replicas, tasks, people, ride)


def _announced(
    kinds: Sequence[Kind], server: str, limits: Sequence[int], letters: int, seconds: float
) -> Iterator[Announced]:
    """People who think, before a broadcast is queued and while it waits."""
    for kind in kinds:
        for limit in limits:
            with stock.database(kind, server) as url:
                stock.fill(url, people=THINKING, tasks=1_000)
                found = uvloop.run(
                    broadcasts.measure(
                        url,
                        _numbers(THINKING),
                        waiting=letters,
                        seconds=seconds * LONGER,
                        rate_limit=limit,
                        think=THINK,
                    )
                )
            yield Announced(kind, limit, THINKING, letters, found)


def _numbers(people: int) -> range:
    return range(stock.FIRST_PERSON, stock.FIRST_PERSON + people)


def _imports(kinds: Sequence[Kind], server: str, rows: int) -> Iterator[Imported]:
    with loading.file(rows) as path:
        for kind in kinds:
            with stock.database(kind, server) as url:
                stock.fill(url, people=0, tasks=0)
                yield Imported(kind, loading.measure(url, path))


if __name__ == "__main__":
    typer.run(main)
