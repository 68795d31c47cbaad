"""Where everything meets: settings, database, Telegram's wire, the handlers and the clock.

One update is one transaction (`Kazi.take`): recorded in the inbox, handled, its messages queued,
committed; only then acknowledged, and only then spoken. Webhook and polling are the same turn.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any

import aiohttp
import msgspec
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars
from telegram import Update
from telegram.error import InvalidToken, NetworkError
from telegram.ext import Application, ApplicationBuilder, ContextTypes

import handlers
from bot import crypto, i18n, metrics
from bot.errors import Refusal
from bot.i18n import N_
from bot.pay import callbacks, destinations, payment_log, reconciliation
from bot.pay.ledger import KeyReused
from bot.pay.payment_log import PaymentLog
from bot.pay.providers.provider import Outcome
from bot.pay.providers.wire import Wire as ProviderWire
from bot.pay.runner import Rails
from bot.people import identities, workers
from bot.people.workers import Visitor
from bot.settings import Settings
from bot.store import inbox, migrate, outbox
from bot.store.database import Database, Session, now, transient
from handlers import alarms, menu, ticks
from handlers.deliver import Sender
from handlers.turn import Turn, current
from handlers.wire import Aiohttp, Wire

log = structlog.get_logger()

KINDS = ("message", "edited_message", "callback_query", "my_chat_member", "poll_answer")
_SECONDS = {kind: metrics.TURN_SECONDS.labels(kind) for kind in KINDS}
_DONE = {kind: metrics.UPDATES.labels(kind, "done") for kind in KINDS}
SERVER_POLL = 25  # seconds that Telegram holds a getUpdates open


class TokenRefused(Refusal):
    msgid = N_("Telegram does not know this token. Check KAZI_BOT_TOKEN.")


class TelegramOutOfReach(Refusal):
    msgid = N_("{url} does not answer. Check the network, or KAZI_API_URL.")


class Verdict(Enum):
    """What to tell Telegram of an update."""

    DONE = auto()
    AGAIN = auto()
    """A passing fault of the database: deliver it once more, soon."""
    FAILED = auto()
    """A bug: deliver it again, a few times."""


@dataclass(frozen=True, slots=True)
class Taken:
    verdict: Verdict
    answer: dict[str, Any] | None = None
    """The answer to a tap: it may ride in the reply to a webhook."""


class Bot(Application[Any, Turn, Any, Any, Any, Any]):
    """PTB's application, except that an error of a handler reaches the caller, who rolls back."""

    async def process_error(self, update: object, error: Exception, *args: Any, **kw: Any) -> bool:
        raise error


