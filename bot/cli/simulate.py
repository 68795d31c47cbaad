"""`kazi simulate replay`: recorded workers through the sandbox and the real bot, over HTTP."""

import asyncio
import csv
import io
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bot import money
from bot.app import KINDS, Kazi
from bot.cli import base
from bot.errors import Refusal
from bot.i18n import N_
from bot.models.work import Project
from bot.pay import ledger
from bot.quality import aggregate
from bot.sandbox import Person, Sandbox
from bot.settings import Settings
from bot.store.database import Database
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Value
from bot.web import server
from bot.work import dispatch, projects, results
from bot.work.results import Export

commands = typer.Typer(
    help="Play workers against a project, without Telegram.", no_args_is_help=True
)
TOKEN = "7000000002:simulation-token-that-opens-nothing"  # noqa: S105 - the sandbox's own
SECRET = "simulation"  # noqa: S105
FIRST_ID = 100_001
PATIENCE = 60.0  # seconds for one reaction of the bot, under load
LOOKS, PAUSE = 30, 1.0  # looks for work that is in others' hands, and seconds between them
PRESSES = 40  # first buttons until onboarding is over


class NoLabels(Refusal):
    msgid = N_("{path} needs the columns task, worker and label.")


class NotOpen(Refusal):
    msgid = N_("Project {project} is {state}; open it first: kazi project open {project}")


class Stuck(Refusal):
    msgid = N_("Worker {worker} is stuck: {reason}")


def register(app: typer.Typer) -> None:
    app.add_typer(commands, name="simulate")


@dataclass(slots=True)
class Recorded:
    """What one recorded worker answered, by task key."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)


@commands.command("replay")
def replay(
    ref: Annotated[str, typer.Argument(metavar="PROJECT", help="An open project with its tasks.")],
    labels: Annotated[
        Path, typer.Argument(help="CSV with task, worker, label.", exists=True, dir_okay=False)
    ],
    truth: Annotated[
        Path | None, typer.Option(help="CSV with task, truth: scores the results.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Write the raw export here, under the recorded names.")
    ] = None,
    at_once: Annotated[int, typer.Option(help="How many workers work at the same time.")] = 32,
    as_json: base.Json = False,
    database_url: base.DatabaseUrl = "",
) -> None:
    """Every recorded worker joins and gives exactly the recorded answers, skipping the rest."""
    crowd = read_labels(labels)
    wanted = sum(len(one.labels) for one in crowd)
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.completed:,} of {task.total:,} answers"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=as_json) as progress:
        bar = progress.add_task("answers", total=wanted)
        told = base.run(
            _replay(
                base.configured(database_url).database_url,
                ref,
                crowd,
                at_once=at_once,
                truth=truth,
                answers=answers,
                advance=lambda: progress.advance(bar),
            )
        )
    if as_json:
        typer.echo(json.dumps(told))
    else:
        for name, value in told.items():
            typer.echo(f"{name.replace('_', ' ')}: {value}")
    raise typer.Exit(0 if told["missing"] == 0 else 1)


def read_labels(path: Path) -> list[Recorded]:
    """The recorded workers, busiest first. Raises NoLabels without the three columns."""
    crowd: dict[str, Recorded] = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if not {"task", "worker", "label"} <= set(rows.fieldnames or ()):
            raise NoLabels(path=path)
        for row in rows:
            one = crowd.setdefault(row["worker"], Recorded(row["worker"]))
            one.labels.setdefault(row["task"], row["label"])
    return sorted(crowd.values(), key=lambda one: (-len(one.labels), one.name))


async def _replay(
    database_url: str,
    ref: str,
    crowd: list[Recorded],
    *,
    at_once: int,
    truth: Path | None,
    answers: Path | None,
    advance: Any,
) -> dict[str, Any]:
    database = Database(database_url)
    async with _world(database) as (kazi, sandbox):
        async with database.reading() as session:
            project = await projects.find(session, ref)
        if project.state != "open":
            raise NotOpen(project=ref, state=project.state)
        began = time.monotonic()
        language = project.languages[0].replace("_", "-").lower()
        people = {
            FIRST_ID + at: Player(
                sandbox.person(one.name, language_code=language, id=FIRST_ID + at), one, database
            )
            for at, one in enumerate(crowd)
        }
        await _play_all(people, at_once, advance)
        await kazi.sender.idle()
        seconds = time.monotonic() - began
        names = {str(number): player.recorded.name for number, player in people.items()}
        told = await _told(database, project, people, seconds, truth)
        if answers is not None:
            answers.write_text(await _answers(database, project, names), encoding="utf-8")
    return told


@asynccontextmanager
async def _world(database: Database) -> AsyncIterator[tuple[Kazi, Sandbox]]:
    """The sandbox and the bot behind its webhook, both on loopback."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with Sandbox(token=TOKEN, history=30) as sandbox:
        settings = Settings(
            bot_token=SecretStr(TOKEN),
            database_url=database.url,
            api_url=sandbox.url,
            owner_ids=[],
            webhook_secret=SecretStr(SECRET),
        )
        kazi = Kazi(settings, database)
        await kazi.start()
        config = uvicorn.Config(server.app(kazi), log_config=None, access_log=False, lifespan="off")
        serving = uvicorn.Server(config)
        task = asyncio.ensure_future(serving.serve(sockets=[listener]))
        where = {
            "url": f"{address}/telegram/{settings.bot_id}",
            "secret_token": SECRET,
            "allowed_updates": list(KINDS),
            "max_connections": 100,
        }
        await kazi.wire.call("setWebhook", where)
        try:
            yield kazi, sandbox
        finally:
            await kazi.wire.call("deleteWebhook", {})
            serving.should_exit = True
            await task
            listener.close()
            await kazi.stop()


