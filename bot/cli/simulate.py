"""`kazi simulate replay`: recorded workers through the sandbox and the real bot, over HTTP."""

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bot import money
from bot.app import KINDS, Kazi
from bot.cli import base
from bot.cli.player import Player, Recorded
from bot.errors import Refusal
from bot.i18n import N_
from bot.models.work import Project
from bot.pay import ledger
from bot.quality import aggregate
from bot.sandbox import Sandbox
from bot.sandbox.loopback import Loopback
from bot.settings import Settings
from bot.store.database import Database
from bot.task_types.kind import Unfit
from bot.web import server
from bot.work import projects, results, stages
from bot.work.results import Export
from bot.work.stages import StageSpec

commands = typer.Typer(
    help="Play workers against a project, without Telegram.", no_args_is_help=True
)
TOKEN = "7000000002:simulation-token-that-opens-nothing"  # noqa: S105 - the sandbox's own
SECRET = "simulation"  # noqa: S105
FIRST_ID = 100_001


class NoLabels(Refusal):
    msgid = N_("{path} needs the columns task, worker and label.")


class LabelRefused(Refusal):
    msgid = N_("Task {task}, worker {worker}: the project cannot take this label. {reason}")


class NotOpen(Refusal):
    msgid = N_("Project {project} is {state}; open it first: kazi project open {project}")


def register(app: typer.Typer) -> None:
    app.add_typer(commands, name="simulate")


