"""What a worker reads about their earnings."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.models.people import Worker
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion, Task
from bot.pay import ledger, statements
from bot.pay.ledger import Balance
from bot.store.database import Database, Session
from bot.task_types import TASK_TYPES

NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)
PRICE = 20_000


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.transaction() as opened:
        yield opened


class Job:
    """A project with one stage, and a worker who answers its tasks."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.tasks = 0

    async def begin(self) -> "Job":
        self.worker = await self.person("w-amina")
        self.project = Project(
            slug="s", code="7k2", name="Sentences", languages=["sw"], currency="USD", state="open"
        )
        self.session.add(self.project)
        await self.session.flush()
        self.stage = Stage(project_id=self.project.id, ordinal=1, name="check")
        self.session.add(self.stage)
        await self.session.flush()
        self.queue = Queue(stage_id=self.stage.id, language="sw")
        self.session.add_all([self.queue, self._version()])
        await self.session.flush()
        return self

    async def person(self, name: str) -> Worker:
        made = Worker(pseudonym=name, state="active", step=None, zone="Africa/Nairobi")
        self.session.add(made)
        await self.session.flush()
        return made

    async def answer(self, label: str = "yes", *, ago: timedelta = timedelta(0)) -> Assignment:
        """One answer of 30 s, posted as pending."""
        self.tasks += 1
        task = Task(
            stage_id=self.stage.id,
            queue_id=self.queue.id,
            key=f"t{self.tasks}",
            body={"text": f"Sentence {self.tasks}"},
            position=self.tasks,
            overlap=1,
            open_slots=0,
        )
        self.session.add(task)
        await self.session.flush()
        made = self._assignment(task, NOW - ago)
        self.session.add(made)
        await self.session.flush()
        self.session.add(
            Answer(assignment_id=made.id, revision=1, value=label, label=label, at=NOW - ago)
        )
        await self.session.flush()
        await ledger.earn(
            self.session,
            assignment_id=made.id,
            worker_id=self.worker.id,
            project_id=self.project.id,
            micro=PRICE,
            currency="USD",
        )
        return made

    async def accept(self, assignment: Assignment) -> None:
        assignment.state = "accepted"
        await self.session.flush()
        await ledger.accept(
            self.session,
            assignment_id=assignment.id,
            worker_id=self.worker.id,
            micro=PRICE,
            currency="USD",
        )

    def _assignment(self, task: Task, at: datetime) -> Assignment:
        return Assignment(
            task_id=task.id,
            worker_id=self.worker.id,
            stage_id=self.stage.id,
            stage_version=1,
            queue_id=self.queue.id,
            state="answered",
            nonce="n",
            price_micro=PRICE,
            currency="USD",
            locale="sw",
            layout=[0, 1],
            offered_at=at - timedelta(seconds=30),
            lease_until=at + timedelta(minutes=5),
            answered_at=at,
            seconds=30,
            accept_at=at + timedelta(days=3),
        )

    def _version(self) -> StageVersion:
        words = {"question": "Inasikika vizuri?", "instructions": "", "options": {"yes": "Ndiyo"}}
        return StageVersion(
            stage_id=self.stage.id,
            version=1,
            type="choice",
            settings=TASK_TYPES["choice"].settings({"options": ["yes", "no"], "show": ["text"]}),
            text={"sw": words},
            tier="basic",
            price_micro=PRICE,
            currency="USD",
            expected_seconds=12,
            overlap=1,
            gold_share_ppm=0,
            review={},
        )


@pytest.fixture
async def job(session: Session) -> Job:
    return await Job(session).begin()


async def test_each_answer_is_one_line_also_after_it_was_accepted(job: Job) -> None:
    first = await job.answer()
    await job.answer()
    await job.accept(first)
    lines = await statements.page(job.session, job.worker.id, offset=0, limit=6)
    assert [(line.micro, line.state) for line in lines] == [
        (PRICE, "answered"),
        (PRICE, "accepted"),
    ]
    assert await statements.count(job.session, job.worker.id) == 2


