"""Joining: the steps, what ends each, and what an old button cannot do."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from bot.errors import Gone
from bot.models.people import Consent, Identity, Worker, WorkerLanguage
from bot.people import consent, languages, onboarding, workers
from bot.people.onboarding import NothingChosen, StepPassed
from bot.people.workers import Visitor
from bot.store.database import Database, Session

NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)
BOT = 7


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


@pytest.fixture
async def worker(session: Session) -> Worker:
    visitor = Visitor(41, "Amina", "amina", "sw")
    return (await workers.meet(session, BOT, visitor, owners=()))[1]


async def level(session: Session, worker: Worker) -> None:
    asked = await onboarding.next_language(session, worker)
    assert asked is not None
    await onboarding.say_level(session, worker, asked, "native", now=NOW)


async def forward(session: Session, worker: Worker, until: str | None = None) -> None:
    """The shortest way through, up to a step."""
    ways = {
        "language": lambda: onboarding.choose_language(worker, "sw"),
        "intro": lambda: onboarding.read_intro(worker),
        "terms": lambda: onboarding.agree(session, worker, "terms", now=NOW),
        "privacy": lambda: onboarding.agree(session, worker, "privacy", now=NOW),
        "answers": lambda: onboarding.agree(session, worker, "answers", now=NOW),
        "adult": lambda: onboarding.is_adult(worker),
        "country": lambda: onboarding.choose_country(worker, "KE"),
        "zone": lambda: onboarding.choose_zone(session, worker, "Africa/Nairobi"),
        "languages": lambda: onboarding.languages_chosen(session, worker),
        "levels": lambda: level(session, worker),
    }
    while worker.step is not None and worker.step != until:
        under_way = ways[worker.step]()
        if under_way is not None:
            await under_way


def test_the_steps_come_one_after_another_and_end() -> None:
    walked, step = [], "language"
    while step is not None:
        walked.append(step)
        step = onboarding.next_step(step)
    assert tuple(walked) == onboarding.STEPS
    assert onboarding.next_step("no such step") is None


async def test_the_shortest_way_makes_an_active_worker(session: Session, worker: Worker) -> None:
    await forward(session, worker)
    assert (worker.state, worker.step) == ("active", None)
    assert (worker.locale, worker.country, worker.zone) == ("sw", "KE", "Africa/Nairobi")
    assert worker.currency == "KES"
    assert worker.adult is True
    assert await languages.of(session, worker.id) == {"sw": "native"}
    assert await consent.missing(session, worker.id) == []


async def test_a_second_tap_changes_nothing(session: Session, worker: Worker) -> None:
    await forward(session, worker, "privacy")
    with pytest.raises(StepPassed):
        await onboarding.agree(session, worker, "terms", now=NOW)
    with pytest.raises(StepPassed):
        onboarding.choose_language(worker, "en")
    assert (worker.locale, worker.step) == ("sw", "privacy")
    assert await session.scalar(select(func.count(Consent.id))) == 1


async def test_a_step_cannot_be_taken_before_its_time(session: Session, worker: Worker) -> None:
    await forward(session, worker, "terms")
    with pytest.raises(StepPassed):
        await onboarding.agree(session, worker, "answers", now=NOW)
    with pytest.raises(StepPassed):
        onboarding.is_adult(worker)


async def test_what_no_button_offers_is_refused(session: Session, worker: Worker) -> None:
    with pytest.raises(Gone):
        onboarding.choose_language(worker, "tlh")
    await forward(session, worker, "terms")
    with pytest.raises(Gone):
        await onboarding.agree(session, worker, "everything", now=NOW)
    await forward(session, worker, "country")
    for country in ("XX", "ke", "KEN", "", "../"):
        with pytest.raises(Gone):
            onboarding.choose_country(worker, country)
    await forward(session, worker, "zone")
    with pytest.raises(Gone):
        await onboarding.choose_zone(session, worker, "Africa/Atlantis")
    await forward(session, worker, "levels")
    with pytest.raises(Gone):
        await onboarding.say_level(session, worker, "sw", "perfect", now=NOW)


async def test_nothing_but_the_answer_is_kept_of_a_minor(session: Session, worker: Worker) -> None:
    await forward(session, worker, "adult")
    await onboarding.decline(session, worker)
    await session.flush()
    assert (worker.state, worker.step, worker.locale) == ("declined", None, None)
    for table in (Consent, Identity, WorkerLanguage):
        assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_the_language_of_the_interface_is_chosen_beforehand(
    session: Session, worker: Worker
) -> None:
    await forward(session, worker, "languages")
    assert await languages.of(session, worker.id) == {"sw": languages.UNSAID}


async def test_without_any_language_nobody_goes_on(session: Session, worker: Worker) -> None:
    await forward(session, worker, "languages")
    await onboarding.toggle_language(session, worker, "sw")
    with pytest.raises(NothingChosen):
        await onboarding.languages_chosen(session, worker)


async def test_each_chosen_language_is_asked_about_once(session: Session, worker: Worker) -> None:
    await forward(session, worker, "languages")
    await onboarding.toggle_language(session, worker, "en")
    await onboarding.languages_chosen(session, worker)
    assert await onboarding.say_level(session, worker, "en", "fluent", now=NOW) == "sw"
    with pytest.raises(StepPassed):
        await onboarding.say_level(session, worker, "en", "native", now=NOW)
    assert worker.state == "joining"
    assert await onboarding.say_level(session, worker, "sw", "native", now=NOW) is None
    assert await languages.of(session, worker.id) == {"en": "fluent", "sw": "native"}


async def test_a_slip_in_the_first_choice_can_be_undone(session: Session, worker: Worker) -> None:
    await forward(session, worker, "intro")
    onboarding.rechoose_language(worker)
    assert worker.step == "language"


def test_moving_keeps_a_time_zone_that_fits() -> None:
    worker = Worker(country="US", zone="America/Chicago")
    onboarding.live_in(worker, "US")
    assert worker.zone == "America/Chicago"
    onboarding.live_in(worker, "PH")
    assert (worker.zone, worker.currency) == ("Asia/Manila", "PHP")
