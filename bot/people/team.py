"""Who has which role, and taking one away. Roles are given by `invites`."""

from dataclasses import dataclass

from sqlalchemy import select

from bot.errors import Invalid, NotAllowed, Refusal
from bot.i18n import N_
from bot.models.people import Audit, Role, Worker
from bot.people import identities, roles
from bot.people.identities import Names
from bot.store.database import Session

READERS = ("owner", "admin")
BY_OWNERS = ("owner", "admin", "payouts")  # roles that only owners take away


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with a role. `name` is empty when Telegram's name was erased."""

    worker_id: int
    pseudonym: str
    name: str
    username: str | None
    roles: tuple[str, ...]


class OwnersOnly(NotAllowed):
    msgid = N_("Only owners take the roles owner, admin and payouts desk away.")


class LastOwner(Refusal):
    msgid = N_("This is the last owner, and somebody has to be one. Invite another owner first.")


class NoSuchMember(Invalid):
    msgid = N_("Nobody called “{ref}” has a role here. /team shows who has one.")


class HasNoSuchRole(Invalid):
    msgid = N_("{name} does not have the role {role}.")


async def members(session: Session, *, actor: int | None) -> list[Member]:
    """Everybody with a role: owners first, then by how long they have been here."""
    await roles.require(session, actor, *READERS)
    rows = await session.execute(
        select(Worker.id, Worker.pseudonym, Role.role)
        .join(Role, Role.worker_id == Worker.id)
        .order_by(Worker.id)
    )
    held: dict[tuple[int, str], list[str]] = {}
    for id, pseudonym, role in rows:
        held.setdefault((id, pseudonym), []).append(role)
    names = await identities.of(session, *(id for id, _pseudonym in held))
    unnamed = Names("", None)
    found = {
        id: Member(id, pseudonym, *names.get(id, unnamed), tuple(sorted(mine, key=_rank)))
        for (id, pseudonym), mine in held.items()
    }
    return sorted(found.values(), key=lambda member: (_rank(member.roles[0]), member.worker_id))


async def find(session: Session, ref: str, *, actor: int | None) -> Member:
    """A member by pseudonym or @username; raises NoSuchMember."""
    wanted = ref.strip().lower()
    for member in await members(session, actor=actor):
        names = (member.pseudonym, f"@{member.username}".lower())
        if wanted in names:
            return member
    raise NoSuchMember(ref=ref[:40])


async def check_removal(session: Session, member: Member, role: str, *, actor: int | None) -> None:
    """Raises what `remove` would raise."""
    await roles.require(session, actor, *READERS)
    if role not in member.roles:
        raise HasNoSuchRole(name=member.name or member.pseudonym, role=role)
    if role in BY_OWNERS and actor is not None and "owner" not in await roles.of(session, actor):
        raise OwnersOnly
    if role == "owner" and len(await owners(session)) <= 1:
        raise LastOwner


async def remove(session: Session, member: Member, role: str, *, actor: int | None) -> None:
    """Take a role away. Of two owners who remove each other at once, one stays."""
    await check_removal(session, member, role, actor=actor)
    await roles.revoke(session, member.worker_id, role)
    subject = f"worker:{member.worker_id}"
    session.add(Audit(actor_id=actor, action="role.remove", subject=subject, before=role))
    await session.flush()


async def owners(session: Session) -> list[int]:
    """Who owns the bot; the rows stay locked until the end of the transaction."""
    query = select(Role.worker_id).where(Role.role == "owner").order_by(Role.worker_id)
    return list(await session.scalars(query.with_for_update()))


def _rank(role: str) -> int:
    return roles.ROLES.index(role) if role in roles.ROLES else len(roles.ROLES)
