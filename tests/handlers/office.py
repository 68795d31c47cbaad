"""An owner at work: what the stories about admin commands share."""

from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.models.chat import Chat
from bot.models.people import Audit, Worker
from bot.models.work import Intake, Project, Stage, Task
from bot.sandbox import Person
from bot.store import outbox
from bot.store.database import now
from bot.work import intake, project_file, projects
from handlers import cards
from handlers.admin import newproject
from tests.life import Life, last_with_buttons

COLOURS = """
[project]
id = "colours"
name = "Which colour?"
languages = ["en", "sw"]
budget = "50 USD"

[stage]
type = "choice"
options = ["red", "blue"]
show = ["thing"]
price = "0.02 USD"
expected_seconds = 10
overlap = 3
gold_share = 0

[stage.text.en]
question = "Which colour is it?"
[stage.text.sw]
question = "Ni rangi gani?"
[stage.text.sw.options]
red = "Nyekundu"
blue = "Bluu"
"""
ROWS = b"key,language,thing\nt1,en,a <rose>\nt2,en,the sky\nt3,sw,bahari\n"


async def project(bot: Life, text: str = COLOURS, rows: bytes = ROWS) -> Project:
    """A project from a file, with tasks, still a draft."""
    async with bot.database.transaction() as session:
        made = await projects.apply(session, project_file.parse(text), actor=None)
        if rows:
            await intake.load(session, made, BytesIO(rows), "csv", actor=None)
        return made


async def state(bot: Life, made: Project) -> str:
    async with bot.database.reading() as session:
        found = await session.get(Project, made.id)
        assert found is not None
        return found.state


async def tell(bot: Life, person: Person, text: str) -> str:
    """Write, and read what comes back last."""
    await person.send(text)
    await bot.settle()
    return _plain(person.last)


async def press(bot: Life, person: Person, label: str) -> str:
    """Press the button that begins with this label, on the newest message that has buttons."""
    message = last_with_buttons(person)
    rows = message["reply_markup"]["inline_keyboard"]
    found = [one for row in rows for one in row if one["text"].startswith(label)]
    assert found, (label, labels(message))
    await person.tap(message["message_id"], data=found[0]["callback_data"])
    await bot.settle()
    return shown(person)


def shown(person: Person) -> str:
    """The text of the newest message that has buttons, or else of the newest."""
    try:
        return _plain(last_with_buttons(person))
    except AssertionError:
        return _plain(person.last)


def _plain(message: dict[str, Any]) -> str:
    return str(message.get("text", "")).replace("\u00a0", " ")


def labels(message: dict[str, Any]) -> list[str]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


def toast(person: Person) -> str:
    """What the last tap was answered with."""
    return str(person.chat.toasts[-1].get("text") or "")


def sent(bot: Life, person: Person) -> dict[str, bytes]:
    """The documents the bot has sent to somebody, by name."""
    files = bot.sandbox.files
    documents = [m["document"] for m in person.chat.messages if "document" in m]
    return {one["file_name"]: files.read(files.get(one["file_id"])) for one in documents}


async def send_file(
    bot: Life, person: Person, content: bytes, filename: str, caption: str = ""
) -> None:
    await person.upload("document", content, filename=filename, caption=caption)
    await bot.settle()


async def read_files(bot: Life, content: bytes, path: Path) -> int:
    """What the clock does with files that wait: fetch them, and say what came of them."""
    path.write_bytes(content)  # noqa: ASYNC240
    count = 0
    async with bot.database.transaction() as session:
        waiting = (await session.scalars(select(Intake).where(Intake.state == "waiting"))).all()
        for upload in waiting:
            count += 1
            worker = await session.get_one(Worker, upload.worker_id)
            chat = (await session.scalars(select(Chat).where(Chat.worker_id == worker.id))).one()
            made = await newproject.read_file(
                session, upload, worker, chat, path, progress=_unheard
            )
            letters = [
                outbox.Letter(*cards.send(message, chat.chat_id), chat.chat_id, bot_id=chat.bot_id)
                for message in made
            ]
            await outbox.queue(session, letters, owner=None, now=await now(session))
    await bot.tick("send")
    return count


async def _unheard(text: str) -> None:
    """Nobody listens to how far reading is."""


async def keys(bot: Life, slug: str) -> list[str]:
    """The keys of a project's tasks."""
    async with bot.database.reading() as session:
        query = (
            select(Task.key)
            .join(Stage, Stage.id == Task.stage_id)
            .join(Project, Project.id == Stage.project_id)
            .where(Project.slug == slug)
            .order_by(Task.id)
        )
        return list(await session.scalars(query))


async def audit(bot: Life, action: str) -> list[Audit]:
    async with bot.database.reading() as session:
        return list(await session.scalars(select(Audit).where(Audit.action == action)))
