"""Money leaves: a worker asks, two people of the payouts desk pay, and everybody hears of it."""

import csv
import io
import itertools
import logging
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.chat import Outbox
from bot.models.payouts import Batch, Destination, Payout, PayoutAttempt
from bot.models.people import Worker
from bot.models.schedule import Scheduled
from bot.pay import ledger, safeguards
from bot.pay.ledger import Whose
from bot.pay.providers.wire import Wire as ProviderWire
from bot.pay.runner import Rails
from bot.people import roles
from bot.sandbox import Person
from bot.sandbox.server import PAYMENTS
from bot.settings import Settings
from tests.handlers.office import labels, press, sent, shown, tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import crew, worker_of
from tests.test_logs import written

HOLD = timedelta(hours=72)
FIRST, SECOND = "Equity Bank, 0123456789, Amina Otieno", "KCB, 99887766, Amina Otieno"
_numbers = itertools.count(1)


@pytest.fixture
async def desk(bot: Life) -> tuple[Person, Person]:
    """An owner and somebody of the payouts desk."""
    await bot.join_as(bot.owner)
    (otieno,) = await crew(bot, 1)
    async with bot.database.transaction() as session:
        await roles.grant(session, await worker_of(bot, otieno), "payouts", by=None)
    return bot.owner, otieno


async def earner(
    bot: Life, locale: str = "en", amount: int = 1_240_500_000, currency: str = "KES"
) -> Person:
    """Somebody in Kenya with money to withdraw."""
    (person,) = await crew(bot, 1)
    number = await worker_of(bot, person)
    lives = {"locale": locale, "country": "KE", "currency": "KES"}
    mine = table(Worker).c.id == number
    await scenes.change(bot, update(table(Worker)).where(mine).values(lives))
    await earn(bot, person, amount, currency)
    return person


async def earn(bot: Life, person: Person, amount: int, currency: str) -> None:
    made = await scenes.opened(bot, "rating", price="0.02 USD", tasks=["sea"])
    whose = Whose(await worker_of(bot, person), made.id, next(_numbers), currency)
    async with bot.database.transaction() as session:
        key = f"review:{whose.assignment_id}:1"
        await ledger.grant(
            session, key, "goodwill", whose._replace(assignment_id=None), micro=amount
        )


async def ask_for(bot: Life, person: Person, where: str = FIRST, way: str = "csv") -> str:
    """From /balance to a payout that is asked for."""
    await withdraw(bot, person, way)
    await tell(bot, person, where)
    return await go(bot, person, "po:go:")


async def withdraw(bot: Life, person: Person, way: str = "csv") -> str:
    await tell(bot, person, "/balance")
    await go(bot, person, "po:start")
    return await go(bot, person, f"po:rail:{way}:")


async def go(bot: Life, person: Person, prefix: str) -> str:
    """Tap the first button whose data begins so, on the newest message that has any."""
    message = last_with_buttons(person)
    await person.tap(message["message_id"], data=scenes.data(message, prefix))
    await bot.settle()
    return scenes.unmarked(shown(person))


async def batch(bot: Life) -> Batch:
    return (await scenes.look(bot, select(Batch).order_by(Batch.id.desc())))[0]


async def open_batch(bot: Life, person: Person) -> str:
    found = await batch(bot)
    return scenes.unmarked(await tell(bot, person, f"/payouts {found.code}"))


async def balance(bot: Life, person: Person) -> dict[str, int]:
    async with bot.database.reading() as session:
        (found,) = await ledger.balances(session, await worker_of(bot, person))
    return {"available": found.available, "held": found.held}


async def told(bot: Life) -> None:
    await bot.tick("tell")
    await scenes.delivered(bot)


def texts(person: Person) -> list[str]:
    found = [one.get("text", "") for one in person.chat.messages if one["from"]["is_bot"]]
    return [scenes.unmarked(one).replace("\u00a0", " ") for one in found]


WORDS = {
    "en": ("You receive", "Requested", "Your payout is sent", "reference QK3", "failed", "is back"),
    "sw": ("Utapokea", "Yaliombwa", "zimetumwa", "kumbukumbu QK3", "hayakufaulu", "zimerudi"),
}


