"""How updates reach the program: posted to its webhook, or fetched by it.

Telegram's rules for webhooks: one queue per chat (messages), person (taps, membership) and poll,
one update of a queue in flight; any 2xx is success; a failure is repeated at once, then after 2, 4,
8 … seconds, or when `Retry-After` says, until the update expires; it blocks only its own queue.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.sandbox.refusals import Refused
from bot.sandbox.updates import Key, Pending
from bot.sandbox.wire import Answer, BrokenAnswer, Wire
from bot.sandbox.world import World

DEADLINE = 60.0
SLOWEST = 120.0
DOUBLINGS = 7
RETRY_AFTER_LIMIT = 3600.0
OVERTAKEN = 0.05  # seconds an update is held back so that other queues overtake it

Execute = Callable[[str, dict[str, Any]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a webhook is and how it wants to be called."""

    url: str
    secret: str | None
    max_connections: int


@dataclass(slots=True)
class Trouble:
    """The last failed delivery."""

    at: int
    said: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How delivery behaves: `retry_scale` shortens the waits, two shares make it unruly."""

    retry_scale: float = 1.0
    deadline: float = DEADLINE
    duplicate: float = 0.0
    reorder: float = 0.0


class Intake:
    """The one way by which the program gets its updates at a time."""

    def __init__(self, world: World, pace: Pace, execute: Execute) -> None:
        self._world = world
        self._pace = pace
        self._execute = execute
        self._webhook: Webhook | None = None
        self._poller: asyncio.Task[Any] | None = None

    async def subscribe(self, subscription: Subscription | None) -> None:
        """Post to this webhook from now on, or to none."""
        wanted = subscription if subscription and subscription.url else None
        if self._webhook is not None and self._webhook.subscription == wanted:
            return
        if self._webhook is not None:
            await self._webhook.stop()
            self._webhook = None
        if wanted is not None:
            if self._poller is not None:
                self._poller.cancel("terminated by setWebhook request")
            self._webhook = Webhook(self._world, wanted, self._pace, self._execute)
            self._webhook.start()

    async def poll(self, *, offset: int, limit: int, timeout: float) -> list[Any]:  # noqa: ASYNC109
        """The pending updates after `offset`, raw; waits for the first of them."""
        if self._webhook is not None:
            raise _conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        if self._poller is not None:
            self._poller.cancel(
                "terminated by other getUpdates request; "
                "make sure that only one bot instance is running"
            )
        mine = asyncio.ensure_future(self._wait_for_batch(offset, limit, timeout))
        self._poller = mine
        try:
            return await mine
        except asyncio.CancelledError as cancelled:
            if mine.cancelled() and self._poller is not mine and cancelled.args:
                raise _conflict(str(cancelled.args[0])) from None
            if mine.cancelled() and cancelled.args:
                self._poller = None
                raise _conflict(str(cancelled.args[0])) from None
            raise
        finally:
            mine.cancel()
            if self._poller is mine:
                self._poller = None

    async def stop(self) -> None:
        """End posting and long polls."""
        if self._poller is not None:
            self._poller.cancel("the sandbox stops")
        await self.subscribe(None)

    def info(self) -> dict[str, Any]:
        """A WebhookInfo."""
        webhook = self._webhook
        info: dict[str, Any] = {
            "url": webhook.subscription.url if webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._world.updates.pending),
        }
        trouble = webhook.trouble if webhook else None
        if trouble is not None:
            info |= {"last_error_date": trouble.at, "last_error_message": trouble.said}
        if webhook is not None:
            info["max_connections"] = webhook.subscription.max_connections
        if self._world.updates.allowed:
            info["allowed_updates"] = self._world.updates.allowed
        return info

    async def _wait_for_batch(self, offset: int, limit: int, seconds: float) -> list[Any]:
        updates = self._world.updates
        if offset:
            updates.confirm(offset)
        try:
            async with asyncio.timeout(seconds):
                while not (batch := updates.batch(limit)):
                    await updates.news()
        except TimeoutError:
            batch = []
        bodies = [pending.body for pending in batch]
        chance = self._world.chance
        again = [body for body in bodies if chance.random() < self._pace.duplicate]
        return [msgspec.Raw(body) for body in bodies + again]


class Webhook:
    """Posts updates until stopped."""

    def __init__(
        self, world: World, subscription: Subscription, pace: Pace, execute: Execute
    ) -> None:
        self.subscription = subscription
        self.trouble: Trouble | None = None
        self._world = world
        self._updates = world.updates
        self._pace = pace
        self._execute = execute
        self._wire = Wire(subscription.url)
        self._queues: dict[Key, deque[Pending]] = {}
        self._room = asyncio.Semaphore(subscription.max_connections)
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Take over what waits and what comes."""
        self._updates.on_new = self._enqueue
        for pending in list(self._updates.pending.values()):
            self._enqueue(pending)

    async def stop(self) -> None:
        """Leave the rest to whoever comes next."""
        self._updates.on_new = None
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._wire.close()

    def _enqueue(self, pending: Pending) -> None:
        queue = self._queues.get(pending.key)
        if queue is None:
            self._queues[pending.key] = deque([pending])
            self._spawn(self._drain(pending.key))
        else:
            queue.append(pending)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, key: Key) -> None:
        queue = self._queues[key]
        while queue:
            await self._deliver(queue[0])
            queue.popleft()
        del self._queues[key]

    async def _deliver(self, pending: Pending) -> None:
        """Post one update until it is taken or too old."""
        if self._world.chance.random() < self._pace.reorder:
            await asyncio.sleep(self._world.chance.random() * OVERTAKEN)
        failures = 0
        while self._updates.alive(pending):
            answer = await self._post(pending)
            if answer is not None and 200 <= answer.status < 300:
                self._updates.done(pending)
                await self._obey(answer)
                return
            failures += 1
            await asyncio.sleep(self._pause(failures, answer) * self._pace.retry_scale)

    async def _post(self, pending: Pending) -> Answer | None:
        """One attempt, or two at once when chance wants a duplicate."""
        async with self._room:
            if self._world.chance.random() >= self._pace.duplicate:
                return await self._attempt(pending)
            if self._world.chance.random() < 0.5:
                first, _ = await asyncio.gather(self._attempt(pending), self._attempt(pending))
                return first
            await self._attempt(pending)  # taken, but the answer is lost on the way
            return await self._attempt(pending)

    async def _attempt(self, pending: Pending) -> Answer | None:
        secret = self.subscription.secret
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        try:
            async with asyncio.timeout(self._pace.deadline):
                answer = await self._wire.post(pending.body, headers)
        except TimeoutError:
            said = "Read timeout expired"
        except BrokenAnswer:
            said = "Connection closed by the other side"
        except OSError as error:
            said = error.strerror or "Connection refused"
        else:
            if not 200 <= answer.status < 300:
                self._failed(f"Wrong response from the webhook: {answer.status}")
            return answer
        self._failed(said)
        return None

    def _failed(self, said: str) -> None:
        self.trouble = Trouble(self._world.now(), said)

    def _pause(self, failures: int, answer: Answer | None) -> float:
        """Seconds until the next attempt."""
        asked = answer.headers.get("retry-after", "") if answer else ""
        if asked.isdecimal():
            return min(float(asked), RETRY_AFTER_LIMIT)
        return 0.0 if failures == 1 else min(2.0 ** min(failures - 1, DOUBLINGS), SLOWEST)

    async def _obey(self, answer: Answer) -> None:
        """Carry out a method named in the body; its result goes nowhere, as with Telegram."""
        if not answer.body.startswith(b"{"):
            return
        try:
            params = msgspec.json.decode(answer.body)
            method = params.pop("method", None)
            if isinstance(method, str):
                await self._execute(method, params)
        except (msgspec.DecodeError, Refused):
            return


def _conflict(reason: str) -> Refused:
    return Refused(409, f"Conflict: {reason}")
