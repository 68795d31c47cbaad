"""A recorded worker at a phone: joins, asks for work, answers what they answered then."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.errors import Refusal
from bot.i18n import N_
from bot.sandbox import Person
from bot.store.database import Database
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Value
from bot.work import dispatch

PATIENCE = 60.0  # seconds for one reaction of the bot, under load
LOOKS, PAUSE = 30, 1.0  # looks for work that is in others' hands, and seconds between them
PRESSES = 40  # first buttons until onboarding is over


class Stuck(Refusal):
    msgid = N_("Worker {worker} is stuck: {reason}")


@dataclass(slots=True)
class Recorded:
    """What one recorded worker answered, by task key."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)


class Player:
    """One recorded worker at a phone: joins, asks for work, answers what they answered then."""

    def __init__(self, person: Person, recorded: Recorded, database: Database) -> None:
        self.person, self.recorded, self.database = person, recorded, database
        self.left = dict(recorded.labels)

    async def play(self, advance: Callable[[], None]) -> None:
        await self._join()
        for _ in range(LOOKS):
            await self._work(advance)
            if not self.left:
                return
            await asyncio.sleep(PAUSE)  # what is left may be in others' hands for a moment

    async def _work(self, advance: Callable[[], None]) -> None:
        """From card to card until the bot has none, or all is answered; then give the last back."""
        asked = await self.person.send("/work")
        card = await self._next(None, after=asked)
        while card is not None and self.left:
            if await self._react(card):
                advance()
            card = await self._next(card)
        if card is not None:
            await self.person.tap_data(card[0], f"w:stop:{card[1]}:{card[2]}")

    async def _join(self) -> None:
        """The first button is always the way forward."""
        await self.person.send("/start")
        seen = None
        for _ in range(PRESSES):
            seen = await self._wait(lambda chat, before=seen: _onboarding(chat, before))
            if seen == "home":
                return
            await self.person.tap(seen[0], row=0, col=0)
        raise Stuck(worker=self.recorded.name, reason="onboarding does not end")

    async def _react(self, card: tuple[int, int, str]) -> bool:
        """Answer the card as recorded, or skip it; whether it was answered."""
        message_id, assignment, nonce = card
        # Waits and tries again when the bot's turns have all the connections.
        offer = await self.database.run(lambda session: dispatch.offer_of(session, assignment))
        assert offer is not None
        label = self.left.pop(offer.key, None)
        if label is None:
            await self.person.tap_data(message_id, f"w:skip:{assignment}:{nonce}")
            return False
        kind = TASK_TYPES[offer.spec.type]
        value = kind.value(offer.spec.settings, label)
        wording = offer.spec.wording(offer.locale, offer.language)
        ask = kind.ask(offer.spec.settings, wording, offer.body, offer.layout)
        if ask.buttons:
            index = _button(kind, offer, value, sum(map(len, ask.buttons)))
            await self.person.tap_data(message_id, f"a:{assignment}:{nonce}:{index}")
        elif ask.poll:
            await self._vote(message_id, offer, value, card)
        else:
            await self.person.send(label)
        return True

    async def _vote(self, message_id: int, offer: Any, value: Value, card: Any) -> None:
        options = offer.spec.settings["options"]
        chosen = value if isinstance(value, list) else []
        shown = [options[at] for at in offer.layout] if offer.layout else options
        await self.person.vote(message_id, [shown.index(option) for option in chosen])
        await self.person.tap_data(message_id, f"w:done:{card[1]}:{card[2]}")

    async def _next(
        self, before: tuple[int, int, str] | None, after: int = 0
    ) -> tuple[int, int, str] | None:
        """The next card (in messages after `after`), or None when the bot says there is none."""
        found = await self._wait(lambda chat: _card(chat, before, after))
        return None if found == "none" else found

    async def _wait(self, look: Any) -> Any:
        try:
            return await self.person.wait(look, timeout=PATIENCE)
        except TimeoutError as error:
            raise Stuck(worker=self.recorded.name, reason=str(error)) from error


def _onboarding(chat: Any, before: Any) -> Any:
    """The step on the screen once it has changed, or `home` when onboarding is over."""
    if chat.keyboard is not None:
        return "home"
    for message in reversed(chat.messages):
        if _inline(message):
            step = (message["message_id"], message.get("text"), str(message["reply_markup"]))
            return step if step != before else None
    return None


def _card(chat: Any, before: tuple[int, int, str] | None, after: int) -> Any:
    """The card, once it has another assignment than before; `none` when there is no work."""
    for message in reversed(chat.messages[-8:]):
        if message["message_id"] < after:
            return None
        for button in _inline(message):
            parts = button.get("callback_data", "").split(":")
            if parts[:2] == ["w", "work"]:
                return "none"
            if parts[:2] == ["w", "skip"]:
                card = (message["message_id"], int(parts[2]), parts[3])
                return card if before is None or card[1] != before[1] else None
    return None


def _inline(message: dict[str, Any]) -> list[dict[str, Any]]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _button(kind: Any, offer: Any, value: Value, count: int) -> int:
    """The place of the button that says `value` on this card."""
    for index in range(count):
        if kind.tapped(offer.spec.settings, offer.layout, index) == value:
            return index
    raise AssertionError(f"no button says {value!r}")
