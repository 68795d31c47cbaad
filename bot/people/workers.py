"""Workers as the bot meets them: one row a person and bot, created at the first word."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from bot.errors import Invalid
from bot.i18n import N_
from bot.models.base import table
from bot.models.chat import Chat
from bot.models.people import Identity, Worker
from bot.people import identities, roles
from bot.people.identities import Names
from bot.store.database import Session, upsert

ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # nothing that reads as something else
# Built once: every update runs it.
VISITED = (
    select(Chat, Worker, Identity.fingerprint)
    .join(Worker, Worker.id == Chat.worker_id)
    .outerjoin(Identity, Identity.worker_id == Worker.id)
    .where(Chat.bot_id == bindparam("bot"), Chat.chat_id == bindparam("chat"))
    .with_for_update(of=[Chat, Worker])  # what the turn before left in either is seen
)


class NoSuchWorker(Invalid):
    msgid = N_("There is no worker “{ref}”.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """What Telegram says of who wrote."""

    user_id: int
    name: str
    username: str | None
    language: str | None

    @property
    def names(self) -> Names:
        return Names(self.name, self.username)


async def find(session: Session, bot_id: int, visitor: Visitor) -> tuple[Chat, Worker] | None:
    """The person's chat and worker rows, locked for this turn; None for a stranger.

    A changed name is followed: an old user name must not vouch for who took it over.
    """
    where = {"bot": bot_id, "chat": visitor.user_id}
    row = (await session.execute(VISITED, where)).one_or_none()
    if row is None:
        return None
    chat, worker, fingerprint = row
    if worker.state != "declined" and not identities.known(session, fingerprint, visitor.names):
        await identities.remember(session, worker.id, visitor.names)
    return chat, worker


async def meet(
    session: Session, bot_id: int, visitor: Visitor, *, owners: Collection[int]
) -> tuple[Chat, Worker]:
    """The person's chat and worker rows, locked for this turn; made at the first meeting."""
    found = await find(session, bot_id, visitor)
    if found is not None:
        return found
    await _introduce(session, bot_id, visitor)
    met = await find(session, bot_id, visitor)
    assert met is not None
    if visitor.user_id in owners:
        await roles.grant(session, met[1].id, "owner", by=None)
    return met


async def named(session: Session, ref: str) -> Worker:
    """The worker that somebody wrote as pseudonym, w_91 or 91. Raises NoSuchWorker."""
    number = ref.removeprefix("w_")
    which = Worker.pseudonym == ref.lower()
    if number.isascii() and number.isdecimal() and len(number) <= 18:
        which = Worker.id == int(number)
    found = await session.scalar(select(Worker).where(which))
    if found is None:
        raise NoSuchWorker(ref=ref[:40])
    return found


async def _introduce(session: Session, bot_id: int, visitor: Visitor) -> None:
    """Two first messages at the same moment make one worker: the chat's key decides."""
    worker = Worker(pseudonym=f"w-{''.join(secrets.choice(ALPHABET) for _ in range(7))}")
    session.add(worker)
    await session.flush()
    statement = upsert(session, table(Chat)).values(
        bot_id=bot_id, chat_id=visitor.user_id, worker_id=worker.id, reachable=True
    )
    made = await session.scalar(statement.on_conflict_do_nothing().returning(Chat.worker_id))
    if made is None:
        await session.delete(worker)
        await session.flush()
        return


async def bots(session: Session) -> set[int]:
    """The bots that have met anybody in this database."""
    return set(await session.scalars(select(Chat.bot_id).distinct()))