@pytest.mark.parametrize("locale", ["en", "sw"])
async def test_the_whole_way_of_a_payout(
    bot: Life, desk: tuple[Person, Person], locale: str
) -> None:
    receive, requested, arrived, reference, failed, back = WORDS[locale]
    amina, baraka = await earner(bot, locale), await earner(bot, locale)
    card = await withdraw(bot, amina)
    assert "Equity Bank, 0123456789" in card  # the example
    await tell(bot, amina, FIRST)
    assert receive in texts(amina)[-1]
    assert "•••• eno" in texts(amina)[-1]
    assert all(one.get("text") != FIRST for one in amina.chat.messages)
    assert requested in await go(bot, amina, "po:go:")
    await ask_for(bot, baraka, SECOND)
    await two_pay(bot, *desk)
    assert (await balance(bot, amina)) == {"available": 0, "held": 1_240_500_000}
    await both_end(bot, *desk)
    assert arrived in texts(amina)[-1]
    assert reference in texts(amina)[-1]
    assert failed in texts(baraka)[-1]
    assert back in texts(baraka)[-1]
    assert (await balance(bot, amina)) == {"available": 0, "held": 0}
    assert (await balance(bot, baraka))["available"] == 1_240_500_000
    await another_destination(bot, baraka)


async def two_pay(bot: Life, owner: Person, otieno: Person) -> None:
    """Above the limit for one: frozen by the owner, approved by the other, paid by the owner."""
    listed = scenes.unmarked(await tell(bot, owner, "/payouts"))
    assert "Draft · Bank transfer: batches 1, payouts 2, KSh 2,481.00" in listed
    card = await open_batch(bot, owner)
    assert "2 payouts" in card
    assert card.count("a new destination") == 2
    assert "two people are needed" in card
    assert "Frozen by" in await press(bot, owner, "Freeze")
    await press(bot, owner, "Approve")
    assert "somebody else has to do this step" in toast(owner)
    await scenes.delivered(bot)
    assert "Another person has to approve it" in shown(otieno)
    await press(bot, otieno, "Open the batch")
    await press(bot, otieno, "Approve")
    await press(bot, otieno, "Pay…")
    await press(bot, otieno, "Pay now")
    assert "somebody else has to do this step" in toast(otieno)
    await the_owner_pays(bot, owner)


async def the_owner_pays(bot: Life, owner: Person) -> None:
    """From the file, whose bytes are the same again."""
    await open_batch(bot, owner)
    await press(bot, owner, "Pay…")
    await press(bot, owner, "Pay now")
    (content,) = sent(bot, owner).values()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["destination"] for row in rows] == [FIRST, SECOND]
    await open_batch(bot, owner)
    await press(bot, owner, "Export again")
    assert set(sent(bot, owner).values()) == {content}


async def both_end(bot: Life, owner: Person, otieno: Person) -> None:
    """One arrives, the other one does not; everybody hears of it once."""
    await mark(bot, otieno, 0, "Mark paid", "QK3XYZ")
    await mark(bot, owner, 1, "Mark failed", "")
    await told(bot)
    assert "1 payout failed" in shown(owner)
    assert (await batch(bot)).state == "closed"
    count = len(owner.chat.messages)
    await told(bot)
    assert len(owner.chat.messages) == count


async def mark(bot: Life, person: Person, index: int, label: str, words: str) -> None:
    """Say how one payout of the newest batch ended; without words by the first button."""
    await open_batch(bot, person)
    await press(bot, person, "Payouts one by one")
    items = [one for one in scenes.all_data(last_with_buttons(person)) if "item:" in one]
    await person.tap(last_with_buttons(person)["message_id"], data=items[index])
    await bot.settle()
    await press(bot, person, label)
    if words:
        await tell(bot, person, words)
    else:
        await go(bot, person, "bt:fail:")
    await press(bot, person, "Back")


