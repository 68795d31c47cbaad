"""`kazi tier`: what an hour of each kind of work pays, from when on, and where."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot import money
from bot.cli import base
from bot.pay import tiers
from bot.pay.tiers import Book, Terms
from bot.store import database
from bot.store.database import Session
from bot.work import terms, tier_lines

commands = typer.Typer(
    help="What kinds of work pay: wages, premiums, floors.", no_args_is_help=True
)
Currency = Annotated[str, typer.Option("--currency", help="Of the amounts (ISO code).")]
Country = Annotated[str, typer.Option("--country", help="Only for workers there, like KE.")]
Begins = Annotated[
    datetime | None,
    typer.Option("--begins", help="From when on, UTC; now by default.", show_default=False),
]


def register(app: typer.Typer) -> None:
    app.add_typer(commands, name="tier")


@commands.command("list")
def show_all(as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """The terms in force of every tier in every currency and country, and the fields' wages."""

    async def work(session: Session) -> dict[str, list[dict[str, Any]]]:
        book, now = await tiers.book(session), await database.now(session)
        return {"tiers": _in_force(book, now), "fields": _fields(book, now)}

    found = base.run(base.reading(work, database_url))
    if as_json:
        typer.echo(json.dumps(found))
        return
    for lines in found.values():
        _table(lines)


@commands.command("show")
def show(name: str, as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """Every version of a tier's terms, the newest first."""

    async def work(session: Session) -> list[dict[str, Any]]:
        await tiers.tier(session, name)
        book = await tiers.book(session)
        return [_line(one) for key, rows in book.terms.items() if key[0] == name for one in rows]

    lines = base.run(base.reading(work, database_url))
    if as_json:
        typer.echo(json.dumps(lines))
    else:
        _table(lines)


@commands.command("set")
def set_(
    name: str,
    changes: Annotated[
        list[str], typer.Argument(help=f"{', '.join(tier_lines.KEYS)}: wage=28 premium=25%")
    ],
    currency: Currency = tiers.USUAL,
    country: Country = tiers.ANYWHERE,
    begins: Begins = None,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Change a tier's terms from a moment on. What was offered before keeps its price."""
    wanted = dict(_pair(one) for one in changes)
    code = _currency(currency)
    read = tier_lines.read(wanted, code)

    async def work(session: Session) -> dict[str, Any]:
        since = begins and begins.replace(tzinfo=UTC)
        after = await tiers.change(
            session,
            name,
            read,
            currency=code,
            country=country.upper(),
            begins_at=since,
            actor=None,
        )
        return _line(after)

    line = base.run(base.changing(work, database_url))
    typer.echo(json.dumps(line) if as_json else ", ".join(f"{k}: {v}" for k, v in line.items()))


@commands.command("field")
def field(
    name: str,
    wage: Annotated[str, typer.Argument(help="Of an hour, like “30 USD”.")],
    begins: Begins = None,
    database_url: base.DatabaseUrl = "",
) -> None:
    """What an hour of a field of expertise is worth; a new name is a new field."""
    amount = terms.amount(wage, "wage")
    named = terms.text(name, "field", limit=20).lower()

    async def work(session: Session) -> None:
        since = begins and begins.replace(tzinfo=UTC)
        await tiers.change_field(session, named, amount, begins_at=since, actor=None)

    base.run(base.changing(work, database_url))
    typer.echo(f"{named}: {terms.show_amount(*amount)}")


def _in_force(book: Book, now: datetime) -> list[dict[str, Any]]:
    found = (
        book.tier(name, currency, now=now, country=country)
        for name, currency, country in sorted(book.terms)
    )
    return [
        _line(one)
        for one in {(one.name, one.currency, one.country): one for one in found if one}.values()
    ]


def _fields(book: Book, now: datetime) -> list[dict[str, Any]]:
    lines = []
    for (name, currency), rows in sorted(book.fields.items()):
        micro = next((micro for since, micro in rows if since <= now), None)
        if micro is not None:
            lines.append({"field": name, "wage": terms.show_amount(micro, currency)})
    return lines


def _line(one: Terms) -> dict[str, Any]:
    since = one.begins_at.isoformat(timespec="seconds") if one.begins_at else ""
    place = {"tier": one.name, "country": one.country or "*", "begins": since}
    return place | tier_lines.shown(one)


def _table(lines: list[dict[str, Any]]) -> None:
    table = Table(*(lines[0] if lines else ("tier",)))
    for line in lines:
        table.add_row(*map(str, line.values()))
    Console().print(table)


def _pair(written: str) -> tuple[str, str]:
    key, equals, value = written.partition("=")
    if not equals:
        raise typer.BadParameter(f"{written!r} is not like wage=28")
    return key.strip().lower(), value.strip()


def _currency(code: str) -> str:
    return money.parse(f"0 {code}").currency
