"""What somebody says they are an expert of, which decides the wage of expert work."""

from sqlalchemy import func, select

from bot.errors import Gone
from bot.models.pay import Field
from bot.models.people import Audit, Worker
from bot.store.database import Session


async def fields(session: Session) -> list[str]:
    """The names of the fields that have a wage by now or will have one."""
    return list(await session.scalars(select(Field.name).distinct().order_by(Field.name)))


async def declare(session: Session, worker: Worker, field: str) -> None:
    """Another field, or none for an empty name. Raises Gone for an unknown one. In the audit."""
    known = select(func.count()).select_from(Field).where(Field.name == field)
    if field and not await session.scalar(known):
        raise Gone
    before, worker.field = worker.field, field or None
    if before != worker.field:
        session.add(
            Audit(
                actor_id=worker.id,
                action="worker.field",
                subject=f"worker:{worker.pseudonym}",
                before=before,
                after=worker.field,
            )
        )
    await session.flush()
