"""Turn: one update being handled, with everything a handler may need and no way to Telegram.

A handler calls one use case and says what must be said: `turn.say(message)` becomes a row of the
outbox in the same transaction. What is queued here is sent after the commit, or never was.
"""

from contextvars import ContextVar
from datetime import datetime
from typing import Any, Self

from telegram import CallbackQuery, Update
from telegram.ext import CallbackContext, ExtBot

from bot.models.chat import Chat
from bot.models.people import Worker
from bot.pay.runner import Rails
from bot.store import outbox
from bot.store.database import Session
from bot.store.outbox import Letter
from handlers import cards, keyboards
from handlers.cards import Message
from handlers.keyboards import Rows

TOAST = 200  # characters of an answered callback query


class Turn(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """PTB's context, typed and bound to one transaction."""

    session: Session
    now: datetime
    """The database's time when the update was taken, UTC."""
    bot_id: int
    chat: Chat
    worker: Worker
    received: Update
    owner: str
    """Who sends what is queued here, see outbox.queue."""
    paced: bool = True
    """Whether Telegram's limits of a chat count, see outbox.room."""

    rails: Rails | None = None
    """What leads to payment providers, and the log of what went there."""

    def begin(self, *, session: Session, now: datetime, update: Update, owner: str) -> None:
        self.session, self.now, self.received, self.owner = session, now, update, owner
        self.letters: list[Letter] = []
        self.answer: dict[str, Any] | None = None
        self.mine: list[Letter] = []
        if update.callback_query is not None:
            self.answer = {"callback_query_id": update.callback_query.id}

    @classmethod
    def from_update(cls, update: object, application: Any) -> Self:
        """PTB asks for a context for each handler group; every one of an update is the same."""
        turn = current.get()
        assert isinstance(turn, cls)
        return turn

    @property
    def locale(self) -> str:
        """The language chosen, English until then."""
        return self.worker.locale or "en"

    @property
    def zone(self) -> str:
        return self.worker.zone or "UTC"

    @property
    def query(self) -> CallbackQuery:
        """The tap being handled."""
        assert self.received.callback_query is not None
        return self.received.callback_query

    @property
    def tapped(self) -> int | None:
        """The message whose button was tapped."""
        query = self.received.callback_query
        return None if query is None or query.message is None else query.message.message_id

    def say(self, message: Message, *, lane: int = outbox.REPLIES, card: int | None = None) -> None:
        """A new message in this chat."""
        self.tell(self.chat, message, lane=lane, card=card)

    def tell(
        self, chat: Chat, message: Message, *, lane: int = outbox.REPLIES, card: int | None = None
    ) -> None:
        """A new message in somebody's chat."""
        method, payload = cards.send(message, chat.chat_id)
        self._queue(chat, method, payload, lane=lane, card=card)

    def can_replace(self, message: Message) -> bool:
        """Whether the tapped message can be edited into this one: media cannot become text."""
        if self.tapped is None or message.kind != "text" or message.keyboard is not None:
            return False
        before = self.query.message
        return bool(getattr(before, "text", None)) and getattr(before, "poll", None) is None

    def replace(self, message: Message) -> None:
        """Turn the message whose button was tapped into this one; without a tap, say it.

        The person is looking at that message: an edit keeps it in place and does not notify.
        Media cannot be turned into text, so such a message loses its buttons and a new one comes.
        """
        if self.can_replace(message) and self.tapped is not None:
            method, payload = cards.edit(message, self.chat.chat_id, self.tapped)
            self._queue(self.chat, method, payload)
            return
        self.say(message)
        if self.tapped is not None:
            self.strip(self.tapped)

    def strip(self, message_id: int) -> None:
        """Take the buttons off an earlier message."""
        payload = {"chat_id": self.chat.chat_id, "message_id": message_id}
        self._queue(self.chat, "editMessageReplyMarkup", payload)

    def change_buttons(self, rows: Rows) -> None:
        """Other buttons under the message that was tapped, whatever it shows."""
        self.call(
            "editMessageReplyMarkup",
            chat_id=self.chat.chat_id,
            message_id=self.tapped,
            reply_markup=keyboards.inline(rows),
        )

    def call(self, method: str, **payload: Any) -> None:
        """Any other Bot API call that concerns this chat: commands, a pin, a reaction."""
        self._queue(self.chat, method, payload)

    def toast(self, text: str, *, alert: bool = False) -> None:
        """A short note over the chat, in answer to a tap; without a tap, nothing."""
        if self.answer is not None:
            self.answer["text"] = text[:TOAST]
            self.answer["show_alert"] = alert

    async def flush(self) -> list[Letter]:
        """Write what was said; the letters that this process is to send right after the commit.

        This chat is locked, so its letters are sent at once, as many as may; a chat in which older
        letters wait is left to the sender, who also claims those to other chats.
        """
        if not self.chat.reachable and self.received.message is not None:
            # Who writes can be reached after all: what was put off is not in the way of an answer.
            await outbox.resume(self.session, self.bot_id, self.chat.chat_id)
        here = [letter for letter in self.letters if letter.chat_id == self.chat.chat_id]
        others = [letter for letter in self.letters if letter.chat_id != self.chat.chat_id]
        room = await self._room() if here else 0
        mine, rest = here[:room], here[room:] + others
        await outbox.queue(self.session, mine, owner=self.owner, now=self.now)
        await outbox.queue(self.session, rest, owner=None, now=self.now)
        return mine + others

    async def _room(self) -> int:
        return await outbox.room(
            self.session, self.bot_id, self.chat.chat_id, owner=self.owner, paced=self.paced
        )

    def _queue(
        self,
        chat: Chat,
        method: str,
        payload: dict[str, Any],
        *,
        lane: int = outbox.REPLIES,
        card: int | None = None,
    ) -> None:
        self.letters.append(
            Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=lane, card=card)
        )


current: ContextVar[Turn] = ContextVar("turn")
