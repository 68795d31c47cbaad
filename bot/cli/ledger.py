"""`kazi ledger …`: the books on the server, for whoever answers for them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console
from rich.table import Table

from bot import money
from bot.cli import base
from bot.pay import books, chain, corrections, ledger
from bot.pay.journal import Span
from bot.people import trail, workers
from bot.store.database import Session, now

commands = typer.Typer(
    help="The ledger: balances, proof that nobody rewrote it, files for accountants, corrections.",
    no_args_is_help=True,
)
Who = Annotated[str, typer.Argument(help="A pseudonym (w-7k2m9q) or number (w_91) of a worker.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="From the beginning of this day on, UTC."),
]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Before the beginning of this day.")
]


def register(app: typer.Typer) -> None:
    app.add_typer(commands, name="ledger")


@commands.command("balance")
def balance(
    who: Annotated[str, typer.Argument(help="One worker only; all together without.")] = "",
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """What is owed: pending, available, held; and who is below zero after a reversal.

    kazi ledger balance            all workers together
    kazi ledger balance w-7k2m9q   one of them
    """
    found = base.run(base.reading(partial(_balance, who), database_url))
    if as_json:
        typer.echo(json.dumps(found))
        return
    _table([{"currency": code, **_amounts(sums)} for code, sums in found["balances"].items()])
    for debt in found["below_zero"]:
        amount = f"{money.decimal(debt['micro'])} {debt['currency']}"
        typer.echo(f"below zero after a reversal: {debt['worker']} {amount}")


@commands.command("trial")
def trial(as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """The trial balance: what all accounts of a kind come to. Each currency sums to zero.

    Positive is owed to the account's holder. Exit code 1 when a currency does not sum to zero.
    """
    rows = base.run(base.reading(books.trial, database_url))
    sums = books.zero(rows)
    if as_json:
        typer.echo(json.dumps({"accounts": [asdict(row) for row in rows], "sums": sums}))
    else:
        _table([asdict(row) | {"micro": money.decimal(row.micro)} for row in rows])
        for currency, micro in sums.items():
            typer.echo(f"{currency}: {money.decimal(micro)}")
    raise typer.Exit(1 if any(sums.values()) else 0)


@commands.command("lines")
def lines(
    who: Who,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Every entry of one worker's accounts, newest first."""
    found = base.run(base.reading(partial(_lines, who, limit), database_url))
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _table([line | {"micro": money.decimal(line["micro"])} for line in found])


@commands.command("verify")
def verify(as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """Prove the books: every posting balances, and nobody rewrote a sealed day or the audit.

    Each UTC day is sealed by a hash over the day before. Keep the last hash somewhere else:
    with it you can prove that the chain was not cut. Exit code 1 when something is wrong.
    """
    found = base.run(base.reading(_verify, database_url))
    if as_json:
        typer.echo(json.dumps(found))
    else:
        for name, value in found.items():
            typer.echo(f"{name}: {', '.join(value) or 'none' if name == 'wrong' else value}")
    raise typer.Exit(1 if found["wrong"] else 0)


@commands.command("export")
def export(
    format_: Annotated[str, typer.Option("--format", help="csv or beancount.")] = "csv",
    since: Since = None,
    until: Until = None,
    output: Annotated[Path | None, typer.Option(help="A file; standard output by default.")] = None,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Every posting, exact to the millionth, workers by pseudonym.

    kazi ledger export --since 2026-11-01 --until 2026-12-01 --output november.csv
    kazi ledger export --format beancount --output kazi.beancount && bean-check kazi.beancount
    """
    if format_ not in books.FORMATS:
        known = ", ".join(books.FORMATS)
        raise typer.BadParameter(f"--format is one of {known}, not {format_!r}")
    span = Span(since=_utc(since), until=_utc(until))
    count = base.run(_export(cast("books.Format", format_), span, output, database_url))
    typer.echo(f"{count} postings", err=True)


@commands.command("reverse")
def reverse(
    posting: Annotated[int, typer.Argument(help="Its number, as lines and export show it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit.")],
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Take a posting back by its opposite: nothing in the ledger is ever changed. Once for each.

    What a worker has available may go below zero by it; new earnings cover that first.
    """

    async def work(session: Session) -> int:
        moment = await now(session)
        return await corrections.reverse(session, posting, actor=None, reason=reason, now=moment)

    made = base.run(base.changing(work, database_url))
    told = {"posting": made, "reverses": posting}
    typer.echo(json.dumps(told) if as_json else f"posting {made} reverses {posting}")


async def _balance(who: str, session: Session) -> dict[str, Any]:
    debts = await corrections.debts(session)
    if who:
        worker = await workers.named(session, who)
        found = {one.currency: asdict(one) for one in await ledger.balances(session, worker.id)}
        for sums in found.values():
            del sums["currency"]
        debts = [debt for debt in debts if debt.worker_id == worker.id]
    else:
        found = await ledger.totals(session)
    below = [{"worker": d.pseudonym, "currency": d.currency, "micro": d.micro} for d in debts]
    return {"balances": found, "below_zero": below}


async def _lines(who: str, limit: int, session: Session) -> list[dict[str, Any]]:
    worker = await workers.named(session, who)
    found = await ledger.lines(session, worker.id, offset=0, limit=limit)
    return [asdict(line) | {"at": line.at.isoformat(timespec="seconds")} for line in found]


async def _verify(session: Session) -> dict[str, Any]:
    wrong: list[str] = []
    try:
        await ledger.check(session)
    except ledger.LedgerBroken as error:
        wrong.append(str(error))
    found = await chain.verify(session)
    rows, head, broken = await trail.verify(session)
    return {
        "days": found.links,
        "sealed_until": str(found.last) if found.last else None,
        "postings": found.postings,
        "hash": found.head,
        "audit_rows": rows,
        "audit_hash": head,
        "wrong": [*wrong, *found.broken, *(f"audit: {one}" for one in broken)],
    }


async def _export(format_: books.Format, span: Span, output: Path | None, database_url: str) -> int:
    async with base.opened(database_url) as database, database.reading() as session:
        with base.stream(output) as stream:
            return await books.export(session, format_, span, stream, actor=None)


def _amounts(sums: Mapping[str, int]) -> dict[str, str]:
    return {kind: money.decimal(micro) for kind, micro in sums.items()}


def _table(lines: Sequence[Mapping[str, object]]) -> None:
    """What people read; nothing at all is said in words."""
    console = Console()
    if not lines:
        console.print("nothing yet")
        return
    table = Table(*lines[0])
    for line in lines:
        table.add_row(*("" if value is None else str(value) for value in line.values()))
    console.print(table)


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)
