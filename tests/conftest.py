"""Databases for the tests: every test that asks for one runs on SQLite and on PostgreSQL."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import make_url

from tests.postgres import start

# For the Settings of every test, in this process and in others.
os.environ["KAZI_DATA_KEY"] = "dGhlIGtleSBvZiBldmVyeSB0ZXN0LCAzMiBieXRlcy4="

from bot.store import migrate
from bot.store.database import Database

hypothesis.settings.register_profile("kazi", deadline=None)  # a busy machine is slow, not wrong
hypothesis.settings.load_profile("kazi")
TEMPLATE = "kazi_template"
UNSAFE = ("fsync", "full_page_writes")  # a server that falls still has what it committed
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a disk that needs no waiting
HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared"
_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rest", action="store_true", help="of tests/pay only what `make coverage` leaves out"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """No test twice: branches are counted on SQLite, without the long model."""
    if config.getoption("rest"):
        done = [item for item in items if _counted(item)]
        items[:] = [item for item in items if not _counted(item)]
        config.hook.pytest_deselected(items=done)


def _counted(item: pytest.Item) -> bool:
    others = ("postgresql", "money_model")
    return item.path.parent == HERE / "pay" and not any(one in item.nodeid for one in others)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server: KAZI_TEST_POSTGRES, or one from the wheel."""
    given = os.environ.get("KAZI_TEST_POSTGRES")
    if given:
        yield given
        return
    folder = tempfile.mkdtemp(prefix="kazi-pg-", dir=MEMORY)
    server = start(folder)
    # Nothing here has to survive the power: only what a killed process leaves is of interest.
    _administer(server.get_uri(), *(f"ALTER SYSTEM SET {setting} = off" for setting in UNSAFE))
    _administer(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """A migrated database that each test copies."""
    _administer(postgres, f"DROP DATABASE IF EXISTS {TEMPLATE}", f"CREATE DATABASE {TEMPLATE}")
    _migrate(_address(postgres, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "kazi.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated, empty database of the test's own."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        with tempfile.TemporaryDirectory(prefix="kazi-", dir=MEMORY) as folder:
            shutil.copy(template, Path(folder) / "kazi.db")
            yield f"sqlite:///{folder}/kazi.db"
        return
    server = request.getfixturevalue("postgres")
    template_name = request.getfixturevalue("postgres_template")
    name = f"kazi_{os.getpid()}_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template_name}")
    yield _address(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, data_key=os.environ["KAZI_DATA_KEY"])
    yield opened
    await opened.dispose()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded data beside the project; what needs it skips where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no ../shared/data on this machine")
    return SHARED / "data"


def _address(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, *statements: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _migrate(url: str) -> None:
    async def bring_up() -> None:
        database = Database(url)
        await migrate.upgrade(database)
        await database.dispose()

    asyncio.run(bring_up())


@pytest.fixture
async def bot(database: Database) -> AsyncIterator[object]:
    """The real bot behind its webhook, and the sandbox: see tests/life.py."""
    from tests.life import living

    async with living(database) as life:
        yield life
