"""Whether money may leave: payouts are frozen while the books are in doubt."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.models.people import Audit
from bot.models.safety import Safeguards
from bot.people import roles
from bot.store.database import Session

SUBJECT = "payouts"
REUSED = "ledger.reuse"


@dataclass(frozen=True, slots=True)
class Frozen:
    """Since when no payout may be sent, and why."""

    since: datetime
    reason: str


async def frozen(session: Session) -> Frozen | None:
    """The freeze in force; None when payouts may be sent."""
    found = (
        await session.execute(
            select(Safeguards.payouts_frozen_since, Safeguards.payouts_frozen_reason)
        )
    ).one()
    return None if found[0] is None else Frozen(found[0], found[1] or "")


async def freeze(session: Session, reason: str, now: datetime) -> bool:
    """Stop payouts. Whether they ran until now: a further reason is added to those before."""
    row = await _locked(session)
    ran, before = row.payouts_frozen_since is None, row.payouts_frozen_reason
    if before is not None and reason in before:
        return False
    if ran:
        row.payouts_frozen_since = now
    row.payouts_frozen_reason = reason if before is None else f"{before}; {reason}"
    session.add(
        Audit(at=now, action="payouts.freeze", subject=SUBJECT, before=before, after=reason)
    )
    await session.flush()
    return ran


async def thaw(session: Session, actor: int | None, now: datetime) -> bool:
    """Let payouts go on; whether they were frozen. An owner's decision; None: the command line."""
    await roles.require(session, actor, "owner")
    row = await _locked(session)
    if row.payouts_frozen_since is None:
        return False
    before = row.payouts_frozen_reason
    row.payouts_frozen_since = row.payouts_frozen_reason = None
    session.add(
        Audit(at=now, actor_id=actor, action="payouts.thaw", subject=SUBJECT, before=before)
    )
    await session.flush()
    return True


async def key_reused(session: Session, key: str, now: datetime) -> bool:
    """A posting's key came with another content: payouts stop. Whether that is news.

    To be called after the transaction in which it happened is gone.
    """
    await _locked(session)
    known = select(Audit.id).where(Audit.action == REUSED, Audit.subject == key[:80])
    if await session.scalar(known.limit(1)) is not None:
        return False
    session.add(Audit(at=now, action=REUSED, subject=key[:80]))
    await freeze(session, f"another content for {key}", now)
    return True


async def _locked(session: Session) -> Safeguards:
    """The one row, until the end of the transaction."""
    query = select(Safeguards).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()
