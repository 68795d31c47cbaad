"""What was measured, as tables for people and as plain values for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.backlog import Kind
from tests.bench.broadcasts import Beside
from tests.bench.crowd import Ride
from tests.bench.loading import Import
from tests.bench.yardstick import Yardstick

MILLI, MEGA = 1_000, 1_000_000
WIDTH = 124  # columns; a table that wraps cannot be read
AIM = 1.5
SATURATED = 0.85  # of one processor


@dataclass(frozen=True, slots=True)
class Cycles:
    """One line: a bot, a backlog, people at work, and the yardstick on the same database."""

    database: Kind
    backlog: int
    people: int
    ride: Ride
    yardstick: Yardstick

    @property
    def sandbox_share(self) -> float:
        """How much of one processor this process, the sandbox with its people, used."""
        return self.ride.own_cpu / self.ride.seconds

    @property
    def ratio(self) -> float:
        """The bot's rate in yardsticks."""
        return self.ride.per_second / self.yardstick.per_second

    def plain(self) -> dict[str, Any]:
        ride, least = self.ride, self.yardstick
        return {
            "database": self.database,
            "backlog": self.backlog,
            "people": self.people,
            "cycles": ride.cycles,
            "cycles_per_second": round(ride.per_second, 1),
            "p50_ms": round(ride.percentile(0.50) * MILLI, 2),
            "p99_ms": round(ride.percentile(0.99) * MILLI, 2),
            "bot_cpu_ms": round(ride.bot_cpu / ride.cycles * MILLI, 3),
            "bot_share": round(ride.bot_cpu / ride.seconds, 3),
            "sandbox_cpu_ms": round(ride.own_cpu / ride.cycles * MILLI, 3),
            "sandbox_share": round(self.sandbox_share, 3),
            "rss_mb": round(ride.rss / MEGA, 1),
            "yardstick_per_second": round(least.per_second, 1),
            "yardstick_cpu_ms": round(least.cpu * MILLI, 3),
            "ratio": round(self.ratio, 3),
        }

    def short(self) -> str:
        return (
            f"{self.database}, {self.backlog:,} tasks, {self.people} at work: "
            f"{self.ride.per_second:.0f} cycles/s"
        )


@dataclass(frozen=True, slots=True)
class Replicated:
    """One line: so many processes of one bot on one PostgreSQL, behind a balancer."""

    replicas: int
    backlog: int
    people: int
    ride: Ride

    def plain(self) -> dict[str, Any]:
        ride = self.ride
        return {
            "replicas": self.replicas,
            "backlog": self.backlog,
            "people": self.people,
            "cycles_per_second": round(ride.per_second, 1),
            "p50_ms": round(ride.percentile(0.50) * MILLI, 2),
            "p99_ms": round(ride.percentile(0.99) * MILLI, 2),
            "bot_cpu_ms": round(ride.bot_cpu / ride.cycles * MILLI, 3),
            "bots_share": round(ride.bot_cpu / ride.seconds, 3),
            "balancer_share": round(ride.balancer_cpu / ride.seconds, 3),
            "sandbox_share": round(ride.own_cpu / ride.seconds, 3),
        }

    def short(self) -> str:
        return f"{self.replicas} replicas: {self.ride.per_second:.0f} cycles/s"


@dataclass(frozen=True, slots=True)
class Announced:
    """One line: people at work with one bot, without a broadcast and beside it."""

    database: Kind
    limit: int
    """Messages a second; 0: none."""
    people: int
    waiting: int
    beside: Beside

    @property
    def ratio(self) -> float:
        """The p99 of replies beside the broadcast in those without it."""
        return self.beside.loud.percentile(0.99) / self.beside.quiet.percentile(0.99)

    def plain(self) -> dict[str, Any]:
        quiet, loud = self.beside.quiet, self.beside.loud
        return {
            "database": self.database,
            "limit": self.limit,
            "people": self.people,
            "waiting": self.waiting,
            "replies_per_second": round(loud.per_second, 1),
            "letters_per_second": round(self.beside.sent / loud.seconds, 1),
            "p50_ms_without": round(quiet.percentile(0.50) * MILLI, 2),
            "p50_ms": round(loud.percentile(0.50) * MILLI, 2),
            "p99_ms_without": round(quiet.percentile(0.99) * MILLI, 2),
            "p99_ms": round(loud.percentile(0.99) * MILLI, 2),
            "ratio": round(self.ratio, 2),
            "bot_share": round(loud.bot_cpu / loud.seconds, 3),
            "sandbox_share": round(loud.own_cpu / loud.seconds, 3),
        }

    def short(self) -> str:
        return f"{self.database}, limit {self.limit}, broadcast: p99 {self.ratio:.2f} times"


