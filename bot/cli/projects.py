"""`kazi project …`, `kazi import` and `kazi export`."""

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot import money
from bot.cli import base
from bot.store import database
from bot.store.database import Session
from bot.task_types.compare import SIDES
from bot.work import (
    gold_proposals,
    intake,
    progress,
    project_file,
    projects,
    rehearsal,
    results,
    stages,
)
from bot.work.gold_proposals import AT_LEAST, Proposal
from bot.work.launch import NoTasks
from bot.work.progress import Summary
from bot.work.rehearsal import Rehearsal, Touched
from bot.work.results import Export

T = TypeVar("T")
GOLD_COLUMNS = ("key", "language", "label", "answers")

commands = typer.Typer(help="Make, open, pause and close projects.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(help="The project's id, or its short code.")]


def register(app: typer.Typer) -> None:
    app.add_typer(commands, name="project")
    app.command("import")(import_file)
    app.command("export")(export)


@commands.command("apply")
def apply(
    file: Annotated[
        Path, typer.Argument(help="A project file (TOML).", exists=True, dir_okay=False)
    ],
    open_: Annotated[bool, typer.Option("--open", help="Open it as well.")] = False,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Make a project from a file, or bring an existing one to what the file says."""
    wanted = project_file.parse(file.read_text(encoding="utf-8-sig"))

    async def work(session: Session) -> dict[str, str]:
        project = await projects.apply(session, wanted, actor=None)
        if open_:
            await projects.open_project(session, project, actor=None, accepting=(NoTasks,))
        return {"project": project.slug, "state": project.state}

    _answer(base.run(base.changing(work, database_url)), as_json)


@commands.command("open")
def open_project(ref: Ref, as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """Open a project: workers get its tasks."""
    _answer(base.run(base.changing(_move(ref, projects.open_project), database_url)), as_json)


@commands.command("pause")
def pause(ref: Ref, as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """Pause a project: no new tasks are handed out; work in hand is finished and paid."""
    _answer(base.run(base.changing(_move(ref, projects.pause), database_url)), as_json)


@commands.command("close")
def close(ref: Ref, as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """Close a project for good, when the work in hand is done."""
    _answer(base.run(base.changing(_move(ref, projects.close), database_url)), as_json)


@commands.command("list")
def show_all(as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """All projects: state, tasks, answers, cost."""

    async def work(session: Session) -> list[dict[str, Any]]:
        return [_line(summary) for summary in await progress.listing(session)]

    lines = base.run(base.changing(work, database_url))
    if as_json:
        typer.echo(json.dumps(lines))
        return
    table = Table(*(lines[0] if lines else ("project", "state")))
    for line in lines:
        table.add_row(*map(str, line.values()))
    Console().print(table)


@commands.command("ranking")
def ranking(
    ref: Ref,
    fields: Annotated[
        tuple[str, str], typer.Option(help="The tasks' fields that name the two.")
    ] = SIDES,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """What was compared, strongest first (Bradley-Terry; needs the extra [analytics])."""

    async def work() -> dict[str, float]:
        async with base.opened(database_url) as database, database.reading() as session:
            project = await projects.find(session, ref)
            return await results.ranking(session, project, fields, actor=None)

    found = base.run(work())
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("", "strength")
    for item, strength in found.items():
        table.add_row(escape(item), f"{strength:.3f}")
    Console().print(table)


@commands.command("gold")
def gold(
    ref: Ref,
    at_least: Annotated[int, typer.Option(min=2, help="Answers, all of them equal.")] = AT_LEAST,
    make: Annotated[
        list[str] | None, typer.Option(help="Make the task of this key gold; again for more.")
    ] = None,
    make_all: Annotated[bool, typer.Option("--make-all", help="Make all of them gold.")] = False,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Tasks that could become gold because all answers agree; with --make they do."""

    async def work(session: Session) -> list[Proposal]:
        project = await projects.find(session, ref)
        found = await gold_proposals.proposals(session, project, at_least=at_least)
        keys = {one.key for one in found} if make_all else set(make or ())
        if not keys:
            return found
        return await gold_proposals.make_gold(session, project, keys, actor=None, at_least=at_least)

    found = base.run(base.changing(work, database_url))
    lines = [{name: getattr(one, name) for name in GOLD_COLUMNS} for one in found]
    if as_json:
        typer.echo(json.dumps(lines))
        return
    table = Table(*GOLD_COLUMNS)
    for line in lines:
        table.add_row(*map(str, line.values()))
    Console().print(table)


@commands.command("rules")
def show_rules(
    ref: Ref,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Whom they would have touched, touching nobody.")
    ] = False,
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=365)] = rehearsal.DAYS,
    rule: Annotated[
        list[str] | None, typer.Option(help="Try this line instead of the project's own.")
    ] = None,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """The rules of a project; or, without touching anybody, what they would have done."""
    if not dry_run:
        lines = base.run(base.reading(partial(_rules_of, ref), database_url))
        typer.echo(json.dumps(lines) if as_json else "\n".join(lines))
        return
    work = partial(_rehearse, ref, days, rule or [])
    found = base.run(base.reading(work, database_url))
    if as_json:
        typer.echo(json.dumps([_touched(one) for one in found.touched]))
    else:
        _show_rehearsal(found)


