"""The least that an answer can cost here: the same rows as bare SQL, one client, one driver.

No Telegram, no bot, no checks: what is left is the database. The bot's rate is compared with it.
"""

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import make_url

from bot.store import sqlite
from tests.bench.backlog import BOT_ID, FIRST_PERSON, Kind

INBOX = """INSERT INTO inbox (bot_id, update_id, kind, received_at)
VALUES (:bot, :update, 'callback_query', {now}) ON CONFLICT DO NOTHING RETURNING received_at"""
PERSON = """SELECT * FROM chats JOIN workers ON workers.id = chats.worker_id
WHERE chats.bot_id = :bot AND chats.chat_id = :chat {lock}"""
ASSIGNMENT = """SELECT a.*, t.key, t.body, q.language FROM assignments a
JOIN tasks t ON t.id = a.task_id JOIN queues q ON q.id = a.queue_id
WHERE a.id = :assignment AND a.worker_id = :worker"""
ANSWERED = """UPDATE assignments SET state = 'answered', nonce = 'bbbbbbbb', answered_at = {now},
seconds = 3, accept_at = {now}, surplus = false
WHERE id = :assignment AND state = 'held' RETURNING id"""
ANSWER = """INSERT INTO answers (assignment_id, revision, value, label, at)
VALUES (:assignment, 1, '"yes"', 'yes', {now})"""
POSTING = """INSERT INTO postings (key, digest, kind, assignment_id, at, sealed)
VALUES (:key, :digest, 'answer', :assignment, {now}, false)
ON CONFLICT (key) DO NOTHING RETURNING id"""
ENTRIES = """INSERT INTO entries (posting_id, account_id, currency, amount)
VALUES (:posting, :expense, 'USD', -20000), (:posting, :pending, 'USD', 20000)"""
SEAL = "UPDATE postings SET sealed = true WHERE id = :posting"
PROBE = """SELECT id, position FROM tasks
WHERE queue_id = :queue AND position > :cursor AND open_slots > 0
AND NOT EXISTS (SELECT 1 FROM assignments a
                WHERE a.worker_id = :worker AND a.task_id = tasks.id LIMIT 1 OFFSET 0)
ORDER BY position LIMIT 1 {skip}"""
SLOT = """UPDATE tasks SET open_slots = open_slots - 1 WHERE id = :task AND open_slots > 0
RETURNING id, key, body, position, gold"""
OFFER = """INSERT INTO assignments (task_id, worker_id, stage_id, stage_version, queue_id, state,
nonce, gold, surplus, price_micro, currency, locale, layout, offered_at, lease_until)
VALUES (:task, :worker, :stage, 1, :queue, 'held', 'aaaaaaaa', false, false, 20000, 'USD', 'en',
'[0, 1, 2]', {now}, {now}) RETURNING id"""
CURSOR = """INSERT INTO cursors (worker_id, queue_id, position, served)
VALUES (:worker, :queue, :position, 1)
ON CONFLICT (worker_id, queue_id) DO UPDATE SET position = excluded.position,
served = cursors.served + 1"""
LETTER = """INSERT INTO outbox
(bot_id, chat_id, lane, method, payload, created_at, due_at, lease_owner, lease_until, attempts)
VALUES (:bot, :chat, 0, 'editMessageText', :payload, {now}, {now}, 'yardstick', {now}, 1)
RETURNING id"""
PAYLOAD = '{"chat_id": 1, "text": "' + "x" * 400 + '"}'
NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')",
    "postgresql": "clock_timestamp()",
}

Run = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Transactions a second, and the seconds of this client's processor time for each."""

    per_second: float
    cpu: float


def measure(url: str, kind: Kind, *, person: int, seconds: float) -> Yardstick:
    """Loop over the transaction for one person, who must have no task in hand."""
    run, begin, close = _sqlite(url) if kind == "sqlite" else _postgresql(url)
    who = _who(run, begin, FIRST_PERSON + person - 1)
    begin()
    _claim(run, who)
    run("COMMIT")
    cycles, cpu, began = 0, time.process_time(), time.monotonic()
    while time.monotonic() < began + seconds and who["task"] is not None:
        cycles += 1
        begin()
        _cycle(run, who, cycles)
        run("COMMIT")
    spent, took = time.process_time() - cpu, time.monotonic() - began
    _leave(run, begin, who)
    close()
    return Yardstick(cycles / took, spent / cycles)


