"""`kazi key`: a fresh key for KAZI_DATA_KEY."""

import typer

from bot import crypto


def register(app: typer.Typer) -> None:
    app.command("key")(key)


def key() -> None:
    """Print a fresh key for KAZI_DATA_KEY. It opens the names in the database: keep it apart."""
    typer.echo(crypto.fresh())
