"""Messages to send: written in the turn's transaction, sent after it, in the order of each chat.

A row is leased while somebody sends it. The lease has an owner and the attempt's number, and only
the holder of both may mark it: a sender that was frozen finds its mark refused. Sending is
at-least-once, because Telegram has no key for a repeated message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    bindparam,
    cast,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from bot.models.base import moment, table
from bot.models.chat import Chat, Gate, Outbox, Poll
from bot.store.database import Session, upsert

LEASE = timedelta(seconds=45)  # above the sum of one call's time-outs: connect 5, write 5, read 15
BATCH = 30
TRIES = 12  # with the pauses of deliver.pause: about an hour
KEEP = timedelta(days=2)

REPLIES, MONEY, OFFERS, BROADCASTS = range(4)  # lanes; the lower goes first

gates, outbox = table(Gate), table(Outbox)
_UNSENT = outbox.c.sent_at.is_(None) & outbox.c.dead.is_(None)

# What every turn runs is built once: building a statement costs three times its execution.
QUEUE = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)
BEFORE_MINE = (
    select(outbox.c.id)
    .where(
        outbox.c.bot_id == bindparam("bot"),
        outbox.c.chat_id == bindparam("chat"),
        _UNSENT,
        outbox.c.lease_owner.is_distinct_from(bindparam("owner")),
    )
    .limit(1)
)
_OF_CHATS = tuple_(outbox.c.bot_id, outbox.c.chat_id).in_(bindparam("chats", expanding=True))
UNCLAIMED = select(outbox.c.id).where(_OF_CHATS, outbox.c.lease_owner.is_(None), _UNSENT).limit(1)
_FREE = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < bindparam("now"))
_older = outbox.alias()
_BEHIND = exists().where(
    _older.c.bot_id == outbox.c.bot_id,
    _older.c.chat_id == outbox.c.chat_id,
    _older.c.id < outbox.c.id,
    _older.c.sent_at.is_(None),
    _older.c.dead.is_(None),
)
_GATED = exists().where(
    gates.c.bot_id == outbox.c.bot_id,
    or_(
        gates.c.scope == "bot",
        gates.c.scope == literal("chat:") + cast(outbox.c.chat_id, String),
    ),
    gates.c.closed_until > bindparam("now"),
)
# Due letters with nothing older waiting in their chat, the best lane first.
HEADS = (
    select(outbox.c.id)
    .where(_UNSENT, outbox.c.due_at <= bindparam("now"), _FREE, ~_BEHIND, ~_GATED)
    .order_by(outbox.c.lane, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=outbox)
)
HEADS_OF = HEADS.where(_OF_CHATS)
LEASED = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)), _FREE)
    .values(
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
        attempts=outbox.c.attempts + 1,
    )
    .returning(
        outbox.c.method,
        outbox.c.payload,
        outbox.c.chat_id,
        outbox.c.bot_id,
        outbox.c.lane,
        outbox.c.card,
        outbox.c.id,
        outbox.c.attempts,
    )
)
MARK = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("letter"),
        outbox.c.lease_owner == bindparam("owner"),
        outbox.c.attempts == bindparam("attempt"),
    )
    .values(lease_until=None, lease_owner=None)
)
SENT = MARK.values(sent_at=moment(), message_id=bindparam("message"))


@dataclass(slots=True)
class Letter:
    """A message to be, or a row of the outbox held by a sender."""

    method: str
    payload: dict[str, Any]
    chat_id: int
    bot_id: int = 0
    lane: int = REPLIES
    card: int | None = None
    """The assignment whose card this is."""
    id: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a letter: a message id, a reason for giving up, or a later time."""

    letter: Letter
    message_id: int | None = None
    dead: str | None = None
    again_at: datetime | None = None
    poll_id: str | None = None


async def queue(
    session: Session, letters: Sequence[Letter], *, owner: str | None, now: datetime
) -> None:
    """Write letters, leased to `owner` when it will send them itself right after the commit."""
    rows = [
        {
            "bot_id": letter.bot_id,
            "chat_id": letter.chat_id,
            "lane": letter.lane,
            "method": letter.method,
            "payload": letter.payload,
            "card": letter.card,
            "attempts": 1 if owner else 0,
            "lease_owner": owner,
            "lease_until": now + LEASE if owner else None,
        }
        for letter in letters
    ]
    ids = (await session.scalars(QUEUE, rows)).all()
    for letter, row_id in zip(letters, ids, strict=True):
        letter.id, letter.attempts = row_id, 1 if owner else 0


