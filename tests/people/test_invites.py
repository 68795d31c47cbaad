"""Invitations: single use, short-lived, for those who may give them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.models.people import Audit, Invite, Worker
from bot.people import invites, roles
from bot.people.invites import InviteExpired, InviteUsed, NoSuchRole, OwnersOnly, UnknownInvite
from bot.people.roles import RoleNeeded
from bot.store.database import Database, Session

NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


async def somebody(session: Session, name: str, role: str | None = None) -> int:
    made = Worker(pseudonym=f"w-{name}")
    session.add(made)
    await session.flush()
    if role:
        await roles.grant(session, made.id, role, by=None)
    return made.id


async def test_an_invitation_gives_its_role_and_is_written_down(session: Session) -> None:
    owner, guest = await somebody(session, "o", "owner"), await somebody(session, "g")
    secret = await invites.create(session, "reviewer", actor=owner, now=NOW)
    assert await invites.redeem(session, secret, guest, now=NOW) == "reviewer"
    assert await roles.of(session, guest) == ["reviewer"]
    actions = (await session.scalars(select(Audit.action).order_by(Audit.id))).all()
    assert actions == ["invite.create", "invite.redeem"]


async def test_the_secret_itself_is_not_kept_and_fits_a_link(session: Session) -> None:
    secret = await invites.create(session, "worker", actor=None, now=NOW)
    kept = (await session.scalars(select(Invite.secret_hash))).one()
    assert secret not in kept
    assert len(f"i_{secret}") <= 64


async def test_a_second_person_with_the_same_link_is_refused(session: Session) -> None:
    first, second = await somebody(session, "a"), await somebody(session, "b")
    secret = await invites.create(session, "admin", actor=None, now=NOW)
    await invites.redeem(session, secret, first, now=NOW)
    with pytest.raises(InviteUsed):
        await invites.redeem(session, secret, second, now=NOW)
    assert await roles.of(session, second) == []


async def test_the_same_person_may_tap_the_link_again(session: Session) -> None:
    guest = await somebody(session, "a")
    secret = await invites.create(session, "reviewer", actor=None, now=NOW)
    await invites.redeem(session, secret, guest, now=NOW)
    assert await invites.redeem(session, secret, guest, now=NOW) == "reviewer"


async def test_a_role_that_was_taken_away_does_not_come_back_by_the_old_link(
    session: Session,
) -> None:
    guest = await somebody(session, "a")
    secret = await invites.create(session, "reviewer", actor=None, now=NOW)
    await invites.redeem(session, secret, guest, now=NOW)
    await roles.revoke(session, guest, "reviewer")
    with pytest.raises(InviteUsed):
        await invites.redeem(session, secret, guest, now=NOW)
    assert await roles.of(session, guest) == []


async def test_an_invitation_expires(session: Session) -> None:
    guest = await somebody(session, "a")
    secret = await invites.create(session, "reviewer", actor=None, now=NOW)
    with pytest.raises(InviteExpired):
        await invites.redeem(session, secret, guest, now=NOW + timedelta(hours=24))


@pytest.mark.parametrize("guess", ["", "x", "'; DROP TABLE invites; --", "a" * 62])
async def test_a_guess_gives_nothing(session: Session, guess: str) -> None:
    guest = await somebody(session, "a")
    with pytest.raises(UnknownInvite):
        await invites.redeem(session, guess, guest, now=NOW)


async def test_an_invitation_to_work_gives_no_role(session: Session) -> None:
    guest = await somebody(session, "a")
    secret = await invites.create(session, "worker", actor=None, now=NOW)
    assert await invites.redeem(session, secret, guest, now=NOW) == "worker"
    assert await roles.of(session, guest) == []


async def test_only_owners_invite_admins(session: Session) -> None:
    admin = await somebody(session, "a", "admin")
    with pytest.raises(OwnersOnly):
        await invites.create(session, "admin", actor=admin, now=NOW)
    assert await invites.create(session, "reviewer", actor=admin, now=NOW)


async def test_a_worker_invites_nobody(session: Session) -> None:
    worker = await somebody(session, "a")
    with pytest.raises(RoleNeeded):
        await invites.create(session, "worker", actor=worker, now=NOW)


async def test_there_is_no_invitation_to_an_unknown_role(session: Session) -> None:
    with pytest.raises(NoSuchRole):
        await invites.create(session, "king", actor=None, now=NOW)
