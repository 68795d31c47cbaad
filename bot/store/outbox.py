"""Messages to send: written in the turn's transaction, sent after it, in the order of each chat.

A chat's letters are a mailbox: its oldest is taken under the lock of the chat's row, which a turn
in that chat holds too, so that two processes never send two letters of one chat at once.

A row is leased while somebody sends it. The lease has an owner and the attempt's number, and only
the holder of both may mark it: a sender that was frozen finds its mark refused. Sending is
at-least-once, because Telegram has no key for a repeated message.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any, NamedTuple

from sqlalchemy import (
    String,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from bot.models.base import moment, table
from bot.models.chat import Chat, Gate, Outbox, Poll
from bot.store import gates
from bot.store.database import Session, now, upsert
from bot.store.gates import micros

LEASE = timedelta(seconds=45)  # 15 s in hand and a call's time-outs, see deliver.STALE
BATCH = 30
TRIES = 16  # with the pauses of deliver.pause: about an hour
USEFUL = timedelta(hours=6)  # for an offer or a broadcast; who comes back from an outage asks anew
AGAIN_AT_BLOCKED = timedelta(hours=1)  # money notices wait for who blocked the bot
KEEP = timedelta(days=2)
KEEP_DEAD = timedelta(days=7)

REPLIES, MONEY, OFFERS, BROADCASTS = range(4)  # lanes; the lower goes first

outbox, gate = table(Outbox), table(Gate)
UNSENT = outbox.c.sent_at.is_(None) & outbox.c.dead.is_(None)
# True of every letter, and the word for ix_outbox_due: only who says it is served by that index.
# What asks for a chat must not read all that waits there, as PostgreSQL would when few did so far.
BY_LANE = outbox.c.lane >= literal_column("0")
_OF_BOT = outbox.c.bot_id == bindparam("bot")
_UNLIMITED = 2**62

# What every turn runs is built once: building a statement costs three times its execution.
QUEUE = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)
_OTHERS = outbox.c.lease_owner.is_distinct_from(bindparam("owner"))
_GATE_OF_CHAT = (gate.c.bot_id == bindparam("bot")) & (gate.c.scope == bindparam("scope"))
_SHUT = exists().where(
    gate.c.bot_id == bindparam("bot"),
    gate.c.scope.in_([bindparam("scope"), gates.BOT]),
    gate.c.closed_until > moment(),
)
STANDING = select(
    func.count(),
    func.count().filter(_OTHERS),
    select(gate.c.next_us - micros()).where(_GATE_OF_CHAT).scalar_subquery(),
    _SHUT,
).where(_OF_BOT, outbox.c.chat_id == bindparam("chat"), UNSENT)
_OF_CHATS = outbox.c.chat_id.in_(bindparam("chats", expanding=True))
UNCLAIMED = (
    select(outbox.c.id).where(_OF_BOT, _OF_CHATS, outbox.c.lease_owner.is_(None), UNSENT).limit(1)
)
_FREE = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < bindparam("now"))
_older = outbox.alias()
# Probes for each row: without OFFSET PostgreSQL joins, and reads all that waits again and again.
BEHIND = exists(
    select(_older.c.id)
    .where(
        _older.c.bot_id == outbox.c.bot_id,
        _older.c.chat_id == outbox.c.chat_id,
        _older.c.id < outbox.c.id,
        _older.c.sent_at.is_(None),
        _older.c.dead.is_(None),
    )
    .correlate(outbox)
    .offset(0)
)
_used_up = case((outbox.c.chat_id > 0, bindparam("private_us")), else_=bindparam("group_us"))
_GATED = exists(
    select(gate.c.scope)
    .where(
        gate.c.bot_id == outbox.c.bot_id,
        gate.c.scope == literal("chat:") + cast(outbox.c.chat_id, String),
        or_(gate.c.closed_until > bindparam("now"), gate.c.next_us > _used_up),
    )
    .correlate(outbox)
    .offset(0)
)
_BOT_SHUT = exists().where(
    gate.c.bot_id == bindparam("bot"),
    gate.c.scope == gates.BOT,
    gate.c.closed_until > bindparam("now"),
)
# Due letters with nothing older waiting in their chat, the best lane first: in the order of
# ix_outbox_due, so that of a long broadcast only the next few are read. SQLite would rather take
# the index that begins with the bot, and sort all that waits: the sum keeps it from that.
_OF_THIS_BOT = outbox.c.bot_id + 0 == bindparam("bot")
_HEADS = (
    select(outbox.c.id, outbox.c.chat_id)
    .where(UNSENT, outbox.c.due_at <= bindparam("now"), _FREE, ~_BOT_SHUT, ~BEHIND, ~_GATED)
    .order_by(outbox.c.lane, outbox.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=outbox)
)
HEADS = _HEADS.where(_OF_THIS_BOT, BY_LANE)
HEADS_OF = _HEADS.where(_OF_BOT, _OF_CHATS)
_chats = table(Chat)
_AMONG = (
    _chats.c.bot_id == bindparam("bot"),
    _chats.c.chat_id.in_(bindparam("chats", expanding=True)),
)
_locked = select(_chats.c.chat_id).where(*_AMONG).with_for_update(skip_locked=True).cte("locked")
BUSY = select(_chats.c.chat_id).where(*_AMONG, _chats.c.chat_id.not_in(select(_locked.c.chat_id)))
# Said again, because it is read again: a turn may have queued and committed before its chat was
# locked here, and what it sends itself comes first.
LEASED = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)), _FREE, ~BEHIND)
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
        outbox.c.expires_at,
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
LONGER = MARK.values(lease_owner=bindparam("owner"), lease_until=bindparam("until"))
# What was said is in the chat from then on, and nowhere else: rows hold names and answers.
SENT = MARK.values(sent_at=moment(), message_id=bindparam("message"), payload={})
# The card is where the letter's row says that it is: a sender whose mark was refused moves nothing.
PLACE = (
    update(_chats)
    .where(
        _chats.c.bot_id == bindparam("bot"),
        _chats.c.chat_id == bindparam("chat"),
        _chats.c.card == bindparam("shown"),
        exists().where(
            outbox.c.id == bindparam("letter"), outbox.c.message_id == bindparam("message")
        ),
    )
    .values(card_message=bindparam("message"))
)
EXPIRE = (
    update(outbox)
    .where(_OF_BOT, UNSENT, _FREE, outbox.c.expires_at < bindparam("now"))
    .values(dead="expired", payload={})
)


class Dead(NamedTuple):
    """A letter that was given up."""

    method: str
    chat_id: int
    at: datetime
    """When it was written."""
    why: str


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
    expires_at: datetime | None = None
    """When it is no longer worth sending; by itself USEFUL after now for offers and broadcasts."""
    id: int = 0
    attempts: int = 0
    """Of the leases so far the number; 0: nobody holds it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a letter: a message id, a reason for giving up, or a later time."""

    letter: Letter
    message_id: int | None = None
    dead: str | None = None
    again_in: float | None = None
    """Seconds from now."""
    called: bool = True
    """Whether Telegram may have seen it: only then it counts as a try."""
    poll_id: str | None = None


async def queue(
    session: Session, letters: Sequence[Letter], *, owner: str | None, now: datetime
) -> None:
    """Write letters, leased to `owner` when it will send them itself right after the commit."""
    if not letters:
        return
    rows = [
        {
            "bot_id": letter.bot_id,
            "chat_id": letter.chat_id,
            "lane": letter.lane,
            "method": letter.method,
            "payload": letter.payload,
            "card": letter.card,
            "expires_at": letter.expires_at or (now + USEFUL if letter.lane >= OFFERS else None),
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
    bot_id: int,
    *,
    owner: str,
    chats: Iterable[int] | None = None,
    limit: int = BATCH,
    paced: bool = True,
) -> list[Letter]:
    """Lease the oldest waiting letter of each chat that may be written to now, best lane first.

    A chat in which a turn is at work is left to the next claim. `paced`: see `room`.
    """
    moment_now = await now(session)
    where = {"bot": bot_id, "now": moment_now, "limit": limit, **_paces(moment_now, paced=paced)}
    if chats is None:
        heads = (await session.execute(HEADS, where)).all()
    else:
        heads = (await session.execute(HEADS_OF, where | {"chats": list(chats)})).all()
    ids = await _lock(session, bot_id, {chat: letter for letter, chat in heads})
    if not ids:
        return []
    lease = {"ids": ids, "now": moment_now, "owner": owner, "until": moment_now + LEASE}
    found = await session.execute(LEASED, lease)
    return sorted((Letter(*row) for row in found), key=lambda letter: letter.id)


async def mark(
    session: Session, bot_id: int, outcomes: Sequence[Sent], *, owner: str, paced: bool = True
) -> None:
    """Write down what became of the letters; a letter leased to somebody else meanwhile is left."""
    sent = [one for one in outcomes if one.dead is None and one.again_in is None]
    if sent:
        await session.execute(SENT, [_held(one, owner, message=one.message_id) for one in sent])
    if len(sent) < len(outcomes):
        rest = [one for one in outcomes if one.dead is not None or one.again_in is not None]
        await _put_off(session, rest, owner)
    for outcome in outcomes:
        letter = outcome.letter
        if letter.card is not None and outcome.message_id is not None:
            await _place_card(session, letter, outcome.message_id)
        if letter.card is not None and outcome.poll_id is not None:
            await _place_poll(session, letter, outcome)
    called = Counter(one.letter.chat_id for one in outcomes if one.called)
    if paced and called:
        await gates.touch(session, bot_id, called)


async def room(
    session: Session, bot_id: int, chat_id: int, *, owner: str, paced: bool = True
) -> int:
    """How many letters `owner` may send to this chat at once; 0 while others of it wait.

    `paced`: the chat's limit counts; it does not on a Bot API server without limits.
    """
    where = {"bot": bot_id, "chat": chat_id, "scope": gates.scope(chat_id), "owner": owner}
    waiting, others, ahead, shut = (await session.execute(STANDING, where)).one()
    if others or shut:
        return 0
    if not paced:
        return _UNLIMITED
    pace = gates.pace_of(chat_id)
    used = -(-max(0, ahead or 0) // pace.every)
    return int(max(0, pace.burst - used - waiting))


async def unclaimed(session: Session, bot_id: int, chats: Iterable[int]) -> bool:
    """Whether letters of these chats wait for somebody to send them, now or later."""
    where = {"bot": bot_id, "chats": list(chats)}
    return await session.scalar(UNCLAIMED, where) is not None


async def expire(session: Session, bot_id: int) -> None:
    """Drop what came too late to be of use, as after an outage: offers, broadcasts, reminders."""
    moment_now = await now(session)
    await session.execute(EXPIRE, {"bot": bot_id, "now": moment_now})


async def places(
    session: Session, bot_id: int, chat_id: int, cards: Sequence[int]
) -> dict[int, float]:
    """Which message first showed each card; without end while its letter waits to be sent."""
    found = await session.execute(
        select(outbox.c.card, func.min(outbox.c.message_id))
        .where(outbox.c.bot_id == bot_id, outbox.c.chat_id == chat_id, outbox.c.card.in_(cards))
        .group_by(outbox.c.card)
    )
    return {card: inf if message is None else message for card, message in found}


async def resume(session: Session, bot_id: int, chat_id: int) -> None:
    """A chat can be reached again: what was put off for it is due."""
    waits = (outbox.c.bot_id == bot_id, outbox.c.chat_id == chat_id, UNSENT)
    later = outbox.c.due_at > moment()
    await session.execute(update(outbox).where(*waits, later).values(due_at=moment()))


async def migrate(session: Session, bot_id: int, old: int, new: int) -> None:
    """A group became a supergroup: its letters and its chat have another number."""
    moved = (outbox.c.bot_id == bot_id, outbox.c.chat_id == old, UNSENT)
    await session.execute(update(outbox).where(*moved).values(chat_id=new))
    taken = _chats.alias()
    known = exists().where(taken.c.bot_id == bot_id, taken.c.chat_id == new)
    row = (_chats.c.bot_id == bot_id, _chats.c.chat_id == old, ~known)
    await session.execute(update(_chats).where(*row).values(chat_id=new))


async def dead(session: Session, bot_id: int, limit: int) -> list[Dead]:
    """The newest letters that were given up; what they said is not shown."""
    given_up = select(outbox.c.method, outbox.c.chat_id, outbox.c.created_at, outbox.c.dead).where(
        outbox.c.bot_id == bot_id, outbox.c.dead.is_not(None)
    )
    found = await session.execute(given_up.order_by(outbox.c.id.desc()).limit(limit))
    return [Dead(*row) for row in found]


async def extend(session: Session, letter: Letter, owner: str, length: timedelta) -> None:
    """Keep a letter that takes long to make; one leased to somebody else meanwhile is left."""
    mine = {"letter": letter.id, "owner": owner, "attempt": letter.attempts}
    await session.execute(LONGER, mine | {"until": await now(session) + length})


async def release(session: Session, owner: str | None) -> None:
    """Give back what a stopping process had leased; None: what anybody had."""
    await session.execute(
        update(Outbox)
        .where(Outbox.lease_owner.is_not(None) if owner is None else Outbox.lease_owner == owner)
        .where(UNSENT)
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
            UNSENT,
        )
        .values(dead=why, payload={})
        .execution_options(synchronize_session=False)
    )


async def prune(session: Session, now: datetime) -> None:
    """Forget what was sent long ago, what was given up, and at once the letters of the erased."""
    await gates.prune(session, now)
    await session.execute(delete(Outbox).where(Outbox.sent_at < now - KEEP))
    given_up = Outbox.dead.is_not(None)
    await session.execute(delete(Outbox).where(given_up, Outbox.created_at < now - KEEP_DEAD))
    theirs = (Chat.bot_id == Outbox.bot_id) & (Chat.chat_id == Outbox.chat_id)
    private = Outbox.chat_id > 0  # groups have negative ids and no row in `chats`
    done = Outbox.sent_at.is_not(None) | given_up
    await session.execute(delete(Outbox).where(done, private, ~exists().where(theirs)))


def _paces(at: datetime, *, paced: bool) -> dict[str, int]:
    """Up to which `next_us` a chat of either kind may take one more."""
    if not paced:
        return {"private_us": _UNLIMITED, "group_us": _UNLIMITED}
    us = round(at.timestamp() * gates.SECOND)
    limits = {"private_us": gates.PRIVATE, "group_us": gates.GROUP}
    return {name: us + (pace.burst - 1) * pace.every for name, pace in limits.items()}


async def _lock(session: Session, bot_id: int, heads: dict[int, int]) -> list[int]:
    """The letters of the chats that could be locked. SQLite's one writer needs no locks."""
    if not heads or session.get_bind().dialect.name == "sqlite":
        return list(heads.values())
    busy = await session.scalars(BUSY, {"bot": bot_id, "chats": list(heads)})
    for chat_id in busy.all():
        del heads[chat_id]
    return list(heads.values())