def _who(run: Run, begin: Callable[[], None], chat: int) -> dict[str, Any]:
    """The ids of the person, the queue and the two accounts, which are opened if they are new."""
    begin()
    worker = run("SELECT worker_id FROM chats WHERE chat_id = :chat", chat=chat)[0]
    queue, stage = run("SELECT id, stage_id FROM queues LIMIT 1")
    for code, kind in (("yardstick:expense", "expense"), (f"yardstick:{worker}", "pending")):
        run(
            "INSERT INTO accounts (code, kind, currency) VALUES (:code, :kind, 'USD') "
            "ON CONFLICT (code) DO NOTHING",
            code=code,
            kind=kind,
        )
    expense, pending = (
        run("SELECT id FROM accounts WHERE code = :code", code=code)[0]
        for code in ("yardstick:expense", f"yardstick:{worker}")
    )
    run("COMMIT")
    return {
        "bot": BOT_ID,
        "chat": chat,
        "worker": worker,
        "queue": queue,
        "stage": stage,
        "expense": expense,
        "pending": pending,
        "cursor": -1,
    }


def _cycle(run: Run, who: dict[str, Any], number: int) -> None:
    run(INBOX, update=number, **who)
    run(PERSON, **who)
    run(ASSIGNMENT, **who)
    run(ANSWERED, **who)
    run(ANSWER, **who)
    posting = run(POSTING, key=f"yardstick:{who['assignment']}", digest="x" * 64, **who)[0]
    run(ENTRIES, posting=posting, **who)
    run(SEAL, posting=posting)
    _claim(run, who)
    run(LETTER, payload=PAYLOAD, **who)


def _claim(run: Run, who: dict[str, Any]) -> None:
    """The next task of the queue, or None in `who` when there is none."""
    found = run(PROBE, **who)
    who["task"], who["assignment"] = (found[0], None) if found else (None, None)
    if found is None:
        return
    who["cursor"] = found[1]
    run(SLOT, **who)
    who["assignment"] = run(OFFER, **who)[0]
    run(CURSOR, position=found[1], **who)


def _leave(run: Run, begin: Callable[[], None], who: dict[str, Any]) -> None:
    """Hold nothing and block no update id: the bot comes next."""
    begin()
    run("UPDATE assignments SET state = 'skipped' WHERE id = :assignment", **who)
    run("UPDATE outbox SET sent_at = created_at")
    run("DELETE FROM inbox")
    run("COMMIT")


def _sqlite(url: str) -> tuple[Run, Callable[[], None], Callable[[], None]]:
    connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    for pragma in sqlite.PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")

    def run(statement: str, **values: Any) -> Any:
        return connection.execute(_spelled(statement, "sqlite"), values).fetchone()

    return run, lambda: run("BEGIN IMMEDIATE"), connection.close


def _postgresql(url: str) -> tuple[Run, Callable[[], None], Callable[[], None]]:
    connection = psycopg.connect(url, autocommit=True)

    def run(statement: str, **values: Any) -> Any:
        cursor = connection.execute(_spelled(statement, "postgresql").encode(), values)
        with suppress(psycopg.ProgrammingError):  # it gives no rows
            return cursor.fetchone()

    return run, lambda: run("BEGIN"), connection.close


_spellings: dict[tuple[str, Kind], str] = {}


def _spelled(statement: str, kind: Kind) -> str:
    """The statement in the database's dialect and the driver's way to write parameters."""
    known = _spellings.get((statement, kind))
    if known is None:
        locks = kind == "postgresql"
        known = statement.replace("{now}", NOW[kind])
        known = known.replace("{lock}", "FOR UPDATE OF workers" if locks else "")
        known = known.replace("{skip}", "FOR UPDATE SKIP LOCKED" if locks else "")
        if locks:
            known = re.sub(r"(?<![:\w]):(\w+)", r"%(\1)s", known)
        _spellings[statement, kind] = known
    return known
