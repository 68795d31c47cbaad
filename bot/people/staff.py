"""The people who answer for this bot, and how to reach anybody in it."""

from sqlalchemy import select

from bot.models.chat import Chat
from bot.models.people import Role, Worker
from bot.people import identities, roles
from bot.store.database import Session

DESK = ("owner", "admin")  # who reads what is written to /support
READERS = 20


async def desk(session: Session, bot_id: int, *, but: int) -> list[tuple[Chat, Worker]]:
    """Owners and admins with their chats, without the worker `but`; at most READERS."""
    staff = select(Role.worker_id).where(Role.role.in_(DESK), Role.worker_id != but)
    rows = await session.execute(
        select(Chat, Worker)
        .join(Worker, Worker.id == Chat.worker_id)
        .where(Chat.bot_id == bot_id, Chat.reachable, Chat.worker_id.in_(staff))
        .order_by(Worker.id)
        .limit(READERS)
    )
    return [(chat, reader) for chat, reader in rows]


async def others(session: Session, worker_id: int) -> bool:
    """Whether anybody else is an owner or admin."""
    query = (
        select(Role.worker_id)
        .join(Worker, Worker.id == Role.worker_id)
        .where(Role.role.in_(DESK), Role.worker_id != worker_id, Worker.state != "gone")
    )
    return await session.scalar(query.limit(1)) is not None


async def names(session: Session, *worker_ids: int) -> dict[int, str]:
    """What Telegram calls people; by pseudonym those whose names are not held."""
    query = select(Worker.id, Worker.pseudonym).where(Worker.id.in_(worker_ids))
    pseudonyms = {row.id: row.pseudonym for row in await session.execute(query)}
    known = await identities.of(session, *worker_ids)
    return pseudonyms | {id: one.name for id, one in known.items() if one.name}


async def owners(session: Session) -> list[tuple[Chat, Worker]]:
    """Every owner who can be reached, with their chat."""
    return await holders(session, "owner")


async def holders(session: Session, *roles: str) -> list[tuple[Chat, Worker]]:
    """Whoever has one of the roles and can be reached, with the bot they know."""
    theirs = select(Role.worker_id).where(Role.role.in_(roles))
    rows = await session.execute(
        select(Chat, Worker)
        .join(Worker, Worker.id == Chat.worker_id)
        .where(Chat.reachable, Chat.worker_id.in_(theirs))
        .order_by(Worker.id)
    )
    return [(chat, owner) for chat, owner in rows]


async def reach(session: Session, bot_id: int, worker_id: int) -> tuple[Chat, Worker] | None:
    """One worker with the chat to tell them something in."""
    rows = await session.execute(
        select(Chat, Worker)
        .join(Worker, Worker.id == Chat.worker_id)
        .where(Chat.bot_id == bot_id, Chat.worker_id == worker_id)
    )
    found = rows.one_or_none()
    return None if found is None else (found[0], found[1])


async def find(session: Session, worker_id: int) -> tuple[Chat, Worker] | None:
    """One worker with their chat, whichever bot it is with."""
    rows = await session.execute(
        select(Chat, Worker)
        .join(Worker, Worker.id == Chat.worker_id)
        .where(Chat.worker_id == worker_id)
    )
    found = rows.one_or_none()
    return None if found is None else (found[0], found[1])


async def roles_of(session: Session, username: str) -> list[str]:
    """The roles of whoever goes by a Telegram user name here, without its @."""
    worker_id = await identities.holder(session, username)
    return [] if worker_id is None else await roles.of(session, worker_id)
