"""The ledger: balanced postings, only ever added to. The only module that writes money.

Signs: a positive entry is owed to the account's holder. A worker's `pending` and `available`
grow with plus; the project's `expense` carries the minus.

    answered      project expense -price   worker pending   +price     answer:<assignment>
    accepted      worker pending  -price   worker available +price     accept:<assignment>
    graded        worker pending  -price   worker available +part
                  project expense +rest                                accept:<assignment>
    not accepted  the answer's posting, reversed                       refuse:<assignment>
    overturned    project expense -rest    worker available +rest      appeal:<appeal>, audit:<id>
    reviewed      project expense -pay     reviewer available +pay     review:<assignment>:<round>
    broken task   project expense -time    worker available +time      report:<assignment>
    below floor   project expense -rest    worker available +rest      topup:<worker>:…
    bonus         project expense -bonus   worker available +bonus     bonus:<bonus>
    payout begun  worker available -sum    worker held      +sum       payout:<payout>:hold
    ... settled   worker held     -sum     provider paid    +sent
                                           provider fee     +fee       payout:<payout>:settle
    ... failed    the hold, reversed                                   payout:<payout>:fail
    ... too much  house expense   -gap     worker available +gap       payout:<payout>:cover
    by hand       any posting, reversed by an owner                    reverse:<posting>
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select, update

from bot.models.base import table
from bot.models.pay import Account, Entry, Posting
from bot.store.database import Session, for_both, upsert

REVERSE = "reverse"  # the kind of a posting by which a person takes another one back

accounts, entries, postings = table(Account), table(Entry), table(Posting)

# What every answer runs is built once: building a statement costs three times its execution.
OPEN = for_both(
    lambda insert: (
        insert(postings).on_conflict_do_nothing(index_elements=["key"]).returning(postings.c.id)
    )
)
IDS = select(accounts.c.code, accounts.c.id).where(
    accounts.c.code.in_(bindparam("codes", expanding=True))
)
ADD = insert(entries)
SEAL = update(postings).where(postings.c.id == bindparam("posting")).values(sealed=True)


class Side(NamedTuple):
    """One entry to be: an account by its code, and micro-units."""

    account: str
    amount: int


class Whose(NamedTuple):
    """Who gets money of which project, and for which answer; None: for none in particular."""

    worker_id: int
    project_id: int
    assignment_id: int | None
    currency: str


class Leaving(NamedTuple):
    """Money of one worker on its way out. Micro-units; the fee is a part of `micro`."""

    payout_id: int
    worker_id: int
    provider: str
    currency: str
    micro: int
    fee: int = 0

    def key(self, what: str) -> str:
        return f"payout:{self.payout_id}:{what}"


class KeyReused(Exception):
    """The same posting key came with another content: a bug, and an alarm."""

    @property
    def key(self) -> str:
        return str(self.args[0])


class LedgerBroken(Exception):
    """`check` found the books wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What one worker has in one currency, in micro-units."""

    currency: str
    pending: int = 0
    available: int = 0
    held: int = 0


def expense(project_id: int, currency: str) -> str:
    return f"project:{project_id}:expense:{currency}"


def pending(worker_id: int, currency: str) -> str:
    return f"worker:{worker_id}:pending:{currency}"


def available(worker_id: int, currency: str) -> str:
    return f"worker:{worker_id}:available:{currency}"


def held(worker_id: int, currency: str) -> str:
    return f"worker:{worker_id}:held:{currency}"


def house(currency: str) -> str:
    """What nobody's project pays."""
    return f"house:0:expense:{currency}"


async def earn(
    session: Session,
    *,
    assignment_id: int,
    worker_id: int,
    project_id: int,
    micro: int,
    currency: str,
) -> None:
    """The price of an answer becomes the worker's, pending review. Twice is once."""
    sides = [
        Side(expense(project_id, currency), -micro),
        Side(pending(worker_id, currency), micro),
    ]
    await post(session, f"answer:{assignment_id}", "answer", sides, assignment_id=assignment_id)


async def accept(
    session: Session, *, assignment_id: int, worker_id: int, micro: int, currency: str
) -> None:
    """An accepted answer's price may be paid out."""
    sides = [
        Side(pending(worker_id, currency), -micro),
        Side(available(worker_id, currency), micro),
    ]
    await post(session, f"accept:{assignment_id}", "accept", sides, assignment_id=assignment_id)


async def accept_part(session: Session, whose: Whose, *, micro: int, granted: int) -> None:
    """A graded answer: `granted` of its price may be paid out, the rest is the project's again."""
    sides = [
        Side(pending(whose.worker_id, whose.currency), -micro),
        Side(available(whose.worker_id, whose.currency), granted),
        Side(expense(whose.project_id, whose.currency), micro - granted),
    ]
    key = f"accept:{whose.assignment_id}"
    await post(session, key, "accept", sides, assignment_id=whose.assignment_id)


async def refuse(session: Session, assignment_id: int) -> None:
    """Take back the pending price of an answer that is not accepted."""
    posting_id, sides = await _reversed(session, f"answer:{assignment_id}")
    key = f"refuse:{assignment_id}"
    await post(session, key, "refuse", sides, assignment_id=assignment_id, reverses=posting_id)