class Kazi:
    """The running bot of one token."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.bot_id = settings.bot_id
        self.wire = _wire(settings)
        self.bot = _application(self.wire)
        self.sender = Sender(
            database,
            self.wire,
            documents=handlers.DOCUMENTS,
            bot_id=self.bot_id,
            rate_limit=settings.rate_limit,
        )
        self.clock = ticks.Ticker(
            timezone="UTC",
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        # A tick that still runs when it is due again is skipped, which is meant and no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._stopping = asyncio.Event()

    async def start(self, *, clock: bool = True, first: bool = True) -> None:
        """Greet Telegram and start the clock; the first bot of a process opens the database."""
        payments = payment_log.of(self.settings, self.database)
        if first:
            await _open(self.database, payments)
        await self._greet()
        self.sender.rails = Rails(ProviderWire(aiohttp.ClientSession(), self.settings), payments)
        for method, payload in menu.profile():
            self.sender.try_once(method, payload)
        if clock:
            for tick, seconds in ticks.TICKS.items():
                self.clock.add_job(
                    ticks.run,
                    "interval",
                    seconds=seconds,
                    args=[tick, self.sender],
                    id=tick.__name__,
                )
            self.clock.start()

    async def _greet(self) -> None:
        """Ask Telegram who we are. The errors' own words are not shown: they hold the token."""
        try:
            await self.bot.initialize()
        except InvalidToken:
            raise TokenRefused from None
        except NetworkError:
            raise TelegramOutOfReach(url=self.settings.api_url) from None

    async def stop(self, *, last: bool = True) -> None:
        """Finish what was begun; the last bot of a process closes the database.

        What waits in the database waits for the next process.
        """
        self._stopping.set()
        if self.clock.running:
            self.clock.pause()
            await asyncio.sleep(0)  # a tick cancelled before its first step is logged as a fault
            self.clock.shutdown(wait=False)
        await self.sender.stop()
        if self.sender.rails is not None:
            await self.sender.rails.wire.session.close()
        await self.bot.shutdown()
        if last:
            await self.database.dispose()

    async def poll(self) -> None:
        """Fetch updates, handle them, and only then let Telegram forget them."""
        offset = 0
        while not self._stopping.is_set():
            updates = await self._fetch(offset)
            await self._take_all(updates)
            offset = max([offset, *(update["update_id"] + 1 for update in updates)])

    async def take(self, data: Mapping[str, Any]) -> Taken:
        """Handle one update, once: a repeated delivery changes nothing and is acknowledged."""
        update_id, kind = data["update_id"], _kind(data)
        clear_contextvars()  # polling takes one update after another in one task
        bind_contextvars(update=update_id)
        if kind is None:
            await self.bury(update_id, "unknown", data, "unknown kind of update")
            return Taken(Verdict.DONE)
        with _SECONDS[kind].time():
            return await self._take(update_id, kind, data)

    async def _take(self, update_id: int, kind: str, data: Mapping[str, Any]) -> Taken:
        try:
            return await self._turn(update_id, kind, data, None)
        except Refusal as refusal:
            return await self._turn(update_id, kind, data, refusal)
        except Exception as error:
            if transient(error):
                log.warning("update postponed", update=update_id, error=type(error).__name__)
                metrics.UPDATES.labels(kind, "again").inc()
                return Taken(Verdict.AGAIN)
            log.exception("update failed", update=update_id, kind=kind)
            if isinstance(error, KeyReused):
                await self.database.run(partial(alarms.key_reused, key=error.key))
            return await self._failed(update_id, kind, data, error)

    async def bury(self, update_id: int, kind: str, data: object, why: str) -> None:
        """Keep what cannot be handled for a person, out of the way of its chat's next updates."""
        raw = msgspec.json.encode(data).decode()
        log.error("update buried", update=update_id, why=why)
        metrics.UPDATES.labels(kind, "dead").inc()
        await self.database.run(
            lambda session: inbox.bury(session, self.bot_id, update_id, kind, raw, why)
        )

    async def _turn(
        self, update_id: int, kind: str, data: Mapping[str, Any], refusal: Refusal | None
    ) -> Taken:
        """The transaction. With a refusal, what was undone is explained in a second one."""

        async def handle(session: Session) -> Turn | None:
            return await self._handle(session, update_id, kind, data, refusal)

        turn = await self.database.run(handle)
        _DONE[kind].inc()
        if turn is None:
            return Taken(Verdict.DONE)
        self.sender.post(turn.mine)
        return Taken(Verdict.DONE, turn.answer)

    async def _handle(
        self,
        session: Session,
        update_id: int,
        kind: str,
        data: Mapping[str, Any],
        refusal: Refusal | None,
    ) -> Turn | None:
        now = await inbox.take(session, self.bot_id, update_id, kind)
        if now is None:
            return None
        update = Update.de_json(dict(data), self.wire)
        if update.effective_user is None or _in_group(update):
            return None
        turn = Turn(self.bot)
        turn.begin(session=session, now=now, update=update, owner=self.sender.owner)
        visitor = _visitor(update)
        turn.bot_id, turn.paced, turn.rails = self.bot_id, self.sender.paced, self.sender.rails
        if update.message is not None:
            owners = self.settings.owner_ids
            met = await workers.meet(session, self.bot_id, visitor, owners=owners)
        elif (found := await workers.find(session, self.bot_id, visitor)) is not None:
            met = found
        else:  # only writing begins anything: who was erased and blocks the bot stays forgotten
            return None
        turn.chat, turn.worker = met
        bind_contextvars(worker=turn.worker.id)
        token = current.set(turn)
        try:
            with i18n.speaking(turn.worker.locale or i18n.resolve(visitor.language)):
                if refusal is None:
                    await self.bot.process_update(update)
                else:
                    handlers.explain(turn, refusal)
        finally:
            current.reset(token)
        turn.mine = await turn.flush()
        return turn

    async def _failed(
        self, update_id: int, kind: str, data: Mapping[str, Any], error: Exception
    ) -> Taken:
        failures = await self.database.run(
            lambda session: inbox.count_attempt(session, self.bot_id, update_id)
        )
        if failures < inbox.ATTEMPTS:
            metrics.UPDATES.labels(kind, "failed").inc()
            return Taken(Verdict.FAILED)
        await self.bury(update_id, kind, data, f"{type(error).__name__} {failures} times")
        return Taken(Verdict.DONE)

    async def receive(self, provider: str, outcomes: Sequence[Outcome]) -> None:
        """Keep what a payment provider says by itself."""

        async def keep(session: Session) -> None:
            await callbacks.receive(session, provider, outcomes, now=await now(session))

        await self.database.run(keep)

    async def webhook_info(self) -> dict[str, Any]:
        """What Telegram says of the webhook; raises TelegramError."""
        return dict(await self.wire.call("getWebhookInfo", {}))

    async def _fetch(self, offset: int) -> list[dict[str, Any]]:
        try:
            return await self.wire.fetch(offset, KINDS, SERVER_POLL)
        except Exception as error:  # noqa: BLE001 - the loop outlives every fault of the wire
            log.warning("no updates fetched", error=type(error).__name__)
            await asyncio.sleep(1)
            return []

    async def _take_all(self, updates: list[dict[str, Any]]) -> None:
        """In order within a chat, chats side by side; returns when every update is settled."""
        chats: dict[object, list[dict[str, Any]]] = {}
        for update in updates:
            chats.setdefault(_chat_of(update), []).append(update)
        await asyncio.gather(*(self._take_in_order(chat) for chat in chats.values()))

    async def _take_in_order(self, updates: list[dict[str, Any]]) -> None:
        for update in updates:
            taken = await self.take(update)
            while taken.verdict is not Verdict.DONE and not self._stopping.is_set():
                await asyncio.sleep(0.2)
                taken = await self.take(update)
            if taken.answer is not None:
                self.sender.acknowledge(taken.answer)


