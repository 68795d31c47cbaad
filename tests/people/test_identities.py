"""Names at rest: sealed with the operator's key, found by user name, followed and rotated."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot import crypto
from bot.crypto import KeyLiesOpen, NotAKey, Vault, WrongKey
from bot.models.base import table
from bot.models.people import Identity
from bot.people import identities, roles, staff, workers
from bot.people.identities import Names
from bot.people.workers import Visitor
from bot.store import migrate
from bot.store.database import Database, Session

BOT = 7
AMINA = Visitor(41, "Amina Otieno", "amina_ke", "sw")
FIRST, SECOND = crypto.fresh(), crypto.fresh()


@pytest.fixture
async def worker(database_url: str) -> int:
    """Amina, an admin, sealed with the first key."""
    async with _opened(database_url, FIRST) as session:
        _chat, met = await workers.meet(session, BOT, AMINA, owners=())
        await roles.grant(session, met.id, "admin", by=None)
    return int(met.id)


@asynccontextmanager
async def _opened(url: str, key: str) -> AsyncIterator[Session]:
    """A transaction on the database, by a process with this key."""
    database = Database(url, data_key=key)
    async with database.transaction() as session:
        yield session
    await database.dispose()


async def test_no_row_holds_a_name_in_plain(database_url: str, worker: int) -> None:
    async with _opened(database_url, FIRST) as session:
        row = (await session.execute(select(table(Identity)))).one()
        assert await identities.of(session, worker) == {worker: Names("Amina Otieno", "amina_ke")}
    assert not [value for value in row if "amina" in str(value).lower()]


async def test_the_file_of_an_sqlite_database_holds_no_name(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'kazi.db'}")
    await migrate.upgrade(database)
    async with database.transaction() as session:
        await workers.meet(session, BOT, AMINA, owners=())
    await database.dispose()
    written = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))  # noqa: ASYNC240
    assert b"Amina" not in written
    assert b"amina_ke" not in written
    assert (tmp_path / "kazi.key").stat().st_mode & 0o777 == 0o600


async def test_a_username_is_found_without_regard_to_case(database_url: str, worker: int) -> None:
    async with _opened(database_url, FIRST) as session:
        assert await staff.roles_of(session, "Amina_KE") == ["admin"]
        assert await staff.roles_of(session, "amina") == []


async def test_a_changed_name_is_followed_at_the_next_word(database_url: str, worker: int) -> None:
    renamed = Visitor(41, "Amina", "amina_new", "sw")
    async with _opened(database_url, FIRST) as session:
        await workers.meet(session, BOT, renamed, owners=())
        assert await staff.roles_of(session, "amina_ke") == []
        assert await staff.roles_of(session, "amina_new") == ["admin"]


async def test_an_unchanged_name_is_not_written_again(database_url: str, worker: int) -> None:
    async with _opened(database_url, FIRST) as session:
        before = await session.scalar(select(table(Identity).c.name))
        await workers.meet(session, BOT, AMINA, owners=())
        assert await session.scalar(select(table(Identity).c.name)) == before


async def test_after_a_rotation_the_earlier_key_is_not_needed(
    database_url: str, worker: int
) -> None:
    async with _opened(database_url, f"{SECOND},{FIRST}") as session:
        await identities.prove(session)
        assert await staff.roles_of(session, "amina_ke") == ["admin"]
        assert await identities.reseal(session) == 1
        assert await identities.reseal(session) == 0
    async with _opened(database_url, SECOND) as session:
        await identities.prove(session)
        assert (await identities.of(session, worker))[worker].name == "Amina Otieno"
        assert await staff.roles_of(session, "amina_ke") == ["admin"]


async def test_names_from_before_the_key_are_read_and_sealed(
    database_url: str, worker: int
) -> None:
    plain = {"name": "Amina", "username": "Amina_KE", "fingerprint": None, "handle": None}
    async with _opened(database_url, FIRST) as session:
        await session.execute(update(table(Identity)).values(plain))
        assert (await identities.of(session, worker))[worker] == Names("Amina", "Amina_KE")
        assert await staff.roles_of(session, "amina_ke") == ["admin"]
        await workers.meet(session, BOT, AMINA, owners=())
        assert (await session.scalar(select(table(Identity).c.name))) not in ("Amina", AMINA.name)


async def test_a_wrong_key_is_refused_with_a_way_out(database_url: str, worker: int) -> None:
    async with _opened(database_url, SECOND) as session:
        with pytest.raises(WrongKey, match="KAZI_DATA_KEY=present,earlier"):
            await identities.prove(session)
        with pytest.raises(WrongKey):
            await identities.of(session, worker)


def test_without_a_key_nothing_is_protected_and_the_first_real_key_takes_over() -> None:
    sealed = Vault("", None).seal("Amina")
    assert not Vault("", None).protects
    assert Vault(FIRST).protects
    assert Vault(FIRST).open(sealed) == "Amina"


@pytest.mark.parametrize("given", ["secret", "a,b", ",", "{key},x", "é"])
def test_what_is_no_key_is_refused(given: str) -> None:
    vault = Vault(given.format(key=FIRST))
    with pytest.raises(NotAKey, match="KAZI_DATA_KEY holds something that is not a key"):
        vault.seal("Amina")


def test_a_key_file_is_made_once_and_must_be_closed(tmp_path: Path) -> None:
    file = tmp_path / "var" / "kazi.key"
    sealed = Vault("", file).seal("Amina")
    assert Vault("", file).open(sealed) == "Amina"
    file.chmod(0o644)
    with pytest.raises(KeyLiesOpen, match="chmod 600"):
        Vault("", file).open(sealed)


def test_a_mark_says_nothing_without_the_key() -> None:
    one, other = Vault(FIRST), Vault(SECOND)
    assert one.mark("Amina") == one.mark("Amina") != other.mark("Amina")
    assert one.mark("Amina") in Vault(f"{SECOND},{FIRST}").marks("Amina")
