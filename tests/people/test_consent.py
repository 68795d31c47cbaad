"""Agreements: one by one, with version and language, and taken back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.errors import Gone
from bot.i18n import N_
from bot.models.people import Consent, Worker
from bot.people import consent, documents
from bot.store.database import Database, Session

NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


@pytest.fixture
async def worker(session: Session) -> Worker:
    made = Worker(pseudonym="w-aaaaaaa", state="active", step=None)
    session.add(made)
    await session.flush()
    return made


async def give_all(session: Session, worker: Worker) -> None:
    for name in documents.DOCUMENTS:
        await consent.give(session, worker.id, name, locale="sw", now=NOW)


async def test_an_agreement_keeps_version_language_and_time(
    session: Session, worker: Worker
) -> None:
    await consent.give(session, worker.id, "terms", locale="sw", now=NOW)
    (given,) = (await consent.standing(session, worker.id)).values()
    assert given == ("terms", documents.VERSION, "sw", NOW, None)
    assert await consent.missing(session, worker.id) == ["privacy", "answers"]


async def test_agreeing_twice_is_agreeing_once(session: Session, worker: Worker) -> None:
    await consent.give(session, worker.id, "terms", locale="sw", now=NOW)
    await consent.give(session, worker.id, "terms", locale="en", now=LATER)
    assert await session.scalar(select(func.count(Consent.id))) == 1


async def test_taking_an_agreement_back_pauses_new_work(session: Session, worker: Worker) -> None:
    await give_all(session, worker)
    assert await consent.settle(session, worker) == []
    assert await consent.withdraw(session, worker.id, "answers", now=LATER)
    assert await consent.settle(session, worker) == ["answers"]
    assert worker.state == "paused"
    assert (await consent.latest(session, worker.id))["answers"].withdrawn_at == LATER
    assert not await consent.withdraw(session, worker.id, "answers", now=LATER)


async def test_agreeing_again_resumes_work_and_keeps_the_history(
    session: Session, worker: Worker
) -> None:
    await give_all(session, worker)
    await consent.withdraw(session, worker.id, "answers", now=LATER)
    await consent.settle(session, worker)
    await consent.give(session, worker.id, "answers", locale="sw", now=LATER)
    assert await consent.settle(session, worker) == []
    assert worker.state == "active"
    assert await session.scalar(select(func.count(Consent.id))) == 4


async def test_a_new_version_needs_a_new_agreement(
    session: Session, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await give_all(session, worker)
    monkeypatch.setattr(documents, "VERSION", "2027-01")
    assert await consent.missing(session, worker.id) == list(documents.DOCUMENTS)
    await consent.give(session, worker.id, "terms", locale="sw", now=LATER)
    assert (await consent.standing(session, worker.id))["terms"].version == "2027-01"


async def test_who_is_joining_is_neither_paused_nor_made_active(
    session: Session, worker: Worker
) -> None:
    worker.state = "joining"
    assert await consent.settle(session, worker)
    assert worker.state == "joining"


async def test_only_documents_can_be_agreed_to(session: Session, worker: Worker) -> None:
    with pytest.raises(Gone):
        await consent.give(session, worker.id, "anything", locale="sw", now=NOW)


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_a_document_is_one_page(name: str) -> None:
    page = documents.find(name).page()
    assert N_(documents.DOCUMENTS[name].title) in page
    assert len(page) < 2000  # a translation grows by half and still fits one message