@dataclass(frozen=True, slots=True)
class Imported:
    """One line: a file imported into an empty project."""

    database: Kind
    took: Import

    def plain(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "rows": self.took.rows,
            "rows_per_second": round(self.took.rows / self.took.seconds),
            "cpu_us_per_row": round(self.took.cpu / self.took.rows * MEGA, 1),
            "peak_mb": round(self.took.peak / MEGA, 1),
            "start_mb": round(self.took.before / MEGA, 1),
        }

    def short(self) -> str:
        return f"{self.database}: {self.took.rows:,} rows in {self.took.seconds:.1f} s"


def show(
    cycles: Sequence[Cycles],
    together: Sequence[Replicated],
    announced: Sequence[Announced],
    imports: Sequence[Imported],
) -> None:
    """The tables and what to know when reading them."""
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(_cycle_table(cycles))
    for note in _notes(cycles):
        console.print(note, highlight=False)
    if together:
        console.print(_replica_table(together))
    if announced:
        console.print(_broadcast_table(announced))
        console.print(f"Aim: a p99 beside the broadcast within {AIM} times the one without it.")
    if imports:
        console.print(_import_table(imports))


def _cycle_table(cycles: Sequence[Cycles]) -> Table:
    table = Table(title="A tap, recorded and paid, and the next card on the screen")
    table.add_column("database", no_wrap=True)
    for name in (
        *("tasks", "people", "cycles/s", "p50 ms", "p99 ms", "bot CPU ms", "RSS MB"),
        *("bare SQL/s", "its CPU ms", "ratio"),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for line in cycles:
        value = line.plain()
        mark = "*" if line.sandbox_share > SATURATED else ""
        table.add_row(
            line.database,
            f"{line.backlog:,}",
            str(line.people),
            f"{value['cycles_per_second']:,.0f}{mark}",
            f"{value['p50_ms']:,.0f}",
            f"{value['p99_ms']:,.0f}",
            f"{value['bot_cpu_ms']:.2f}",
            f"{value['rss_mb']:.0f}",
            f"{value['yardstick_per_second']:,.0f}",
            f"{value['yardstick_cpu_ms']:.2f}",
            f"{value['ratio']:.2f}",
        )
    return table


def _notes(cycles: Sequence[Cycles]) -> Iterator[str]:
    yield (
        "CPU is per cycle. Bare SQL: one client, the same rows, no Telegram; ratio: cycles/s "
        "over it. People tap at once, so with many of them latency is a queue."
    )
    own = max(line.sandbox_share for line in cycles)
    yield f"The sandbox, which plays Telegram and the people, used up to {own:.0%} of a processor."
    if own > SATURATED:
        yield "* There the sandbox set the pace, not the bot: the bot alone would be faster."


def _replica_table(lines: Sequence[Replicated]) -> Table:
    table = Table(title="Replicas of one bot on one PostgreSQL, behind a balancer")
    names = ("replicas", "tasks", "people", "cycles/s", "p50 ms", "p99 ms", "bot CPU ms")
    for name in (*names, "bots", "balancer", "sandbox"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        value = line.plain()
        mark = "*" if value["sandbox_share"] > SATURATED else ""
        table.add_row(
            str(line.replicas),
            f"{line.backlog:,}",
            str(line.people),
            f"{value['cycles_per_second']:,.0f}{mark}",
            f"{value['p50_ms']:,.0f}",
            f"{value['p99_ms']:,.0f}",
            f"{value['bot_cpu_ms']:.2f}",
            *(f"{value[f'{who}_share']:.0%}" for who in ("bots", "balancer", "sandbox")),
        )
    return table


def _broadcast_table(lines: Sequence[Announced]) -> Table:
    table = Table(title="Replies without and beside a broadcast that waits")
    table.add_column("database", no_wrap=True)
    names = ("limit/s", "letters", "replies/s", "sent/s", "p50 ms", "beside")
    for name in (*names, "p99 ms", "beside", "ratio", "bot", "sandbox"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        value = line.plain()
        table.add_row(
            line.database,
            str(line.limit or "none"),
            f"{line.waiting:,}",
            f"{value['replies_per_second']:.1f}",
            f"{value['letters_per_second']:,.0f}",
            f"{value['p50_ms_without']:,.0f}",
            f"{value['p50_ms']:,.0f}",
            f"{value['p99_ms_without']:,.0f}",
            f"{value['p99_ms']:,.0f}",
            f"{line.ratio:.2f}",
            *(f"{value[f'{who}_share']:.0%}" for who in ("bot", "sandbox")),
        )
    return table


def _import_table(imports: Sequence[Imported]) -> Table:
    table = Table(title="Import of a JSONL file into an empty project")
    table.add_column("database", no_wrap=True)
    for name in ("rows", "rows/s", "CPU µs a row", "peak MB", "at start MB"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in imports:
        value = line.plain()
        table.add_row(
            line.database,
            f"{value['rows']:,}",
            f"{value['rows_per_second']:,}",
            f"{value['cpu_us_per_row']:.0f}",
            f"{value['peak_mb']:.0f}",
            f"{value['start_mb']:.0f}",
        )
    return table
