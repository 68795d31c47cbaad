"""One worker from joining to money that is theirs, with all that can go wrong on the way."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot import i18n
from bot.clock import now
from bot.models.base import table
from bot.models.reviews import Appeal, Review
from bot.models.skills import Sitting
from bot.models.work import Assignment
from bot.people import skills
from bot.sandbox import Person
from bot.work import appeals
from tests.handlers.office import press, tell, toast
from tests.life import Life, buttons, last_with_buttons
from tests.stories import scenes, school
from tests.stories.scenes import CENT, PAY, said

PRICE = 20_001  # micro-units: what one answer pays must be there to the last of them
NAIROBI = "Africa/Nairobi"

# What the worker reads, in English and in Swahili; and what they press and write.
TEXTS = {
    "warm-up": (
        "training\nPaid training: 2 tasks, $0.04 USD, about 20 s.\n"
        "You see the right answer and why after each mistake.\nYou are paid whatever the result.",
        "training\nMafunzo ya kulipwa: kazi 2, US$ 0.04, takriban sekunde 20.\n"
        "Baada ya kila kosa unaonyeshwa jibu sahihi na sababu.\nUnalipwa bila kujali matokeo.",
    ),
    "put off": ("It waits for you: /ladder shows it.", "Inakusubiri: /ladder huionyesha."),
    "lacking": (
        "The open projects need what you do not have yet.\n"
        "pairs · tier basic, $0.020001 USD an answer, about $7.20 USD an hour\n"
        "• fluency (English): 80 or more. You do not have it yet. The exam “exam” gives it.\n"
        "You will get a message when there is work.",
        "Miradi iliyo wazi inahitaji usivyo navyo bado.\n"
        "pairs · kiwango basic, US$ 0.020001 kwa jibu, takriban US$ 7.20 kwa saa\n"
        "• fluency (Kiswahili): 80 au zaidi. Bado huna. Mtihani “exam” huutoa.\n"
        "Utapata ujumbe kazi itakapopatikana.",
    ),
    "exam": (
        "exam\nPaid exam: 2 tasks, $0.04 USD, about 20 s.\n2 right answers of 2 pass.\n"
        "This is attempt {attempt} of 2.\nYou are paid whatever the result.",
        "exam\nMtihani wa kulipwa: kazi 2, US$ 0.04, takriban sekunde 20.\n"
        "Majibu 2 sahihi kati ya 2 yanatosha kufaulu.\nHili ni jaribio la {attempt} kati ya 2.\n"
        "Unalipwa bila kujali matokeo.",
    ),
    "exam task": (
        "Exam · 1 of 2\n$0.02 USD · about 10 s, about $7.20 USD an hour, not measured yet · "
        "yours until {time}\nexam: Is it good?\n{thing}",
        "Mtihani · 1 kati ya 2\n"
        "US$ 0.02 · takriban sekunde 10, takriban US$ 7.20 kwa saa, bado haijapimwa · "
        "ni yako hadi {time}\n"
        "exam: Je, ni nzuri?\n{thing}",
    ),
    "failed": (
        "exam\n1 of 2 right, and 2 are needed. Not yet.\n"
        "You may try again from {time}. /ladder shows other skills.\nYou keep $0.04 USD for it.",
        "exam\n1 kati ya 2 ni sahihi, na zinahitajika 2. Bado.\n"
        "Unaweza kujaribu tena kuanzia {time}. /ladder huonyesha ujuzi mwingine.\n"
        "Unabaki na US$ 0.04 kwa kazi hii.",
    ),
    "mistake": (
        "Not quite. The right answer is: No.\nRead it twice.\nNow choose it to go on.\n",
        "Si sawa kabisa. Jibu sahihi ni: Hapana.\nRead it twice.\nSasa lichague ili kuendelea.\n",
    ),
    "trained": (
        "training\n1 of 2 right at the first try. The training is done.\n"
        "$0.04 USD is added to your balance.",
        "training\n1 kati ya 2 ni sahihi mara ya kwanza. Mafunzo yamekamilika.\n"
        "US$ 0.04 zimeongezwa kwenye salio lako.",
    ),
    "passed": (
        "exam\n2 of 2 right, and 2 were needed. You passed.\nUnlocked: pairs.\n"
        "$0.04 USD is added to your balance.",
        "exam\n2 kati ya 2 ni sahihi, na zilihitajika 2. Umefaulu.\nImefunguliwa: pairs.\n"
        "US$ 0.04 zimeongezwa kwenye salio lako.",
    ),
    "task": (
        "$0.020001 USD · about 10 s, about $7.20 USD an hour, not measured yet · "
        "yours until {time}\n"
        "May be reviewed; accepted after 3 days at the latest\npairs: Is it good?\n{thing}",
        "US$ 0.020001 · takriban sekunde 10, takriban US$ 7.20 kwa saa, bado haijapimwa · "
        "ni yako hadi {time}\n"
        "Linaweza kukaguliwa; litakubaliwa ndani ya siku 3\npairs: Je, ni nzuri?\n{thing}",
    ),
    "skipped": ("Skipped. It costs you nothing.", "Umeiruka. Hupotezi chochote."),
    "saved yes": ("Saved: Yes.", "Limehifadhiwa: Ndiyo."),
    "saved no": ("Saved: No.", "Limehifadhiwa: Hapana."),
    "returned": (
        "Given back to you · pairs\npairs: Is it good?\n{thing}\nYour answer: Yes\n"
        "The reviewer writes:\nRead it aloud.\nPlease answer again until {time}. Your pay stays "
        "pending. After that, a reviewer decides about the answer as it is.",
        "Umerudishiwa · pairs\npairs: Je, ni nzuri?\n{thing}\nJibu lako: Ndiyo\n"
        "Mkaguzi anaandika:\nRead it aloud.\nTafadhali jibu tena kufikia {time}. Malipo yako "
        "yanaendelea kusubiri. Baada ya hapo, mkaguzi ataamua kuhusu jibu lilivyo.",
    ),
    "rework": (
        "Read it aloud.\nYour answer was: Yes\n$0.020001 USD · yours to answer again until {time}\n"
        "pairs: Is it good?\n{thing}",
        "Read it aloud.\nJibu lako lilikuwa: Ndiyo\n"
        "US$ 0.020001 · ni yako ujibu tena kufikia {time}\npairs: Je, ni nzuri?\n{thing}",
    ),
    "not accepted": (
        "Not accepted · pairs · $0.020001 USD\nR1: Wrong label\npairs: Is it good?\n{thing}\n"
        "Your answer: Yes\nExpected: No\nThe rules:\nRead all of it.\nThe reviewer writes:\n"
        "It is not.\nYou can appeal until {time}. Another person decides.",
        "Halikukubaliwa · pairs · US$ 0.020001\nR1: Jibu si sahihi\npairs: Je, ni nzuri?\n{thing}\n"
        "Jibu lako: Ndiyo\nLililotarajiwa: Hapana\nKanuni:\nSoma yote.\nMkaguzi anaandika:\n"
        "It is not.\nUnaweza kukata rufaa kufikia {time}. Mtu mwingine ataamua.",
    ),
    "why": (
        "Write why the decision is wrong, in one message. You may send a photo with your words "
        "below it. Another reviewer decides. /cancel stops this.",
        "Andika kwa nini uamuzi si sahihi, katika ujumbe mmoja. Unaweza kutuma picha na maneno "
        "yako chini yake. Mkaguzi mwingine ataamua. /cancel husitisha hili.",
    ),
    "appealed": (
        "Appeal A-{appeal} received. Another reviewer decides by {time}. If we are late, your "
        "answer is accepted and paid.",
        "Rufaa A-{appeal} imepokelewa. Mkaguzi mwingine ataamua kufikia {time}. Tukichelewa, "
        "jibu lako litakubaliwa na kulipwa.",
    ),
    "overturned": (
        "Appeal A-{appeal}: you were right. Your answer is accepted. $0.020001 USD is available.",
        "Rufaa A-{appeal}: ulikuwa sahihi. Jibu lako limekubaliwa. US$ 0.020001 zinapatikana.",
    ),
    "balance": (
        "Available: $0.180003 USD\nPending: $0.020001 USD\n"
        "The oldest pending answer is accepted by {time}, your time.",
        "Yanayopatikana: US$ 0.180003\nYanayosubiri: US$ 0.020001\n"
        "Jibu la zamani zaidi linalosubiri litakubaliwa kufikia {time}, kwa saa za eneo lako.",
    ),
    "an exam": ("Exam: exam", "Mtihani: exam"),
    "a training": ("Training: training", "Mafunzo: training"),
    "start": ("Start", "Anza"),
    "later": ("Later", "Baadaye"),
    "yes": ("Yes", "Ndiyo"),
    "no": ("No", "Hapana"),
    "undo": ("Undo", "Tendua"),
    "skip": ("Skip", "Ruka"),
    "report": ("Report", "Ripoti"),
    "more": ("More ▾", "Zaidi ▾"),
    "get": ("Get a task", "Pata kazi"),
    "again": ("Answer again", "Jibu tena"),
    "rules": ("Instructions", "Maelekezo"),
    "appeal": ("Appeal", "Kata rufaa"),
    "fine": ("I understand", "Nimeelewa"),
    "history": ("History", "Historia"),
}


class Story:
    """Somebody at work, and what they should read and press in their language."""

    def __init__(self, bot: Life, person: Person, locale: str) -> None:
        self.bot, self.person, self.locale = bot, person, locale

    def words(self, name: str, **values: object) -> str:
        return TEXTS[name][self.locale == "sw"].format(**values)

    def when(self, moment: datetime) -> str:
        with i18n.speaking(self.locale):
            return plain(i18n.when(moment, NAIROBI))

    async def press(self, *names: str) -> None:
        for name in names:
            await press(self.bot, self.person, self.words(name))

    def reads(self, text: str, *pressed: str) -> None:
        """The newest message with buttons, to the letter."""
        assert said(self.person) == text
        found = buttons(last_with_buttons(self.person))
        assert found == [self.words(name) for name in pressed]

    def is_told(self, text: str) -> None:
        """The newest message."""
        assert plain(self.person.last["text"]) == text

    async def sees_task(self, number: int, *, saved: str = "") -> None:
        """The card of a task of the project, below what was saved before."""
        held = await scenes.held(self.bot, self.person)
        assert held is not None
        with i18n.speaking(self.locale):
            time = i18n.clock_time(held.lease_until, NAIROBI)
        card = self.words("task", time=plain(time), thing=self.thing(number))
        above = [self.words(saved)] if saved else []
        undo = ["undo"] if saved else []
        self.reads("\n".join([*above, card]), "yes", "no", *undo, "skip", "report", "more")

    def thing(self, number: int) -> str:
        return f"the {self.locale}{number}"


def plain(text: str) -> str:
    return scenes.unmarked(text).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("locale", "database_url"),
    [("en", "sqlite"), ("en", "postgresql"), ("sw", "sqlite")],
    indirect=["database_url"],
)
async def test_a_whole_life(bot: Life, locale: str) -> None:
    await school.exam(bot)
    await school.training(bot)
    await pairs(bot)
    reza, sara, tariq = await able_reviewers(bot, locale)
    amina = Story(bot, await bot.join("Amina", language=locale), locale)
    await is_invited_and_fails(amina)
    await trains_and_passes(amina)
    await begins_to_work(amina)
    await answers_again_what_was_given_back(amina, reza, sara)
    await appeals_and_is_right(amina, reza, sara)
    await is_paid_by_the_clock(amina, tariq)
    await has_what_was_earned(amina, reviews=4)


async def pairs(bot: Life) -> None:
    """Work for which the exam is needed, and every answer of which is reviewed."""
    rows = "key,language,thing\n" + "".join(
        f"{code}{n},{code},the {code}{n}\n" for code in ("en", "sw") for n in range(5)
    )
    fields = (
        'skills = { "fluency_{language}" = ">=80" }\nreview = { share = 1, due = "3d", audit = 0 }'
    )
    await school.opened(bot, "pairs", fields, rows=rows, price="0.020001 USD")


async def able_reviewers(bot: Life, language: str) -> list[Person]:
    people = await scenes.reviewers(bot, 3, language)
    async with bot.database.transaction() as session:
        for person in people:
            me = await scenes.worker_of(bot, person)
            await skills.set_by_hand(session, me, f"fluency_{language}", 90, actor=None, now=now())
    return people


async def is_invited_and_fails(amina: Story) -> None:
    """The warm-up is offered and put off; without a skill there is no work but an exam."""
    bot, person = amina.bot, amina.person
    amina.reads(amina.words("warm-up"), "start", "later")
    await amina.press("later")
    amina.is_told(amina.words("put off"))
    await tell(bot, person, "/work")
    assert said(person) == amina.words("lacking")
    await amina.press("an exam")
    amina.reads(amina.words("exam", attempt=1), "start", "later")
    await amina.press("start")
    held = await scenes.held(bot, person)
    assert held is not None
    with i18n.speaking(amina.locale):
        time = plain(i18n.clock_time(held.lease_until, NAIROBI))
    thing = said(person).rpartition("\n")[2]
    amina.reads(amina.words("exam task", time=time, thing=thing), "yes", "no", "report", "more")
    await amina.press("yes", "no")
    (retry_at,) = await scenes.look(bot, select(Sitting.retry_at))
    amina.reads(amina.words("failed", time=amina.when(retry_at)), "get")


async def trains_and_passes(amina: Story) -> None:
    """A mistake is explained and mended; a day later the exam is passed, and work opens."""
    await tell(amina.bot, amina.person, "/ladder")
    await amina.press("a training", "start", "yes")
    assert said(amina.person).startswith(amina.words("mistake"))
    await amina.press("no", "no")
    amina.reads(amina.words("trained"), "get")
    await school.a_day_later(amina.bot)
    await tell(amina.bot, amina.person, "/ladder")
    await amina.press("an exam")
    amina.reads(amina.words("exam", attempt=2), "start", "later")
    await amina.press("start", "yes", "yes")
    amina.reads(amina.words("passed"), "get")


async def begins_to_work(amina: Story) -> None:
    """The first task is skipped, the second answered; each card shows its terms."""
    await amina.press("get")
    await amina.sees_task(0)
    await amina.press("skip")
    assert plain(toast(amina.person)) == amina.words("skipped")
    await amina.sees_task(1)
    await amina.press("yes")
    assert plain(toast(amina.person)) == amina.words("saved yes")
    await amina.sees_task(2, saved="saved yes")


async def answers_again_what_was_given_back(amina: Story, reza: Person, sara: Person) -> None:
    """With the reviewer's note above the task; another reviewer accepts the second answer."""
    bot = amina.bot
    await tell(bot, reza, "/review")
    await press(bot, reza, "Give back")
    await tell(bot, reza, "Read it aloud.")
    given = (await scenes.assignments(bot, amina.person))[-2]
    assert given.state == "returned"
    place = {"time": amina.when(given.rework_until), "thing": amina.thing(1)}
    amina.reads(amina.words("returned", **place), "again")
    await amina.press("again")
    amina.reads(amina.words("rework", **place), "yes", "no", "rules")
    await amina.press("no")
    await amina.sees_task(2, saved="saved no")
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert await scenes.labels_of(bot, given) == ["yes", "no"]
    assert (await scenes.money(bot, amina.person))["available"] == PRICE


