"""What tests of worker commands do over and over: write, tap, look."""

from sqlalchemy import select

from bot.models.chat import Chat
from bot.models.people import Worker
from bot.sandbox import Person
from tests.life import Life, last_with_buttons


async def begin(bot: Life, name: str = "Amina", language: str = "en") -> Person:
    """Somebody new, at the first step."""
    person = bot.sandbox.person(name, language_code=language)
    await person.send("/start")
    await bot.settle()
    return person


async def press(bot: Life, person: Person, data: str) -> str:
    """Tap a button of the newest card by the data on it; what the bot's newest message says."""
    await person.tap(last_with_buttons(person)["message_id"], data=data)
    await bot.settle()
    return str(person.last["text"])


async def press_first(bot: Life, person: Person, times: int = 1) -> None:
    for _ in range(times):
        await person.tap(last_with_buttons(person)["message_id"], row=0, col=0)
        await bot.settle()


async def write(bot: Life, person: Person, text: str) -> str:
    """Write to the bot; what its newest message says."""
    await person.send(text)
    await bot.settle()
    return str(person.last["text"])


async def worker_of(bot: Life, person: Person) -> Worker:
    async with bot.database.reading() as session:
        query = select(Worker).join(Chat, Chat.worker_id == Worker.id)
        return (await session.scalars(query.where(Chat.chat_id == person.id))).one()


def said(person: Person) -> list[str]:
    """All texts of the bot."""
    return [m.get("text", "") for m in person.chat.messages if m["from"]["is_bot"]]


def toast(person: Person) -> str:
    """The newest note over the chat."""
    return str(person.chat.toasts[-1]["text"])
