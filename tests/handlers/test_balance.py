"""/balance and /stats."""

from bot.models.people import Worker
from bot.store.database import Session
from tests.handlers.people import press, said, worker_of, write
from tests.life import Life, buttons, last_with_buttons
from tests.pay.test_statements import Job


class Earned(Job):
    """The same project, worked on by somebody in the chat."""

    def __init__(self, session: Session, worker: Worker) -> None:
        super().__init__(session)
        self.them = worker

    async def person(self, name: str) -> Worker:
        return self.them


async def earn(bot: Life, worker: Worker, answers: int, *, accepted: int = 0) -> None:
    async with bot.database.transaction() as session:
        job = await Earned(session, worker).begin()
        for number in range(answers):
            assignment = await job.answer()
            if number < accepted:
                await job.accept(assignment)


async def test_a_newcomer_is_told_how_to_begin(bot: Life) -> None:
    person = await bot.join("Amina")
    assert "/work gives you your first task." in await write(bot, person, "Balance")
    assert "/work gives you a task." in await write(bot, person, "Stats")


async def test_the_balance_says_what_is_pending_and_until_when(bot: Life) -> None:
    person = await bot.join("Amina")
    await earn(bot, await worker_of(bot, person), 3, accepted=1)
    text = await write(bot, person, "/balance")
    assert "Available: $0.02\xa0USD" in text
    assert "Pending: $0.04\xa0USD" in text
    assert "Sun 15 Nov, 12:00, your time" in text


async def test_history_comes_in_pages_and_opens_to_the_task(bot: Life) -> None:
    person = await bot.join("Amina")
    await earn(bot, await worker_of(bot, person), 8)
    await write(bot, person, "/balance")
    count = len(said(person))
    await press(bot, person, "bl:page:0")
    assert buttons(last_with_buttons(person))[6:9] == ["‹", "1/2", "›"]
    await press(bot, person, "bl:page:1")
    card = last_with_buttons(person)
    assert len(buttons(card)) == 2 + 3 + 1
    await person.tap(card["message_id"], row=0, col=0)
    await bot.settle()
    text = person.last["text"]
    assert "Inasikika vizuri?" in text
    assert "Your answer: Ndiyo" in text
    assert "Sentence 2" in text
    assert len(said(person)) == count


async def test_a_page_beyond_the_end_is_the_last_one(bot: Life) -> None:
    person = await bot.join("Amina")
    await earn(bot, await worker_of(bot, person), 8)
    await write(bot, person, "/balance")
    await person.tap_data(last_with_buttons(person)["message_id"], "bl:page:999")
    await bot.settle()
    assert "2/2" in buttons(last_with_buttons(person))


async def test_nobody_opens_the_lines_of_others(bot: Life) -> None:
    person, other = await bot.join("Amina"), await bot.join("Baraka")
    await earn(bot, await worker_of(bot, person), 1)
    await write(bot, other, "/balance")
    for posting in range(1, 4):
        await other.tap_data(other.last["message_id"], f"bl:line:{posting}:0")
    await bot.settle()
    assert "Inasikika" not in "".join(said(other))


async def test_stats_tell_answers_time_and_pay(bot: Life) -> None:
    person = await bot.join("Amina")
    await earn(bot, await worker_of(bot, person), 2)
    text = await write(bot, person, "/stats")
    assert "Altogether: 2 answers in 1 min" in text
    assert "Sentences: 2 answers in 1 min, $0.04\xa0USD" in text
