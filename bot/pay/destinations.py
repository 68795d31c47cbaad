"""Where workers are paid: asked when needed, checked by the provider, sealed, never shown whole.

A destination is one person's: its mark, made with the key, decides. Who gives one that somebody
else gave first may keep it (families share a phone), but nothing is paid there before an owner or
admin has looked. The first one's payouts go on, or anybody could stop them by typing their number.
A change waits: who took over a chat cannot turn the next payout to themselves unnoticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, select, update

from bot.crypto import ID, WrongKey
from bot.errors import Gone, Refusal
from bot.i18n import N_
from bot.models.base import table
from bot.models.payouts import Destination
from bot.models.people import Audit, Worker
from bot.pay.providers import PROVIDERS
from bot.pay.providers.provider import Provider
from bot.people import roles
from bot.store.database import Session, upsert, vault

HOLD = timedelta(hours=72)  # after a change
MAY_LOOK = roles.PAYING
BATCH = 200

destinations = table(Destination)
CURRENT = destinations.c.retired_at.is_(None)


class NoSuchProvider(Refusal):
    msgid = N_("This way of payment is not offered any more. Choose another one.")


@dataclass(frozen=True, slots=True)
class Place:
    """One destination as people see it."""

    id: int
    worker_id: int
    provider: str
    shown: str
    """Masked; empty when it was erased."""
    usable_at: datetime
    created_at: datetime
    retired_at: datetime | None
    shared: bool
    cleared: bool
    """It is not shared, or an admin allowed that."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A destination as it was saved, and what has to be said of it."""

    place: Place
    before: str | None
    """The one it took the place of, masked: its owner gets a notice, in the chat, at once."""
    same: bool
    """It was the current one already: nothing changed."""
    waits: bool
    """It is not the first one ever, so it is usable after HOLD; its owner is told so."""


async def save(
    session: Session, worker_id: int, provider: str, written: str, *, now: datetime
) -> Saved:
    """Keep what a worker wrote as where this provider pays them.

    The first one ever is usable at once. Any other one after HOLD, that of a second provider too,
    or who took over the chat would choose one nobody has used yet. The chat deletes the message it
    came in, and shows `place.shown`. Raises errors.Invalid with what is wrong, or NoSuchProvider.
    """
    text = _check(provider, written)
    await session.execute(select(Worker.id).where(Worker.id == worker_id).with_for_update())
    known = await _rows(session, destinations.c.worker_id == worker_id)
    marks = vault(session).marks(_marked(provider, text))
    before = next((row for row in known if row.provider == provider and not row.retired_at), None)
    if before is not None and before.mark in marks:
        return Saved(_place(session, before), None, same=True, waits=before.usable_at > now)
    await _retire(session, worker_id, provider, now)
    values = {
        "worker_id": worker_id,
        "provider": provider,
        "sealed": vault(session).seal(text),
        "mark": marks[0],
        "usable_at": now + HOLD if known else now,
        "created_at": now,
    }
    id = await _add(session, values, marks)
    made = (await _rows(session, destinations.c.id == id))[0]
    _note(session, "destination.save", made, worker_id, now)
    await session.flush()
    masked = None if before is None else _place(session, before).shown
    return Saved(_place(session, made), masked, same=False, waits=bool(known))


async def remove(session: Session, worker_id: int, provider: str, *, now: datetime) -> bool:
    """Take the current one back; whether there was one. The next one counts as a change."""
    return await _retire(session, worker_id, provider, now)


async def current(session: Session, worker_id: int) -> list[Place]:
    """Where a worker is paid at present, one for each provider."""
    found = await _rows(session, destinations.c.worker_id == worker_id, CURRENT)
    return [_place(session, row) for row in found]


async def history(session: Session, worker_id: int) -> list[Place]:
    """Every destination a worker ever gave, the newest first."""
    found = await _rows(session, destinations.c.worker_id == worker_id)
    return [_place(session, row) for row in reversed(found)]


async def at(session: Session, worker_ids: Sequence[int], provider: str) -> dict[int, Place]:
    """Where a provider pays these workers at present."""
    mine = destinations.c.worker_id.in_(worker_ids)
    found = await _rows(session, mine, destinations.c.provider == provider, CURRENT)
    return {row.worker_id: _place(session, row) for row in found}


async def clear(
    session: Session, destination_id: int, *, actor: int | None, now: datetime
) -> Place:
    """Allow a shared destination. Raises RoleNeeded, or Gone when there is nothing to allow."""
    await roles.require(session, actor, *MAY_LOOK)
    won = await session.scalar(
        update(destinations)
        .where(destinations.c.id == destination_id, destinations.c.shared, CURRENT)
        .where(destinations.c.cleared_at.is_(None))
        .values(cleared_at=now, cleared_by=actor)
        .returning(destinations.c.id)
    )
    if won is None:
        raise Gone
    row = (await _rows(session, destinations.c.id == destination_id))[0]
    _note(session, "destination.clear", row, actor, now)
    await session.flush()
    return _place(session, row)


