"""Answers that go wrong on purpose."""

import random
from dataclasses import dataclass

KINDS = ("429", "500", "502html", "timeout", "cut", "notok", "403", "slow", "migrated")


@dataclass(slots=True)
class Fault:
    """Which calls go wrong and how.

    `share` of the calls that match, `count` of them at most (None: no end). With `executes` the
    call takes effect although its answer fails. `retry_after` and `seconds` (how long a timeout
    hangs, and how late a slow but good answer comes) are in seconds. A chat that is `migrated` has
    become `new_chat_id`.
    """

    method: str = "*"
    kind: str = "500"
    retry_after: int | None = None
    chat_id: int | None = None
    share: float = 1.0
    count: int | None = None
    executes: bool = False
    seconds: float = 60.0
    new_chat_id: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is none of {', '.join(KINDS)}")

    def matches(self, method: str, chat_id: object) -> bool:
        """Whether a call is meant, chance aside."""
        named = self.method == "*" or self.method.lower() == method.lower()
        return named and self.count != 0 and self.chat_id in (None, chat_id)


def pick(faults: list[Fault], method: str, chat_id: object, chance: random.Random) -> Fault | None:
    """The fault that befalls this call, counted down."""
    for fault in faults:
        if fault.matches(method, chat_id) and (fault.share >= 1 or chance.random() < fault.share):
            if fault.count is not None:
                fault.count -= 1
            return fault
    return None
