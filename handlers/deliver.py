"""The outbox to Telegram: the only file that awaits the Bot API."""

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from telegram import InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot import metrics
from bot.pay.runner import Rails
from bot.store import gates, outbox
from bot.store.database import Database, Session, now
from bot.store.gates import Flood
from bot.store.outbox import Letter, Sent
from bot.work import dispatch
from handlers.slots import Slots
from handlers.wire import Wire, never_sent

log = structlog.get_logger()

IN_HAND = 60  # letters that a tick claims ahead: two seconds of the budget
STALE = 15.0  # seconds in hand: after it and a call's 30 s of time-outs the lease ends
RENDERING = timedelta(minutes=10)  # the lease of a document: a million answers take 20 s of CPU
MARKS = 100  # outcomes written in one transaction
# Seconds that a letter put off keeps the younger ones in hand behind it, until all is written
# down; from then on the database does.
SHORTEST, LONGEST = 0.5, 2.0
OUT_OF_REACH = 10.0  # seconds between tries while Telegram does not answer, at most
NOT_LET_IN = 60.0  # seconds between tries while the token is refused
HARMLESS = ("message is not modified", "query is too old", "query id is invalid")
LOST_MESSAGE = ("message to edit not found", "message can't be edited", "message_id_invalid")
LOST_CHAT = ("chat not found", "user is deactivated", "bot was blocked")

Document = Callable[[Session, Mapping[str, Any]], Awaitable[tuple[str, bytes]]]


class Status:
    """One message that says how far something is, edited while it goes on."""

    def __init__(self, sender: "Sender", chat_id: int) -> None:
        self._sender, self._chat_id = sender, chat_id
        self._message_id: int | None = None

    async def say(self, text: str) -> None:
        """Show `text`; a status that cannot be shown is not worth a failure."""
        where: dict[str, Any] = {"chat_id": self._chat_id, "text": text, "parse_mode": "HTML"}
        if self._message_id is None:
            sent = await self._sender.ask("sendMessage", where | {"disable_notification": True})
            self._message_id = sent["message_id"] if sent else None
        else:
            await self._sender.ask("editMessageText", where | {"message_id": self._message_id})


