"""What must hold at any moment, looked at while the bot runs; what does not hold stops payouts.

    books     a posting is sealed, has two or more entries and sums to zero in each currency
    accounts  nobody is below zero, unless a person reversed what was paid out
    pay       an answer of a paid stage is paid once, at the price it was offered for; what its
              author has of it in the end is that price, the graded part of it, or nothing
    leases    what was held too long has been given to others
    outbox    what is due has been sent, or was given up
    inbox     what somebody did has been handled, or was given up

The history is not read again and again: postings and answers are looked at once, when they are
new, and those found wrong until they are right. `kazi check` looks at everything.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from bot.models.base import table
from bot.models.chat import Attempt, Inbox, Outbox
from bot.models.pay import Account, Entry, Posting
from bot.models.safety import Fault, Safeguards
from bot.models.work import Answer, Assignment
from bot.pay import ledger, safeguards
from bot.store.database import Session
from bot.store.outbox import BEHIND, UNSENT

EVERY = timedelta(minutes=5)
EARLY = timedelta(seconds=30)  # a tick that comes this much too soon still counts as the next
LATE_LEASE = timedelta(minutes=10)  # the clock takes them back every 5 seconds
LATE_LETTER = timedelta(hours=1)
LATE_UPDATE = timedelta(minutes=10)  # Telegram tries 5 times within a minute
SETTLED = timedelta(minutes=2)  # a lower id may still commit; no transaction lives this long
STEP = 2000  # postings or answers a statement: on SQLite the loop stands still meanwhile
SUMS = 20  # accounts a statement, each with all its entries
MANY = 100  # rows remembered of one fault

PRICE = ("answer", "accept", "refuse", "appeal", "audit")  # postings that move an answer's price
PAID = ("answered", "returned", "accepted")

INVARIANTS = ("books", "accounts", "pay", "leases", "outbox", "inbox")

accounts, entries, postings = table(Account), table(Entry), table(Posting)
answers, assignments = table(Answer), table(Assignment)
attempts, inbox, outbox = table(Attempt), table(Inbox), table(Outbox)
KEYS: dict[str, Column[Any]] = {
    "books": postings.c.id,
    "accounts": accounts.c.id,
    "pay": assignments.c.id,
}


@dataclass(frozen=True, slots=True)
class Marks:
    """Up to which ids all was looked at, and what was found wrong before."""

    posting: int = 0
    answer: int = 0
    known: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What does not hold, by invariant the ids of what is wrong; and where to go on next time."""

    wrong: dict[str, list[int]]
    marks: Marks


@dataclass(frozen=True, slots=True)
class News:
    """What the owners have to be told: faults that are new, or all when payouts stop now."""

    wrong: dict[str, list[int]]
    froze: bool


async def claim(session: Session, *, now: datetime) -> bool:
    """Whether it is time, and this process is the one to look."""
    due = or_(
        Safeguards.watched_at.is_(None),
        Safeguards.watched_at <= now - EVERY + EARLY,
    )
    won = await session.scalar(
        update(Safeguards)
        .where(due)
        .values(watched_at=now)
        .returning(Safeguards.id)
        .execution_options(synchronize_session=False)
    )
    return won is not None


async def marks(session: Session) -> Marks:
    """Where the last look ended."""
    row = (await session.scalars(select(Safeguards))).one()
    known = {fault.name: fault.rows for fault in await session.scalars(select(Fault))}
    return Marks(row.proven_posting, row.proven_answer, known)


async def look(session: Session, *, now: datetime, since: Marks | None = None) -> Seen:
    """Find what does not hold; without `since`, in the whole history. Only reads."""
    since = since or Marks()
    wrong = {name: await _ids(session, query) for name, query in _standing(now).items()}
    wrong |= await _ledger(session, since)
    found = {name: wrong[name] for name in INVARIANTS if wrong[name]}
    if any(len(wrong[name]) >= MANY for name in KEYS):
        return Seen(found, since)  # more than can be remembered: the same rows again next time
    before = now - SETTLED
    upto = Marks(
        await _newest(session, postings.c.id, postings.c.at < before) or since.posting,
        await _newest(session, answers.c.id, answers.c.at < before) or since.answer,
    )
    return Seen(found, upto)


async def settle(session: Session, seen: Seen, *, now: datetime) -> News | None:
    """Write down what was seen; anything new freezes payouts. None: nothing to tell."""
    rows = await session.scalars(select(Fault).with_for_update())
    known = {fault.name: fault for fault in rows}
    fresh = {
        name: ids
        for name, ids in seen.wrong.items()
        if name not in known or not set(ids) <= set(known[name].rows)
    }
    for name, ids in seen.wrong.items():
        if name in known:
            known[name].rows = ids
        else:
            session.add(Fault(name=name, rows=ids, found_at=now))
    for name in known.keys() - seen.wrong.keys():
        await session.delete(known[name])
    await _go_on(session, seen.marks)
    await session.flush()
    if not fresh:
        return None
    froze = await safeguards.freeze(session, f"invariants: {', '.join(fresh)}", now)
    told = seen.wrong if froze else {n: ids for n, ids in fresh.items() if n not in known}
    return News(told, froze) if told else None