async def claim(
    session: Session,
    *,
    owner: str,
    now: datetime,
    chats: Iterable[tuple[int, int]] | None = None,
    limit: int = BATCH,
) -> list[Letter]:
    """Lease the oldest waiting letter of each chat that may be written to now, best lane first."""
    among = {} if chats is None else {"chats": list(chats)}
    heads = HEADS if chats is None else HEADS_OF
    ids = (await session.scalars(heads, {"now": now, "limit": limit, **among})).all()
    if not ids:
        return []
    lease = {"ids": ids, "now": now, "owner": owner, "until": now + LEASE}
    found = await session.execute(LEASED, lease)
    return sorted((Letter(*row) for row in found), key=lambda letter: letter.id)


async def mark(session: Session, outcomes: Sequence[Sent], *, owner: str) -> None:
    """Write down what became of the letters; a letter leased to somebody else meanwhile is left."""
    sent = [one for one in outcomes if one.dead is None and one.again_at is None]
    if sent:
        await session.execute(SENT, [_held(one, owner, message=one.message_id) for one in sent])
    for outcome in outcomes:
        letter = outcome.letter
        if outcome.dead is not None:
            await session.execute(MARK, _held(outcome, owner, dead=outcome.dead[:500]))
        elif outcome.again_at is not None:
            await session.execute(MARK, _held(outcome, owner, due_at=outcome.again_at))
        if letter.card is not None and outcome.message_id is not None:
            await _place_card(session, letter, outcome.message_id)
        if letter.card is not None and outcome.poll_id is not None:
            await _place_poll(session, letter, outcome)


async def free(session: Session, bot_id: int, chat_id: int, *, owner: str) -> bool:
    """Whether nothing of this chat waits that `owner` does not hold itself."""
    where = {"bot": bot_id, "chat": chat_id, "owner": owner}
    return await session.scalar(BEFORE_MINE, where) is None


async def unclaimed(session: Session, chats: Iterable[tuple[int, int]]) -> bool:
    """Whether letters of these chats wait for somebody to send them, now or later."""
    return await session.scalar(UNCLAIMED, {"chats": list(chats)}) is not None


async def close_gate(session: Session, bot_id: int, scope: str, until: datetime) -> None:
    """Nothing goes out in `scope` (`bot` or `chat:<id>`) before `until`."""
    statement = upsert(session, table(Gate)).values(bot_id=bot_id, scope=scope, closed_until=until)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["bot_id", "scope"], set_={"closed_until": until}
        )
    )


async def release(session: Session, owner: str | None) -> None:
    """Give back what a stopping process had leased; None: what anybody had."""
    await session.execute(
        update(Outbox)
        .where(Outbox.lease_owner.is_not(None) if owner is None else Outbox.lease_owner == owner)
        .where(_unsent(Outbox))
        .values(lease_until=None, lease_owner=None)
        .execution_options(synchronize_session=False)
    )


async def drop(session: Session, bot_id: int, chat_id: int, why: str) -> None:
    """Give up everything waiting for a chat that cannot be reached, money notices aside."""
    await session.execute(
        update(Outbox)
        .where(
            Outbox.bot_id == bot_id,
            Outbox.chat_id == chat_id,
            Outbox.lane != MONEY,
            _unsent(Outbox),
        )
        .values(dead=why)
        .execution_options(synchronize_session=False)
    )


async def prune(session: Session, now: datetime) -> None:
    """Forget what was sent long ago."""
    await session.execute(delete(Outbox).where(Outbox.sent_at < now - KEEP))


def _held(outcome: Sent, owner: str, **values: Any) -> dict[str, Any]:
    """The letter as this sender leased it, and what to write about it."""
    letter = outcome.letter
    return {"letter": letter.id, "owner": owner, "attempt": letter.attempts, **values}


async def _place_card(session: Session, letter: Letter, message_id: int) -> None:
    await session.execute(
        update(Chat)
        .where(
            Chat.bot_id == letter.bot_id,
            Chat.chat_id == letter.chat_id,
            Chat.card == letter.card,
        )
        .values(card_message=message_id)
        .execution_options(synchronize_session=False)
    )


async def _place_poll(session: Session, letter: Letter, outcome: Sent) -> None:
    statement = upsert(session, table(Poll)).values(
        bot_id=letter.bot_id,
        poll_id=outcome.poll_id,
        assignment_id=letter.card,
        message_id=outcome.message_id,
    )
    await session.execute(statement.on_conflict_do_nothing())


def _unsent(table: Any) -> ColumnElement[bool]:
    unsent: ColumnElement[bool] = table.sent_at.is_(None) & table.dead.is_(None)
    return unsent