async def _open(database: Database, payments: PaymentLog | None) -> None:
    """Claim the database, bring it up to date, and see that its names can be read.

    Older than its payment log it was put back from a copy: payouts are frozen.
    """
    database.claim()
    await migrate.upgrade(database)
    await database.run(identities.prove)
    await database.run(destinations.prove)
    if payments is not None:
        doubts = await database.run(partial(reconciliation.guard, log=payments))
        if doubts:
            log.error("payouts frozen: the database is older than its payment log", more=doubts)
    if not database.vault.protects:
        log.warning("names in the database are not protected", missing=crypto.SETTING)
    if database.is_sqlite:
        # The file is ours alone: who leased these letters is dead, and nobody need wait 45 s.
        await database.run(lambda session: outbox.release(session, None))


def _wire(settings: Settings) -> Wire:
    base = settings.api_url.rstrip("/")
    return Wire(
        token=settings.token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=Aiohttp(connections=64),
        get_updates_request=Aiohttp(connections=2, read=SERVER_POLL + 10),
    )


def _application(wire: Wire) -> Bot:
    application = (
        ApplicationBuilder()
        .application_class(Bot)
        .bot(wire)
        .updater(None)
        .job_queue(None)
        .context_types(ContextTypes(context=Turn))
        .build()
    )
    handlers.route(application)
    assert isinstance(application, Bot)
    return application


def _kind(data: Mapping[str, Any]) -> str | None:
    return next((kind for kind in KINDS if kind in data), None)


def _chat_of(data: Mapping[str, Any]) -> object:
    """The chat an update belongs to; in private chats that is the person."""
    kind = _kind(data)
    content = data[kind] if kind else {}
    person = content.get("from") or content.get("user") or {}
    return person.get("id")


def _in_group(update: Update) -> bool:
    """Work happens in private chats; who only writes in a group has agreed to nothing."""
    chat = update.effective_chat
    return chat is not None and chat.type != "private"


def _visitor(update: Update) -> Visitor:
    user = update.effective_user
    assert user is not None
    return Visitor(user.id, user.full_name, user.username, user.language_code)
