"""Languages of a worker."""

from collections.abc import AsyncIterator

import pytest

from bot.errors import Gone
from bot.i18n import LANGUAGES
from bot.models.people import Worker
from bot.people import languages
from bot.people.languages import LastLanguage
from bot.store.database import Database, Session


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


@pytest.fixture
async def worker_id(session: Session) -> int:
    made = Worker(pseudonym="w-aaaaaaa")
    session.add(made)
    await session.flush()
    return made.id


async def test_a_language_has_one_level_the_last_one_said(session: Session, worker_id: int) -> None:
    await languages.choose(session, worker_id, "sw", "some")
    await languages.choose(session, worker_id, "sw", "native")
    assert await languages.of(session, worker_id) == {"sw": "native"}


async def test_the_last_language_stays(session: Session, worker_id: int) -> None:
    await languages.choose(session, worker_id, "sw", "native")
    await languages.choose(session, worker_id, "en", "fluent")
    await languages.forget(session, worker_id, "en")
    with pytest.raises(LastLanguage):
        await languages.forget(session, worker_id, "sw")
    assert await languages.of(session, worker_id) == {"sw": "native"}


@pytest.mark.parametrize(("language", "level"), [("tlh", "native"), ("sw", "perfect")])
async def test_what_is_not_on_offer_is_refused(
    session: Session, worker_id: int, language: str, level: str
) -> None:
    with pytest.raises(Gone):
        await languages.choose(session, worker_id, language, level)


def test_likely_languages_come_first_and_none_is_left_out() -> None:
    offered = languages.likely("en", "TZ")
    assert offered[:2] == ["en", "sw"]
    assert sorted(offered) == sorted(LANGUAGES)
    assert languages.likely("en_XA", None)[0] in LANGUAGES
