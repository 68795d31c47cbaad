"""The `kazi` command. Exit codes: 0 done, 1 the thing asked about is wrong, 2 usage."""

import sys

import typer

from bot.cli import check, demo, live, projects, simulate
from bot.errors import Refusal

app = typer.Typer(
    name="kazi",
    help="Run your own paid data-labeling workforce in Telegram. Start with `kazi demo`.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
demo.register(app)
live.register(app)
check.register(app)
projects.register(app)
simulate.register(app)


def main() -> None:
    """Run a command; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except Refusal as refusal:
        typer.echo(str(refusal), err=True)
        sys.exit(1)