def _standing(now: datetime) -> dict[str, Select[int]]:
    """What an index of the few waiting rows answers."""
    settled = exists().where(
        inbox.c.bot_id == attempts.c.bot_id, inbox.c.update_id == attempts.c.update_id
    )
    return {
        "leases": select(assignments.c.id).where(
            assignments.c.state == "held", assignments.c.lease_until < now - LATE_LEASE
        ),
        # Behind a letter that is tried again, or held by a gate, the younger ones wait rightly.
        "outbox": select(outbox.c.id).where(UNSENT, outbox.c.due_at < now - LATE_LETTER, ~BEHIND),
        "inbox": select(attempts.c.update_id).where(attempts.c.since < now - LATE_UPDATE, ~settled),
    }


async def _ledger(session: Session, since: Marks) -> dict[str, list[int]]:
    """The books, the accounts they touched, and whether answers were paid."""
    wrong: dict[str, set[int]] = {name: set() for name in KEYS}
    touched = set(since.known.get("accounts", ()))
    for name in ("books", "pay"):
        again = KEYS[name].in_(since.known.get(name, ()))
        wrong[name].update(await _broken(session, name, again))
    async for low, high in _windows(session, postings.c.id, since.posting):
        new = postings.c.id.between(low, high)
        paid = assignments.c.id.in_(select(postings.c.assignment_id).where(new))
        wrong["books"].update(await _broken(session, "books", new))
        wrong["pay"].update(await _broken(session, "pay", paid))
        sides = select(entries.c.account_id).where(entries.c.posting_id.between(low, high))
        touched.update(await session.scalars(sides.distinct()))
    async for low, high in _windows(session, answers.c.id, since.answer):
        given = select(answers.c.assignment_id).where(answers.c.id.between(low, high))
        wrong["pay"].update(await _broken(session, "pay", assignments.c.id.in_(given)))
    holders = sorted(touched)
    for start in range(0, len(holders), SUMS):
        some = accounts.c.id.in_(holders[start : start + SUMS])
        wrong["accounts"].update(await _broken(session, "accounts", some))
        await asyncio.sleep(0)
    return {name: sorted(ids)[:MANY] for name, ids in wrong.items()}


async def _windows(
    session: Session, key: Column[Any], after: int
) -> AsyncIterator[tuple[int, int]]:
    """Ids from and to, that walk from `after` to the newest, STEP by STEP."""
    newest = await _newest(session, key) or 0
    for start in range(after, newest, STEP):
        yield start + 1, min(start + STEP, newest)
        await asyncio.sleep(0)


async def _broken(session: Session, name: str, among: ColumnElement[bool]) -> list[int]:
    return await _ids(session, select(KEYS[name]).where(among, BROKEN[name]))


async def _ids(session: Session, query: Select[int]) -> list[int]:
    (key,) = query.selected_columns
    return list(await session.scalars(query.order_by(key).limit(MANY)))


async def _newest(session: Session, key: Column[Any], *where: ColumnElement[bool]) -> int | None:
    """The highest id; by the primary key from its end, which passes only what is younger."""
    found: int | None = await session.scalar(
        select(key).where(*where).order_by(key.desc()).limit(1)
    )
    return found


async def _go_on(session: Session, upto: Marks) -> None:
    """Never back: of two processes that overlapped, the one further ahead is right."""
    for column, value in (
        (Safeguards.proven_posting, upto.posting),
        (Safeguards.proven_answer, upto.answer),
    ):
        await session.execute(
            update(Safeguards)
            .where(column < value)
            .values({column: value})
            .execution_options(synchronize_session=False)
        )


def _wrong_books() -> ColumnElement[bool]:
    mine = entries.c.posting_id == postings.c.id
    sides = select(func.count()).select_from(entries).where(mine).scalar_subquery()
    sums = select(entries.c.currency).where(mine).group_by(entries.c.currency)
    foreign = select(entries.c.id).join(accounts, accounts.c.id == entries.c.account_id)
    return or_(
        postings.c.sealed.is_(False),
        sides < 2,
        sums.having(func.sum(entries.c.amount) != 0).exists(),
        foreign.where(mine, entries.c.currency != accounts.c.currency).exists(),
    )


def _overdrawn() -> ColumnElement[bool]:
    mine = entries.c.account_id == accounts.c.id
    balance = select(func.sum(entries.c.amount)).where(mine).scalar_subquery()
    return accounts.c.worker_id.is_not(None) & (balance < 0) & ~ledger.excused()


def _mispaid() -> ColumnElement[bool]:
    mine = postings.c.assignment_id == assignments.c.id
    times = select(func.count()).select_from(postings).where(mine, postings.c.kind == "answer")
    given = exists().where(answers.c.assignment_id == assignments.c.id)
    wanted = case((given & (assignments.c.price_micro > 0), 1), else_=0)
    theirs = accounts.c.worker_id == assignments.c.worker_id
    got = (
        select(func.coalesce(func.sum(entries.c.amount), 0))
        .join(postings, postings.c.id == entries.c.posting_id)
        .join(accounts, accounts.c.id == entries.c.account_id)
        .where(mine, theirs, postings.c.kind.in_(PRICE))
        .where(entries.c.currency == assignments.c.currency)
    )
    # Rounded up like settlement.granted, in whole numbers of both databases.
    part = (assignments.c.price_micro * assignments.c.grade + 99) // 100
    due = case((given & assignments.c.state.in_(PAID), part), else_=0)
    return or_(times.scalar_subquery() != wanted, got.scalar_subquery() != due)


BROKEN = {"books": _wrong_books(), "accounts": _overdrawn(), "pay": _mispaid()}


def words(wrong: Mapping[str, Iterable[int]]) -> dict[str, str]:
    """For logs and the command line: by invariant, the first few ids."""
    return {name: ", ".join(map(str, list(ids)[:5])) for name, ids in wrong.items()}