async def another_destination(bot: Life, person: Person) -> None:
    """After a failure: the details are changed, and the new ones wait."""
    await go(bot, person, "po:details")
    await go(bot, person, "po:place:csv")
    await go(bot, person, "po:change:csv")
    await tell(bot, person, "Stanbic, 5566778899, Baraka")
    assert any("•••• aka" in one and "•••• eno" in one for one in texts(person)[-2:])
    place = (await places(bot, person))[-1]
    assert place.usable_at - place.created_at == HOLD
    card = await withdraw(bot, person)
    assert "72" in card
    assert not any(one.startswith("po:go") for one in scenes.all_data(last_with_buttons(person)))


async def places(bot: Life, person: Person) -> list[Destination]:
    mine = Destination.worker_id == await worker_of(bot, person)
    return await scenes.look(bot, select(Destination).where(mine).order_by(Destination.id))


WRONG = [
    ("csv", "DE89 3704 0044 0532 0130 01", "IBAN"),
    ("mpesa", "0422 111 333", "0712 345 678"),
    ("manual", "amina.otieno@", "amina@example.com"),
]
RIGHT = [
    ("csv", "DE89 3704 0044 0532 0130 00", "•••• 000", ("3704", "0532")),
    ("mpesa", "0722 111 333", "•••• 333", ("722111333", "0722 111")),
    ("manual", "amina.otieno@post.example", "am•••@post.example", ("amina.otieno",)),
]


async def test_what_is_typed_as_a_destination_stays_nowhere(bot: Life) -> None:
    amina = await earner(bot)
    with written("json", level=logging.DEBUG) as out:
        for way, wrong, hint in WRONG:
            await tell(bot, amina, "/settings")
            await go(bot, amina, "po:details")
            await go(bot, amina, f"po:place:{way}")
            assert hint in scenes.unmarked(await tell(bot, amina, wrong))
            right, shown_as, telling = next(one[1:] for one in RIGHT if one[0] == way)
            await tell(bot, amina, right)
            assert any(shown_as in one for one in texts(amina)[-2:])
            letters = await scenes.look(bot, select(Outbox.payload))
            callback = [scenes.all_data(one) for one in amina.chat.messages]
            for text in (wrong, *telling):
                assert text not in out.getvalue()
                assert text not in f"{letters} {callback} {amina.chat.messages}"
    assert len(await places(bot, amina)) == 3
    # Only the first of them is used at once; who was not the one to change it takes it back.
    notice = next(m for m in reversed(amina.chat.messages) if "This was not me" in str(m))
    await amina.tap(notice["message_id"], data=scenes.data(notice, "po:no:"))
    await bot.settle()
    assert [one.retired_at is None for one in await places(bot, amina)] == [True, True, False]


async def test_buttons_of_others_and_second_taps_do_nothing(
    bot: Life, desk: tuple[Person, Person]
) -> None:
    amina, eve = await earner(bot), await earner(bot, amount=5_000)
    await tell(bot, eve, "/balance")
    await go(bot, eve, "po:start")
    await go(bot, eve, "po:rail:manual:")
    await tell(bot, eve, SECOND)
    assert "KSh 0.005 is missing" in texts(eve)[-1]
    await ask_for(bot, amina)
    (payout,) = await scenes.look(bot, select(Payout))
    (theirs,) = await places(bot, amina)
    found = await batch(bot)
    before = await scenes.picture(bot)
    for data in (
        f"po:one:{payout.id}",
        f"po:undo:{payout.id}",
        f"po:go:{theirs.id}:KES",
        f"po:no:{theirs.id}",
        f"po:go:{(await places(bot, eve))[0].id}:USD",
        f"po:go:{(await places(bot, eve))[0].id}:KES",
        "po:rail:mpesa:USD",
        "po:rail:nothing:KES",
        "po:cur:XXX",
        "po:change:csv",
        f"bt:card:{found.code}",
        f"bt:freeze:{found.code}:1",
        f"bt:do_file:{found.code}:1:{int(now().timestamp())}",
        f"bt:do_cancel:{found.code}:1:{int(now().timestamp())}",
        f"bt:items:{found.code}:0",
        f"bt:item:{payout.id}",
        f"bt:fail:{payout.id}:other",
        f"bt:clear:{payout.id}",
        f"bt:files:{found.code}",
        "bt:new:csv:KES",
        "bt:plan:csv:KES::week",
        "bt:unplan:1",
        "bt:do_thaw:0",
        "bt:limit:00000000:0",
    ):
        await eve.tap_data(last_with_buttons(eve)["message_id"], data)
        await bot.settle()
        assert toast(eve), data
    assert await scenes.picture(bot) == before
    assert "roles: owner, payouts desk" in await tell(bot, eve, "/payouts")
    asked = last_with_buttons(amina)
    for _ in range(2):
        await amina.tap_data(asked["message_id"], f"po:go:{theirs.id}:KES")
        await bot.settle()
    assert len(await scenes.look(bot, select(Payout))) == 1
    await go(bot, amina, "po:undo:")
    await amina.tap_data(asked["message_id"], f"po:undo:{payout.id}")
    await bot.settle()
    assert "no longer there" in toast(amina)
    assert await scenes.look(bot, select(Payout)) == []


