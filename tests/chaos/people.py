"""People who work through a bot that dies: they look, tap, write, and remember what they did."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.sandbox import Person
from tests.chaos.witness import Witness

THINK = (0.05, 0.5)  # seconds before an answer
WRITING = 0.5  # more for a text, during which the card may change
CLICK = 0.02  # seconds before a button that needs no thought
PATIENCE = 10.0  # seconds without a reaction before somebody sends /work again
DOUBLE = 0.1
HURRY = 0.1  # share of answers after which /work follows before they are heard
SKIPS, UNDOES, KEEPS = 0.05, 0.07, 0.3


class Act(NamedTuple):
    """One update of a person: what it should do if it is the first on its card."""

    update_id: int
    kind: str
    """answer, text, skip, undo, or something that records nothing."""
    assignment: int = 0
    nonce: str = ""
    label: str = ""


class Card(NamedTuple):
    """The message somebody looks at, as its buttons tell it."""

    message_id: int
    key: tuple[Any, ...]
    buttons: tuple[tuple[str, str], ...]
    """Text and data."""

    def with_data(self, *starts: str) -> list[tuple[str, str]]:
        return [button for button in self.buttons if button[1].startswith(starts)]

    @property
    def answers(self) -> list[tuple[str, str]]:
        return self.with_data("a:")

    @property
    def is_task(self) -> bool:
        return bool(self.answers or self.with_data("w:skip:"))


@dataclass
class Someone:
    """One person with a memory. `live` goes on until `stop`; `prove` does one last task."""

    person: Person
    witness: Witness
    chance: random.Random
    acts: list[Act] = field(default_factory=list)
    reactions: list[float] = field(default_factory=list)
    """Seconds from each act to a card to go on with."""
    hurries: int = 0
    _done: set[tuple[Any, ...]] = field(default_factory=set)
    _undone: set[int] = field(default_factory=set)
    _begun: bool = False
    _going: bool = True

    async def live(self) -> None:
        await self._write("/start", "start")
        await self._go_on(None)
        while self._going:
            await asyncio.sleep(self.chance.uniform(*THINK) if self._begun else CLICK)
            card = self.card()
            if card is None:
                await self._ask()
            elif card.is_task:
                await self._work(card)
            else:
                await self._forward(card)
            await self._go_on(card)

    async def stop(self) -> None:
        """Finish what is being done and go; who is still joining joins first."""
        while not self._begun:
            await asyncio.sleep(0.05)
        self._going = False
        self.person.chat.changed()

    async def prove(self) -> None:
        """Answer the card that is there; without one, the card that /work brings."""
        for _ in range(5):
            card = self.card()
            if card is None:
                self._try_again()
                await self._write("/work", "work")
                await self.person.wait(lambda _: self.card(), timeout=PATIENCE)
            elif card.is_task:
                await (self._answer(card) if card.answers else self._text(card))
                return
            else:
                self._past(card)
        raise AssertionError(f"{self.person.first_name} has no task: {self.person.last}")

    def card(self) -> Card | None:
        """The lowest message with buttons that were not used yet."""
        return next(self._cards(), None)

    def _cards(self) -> Iterator[Card]:
        for message in reversed(self.person.chat.messages):
            card = _read(message)
            if card is not None and not {card.key, (card.message_id, card.key)} & self._done:
                yield card

    async def _work(self, card: Card) -> None:
        dice = self.chance.random()
        undo = [button for button in card.with_data("w:undo:") if self._undoable(button[1])]
        keep, skip = card.with_data("w:keep:"), card.with_data("w:skip:")
        if undo and dice < UNDOES:
            await self._undo(card, undo[0])
        elif keep and dice < KEEPS:
            await self._use(card, keep[0], "keep")
        elif skip and UNDOES < dice < UNDOES + SKIPS:
            await self._use(card, skip[0], "skip")
        elif card.answers:
            await self._answer(card)
        else:
            await self._text(card)

    async def _answer(self, card: Card) -> None:
        """A tap, or two at once: on the same button, or on the next one by a slip."""
        pressed = [self.chance.choice(card.answers)]
        if self.chance.random() < DOUBLE:
            pressed.append(self.chance.choice([pressed[0], self.chance.choice(card.answers)]))
        for button in pressed:
            await self._use(card, button, "answer")
        if self._going and self.chance.random() < HURRY:
            await self._write("/work", "work")  # its update comes by another way, at the same time

    async def _text(self, card: Card) -> None:
        """Words that nobody else says and that this person says once, unless the card changes."""
        await asyncio.sleep(WRITING)
        if self._going and self.card() != card:
            return
        _, assignment, nonce = card.key
        said = f"Said by {self.person.id} as number {len(self.acts)}"
        self._past(card)
        await self.person.send(said)
        self._remember("text", assignment, nonce, said)

    async def _undo(self, card: Card, button: tuple[str, str]) -> None:
        assignment = _number(button[1])
        self._undone.add(assignment)
        await self.person.tap_data(card.message_id, button[1])
        self._remember("undo", assignment)

    async def _forward(self, card: Card) -> None:
        """Joining, or a button that brings work: the first is always the way on."""
        wanted = card.with_data("w:work:") or list(card.buttons)
        await self._use(card, wanted[0], "forward")

    async def _use(self, card: Card, button: tuple[str, str], kind: str) -> None:
        _, assignment, nonce = card.key if card.is_task else (None, 0, "")
        self._past(card)
        await self.person.tap_data(card.message_id, button[1])
        self._remember(kind, assignment, nonce, button[0])

    async def _write(self, text: str, kind: str) -> None:
        await self.person.send(text)
        self._remember(kind)

    async def _ask(self) -> None:
        """For the first task after joining; later because nothing happened for long."""
        self.hurries += self._begun
        if self._joined:
            self._begun = True
            self._try_again()
            await self._write("/work", "work")
            return
        self.hurries += 1
        self._done.clear()  # press the same button of the onboarding again
        if self.card() is None:
            await self._write("/start", "start")

    def _try_again(self) -> None:
        """What was tapped and never arrived: Telegram keeps a tap for 150 s, and then drops it."""
        alive = self.witness.acknowledged.keys() | self.witness.pending.keys()
        lost = {("task", a.assignment, a.nonce) for a in self.acts if a.update_id not in alive}
        self._done = {one for one in self._done if one not in lost and one[-1] not in lost}

    async def _go_on(self, before: Card | None) -> None:
        """Wait for another card than the one just used, or for a reason why there is none."""
        began = time.monotonic()
        told = self._told()

        def changed(_: object) -> bool:
            card = self.card()
            other = card is not None and card != before
            refused = self.acts[-1].kind in ("undo", "skip") and self._told() != told
            return other or refused or self._joined > self._begun or not self._going

        with suppress(TimeoutError):
            await self.person.wait(changed, timeout=PATIENCE)
            self.reactions.append(time.monotonic() - began)

    @property
    def _joined(self) -> bool:
        return self.person.chat.keyboard is not None

    def _told(self) -> str:
        """Which alert popped up last."""
        alerts = [one for one in self.person.chat.toasts if one["show_alert"]]
        return str(alerts[-1]["callback_query_id"]) if alerts else ""

    def _past(self, card: Card) -> None:
        """A card is used once, and nobody goes back up to those above it."""
        self._done |= {(other.message_id, other.key) for other in self._cards()}
        self._done.add(card.key)

    def _undoable(self, data: str) -> bool:
        """Answers given by button, and each only once: so that we can tell which card counts."""
        assignment = _number(data)
        tapped = any(act.assignment == assignment and act.kind == "answer" for act in self.acts)
        return tapped and assignment not in self._undone

    def _remember(self, kind: str, assignment: int = 0, nonce: str = "", label: str = "") -> None:
        self.acts.append(Act(self.witness.newest, kind, assignment, nonce, label))


def _read(message: dict[str, Any]) -> Card | None:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    buttons = tuple((b["text"], b["callback_data"]) for row in rows for b in row)
    if not buttons or not message["from"]["is_bot"]:
        return None
    for _, data in buttons:
        fields = data.split(":")
        if fields[0] == "a":
            return Card(message["message_id"], ("task", int(fields[1]), fields[2]), buttons)
        if fields[0] == "w" and fields[1] in ("skip", "keep"):
            return Card(message["message_id"], ("task", int(fields[2]), fields[3]), buttons)
    return Card(message["message_id"], ("note", message["message_id"], buttons), buttons)


def _number(data: str) -> int:
    return int(data.split(":")[2])
