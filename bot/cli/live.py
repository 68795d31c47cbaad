"""`kazi run` (polling), `kazi serve` (webhook), `kazi webhook set|info|delete`, `kazi migrate`."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn

from bot import logs
from bot.app import KINDS, Kazi
from bot.cli import base
from bot.errors import Refusal
from bot.i18n import N_
from bot.settings import Settings
from bot.store import migrate
from bot.store.database import Database
from bot.web import server

webhooks = typer.Typer(
    help="Tell Telegram where the bot is. Needs KAZI_WEBHOOK_URL and KAZI_WEBHOOK_SECRET."
)
GRACE = 10  # seconds for open requests to finish after SIGTERM


class NoToken(Refusal):
    msgid = N_("KAZI_BOT_TOKEN is not set. @BotFather gives one; `kazi demo` needs none.")


class NoSecret(Refusal):
    msgid = N_("KAZI_WEBHOOK_SECRET is not set: 1 to 256 characters of A-Z a-z 0-9 _ and -.")


class NoAddress(Refusal):
    msgid = N_("KAZI_WEBHOOK_URL is not set: the public https address of this server.")


class Server(uvicorn.Server):
    """Uvicorn raises the signal again after serving, and dies before what we have to finish."""

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
    port: Annotated[int, typer.Option(help="Port to listen on. Default: KAZI_PORT.")] = -1,
) -> None:
    """Serve the webhook, /healthz and /readyz. `kazi webhook set` tells Telegram about it."""
    settings = _with_token(base.configured(database_url))
    if not settings.webhook_secret.get_secret_value():
        raise NoSecret
    logs.configure(settings)
    base.run(_serve(settings, host or settings.host, settings.port if port < 0 else port))


def bring_up(database_url: base.DatabaseUrl = "") -> None:
    """Bring the database to the newest revision."""

    async def upgrade() -> None:
        database = Database(base.configured(database_url).database_url)
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
    address = f"{settings.webhook_url.rstrip('/')}/telegram/{settings.bot_id}"
    wanted: dict[str, object] = {
        "url": address,
        "secret_token": settings.webhook_secret.get_secret_value(),
        "allowed_updates": list(KINDS),
    }
    base.run(_call(settings, "setWebhook", wanted))
    typer.echo(f"updates go to {address}")


@webhooks.command("info")
def webhook_info() -> None:
    """What Telegram says of the webhook, as JSON."""
    settings = _with_token(base.configured())
    typer.echo(json.dumps(base.run(_call(settings, "getWebhookInfo", {})), indent=2))


@webhooks.command("delete")
def webhook_delete() -> None:
    """Stop deliveries; updates wait for `kazi run`."""
    base.run(_call(_with_token(base.configured()), "deleteWebhook", {}))
    typer.echo("no webhook")


async def _poll(settings: Settings) -> None:
    kazi = Kazi(settings, Database(settings.database_url))
    await kazi.start()
    polling = asyncio.ensure_future(kazi.poll())
    await stop_signal()
    polling.cancel()
    await asyncio.wait([polling])
    await kazi.stop()


async def _serve(settings: Settings, host: str, port: int) -> None:
    kazi = Kazi(settings, Database(settings.database_url))
    await kazi.start()
    config = uvicorn.Config(
        server.app(kazi),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
    )
    try:
        await Server(config).serve()
    finally:
        await kazi.stop()


async def stop_signal() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()


async def _call(settings: Settings, method: str, payload: dict[str, object]) -> object:
    database = Database(settings.database_url)
    kazi = Kazi(settings, database)
    async with kazi.wire:
        result: object = await kazi.wire.call(method, payload)
    await database.dispose()
    return result


def _with_token(settings: Settings) -> Settings:
    if not settings.bot_id:
        raise NoToken
    return settings
