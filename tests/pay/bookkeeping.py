"""What the tests of the books share: people with money, and hands in the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from bot.models.people import Worker
from bot.models.work import Project
from bot.pay import ledger
from bot.store.database import Database, Session

PRICE = 12_500  # $0.0125
GUARDS = (
    *("entries_never_change", "entries_never_go", "entries_only_while_open"),
    *("postings_are_only_sealed", "postings_balance", "postings_never_go", "postings_start_open"),
    *("postings_keep_currencies", "accounts_never_change", "accounts_never_go"),
    *("ledger_days_never_change", "ledger_days_never_go"),
    *("audit_is_only_chained", "audit_never_goes", "audit_starts_unchained"),
)


async def people(database: Database) -> tuple[int, int]:
    """A worker and a project to pay them from."""
    async with database.transaction() as session:
        worker = Worker(pseudonym="w-test234", state="active")
        project = Project(slug="p", code="p22", name="P", languages=["en"], currency="USD")
        session.add_all([worker, project])
        await session.flush()
        return worker.id, project.id


async def earn(
    session: Session,
    worker: int,
    project: int,
    assignment: int,
    *,
    micro: int = PRICE,
    currency: str = "USD",
) -> None:
    """Answered and accepted."""
    whose: dict[str, Any] = {"worker_id": worker, "micro": micro, "currency": currency}
    await ledger.earn(session, assignment_id=assignment, project_id=project, **whose)
    await ledger.accept(session, assignment_id=assignment, **whose)


@asynccontextmanager
async def unguarded(database: Database) -> AsyncIterator[Session]:
    """As only somebody with the database in hand can: no trigger stands in the way."""
    async with database.transaction() as session:
        if database.is_sqlite:
            for guard in GUARDS:
                await session.execute(text(f"DROP TRIGGER IF EXISTS {guard}"))
        else:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
        yield session
