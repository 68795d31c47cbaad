"""`kazi check`: settings, database, migrations, catalogs and the ledger, each with a word why."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import typer

from bot import i18n
from bot.cli import base
from bot.pay import ledger
from bot.settings import Settings
from bot.store import migrate
from bot.store.database import Database, now


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: Any


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(as_json: base.Json = False, database_url: base.DatabaseUrl = "") -> None:
    """Look at everything that must hold. Exit code 1 when something does not."""
    found = base.run(_checks(base.configured(database_url)))
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
    else:
        for one in found:
            typer.echo(f"{'ok   ' if one.ok else 'FAULT'} {one.name}: {_words(one.detail)}")
    raise typer.Exit(0 if all(one.ok for one in found) else 1)


async def _checks(settings: Settings) -> list[Check]:
    database = Database(settings.database_url)
    try:
        return [await _one(name, look, settings, database) for name, look in CHECKS.items()]
    finally:
        await database.dispose()


async def _one(name: str, look: "Look", settings: Settings, database: Database) -> Check:
    try:
        ok, detail = await look(settings, database)
    except Exception as error:  # noqa: BLE001 - whatever fails is this check's answer
        return Check(name, False, f"{type(error).__name__}: {error}")
    return Check(name, ok, detail)


async def _settings(settings: Settings, database: Database) -> tuple[bool, Any]:
    return True, f"bot {settings.bot_id}" if settings.bot_id else "no bot token: only the demo runs"


async def _database(settings: Settings, database: Database) -> tuple[bool, Any]:
    async with database.reading() as session:
        moment = await now(session)
    return True, f"{database.engine.dialect.name}, its clock says {moment:%Y-%m-%d %H:%M:%S} UTC"


async def _migrations(settings: Settings, database: Database) -> tuple[bool, Any]:
    current, newest = await migrate.current(database), migrate.newest()
    return current == newest, f"at {current}, newest {newest}"


async def _catalogs(settings: Settings, database: Database) -> tuple[bool, Any]:
    for code in i18n.SHIPPED:
        with i18n.speaking(code):
            i18n.gettext("Yes")
    return True, ", ".join(i18n.SHIPPED)


async def _ledger(settings: Settings, database: Database) -> tuple[bool, Any]:
    async with database.reading() as session:
        totals = await ledger.check(session)
    owed = ("pending", "available", "held", "paid")
    return True, {code: {kind: sums[kind] for kind in owed} for code, sums in totals.items()}


Look = Callable[[Settings, Database], Awaitable[tuple[bool, Any]]]

CHECKS: dict[str, Look] = {
    "settings": _settings,
    "database": _database,
    "migrations": _migrations,
    "catalogs": _catalogs,
    "ledger": _ledger,
}


def _words(detail: Any) -> str:
    return detail if isinstance(detail, str) else json.dumps(detail)
