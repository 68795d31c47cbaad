"""Bonuses: money on top, for accepted work, with a word to the worker.

What was confirmed on one card is given once: its token is unique.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select

from bot import money
from bot.errors import Invalid, Refusal
from bot.i18n import ENGLISH, N_
from bot.models.base import table
from bot.models.pay import Bonus, Posting
from bot.models.people import Audit, Worker
from bot.models.work import Assignment, Project, Stage, Task
from bot.pay import ledger
from bot.pay.ledger import Whose
from bot.people import roles
from bot.store.database import Session, upsert
from bot.work import forecasts, reading, stages, terms
from bot.work.record import MAY_RUN

MOST_PRICES = 1000  # times the price of the project's best paid stage
MESSAGE = 500  # characters in one language

_AMOUNT = r"(?P<amount>[0-9.]+(?:\s*[A-Z]{3}\b)?|[A-Z]{3}\s*[0-9.]+)"
_WRITTEN = re.compile(r"\s*" + _AMOUNT + r"\s+(?P<rest>\S.*)", re.DOTALL)
_IN = re.compile(r"(?P<tag>[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?):\s+(?P<text>\S.*)", re.DOTALL)


class NotABonus(Invalid):
    msgid = N_("Write an amount and a word to the worker, like: 0.50 {currency} Thank you!")


class NothingAccepted(Refusal):
    msgid = N_("{worker} has no accepted answer there. A bonus is for accepted work.")


class TooLarge(Refusal):
    msgid = N_("A bonus is at most {most} here, {times} times the price of an answer.")


class OverBudget(Refusal):
    msgid = N_("The budget has {left} left, less than the bonus. Raise it with /set first.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A bonus that was written and is not given yet."""

    worker_id: int
    project_id: int
    assignment_id: int | None
    micro: int
    message: dict[str, str]
    token: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def draft(
    session: Session,
    worker: Worker,
    project: Project,
    text: str,
    *,
    task: str | None = None,
    actor: int | None,
) -> Draft:
    """What was written as a bonus, checked: "0.50 Thank you", or a line for each language.

    `task`: the key of the task whose answer it is for. Raises a refusal.
    """
    await roles.require(session, actor, *MAY_RUN)
    micro, message = _read(text, project.currency)
    accepted = await _accepted(session, worker.id, project.id, task)
    if accepted is None:
        raise NothingAccepted(worker=worker.pseudonym)
    await _affordable(session, project, micro)
    answer = accepted if task is not None else None
    return Draft(worker.id, project.id, answer, micro, message, secrets.token_hex(8))


async def give(
    session: Session, given: Mapping[str, Any], *, actor: int | None
) -> tuple[Bonus, Project] | None:
    """Pay a bonus; None when it was paid before. Funds are looked at once more."""
    await roles.require(session, actor, *MAY_RUN)
    project = await session.get_one(Project, given["project_id"])
    row = {**given, "currency": project.currency, "made_by": actor}
    bonuses = table(Bonus)
    made = await session.scalar(
        upsert(session, bonuses)
        .values(row)
        .on_conflict_do_nothing(index_elements=["token"])
        .returning(bonuses.c.id)
    )
    if made is None:
        return None
    await _affordable(session, project, given["micro"])
    bonus = await session.get_one(Bonus, made)
    whose = Whose(bonus.worker_id, project.id, bonus.assignment_id, bonus.currency)
    await ledger.grant(session, f"bonus:{bonus.id}", "bonus", whose, micro=bonus.micro)
    after = f"{terms.show_amount(bonus.micro, bonus.currency)} worker:{bonus.worker_id}"
    subject = f"project:{project.slug}"[:80]
    session.add(Audit(actor_id=actor, action="bonus.give", subject=subject, after=after))
    await session.flush()
    return bonus, project


async def of_posting(session: Session, worker_id: int, posting_id: int) -> tuple[Bonus, str] | None:
    """The bonus behind a line of this worker's ledger, with the project's name."""
    key = await session.scalar(
        select(Posting.key).where(Posting.id == posting_id, Posting.kind == "bonus")
    )
    if key is None:
        return None
    number = int(key.removeprefix("bonus:"))
    query = (
        select(Bonus, Project.name)
        .join(Project, Project.id == Bonus.project_id)
        .where(Bonus.id == number, Bonus.worker_id == worker_id)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


def said(message: Mapping[str, str], locale: str) -> str:
    """The words in the worker's language, else in English, else as they were written."""
    for code in (locale, ENGLISH, *message):
        if code in message:
            return message[code]
    return ""


def _read(text: str, currency: str) -> tuple[int, dict[str, str]]:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise NotABonus(currency=currency)
    written = found["amount"]
    amount = terms.amount(
        written if any(map(str.isalpha, written)) else f"{written} {currency}", "bonus"
    )
    if amount.currency != currency:
        raise terms.OtherCurrency(path="bonus", currency=amount.currency, expected=currency)
    return amount.micro, _message(found["rest"])


def _message(text: str) -> dict[str, str]:
    """Lines that begin with a language are in it; any other goes on with the one before."""
    words: dict[str, list[str]] = {}
    code = ENGLISH
    for line in text.splitlines():
        marked = _IN.fullmatch(line.strip())
        known = reading.language(marked["tag"]) if marked else None
        code, line_ = (known, marked["text"]) if marked and known else (code, line.strip())
        words.setdefault(code, []).append(line_)
    return {
        code: terms.text("\n".join(lines), "bonus", limit=MESSAGE) for code, lines in words.items()
    }


async def _accepted(
    session: Session, worker_id: int, project_id: int, task: str | None
) -> int | None:
    """The newest accepted answer there, or the one to this task."""
    query = (
        select(func.max(Assignment.id))
        .join(Stage, Stage.id == Assignment.stage_id)
        .where(
            Assignment.worker_id == worker_id,
            Stage.project_id == project_id,
            Assignment.state == "accepted",
        )
    )
    if task is not None:
        query = query.join(Task, Task.id == Assignment.task_id).where(Task.key == task)
    return await session.scalar(query)


async def _affordable(session: Session, project: Project, micro: int) -> None:
    specs = await stages.current(session, project.id)
    most = MOST_PRICES * max((spec.price_micro for spec in specs), default=0)
    if micro > most:
        raise TooLarge(most=money.show(most, project.currency), times=MOST_PRICES)
    if project.budget_micro is None:
        return
    spent = (await forecasts.costs(session, [project]))[project.id].total
    left = project.budget_micro - spent
    if micro > left:
        raise OverBudget(left=money.show(max(0, left), project.currency))