async def test_the_second_to_do_a_step_is_told_who_was_first(
    bot: Life, desk: tuple[Person, Person]
) -> None:
    owner, otieno = desk
    amina = await earner(bot)
    await ask_for(bot, amina)
    limits = "alone=5000 worker=1000 minimum=2 day=none"
    assert "KSh 0.00 → KSh 5,000.00" in await proposed(bot, owner, f"/payouts limits KES {limits}")
    await press(bot, owner, "Apply")
    for person in desk:
        await open_batch(bot, person)
    await press(bot, owner, "Freeze")
    await press(bot, otieno, "Freeze")
    assert "Already done by Wanjiru at" in toast(otieno)
    await press(bot, otieno, "Refresh")
    await press(bot, otieno, "Approve")  # below the limit one person is enough
    await press(bot, otieno, "Pay…")
    await press(bot, owner, "Approve")
    assert "Already done by" in toast(owner)
    await press(bot, otieno, "Pay now")
    assert "exported to files" in shown(otieno)
    assert (await balance(bot, amina)) == {"available": 240_500_000, "held": 1_000_000_000}
    await one_knows_how_it_ended(bot, *desk)
    await told(bot)
    assert "reference QK77" in texts(amina)[-1]
    assert "sent" in await history(bot, amina)


async def one_knows_how_it_ended(bot: Life, owner: Person, otieno: Person) -> None:
    """Of a payout that is unknown, the first to say how it ended is right."""
    await scenes.change(bot, update(table(Payout)).values(state="unknown"))
    await told(bot)
    assert "Nobody knows what became of 1 payout" in shown(otieno)
    count = len(otieno.chat.messages)
    await told(bot)
    assert len(otieno.chat.messages) == count
    for person in (owner, otieno):
        await open_batch(bot, person)
        await press(bot, person, "Payouts one by one")
        await go(bot, person, "bt:item:")
    await press(bot, owner, "Mark paid")
    await press(bot, otieno, "Mark failed")
    assert "at most 40" in await tell(bot, otieno, "x" * 41)
    await tell(bot, owner, "QK77")
    assert "known already" in await tell(bot, otieno, "the bank said no")


async def proposed(bot: Life, person: Person, text: str) -> str:
    await tell(bot, person, text)
    return scenes.unmarked(shown(person)).replace("\u00a0", " ")


async def history(bot: Life, person: Person) -> str:
    await tell(bot, person, "/balance")
    await go(bot, person, "po:list")
    await go(bot, person, "po:one:")
    return texts(person)[-1]


async def test_an_account_of_two_waits_for_a_look(bot: Life, desk: tuple[Person, Person]) -> None:
    _owner, otieno = desk
    amina, baraka = await earner(bot), await earner(bot)
    await ask_for(bot, amina)
    await ask_for(bot, baraka)  # the same account: somebody has to look
    card = await open_batch(bot, otieno)
    assert "1 left out" in card
    card = await go(bot, otieno, "bt:clear:")
    assert "2 payouts" in card
    await press(bot, otieno, "Cancel batch…")
    assert "Canceled by" in await press(bot, otieno, "Cancel the batch")
    await told(bot)
    assert "called the batch off" in texts(amina)[-1]