async def _play_all(people: dict[int, "Player"], at_once: int, advance: Any) -> None:
    limit = asyncio.Semaphore(max(1, at_once))

    async def play(player: Player) -> None:
        async with limit:
            await player.play(advance)

    await asyncio.gather(*(play(player) for player in people.values()))


class Player:
    """One recorded worker at a phone: joins, asks for work, answers what they answered then."""

    def __init__(self, person: Person, recorded: Recorded, database: Database) -> None:
        self.person, self.recorded, self.database = person, recorded, database
        self.left = dict(recorded.labels)

    async def play(self, advance: Any) -> None:
        await self._join()
        for _ in range(LOOKS):
            await self.person.send("/work")
            await self._work(advance)
            if not self.left:
                return
            await asyncio.sleep(PAUSE)  # what is left may be in others' hands for a moment

    async def _work(self, advance: Any) -> None:
        """From card to card until the bot has none, or all is answered; then give the last back."""
        card = await self._next(None)
        while card is not None and self.left:
            if await self._react(card):
                advance()
            card = await self._next(card)
        if card is not None:
            await self.person.tap_data(card[0], f"w:stop:{card[1]}:{card[2]}")

    async def _join(self) -> None:
        """The first button is always the way forward."""
        await self.person.send("/start")
        seen = None
        for _ in range(PRESSES):
            seen = await self._wait(lambda chat, before=seen: _onboarding(chat, before))
            if seen == "home":
                return
            await self.person.tap(seen[0], row=0, col=0)
        raise Stuck(worker=self.recorded.name, reason="onboarding does not end")

    async def _react(self, card: tuple[int, int, str]) -> bool:
        """Answer the card as recorded, or skip it; whether it was answered."""
        message_id, assignment, nonce = card
        async with self.database.reading() as session:
            offer = await dispatch.offer_of(session, assignment)
        assert offer is not None
        label = self.left.pop(offer.key, None)
        if label is None:
            await self.person.tap_data(message_id, f"w:skip:{assignment}:{nonce}")
            return False
        kind = TASK_TYPES[offer.spec.type]
        value = kind.value(offer.spec.settings, label)
        wording = offer.spec.wording(offer.locale, offer.language)
        ask = kind.ask(offer.spec.settings, wording, offer.body, offer.layout)
        if ask.buttons:
            index = _button(kind, offer, value, sum(map(len, ask.buttons)))
            await self.person.tap_data(message_id, f"a:{assignment}:{nonce}:{index}")
        elif ask.poll:
            await self._vote(message_id, offer, value, card)
        else:
            await self.person.send(label)
        return True

    async def _vote(self, message_id: int, offer: Any, value: Value, card: Any) -> None:
        options = offer.spec.settings["options"]
        chosen = value if isinstance(value, list) else []
        shown = [options[at] for at in offer.layout] if offer.layout else options
        await self.person.vote(message_id, [shown.index(option) for option in chosen])
        await self.person.tap_data(message_id, f"w:done:{card[1]}:{card[2]}")

    async def _next(self, before: tuple[int, int, str] | None) -> tuple[int, int, str] | None:
        """The next card, or None when the bot says there is none."""
        found = await self._wait(lambda chat: _card(chat, before))
        return None if found == "none" else found

    async def _wait(self, look: Any) -> Any:
        try:
            return await self.person.wait(look, timeout=PATIENCE)
        except TimeoutError as error:
            raise Stuck(worker=self.recorded.name, reason=str(error)) from error


