"""Agreements to documents: given one by one, with version and language; taken back any time."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update

from bot.models.people import Consent, Worker
from bot.people import documents
from bot.store.database import Session


class Agreement(NamedTuple):
    """The last word of a worker on one document."""

    document: str
    version: str
    locale: str
    given_at: datetime
    withdrawn_at: datetime | None

    @property
    def stands(self) -> bool:
        """Given to the version in force, and not taken back."""
        return self.withdrawn_at is None and self.version == documents.VERSION


async def give(
    session: Session, worker_id: int, document: str, *, locale: str, now: datetime
) -> None:
    """Agree to the version in force, as read in `locale`. Agreeing again changes nothing."""
    documents.find(document)
    if document in await standing(session, worker_id):
        return
    session.add(
        Consent(
            worker_id=worker_id,
            document=document,
            version=documents.VERSION,
            locale=locale,
            given_at=now,
        )
    )
    await session.flush()


async def withdraw(session: Session, worker_id: int, document: str, *, now: datetime) -> bool:
    """Take an agreement back; False when there was none."""
    withdrawn = await session.scalars(
        update(Consent)
        .where(
            Consent.worker_id == worker_id,
            Consent.document == document,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .returning(Consent.id)
        .execution_options(synchronize_session=False)
    )
    return bool(withdrawn.all())


async def latest(session: Session, worker_id: int) -> dict[str, Agreement]:
    """The worker's last agreement to each document, also those taken back."""
    rows = await session.execute(
        select(
            Consent.document,
            Consent.version,
            Consent.locale,
            Consent.given_at,
            Consent.withdrawn_at,
        )
        .where(Consent.worker_id == worker_id)
        .order_by(Consent.id)
    )
    return {row.document: Agreement(*row) for row in rows}


async def standing(session: Session, worker_id: int) -> dict[str, Agreement]:
    """The agreements in force."""
    found = await latest(session, worker_id)
    return {name: agreement for name, agreement in found.items() if agreement.stands}


async def missing(session: Session, worker_id: int) -> list[str]:
    """Documents without an agreement in force; with any of them, no new work is offered."""
    given = await standing(session, worker_id)
    return [name for name in documents.DOCUMENTS if name not in given]


async def settle(session: Session, worker: Worker) -> list[str]:
    """Pause the worker while an agreement is missing, and resume when none is. What is missing.

    A worker who has not finished joining is left alone: onboarding asks for each agreement.
    """
    lacking = await missing(session, worker.id)
    if worker.state in ("active", "paused"):
        worker.state = "paused" if lacking else "active"
    return lacking
