"""The `kazi` command. Exit codes: 0 done, 1 the thing asked about is wrong, 2 usage."""

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from bot.cli import backup, check, demo, key, ledger, live, payouts, projects, simulate, tiers
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
key.register(app)
backup.register(app)
projects.register(app)
payouts.register(app)
ledger.register(app)
tiers.register(app)
simulate.register(app)


def main() -> None:
    """Run a command; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except Refusal as refusal:
        _give_up(str(refusal))
    except OperationalError as error:
        _give_up(f"The database does not answer: {str(error.orig).strip()}")
    except ValidationError as error:
        faults = (
            f"KAZI_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()
        )
        _give_up("\n".join(faults))


def _give_up(why: str) -> NoReturn:
    typer.echo(why, err=True)
    sys.exit(1)
