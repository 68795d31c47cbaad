"""Reviewers are measured by answers whose right verdict is known, and told when reviews wait."""

from datetime import timedelta

from sqlalchemy import select, update

from bot.clock import now
from bot.models.base import table
from bot.models.chat import Chat
from bot.models.reviews import Review
from bot.sandbox import Person
from tests.handlers.office import labels, press, shown, tell
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import PAY, money, pick, reviewers, speak

ALL = "review = { share = 1, due = '3d', audit = 0, gold = 1 }"
RED, BLUE = 0, 1


async def sky(bot: Life, *people: Person, gold: int, tasks: int = 1) -> None:
    """Each of these people answers a gold task, whose right answer is red, and then the others."""
    rows = "key,thing,gold\ng,the rose,red\n" + "".join(f"t{n},a t{n},\n" for n in range(tasks))
    options = "options = ['red', 'blue']"
    await scenes.opened(
        bot, "choice", options, ALL, slug="sky", tasks=rows, gold_share=1, overlap=2
    )
    for person in people:
        await scenes.say(bot, person)
        for index in (gold, *[RED] * tasks):
            await pick(bot, person, index)


async def looks(bot: Life, purpose: str) -> list[Review]:
    return await scenes.look(bot, select(Review).where(Review.purpose == purpose))


async def test_a_reviewer_is_measured_and_the_author_never_knows(bot: Life) -> None:
    amina, juma = await scenes.crew(bot, 2)
    reza, sara = await reviewers(bot, 2)
    await sky(bot, amina, juma, gold=BLUE)
    before = [one.state for one in await scenes.assignments(bot, amina)], await money(bot, amina)
    heard = len(amina.chat.messages), len(juma.chat.messages)

    card = await tell(bot, reza, "/review")
    assert "the rose" in card
    assert "Known to be right" not in card
    assert "Answers of others: blue × 1" in scenes.unmarked(card)  # two answers a task, as usual
    measured = labels(last_with_buttons(reza))
    assert [one for one in measured if not one.startswith("Accept all")] == [
        "Accept",
        "Fix and accept",
        "Give back…",
        "Not accepted…",
        "Skip",
    ]
    await press(bot, reza, "Accept")
    assert "a t0" in shown(reza)  # of each gold task once, and then what really waits
    assert labels(last_with_buttons(reza))[:5] == measured[:5]
    [look] = await looks(bot, "gold")
    assert (look.state, look.verdict, look.right) == ("decided", "accepted", False)
    assert await money(bot, reza) == {"pending": 0, "available": PAY}
    now_is = [one.state for one in await scenes.assignments(bot, amina)], await money(bot, amina)
    assert now_is == before
    assert (len(amina.chat.messages), len(juma.chat.messages)) == heard

    await tell(bot, sara, "/review")
    await press(bot, sara, "Fix and accept")
    await press(bot, sara, "red")
    assert {one.right for one in await looks(bot, "gold")} == {False, True}
    await are_shown_how_they_fared(bot, reza, sara)


async def are_shown_how_they_fared(bot: Life, reza: Person, sara: Person) -> None:
    """Not at once, or they would know which it was."""
    assert "is known" not in await tell(bot, reza, "/review")
    past = now() - timedelta(minutes=11)
    await scenes.change(bot, update(table(Review)).values(decided_at=past))
    assert "The right decision is known of 1: right 0." in await tell(bot, reza, "/review")
    await speak(bot, sara, "sw")
    assert "Uamuzi sahihi unajulikana kwa 1: sahihi 1." in await tell(bot, sara, "/review")
    me = await scenes.worker_of(bot, sara)
    card = scenes.unmarked(await tell(bot, bot.owner, f"/w_{me}"))
    assert "Decisions as a reviewer: 1. Looked at again: 0, overturned: 0%." in card
    assert "The right decision is known of 1: right 1." in card


async def test_gold_that_is_put_down_goes_to_nobody(bot: Life) -> None:
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await sky(bot, amina, gold=RED, tasks=2)
    assert "the rose" in await tell(bot, reza, "/review")
    await press(bot, reza, "Skip")
    assert "a t" in shown(reza)
    [look] = await looks(bot, "gold")
    assert (look.state, look.right) == ("lapsed", None)
    assert "a t" in await tell(bot, reza, "/review")
    await press(bot, reza, "Accept all 2 waiting")
    await press(bot, reza, "Accept them")
    assert "2 answers are accepted." in shown(reza)


async def test_whoever_knows_the_task_gets_no_gold_of_it(bot: Life) -> None:
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await sky(bot, amina, reza, gold=RED)
    assert "a t0" in await tell(bot, reza, "/review")  # he had the gold task himself
    assert "the rose" in await tell(bot, sara, "/review")
    await press(bot, sara, "Accept all 2 waiting")
    await press(bot, sara, "Accept them")
    assert "2 answers are accepted." in shown(sara)  # as many as were asked about
    assert [one.state for one in await looks(bot, "gold")] == ["lapsed"]
    assert "No answer waits" in await tell(bot, sara, "/review")  # and none for its own sake


async def test_a_reviewer_who_found_nothing_is_told_once_when_something_waits(bot: Life) -> None:
    (amina,) = await scenes.crew(bot, 1)
    (reza,), (sofia,) = await reviewers(bot, 1), await reviewers(bot, 1, "es")
    for person in (reza, sofia):
        assert "You will get a quiet message" in await tell(bot, person, "/review")
    await bot.tick("call")
    await sky(bot, amina, gold=RED)
    await again(bot)
    assert (await called(bot, reza), await called(bot, sofia)) == (1, 0)
    assert reza.last["text"] == "Something waits for your review."
    await again(bot)
    assert await called(bot, reza) == 1
    await speak(bot, reza, "sw")
    await press(bot, reza, "Look again")
    assert "the rose" in shown(reza)
    for _ in range(2):
        await press(bot, reza, "Kubali")
    await sky_again(bot, amina)
    await again(bot)
    assert reza.last["text"] == "Kuna jibu linalosubiri ukaguzi wako."
    told = [one for one in bot.sandbox.calls if "Kuna jibu" in one.params.get("text", "")]
    assert [one.params["disable_notification"] for one in told] == [True]
    assert (await money(bot, reza))["available"] == 2 * PAY


async def sky_again(bot: Life, person: Person) -> None:
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", ALL, tasks=["sea"])
    await scenes.say(bot, person)
    await pick(bot, person, RED)


async def again(bot: Life) -> None:
    """The clock looks for those who wait, a minute later."""
    chats = table(Chat)
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(chats).where(chats.c.call_at.is_not(None)).values(call_at=past))
    await bot.tick("call")
    await bot.tick("send")


async def called(bot: Life, person: Person) -> int:
    return sum("Something waits" in one.get("text", "") for one in person.chat.messages)