@commands.command("replay")
def replay(
    ref: Annotated[str, typer.Argument(metavar="PROJECT", help="An open project with its tasks.")],
    labels: Annotated[
        Path, typer.Argument(help="CSV with task, worker, label.", exists=True, dir_okay=False)
    ],
    truth: Annotated[
        Path | None, typer.Option(help="CSV with task, truth: scores the results.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Write the raw export here, under the recorded names.")
    ] = None,
    at_once: Annotated[int, typer.Option(help="How many workers work at the same time.")] = 32,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Every recorded worker joins and gives exactly the recorded answers, skipping the rest."""
    crowd = read_labels(labels)
    wanted = sum(len(one.labels) for one in crowd)
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.completed:,} of {task.total:,} answers"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=as_json) as progress:
        bar = progress.add_task("answers", total=wanted)
        told = base.run(
            play(
                base.database(base.configured(database_url)),
                ref,
                crowd,
                at_once=at_once,
                truth=truth,
                answers=answers,
                advance=lambda: progress.advance(bar),
            )
        )
    if as_json:
        typer.echo(json.dumps(told))
    else:
        for name, value in told.items():
            typer.echo(f"{name.replace('_', ' ')}: {value}")
    raise typer.Exit(0 if told["missing"] == 0 else 1)


def read_labels(path: Path) -> list[Recorded]:
    """The recorded workers in the file's order, in which they begin. Raises NoLabels without its
    three columns.
    """
    crowd: dict[str, Recorded] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if not {"task", "worker", "label"} <= set(rows.fieldnames or ()):
            raise NoLabels(path=path)
        for row in rows:
            one = crowd.setdefault(row["worker"], Recorded(row["worker"]))
            one.labels.setdefault(row["task"], row["label"])
    return list(crowd.values())


async def play(
    database: Database,
    ref: str,
    crowd: list[Recorded],
    *,
    at_once: int = 32,
    truth: Path | None = None,
    answers: Path | None = None,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Let the crowd work on an open project; what a person would want to see afterwards.

    Closes the database. Raises NotOpen, and Stuck when the bot does not react.
    """
    async with _world(database) as (kazi, sandbox):
        async with database.reading() as session:
            project = await projects.find(session, ref)
            spec = (await stages.current(session, project.id))[0]
        if project.state != "open":
            raise NotOpen(project=ref, state=project.state)
        _refuse_misfits(spec, crowd)
        began = time.monotonic()
        language = project.languages[0].replace("_", "-").lower()
        people = {
            FIRST_ID + at: Player(
                sandbox.person(one.name, language_code=language, id=FIRST_ID + at), one, database
            )
            for at, one in enumerate(crowd)
        }
        await _play_all(people, at_once, advance)
        await kazi.sender.idle()
        seconds = time.monotonic() - began
        names = {str(number): player.recorded.name for number, player in people.items()}
        told = await _told(database, project, spec, people, seconds, truth)
        if answers is not None:
            answers.write_text(await _answers(database, project, names), encoding="utf-8")
    return told


def _refuse_misfits(spec: StageSpec, crowd: list[Recorded]) -> None:
    """Before anybody joins: a label that the project cannot take is a mistake in one of the two."""
    for one in crowd:
        for task, label in one.labels.items():
            try:
                spec.kind.value(spec.settings, label)
            except Unfit as misfit:
                raise LabelRefused(task=task, worker=one.name, reason=str(misfit)) from None


@asynccontextmanager
async def _world(database: Database) -> AsyncIterator[tuple[Kazi, Sandbox]]:
    """The sandbox and the bot behind its webhook, both on loopback."""
    async with Sandbox(token=TOKEN, history=30) as sandbox:
        settings = Settings(
            bot_token=SecretStr(TOKEN),
            database_url=database.url,
            api_url=sandbox.url,
            owner_ids=[],
            webhook_secret=SecretStr(SECRET),
            rate_limit=0,
        )
        kazi = Kazi(settings, database)
        await kazi.start()
        try:
            async with Loopback(server.app(kazi)) as served:
                where = {
                    "url": f"{served.url}/telegram/{settings.bot_id}",
                    "secret_token": SECRET,
                    "allowed_updates": list(KINDS),
                    "max_connections": 100,
                }
                await kazi.wire.call("setWebhook", where)
                yield kazi, sandbox
                await kazi.wire.call("deleteWebhook", {})
        finally:
            await kazi.stop()


async def _play_all(people: dict[int, Player], at_once: int, advance: Callable[[], None]) -> None:
    limit = asyncio.Semaphore(max(1, at_once))

    async def play(player: Player) -> None:
        async with limit:
            await player.play(advance)

    await asyncio.gather(*(play(player) for player in people.values()))


async def _told(
    database: Database,
    project: Project,
    spec: StageSpec,
    people: dict[int, Player],
    seconds: float,
    truth: Path | None,
) -> dict[str, Any]:
    """What a person would want to see afterwards."""
    given = sum(len(player.recorded.labels) - len(player.left) for player in people.values())
    async with database.reading() as session:
        totals = await ledger.check(session)
        found = await results.outcomes(session, project)
    cost = -totals.get(project.currency, {}).get("expense", 0)
    told: dict[str, Any] = {
        "workers": len(people),
        "answers": given,
        "missing": sum(len(player.left) for player in people.values()),
        "seconds": round(seconds, 1),
        "answers_per_second": round(given / seconds, 1),
        "cost": f"{money.decimal(cost)} {project.currency}",
    }
    if truth is not None:
        numbers = spec.kind.combine == "mean"
        told |= _scored(found, truth, numbers=numbers)
    return told


def _scored(found: dict[str, Any], truth: Path, *, numbers: bool) -> dict[str, Any]:
    """How the results compare with the truth: numbers by their distance, labels by their share."""
    with truth.open(encoding="utf-8-sig", newline="") as stream:
        known = {row["task"]: row["truth"] for row in csv.DictReader(stream)}
    score = asdict(aggregate.score({key: one.label for key, one in found.items()}, known))
    del score["accuracy" if numbers else "mae"]
    return {name: float(one) if isinstance(one, Decimal) else one for name, one in score.items()}


async def _answers(database: Database, project: Project, names: dict[str, str]) -> str:
    """The raw export, with the recorded names of the workers."""
    stream = io.StringIO(newline="")
    async with database.reading() as session:
        chosen = Export(what="raw", workers="telegram")
        await results.export(session, project, chosen, stream, actor=None)
    rows = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    renamed = io.StringIO(newline="")
    writer = csv.DictWriter(renamed, fieldnames=rows.fieldnames or ())
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {"worker": names.get(row["worker"], row["worker"])})
    return renamed.getvalue()