async def test_lines_come_in_pages_newest_first(job: Job) -> None:
    for _ in range(8):
        await job.answer()
    first = await statements.page(job.session, job.worker.id, offset=0, limit=6)
    second = await statements.page(job.session, job.worker.id, offset=6, limit=6)
    ids = [line.posting_id for line in (*first, *second)]
    assert len(first) == 6
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 8


async def test_a_line_opens_to_its_task_in_the_words_the_worker_saw(job: Job) -> None:
    await job.answer("yes")
    (line,) = await statements.page(job.session, job.worker.id, offset=0, limit=6)
    found = await statements.detail(job.session, job.worker.id, line.posting_id)
    assert found is not None
    assert found.line == line
    assert (found.question, found.answer) == ("Inasikika vizuri?", "Ndiyo")
    assert found.shown == ("Sentence 1",)
    assert found.accept_at == NOW + timedelta(days=3)


async def test_the_last_revision_is_the_answer_shown(job: Job) -> None:
    assignment = await job.answer("yes")
    job.session.add(Answer(assignment_id=assignment.id, revision=2, value="no", label="no", at=NOW))
    await job.session.flush()
    (line,) = await statements.page(job.session, job.worker.id, offset=0, limit=6)
    found = await statements.detail(job.session, job.worker.id, line.posting_id)
    assert found is not None
    assert found.answer == "no"


async def test_nobody_opens_the_lines_of_others(job: Job) -> None:
    await job.answer()
    (line,) = await statements.page(job.session, job.worker.id, offset=0, limit=6)
    stranger = await job.person("w-baraka")
    assert await statements.detail(job.session, stranger.id, line.posting_id) is None
    assert await statements.page(job.session, stranger.id, offset=0, limit=6) == []


async def test_the_oldest_pending_answer_clears_first(job: Job) -> None:
    await job.accept(await job.answer(ago=timedelta(days=2)))
    await job.answer(ago=timedelta(days=1))
    await job.answer()
    clears = await statements.clears_at(job.session, job.worker.id, "USD")
    assert clears == NOW + timedelta(days=2)
    assert await statements.clears_at(job.session, job.worker.id, "KES") is None


async def test_today_begins_at_the_workers_own_midnight(job: Job) -> None:
    # 9:00 UTC is noon in Nairobi: 11 hours ago is today there, 13 hours ago is yesterday.
    for ago in (timedelta(hours=11), timedelta(hours=13), timedelta(days=8)):
        await job.answer(ago=ago)
    found = await statements.statistics(job.session, job.worker, now=NOW)
    assert (found.today.answers, found.week.answers, found.ever.answers) == (1, 2, 3)
    assert found.ever.seconds == 90


async def test_a_stretch_tells_what_its_answers_have_brought_by_now(job: Job) -> None:
    day = timedelta(days=1)

    async def stretch(since: timedelta, until: timedelta) -> statements.Stretch | None:
        moments = {"since": NOW - since, "until": NOW - until}
        return await statements.stretch(job.session, job.worker.id, **moments)

    assert await stretch(7 * day, 0 * day) is None
    await job.accept(await job.answer(ago=3 * day))
    await job.answer(ago=2 * day)
    await job.answer()
    found = await stretch(7 * day, day)
    assert found == statements.Stretch(
        statements.Span(2, 60), (Balance("USD", pending=PRICE, available=PRICE),)
    )


async def test_answers_that_are_not_accepted_count_their_time_only(job: Job) -> None:
    await job.answer()
    refused = await job.answer()
    refused.state = "rejected"
    await job.session.flush()
    found = await statements.statistics(job.session, job.worker, now=NOW)
    assert found.ever.seconds == 60
    assert [(share.project, share.answers, share.micro) for share in found.shares] == [
        ("Sentences", 2, PRICE)
    ]


async def test_a_newcomer_has_nothing_to_divide_by(job: Job) -> None:
    found = await statements.statistics(job.session, job.worker, now=NOW)
    assert found.ever.answers == 0
    assert found.shares == ()
