"""From the first word to the first task: which step a newcomer stands at, and what ends it.

    language → intro → terms → privacy → answers → adult → country → zone → languages → levels

The step is on the worker's row. Every function names the step it ends and raises StepPassed at
any other, so an old button or a second tap changes nothing.
"""

from datetime import datetime
from itertools import pairwise
from zoneinfo import available_timezones

from sqlalchemy import delete

from bot import i18n
from bot.errors import Gone, Refusal
from bot.i18n import N_
from bot.models.people import Consent, Worker
from bot.people import consent, identities, languages, summaries, weeks
from bot.store.database import Session

STEPS = (
    "language",
    "intro",
    "terms",
    "privacy",
    "answers",
    "adult",
    "country",
    "zone",
    "languages",
    "levels",
)
AGREEMENTS = ("terms", "privacy", "answers")


class StepPassed(Refusal):
    msgid = N_("This is done already.")


class NothingChosen(Refusal):
    msgid = N_("Choose at least one language.")


def next_step(step: str) -> str | None:
    """The step after `step`; None when that was the last."""
    return dict(pairwise(STEPS)).get(step)


def choose_language(worker: Worker, code: str) -> None:
    """Speak `code` with this worker from now on."""
    _stand_at(worker, "language")
    if code not in i18n.available():
        raise Gone
    worker.locale = code
    worker.step = next_step("language")


def rechoose_language(worker: Worker) -> None:
    """Back to the choice of language: after a slip there, nobody can read what follows."""
    _stand_at(worker, "intro")
    worker.step = "language"


def read_intro(worker: Worker) -> None:
    _stand_at(worker, "intro")
    worker.step = next_step("intro")


async def agree(session: Session, worker: Worker, document: str, *, now: datetime) -> None:
    """One of the three agreements."""
    if document not in AGREEMENTS:
        raise Gone
    _stand_at(worker, document)
    await consent.give(session, worker.id, document, locale=worker.locale or "en", now=now)
    worker.step = next_step(document)


def is_adult(worker: Worker) -> None:
    _stand_at(worker, "adult")
    worker.adult = True
    worker.step = next_step("adult")


async def decline(session: Session, worker: Worker) -> None:
    """Somebody under 18: nothing is kept but that the answer was no."""
    _stand_at(worker, "adult")
    await session.execute(delete(Consent).where(Consent.worker_id == worker.id))
    await identities.forget(session, worker.id)
    await languages.forget_all(session, worker.id)
    worker.state, worker.step, worker.locale, worker.adult = "declined", None, None, False


def choose_country(worker: Worker, country: str) -> None:
    """Where the worker lives; it gives the currency and a first time zone."""
    _stand_at(worker, "country")
    live_in(worker, country)
    worker.step = next_step("country")


def live_in(worker: Worker, country: str) -> None:
    """Set the country with what follows from it. A time zone that fits the country stays."""
    known = len(country) == 2 and country.isascii() and country.isupper()
    zones = [zone.name for zone in i18n.zones_of(country)] if known else []
    if not zones:
        raise Gone
    worker.country = country
    worker.currency = i18n.currency_of(country)
    worker.zone = worker.zone if worker.zone in zones else zones[0]


async def choose_zone(
    session: Session, worker: Worker, zone: str, *, phone: str | None = None
) -> None:
    """The worker's time zone by its IANA name. The likeliest languages are chosen beforehand.

    Those are the interface's and the phone's (an IETF tag): somebody with a Hindi phone who uses
    the bot in English reads both.
    """
    _stand_at(worker, "zone")
    keep_time(worker, zone)
    await weeks.follow(session, worker)
    if not await languages.of(session, worker.id):
        likeliest = languages.likely(worker.locale or i18n.ENGLISH, worker.country)[0]
        for language in {likeliest, i18n.known(phone) or likeliest}:
            await languages.choose(session, worker.id, language, languages.UNSAID)
    worker.step = next_step("zone")


def keep_time(worker: Worker, zone: str) -> None:
    if zone not in available_timezones():
        raise Gone
    worker.zone = zone


async def toggle_language(session: Session, worker: Worker, language: str) -> None:
    """Choose a language, or take the choice back; the last one too, while nothing is settled."""
    _stand_at(worker, "languages")
    if language in await languages.of(session, worker.id):
        await languages.forget(session, worker.id, language, even_last=True)
    else:
        await languages.choose(session, worker.id, language, languages.UNSAID)


async def languages_chosen(session: Session, worker: Worker) -> None:
    _stand_at(worker, "languages")
    if not await languages.of(session, worker.id):
        raise NothingChosen
    worker.step = next_step("languages")


async def say_level(
    session: Session, worker: Worker, language: str, level: str, *, now: datetime
) -> str | None:
    """How well one chosen language is known. The next language to ask about; None: all is said."""
    _stand_at(worker, "levels")
    if level not in languages.LEVELS:
        raise Gone
    if await next_language(session, worker) != language:
        raise StepPassed
    await languages.choose(session, worker.id, language, level)
    following = await next_language(session, worker)
    if following is None:
        worker.step, worker.state = None, "active"
        await summaries.subscribe(session, worker, now=now)
    return following


async def next_language(session: Session, worker: Worker) -> str | None:
    """The chosen language whose level has not been said."""
    chosen = await languages.of(session, worker.id)
    return next((code for code, level in chosen.items() if level == languages.UNSAID), None)


def _stand_at(worker: Worker, step: str) -> None:
    if worker.step != step:
        raise StepPassed
