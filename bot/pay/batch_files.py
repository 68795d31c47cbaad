"""Files of batches: kept sealed, because destinations are in them, and given out byte for byte."""

import base64
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select, update

from bot.models.base import table
from bot.models.payouts import BatchFile
from bot.pay.providers.provider import File
from bot.store.database import Session, upsert, vault

BATCH = 5

rows = table(BatchFile)


async def keep(session: Session, batch_id: int, files: Iterable[File], *, now: datetime) -> str:
    """Store them; their names and hashes, for the audit."""
    mine = vault(session)
    words = []
    for file in files:
        digest = sha256(file.content).hexdigest()
        values = {
            "batch_id": batch_id,
            "name": file.name,
            "sealed": mine.seal(base64.b64encode(file.content).decode()),
            "key": mine.current,
            "sha256": digest,
            "size": len(file.content),
            "created_at": now,
        }
        await session.execute(upsert(session, rows).values(values))
        words.append(f"{file.name} sha256 {digest}")
    return "; ".join(words)


async def of(session: Session, batch_id: int) -> list[File]:
    """The same bytes that were kept."""
    found = await session.execute(
        select(rows.c.name, rows.c.sealed).where(rows.c.batch_id == batch_id).order_by(rows.c.id)
    )
    opened = vault(session).open
    return [File(name, base64.b64decode(opened(sealed))) for name, sealed in found]


async def reseal(session: Session, *, limit: int = BATCH) -> int:
    """Seal with the present key what an earlier one has sealed; how many."""
    mine = vault(session)
    found = await session.execute(
        select(rows.c.id, rows.c.sealed)
        .where(rows.c.key != mine.current)
        .order_by(rows.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    old = found.all()
    for id, sealed in old:
        values = {"sealed": mine.seal(mine.open(sealed)), "key": mine.current}
        await session.execute(update(rows).where(rows.c.id == id).values(values))
    return len(old)
