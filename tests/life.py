"""A running bot with its sandbox, as the stories need it: everything over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.app import KINDS, Kazi
from bot.pay import ledger
from bot.sandbox import Person, Sandbox
from bot.sandbox.loopback import Loopback
from bot.settings import Settings
from bot.store.database import Database
from bot.web import server
from handlers import ticks

TOKEN = "7000000001:sandbox-token-of-the-tests-0123456789"
SECRET = "a-secret-of-the-tests"
OWNER = 5001


class Life:
    """The bot, its sandbox and the people in it."""

    def __init__(self, kazi: Kazi, sandbox: Sandbox) -> None:
        self.kazi, self.sandbox, self.database = kazi, sandbox, kazi.database
        self.owner = sandbox.person("Wanjiru", language_code="en", id=OWNER)

    async def join(self, name: str, *, language: str = "en", id: int | None = None) -> Person:
        """A new person who goes through onboarding by its first buttons."""
        person = self.sandbox.person(name, language_code=language, id=id)
        await self.join_as(person)
        return person

    async def join_as(self, person: Person) -> None:
        await person.send("/start")
        for _ in range(30):
            await self.settle()
            if person.chat.keyboard is not None:
                return
            message = last_with_buttons(person)
            await person.tap(message["message_id"], row=0, col=0)
        raise AssertionError("onboarding did not end")

    async def settle(self) -> None:
        """Wait until every update is handled and every message is sent and written down."""
        for _ in range(2):
            while self.sandbox.updates.pending:
                await asyncio.sleep(0.003)
            await self.kazi.sender.idle()

    async def tick(self, *names: str) -> None:
        """Let the clock call these ticks once: `tick("accept")`."""
        for tick in ticks.TICKS:
            if tick.__name__ in names:
                await tick(self.kazi.sender)
        await self.settle()

    async def check(self) -> dict[str, dict[str, int]]:
        """The books must hold after every story."""
        async with self.database.reading() as session:
            return await ledger.check(session)


def last_with_buttons(person: Person) -> dict[str, Any]:
    """The newest message of the bot that has inline buttons."""
    for message in reversed(person.chat.messages):
        if (message.get("reply_markup") or {}).get("inline_keyboard"):
            return message
    raise AssertionError("no message with buttons")


def buttons(message: dict[str, Any]) -> list[str]:
    """The texts on a message's buttons, row by row."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


@asynccontextmanager
async def living(
    database: Database,
    *,
    rate_limit: int = 0,
    token: str = TOKEN,
    first: bool = True,
    **sandbox_options: Any,
) -> AsyncIterator[Life]:
    """A bot behind its webhook, served on loopback, and the sandbox that delivers to it.

    `first` opens the database and closes it; another bot on it is not the first.
    """
    options = {"retry_scale": 0.02} | sandbox_options
    async with Sandbox(token=token, **options) as sandbox:
        settings = Settings(
            bot_token=token,
            database_url=database.url,
            api_url=sandbox.url,
            owner_ids=[OWNER],
            webhook_secret=SECRET,
            rate_limit=rate_limit,
        )
        kazi = Kazi(settings, database)
        await kazi.start(clock=False, first=first)
        async with Loopback(server.app(kazi)) as served:
            await kazi.wire.call(
                "setWebhook",
                {
                    "url": f"{served.url}/telegram/{settings.bot_id}",
                    "secret_token": SECRET,
                    "allowed_updates": list(KINDS),
                },
            )
            life = Life(kazi, sandbox)
            yield life
            await life.settle()
            await life.check()
        await kazi.stop(last=first)
