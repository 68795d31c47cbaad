"""What the clock calls. It only wakes us: what is due is in rows, and any replica may take it."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import clock, i18n, metrics
from bot.i18n import gettext as _
from bot.models.chat import Chat
from bot.models.work import Intake
from bot.pay import batch_files, destinations, payout_plans, payouts, runner, statements, topups
from bot.pay import chain as days
from bot.pay.ledger import KeyReused
from bot.people import identities, staff, status_cards, summaries, trail
from bot.people.summaries import Summary
from bot.store import inbox, outbox, schedule
from bot.store.database import Session, now, transient
from bot.work import (
    answers,
    appeals,
    dispatch,
    farewells,
    funds,
    grading,
    invariants,
    pricing,
    restrictions,
    reviews,
    rules,
    sittings,
    states,
    uploads,
)
from bot.work import rework as rework_
from handlers import (
    alarms,
    budget_news,
    cards,
    decisions,
    exam_news,
    farewell,
    payout_news,
    restriction_card,
    review_card,
    rule_news,
    status_card,
    wage_news,
)
from handlers.admin import newproject
from handlers.cards import Message
from handlers.deliver import Sender, Status
from handlers.worker import stats
from handlers.worker.work import offer_work

log = structlog.get_logger()

Tick = Callable[[Sender], Awaitable[None]]


class Ticker(AsyncIOScheduler):  # type: ignore[misc]  # it ships no types
    """A scheduler of intervals that goes on when the host's clock is put back.

    APScheduler plans by the time of day: put back by an hour, it would wake nobody for an hour.
    """

    _seen = datetime.min.replace(tzinfo=UTC)

    def wakeup(self) -> None:
        """Look what is due; on a clock that was put back, all of it."""
        last, self._seen = self._seen, clock.now()
        if self._seen < last:
            for job in self.get_jobs():
                job.modify(next_run_time=self._seen)
        super().wakeup()


async def run(tick: Tick, sender: Sender) -> None:
    """One tick; a fault is logged and the next tick tries again."""
    try:
        await tick(sender)
    except asyncio.CancelledError:  # the bot stops: rolled back, and due again for the next one
        log.info("tick interrupted", tick=tick.__name__)
    except Exception as error:
        if transient(error):  # the database is away; the next tick is a second later
            log.warning("tick postponed", tick=tick.__name__, error=type(error).__name__)
        else:
            log.exception("tick failed", tick=tick.__name__)
            if isinstance(error, KeyReused):
                await sender.database.run(partial(alarms.key_reused, key=error.key))


async def send(sender: Sender) -> None:
    """Messages that were not sent by the process that queued them."""
    await sender.tick()


async def expire(sender: Sender) -> None:
    """Tasks held too long go to others."""

    async def work(session: Session) -> int:
        return await dispatch.expire(session, now=await now(session))

    await _while_full(sender, work, dispatch.BATCH)


async def accept(sender: Sender) -> None:
    """Answers whose review window has ended are accepted."""

    async def work(session: Session) -> int:
        return await answers.accept_due(session, now=await now(session))

    await _while_full(sender, work, answers.BATCH)


async def rework(sender: Sender) -> None:
    """Answers that were given back and not given again in time go to a reviewer."""

    async def work(session: Session) -> int:
        return await rework_.take_back(session, now=await now(session))

    await _while_full(sender, work, rework_.BATCH)


async def appeal(sender: Sender) -> None:
    """Appeals that nobody decided in time are decided for the worker, who is told so."""

    async def work(session: Session) -> int:
        moment = await now(session)
        lapsed = await appeals.lapse_due(session, now=moment)
        for one in lapsed:
            found = await staff.find(session, one.worker_id)
            offer = await dispatch.offer_of(session, one.assignment_id)
            if found is None or offer is None:
                continue
            chat, worker = found
            with i18n.speaking(worker.locale or i18n.ENGLISH):
                message = decisions.lapsed(one.appeal_id, offer)
            method, payload = cards.send(message, chat.chat_id)
            letter = outbox.Letter(
                method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY
            )
            await outbox.queue(session, [letter], owner=None, now=moment)
        return len(lapsed)

    await _while_full(sender, work, appeals.BATCH)


async def wake(sender: Sender) -> None:
    """Tell those who were told there is no work that there is some."""

    async def work(session: Session) -> None:
        moment = await now(session)
        for chat, worker in await dispatch.waiting(session, now=moment):
            if not await dispatch.available(session, worker, now=moment):
                chat.wake_at = moment + dispatch.WAKE_AGAIN
                continue
            chat.wake_at = None
            with i18n.speaking(worker.locale or i18n.ENGLISH):
                message = offer_work(_("There is new work in your languages."))
                method, payload = cards.send(message, chat.chat_id)
            letter = outbox.Letter(
                method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.OFFERS
            )
            await outbox.queue(session, [letter], owner=None, now=moment)

    await sender.database.run(work)


async def call(sender: Sender) -> None:
    """Tell reviewers who were told that nothing waits for them that something does. Once."""

    async def work(session: Session) -> None:
        moment = await now(session)
        for chat, reviewer in await reviews.callers(session, now=moment):
            if not await reviews.anything(session, reviewer.id, now=moment):
                chat.call_at = moment + reviews.CALL_AGAIN
                continue
            chat.call_at = None
            with i18n.speaking(reviewer.locale or i18n.ENGLISH):
                message = review_card.waits()
            await _tell(session, chat, message, lane=outbox.OFFERS)

    await sender.database.run(work)


async def grade(sender: Sender) -> None:
    """Exams whose time for grading is over are judged by the grades that there are."""

    async def work(session: Session) -> int:
        moment = await now(session)
        settled = await grading.settle_due(session, now=moment)
        for outcome in settled:
            news = await exam_news.graded(session, outcome, now=moment)
            if news is not None:
                await _tell(session, *news, lane=outbox.MONEY)
        return len(settled)

    await _while_full(sender, work, grading.BATCH)


async def retry(sender: Sender) -> None:
    """Tell those who failed an exam, on the day, that they can take it again."""

    async def work(session: Session) -> int:
        moment = await now(session)
        due = await schedule.claim(session, sittings.RETRY, now=moment, limit=sittings.BATCH)
        for period in due:
            news = await exam_news.again(session, period.subject, now=moment)
            if news is not None:
                await _tell(session, *news, lane=outbox.OFFERS)
        return len(due)

    await _while_full(sender, work, sittings.BATCH)


async def _tell(session: Session, chat: Chat, message: Message, *, lane: int) -> None:
    method, payload = cards.send(message, chat.chat_id)
    letter = outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=lane)
    await outbox.queue(session, [letter], owner=None, now=await now(session))


async def top_up(sender: Sender) -> None:
    """Bring the weeks that are over up to the floor."""

    async def enrol(session: Session) -> int:
        return await topups.enrol(session, now=await now(session))

    async def work(session: Session) -> int:
        return await topups.take(session, now=await now(session))

    await _while_full(sender, enrol, topups.BATCH)
    await _while_full(sender, work, topups.BATCH)


async def summarize(sender: Sender) -> None:
    """Tell each worker on Monday morning, on their own clock, what their week was.

    The top-ups come first, so that it can tell of them.
    """
    await top_up(sender)

    async def work(session: Session) -> int:
        moment = await now(session)
        taken, due = await summaries.take(session, now=moment)
        letters = [letter for one in due if (letter := await _summary(session, one)) is not None]
        await outbox.queue(session, letters, owner=None, now=moment)
        return taken

    await _while_full(sender, work, summaries.BATCH)


async def _summary(session: Session, week: Summary) -> outbox.Letter | None:
    """None for a week without answers: there is nothing to tell."""
    done = await statements.stretch(session, week.worker.id, since=week.since, until=week.until)
    if done is None:
        return None
    added = await topups.of_week(session, week.worker.id, week.monday)
    with i18n.speaking(week.worker.locale or i18n.ENGLISH):
        method, payload = cards.send(stats.summary(week, done, added), week.chat.chat_id)
    chat = week.chat
    return outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY)


async def show_status(sender: Sender) -> None:
    """Pinned cards say what their readers have by now."""

    async def work(session: Session) -> int:
        moment = await now(session)
        found = await status_cards.due(session, now=moment)
        for one in found:
            letters = await status_card.refresh(session, one, moment)
            await outbox.queue(session, letters, owner=None, now=moment)
        await session.flush()
        return len(found)

    await _while_full(sender, work, status_cards.BATCH)


async def judge(sender: Sender) -> None:
    """Hold the last answers of those who answered against the rules of their stages."""

    async def due(session: Session) -> list[rules.Look]:
        return await rules.due(session, now=await now(session))

    for look in await sender.database.run(due):
        for worker_id in look.workers:
            await sender.database.run(partial(_judge_one, look, worker_id))
        await sender.database.run(partial(rules.seen, look=look))


async def _judge_one(look: rules.Look, worker_id: int, session: Session) -> None:
    await rule_news.judge(session, look, worker_id)


async def resume(sender: Sender) -> None:
    """Tell people whose restriction has ended that they can work there again."""

    async def work(session: Session) -> int:
        moment = await now(session)
        found = await restrictions.ended(session, now=moment)
        for limit, chat, worker in found:
            chat.wake_at = None  # once is enough
            with i18n.speaking(worker.locale or i18n.ENGLISH):
                method, payload = cards.send(restriction_card.over(limit), chat.chat_id)
            letter = outbox.Letter(
                method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY
            )
            await outbox.queue(session, [letter], owner=None, now=moment)
        return len(found)

    await _while_full(sender, work, restrictions.BATCH)


async def read_uploads(sender: Sender) -> None:
    """Fetch a file that an admin sent, and make of it what was said it is for."""

    async def take(session: Session) -> Intake | None:
        return await uploads.take(session, sender.bot_id, now=await now(session))

    while (upload := await sender.database.run(take)) is not None:
        with tempfile.TemporaryDirectory(prefix="kazi-") as folder:
            path = Path(folder) / "upload"
            await sender.wire.download(upload.file_id, path)
            await sender.database.run(partial(_read_upload, sender, upload.id, path))


async def _read_upload(sender: Sender, upload_id: int, path: Path, session: Session) -> None:
    found = await uploads.waiting(session, upload_id)
    if found is None:
        return
    upload, worker, chat = found
    status = Status(sender, chat.chat_id)
    messages = await newproject.read_file(session, upload, worker, chat, path, progress=status.say)
    upload.lease_until = None
    letters = [
        outbox.Letter(*cards.send(message, chat.chat_id), chat.chat_id, bot_id=chat.bot_id)
        for message in messages
    ]
    await outbox.queue(session, letters, owner=None, now=await now(session))


async def fund(sender: Sender) -> None:
    """Projects whose budget comes to its end are paused, and those who run them told."""
    await sender.database.run(budget_news.tell)


async def measure(sender: Sender) -> None:
    """Median answer times, which set the leases."""
    await sender.database.run(dispatch.measure)


async def close(sender: Sender) -> None:
    """Projects whose last work in hand is done are closed."""
    await sender.database.run(states.settle_closing)


async def reprice(sender: Sender) -> None:
    """Stages that are priced by their tier show its present price."""
    await sender.database.run(pricing.follow)


async def bid_farewell(sender: Sender) -> None:
    """Workers hear that a project closes, and at its end how it went for them."""
    await _while_full(sender, farewell.tell, farewells.BATCH)


async def guard(sender: Sender) -> None:
    """Projects whose work pays less an hour than the floor are paused."""
    await wage_news.watch(sender.database)


async def prune(sender: Sender) -> None:
    """Forget updates and messages that are over."""

    async def work(session: Session) -> None:
        moment = await now(session)
        await inbox.prune(session, moment)
        await outbox.prune(session, moment)

    await sender.database.run(work)


async def seal(sender: Sender) -> None:
    """What an earlier key has sealed, or none, is sealed with the present one."""
    await _while_full(sender, identities.reseal, identities.BATCH)
    await _while_full(sender, destinations.reseal, destinations.BATCH)
    await _while_full(sender, batch_files.reseal, batch_files.BATCH)


async def draft(sender: Sender) -> None:
    """Drafts of payouts by the calendar."""

    async def work(session: Session) -> int:
        taken, opened = await payout_plans.take(session, now=await now(session))
        for one in opened:
            log.info("payouts drafted", batch=one.card.code, payouts=one.card.count)
            await payout_news.drafted(session, one)
        return taken

    await _while_full(sender, work, payout_plans.BATCH)


async def pay(sender: Sender) -> None:
    """What was paid is handed to the providers, and they are asked what became of it."""
    if sender.rails is not None:
        await runner.run(sender.database, sender.rails)


async def tell(sender: Sender) -> None:
    """Workers hear how their payouts ended, and the desk what went wrong; each once."""

    async def work(session: Session) -> int:
        return await payout_news.ended(session)

    await sender.database.run(payout_news.troubled)
    await _while_full(sender, work, payouts.BATCH)


async def chain(sender: Sender) -> None:
    """New rows of the audit trail are chained, and days of the ledger that are over."""
    await _while_full(sender, trail.chain, trail.BATCH)
    while await _seal_day(sender):
        pass


async def _seal_day(sender: Sender) -> bool:
    """Read beside the writers, written in a moment; whether there was a day to seal."""
    async with sender.database.reading() as session:
        link = await days.due(session, now=await now(session))
    if link is None:
        return False
    await sender.database.run(partial(days.seal, link=link))
    return True


async def watch(sender: Sender) -> None:
    """One process proves what must hold; what does not stops payouts, and the owners hear of it."""

    async def due(session: Session) -> bool:
        return await invariants.claim(session, now=await now(session))

    if await sender.database.run(due):
        await _look(sender)
    async with sender.database.reading() as session:
        known = (await invariants.marks(session)).known
    metrics.INVARIANT_FAULTS.set(sum(map(len, known.values())))


async def _look(sender: Sender) -> None:
    async with sender.database.reading() as session:
        since = await invariants.marks(session)
        seen = await invariants.look(session, now=await now(session), since=since)
    if seen.wrong:
        log.error("invariants broken", **invariants.words(seen.wrong))
    await sender.database.run(partial(alarms.raise_for, seen=seen))


TICKS: dict[Tick, float] = {
    send: 1,
    read_uploads: 1,
    expire: 5,
    accept: 5,
    rework: 60,
    appeal: 60,
    resume: 5,
    wake: 5,
    call: 5,
    grade: 60,
    retry: 60,
    pay: 5,
    draft: 60,
    tell: 5,
    judge: 10,
    fund: funds.EVERY.total_seconds(),
    close: 10,
    bid_farewell: 10,
    reprice: 10,
    measure: 60,
    guard: 60,
    summarize: 60,
    show_status: 30,
    watch: invariants.EVERY.total_seconds(),
    chain: 60,
    prune: 3600,
    seal: 3600,
}


async def _while_full(
    sender: Sender, work: Callable[[Session], Awaitable[int]], batch: int
) -> None:
    """A batch in a transaction, again while batches come back full."""
    while await sender.database.run(work) >= batch:
        pass