async def _reversed(session: Session, key: str) -> tuple[int | None, list[Side]]:
    """A posting's id and its sides the other way round."""
    rows = await _written(session, postings.c.key == key)
    return (rows[0].id if rows else None), [Side(row.code, -row.amount) for row in rows]


async def hold(session: Session, leaving: Leaving) -> None:
    """Put money aside for a payout: no other one can have it."""
    sides = [
        Side(available(leaving.worker_id, leaving.currency), -leaving.micro),
        Side(held(leaving.worker_id, leaving.currency), leaving.micro),
    ]
    await post(session, leaving.key("hold"), "hold", sides)


async def settle(session: Session, leaving: Leaving) -> None:
    """The money has arrived; the provider kept its fee."""
    account = f"provider:{leaving.provider}"
    sides = [
        Side(held(leaving.worker_id, leaving.currency), -leaving.micro),
        Side(f"{account}:paid:{leaving.currency}", leaving.micro - leaving.fee),
        Side(f"{account}:fee:{leaving.currency}", leaving.fee),
    ]
    await post(session, leaving.key("settle"), "payout", sides)


async def pay_back(session: Session, leaving: Leaving) -> None:
    """The payout failed: what was held is available again."""
    posting_id, sides = await _reversed(session, leaving.key("hold"))
    await post(session, leaving.key("fail"), "payback", sides, reverses=posting_id)


async def cover(session: Session, leaving: Leaving, gap: int) -> None:
    """The house bears what was paid out for work that the books have lost."""
    sides = [
        Side(house(leaving.currency), -gap),
        Side(available(leaving.worker_id, leaving.currency), gap),
    ]
    await post(session, leaving.key("cover"), "goodwill", sides)


async def reverse(session: Session, posting_id: int) -> int | None:
    """Take any posting back, whole; once. Who may, and when: see bot.pay.corrections."""
    rows = await _written(session, postings.c.id == posting_id)
    return await post(
        session,
        f"reverse:{posting_id}",
        REVERSE,
        [Side(row.code, -row.amount) for row in rows],
        assignment_id=rows[0].assignment_id,
        reverses=posting_id,
    )


async def grant(session: Session, key: str, kind: str, whose: Whose, *, micro: int) -> int | None:
    """Money of a project that is somebody's at once: a review's pay, a won appeal, a bonus.

    Returns the posting, see `post`.
    """
    sides = [
        Side(expense(whose.project_id, whose.currency), -micro),
        Side(available(whose.worker_id, whose.currency), micro),
    ]
    return await post(session, key, kind, sides, assignment_id=whose.assignment_id)


async def post(
    session: Session,
    key: str,
    kind: str,
    sides: Sequence[Side],
    *,
    assignment_id: int | None = None,
    reverses: int | None = None,
) -> int | None:
    """Write one balanced posting; None when its key was posted before with the same content.

    Raises KeyReused for another content under the same key. Work that pays nothing posts nothing.
    `reverses` is the posting that it takes back.
    """
    sides = [side for side in sides if side.amount]
    if not sides:
        return None
    values = {
        "key": key,
        "kind": kind,
        "digest": _digest(kind, sides),
        "reverses": reverses,
        "assignment_id": assignment_id,
        "sealed": False,
    }
    posting_id = await _begin(session, values)
    if posting_id is None:
        return None
    ids = await _accounts(session, sides)
    await session.execute(
        ADD,
        [
            {
                "posting_id": posting_id,
                "account_id": ids[side.account],
                "currency": _currency(side.account),
                "amount": side.amount,
            }
            for side in sides
        ],
    )
    await session.execute(SEAL, {"posting": posting_id})
    return posting_id