async def appeals_and_is_right(amina: Story, reza: Person, sara: Person) -> None:
    """Not accepted by one, who cannot decide again; accepted by another."""
    bot, person = amina.bot, amina.person
    await amina.press("yes")
    await amina.sees_task(3, saved="saved yes")
    await scenes.refuse(bot, reza, "It is not.", "No")
    refused = select(Review.decided_at).where(Review.verdict == "not_accepted")
    (decided_at,) = await scenes.look(bot, refused)
    until = amina.when(appeals.until(decided_at))
    amina.reads(amina.words("not accepted", time=until, thing=amina.thing(2)), "appeal", "fine")
    assert (await scenes.money(bot, person))["available"] == PRICE
    await amina.press("appeal")
    amina.is_told(amina.words("why"))
    await tell(bot, person, "I know it well.")
    (appeal,) = await scenes.look(bot, select(Appeal))
    time = amina.when(appeal.decide_by)
    amina.is_told(amina.words("appealed", appeal=appeal.id, time=time))
    assert "No answer waits" in await tell(bot, reza, "/review")
    assert "I know it well." in await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    amina.is_told(amina.words("overturned", appeal=appeal.id))
    assert (await scenes.money(bot, person))["available"] == 2 * PRICE


async def is_paid_by_the_clock(amina: Story, tariq: Person) -> None:
    """A reviewer looks at an answer, but decides when its time is over."""
    bot = amina.bot
    await tell(bot, amina.person, "/work")
    await amina.sees_task(3)
    await amina.press("yes")
    assert "Answer: Yes" in plain(await tell(bot, tariq, "/review"))
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(accept_at=past))
    await bot.tick("accept")
    await press(bot, tariq, "Accept")
    assert "the answer was accepted and paid" in toast(tariq)
    assert await scenes.money(bot, tariq) == {}


async def has_what_was_earned(amina: Story, *, reviews: int) -> None:
    """Two exams and a training of two tasks each, three answers, and one that is pending."""
    bot, person = amina.bot, amina.person
    await amina.press("yes")
    found = await scenes.assignments(bot, person)
    (pending,) = [one for one in found if one.state == "answered"]
    await tell(bot, person, "/balance")
    balance = amina.words("balance", time=amina.when(pending.accept_at))
    assert balance in said(person)
    earned = 6 * 2 * CENT + 3 * PRICE
    assert await scenes.money(bot, person) == {"pending": PRICE, "available": earned}
    books = (await bot.check())["USD"]
    assert books == {
        "pending": PRICE,
        "available": earned + reviews * PAY,
        "held": 0,
        "paid": 0,
        "expense": -(earned + PRICE + reviews * PAY),
    }