def _onboarding(chat: Any, before: Any) -> Any:
    """The step on the screen once it has changed, or `home` when onboarding is over."""
    if chat.keyboard is not None:
        return "home"
    for message in reversed(chat.messages):
        if _inline(message):
            step = (message["message_id"], message.get("text"), str(message["reply_markup"]))
            return step if step != before else None
    return None


def _card(chat: Any, before: tuple[int, int, str] | None) -> Any:
    """The card, once it has another assignment than before; `none` when there is no work."""
    for message in reversed(chat.messages[-8:]):
        for button in _inline(message):
            parts = button.get("callback_data", "").split(":")
            if parts[:2] == ["w", "work"]:
                return "none"
            if parts[:2] == ["w", "skip"]:
                card = (message["message_id"], int(parts[2]), parts[3])
                return card if before is None or card[1] != before[1] else None
    return None


def _inline(message: dict[str, Any]) -> list[dict[str, Any]]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _button(kind: Any, offer: Any, value: Value, count: int) -> int:
    """The place of the button that says `value` on this card."""
    for index in range(count):
        if kind.tapped(offer.spec.settings, offer.layout, index) == value:
            return index
    raise AssertionError(f"no button says {value!r}")


async def _told(
    database: Database,
    project: Project,
    people: dict[int, Player],
    seconds: float,
    truth: Path | None,
) -> dict[str, Any]:
    """What a person would want to see afterwards."""
    given = sum(len(player.recorded.labels) - len(player.left) for player in people.values())
    async with database.reading() as session:
        totals = await ledger.check(session)
        found = await results.outcomes(session, project)
    cost = -totals.get(project.currency, {}).get("expense", 0)
    told: dict[str, Any] = {
        "workers": len(people),
        "answers": given,
        "missing": sum(len(player.left) for player in people.values()),
        "seconds": round(seconds, 1),
        "answers_per_second": round(given / seconds, 1),
        "cost": f"{money.decimal(cost)} {project.currency}",
    }
    if truth is not None:
        told |= _scored(found, truth)
    return told


def _scored(found: dict[str, Any], truth: Path) -> dict[str, Any]:
    with truth.open(encoding="utf-8-sig", newline="") as stream:
        known = {row["task"]: row["truth"] for row in csv.DictReader(stream)}
    return asdict(aggregate.score({key: one.label for key, one in found.items()}, known))


async def _answers(database: Database, project: Project, names: dict[str, str]) -> str:
    """The raw export, with the recorded names of the workers."""
    stream = io.StringIO(newline="")
    async with database.reading() as session:
        chosen = Export(what="raw", workers="telegram")
        await results.export(session, project, chosen, stream, actor=None)
    rows = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    renamed = io.StringIO(newline="")
    writer = csv.DictWriter(renamed, fieldnames=rows.fieldnames or ())
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {"worker": names.get(row["worker"], row["worker"])})
    return renamed.getvalue()
