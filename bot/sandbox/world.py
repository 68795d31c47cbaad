"""The state of a sandbox: the bot, the people, what was said, what is under way."""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple

from bot.sandbox.chats import Chat
from bot.sandbox.events import Events
from bot.sandbox.faults import Fault
from bot.sandbox.files import Files
from bot.sandbox.people import Person
from bot.sandbox.profile import Profile
from bot.sandbox.refusals import Refused, bad
from bot.sandbox.updates import Updates

CALLS = 10_000
CALLBACK_LIFE = 150.0
FIRST_PERSON = 7_000_000_001  # beyond 32 bits, as real ids are


class Call(NamedTuple):
    """One call of the Bot API; `status` is the HTTP status of the answer, 0 if there was none.

    `fault` is the kind of the fault that befell it, "" for none.
    """

    method: str
    chat_id: int | str | None
    params: dict[str, Any]
    at: float
    status: int
    fault: str = ""


@dataclass(slots=True)
class Tap:
    """A callback query that may still be answered."""

    person: Person
    at: float


class World:
    """Everything but the sockets. `clock` gives seconds since 1970."""

    def __init__(
        self,
        *,
        token: str,
        username: str,
        name: str,
        seed: int,
        clock: Callable[[], float] = time.time,
        history: int = 1000,
    ) -> None:
        self.token = token
        self.clock = clock
        self.history = history
        self.chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.user: dict[str, Any] = {
            "id": _bot_id(token),
            "is_bot": True,
            "first_name": name,
            "username": username,
        }
        self.profile = Profile(names={"": name})
        self.people: dict[int, Person] = {}
        self.files = Files()
        self.events = Events()
        self.updates = Updates(clock, self.chance)
        self.faults: list[Fault] = []
        self.calls: deque[Call] = deque(maxlen=CALLS)
        self.taps: dict[str, Tap] = {}
        self.votes: dict[str, dict[int, list[int]]] = {}
        self._message_id = 0
        self._person_id = FIRST_PERSON

    def person(
        self,
        first_name: str,
        *,
        language_code: str = "en",
        id: int | None = None,
        username: str | None = None,
        note: str = "",
        history: int | None = None,
    ) -> Person:
        """Somebody with a Telegram account. The bot cannot write to them before they write."""
        number = id or self._free_id()
        if number in self.people:
            raise ValueError(f"person {number} is already there")
        user = {"id": number, "is_bot": False, "first_name": first_name}
        user |= {"username": username} if username else {}
        user |= {"language_code": language_code} if language_code else {}
        person = Person(self, user, note=note, history=history or self.history)
        person.chat.commands = self.profile.menu(number, language_code)
        self.people[number] = person
        self.events.emit("people", number)
        return person

    def now(self) -> int:
        """The time in whole seconds, as messages carry it."""
        return int(self.clock())

    def next_message_id(self) -> int:
        """Message ids rise over all chats of a bot."""
        self._message_id += 1
        return self._message_id

    def new_id(self) -> str:
        """An id for a callback query or a poll."""
        return str(self.chance.randrange(10**17, 10**18))

    def fault(  # noqa: PLR0913 - the fields of a Fault, by name
        self,
        method: str = "*",
        kind: str = "500",
        *,
        retry_after: int | None = None,
        chat_id: int | None = None,
        share: float = 1.0,
        count: int | None = None,
        executes: bool = False,
        seconds: float = 60.0,
        new_chat_id: int | None = None,
    ) -> Fault:
        """Let calls go wrong from now on (see Fault); clear `faults` to end it."""
        fault = Fault(
            method, kind, retry_after, chat_id, share, count, executes, seconds, new_chat_id
        )
        self.faults.append(fault)
        return fault

    def show_keyboard(self, chat: Chat) -> None:
        """Tell the pages what lies under a chat now."""
        self.events.emit("keyboard", chat.id, keyboard=chat.keyboard, force_reply=chat.force_reply)

    def reach(self, chat_id: int | str | None) -> Chat:
        """The chat the bot wants to write to."""
        person = self.people.get(chat_id) if isinstance(chat_id, int) else None
        if person is None:
            raise bad("chat_id is empty" if chat_id in (None, "") else "chat not found")
        if not person.started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        if person.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return person.chat

    def chat(self, chat_id: int | str | None) -> Chat:
        """A chat the bot knows, blocked or not."""
        person = self.people.get(chat_id) if isinstance(chat_id, int) else None
        if person is None or not person.started:
            raise bad("chat not found")
        return person.chat

    def tapped(self, person: Person) -> str:
        """Note a tap; its id. Those too old to be answered are forgotten."""
        now = self.clock()
        for stale in list(
            takewhile(lambda key: self.taps[key].at <= now - CALLBACK_LIFE, self.taps)
        ):
            del self.taps[stale]
        query_id = self.new_id()
        self.taps[query_id] = Tap(person, now)
        return query_id

    def tap(self, query_id: str) -> Tap:
        """A tap that may be answered."""
        tap = self.taps.get(query_id)
        if tap is None or tap.at <= self.clock() - CALLBACK_LIFE:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        return tap

    def _free_id(self) -> int:
        while self._person_id in self.people:
            self._person_id += 1
        return self._person_id


def _bot_id(token: str) -> int:
    head = token.split(":")[0]
    return int(head) if head.isdecimal() else 424242