async def _rules_of(ref: str, session: Session) -> list[str]:
    project = await projects.find(session, ref)
    specs = await stages.current(session, project.id)
    return [line for spec in specs for line in spec.quality.get("rules", ())]


async def _rehearse(ref: str, days: int, lines: list[str], session: Session) -> Rehearsal:
    project = await projects.find(session, ref)
    moment = await database.now(session)
    return await rehearsal.rehearse(session, project, now=moment, days=days, lines=lines)


def _show_rehearsal(found: Rehearsal) -> None:
    table = Table("worker", "stage", "rule", "first", "measured", "times")
    for one in found.touched:
        table.add_row(*map(str, _touched(one).values()))
    console = Console()
    console.print(table)
    people = len({one.worker_id for one in found.touched})
    console.print(
        f"{people} of {found.workers} people, {found.answers} answers since "
        f"{found.since:%Y-%m-%d %H:%M} UTC. Nobody was touched."
    )


def _touched(one: Touched) -> dict[str, Any]:
    count, of = one.numbers["count"], one.numbers["of"]
    return {
        "worker": one.pseudonym,
        "stage": one.stage,
        "rule": one.rule,
        "first": one.at.isoformat(timespec="seconds"),
        "measured": f"{count}/{of}" if of else str(count),
        "times": one.times,
    }


def import_file(
    ref: Ref,
    file: Annotated[Path, typer.Argument(help="CSV, TSV or JSONL.", exists=True, dir_okay=False)],
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Bring tasks into a project: the whole file, or nothing and every fault with its row."""

    async def work(shown: Progress) -> Any:
        bar = shown.add_task("rows", total=None)
        async with base.opened(database_url) as database:
            return await intake.import_file(
                database,
                ref,
                file,
                actor=None,
                progress=lambda rows: shown.update(bar, completed=rows),
            )

    columns = (TextColumn("{task.completed:,} rows"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=as_json) as shown:
        loaded = base.run(work(shown))
    told = {
        "project": ref,
        "rows": loaded.rows,
        "added": loaded.added,
        "known": loaded.known,
        "gold": loaded.gold,
    }
    typer.echo(json.dumps(told) if as_json else ", ".join(f"{k}: {v}" for k, v in told.items()))


def export(
    ref: Ref,
    format_: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    raw: Annotated[
        bool, typer.Option("--raw/--results", help="Every answer, or one result a task.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="A file; standard output by default.")] = None,
    gold: Annotated[bool, typer.Option("--gold", help="Gold tasks as well.")] = False,
    revisions: Annotated[
        bool, typer.Option("--revisions", help="Corrected answers as well.")
    ] = False,
    workers: Annotated[str, typer.Option(help="pseudonym or telegram (ids).")] = "pseudonym",
    manifest: Annotated[
        Path | None, typer.Option(help="Write checksums and versions here.")
    ] = None,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Take answers or results out, in a stable order: the same database gives the same bytes."""
    for name, value, known in (
        ("--format", format_, ("csv", "jsonl")),
        ("--workers", workers, ("pseudonym", "telegram")),
    ):
        if value not in known:
            raise typer.BadParameter(f"{name} is one of {', '.join(known)}, not {value!r}")

    chosen = Export(
        what="raw" if raw else "results",
        format="jsonl" if format_ == "jsonl" else "csv",
        workers="telegram" if workers == "telegram" else "pseudonym",
        gold=gold,
        revisions=revisions,
    )
    base.run(_export(ref, chosen, output, manifest, database_url))


async def _export(
    ref: str, chosen: Export, output: Path | None, manifest: Path | None, database_url: str
) -> None:
    async with base.opened(database_url) as database, database.reading() as session:
        project = await projects.find(session, ref)
        with _stream(output) as stream:
            written = await results.export(session, project, chosen, stream, actor=None)
        if manifest is not None:
            name = output.name if output else f"{chosen.what}.{chosen.format}"
            text = await results.manifest(session, project, {name: written})
            manifest.write_text(text, encoding="utf-8")


@contextmanager
def _stream(output: Path | None) -> Iterator[TextIO]:
    """The file, complete or not at all; or standard output."""
    if output is None:
        sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
        return
    part = output.with_name(output.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        yield stream
    part.replace(output)


def _move(
    ref: str, verb: Callable[..., Awaitable[object]]
) -> Callable[[Session], Awaitable[dict[str, str]]]:
    async def work(session: Session) -> dict[str, str]:
        project = await projects.find(session, ref)
        await verb(session, project, actor=None)
        return {"project": project.slug, "state": project.state}

    return work


def _answer(told: dict[str, str], as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else f"{told['project']}: {told['state']}")


def _line(summary: Summary) -> dict[str, Any]:
    project = summary.project
    return {
        "project": project.slug,
        "code": project.code,
        "state": project.state,
        "tasks": summary.tasks,
        "wanted": summary.wanted,
        "answers": summary.answers,
        "cost": f"{money.decimal(summary.cost_micro)} {project.currency}",
    }