async def _put_off(session: Session, outcomes: Sequence[Sent], owner: str) -> None:
    """What was given up, and what is due later."""
    moment_now = await now(session)
    for outcome in outcomes:
        if outcome.dead is not None:
            values: dict[str, Any] = {"dead": outcome.dead[:500], "payload": {}}
        else:
            values = {"due_at": moment_now + timedelta(seconds=outcome.again_in or 0)}
        if not outcome.called:
            values["attempts"] = outcome.letter.attempts - 1
        await session.execute(MARK, _held(outcome, owner, **values))


def _held(outcome: Sent, owner: str, **values: Any) -> dict[str, Any]:
    """The letter as this sender leased it, and what to write about it."""
    letter = outcome.letter
    return {"letter": letter.id, "owner": owner, "attempt": letter.attempts, **values}


async def _place_card(session: Session, letter: Letter, message_id: int) -> None:
    where = {"bot": letter.bot_id, "chat": letter.chat_id, "shown": letter.card}
    await session.execute(PLACE, where | {"letter": letter.id, "message": message_id})


async def _place_poll(session: Session, letter: Letter, outcome: Sent) -> None:
    statement = upsert(session, table(Poll)).values(
        bot_id=letter.bot_id,
        poll_id=outcome.poll_id,
        assignment_id=letter.card,
        message_id=outcome.message_id,
    )
    await session.execute(statement.on_conflict_do_nothing())
