"""One person's chat with the bot, as the person sees it."""

import asyncio
from typing import Any

Message = dict[str, Any]
TOASTS = 200


class Chat:
    """Messages newest last, edited in place; what lies under them; what popped up."""

    def __init__(self, info: dict[str, Any], history: int) -> None:
        self.info = info
        self.id: int = info["id"]
        self.messages: list[Message] = []
        self.toasts: list[dict[str, Any]] = []
        self.commands: list[dict[str, str]] = []
        self.keyboard: dict[str, Any] | None = None
        self.force_reply: dict[str, Any] | None = None
        self.menu_button: dict[str, Any] | None = None
        self.pins: list[int] = []
        self.reactions: dict[int, list[dict[str, Any]]] = {}
        self.typing: str = ""
        self.unread = 0
        self._history = history
        self._by_id: dict[int, Message] = {}
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def pinned(self) -> int | None:
        """The newest pinned message."""
        return self.pins[-1] if self.pins else None

    def find(self, message_id: int) -> Message | None:
        """A message that is still in the chat."""
        return self._by_id.get(message_id)

    def add(self, message: Message) -> None:
        """Append a message; the oldest go when the history is full."""
        self.messages.append(message)
        self._by_id[message["message_id"]] = message
        excess = len(self.messages) - self._history
        if excess > self._history // 4:  # in lumps: deleting at the front moves the whole list
            for old in self.messages[:excess]:
                self._by_id.pop(old["message_id"], None)
            del self.messages[:excess]

    def remove(self, message: Message) -> None:
        """Delete a message."""
        self.messages.remove(message)
        del self._by_id[message["message_id"]]
        if message["message_id"] in self.pins:
            self.pins.remove(message["message_id"])

    def toast(self, callback_query_id: str, text: str, *, show_alert: bool) -> None:
        """Pop up the answer to a tap."""
        toast = {"callback_query_id": callback_query_id, "text": text, "show_alert": show_alert}
        self.toasts.append(toast)
        del self.toasts[:-TOASTS]

    def changed(self) -> None:
        """Wake whoever waits for something to happen here."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def change(self) -> None:
        """Wait for the next change."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
