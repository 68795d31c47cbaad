"""Names as Telegram tells them: sealed, kept apart from everything else, followed when they change.

A row carries two marks made with the key: one of both names together, which every turn compares,
and one of the user name, by which `holder` finds it. A row without marks is from before names were
sealed; it is read as it is, and sealed when its owner writes or the clock comes by.
"""

from typing import NamedTuple

from sqlalchemy import delete, func, or_, select

from bot.crypto import ID, Vault, WrongKey
from bot.models.base import table
from bot.models.people import Identity, Role
from bot.store.database import Session, upsert, vault

BATCH = 200
OPENED = 2000  # names opened to look for one: about 50 ms


class Names(NamedTuple):
    """What Telegram calls somebody."""

    name: str
    username: str | None


def known(session: Session, fingerprint: str | None, names: Names) -> bool:
    """Whether a row with this fingerprint holds these names, sealed with the present key."""
    return fingerprint == _fingerprint(vault(session), names)


async def remember(session: Session, worker_id: int, names: Names) -> None:
    """Keep these names as this worker's, in place of earlier ones."""
    sealed = _sealed(vault(session), names)
    statement = upsert(session, table(Identity)).values(worker_id=worker_id, **sealed)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["worker_id"], set_=sealed)
    )


async def of(session: Session, *worker_ids: int) -> dict[int, Names]:
    """The names of those whose names are held. Raises WrongKey."""
    rows = await session.scalars(select(Identity).where(Identity.worker_id.in_(worker_ids)))
    return {row.worker_id: _opened(vault(session), row) for row in rows}


async def holder(session: Session, username: str) -> int | None:
    """Who with a role goes by a Telegram user name, given without its @."""
    marks = vault(session).marks(_handle(username))
    plain = Identity.fingerprint.is_(None) & (func.lower(Identity.username) == username.lower())
    return await session.scalar(
        select(Identity.worker_id)
        .join(Role, Role.worker_id == Identity.worker_id)
        .where(or_(Identity.handle.in_(marks), plain))
        .limit(1)
    )


async def called(session: Session, text: str) -> list[int]:
    """Who goes by a user name, with its @; or else who of the newest has this in their name."""
    if text.startswith("@"):
        marks = vault(session).marks(_handle(text[1:]))
        return list(
            await session.scalars(select(Identity.worker_id).where(Identity.handle.in_(marks)))
        )
    newest = select(Identity).order_by(Identity.worker_id.desc()).limit(OPENED)
    wanted = text.casefold()
    return [
        row.worker_id
        for row in await session.scalars(newest)
        if wanted in _opened(vault(session), row).name.casefold()
    ]


async def forget(session: Session, worker_id: int) -> None:
    await session.execute(delete(Identity).where(Identity.worker_id == worker_id))


async def reseal(session: Session, *, limit: int = BATCH) -> int:
    """Seal what another key or none has sealed; how many rows. Then the earlier key may go."""
    mine = vault(session)
    rows = await session.scalars(
        select(Identity)
        .where(or_(Identity.fingerprint.is_(None), ~Identity.fingerprint.startswith(mine.current)))
        .order_by(Identity.worker_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = rows.all()
    for row in found:
        for column, value in _sealed(mine, _opened(mine, row)).items():
            setattr(row, column, value)
    await session.flush()
    return len(found)


async def prove(session: Session) -> str:
    """Raises what is wrong with the key: NotAKey, KeyLiesOpen or WrongKey. Its id."""
    mine = vault(session)
    ids = mine.ids
    found = await session.scalars(select(func.substr(Identity.fingerprint, 1, ID)).distinct())
    if {id for id in found if id is not None} - ids:
        raise WrongKey(place=mine.place)
    return mine.current


def _sealed(mine: Vault, names: Names) -> dict[str, str | None]:
    name, username = names
    return {
        "name": mine.seal(name),
        "username": mine.seal(username) if username else None,
        "fingerprint": _fingerprint(mine, names),
        "handle": mine.mark(_handle(username)) if username else None,
    }


def _opened(mine: Vault, row: Identity) -> Names:
    if row.fingerprint is None:
        return Names(row.name, row.username)
    return Names(mine.open(row.name), mine.open(row.username) if row.username else None)


def _fingerprint(mine: Vault, names: Names) -> str:
    return mine.mark(f"{names.name}\0{names.username or ''}")


def _handle(username: str) -> str:
    return f"@{username.lower()}"
