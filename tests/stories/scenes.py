"""What the stories share: projects, people ready to work, and looks into the tables."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.sql import Executable

from bot.app import Kazi
from bot.cli import base
from bot.models.base import Base, table
from bot.models.chat import Chat, Outbox
from bot.models.people import Worker, WorkerLanguage
from bot.models.work import Answer, Assignment, Project
from bot.pay import ledger
from bot.people import roles
from bot.sandbox import Person
from bot.sandbox.loopback import Loopback
from bot.web import server
from bot.work import intake, project_file, projects
from tests.handlers.office import press, tell
from tests.life import SECRET, Life, buttons, last_with_buttons

CENT = 10_000  # micro-units
PAY = 25_000  # micro-units for a review of a basic task
_numbers = itertools.count(1)


async def opened(
    bot: Life, type: str, *fields: str, tasks: list[str] | str = "", **terms: Any
) -> Project:
    """An open project of one type; `fields` are more lines of its stage, `tasks` its rows."""
    text = written(type, *fields, **terms)
    rows = tasks if isinstance(tasks, str) else rows_of(*tasks)
    async with bot.database.transaction() as session:
        made = await projects.apply(session, project_file.parse(text), actor=None)
        await intake.load(session, made, BytesIO(rows.encode()), "csv", actor=None)
        return await projects.open_project(session, made, actor=None)


def written(
    type: str,
    *fields: str,
    slug: str = "",
    languages: tuple[str, ...] = ("en",),
    price: str = "0.02 USD",
    overlap: int = 1,
    gold_share: float = 0,
    show: str = "thing",
    budget: str = "50 USD",
) -> str:
    """A project file."""
    slug = slug or f"{type}-{next(_numbers)}"
    shown = f"show = [{show!r}]\n".replace("'", '"') if show else ""
    texts = [f'[stage.text.{code}]\nquestion = "{slug} {code}?"\n' for code in languages]
    return (
        f'[project]\nid = "{slug}"\nname = "{slug}"\nbudget = "{budget}"\n'
        f"languages = {list(languages)}\n"
        f'[stage]\ntype = "{type}"\n{shown}price = "{price}"\nexpected_seconds = 10\n'
        f"overlap = {overlap}\ngold_share = {gold_share}\n"
        + "\n".join([*fields, *texts]).replace("'", '"')
    )


def rows_of(*keys: str) -> str:
    """A CSV of tasks that show their own key."""
    return "key,thing\n" + "".join(f"{key},the {key}\n" for key in keys)


async def crew(bot: Life, count: int, *languages: str) -> list[Person]:
    """People who have joined, without the questions: for stories that begin after them."""
    people = [bot.sandbox.person(f"Worker {next(_numbers)}") for _ in range(count)]
    for person in people:
        await person.send("/start")
    await bot.settle()
    async with bot.database.transaction() as session:
        here = Chat.chat_id.in_([person.id for person in people])
        ids = (await session.scalars(select(Chat.worker_id).where(here))).all()
        ready = {"state": "active", "step": None, "locale": "en", "zone": "Africa/Nairobi"}
        await session.execute(update(table(Worker)).where(Worker.id.in_(ids)).values(ready))
        await session.execute(update(table(Chat)).where(here).values(expecting=None))
        spoken = [
            {"worker_id": id, "language": language, "level": "native"}
            for id in ids
            for language in languages or ("en",)
        ]
        await session.execute(insert(table(WorkerLanguage)), spoken)
    return people


async def reviewers(bot: Life, count: int, *languages: str) -> list[Person]:
    """Such people, who may review."""
    people = await crew(bot, count, *languages)
    async with bot.database.transaction() as session:
        for person in people:
            await roles.grant(session, await worker_of(bot, person), "reviewer", by=None)
    return people


async def speak(bot: Life, person: Person, locale: str) -> None:
    """From now on the bot speaks this language with them."""
    me = await worker_of(bot, person)
    await change(bot, update(table(Worker)).where(Worker.id == me).values(locale=locale))


async def say(bot: Life, *people: Person, text: str = "/work") -> None:
    """Everybody writes the same, all at once."""
    await asyncio.gather(*(person.send(text) for person in people))
    await bot.settle()


async def act(bot: Life, person: Person, action: str) -> None:
    """Press done, skip, undo … on the newest message that has buttons."""
    message = last_with_buttons(person)
    await person.tap(message["message_id"], data=data(message, f"w:{action}:"))
    await bot.settle()


async def pick(bot: Life, person: Person, index: int) -> None:
    """Press an answer button, counted from 0."""
    message = last_with_buttons(person)
    found = [one for one in all_data(message) if one.startswith("a:")]
    await person.tap(message["message_id"], data=found[index])
    await bot.settle()


async def refuse(
    bot: Life, reviewer: Person, note: str = "The sky is blue.", expected: str = "blue"
) -> None:
    """Not accepted, for the first reason, with what is expected where there is such a button."""
    await tell(bot, reviewer, "/review")
    await press(bot, reviewer, "Not accepted")
    await press(bot, reviewer, "R1")
    if expected in buttons(last_with_buttons(reviewer)):
        await press(bot, reviewer, expected)
    await tell(bot, reviewer, note)


def data(message: dict[str, Any], prefix: str) -> str:
    """What the first button with such data sends."""
    return next(one for one in all_data(message) if one.startswith(prefix))


def all_data(message: dict[str, Any]) -> list[str]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


def card(person: Person) -> str:
    """What the newest message with buttons says."""
    message = last_with_buttons(person)
    return unmarked(message.get("text") or message.get("caption") or "")


def said(person: Person) -> str:
    """The newest message with buttons, as it is read."""
    return card(person).replace("\u00a0", " ")


def unmarked(text: str) -> str:
    """Without the marks that keep the direction of writing together."""
    return "".join(char for char in text if char not in "\u2066\u2067\u2068\u2069")


async def money(bot: Life, person: Person) -> dict[str, int]:
    """What they have, in micro-units; empty before they earned anything."""
    async with bot.database.reading() as session:
        found = await ledger.balances(session, await worker_of(bot, person))
    return {"pending": found[0].pending, "available": found[0].available} if found else {}


async def worker_of(bot: Life, person: Person) -> int:
    (found,) = await look(bot, select(Chat.worker_id).where(Chat.chat_id == person.id))
    return int(found)


async def held(bot: Life, person: Person) -> Assignment | None:
    """What this person has in hand."""
    mine = Assignment.worker_id == await worker_of(bot, person)
    found = await look(bot, select(Assignment).where(mine, Assignment.state == "held"))
    return found[0] if found else None


async def assignments(bot: Life, person: Person | None = None) -> list[Assignment]:
    """In the order in which they were offered."""
    query = select(Assignment).order_by(Assignment.id)
    if person is not None:
        query = query.where(Assignment.worker_id == await worker_of(bot, person))
    return await look(bot, query)


async def states(bot: Life) -> list[str]:
    return [one.state for one in await assignments(bot)]


async def labels(bot: Life) -> list[str]:
    """Every revision of every answer, in order."""
    order = (Answer.assignment_id, Answer.revision)
    return await look(bot, select(Answer.label).order_by(*order))


async def labels_of(bot: Life, assignment: Assignment) -> list[str]:
    """The revisions of one answer."""
    mine = select(Answer.label).where(Answer.assignment_id == assignment.id)
    return await look(bot, mine.order_by(Answer.revision))


async def look(bot: Life, query: Any) -> list[Any]:
    """The first column of what a query finds."""
    async with bot.database.reading() as session:
        return list(await session.scalars(query))


async def count(bot: Life, model: type[Base]) -> int:
    (found,) = await look(bot, select(func.count()).select_from(model))
    return int(found)


async def change(bot: Life, statement: Executable) -> None:
    """Travel in time: move what is due."""
    async with bot.database.transaction() as session:
        await session.execute(statement)


async def picture(bot: Life) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the mail: what may not change."""
    mail = ("inbox", "outbox", "attempts")
    async with bot.database.reading() as session:
        return {
            name: sorted(map(_plain, await session.execute(select(found))), key=repr)
            for name, found in Base.metadata.tables.items()
            if name not in mail and isinstance(found, Table)
        }


async def delivered(bot: Life) -> None:
    """Let the clock send until nothing waits any more."""
    waits = select(Outbox.id).where(Outbox.sent_at.is_(None), Outbox.dead.is_(None))
    while await look(bot, waits.limit(1)):
        await bot.tick("send")
        await asyncio.sleep(0.02)


async def trouble(bot: Life) -> str | None:
    """What the last failed delivery of an update was answered with; None when all went well."""
    found = await bot.kazi.wire.call("getWebhookInfo", {})
    said: str | None = found.get("last_error_message")
    return said


@asynccontextmanager
async def restarted(bot: Life) -> AsyncIterator[None]:
    """The bot is stopped; another one with the same database and the same Telegram goes on."""
    await bot.kazi.stop()
    before, again = bot.kazi, Kazi(bot.kazi.settings, base.database(bot.kazi.settings))
    await again.start(clock=False)
    async with Loopback(server.app(again)) as served:
        url = f"{served.url}/telegram/{again.bot_id}"
        await again.wire.call("setWebhook", {"url": url, "secret_token": SECRET})
        bot.kazi, bot.database = again, again.database
        yield
        await bot.settle()
    bot.kazi, bot.database = before, before.database
    await again.stop()


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(row)
