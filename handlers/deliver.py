"""The outbox to Telegram: the only file that awaits the Bot API."""

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from telegram import InputFile
from telegram.error import (
    BadRequest,
    Forbidden,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.store import outbox
from bot.store.database import Database, Session, now
from bot.store.outbox import Letter, Sent
from bot.work import dispatch

log = structlog.get_logger()

SIDE_BY_SIDE = 30  # calls at a time; Telegram's own budget is about 30 messages a second
MARKS = 100  # outcomes written in one transaction
HARMLESS = ("message is not modified", "query is too old", "query id is invalid")
LOST_MESSAGE = ("message to edit not found", "message can't be edited", "message_id_invalid")
LOST_CHAT = ("chat not found", "user is deactivated", "bot was blocked")

Document = Callable[[Session, Mapping[str, Any]], Awaitable[tuple[str, bytes]]]


class Wire(ExtBot[None]):
    """PTB's bot, with one way in for every method: the outbox keeps methods and parameters."""

    async def call(self, method: str, payload: dict[str, Any]) -> Any:
        """The result of a Bot API call; raises TelegramError as reliability demands."""
        return await self._post(method, api_kwargs=payload)

    async def fetch(self, offset: int, kinds: Sequence[str], seconds: int) -> list[dict[str, Any]]:
        """Updates from `offset` on, as they came; Telegram waits up to `seconds` for one."""
        wanted = {"offset": offset, "timeout": seconds, "allowed_updates": list(kinds)}
        found = await self._post("getUpdates", wanted, read_timeout=seconds + 10)
        return list(found)

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a file that somebody sent, of at most 20 MB."""
        file = await self.get_file(file_id)
        await file.download_to_drive(path)


class Status:
    """One message that says how far something is, edited while it goes on."""

    def __init__(self, wire: Wire, chat_id: int) -> None:
        self._wire, self._chat_id = wire, chat_id
        self._message_id: int | None = None

    async def say(self, text: str) -> None:
        """Show `text`; a status that cannot be shown is not worth a failure."""
        where: dict[str, Any] = {"chat_id": self._chat_id, "text": text, "parse_mode": "HTML"}
        try:
            if self._message_id is None:
                sent = await self._wire.call("sendMessage", where | {"disable_notification": True})
                self._message_id = sent["message_id"]
            else:
                await self._wire.call("editMessageText", where | {"message_id": self._message_id})
        except TelegramError as error:
            log.debug("status not shown", error=type(error).__name__)


class Held(NamedTuple):
    """A chat whose oldest letter has to wait."""

    again_at: datetime
    until: float
    """The same in this process's monotonic seconds."""


class Sender:
    """Sends the letters of one process. What it has leased and not sent, another sends later."""

    def __init__(
        self, database: Database, wire: Wire, *, documents: Mapping[str, Document]
    ) -> None:
        self.database, self.wire, self.documents = database, wire, documents
        self.owner = secrets.token_hex(6)
        self._limit = asyncio.Semaphore(SIDE_BY_SIDE)
        self._outcomes: list[Sent] = []
        self._marking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: dict[tuple[int, int], deque[Letter]] = {}
        self._held: dict[tuple[int, int], Held] = {}
        self._stopping = False

    def post(self, letters: Sequence[Letter]) -> None:
        """Send letters leased to this process, in the background, each chat's in order."""
        for letter in letters:
            chat = (letter.bot_id, letter.chat_id)
            if chat not in self._lines:
                self._lines[chat] = deque()
                self._spawn(self._work_off(chat))
            self._lines[chat].append(letter)

    def acknowledge(self, answer: dict[str, Any]) -> None:
        """Answer a tap, fire and forget: the spinner matters, the answer does not."""
        self.try_once("answerCallbackQuery", answer)

    def try_once(self, method: str, payload: dict[str, Any]) -> None:
        """A call that is not worth a second try, in the background."""
        self._spawn(self._quietly(method, payload))

    async def tick(self) -> int:
        """Send what waits in the database; how many letters were taken."""
        taken = 0
        while not self._stopping:
            letters = await self.database.run(self._claim)
            if not letters:
                break
            taken += len(letters)
            self.post(letters)
        return taken

    async def settled(self) -> None:
        """Wait until everything sent so far is written down."""
        while self._marking is not None:
            await asyncio.shield(self._marking)

    async def stop(self) -> None:
        """Finish what is on the wire, give the rest back."""
        self._stopping = True
        while self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        await self.settled()
        await self.database.run(lambda session: outbox.release(session, self.owner))

    async def idle(self) -> None:
        """Wait until nothing of this process is on the wire."""
        while self._tasks or self._marking is not None:
            await asyncio.wait({*self._tasks, *([self._marking] if self._marking else [])})

    async def _claim(self, session: Session) -> list[Letter]:
        return await outbox.claim(session, owner=self.owner, now=await now(session))

    async def _work_off(self, chat: tuple[int, int]) -> None:
        """One chat's line. Behind a letter that has to wait, the younger ones wait too."""
        line = self._lines[chat]
        while line:
            letter = line.popleft()
            held = self._held.pop(chat, None)
            if held is not None and held.until > _monotonic():
                outcome = Sent(letter, again_at=held.again_at)
                self._held[chat] = held
            else:
                outcome = await self._send(letter)
            self._mark(outcome)
        del self._lines[chat]

    async def _send(self, letter: Letter) -> Sent:
        async with self._limit:
            try:
                payload = await self._payload(letter)
                result = await self.wire.call(letter.method, payload)
            except Exception as error:  # noqa: BLE001 - the last net: PTB raises KeyError for odd bodies
                return await self._failed(letter, error)
        return Sent(letter, **_receipt(result))

    async def _payload(self, letter: Letter) -> dict[str, Any]:
        """Documents are rendered when they are sent: the outbox keeps only what they are of."""
        wanted = letter.payload.get("document")
        if not isinstance(wanted, dict):
            return dict(letter.payload)
        async with self.database.reading() as session:
            name, content = await self.documents[wanted["kind"]](session, wanted)
        return dict(letter.payload) | {"document": InputFile(content, filename=name)}

    async def _failed(self, letter: Letter, error: Exception) -> Sent:
        if isinstance(error, RetryAfter):
            return await self._flooded(letter, error)
        if isinstance(error, BadRequest):
            return await self._refused(letter, error)
        if isinstance(error, Forbidden):
            return await self._unreachable(letter, error)
        if letter.attempts >= outbox.TRIES:
            log.error("given up", method=letter.method, letter=letter.id, error=repr(error))
            return Sent(letter, dead=type(error).__name__)
        log.warning("send failed", letter=letter.id, error=type(error).__name__)
        return await self._later(letter, pause(letter.attempts))

    async def _flooded(self, letter: Letter, error: RetryAfter) -> Sent:
        """A 429 closes the chat's gate for as long as it says, for every process."""
        seconds = error.retry_after
        wait = seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)

        async def close(session: Session) -> Sent:
            until = await now(session) + wait
            await outbox.close_gate(session, letter.bot_id, f"chat:{letter.chat_id}", until)
            return self._hold(letter, until, wait.total_seconds())

        return await self.database.run(close)

    async def _refused(self, letter: Letter, error: BadRequest) -> Sent:
        words = error.message.lower()
        if any(part in words for part in HARMLESS):
            return Sent(letter)
        lost = any(part in words for part in LOST_MESSAGE)
        if lost and letter.method == "editMessageReplyMarkup":
            return Sent(letter)  # its buttons are gone with it
        if lost and letter.method == "editMessageText":
            again = {k: v for k, v in letter.payload.items() if k != "message_id"}
            return await self._send(replace(letter, method="sendMessage", payload=again))
        if any(part in words for part in LOST_CHAT):
            return await self._unreachable(letter, error)
        log.error("refused", method=letter.method, letter=letter.id, error=error.message)
        return Sent(letter, dead=error.message)

    async def _unreachable(self, letter: Letter, error: TelegramError) -> Sent:
        """Blocked or gone: the work goes to others, the money stays."""

        async def give_up(session: Session) -> None:
            await outbox.drop(session, letter.bot_id, letter.chat_id, error.message)
            await dispatch.unreachable(
                session, letter.bot_id, letter.chat_id, now=await now(session)
            )

        await self.database.run(give_up)
        return Sent(letter, dead=error.message)

    async def _later(self, letter: Letter, seconds: float) -> Sent:
        moment = await self.database.run(now)
        return self._hold(letter, moment + timedelta(seconds=seconds), seconds)

    def _hold(self, letter: Letter, again_at: datetime, seconds: float) -> Sent:
        held = Held(again_at, _monotonic() + seconds)
        self._held[(letter.bot_id, letter.chat_id)] = held
        return Sent(letter, again_at=again_at)

    async def _quietly(self, method: str, payload: dict[str, Any]) -> None:
        try:
            await self.wire.call(method, payload)
        except TelegramError as error:
            log.debug("not done", method=method, error=type(error).__name__)

    def _mark(self, outcome: Sent) -> None:
        """Outcomes are written together: many sends share one commit."""
        self._outcomes.append(outcome)
        if self._marking is None:
            self._marking = asyncio.get_running_loop().create_task(self._write_marks())

    async def _write_marks(self) -> None:
        try:
            while self._outcomes:
                batch, self._outcomes = self._outcomes[:MARKS], self._outcomes[MARKS:]
                work = partial(self._settle, batch)
                # A lost mark sends a message again, which is harmless: the disk need not wait.
                self.post(await self.database.run(work, durable=False))
        except Exception:
            # The leases run out and the letters go again: doubled, never lost.
            log.exception("outcomes of sends were not written")
        finally:
            self._marking = None

    async def _settle(self, batch: Sequence[Sent], session: Session) -> list[Letter]:
        """Write a batch; lease what waits next in the same chats."""
        await outbox.mark(session, batch, owner=self.owner)
        chats = {(sent.letter.bot_id, sent.letter.chat_id) for sent in batch}
        if self._stopping or not await outbox.unclaimed(session, chats):
            return []
        return await outbox.claim(session, owner=self.owner, now=await now(session), chats=chats)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def pause(attempts: int) -> float:
    """Seconds before the next try: 1, 2, 4 … 600, each between half and the whole."""
    return min(600.0, 2.0 ** (attempts - 1)) * random.uniform(0.5, 1.0)  # noqa: S311


def _receipt(result: Any) -> dict[str, Any]:
    """What a later turn needs of a sent message."""
    if not isinstance(result, dict):
        return {}
    poll = result.get("poll")
    return {"message_id": result.get("message_id"), "poll_id": poll["id"] if poll else None}
