"""What must be true of the database after any number of deaths: the oracle."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, text

from bot.models.chat import Attempt, Inbox, Outbox
from bot.models.pay import Posting
from bot.models.work import Answer, Assignment, Task
from bot.pay import ledger
from bot.pay.ledger import LedgerBroken
from bot.store.database import Database, Session, now
from tests.chaos import trace
from tests.chaos.letters import told
from tests.chaos.people import Act

ANSWERED = ("answered", "accepted")
ELSEWHERE = "Saved for the task that was shown before: "
LONGEST_LEASE = timedelta(minutes=6)  # the shortest there is, for tasks of a second
HAPPENED = (
    Assignment.offered_at,
    Assignment.answered_at,
    Answer.at,
    Posting.at,
    Inbox.received_at,
    Outbox.created_at,
    Outbox.sent_at,
)


class Said(NamedTuple):
    """What one person did and had acknowledged, in the order of their updates."""

    name: str
    chat: int
    acts: list[Act]


async def faults(
    database: Database, people: Iterable[Said], acknowledged: Iterable[int], *, since: datetime
) -> list[str]:
    """Every broken promise, as a sentence; none is what we want. All happened after `since`."""
    async with database.reading() as session:
        return [
            *await _work(session, list(people)),
            *await _money(session),
            *await _slots(session),
            *await _hands(session),
            *await _moments(session, since),
            *await _letters(session),
            *await _updates(session, set(acknowledged)),
            *(await _file(session) if database.is_sqlite else []),
        ]


def expected(acts: Iterable[Act]) -> dict[int, list[str]]:
    """The labels that each assignment must have, revision by revision.

    The first tap on a card counts; its card is then used up. Undo and skip use up every card of
    the assignment that was shown until then.
    """
    shown: dict[int, set[str]] = defaultdict(set)
    used: set[tuple[int, str]] = set()
    labels: dict[int, list[str]] = defaultdict(list)
    for act in acts:
        card = (act.assignment, act.nonce)
        if act.kind == "undo":
            used |= {(act.assignment, nonce) for nonce in shown[act.assignment]}
        elif act.kind == "skip":
            used.add(card)
        elif act.kind == "answer" and card not in used:
            used.add(card)
            labels[act.assignment].append(act.label)
        shown[act.assignment].add(act.nonce)
    return labels


async def _work(session: Session, people: list[Said]) -> list[str]:
    """Each acknowledged answer is there once, and none is there that nobody gave."""
    found: dict[int, list[str]] = defaultdict(list)
    query = select(Answer.assignment_id, Answer.revision, Answer.label)
    for row in await session.execute(query.order_by(Answer.assignment_id, Answer.revision)):
        found[row.assignment_id].append(row.label)
    states = {
        row.id: row.state for row in await session.execute(select(Assignment.id, Assignment.state))
    }
    texts = {act.label for said in people for act in said.acts if act.kind == "text"}
    return [
        *_taps(people, found, states, texts),
        *await _texts(session, people, found),
        *_states(found, states),
    ]


def _taps(
    people: list[Said], found: dict[int, list[str]], states: dict[int, str], texts: set[str]
) -> Iterator[str]:
    wanted: dict[int, list[str]] = {}
    for said in people:
        wanted |= expected(said.acts)
    for assignment in sorted(wanted.keys() | found.keys()):
        labels = found.get(assignment, [])
        given = wanted.get(assignment, [])
        if labels == given or (not given and set(labels) <= texts):
            continue
        # A correction may come when the answer has just been accepted: then the first one stays.
        if states.get(assignment) == "accepted" and labels == given[:1]:
            continue
        yield f"assignment {assignment} ({states.get(assignment)}): {labels}, tapped {given}"


async def _texts(session: Session, people: list[Said], found: dict[int, list[str]]) -> list[str]:
    """What was written to a card answers that card and no other, or its writer was told so.

    Of a text that is not where it belongs, what went before is told.
    """
    holders: dict[str, list[int]] = defaultdict(list)
    for assignment, labels in found.items():
        for label in labels:
            holders[label].append(assignment)
    letters = await told(session, ELSEWHERE)
    wrong = []
    for said in people:
        for act in said.acts:
            answers = holders[act.label]
            if act.kind != "text" or answers == [act.assignment]:
                continue
            if len(answers) == 1 and any(f"{ELSEWHERE}{act.label}." in one for one in letters):
                continue
            wrong.append(
                f"{said.name} wrote {act.label!r} to {act.assignment}: it answers {answers}"
            )
            wrong += await trace.around(session, said.chat, said.acts, act)
    return wrong


def _states(found: dict[int, list[str]], states: dict[int, str]) -> Iterator[str]:
    for assignment, state in states.items():
        if (state in ANSWERED) != (assignment in found):
            yield f"assignment {assignment} is {state} with answers {found.get(assignment)}"


async def _money(session: Session) -> list[str]:
    """Every answer is paid once, at its frozen price, and the books balance."""
    try:
        totals = await ledger.check(session)
    except LedgerBroken as broken:
        return [f"ledger: {broken}"]
    answered = await session.execute(
        select(Assignment.id, Assignment.price_micro, Assignment.currency).where(
            Assignment.answered_at.is_not(None)
        )
    )
    owed: dict[str, int] = defaultdict(int)
    wanted = set()
    for row in answered:
        owed[row.currency] += row.price_micro
        wanted.add(f"answer:{row.id}")
    posted = (await session.scalars(select(Posting.key).where(Posting.kind == "answer"))).all()
    wrong = [f"paid but not answered: {key}" for key in set(posted) - wanted]
    wrong += [f"answered but not paid: {key}" for key in wanted - set(posted)]
    have = {code: sums["pending"] + sums["available"] for code, sums in totals.items()}
    if have != dict(owed):
        wrong.append(f"workers have {have}, their answers were worth {dict(owed)}")
    return wrong


async def _slots(session: Session) -> list[str]:
    """What is open, held and answered of a task makes its overlap."""
    taken = func.count().filter(
        (Assignment.state == "held")
        | (Assignment.state.in_(ANSWERED) & Assignment.surplus.is_(False))
    )
    query = (
        select(Task.key, Task.overlap, Task.open_slots, taken.label("taken"))
        .outerjoin(Assignment, Assignment.task_id == Task.id)
        .where(Task.gold.is_(None))
        .group_by(Task.id, Task.key, Task.overlap, Task.open_slots)
        .having(Task.open_slots + taken != Task.overlap)
    )
    return [
        f"task {row.key}: {row.open_slots} open and {row.taken} taken of {row.overlap}"
        for row in await session.execute(query)
    ]


async def _hands(session: Session) -> list[str]:
    """Nobody holds two tasks at a time, or had one twice."""
    mine = (Assignment.worker_id, func.count())
    held = select(*mine).where(Assignment.state == "held").group_by(Assignment.worker_id)
    had = select(*mine).group_by(Assignment.worker_id, Assignment.task_id)
    more = func.count() > 1
    return [
        *(f"worker {who} holds {n} tasks" for who, n in await session.execute(held.having(more))),
        *(
            f"worker {who} had a task {n} times"
            for who, n in await session.execute(had.having(more))
        ),
    ]


async def _moments(session: Session, since: datetime) -> list[str]:
    """Everything happened at its time, and all times are the database's."""
    at = await now(session)
    wrong = []
    for column in HAPPENED:
        outside = (column < since) | (column > at)
        count = await session.scalar(select(func.count()).where(outside))
        wrong += [f"{column} is out of time in {count} rows"] if count else []
    early = {
        "accepted": (Assignment.state == "accepted") & (Assignment.accept_at > at),
        "expired": (Assignment.state == "expired") & (Assignment.lease_until > at),
        "leased": Assignment.lease_until > at + LONGEST_LEASE,
    }
    for state, too_soon in early.items():
        found = (await session.scalars(select(Assignment.id).where(too_soon).limit(5))).all()
        wrong += [f"{state} too soon: assignments {found}"] if found else []
    return wrong


async def _letters(session: Session) -> list[str]:
    waiting = select(Outbox).where(Outbox.sent_at.is_(None))
    return [
        f"letter {row.id} {row.method} to {row.chat_id}: dead {row.dead}, tried {row.attempts}"
        for row in await session.scalars(waiting)
    ]


async def _updates(session: Session, acknowledged: set[int]) -> list[str]:
    """What was acknowledged was taken, and no update failed for a bug."""
    taken = set((await session.scalars(select(Inbox.update_id))).all())
    wrong = [f"update {one} was acknowledged and never taken" for one in acknowledged - taken]
    for row in await session.scalars(select(Inbox).where(Inbox.dead.is_not(None))):
        wrong.append(f"update {row.update_id} is dead: {row.dead}")
    for failed in await session.scalars(select(Attempt)):
        wrong.append(f"update {failed.update_id} failed {failed.count} times")
    return wrong


async def _file(session: Session) -> list[str]:
    said: Any = await session.scalar(text("PRAGMA integrity_check"))
    return [] if said == "ok" else [f"the file is damaged: {said}"]
