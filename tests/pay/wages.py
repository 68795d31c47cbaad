"""A project in which people work, by plain rows: for tests of hours and of what they pay."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.models.people import Worker, WorkerLanguage
from bot.models.reviews import Review
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion, Task
from bot.pay import ledger
from bot.store.database import Session

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)  # Tuesday noon in Nairobi
MINUTE = timedelta(minutes=1)


class Job:
    """A project with one stage and one queue, in shillings."""

    def __init__(self, session: Session, slug: str = "s", currency: str = "KES") -> None:
        self.session, self.slug, self.currency = session, slug, currency
        self.tasks = 0

    async def begin(self, *, median: int | None = 20, price: int = 2_000_000) -> "Job":
        self.price = price
        self.project = Project(
            slug=self.slug,
            code=f"{self.slug}7k2",
            name=f"Project {self.slug}",
            languages=["sw"],
            currency=self.currency,
            state="open",
        )
        self.session.add(self.project)
        await self.session.flush()
        self.stage = Stage(project_id=self.project.id, ordinal=1, name="check")
        self.session.add(self.stage)
        await self.session.flush()
        self.queue = Queue(stage_id=self.stage.id, language="sw", median_seconds=median)
        self.session.add_all([self.queue, self._version()])
        await self.session.flush()
        return self

    def _version(self) -> StageVersion:
        return StageVersion(
            stage_id=self.stage.id,
            version=1,
            type="choice",
            settings={"options": ["yes", "no"]},
            text={"sw": {"question": "Inasikika vizuri?"}},
            tier="basic",
            price_micro=self.price,
            currency=self.currency,
            expected_seconds=30,
            overlap=1,
            gold_share_ppm=0,
            review={},
            created_at=NOW - timedelta(days=30),
        )

    async def offer(
        self,
        worker: Worker,
        state: str = "answered",
        *,
        at: datetime = NOW - timedelta(hours=1),
        seconds: int | None = 20,
        **values: Any,
    ) -> Assignment:
        """A task that somebody was given; an answer is paid."""
        self.tasks += 1
        task = Task(
            stage_id=self.stage.id,
            queue_id=self.queue.id,
            key=f"t{self.tasks}",
            body={},
            position=self.tasks,
            overlap=1,
            open_slots=0,
        )
        self.session.add(task)
        await self.session.flush()
        given = state not in ("held", "skipped", "expired", "reported")
        made = Assignment(
            **{
                "task_id": task.id,
                "worker_id": worker.id,
                "stage_id": self.stage.id,
                "stage_version": 1,
                "queue_id": self.queue.id,
                "state": state,
                "nonce": "n",
                "price_micro": self.price,
                "currency": self.currency,
                "locale": "sw",
                "layout": [],
                "offered_at": at,
                "lease_until": at + 5 * MINUTE,
                "answered_at": at + timedelta(seconds=seconds or 0) if given else None,
                "seconds": seconds,
                **values,
            }
        )
        self.session.add(made)
        await self.session.flush()
        if given:
            await self._paid(made, state)
        return made

    async def _paid(self, made: Assignment, state: str) -> None:
        assert made.answered_at is not None
        self.session.add(
            Answer(assignment_id=made.id, revision=1, value="yes", label="yes", at=made.answered_at)
        )
        await self.session.flush()
        await ledger.earn(
            self.session,
            assignment_id=made.id,
            worker_id=made.worker_id,
            project_id=self.project.id,
            micro=made.price_micro,
            currency=self.currency,
        )
        if state == "not_accepted":
            await ledger.refuse(self.session, made.id)

    async def verdict(
        self, made: Assignment, verdict: str, *, by: Worker, at: datetime, **values: Any
    ) -> Review:
        """What a reviewer decided, one minute after taking it."""
        look = Review(
            **{
                "assignment_id": made.id,
                "round": 1,
                "purpose": "review",
                "author_id": made.worker_id,
                "stage_id": self.stage.id,
                "queue_id": self.queue.id,
                "state": "decided",
                "due_at": at,
                "reviewer_id": by.id,
                "lease_until": at + 29 * MINUTE,
                "verdict": verdict,
                "decided_at": at,
                **values,
            }
        )
        self.session.add(look)
        await self.session.flush()
        return look


async def person(
    session: Session, name: str, country: str | None = "KE", zone: str = "Africa/Nairobi"
) -> Worker:
    made = Worker(pseudonym=name, state="active", step=None, zone=zone, country=country)
    session.add(made)
    await session.flush()
    session.add(WorkerLanguage(worker_id=made.id, language="sw", level="native"))
    await session.flush()
    return made
