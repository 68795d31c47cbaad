"""What people do: write, tap, upload, vote, block. Each act ends when its update is queued."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from bot.sandbox import entities, media, polls
from bot.sandbox.chats import Chat, Message
from bot.sandbox.checks import Upload, utf16

if TYPE_CHECKING:
    from bot.sandbox.world import World

T = TypeVar("T")
TEXT_LIMIT = 4096
SHOWN = 5


class Person:
    """Somebody who talks to the bot in a private chat."""

    def __init__(self, world: World, user: dict[str, Any], *, note: str, history: int) -> None:
        self.user = user
        self.id: int = user["id"]
        self.note = note
        self.started = False
        self.blocked = False
        info = {key: user[key] for key in ("id", "first_name", "username") if key in user}
        self.chat = Chat(info | {"type": "private"}, history)
        self._world = world

    @property
    def first_name(self) -> str:
        """The name they gave."""
        return str(self.user["first_name"])

    @property
    def username(self) -> str | None:
        """Their @name without the @."""
        return self.user.get("username")

    @property
    def language_code(self) -> str:
        """The language of their app."""
        return str(self.user.get("language_code", ""))

    @property
    def last(self) -> Message:
        """The newest message from the bot."""
        for message in reversed(self.chat.messages):
            if message["from"]["is_bot"]:
                return message
        raise LookupError(f"{self.first_name} has no message from the bot")

    async def send(self, text: str, *, reply_to: int | None = None) -> int:
        """Write to the bot; the message id. Also how a reply keyboard's button is pressed."""
        if not 1 <= utf16(text) <= TEXT_LIMIT:
            raise ValueError(f"an app sends 1-{TEXT_LIMIT} characters, not {utf16(text)}")
        found = entities.found(text)
        return self._write({"text": text} | ({"entities": found} if found else {}), reply_to)

    async def upload(
        self,
        kind: Literal["document", "photo", "voice", "audio"],
        content: bytes,
        *,
        filename: str,
        caption: str = "",
    ) -> int:
        """Send a file; the message id."""
        mime_type = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        file = self._world.files.keep(kind, Upload(filename, content, mime_type))
        told = {"caption": caption} if caption else {}
        found = entities.found(caption)
        told |= {"caption_entities": found} if found else {}  # type: ignore[dict-item]
        return self._write(media.shown(kind, file, {}) | told, None)

    async def edit(self, message_id: int, text: str) -> None:
        """Change a text sent earlier."""
        message = self._find(message_id)
        if message["from"]["id"] != self.id or "text" not in message:
            raise LookupError(f"message {message_id} is no text of {self.first_name}")
        message["text"], message["edit_date"] = text, self._world.now()
        message.pop("entities", None)
        if found := entities.found(text):
            message["entities"] = found
        self._world.events.emit("edit", self.id, message=message)
        self._world.updates.add("edited_message", message, ("chat", self.id))
        self.chat.changed()

    async def tap(
        self,
        message_id: int,
        *,
        text: str | None = None,
        data: str | None = None,
        row: int | None = None,
        col: int | None = None,
    ) -> str:
        """Press the button with this text, data or place; the id of the callback query."""
        message = self._find(message_id)
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        button = _button(rows, text, data, row, col)
        if "callback_data" not in button:
            raise LookupError(f"{button['text']!r} sends nothing to the bot when pressed")
        return await self.tap_data(message_id, button["callback_data"])

    async def tap_data(self, message_id: int, data: str) -> str:
        """Send any callback data for a message, as a forged app can; the id of the query."""
        query_id = self._world.tapped(self)
        message = self.chat.find(message_id)
        gone = {"message_id": message_id, "chat": self.chat.info, "date": 0}
        query = {
            "id": query_id,
            "from": self.user,
            "message": gone if message is None else message,
            "chat_instance": str(self.id * 7919),
            "data": data,
        }
        self._world.updates.add("callback_query", query, ("user", self.id))
        self.read()
        return query_id

    async def vote(self, message_id: int, options: list[int]) -> None:
        """Choose options of a poll; none takes the vote back."""
        polls.vote(self._world, self, self._find(message_id), options)

    async def block(self) -> None:
        """Stop the bot: its messages fail from now on."""
        if not self.blocked:
            self.blocked = True
            self._member_changed("member", "kicked")

    async def unblock(self) -> None:
        """Let the bot write again."""
        if self.blocked:
            self.blocked = False
            self._member_changed("kicked", "member")

    def read(self) -> None:
        """Have seen all that the bot wrote."""
        if self.chat.unread:
            self.chat.unread = 0
            self._world.events.emit("read", self.id)

    async def wait(self, predicate: Callable[[Chat], T], timeout: float = 5) -> T:  # noqa: ASYNC109
        """The first truthy value of `predicate(chat)`; TimeoutError after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not (value := predicate(self.chat)):
                    await self.chat.change()
                return value
        except TimeoutError:
            raise TimeoutError(self._picture(timeout)) from None

    def _write(self, content: dict[str, Any], reply_to: int | None) -> int:
        """Put a message of this person into the chat and queue its update."""
        if self.blocked:
            raise RuntimeError(f"{self.first_name} blocked the bot and cannot write to it")
        message: Message = {
            "message_id": self._world.next_message_id(),
            "from": self.user,
            "chat": self.chat.info,
            "date": self._world.now(),
            **content,
        }
        if reply_to is not None:
            message["reply_to_message"] = plain(self._find(reply_to))
        self.started = True
        self._put_keyboard_away(content.get("text"))
        self.chat.add(message)
        self._world.events.emit("message", self.id, message=message)
        self._world.updates.add("message", message, ("chat", self.id))
        self.read()
        self.chat.changed()
        return int(message["message_id"])

    def _put_keyboard_away(self, text: str | None) -> None:
        """A one-time keyboard goes once used, a forced reply with any message."""
        keyboard = self.chat.keyboard
        pressed = keyboard and any(b["text"] == text for row in keyboard["keyboard"] for b in row)
        if self.chat.force_reply or (keyboard and pressed and keyboard.get("one_time_keyboard")):
            self.chat.force_reply = None
            self.chat.keyboard = None if pressed else keyboard
            self._world.show_keyboard(self.chat)

    def _member_changed(self, old: str, new: str) -> None:
        change = {
            "chat": self.chat.info,
            "from": self.user,
            "date": self._world.now(),
            "old_chat_member": _member(self._world.user, old),
            "new_chat_member": _member(self._world.user, new),
        }
        self._world.updates.add("my_chat_member", change, ("member", self.id))
        self._world.events.emit("people", self.id)
        self.chat.changed()

    def _find(self, message_id: int) -> Message:
        message = self.chat.find(message_id)
        if message is None:
            raise LookupError(f"{self.first_name} sees no message {message_id}")
        return message

    def _picture(self, timeout: float) -> str:
        lines = [_line(message) for message in self.chat.messages[-SHOWN:]]
        lines += [f"  toast: {toast['text']!r}" for toast in self.chat.toasts[-SHOWN:]]
        return f"{self.first_name} waited {timeout} s; the chat ends with\n" + "\n".join(lines)


def plain(message: Message) -> Message:
    """A message as it stands in a reply to it: without what it replied to."""
    return {key: value for key, value in message.items() if key != "reply_to_message"}


def _button(
    rows: list[list[dict[str, Any]]],
    text: str | None,
    data: str | None,
    row: int | None,
    col: int | None,
) -> dict[str, Any]:
    if row is not None or col is not None:
        try:
            return rows[row or 0][col or 0]
        except IndexError:
            raise LookupError(f"no button at {row}, {col} in {_labels(rows)}") from None
    buttons = [button for line in rows for button in line]
    for fits in (_is(text, data), _holds(text)):
        for button in buttons:
            if fits(button):
                return button
    raise LookupError(f"no button {text or data!r} among {_labels(rows)}")


def _is(text: str | None, data: str | None) -> Callable[[dict[str, Any]], bool]:
    return lambda b: (
        text in (None, b["text"])
        and data in (None, b.get("callback_data"))
        and (text, data) != (None, None)
    )


def _holds(text: str | None) -> Callable[[dict[str, Any]], bool]:
    return lambda button: bool(text) and str(text) in button["text"]


def _labels(rows: list[list[dict[str, Any]]]) -> list[list[str]]:
    return [[button["text"] for button in row] for row in rows]


def _member(bot: dict[str, Any], status: str) -> dict[str, Any]:
    member = {"status": status, "user": bot}
    return member | {"until_date": 0} if status == "kicked" else member


def _line(message: Message) -> str:
    who = "bot" if message["from"]["is_bot"] else "person"
    said = message.get("text") or message.get("caption") or "/".join(message.keys() - {"from"})
    buttons = _labels(message.get("reply_markup", {}).get("inline_keyboard", []))
    return f"  {message['message_id']} {who}: {said!r} {buttons or ''}"
