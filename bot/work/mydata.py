"""What the bot holds about one person: a copy of it, and its end."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import cast, delete, or_, select, update
from sqlalchemy.types import String

from bot import money
from bot.models.base import table
from bot.models.chat import Chat, Gate, Inbox, Outbox
from bot.models.pay import Account, Bonus, Entry, Posting
from bot.models.payouts import Batch, Payout
from bot.models.people import Audit, Consent, Role, Worker
from bot.models.reviews import Adjudication, Appeal, Review
from bot.models.rules import Firing, Restriction
from bot.models.skills import Sitting, Skill, SkillChange
from bot.models.wage import Correction, TopUp
from bot.models.work import Answer, Assignment, Intake, Project, Queue, Report, Stage, Task
from bot.pay import destinations, ledger
from bot.people import identities, languages, status_cards, summaries, team, weeks
from bot.people.skills import POINT
from bot.store.database import Session
from bot.store.outbox import UNSENT
from bot.work import dispatch

Row = dict[str, Any]
Query = Any  # a Select; its columns are in its text
UNTOUCHED = {"synchronize_session": False}


async def collect(session: Session, worker: Worker) -> Row:
    """Everything, ready for JSON; amounts are decimal strings with their currency beside them."""
    who = worker.id
    return {
        "random_name": worker.pseudonym,
        "identity": await _identity(session, who),
        "settings": await _settings(session, worker),
        "languages": await languages.of(session, who),
        "consents": await _rows(session, _consents(who)),
        "roles": await _rows(session, _roles(who)),
        "skills": [_scored(row) for row in await _rows(session, _skills(who))],
        "skill_history": [_scored(row) for row in await _rows(session, _skill_changes(who))],
        "exams_and_trainings": await _rows(session, _sittings(who)),
        "assignments": await _assignments(session, who),
        "reports": await _rows(session, _reports(who)),
        "verdicts": await _rows(session, _verdicts(who)),
        "appeals": await _rows(session, _appeals(who)),
        "reviews": [_priced(row) for row in await _rows(session, _reviews(who))],
        "restrictions": await _rows(session, _restrictions(who)),
        "rules_that_fired": await _rows(session, _firings(who)),
        "bonuses": [_priced(row) for row in await _rows(session, _bonuses(who))],
        "adjudications": await _rows(session, _adjudications(who)),
        "top_ups": [_priced(row) for row in await _rows(session, _top_ups(who))],
        "balances": await _balances(session, who),
        "destinations": await _destinations(session, who),
        "payouts": [_priced(row) for row in await _rows(session, _payouts(who))],
        "ledger": [_priced(row) for row in await _rows(session, _ledger(who))],
        "files": await _rows(session, _files(who)),
        "actions": await _rows(session, _actions(who)),
        "messages_waiting": await _rows(session, _waiting(who)),
    }


async def check_leaving(session: Session, worker: Worker) -> None:
    """Raises team.LastOwner for the only one who can invite another."""
    if await team.owners(session) == [worker.id]:
        raise team.LastOwner


async def erase(session: Session, chat: Chat, worker: Worker, *, now: datetime) -> None:
    """Forget who this is. Answers, agreements and the ledger stay, under an id that leads nowhere.

    Whoever writes from this chat afterwards is somebody new. Raises team.LastOwner.
    """
    await check_leaving(session, worker)
    await dispatch.unreachable(session, chat.bot_id, chat.chat_id, now=now)
    await _forget_work(session, worker.id)
    await _forget_mail(session, chat)
    await identities.forget(session, worker.id)
    await destinations.forget(session, worker.id, now=now)
    await languages.forget_all(session, worker.id)
    await weeks.forget(session, worker)
    await status_cards.switch_off(session, worker.id)
    await session.execute(delete(Role).where(Role.worker_id == worker.id))
    worker.state, worker.step, worker.adult = "gone", None, None
    worker.locale = worker.country = worker.zone = worker.currency = worker.field = None
    subject = f"worker:{worker.id}"
    session.add(Audit(actor_id=worker.id, action="worker.erase", subject=subject))
    await session.delete(chat)
    await session.flush()


async def _forget_work(session: Session, worker_id: int) -> None:
    """Texts not sent as answers, files sent in, words of appeals, and reviews in hand."""
    drafts = update(Assignment).where(
        Assignment.worker_id == worker_id, Assignment.draft.is_not(None)
    )
    await session.execute(drafts.values(draft=None), execution_options=UNTOUCHED)
    await session.execute(delete(Intake).where(Intake.worker_id == worker_id))
    said = update(Appeal).where(Appeal.worker_id == worker_id).values(text="", photo=None)
    await session.execute(said, execution_options=UNTOUCHED)
    in_hand = update(Review).where(Review.reviewer_id == worker_id, Review.state == "held")
    free = in_hand.values(state="waiting", reviewer_id=None, lease_until=None)
    await session.execute(free, execution_options=UNTOUCHED)


async def _forget_mail(session: Session, chat: Chat) -> None:
    """What went to the chat and what came from it."""
    here = (Outbox.bot_id == chat.bot_id, Outbox.chat_id == chat.chat_id)
    await session.execute(delete(Outbox).where(*here), execution_options=UNTOUCHED)
    gate = (Gate.bot_id == chat.bot_id, Gate.scope == f"chat:{chat.chat_id}")
    await session.execute(delete(Gate).where(*gate), execution_options=UNTOUCHED)
    mine = (Inbox.bot_id == chat.bot_id, Inbox.raw.contains(str(chat.chat_id)))
    await session.execute(update(Inbox).where(*mine).values(raw=None), execution_options=UNTOUCHED)


async def _identity(session: Session, worker_id: int) -> Row:
    names = (await identities.of(session, worker_id)).get(worker_id)
    chats = await _rows(session, select(table(Chat)).where(Chat.worker_id == worker_id))
    return {
        "name": names and names.name,
        "username": names and names.username,
        "chats": [{"telegram_id": one["chat_id"], "bot_id": one["bot_id"]} for one in chats],
    }


async def _settings(session: Session, worker: Worker) -> Row:
    names = ("state", "locale", "country", "zone", "currency", "field", "adult", "created_at")
    known = {name: getattr(worker, name) for name in names}
    return known | {"weekly_summary": await summaries.subscribed(session, worker)}


async def _assignments(session: Session, worker_id: int) -> list[Row]:
    """Each task that was offered, with every revision of what was answered."""
    answers: dict[int, list[Row]] = {}
    for row in await _rows(session, _answers(worker_id)):
        answers.setdefault(row.pop("assignment"), []).append(row)
    return [
        _priced(row) | {"answers": answers.get(row["assignment"], [])}
        for row in await _rows(session, _offered(worker_id))
    ]


async def _balances(session: Session, worker_id: int) -> list[Row]:
    kinds = ("pending", "available", "held")
    return [
        {"currency": one.currency} | {kind: money.decimal(getattr(one, kind)) for kind in kinds}
        for one in await ledger.balances(session, worker_id)
    ]


async def _destinations(session: Session, worker_id: int) -> list[Row]:
    """Where they are or were paid, whole: it is theirs."""
    found = await destinations.history(session, worker_id)
    whole = await destinations.reveal(session, [one.id for one in found], retired=True)
    return [
        {
            "provider": one.provider,
            "destination": whole.get(one.id),
            "given_at": one.created_at,
            "usable_at": one.usable_at,
            "replaced_at": one.retired_at,
        }
        for one in found
    ]


async def _rows(session: Session, query: Query) -> list[Row]:
    return [dict(row) for row in (await session.execute(query)).mappings()]


def _priced(row: Mapping[str, Any]) -> Row:
    """Micro-units as people write them."""
    return {
        key: money.decimal(value or 0) if key == "amount" else value for key, value in row.items()
    }


def _scored(row: Mapping[str, Any]) -> Row:
    """Millionths as the points that people read: from 0 to 100."""
    return {
        name.removesuffix("_ppm"): value / POINT if name.endswith("_ppm") and value else value
        for name, value in row.items()
    }


def _consents(worker_id: int) -> Query:
    wanted = _columns(Consent, "document", "version", "locale", "given_at", "withdrawn_at")
    return select(*wanted).where(Consent.worker_id == worker_id).order_by(Consent.id)


def _roles(worker_id: int) -> Query:
    return select(Role.role, Role.granted_at).where(Role.worker_id == worker_id)


def _skills(worker_id: int) -> Query:
    wanted = _columns(Skill, "skill", "score_ppm", "observations", "at")
    return select(*wanted).where(Skill.worker_id == worker_id).order_by(Skill.skill)


def _skill_changes(worker_id: int) -> Query:
    wanted = _columns(
        SkillChange, "at", "skill", "source", "before_ppm", "after_ppm", "observations"
    )
    return select(*wanted).where(SkillChange.worker_id == worker_id).order_by(SkillChange.id)


def _sittings(worker_id: int) -> Query:
    wanted = _columns(
        Sitting,
        *("number", "state", "tasks", "answered", "correct", "score_ppm"),
        *("started_at", "ended_at", "grade_by"),
    )
    return (
        select(Project.name.label("project"), *wanted)
        .join(Stage, Stage.id == Sitting.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Sitting.worker_id == worker_id)
        .order_by(Sitting.id)
    )


def _offered(worker_id: int) -> Query:
    wanted = _columns(
        Assignment,
        *("state", "surplus", "locale", "draft", "offered_at", "answered_at", "seconds"),
        *("accept_at", "currency"),
    )
    return (
        select(
            Assignment.id.label("assignment"),
            Project.name.label("project"),
            Stage.name.label("stage"),
            Task.key.label("task"),
            Queue.language,
            Assignment.price_micro.label("amount"),
            Correction.seconds.label("seconds_by_your_word"),
            *wanted,
        )
        .select_from(Assignment)
        .outerjoin(Correction, Correction.assignment_id == Assignment.id)
        .join(Task, Task.id == Assignment.task_id)
        .join(Queue, Queue.id == Assignment.queue_id)
        .join(Stage, Stage.id == Assignment.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Assignment.worker_id == worker_id)
        .order_by(Assignment.id)
    )


def _answers(worker_id: int) -> Query:
    return (
        select(
            Answer.assignment_id.label("assignment"),
            *_columns(Answer, "revision", "value", "label", "at"),
            Answer.reviewer_id.is_not(None).label("by_reviewer"),
        )
        .join(Assignment, Assignment.id == Answer.assignment_id)
        .where(Assignment.worker_id == worker_id)
        .order_by(Answer.assignment_id, Answer.revision)
    )


def _reports(worker_id: int) -> Query:
    return (
        select(
            Report.assignment_id.label("assignment"),
            *_columns(Report, "reason", "text", "at", "state", "decided_at"),
        )
        .join(Assignment, Assignment.id == Report.assignment_id)
        .where(Assignment.worker_id == worker_id)
        .order_by(Report.id)
    )


def _verdicts(worker_id: int) -> Query:
    """What reviewers decided about their answers; not who they are."""
    wanted = _columns(
        Review, "purpose", "round", "verdict", "grade", "reason", "note", "expected", "decided_at"
    )
    return (
        select(Review.assignment_id.label("assignment"), *wanted)
        .where(
            Review.author_id == worker_id,
            Review.state == "decided",
            Review.purpose != "gold",  # it says something of its reviewer alone
        )
        .order_by(Review.id)
    )


def _appeals(worker_id: int) -> Query:
    return (
        select(
            Review.assignment_id.label("assignment"),
            *_columns(Appeal, "text", "state", "at", "decide_by", "decided_at"),
        )
        .join(Review, Review.id == Appeal.review_id)
        .where(Appeal.worker_id == worker_id)
        .order_by(Appeal.id)
    )


def _reviews(worker_id: int) -> Query:
    """What they decided as a reviewer."""
    wanted = _columns(
        Review, "verdict", "grade", "reason", "note", "decided_at", "overturned", "right"
    )
    return (
        select(Review.pay_micro.label("amount"), Review.currency, *wanted)
        .where(Review.reviewer_id == worker_id, Review.state == "decided")
        .order_by(Review.id)
    )


def _restrictions(worker_id: int) -> Query:
    wanted = _columns(
        Restriction,
        *("kind", "reason", "rule", "numbers", "created_at", "begins_at", "ends_at", "lifted_at"),
    )
    return (
        select(Project.name.label("project"), *wanted)
        .select_from(Restriction)
        .outerjoin(Project, Project.id == Restriction.project_id)
        .where(Restriction.worker_id == worker_id)
        .order_by(Restriction.id)
    )


def _bonuses(worker_id: int) -> Query:
    return (
        select(
            Project.name.label("project"),
            Bonus.micro.label("amount"),
            Bonus.currency,
            Bonus.message,
            Bonus.made_at,
        )
        .join(Project, Project.id == Bonus.project_id)
        .where(Bonus.worker_id == worker_id)
        .order_by(Bonus.id)
    )


def _firings(worker_id: int) -> Query:
    return (
        select(Project.name.label("project"), *_columns(Firing, "rule", "numbers", "at"))
        .select_from(Firing)
        .join(Stage, Stage.id == Firing.stage_id)
        .join(Project, Project.id == Stage.project_id)
        .where(Firing.worker_id == worker_id)
        .order_by(Firing.id)
    )


def _adjudications(worker_id: int) -> Query:
    """What they decided about tasks whose answers had no majority."""
    wanted = _columns(Adjudication, "label", "cause", "decided_at")
    return (
        select(Task.key.label("task"), *wanted)
        .join(Task, Task.id == Adjudication.task_id)
        .where(Adjudication.reviewer_id == worker_id, Adjudication.state == "decided")
        .order_by(Adjudication.id)
    )


def _payouts(worker_id: int) -> Query:
    wanted = _columns(
        *(Payout, "reference", "amount", "currency", "state", "reason", "receipt"),
        *("requested", "created_at", "ended_at"),
    )
    return (
        select(Batch.code.label("batch"), Batch.provider, *wanted)
        .join(Batch, Batch.id == Payout.batch_id)
        .where(Payout.worker_id == worker_id)
        .order_by(Payout.id)
    )


def _top_ups(worker_id: int) -> Query:
    """What was added to their weeks, up to the floor."""
    wanted = _columns(TopUp, "monday", "currency", "seconds")
    return (
        select(Project.name.label("project"), TopUp.micro.label("amount"), *wanted)
        .join(Project, Project.id == TopUp.project_id)
        .where(TopUp.worker_id == worker_id)
        .order_by(TopUp.id)
    )


def _ledger(worker_id: int) -> Query:
    return (
        select(
            Posting.at,
            Posting.kind,
            Posting.assignment_id.label("assignment"),
            Account.kind.label("account"),
            Entry.amount,
            Entry.currency,
        )
        .join(Account, Account.id == Entry.account_id)
        .join(Posting, Posting.id == Entry.posting_id)
        .where(Account.worker_id == worker_id)
        .order_by(Entry.id)
    )


def _files(worker_id: int) -> Query:
    wanted = _columns(Intake, "filename", "state", "answers", "created_at")
    return select(*wanted).where(Intake.worker_id == worker_id).order_by(Intake.id)


def _actions(worker_id: int) -> Query:
    """What they did as staff, and what was done about them."""
    about = or_(Audit.actor_id == worker_id, Audit.subject == f"worker:{worker_id}")
    wanted = _columns(Audit, "at", "action", "subject", "before", "after")
    return select(*wanted).where(about).order_by(Audit.id)


def _waiting(worker_id: int) -> Query:
    """Messages not delivered yet; those that were are in the chat and nowhere else."""
    return (
        select(Outbox.created_at, Outbox.method, cast(Outbox.payload, String).label("content"))
        .join(Chat, (Chat.bot_id == Outbox.bot_id) & (Chat.chat_id == Outbox.chat_id))
        .where(Chat.worker_id == worker_id, UNSENT)
        .order_by(Outbox.id)
    )


def _columns(model: Any, *names: str) -> Iterable[Any]:
    return [getattr(model, name) for name in names]