class Sender:
    """Sends the letters of one bot. What it has leased and not sent, another process sends later.

    `rate_limit` is in messages a second over all processes; 0 for a server without limits.
    """

    def __init__(
        self,
        database: Database,
        wire: Wire,
        *,
        documents: Mapping[str, Document],
        bot_id: int,
        rate_limit: int = 30,
    ) -> None:
        self.database, self.wire, self.documents = database, wire, documents
        self.bot_id, self.paced = bot_id, rate_limit > 0
        self.owner = secrets.token_hex(6)
        self.rails: Rails | None = None  # where money leaves; the app lays them at its start
        self._slots = Slots(database, bot_id, rate_limit)
        self._outcomes: list[Sent] = []
        self._marking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: dict[int, deque[tuple[Letter, float]]] = {}
        self._held: dict[int, float] = {}
        self._in_hand = 0
        self._failures = 0
        self._resting_until = 0.0
        self._stopping = False

    def post(self, letters: Sequence[Letter]) -> None:
        """Send letters in the background, each chat's in order.

        Those leased to this process go at once; what waits in the other chats is claimed first.
        """
        elsewhere = {letter.chat_id for letter in letters if not letter.attempts}
        if elsewhere:
            self._spawn(self._collect(elsewhere))
        for letter in letters:
            if letter.attempts:
                self._line_up(letter)

    def acknowledge(self, answer: dict[str, Any]) -> None:
        """Answer a tap, fire and forget: the spinner matters, the answer does not."""
        self.try_once("answerCallbackQuery", answer)

    def try_once(self, method: str, payload: dict[str, Any]) -> None:
        """A call that is not worth a second try and not counted as a message, in the background."""
        self._spawn(self._quietly(method, payload))

    async def ask(self, method: str, payload: dict[str, Any]) -> Any:
        """A call that counts as a message and is not worth a second try; None when it failed."""
        if await self._slots.take(outbox.REPLIES):
            return None
        try:
            return await self._once(method, payload)
        finally:
            self._slots.give(outbox.REPLIES)

    async def tick(self) -> int:
        """Send what waits in the database; how many letters were taken."""
        taken = 0
        self._held = {chat: until for chat, until in self._held.items() if until > _monotonic()}
        if not self._resting():
            await self.database.run(lambda session: outbox.expire(session, self.bot_id))
        while not self._resting():
            letters = await self.database.run(self._claim)
            if not letters:
                break
            taken += len(letters)
            self.post(letters)
            while self._in_hand >= IN_HAND:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        return taken

    async def settled(self) -> None:
        """Wait until everything sent so far is written down."""
        while self._marking is not None:
            await asyncio.shield(self._marking)

    async def stop(self) -> None:
        """Finish what is on the wire, give the rest back."""
        self._stopping = True
        self._slots.shut(SHORTEST)
        while self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        await self.settled()
        await self.database.run(lambda session: outbox.release(session, self.owner))

    async def idle(self) -> None:
        """Wait until nothing of this process is on the wire."""
        while self._tasks or self._marking is not None:
            await asyncio.wait({*self._tasks, *([self._marking] if self._marking else [])})

    # One chat after the other's letters

    async def _claim(self, session: Session) -> list[Letter]:
        return await outbox.claim(session, self.bot_id, owner=self.owner, paced=self.paced)

    async def _claim_of(self, chats: set[int], session: Session) -> list[Letter]:
        if self._resting():
            return []
        return await outbox.claim(
            session, self.bot_id, owner=self.owner, chats=chats, paced=self.paced
        )

    async def _collect(self, chats: set[int]) -> None:
        try:
            self.post(await self.database.run(partial(self._claim_of, chats)))
        except Exception:
            log.exception("letters were left to the next tick")

    def _line_up(self, letter: Letter) -> None:
        if letter.chat_id not in self._lines:
            self._lines[letter.chat_id] = deque()
            self._spawn(self._work_off(letter.chat_id))
        self._lines[letter.chat_id].append((letter, _monotonic()))
        self._in_hand += 1

    async def _work_off(self, chat_id: int) -> None:
        """One chat's line. Behind a letter that has to wait, the younger ones wait too."""
        structlog.contextvars.clear_contextvars()  # soon it sends letters of other turns too
        line = self._lines[chat_id]
        while line:
            letter, since = line.popleft()
            wait = max(self._held.get(chat_id, 0.0), self._resting_until) - _monotonic()
            if wait > 0 or self._stopping:
                outcome = _later(letter, wait, called=False)
            else:
                outcome = await self._send(letter, since)
            if outcome.again_in is not None:
                self._held[chat_id] = _monotonic() + min(LONGEST, outcome.again_in)
            self._in_hand -= 1
            self._mark(outcome)
        del self._lines[chat_id]

    async def _send(self, letter: Letter, since: float) -> Sent:
        try:
            payload = await self._payload(letter)
        except Exception as error:
            log.exception("not rendered", letter=letter.id)
            return self._again(letter, error)
        if payload.get("document") is not letter.payload.get("document"):
            since = _monotonic()  # its lease was made as long as rendering takes
        with metrics.GATE_WAIT.time():
            shut = await self._slots.take(letter.lane)
        if shut:
            return _later(letter, shut, called=False)
        try:
            if self._stopping or _monotonic() - since > STALE:
                return _later(letter, 0, called=False)
            result = await self.wire.call(letter.method, payload)
        except Exception as error:  # noqa: BLE001 - the last net: PTB raises KeyError for odd bodies
            failure = error
        else:
            self._failures = 0
            return Sent(letter, **_receipt(result))
        finally:
            self._slots.give(letter.lane)
        return await self._failed(letter, failure)

    async def _payload(self, letter: Letter) -> dict[str, Any]:
        """Documents are rendered when they are sent: the outbox keeps only what they are of."""
        payload = dict(letter.payload)
        if "chat_id" in payload:
            payload["chat_id"] = letter.chat_id  # the chat may have moved since
        wanted = payload.get("document")
        if not isinstance(wanted, dict):
            return payload
        await self.database.run(
            lambda session: outbox.extend(session, letter, self.owner, RENDERING), durable=False
        )
        async with self.database.reading() as session:
            name, content = await self.documents[wanted["kind"]](session, wanted)
        return payload | {"document": InputFile(content, filename=name)}

    # What goes wrong

    async def _failed(self, letter: Letter, error: Exception) -> Sent:
        try:
            if isinstance(error, RetryAfter):
                flood = await self._flooded(letter.chat_id, error)
                return _later(letter, flood.seconds, called=False)
            if isinstance(error, BadRequest):
                return await self._refused(letter, error)
            if isinstance(error, Forbidden):
                return await self._unreachable(letter, error)
            if isinstance(error, ChatMigrated):
                return await self._moved(letter, error)
        except Exception:
            log.exception("a refusal was not written down", letter=letter.id)
        return self._unsettled(letter, error)

    def _unsettled(self, letter: Letter, error: Exception) -> Sent:
        """What says nothing of the letter: it goes again, as long as that makes sense."""
        if isinstance(error, InvalidToken) and "unauthorized" in error.message.lower():
            log.error("Telegram does not know this token any more: nothing is sent")
            return self._rest(letter, NOT_LET_IN)
        if never_sent(error):
            return self._out_of_reach(letter, error)
        if isinstance(error, NetworkError) and "too large" in error.message.lower():
            return self._given_up(letter, error.message)
        return self._again(letter, error)

    def _again(self, letter: Letter, error: Exception) -> Sent:
        """Telegram may have done it or not: a doubled message is harmless, a lost one is not."""
        if letter.attempts >= outbox.TRIES:
            return self._given_up(letter, type(error).__name__)
        log.warning("send failed", letter=letter.id, error=type(error).__name__)
        return _later(letter, pause(letter.attempts))

    def _given_up(self, letter: Letter, why: str) -> Sent:
        log.error("given up", method=letter.method, letter=letter.id, error=why)
        return Sent(letter, dead=why)

    def _out_of_reach(self, letter: Letter, error: Exception) -> Sent:
        """No letter's fault, so none counts it: the whole bot rests, longer each time."""
        if not self._resting():
            self._failures += 1
            log.warning("Telegram is out of reach", error=type(error.__cause__).__name__)
        return self._rest(letter, min(OUT_OF_REACH, pause(min(self._failures, 10))))

    def _rest(self, letter: Letter, seconds: float) -> Sent:
        self._resting_until = max(self._resting_until, _monotonic() + seconds)
        return _later(letter, self._resting_until - _monotonic(), called=False)

    def _resting(self) -> bool:
        """Whether nothing can be sent now."""
        return self._stopping or self._resting_until > _monotonic() or self._slots.shut_for() > 0

    async def _flooded(self, chat_id: int | None, error: RetryAfter) -> Flood:
        """A 429 shuts the chat, or the bot, for as long as it says and for every process."""
        seconds = error.retry_after
        wait = seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)
        flood = await self.database.run(
            lambda session: gates.flooded(session, self.bot_id, chat_id, wait)
        )
        log.warning("flood limit", chat=chat_id, bot=flood.whole_bot, seconds=flood.seconds)
        if flood.whole_bot:
            self._slots.shut(flood.seconds)
        return flood

    async def _note_flood(self, chat_id: int | None, error: RetryAfter) -> None:
        """Aside: who asked may be in a transaction, and on SQLite nobody else writes meanwhile."""
        try:
            await self._flooded(chat_id, error)
        except Exception:
            log.exception("a flood limit was not written down")

    async def _refused(self, letter: Letter, error: BadRequest) -> Sent:
        words = error.message.lower()
        if any(part in words for part in HARMLESS):
            return Sent(letter)
        lost = any(part in words for part in LOST_MESSAGE)
        if lost and letter.method == "editMessageReplyMarkup":
            return Sent(letter)  # its buttons are gone with it
        if lost and letter.method == "editMessageText":
            again = {k: v for k, v in letter.payload.items() if k != "message_id"}
            return await self._send(
                replace(letter, method="sendMessage", payload=again), _monotonic()
            )
        if any(part in words for part in LOST_CHAT):
            return await self._unreachable(letter, error)
        return self._given_up(letter, error.message)

    async def _unreachable(self, letter: Letter, error: TelegramError) -> Sent:
        """Blocked or gone: the work goes to others, the money and what tells of it stay."""

        async def give_up(session: Session) -> None:
            await outbox.drop(session, letter.bot_id, letter.chat_id, error.message)
            await dispatch.unreachable(
                session, letter.bot_id, letter.chat_id, now=await now(session)
            )

        await self.database.run(give_up)
        if letter.lane == outbox.MONEY and letter.attempts < outbox.TRIES:
            return _later(letter, outbox.AGAIN_AT_BLOCKED.total_seconds())
        return Sent(letter, dead=error.message)

    async def _moved(self, letter: Letter, error: ChatMigrated) -> Sent:
        await self.database.run(
            lambda session: outbox.migrate(
                session, letter.bot_id, letter.chat_id, error.new_chat_id
            )
        )
        return _later(letter, 0, called=False)

    async def _quietly(self, method: str, payload: dict[str, Any]) -> None:
        if self._slots.shut_for() <= 0:
            await self._once(method, payload)

    async def _once(self, method: str, payload: dict[str, Any]) -> Any:
        try:
            return await self.wire.call(method, payload)
        except RetryAfter as error:
            self._spawn(self._note_flood(payload.get("chat_id"), error))
        except Exception as error:  # noqa: BLE001 - see _send
            log.debug("not done", method=method, error=type(error).__name__)
        return None

    # What became of them

    def _mark(self, outcome: Sent) -> None:
        """Outcomes are written together: many sends share one commit."""
        metrics.SENDS.labels(outcome.letter.method, _became(outcome)).inc()
        self._outcomes.append(outcome)
        if self._marking is None:
            self._marking = asyncio.get_running_loop().create_task(self._write_marks())

    async def _write_marks(self) -> None:
        structlog.contextvars.clear_contextvars()  # they are of many turns
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
        await outbox.mark(session, self.bot_id, batch, owner=self.owner, paced=self.paced)
        chats = {sent.letter.chat_id for sent in batch}
        if self._resting() or not await outbox.unclaimed(session, self.bot_id, chats):
            return []
        return await self._claim_of(chats, session)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def _later(letter: Letter, seconds: float, *, called: bool = True) -> Sent:
    return Sent(letter, again_in=max(SHORTEST, seconds), called=called)


def _became(outcome: Sent) -> str:
    if outcome.dead is not None:
        return "dead"
    return "sent" if outcome.again_in is None else "held"


def pause(attempts: int) -> float:
    """Seconds before the next try: 1, 2, 4 … 600, each between half and the whole."""
    return min(600.0, 2.0 ** (attempts - 1)) * random.uniform(0.5, 1.0)  # noqa: S311


def _receipt(result: Any) -> dict[str, Any]:
    """What a later turn needs of a sent message."""
    if not isinstance(result, dict):
        return {}
    poll = result.get("poll")
    return {"message_id": result.get("message_id"), "poll_id": poll["id"] if poll else None}
