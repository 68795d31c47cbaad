"""`kazi run` (polling), `kazi serve` (webhook), `kazi webhook set|info|delete`, `kazi migrate`."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette

from bot import logs
from bot.app import KINDS, Kazi
from bot.cli import base
from bot.errors import Refusal
from bot.i18n import N_
from bot.settings import Settings
from bot.store import migrate
from bot.web import server

webhooks = typer.Typer(
    help="Tell Telegram where the bot is. Needs KAZI_WEBHOOK_URL and KAZI_WEBHOOK_SECRET."
)
DRAIN = 4  # seconds in which a balancer sees /readyz fail before the door closes
GRACE = 8  # seconds for open requests to finish after it; with the rest, gone within 15


class NoToken(Refusal):
    msgid = N_("KAZI_BOT_TOKEN is not set. @BotFather gives one; `kazi demo` needs none.")


class NoSecret(Refusal):
    msgid = N_("KAZI_WEBHOOK_SECRET is not set: 1 to 256 characters of A-Z a-z 0-9 _ and -.")


class NoAddress(Refusal):
    msgid = N_("KAZI_WEBHOOK_URL is not set: the public https address of this server.")


class Server(uvicorn.Server):
    """Uvicorn raises the signal again after serving, and dies before what we have to finish.

    Asked to stop, it first says to the balancer that it is not ready; asked again, it hurries.
    """

    def __init__(self, app: Starlette, *, host: str, port: int, drain: float) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)
        self._app, self._drain = app, drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._app.state.draining or not self._drain:
            super().handle_exit(sig, frame)
            return
        self._app.state.draining = True
        asyncio.get_running_loop().call_later(self._drain, super().handle_exit, sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("serve")(serve)
    app.command("migrate")(bring_up)
    app.add_typer(webhooks, name="webhook")


def run(database_url: base.DatabaseUrl = "") -> None:
    """Run the bot by polling: no public address needed. Ctrl-C stops it."""
    settings = _with_token(base.configured(database_url))
    logs.configure(settings)
    base.run(_poll(settings))


def serve(
    database_url: base.DatabaseUrl = "",
    host: Annotated[str, typer.Option(help="Address to listen on. Default: KAZI_HOST.")] = "",
    port: Annotated[
        int, typer.Option(help="Port to listen on. Default: KAZI_PORT.", show_default=False)
    ] = -1,
    drain: Annotated[
        float,
        typer.Option(
            help="Seconds of /readyz failing before it stops. Default: 4, 0 on SQLite.",
            show_default=False,
        ),
    ] = -1,
) -> None:
    """Serve the webhook, /healthz and /readyz. `kazi webhook set` tells Telegram about it."""
    settings = _with_token(base.configured(database_url))
    if not settings.webhook_secret.get_secret_value():
        raise NoSecret
    logs.configure(settings)
    port = settings.port if port < 0 else port
    base.run(_serve(settings, host or settings.host, port, drain=drain))


def bring_up(database_url: base.DatabaseUrl = "") -> None:
    """Bring the database to the newest revision."""

    async def upgrade() -> None:
        database = base.database(base.configured(database_url))
        await migrate.upgrade(database)
        typer.echo(f"at revision {await migrate.current(database)}")
        await database.dispose()

    base.run(upgrade())


@webhooks.command("set")
def webhook_set() -> None:
    """Register the address, the secret and the kinds of update, once per deployment."""
    settings = _with_token(base.configured())
    if not settings.webhook_url:
        raise NoAddress
    if not settings.webhook_secret.get_secret_value():
        raise NoSecret
    for one in settings.bots():
        address = f"{one.webhook_url.rstrip('/')}/telegram/{one.bot_id}"
        wanted: dict[str, object] = {
            "url": address,
            "secret_token": one.webhook_secret.get_secret_value(),
            "allowed_updates": list(KINDS),
        }
        base.run(_call(one, "setWebhook", wanted))
        typer.echo(f"updates go to {address}")


@webhooks.command("info")
def webhook_info() -> None:
    """What Telegram says of the webhook, as JSON."""
    for one in _with_token(base.configured()).bots():
        typer.echo(json.dumps(base.run(_call(one, "getWebhookInfo", {})), indent=2))


@webhooks.command("delete")
def webhook_delete() -> None:
    """Stop deliveries; updates wait for `kazi run`."""
    for one in _with_token(base.configured()).bots():
        base.run(_call(one, "deleteWebhook", {}))
        typer.echo(f"bot {one.bot_id}: no webhook")


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[list[Kazi]]:
    """A bot for each token, on one database."""
    database = base.database(settings)
    bots = [Kazi(one, database) for one in settings.bots()]
    first, *others = bots
    await first.start()
    try:
        for kazi in others:
            await kazi.start(first=False)
        yield bots
    finally:
        for kazi in others:
            await kazi.stop(last=False)
        await first.stop()


async def _poll(settings: Settings) -> None:
    async with _running(settings) as bots:
        polling = [asyncio.ensure_future(kazi.poll()) for kazi in bots]
        await stop_signal()
        for one in polling:
            one.cancel()
        await asyncio.wait(polling)


async def _serve(settings: Settings, host: str, port: int, *, drain: float) -> None:
    async with _running(settings) as bots:
        if drain < 0:  # who is alone has nobody to hand over to
            drain = 0 if bots[0].database.is_sqlite else DRAIN
        await Server(server.app(*bots), host=host, port=port, drain=drain).serve()


async def stop_signal() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()


async def _call(settings: Settings, method: str, payload: dict[str, object]) -> object:
    database = base.database(settings)
    kazi = Kazi(settings, database)
    async with kazi.wire:
        result: object = await kazi.wire.call(method, payload)
    await database.dispose()
    return result


def _with_token(settings: Settings) -> Settings:
    if not settings.bots():
        raise NoToken
    return settings
