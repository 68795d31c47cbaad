"""A house that pays people: workers with balances and destinations, the stand-ins, who may pay."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import select, text, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.routing import Route as Path_

from bot.models.payouts import Batch, Payout, PayoutAttempt
from bot.models.people import Role, Worker
from bot.models.work import Project
from bot.pay import (
    batches,
    callbacks,
    destinations,
    ledger,
    payout_limits,
    payouts,
    runner,
    safeguards,
    steps,
)
from bot.pay.batches import Card
from bot.pay.ledger import Whose
from bot.pay.payment_log import PaymentLog
from bot.pay.payout_limits import Limits
from bot.pay.payouts import Ending, Line
from bot.pay.providers.mpesa import LATE, MPesa
from bot.pay.providers.provider import Outcome
from bot.pay.providers.wire import Wire
from bot.pay.reckoning import Route
from bot.pay.runner import Rails
from bot.pay.steps import Step
from bot.sandbox.loopback import Loopback
from bot.sandbox.payments import Fault, Payments
from bot.settings import Settings
from bot.store.database import Database, Session, now

MICRO = 1_000_000
SECRET = "nobody-guesses-this"
DOLLARS = Route("paypal", "USD")
SHILLINGS = Route("mpesa", "KES")


class House:
    """Who pays, and what with."""

    def __init__(self, database: Database, payments: Payments, log: PaymentLog) -> None:
        self.database, self.payments, self.book, self.log = database, payments, payments.book, log
        self.rails: Rails
        self.people = 0
        self.numbers: dict[int, int] = {}  # of workers, by which their destinations are written
        self.project = 0
        self.owner = self.maker = self.first = self.second = 0

    async def open(self) -> None:
        """Four who may pay, of whom the maker makes batches, and a project to earn from."""
        async with self.database.transaction() as session:
            staff = [
                Worker(pseudonym=f"w-staff{name}", state="active") for name in ("o", "m", "a", "b")
            ]
            project = Project(slug="p", code="p22", name="P", languages=["en"], currency="USD")
            session.add_all([*staff, project])
            await session.flush()
            self.owner, self.maker, self.first, self.second = [one.id for one in staff]
            self.project = project.id
            ranks = ("owner", "payouts", "payouts", "payouts")
            for one, role in zip(staff, ranks, strict=True):
                session.add(Role(worker_id=one.id, role=role))

    async def hire(self, amount: int, route: Route = DOLLARS, **more: Any) -> int:
        """A worker who has earned so much (micro-units) and said where to pay."""
        return (await self.crew(1, amount, route, **more))[0]

    async def crew(
        self, count: int, amount: int, route: Route = DOLLARS, *, places: bool = True, **more: Any
    ) -> list[int]:
        async with self.database.transaction() as session:
            made = []
            for _ in range(count):
                self.people += 1
                worker = Worker(pseudonym=f"w-{self.people:05d}", state="active", **more)
                session.add(worker)
                await session.flush()
                made.append(worker.id)
                self.numbers[worker.id] = number = self.people
                if amount:
                    await self.earn(session, worker.id, amount, route.currency)
                if places:
                    where = written(route.provider, number)
                    moment = await now(session)
                    await destinations.save(session, worker.id, route.provider, where, now=moment)
            return made

    async def earn(self, session: Session, worker: int, amount: int, currency: str) -> None:
        self.people += 1
        whose = Whose(worker, self.project, self.people, currency)
        await ledger.grant(session, f"review:{self.people}:1", "review", whose, micro=amount)

    async def draft(self, route: Route = DOLLARS) -> Card:
        async with self.database.transaction() as session:
            moment = await now(session)
            return await batches.draft(session, route, actor=self.maker, now=moment)

    async def step(self, what: str, card: Card, actor: int | None, **more: Any) -> Card:
        """One step of a batch, seen as `card` shows it."""

        async def work(session: Session) -> Card:
            step = Step(card.version, actor, await now(session))
            return await getattr(steps, what)(session, card.id, step, **more)

        return await self.database.run(work)

    async def paid(self, route: Route = DOLLARS, **more: Any) -> Card:
        """A batch of everybody due, frozen, approved and paid."""
        card = await self.step("freeze", await self.draft(route), self.maker)
        card = await self.step("approve", card, self.first)
        return await self.step("pay", card, self.second, **more)

    async def run(self) -> None:
        await runner.run(self.database, self.rails)

    async def finish(self, rounds: int = 4) -> None:
        """Until the providers have been asked often enough that nothing moves any more."""
        for _ in range(rounds):
            await self.run()
            await self.payments.mpesa.settle()
            await self.hurry()

    async def hurry(self) -> None:
        """What is to be asked later is to be asked now."""
        async with self.database.transaction() as session:
            due = update(PayoutAttempt).where(PayoutAttempt.due_at.is_not(None))
            await session.execute(due.values(due_at=await now(session)))

    async def states(self) -> dict[str, int]:
        """How many payouts are in which state."""
        async with self.database.reading() as session:
            rows = await session.execute(text("SELECT state, count(*) FROM payouts GROUP BY state"))
            return {row[0]: row[1] for row in rows}

    async def batch(self, card: Card) -> Batch:
        async with self.database.reading() as session:
            return (await session.scalars(select(Batch).where(Batch.id == card.id))).one()

    async def seen(self, card: Card) -> Card:
        """A batch as it is by now."""
        async with self.database.reading() as session:
            return await batches.one(session, card.id)

    async def mark(self, payout_id: int, state: str, **more: str) -> Line:
        ending = Ending(state, **more)
        return await self.do(payouts.mark, payout_id, ending, actor=self.owner)

    async def tell(self, provider: str, *outcomes: Outcome) -> None:
        """A provider says something by itself."""
        await self.do(callbacks.receive, provider, outcomes)

    async def do(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """A use case in a transaction of its own, now."""

        async def run(session: Session) -> Any:
            return await work(session, *args, now=await now(session), **more)

        return await self.database.run(run)

    async def freeze(self) -> None:
        await self.do(lambda session, now: safeguards.freeze(session, "a test", now))

    async def thaw(self) -> bool:
        """Whether payouts were frozen."""
        thawed: bool = await self.do(lambda session, now: safeguards.thaw(session, None, now))
        return thawed

    async def frozen(self) -> str | None:
        async with self.database.reading() as session:
            found = await safeguards.frozen(session)
        return None if found is None else found.reason

    async def payouts(self) -> list[Payout]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Payout).order_by(Payout.id)))

    async def balance(self, worker: int) -> tuple[int, int]:
        """What is available and held, all currencies together."""
        async with self.database.reading() as session:
            await ledger.check(session)
            found = await ledger.balances(session, worker)
        return sum(one.available for one in found), sum(one.held for one in found)

    async def limits(self, **values: Any) -> None:
        limits = Limits(**{"currency": "USD", **values})
        async with self.database.transaction() as session:
            moment = await now(session)
            await payout_limits.put(session, limits, actor=self.owner, now=moment)

    async def check(self) -> None:
        """Everybody was paid once at most, and the books say what the providers do."""
        async with self.database.reading() as session:
            totals = await ledger.check(session)
            rows = (await session.scalars(select(Payout))).all()
        for row in rows:
            times = self.book.times(row.reference)
            assert times <= 1, row.reference
            assert times == 1 or row.state != "settled", row.reference
            assert times == 0 or row.state in ("settled", "submitted", "unknown"), row.reference
        for currency, sums in totals.items():
            open_ = [row for row in rows if row.state in ("held", "submitted", "unknown")]
            held = sum(row.amount for row in open_ if row.currency == currency)
            assert sums["held"] == held, currency

    def fault(self, call: str, kind: str, **more: Any) -> None:
        self.book.faults.append(Fault(call, kind, **more))

    async def callback(self, request: Request) -> Response:
        """As the server takes it."""
        late = request.url.path.endswith(LATE)
        outcomes = MPesa().results(await request.body(), timed_out=late)

        async def keep(session: Session) -> None:
            await callbacks.receive(session, "mpesa", outcomes, now=await now(session))

        await self.database.run(keep)
        return Response()


@asynccontextmanager
async def opened(database: Database, folder: Path) -> AsyncIterator[House]:
    payments = Payments()
    house = House(database, payments, PaymentLog(folder / "kazi.payments"))
    app = Starlette(
        routes=[
            Path_("/payments/mpesa/{secret:path}", house.callback, methods=["POST"]),
            Mount("/bank", payments.app),
        ]
    )
    async with Loopback(app) as here, aiohttp.ClientSession() as session:
        settings = Settings(
            webhook_url=here.url,
            mpesa_callback_secret=SECRET,
            **payments.settings(f"{here.url}/bank"),
        )
        house.rails = Rails(Wire(session, settings), house.log)
        await house.open()
        yield house
        await payments.stop()


def written(provider: str, number: int) -> str:
    """Somebody's destination as they write it."""
    if provider == "paypal":
        return f"w{number}@example.com"
    return f"07{number:08d}" if provider == "mpesa" else f"Equity Bank, {number:010d}"


async def at_once(*works: Any) -> list[Any]:
    return await asyncio.gather(*works, return_exceptions=True)


async def moment(database: Database) -> datetime:
    async with database.reading() as session:
        return await now(session)