async def balances(session: Session, worker_id: int) -> list[Balance]:
    """What a worker has, per currency, from the entries themselves."""
    found = await session.execute(
        select(accounts.c.currency, accounts.c.kind, func.sum(entries.c.amount))
        .join(entries, entries.c.account_id == accounts.c.id)
        .where(accounts.c.worker_id == worker_id)
        .group_by(accounts.c.currency, accounts.c.kind)
        .order_by(accounts.c.currency)
    )
    sums: dict[str, dict[str, int]] = {}
    for currency, kind, amount in found:
        sums.setdefault(currency, {})[kind] = int(amount)
    return [
        Balance(code, kinds.get("pending", 0), kinds.get("available", 0), kinds.get("held", 0))
        for code, kinds in sums.items()
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a worker's ledger, as they read it."""

    at: datetime
    kind: str
    account: str
    micro: int
    currency: str
    assignment_id: int | None


async def lines(session: Session, worker_id: int, *, offset: int, limit: int) -> list[Line]:
    """A worker's entries, newest first."""
    found = await session.execute(
        select(
            postings.c.at,
            postings.c.kind,
            accounts.c.kind,
            entries.c.amount,
            entries.c.currency,
            postings.c.assignment_id,
        )
        .join(accounts, accounts.c.id == entries.c.account_id)
        .join(postings, postings.c.id == entries.c.posting_id)
        .where(accounts.c.worker_id == worker_id)
        .order_by(entries.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [Line(*row) for row in found]


async def totals(session: Session) -> dict[str, dict[str, int]]:
    """Micro-units per currency and kind of account, all workers together."""
    found = await session.execute(
        select(accounts.c.currency, accounts.c.kind, func.coalesce(func.sum(entries.c.amount), 0))
        .outerjoin(entries, entries.c.account_id == accounts.c.id)
        .group_by(accounts.c.currency, accounts.c.kind)
    )
    sums: dict[str, dict[str, int]] = {}
    for currency, kind, amount in found:
        blank = {"pending": 0, "available": 0, "held": 0, "paid": 0}
        sums.setdefault(currency, blank)[kind] = int(amount)
    return sums


async def check(session: Session) -> dict[str, dict[str, int]]:
    """Prove the books: every posting sealed and balanced, nobody below zero. Gives `totals`.

    Below zero may be only what a person's reversal took back after it had been paid out.
    Raises LedgerBroken naming the first postings or accounts that are wrong.
    """
    await _none(
        session, select(postings.c.key).where(postings.c.sealed.is_(False)), "open postings"
    )
    await _none(session, _unbalanced(), "unbalanced postings")
    await _none(session, _empty(), "postings without entries")
    await _none(session, _foreign(), "entries in another currency than their account")
    await _none(session, _below_zero(), "accounts below zero")
    return await totals(session)


async def _none(session: Session, query: Select[str], what: str) -> None:
    found = (await session.scalars(query.limit(5))).all()
    if found:
        raise LedgerBroken(f"{what}: {', '.join(map(str, found))}")


def _unbalanced() -> Select[str]:
    return (
        select(postings.c.key)
        .join(entries, entries.c.posting_id == postings.c.id)
        .group_by(postings.c.key, entries.c.currency)
        .having(func.sum(entries.c.amount) != 0)
    )


def _empty() -> Select[str]:
    has_entries = select(entries.c.id).where(entries.c.posting_id == postings.c.id).exists()
    return select(postings.c.key).where(~has_entries)


def _foreign() -> Select[str]:
    return (
        select(accounts.c.code)
        .join(entries, entries.c.account_id == accounts.c.id)
        .where(entries.c.currency != accounts.c.currency)
    )


def _below_zero() -> Select[str]:
    return (
        select(accounts.c.code)
        .join(entries, entries.c.account_id == accounts.c.id)
        .where(accounts.c.worker_id.is_not(None), ~excused())
        .group_by(accounts.c.code)
        .having(func.sum(entries.c.amount) < 0)
    )


def excused() -> ColumnElement[bool]:
    """Of accounts: it may be below zero, because a person reversed what was paid out."""
    taken_back = (
        select(entries.c.id)
        .join(postings, postings.c.id == entries.c.posting_id)
        .where(entries.c.account_id == accounts.c.id)
        .where(postings.c.kind == REVERSE, postings.c.reverses.is_not(None))
        .correlate(accounts)
    )
    return (accounts.c.kind == "available") & taken_back.exists()


async def _written(session: Session, which: ColumnElement[bool]) -> Sequence[Any]:
    """The sides of a posting."""
    query = (
        select(postings.c.id, postings.c.assignment_id, accounts.c.code, entries.c.amount)
        .join(entries, entries.c.posting_id == postings.c.id)
        .join(accounts, accounts.c.id == entries.c.account_id)
        .where(which)
    )
    return (await session.execute(query)).all()


async def _begin(session: Session, values: Mapping[str, object]) -> int | None:
    made: int | None = await session.scalar(OPEN(session), values)
    if made is None:
        before = await session.scalar(
            select(postings.c.digest).where(postings.c.key == values["key"])
        )
        if before != values["digest"]:
            raise KeyReused(values["key"])
    return made


async def _accounts(session: Session, sides: Sequence[Side]) -> dict[str, int]:
    """Ids of the accounts, opening those that are new."""
    codes = [side.account for side in sides]
    wanted = {"codes": codes}
    found = dict((await session.execute(IDS, wanted)).all())
    missing = sorted(set(codes) - found.keys())
    if missing:
        statement = upsert(session, accounts).values([_account(code) for code in missing])
        await session.execute(statement.on_conflict_do_nothing(index_elements=["code"]))
        found = dict((await session.execute(IDS, wanted)).all())
    return found


def _account(code: str) -> dict[str, object]:
    holder, number, kind, currency = code.split(":")
    return {
        "code": code,
        "kind": kind,
        "currency": currency,
        "worker_id": int(number) if holder == "worker" else None,
        "project_id": int(number) if holder == "project" else None,
    }


def _currency(code: str) -> str:
    return code.rsplit(":", 1)[1]


def _digest(kind: str, sides: Sequence[Side]) -> str:
    text = kind + "".join(f"|{side.account}={side.amount}" for side in sorted(sides))
    return sha256(text.encode()).hexdigest()
