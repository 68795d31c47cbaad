"""The languages a worker reads and writes, and how well: what decides which work can be theirs."""

from collections.abc import Iterable

from sqlalchemy import delete, func, select

from bot.errors import Gone, Refusal
from bot.i18n import COUNTRIES_BY_LANGUAGE, LANGUAGES, N_
from bot.models.base import table
from bot.models.people import WorkerLanguage
from bot.store.database import Session, upsert

LEVELS = ("native", "fluent", "some")
UNSAID = ""  # a language chosen in onboarding whose level is the next question


class LastLanguage(Refusal):
    msgid = N_("Keep at least one language. Add another one before you remove this one.")


async def choose(session: Session, worker_id: int, language: str, level: str) -> None:
    """Add a language, or say its level anew. Raises Gone for what is not on offer."""
    if language not in LANGUAGES or level not in (*LEVELS, UNSAID):
        raise Gone
    statement = upsert(session, table(WorkerLanguage)).values(
        worker_id=worker_id, language=language, level=level
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["worker_id", "language"], set_={"level": level}
        )
    )


async def of(session: Session, worker_id: int) -> dict[str, str]:
    """A worker's languages and levels, in the order of LANGUAGES."""
    rows = await session.execute(
        select(WorkerLanguage.language, WorkerLanguage.level).where(
            WorkerLanguage.worker_id == worker_id
        )
    )
    levels: dict[str, str] = dict(rows.all())
    return {language: levels[language] for language in LANGUAGES if language in levels}


async def forget(
    session: Session, worker_id: int, language: str, *, even_last: bool = False
) -> None:
    """Remove a language. Raises LastLanguage rather than leave none, unless told otherwise."""
    mine = WorkerLanguage.worker_id == worker_id
    others = select(func.count()).where(mine, WorkerLanguage.language != language)
    if not even_last and not await session.scalar(others):
        raise LastLanguage
    await session.execute(delete(WorkerLanguage).where(mine, WorkerLanguage.language == language))


async def forget_all(session: Session, worker_id: int) -> None:
    await session.execute(delete(WorkerLanguage).where(WorkerLanguage.worker_id == worker_id))


def likely(locale: str, country: str | None, *, first: Iterable[str] = ()) -> list[str]:
    """Every language, those this person probably speaks first."""
    spoken = [code for code, places in COUNTRIES_BY_LANGUAGE.items() if country in places]
    ordered = [*first, locale, *spoken, *LANGUAGES]
    return [code for code in dict.fromkeys(ordered) if code in LANGUAGES]