async def test_plans_limits_and_a_freeze_are_looked_after_from_payouts(
    bot: Life, desk: tuple[Person, Person]
) -> None:
    owner, otieno = desk
    for _ in range(2):
        await asked_and_taken_back(bot)
    assert "people 2" in await tell(bot, otieno, "/payouts due")
    assert "Write it like" in await tell(bot, otieno, "/payouts plan csv KES never")
    await tell(bot, otieno, "/payouts plan csv KES week KE")
    assert "every Monday: next" in scenes.unmarked(shown(otieno))
    await press(bot, otieno, "Every month: Bank transfer")
    assert "on the first of every month" in shown(otieno)
    await press(bot, otieno, "Switch off: Bank transfer · KES, on the first")
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Scheduled)).values(due_at=past))
    await bot.tick("draft")
    await scenes.delivered(bot)
    assert "A batch is ready to be looked at" in shown(owner)
    assert "by plan for" in await press(bot, owner, "Open the batch")
    await a_freeze_ends(bot, *desk)


async def a_freeze_ends(bot: Life, owner: Person, otieno: Person) -> None:
    """Nothing leaves meanwhile; only the owner lets payouts go on."""
    async with bot.database.transaction() as session:
        await safeguards.freeze(session, "restored from a copy", now())
    await press(bot, owner, "Freeze")
    assert "Payouts are frozen since" in toast(owner)
    await tell(bot, otieno, "/payouts")
    assert "restored from a copy" in shown(otieno)
    assert "Let payouts go on" not in labels(last_with_buttons(otieno))
    await tell(bot, owner, "/payouts")
    await press(bot, owner, "Let payouts go on")
    assert "Payouts go on." in await press(bot, owner, "Let payouts go on")
    assert "needs one of these roles: owner" in await tell(bot, otieno, "/payouts limits KES day=9")
    assert "Write it like" in await tell(bot, owner, "/payouts limits KES most=9")


async def asked_and_taken_back(bot: Life) -> Person:
    """Somebody who is due, with a destination, and in no batch."""
    person = await earner(bot)
    await ask_for(bot, person, f"KCB, {next(_numbers)}00200300, Zawadi")
    await go(bot, person, "po:undo:")
    return person


async def test_a_provider_with_an_api_pays_by_itself(
    bot: Life, desk: tuple[Person, Person]
) -> None:
    owner, otieno = desk
    amina = await earner(bot, amount=10_000_000, currency="USD")
    await ask_for(bot, amina, "amina@post.example", way="paypal")
    assert "Fee: $0.20" in texts(amina)[-1]
    async with aiohttp.ClientSession() as session:
        stand_in = bot.sandbox.payments.settings(f"{bot.sandbox.url}{PAYMENTS}")
        settings = Settings(**(bot.kazi.settings.model_dump() | stand_in))
        mine = bot.kazi.sender.rails
        bot.kazi.sender.rails = Rails(ProviderWire(session, settings))
        for person, *steps in ((owner, "Freeze"), (otieno, "Approve"), (owner, "Pay…", "Pay now")):
            await open_batch(bot, person)
            for label in steps:
                await press(bot, person, label)
        assert "handed to the provider" in shown(owner)
        assert not sent(bot, owner)
        for _ in range(4):  # PayPal takes it, works on it, has done it
            await bot.tick("pay")
            attempts, past = table(PayoutAttempt), now() - timedelta(seconds=1)
            asked = update(attempts).where(attempts.c.state == "asked")
            await scenes.change(bot, asked.values(due_at=past))
        bot.kazi.sender.rails = mine
    await told(bot)
    assert "Your payout is sent" in texts(amina)[-1]
    assert [one.destination for one in bot.sandbox.payments.book.paid] == ["amina@post.example"]