async def others(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """How many other workers are paid at each of these destinations, where there are any."""
    other = destinations.alias()
    query = (
        select(destinations.c.id, func.count())
        .join(other, (other.c.mark == destinations.c.mark))
        .where(destinations.c.id.in_(ids), other.c.retired_at.is_(None))
        .where(other.c.worker_id != destinations.c.worker_id)
        .group_by(destinations.c.id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def reveal(session: Session, ids: Sequence[int], *, retired: bool = False) -> dict[int, str]:
    """Destinations as the provider takes them, without those erased, or (if not asked for) retired.

    Where a payout went is asked for even when its worker has another destination by now.
    """
    where = [destinations.c.id.in_(ids), destinations.c.sealed.is_not(None)]
    found = await _rows(session, *where, *([] if retired else [CURRENT]))
    return {row.id: vault(session).open(row.sealed) for row in found}


def masked(session: Session, provider: str, sealed: str | None) -> str:
    """A sealed destination as people see it; empty when there is none."""
    return PROVIDERS[provider].shown(vault(session).open(sealed)) if sealed else ""


async def forget(session: Session, worker_id: int, *, now: datetime) -> None:
    """Erase what a worker's destinations say; that there were some stays, for the payouts."""
    await session.execute(
        update(destinations)
        .where(destinations.c.worker_id == worker_id)
        .values(sealed=None, mark=None, retired_at=func.coalesce(destinations.c.retired_at, now))
    )


async def reseal(session: Session, *, limit: int = BATCH) -> int:
    """Seal with the present key what an earlier one has sealed; how many."""
    mine = vault(session)
    rows = await session.execute(
        select(destinations.c.id, destinations.c.provider, destinations.c.sealed)
        .where(destinations.c.mark.is_not(None), ~destinations.c.mark.startswith(mine.current))
        .order_by(destinations.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = rows.all()
    for id, provider, sealed in found:
        text = mine.open(sealed)
        values = {"sealed": mine.seal(text), "mark": mine.mark(_marked(provider, text))}
        await session.execute(update(destinations).where(destinations.c.id == id).values(values))
    return len(found)


async def prove(session: Session) -> None:
    """Raises WrongKey when there are destinations that no key opens."""
    mine = vault(session)
    ids = await session.scalars(select(func.substr(destinations.c.mark, 1, ID)).distinct())
    if {id for id in ids if id is not None} - mine.ids:
        raise WrongKey(place=mine.place)


def provider(name: str) -> Provider:
    """A provider by its name. Raises NoSuchProvider."""
    if name not in PROVIDERS:
        raise NoSuchProvider
    return PROVIDERS[name]


def offered(currency: str, country: str | None) -> list[Provider]:
    """Providers that pay this currency into this country (None: not known, so anywhere)."""
    return [
        one
        for one in PROVIDERS.values()
        if (one.currencies is None or currency in one.currencies)
        and (one.countries is None or country is None or country in one.countries)
    ]


def _check(name: str, written: str) -> str:
    return provider(name).check(written)


def _marked(provider: str, text: str) -> str:
    return f"{provider}\0{text}"


async def _rows(session: Session, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    query = select(destinations).where(*where).order_by(destinations.c.id)
    return (await session.execute(query)).all()


def _place(session: Session, row: Row[Any]) -> Place:
    return Place(
        id=row.id,
        worker_id=row.worker_id,
        provider=row.provider,
        shown=masked(session, row.provider, row.sealed),
        usable_at=row.usable_at,
        created_at=row.created_at,
        retired_at=row.retired_at,
        shared=row.shared,
        cleared=not row.shared or row.cleared_at is not None,
    )


async def _retire(session: Session, worker_id: int, provider: str, now: datetime) -> bool:
    done = await session.scalar(
        update(destinations)
        .where(destinations.c.worker_id == worker_id, destinations.c.provider == provider, CURRENT)
        .values(retired_at=now)
        .returning(destinations.c.id)
    )
    return done is not None


async def _add(session: Session, values: dict[str, object], marks: list[str]) -> int:
    """The row's id. Of two who give the same one at the same moment, the index lets one be first.

    Under an earlier key the same destination has another mark, so it is looked for as well.
    """
    statement = upsert(session, destinations).on_conflict_do_nothing().returning(destinations.c.id)
    taken = await session.scalar(
        select(exists().where(destinations.c.mark.in_(marks), CURRENT, ~destinations.c.shared))
    )
    id = None if taken else await session.scalar(statement, values | {"shared": False})
    if id is None:
        id = await session.scalar(statement, values | {"shared": True})
    assert id is not None
    return int(id)


def _note(session: Session, action: str, row: Row[Any], actor: int | None, now: datetime) -> None:
    subject = f"worker:{row.worker_id}"
    after = f"{row.provider}, destination {row.id}{', shared' if row.shared else ''}"
    session.add(Audit(at=now, actor_id=actor, action=action, subject=subject, after=after))
