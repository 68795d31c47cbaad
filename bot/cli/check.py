"""`kazi check`: settings, database, catalogs, ledger and what must hold, each with a word why."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import typer

from bot import i18n
from bot.cli import base
from bot.pay import chain, destinations, ledger, safeguards
from bot.people import identities, trail
from bot.settings import Settings
from bot.store import migrate
from bot.store.database import Database, now, vault
from bot.work import invariants


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
    database = base.database(settings)
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


async def _key(settings: Settings, database: Database) -> tuple[bool, Any]:
    async with database.reading() as session:
        key = await identities.prove(session)
        await destinations.prove(session)
        if not vault(session).protects:
            return True, "names are not protected: KAZI_DATA_KEY is not set (`kazi key` prints one)"
    return True, f"names are sealed with key {key}"


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


async def _chains(settings: Settings, database: Database) -> tuple[bool, Any]:
    async with database.reading() as session:
        found = await chain.verify(session)
        rows, _head, audit = await trail.verify(session)
    wrong = [*found.broken, *(f"audit: {one}" for one in audit)]
    whole = f"{found.links} days of the ledger, {rows} rows of the audit: nobody rewrote them"
    return not wrong, wrong or whole


async def _invariants(settings: Settings, database: Database) -> tuple[bool, Any]:
    async with database.reading() as session:
        seen = await invariants.look(session, now=await now(session))
    names = ", ".join(invariants.INVARIANTS)
    return not seen.wrong, invariants.words(seen.wrong) or f"{names}: all hold"


async def _payouts(settings: Settings, database: Database) -> tuple[bool, Any]:
    """Frozen payouts are told and no fault: after a restore they are as they must be."""
    async with database.reading() as session:
        found = await safeguards.frozen(session)
    if found is None:
        return True, "not frozen"
    return True, f"frozen since {found.since:%Y-%m-%d %H:%M:%S} UTC: {found.reason}"


Look = Callable[[Settings, Database], Awaitable[tuple[bool, Any]]]

CHECKS: dict[str, Look] = {
    "settings": _settings,
    "database": _database,
    "migrations": _migrations,
    "key": _key,
    "catalogs": _catalogs,
    "ledger": _ledger,
    "chains": _chains,
    "invariants": _invariants,
    "payouts": _payouts,
}


def _words(detail: Any) -> str:
    return detail if isinstance(detail, str) else json.dumps(detail)
