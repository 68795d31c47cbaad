"""`kazi demo`: the sandbox, the bot, eight people and three projects, with one command."""

import asyncio
import socket
from io import BytesIO
from typing import Annotated, NamedTuple

import typer
from pydantic import SecretStr

from bot import i18n, logs, samples
from bot.app import Kazi
from bot.cli import base, live
from bot.errors import Refusal
from bot.i18n import N_
from bot.people import consent, documents, languages, roles, workers
from bot.people.workers import Visitor
from bot.sandbox import Person, Sandbox
from bot.sandbox.server import PAYMENTS
from bot.settings import Settings
from bot.store import migrate
from bot.store.database import Database, Session, now
from bot.work import intake, progress, project_file, projects

TOKEN = "7000000001:demo-token-that-opens-nothing-outside"  # noqa: S105 - the sandbox's own
PORT = 8090


class Inhabitant(NamedTuple):
    """Somebody of the demo; `reads` as "sw:native en:fluent"."""

    id: int
    name: str
    language_code: str
    country: str
    reads: str
    role: str = ""


PEOPLE = (
    Inhabitant(1001, "Olivia", "en", "KE", "en:native sw:fluent", "owner"),
    Inhabitant(1002, "Rashid", "sw", "KE", "sw:native en:fluent", "reviewer"),
    Inhabitant(1003, "Rana", "en", "EG", "ar:native en:fluent", "reviewer"),
    Inhabitant(1004, "Otieno", "en", "KE", "en:native sw:fluent", "payouts"),
    Inhabitant(2001, "Amina", "sw", "KE", "sw:native"),
    Inhabitant(2002, "Yusuf", "ar", "EG", "ar:native"),
    Inhabitant(2003, "Grace", "en", "KE", "en:native sw:fluent"),
    Inhabitant(2004, "Ben", "en", "GB", "en:native"),
)


class PortTaken(Refusal):
    msgid = N_("Port {port} is taken. Choose another: kazi demo --port 8091")


class NotADemo(Refusal):
    msgid = N_("{url} holds another bot's data; the demo does not start it afresh.")


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    port: Annotated[int, typer.Option(help="Port of the chat page on this machine.")] = PORT,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier demo first.")] = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Try everything without Telegram: a chat page, the bot, people and projects to play with."""
    settings = base.configured(database_url)
    logs.configure(settings)
    base.run(_demo(base.database(settings), port, fresh=fresh))


async def _demo(database: Database, port: int, *, fresh: bool) -> None:
    if fresh:
        await _forget(database)
    _refuse_a_taken(port)
    async with Sandbox(token=TOKEN, port=port) as sandbox:
        settings = Settings(
            bot_token=SecretStr(TOKEN),
            database_url=database.url,
            api_url=sandbox.url,
            owner_ids=[PEOPLE[0].id],
            rate_limit=0,
            **sandbox.payments.settings(f"{sandbox.url}{PAYMENTS}"),
        )
        kazi = Kazi(settings, database)
        await kazi.start()
        people = await _settle_in(kazi, sandbox)
        polling = asyncio.ensure_future(kazi.poll())
        for person in people:
            await person.send("/start")
        typer.echo(f"The chat page is at {sandbox.url}")
        typer.echo(f"Ctrl-C stops it; what was done stays in {database.shown}.")
        await live.stop_signal()
        polling.cancel()
        await asyncio.wait([polling])
        await kazi.stop()


def _refuse_a_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken(port=port) from None


async def _settle_in(kazi: Kazi, sandbox: Sandbox) -> list[Person]:
    """The people and the projects, made once; after a restart they are as they were left."""

    async def settle(session: Session) -> None:
        for inhabitant in PEOPLE:
            await _move_in(session, kazi, inhabitant)
        for name in samples.PROJECTS:
            await _add_project(session, name)

    await kazi.database.run(settle)
    return [
        sandbox.person(
            one.name, language_code=one.language_code, id=one.id, note=one.role or "worker"
        )
        for one in PEOPLE
    ]


async def _move_in(session: Session, kazi: Kazi, one: Inhabitant) -> None:
    visitor = Visitor(one.id, one.name, None, one.language_code)
    _chat, worker = await workers.meet(
        session, kazi.bot_id, visitor, owners=kazi.settings.owner_ids
    )
    if worker.state != "joining":
        return
    worker.locale, worker.country = i18n.resolve(one.language_code), one.country
    worker.zone = i18n.zones_of(one.country)[0].name
    worker.currency = i18n.currency_of(one.country)
    worker.adult, worker.state, worker.step = True, "active", None
    moment = await now(session)
    for language, level in (pair.split(":") for pair in one.reads.split()):
        await languages.choose(session, worker.id, language, level)
    for document in documents.DOCUMENTS:
        await consent.give(session, worker.id, document, locale=worker.locale, now=moment)
    if one.role:
        await roles.grant(session, worker.id, one.role, by=None)
    await session.flush()


async def _add_project(session: Session, name: str) -> None:
    wanted = project_file.parse(samples.read(f"{name}.toml").decode())
    if wanted.slug in {one.project.slug for one in await progress.listing(session)}:
        return
    project = await projects.apply(session, wanted, actor=None)
    rows = BytesIO(samples.read(f"{name}.jsonl"))
    await intake.load(session, project, rows, "jsonl", actor=None)
    await projects.open_project(session, project, actor=None)


async def _forget(database: Database) -> None:
    """Empty the database of an earlier demo, and of nothing else."""
    if await migrate.current(database) is None:
        return
    async with database.reading() as session:
        bots = await workers.bots(session)
    if bots - {int(TOKEN.partition(":")[0])}:
        raise NotADemo(url=database.shown)
    await migrate.downgrade(database, "base")
