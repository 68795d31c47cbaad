"""People who answer as fast as the bot lets them: a tap, the next card, a tap."""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.sandbox import Person, Sandbox
from tests.bench import backlog
from tests.bench.process import Bot, serving

PATIENCE = 30.0  # seconds for one card
WARM_UP = 5  # answers each before the clock starts: connections, caches, plans


class Card(NamedTuple):
    """What is on the screen: the message, and the data of its first answer button."""

    message_id: int
    data: str

    @property
    def assignment(self) -> str:
        return self.data.split(":")[1]


@dataclass(slots=True)
class Ride:
    """What a stretch of work took. Processor times and latencies in seconds, memory in bytes."""

    seconds: float = 0.0
    bot_cpu: float = 0.0
    own_cpu: float = 0.0
    balancer_cpu: float = 0.0
    rss: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def cycles(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.cycles / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Crowd:
    """The people of one database, at work with one bot; `think` seconds before each answer."""

    def __init__(self, people: Sequence[Person], bot: Bot, *, think: float = 0.0) -> None:
        self.people, self.bot, self.think = people, bot, think
        self._cards: dict[int, Card] = {}

    async def begin(self) -> None:
        """Everybody asks for work and gets into the swing."""
        await asyncio.gather(*(self._begin(person) for person in self.people))

    async def ride(self, seconds: float) -> Ride:
        """Answer for `seconds`, or until somebody has done every task."""
        ride, over = Ride(), asyncio.Event()
        bot_cpu, own_cpu, began = self.bot.cpu(), time.process_time(), time.monotonic()
        balancer_cpu = self.bot.balancer_cpu()
        until = began + seconds
        await asyncio.gather(*(self._work(one, ride, until, over) for one in self.people))
        ride.seconds = time.monotonic() - began
        ride.bot_cpu, ride.own_cpu = self.bot.cpu() - bot_cpu, time.process_time() - own_cpu
        ride.balancer_cpu = self.bot.balancer_cpu() - balancer_cpu
        ride.rss = self.bot.rss()
        return ride

    async def _begin(self, person: Person) -> None:
        await person.send("/work")
        card = await person.wait(card_of, PATIENCE)
        assert card is not None
        for _ in range(WARM_UP):
            following = await _answer(person, card)
            assert following is not None
            card = following
        self._cards[person.id] = card

    async def _work(self, person: Person, ride: Ride, until: float, over: asyncio.Event) -> None:
        card: Card | None = self._cards[person.id]
        if self.think:  # not all at once
            await asyncio.sleep(random.uniform(0, self.think))
        while card is not None and time.monotonic() < until and not over.is_set():
            began = time.perf_counter()
            following = await _answer(person, card)
            if following is not None:
                ride.latencies.append(time.perf_counter() - began)
                self._cards[person.id] = following
            card = following
            if self.think:
                await asyncio.sleep(self.think)
        if card is None:
            over.set()


async def ride(url: str, numbers: Iterable[int], *, seconds: float, replicas: int = 0) -> Ride:
    """Start a bot on this database, and let these of its people work. `replicas`: see serving."""
    async with Sandbox(token=backlog.TOKEN, history=20) as sandbox:
        at_work = [sandbox.person(f"Person {number}", id=number) for number in numbers]
        async with serving(url, sandbox, replicas=replicas) as bot:
            crowd = Crowd(at_work, bot)
            await crowd.begin()
            return await crowd.ride(seconds)


def card_of(chat: Any) -> Card | None:
    """The card that can be answered, None before there is one."""
    for message in reversed(chat.messages[-3:]):
        for data in _data(message):
            if data.startswith("a:"):
                return Card(message["message_id"], data)
    return None


async def _answer(person: Person, card: Card) -> Card | None:
    """Tap the first answer; the next card, or None when there is no more work."""
    await person.tap_data(card.message_id, card.data)
    found = await person.wait(lambda chat: _next(chat, card), PATIENCE)
    return found if isinstance(found, Card) else None


def _next(chat: Any, before: Card) -> Card | bool:
    found = card_of(chat)
    if found is None:
        return any(data.startswith("w:work") for data in _data(chat.messages[-1]))
    return found if found.assignment != before.assignment else False


def _data(message: dict[str, Any]) -> list[str]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button.get("callback_data", "") for row in rows for button in row]
