"""Of the letters in the outbox: what each said, how often Telegram heard it, and why twice.

A sent letter keeps no words, so a trigger of the storm's own copies them when it is written.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import text

from bot.i18n import strip_marks
from bot.sandbox.world import Call
from bot.store import outbox
from bot.store.database import Database, Session
from tests.chaos.mishaps import HARMLESS, Mishap

SPOKEN = ("send", "edit")  # how the methods begin that only letters use
# Seconds for which a mishap is still felt: who had a letter in hand when its lease was moved may
# send it until the lease would have ended.
AFTERWARDS = {"absence": outbox.LEASE.total_seconds()}
DECODE = msgspec.json.Decoder().decode
COPIES = "CREATE TABLE storm_letters (method text, payload {json})"
COPY = "INSERT INTO storm_letters VALUES (NEW.method, NEW.payload);"
ON_SQLITE = [
    COPIES.format(json="text"),
    f"CREATE TRIGGER storm_copy AFTER INSERT ON outbox BEGIN {COPY} END",
]
ON_POSTGRESQL = [
    COPIES.format(json="json"),
    "CREATE FUNCTION storm_copy() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN {COPY} RETURN NULL; END $$",
    "CREATE TRIGGER storm_copy AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION storm_copy()",
]
READ = text("SELECT method, CAST(payload AS text) FROM storm_letters")


class Words(NamedTuple):
    """What a call says, and to whom; two letters may say the same."""

    method: str
    digest: str


class Heard(NamedTuple):
    """A call as it is remembered: without its words, of which there are too many."""

    at: float
    status: int
    fault: str


class Comparison(NamedTuple):
    """Sentences about what is wrong, and two counts."""

    faults: list[str]
    letters: int
    repeated: int
    """Calls beyond one a letter."""


class Record(deque[Call]):
    """Takes the place of the sandbox's list of calls, and forgets none."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[Words, list[Heard]] = defaultdict(list)
        self.muddled = 0
        """Calls that went wrong on purpose."""

    def append(self, call: Call) -> None:
        self.muddled += bool(call.fault)
        if call.method != "getUpdates":
            words = _words(call.method, call.params)
            self.heard[words].append(Heard(call.at, call.status, call.fault))


async def copy(database: Database) -> None:
    """Keep what letters say from now on."""
    async with database.transaction() as session:
        for statement in ON_SQLITE if database.is_sqlite else ON_POSTGRESQL:
            await session.execute(text(statement))


async def compare(session: Session, record: Record, diary: Sequence[Mishap]) -> Comparison:
    """What was written with what was heard."""
    written: dict[Words, int] = defaultdict(int)
    for method, payload in await session.execute(READ):
        written[_words(method, DECODE(payload))] += 1
    spoken = {words for words in record.heard if words.method.startswith(SPOKEN)}
    wrong = [
        *(f"{_name(words)} was said, and no letter says it" for words in spoken - written.keys()),
        *_lost(written, record),
        *_doubled(written, record, diary),
    ]
    repeated = sum(max(0, len(record.heard[words]) - n) for words, n in written.items())
    return Comparison(wrong, sum(written.values()), repeated)


async def told(session: Session, words: str) -> list[str]:
    """The texts of all letters that hold these words."""
    payloads = (DECODE(payload) for _, payload in await session.execute(READ))
    texts = (strip_marks(str(payload.get("text", ""))) for payload in payloads)
    return [one for one in texts if words in one]


def _lost(written: dict[Words, int], record: Record) -> Iterator[str]:
    for words, letters in written.items():
        heard = len(_good(record.heard.get(words, [])))
        if heard < letters:
            yield f"{_name(words)} was sent {letters} times and heard {heard} times"


def _doubled(written: dict[Words, int], record: Record, diary: Sequence[Mishap]) -> Iterator[str]:
    """A letter that was answered well is sent again only if a mishap kept that from being noted."""
    for words, letters in written.items():
        good = _good(record.heard.get(words, []))
        excused = sum(1 for pair in pairwise(good) if _excused(*pair, diary))
        if len(good) > letters + excused:
            times = ", ".join(f"{one.at:.2f}" for one in good)
            yield f"{_name(words)} was heard at {times} for {letters} letters"


def _good(heard: Iterable[Heard]) -> list[Heard]:
    """Calls whose answer said clearly that nothing is left to do."""
    return [one for one in heard if one.status in (200, 400) and not one.fault]


def _excused(first: Heard, again: Heard, diary: Sequence[Mishap]) -> bool:
    return any(
        first.at - AFTERWARDS.get(mishap.kind, 0) < mishap.ended and mishap.began < again.at
        for mishap in diary
        if mishap.kind not in HARMLESS
    )


def _words(method: str, payload: dict[str, Any]) -> Words:
    said = {key: value for key, value in payload.items() if value is not None}
    encoded = msgspec.json.encode(said, order="deterministic")
    return Words(method, sha256(encoded).hexdigest()[:16])


def _name(words: Words) -> str:
    return f"{words.method} {words.digest}"
