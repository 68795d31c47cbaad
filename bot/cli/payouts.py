"""`kazi payout reconcile`: after a restore, what was paid is found and never paid again."""

from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from bot.cli import base
from bot.pay import payment_list, payment_log, reconciliation
from bot.pay.payment_log import PaymentLog
from bot.pay.providers.wire import Wire
from bot.pay.reconciliation import Reconciled
from bot.pay.runner import Rails


def register(app: typer.Typer) -> None:
    payout = typer.Typer(help="Money that leaves.", no_args_is_help=True)
    payout.command("reconcile")(reconcile)
    payout.callback()(lambda: None)  # a group, however few its commands are
    app.add_typer(payout, name="payout")


def reconcile(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="CSV from a bank or a provider: reference, state (settled or failed), receipt.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Ask the providers what became of payments that the database does not have, or read a list.

    Exit code 1 while the outcome of a payment is not known. Then an owner lets payouts go on.
    """
    found = base.run(_reconcile(file, database_url))
    typer.echo(f"settled {found.settled}, failed {found.failed}, open {len(found.open)}")
    for one in found.open:
        typer.echo(f"{one.reference} {one.provider} {one.worker} batch {one.batch}")
    raise typer.Exit(1 if found.open else 0)


async def _reconcile(file: Path | None, database_url: str) -> Reconciled:
    settings = base.configured(database_url)
    async with base.opened(database_url) as database, aiohttp.ClientSession() as session:
        log = payment_log.of(settings, database) or PaymentLog(Path(payment_log.FILE))
        if file is not None:
            told = payment_list.read(file.read_bytes())
            async with database.transaction() as writing:
                return await reconciliation.tell(writing, log, told, actor=None)
        return await reconciliation.ask(database, Rails(Wire(session, settings), log))
