"""Senders without the rest of the bot: several over one database, as replicas are."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from bot.cli import base
from bot.models.base import table
from bot.models.chat import Chat, Outbox
from bot.models.people import Worker
from bot.sandbox import Person, Sandbox
from bot.sandbox.world import Call
from bot.settings import Settings
from bot.store import outbox
from bot.store.database import Database, now
from bot.store.outbox import Letter
from handlers.deliver import Document, Sender
from handlers.wire import Aiohttp, Wire
from tests.life import TOKEN

BOT_ID = int(TOKEN.partition(":")[0])


@dataclass(frozen=True, slots=True)
class PostOffice:
    """The senders, and the database they share."""

    database: Database
    senders: Sequence[Sender]

    async def write(self, *letters: Letter) -> None:
        """Letters that wait for whoever takes them."""

        async def queue(session: outbox.Session) -> None:
            await outbox.queue(session, letters, owner=None, now=await now(session))

        await self.database.run(queue)

    async def know(self, people: Sequence[Person]) -> None:
        """Give people the rows that are locked for their turns and letters."""
        async with self.database.transaction() as session:
            workers = [{"id": one.id, "pseudonym": f"w-{one.id}"} for one in people]
            chats = [
                {"bot_id": BOT_ID, "chat_id": one.id, "worker_id": one.id, "reachable": True}
                for one in people
            ]
            await session.execute(insert(table(Worker)), workers)
            await session.execute(insert(table(Chat)), chats)

    async def waiting(self) -> int:
        async with self.database.reading() as session:
            unsent = (Outbox.sent_at.is_(None), Outbox.dead.is_(None))
            return await session.scalar(select(func.count(Outbox.id)).where(*unsent)) or 0

    async def tick(self) -> None:
        """Every sender looks once, all at the same time."""
        await asyncio.gather(*(sender.tick() for sender in self.senders))
        await asyncio.gather(*(sender.idle() for sender in self.senders))

    async def deliver(self) -> None:
        """Until nothing waits."""
        while await self.waiting():
            await self.tick()
            await asyncio.sleep(0.05)


@asynccontextmanager
async def senders(
    database: Database,
    url: str,
    count: int,
    *,
    rate_limit: int = 0,
    documents: Mapping[str, Document] | None = None,
) -> AsyncIterator[PostOffice]:
    """`count` senders, each with connections of its own; SQLite serves one process alone."""
    settings = Settings(bot_token=TOKEN, database_url=database.url, rate_limit=rate_limit)
    async with AsyncExitStack() as stack:
        made = []
        for number in range(1 if database.is_sqlite else count):
            own = database if number == 0 else base.database(settings)
            wire = Wire(
                TOKEN,
                base_url=f"{url}/bot",
                base_file_url=f"{url}/file/bot",
                request=Aiohttp(connections=64),
                get_updates_request=Aiohttp(connections=1),
            )
            sender = Sender(
                own, wire, documents=documents or {}, bot_id=BOT_ID, rate_limit=rate_limit
            )
            if number:
                stack.push_async_callback(own.dispose)
            await stack.enter_async_context(wire)
            stack.push_async_callback(sender.stop)
            made.append(sender)
        yield PostOffice(database, made)


def text(person: Person | int, said: str, *, lane: int = outbox.REPLIES) -> Letter:
    chat_id = person if isinstance(person, int) else person.id
    payload = {"chat_id": chat_id, "text": said}
    return Letter("sendMessage", payload, chat_id, bot_id=BOT_ID, lane=lane)


def crowd(sandbox: Sandbox, count: int) -> list[Person]:
    """People who have pressed Start."""
    people = [sandbox.person(f"Person {number}") for number in range(count)]
    for person in people:
        person.started = True
    return people


def heard(person: Person) -> list[str]:
    """What the bot has said to somebody."""
    return [str(message["text"]) for message in person.chat.messages if message["from"]["is_bot"]]


def messages(sandbox: Sandbox) -> list[Call]:
    """The calls that count as messages."""
    return [call for call in sandbox.calls if call.method.startswith(("send", "edit"))]


def most_in_a_second(calls: Sequence[Call]) -> int:
    times = sorted(call.at for call in calls)
    return max(sum(1 for at in times if begin <= at < begin + 1) for begin in times)


def of_each(calls: Sequence[Call]) -> dict[int, list[float]]:
    """When each chat was written to."""
    found = defaultdict(list)
    for call in calls:
        found[int(call.chat_id or 0)].append(call.at)
    return found
