"""`kazi backup FILE` and `kazi restore FILE`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import make_url

from bot.cli import base
from bot.pay import safeguards
from bot.store import backup, migrate
from bot.store.database import Database, Session, now


def register(app: typer.Typer) -> None:
    app.command("backup")(save)
    app.command("restore")(restore)


def save(
    file: Annotated[Path, typer.Argument(help="Where to put the copy.", dir_okay=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Copy the whole database into one file, while the bot runs. PostgreSQL needs its pg_dump.

    The data key is not in the copy (KAZI_DATA_KEY, or kazi.key beside an SQLite file): without
    it nobody's name can be read again. Keep it as well, and apart from the copies.
    """
    settings = base.configured(database_url)
    with _shown("copying") as progress:
        backup.save(settings.database_url, file, force=force, progress=progress)
    typer.echo(f"{file}: {decimal(file.stat().st_size)}")


def restore(
    file: Annotated[
        Path, typer.Argument(help="A file of `kazi backup`.", exists=True, dir_okay=False)
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Replace what the database holds.")] = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Put a backup back, with the bot stopped. Payouts are frozen until an owner allows them.

    What was paid out after the backup was made is not in it, and would be paid again.
    """
    settings = base.configured(database_url)
    base.run(_restore(base.database(settings), file, yes=yes))
    typer.echo(f"restored from {file}; payouts are frozen: see kazi check")


async def _restore(database: Database, file: Path, *, yes: bool) -> None:
    try:
        await backup.alone(database)
        backup.check(database.url, file)
        if not yes and await backup.occupied(database):
            raise backup.HoldsData
        if database.is_sqlite:
            await _restore_sqlite(database, file)
        else:
            await backup.load_postgresql(database, file)
            await _make_safe(database, file)
    finally:
        await database.dispose()


async def _restore_sqlite(database: Database, file: Path) -> None:
    """Everything is made ready in a copy, so that the target changes once, to what is safe."""
    target = Path(make_url(database.url).database or "")
    with tempfile.TemporaryDirectory(prefix=".kazi-restore-", dir=target.parent) as folder:
        ready = Path(folder) / "kazi.db"
        with _shown("reading") as progress:
            backup.load_sqlite(file, ready, progress=progress)
        copy = Database(backup.sqlite_url(ready))
        try:
            await _make_safe(copy, file)
        finally:
            await copy.dispose()
        with _shown("writing") as progress:
            backup.load_sqlite(ready, target, progress=progress)


async def _make_safe(database: Database, file: Path) -> None:
    """The newest revision, and no payout before somebody has compared what was paid since."""

    async def freeze(session: Session) -> None:
        await safeguards.freeze(session, f"restored from {file.name}", await now(session))

    await migrate.upgrade(database)
    await database.run(freeze)


@contextmanager
def _shown(what: str) -> Iterator[backup.Progress]:
    """How far it is, on a person's terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as shown:
        bar = shown.add_task(what, total=None)

        def told(done: int, total: int | None) -> None:
            size = f"{what} {decimal(done)}" if total is None else what
            shown.update(bar, description=size, completed=done, total=total)

        yield told
