"""Who may do what. Checked in the use case, by our own worker ids, never by a user name."""

from sqlalchemy import delete, select

from bot.errors import NotAllowed
from bot.i18n import N_, pgettext
from bot.models.base import table
from bot.models.people import Role
from bot.store.database import Session, upsert

ROLES = ("owner", "admin", "payouts", "reviewer", "requester")
PAYING = ("owner", "payouts")  # who sees where people are paid, and lets money leave


class RoleNeeded(NotAllowed):
    msgid = N_("This needs one of these roles: {roles}.")


async def require(session: Session, worker_id: int | None, *roles: str) -> None:
    """Raise RoleNeeded unless the worker has one of the roles. None is the command line."""
    if worker_id is None:
        return
    if not set(await of(session, worker_id)) & set(roles):
        raise RoleNeeded(roles=", ".join(map(name, roles)))


async def of(session: Session, worker_id: int) -> list[str]:
    """A worker's roles, in the order of ROLES."""
    found = set(await session.scalars(select(Role.role).where(Role.worker_id == worker_id)))
    return [role for role in ROLES if role in found]


async def grant(session: Session, worker_id: int, role: str, *, by: int | None) -> None:
    """Give a role; giving it again changes nothing."""
    statement = upsert(session, table(Role)).values(worker_id=worker_id, role=role, granted_by=by)
    await session.execute(statement.on_conflict_do_nothing())


async def revoke(session: Session, worker_id: int, role: str) -> None:
    await session.execute(delete(Role).where(Role.worker_id == worker_id, Role.role == role))


def name(role: str) -> str:
    """A role, or `worker`, in the language being spoken."""
    words = {
        "owner": pgettext("role", "owner"),
        "admin": pgettext("role", "admin"),
        "payouts": pgettext("role", "payouts desk"),
        "reviewer": pgettext("role", "reviewer"),
        "requester": pgettext("role", "requester"),
        "worker": pgettext("role", "worker"),
    }
    return words.get(role, role)
