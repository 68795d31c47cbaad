"""Links that let somebody in: single use, short-lived, known only by the hash of their secret."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, update

from bot.errors import Invalid, NotAllowed, Refusal
from bot.i18n import N_
from bot.models.people import Audit, Invite
from bot.people import roles
from bot.store.database import Session

HOURS = 24
BY_ADMINS = ("reviewer", "requester", "worker")  # only owners invite the others


class NoSuchRole(Invalid):
    msgid = N_("“{role}” is not a role. Choose one of: {roles}.")


class OwnersOnly(NotAllowed):
    msgid = N_("Only owners invite owners, admins and the payouts desk.")


class UnknownInvite(Refusal):
    msgid = N_("This invitation is not valid. Ask who sent it for a new one.")


class InviteUsed(Refusal):
    msgid = N_("This invitation was used already. Ask who sent it for a new one.")


class InviteExpired(Refusal):
    msgid = N_("This invitation has expired. Ask who sent it for a new one.")


async def create(
    session: Session, role: str, *, actor: int | None, now: datetime, hours: int = HOURS
) -> str:
    """A secret for `t.me/<bot>?start=i_<secret>`, good once and for so many hours.

    `role` is one of roles.ROLES or "worker". The secret is told here and never again.
    """
    if role not in (*roles.ROLES, "worker"):
        raise NoSuchRole(role=role, roles=", ".join((*roles.ROLES, "worker")))
    await roles.require(session, actor, "owner", "admin")
    if role not in BY_ADMINS and not await _owns(session, actor):
        raise OwnersOnly
    secret = secrets.token_urlsafe(24)
    session.add(
        Invite(
            secret_hash=_hash(secret),
            role=role,
            created_by=actor,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    _audit(session, actor, "invite.create", "invites", role, now)
    await session.flush()
    return secret


async def redeem(session: Session, secret: str, worker_id: int, *, now: datetime) -> str:
    """Use an invitation up and get its role, which is granted unless it is "worker".

    Raises UnknownInvite, InviteUsed or InviteExpired. Of two people with one link, one gets in.
    """
    claimed = await session.execute(
        update(Invite)
        .where(
            Invite.secret_hash == _hash(secret),
            Invite.used_by.is_(None),
            Invite.expires_at > now,
        )
        .values(used_by=worker_id, used_at=now)
        .returning(Invite.role, Invite.created_by)
        .execution_options(synchronize_session=False)
    )
    row = claimed.one_or_none()
    if row is None:
        return await _again(session, secret, worker_id)
    if row.role != "worker":
        await roles.grant(session, worker_id, row.role, by=row.created_by)
    _audit(session, worker_id, "invite.redeem", f"worker:{worker_id}", row.role, now)
    await session.flush()
    return str(row.role)


async def _again(session: Session, secret: str, worker_id: int) -> str:
    """The same person with the same link has what it gave; everybody else is told why not."""
    query = select(Invite.role, Invite.used_by).where(Invite.secret_hash == _hash(secret))
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise UnknownInvite
    if row.used_by is None:
        raise InviteExpired
    if row.used_by == worker_id and row.role in ("worker", *await roles.of(session, worker_id)):
        return str(row.role)
    raise InviteUsed


async def _owns(session: Session, actor: int | None) -> bool:
    """Whether an owner acts; the command line counts as one."""
    return actor is None or "owner" in await roles.of(session, actor)


def _audit(
    session: Session, actor: int | None, action: str, subject: str, role: str, now: datetime
) -> None:
    session.add(Audit(actor_id=actor, action=action, subject=subject, after=role, at=now))


def _hash(secret: str) -> str:
    """What is kept and looked up: an index search over it tells nothing about the secret."""
    return sha256(secret.encode()).hexdigest()
