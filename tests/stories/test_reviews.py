"""Answers are reviewed, given back, not accepted, appealed; whoever is late decides nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.clock import now
from bot.models.base import table
from bot.models.chat import Outbox
from bot.models.reviews import Adjudication, Appeal, Review
from bot.models.work import Answer, Assignment, Project, Task
from bot.people import roles, skills
from bot.quality.aggregate import Outcome
from bot.sandbox import Person
from bot.work import invariants, results
from tests.handlers.office import press, shown, tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import (
    CENT,
    PAY,
    act,
    all_data,
    money,
    pick,
    refuse,
    reviewers,
    speak,
)

ALL = "review = { share = 1, due = '3d', audit = 0 }"
PRICE = 2 * CENT


@pytest.fixture(autouse=True)
async def sound(bot: Life) -> AsyncIterator[None]:
    """After every story all that must hold does."""
    yield
    async with bot.database.reading() as session:
        assert (await invariants.look(session, now=now())).wrong == {}


async def answered(bot: Life, worker: Person, *fields: str, **terms: object) -> None:
    """One task of a choice between red and blue, answered with red."""
    wanted = fields or (ALL,)
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", *wanted, tasks=["sky"], **terms)
    await scenes.say(bot, worker)
    await pick(bot, worker, 0)


def labels(person: Person) -> list[str]:
    rows = last_with_buttons(person)["reply_markup"]["inline_keyboard"]
    return [one["text"] for row in rows for one in row]


async def state(bot: Life) -> str:
    (found,) = await scenes.states(bot)
    return found


async def test_an_accepted_answer_pays_its_author_and_its_reviewer(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await answered(bot, amina)
    card = await tell(bot, reza, "/review")
    assert "Answer: <b>red</b>" in card or "Answer: red" in card
    await press(bot, reza, "Accept")
    assert await state(bot) == "accepted"
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}
    assert await money(bot, reza) == {"pending": 0, "available": PAY}
    assert "No answer waits" in shown(reza)
    assert "review" in await tell_history(bot, reza)


async def tell_history(bot: Life, person: Person) -> str:
    await tell(bot, person, "/balance")
    await press(bot, person, "History")
    line = labels(person)[0]
    await press(bot, person, line[:6])
    return line + shown(person)


@pytest.mark.parametrize("locale", ["en", "sw"])
async def test_an_answer_given_back_is_answered_again_and_accepted(bot: Life, locale: str):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await speak(bot, amina, locale)
    await answered(bot, amina)
    await tell(bot, reza, "/review")
    await press(bot, reza, "Give back")
    await tell(bot, reza, "Look at the sky at noon.")
    assert await state(bot) == "returned"
    assert "Look at the sky at noon." in shown(amina)
    assert await money(bot, amina) == {"pending": PRICE, "available": 0}

    await press(bot, amina, {"en": "Answer again", "sw": "Jibu tena"}[locale])
    assert "Look at the sky at noon." in shown(amina)
    await pick(bot, amina, 1)
    assert await state(bot) == "answered"
    assert "No answer waits" in await tell(bot, reza, "/review")  # he has decided about it before
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert await state(bot) == "accepted"
    assert await scenes.labels(bot) == ["red", "blue"]
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}


@pytest.mark.parametrize("locale", ["en", "sw"])
async def test_an_appeal_is_decided_by_another_reviewer_and_paid(bot: Life, locale: str):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await speak(bot, amina, locale)
    await answered(bot, amina)
    await refuse(bot, reza)
    assert await state(bot) == "not_accepted"
    assert await money(bot, amina) == {"pending": 0, "available": 0}
    said = shown(amina)
    assert "R1" in said
    assert "The sky is blue." in said
    assert "blue" in said

    await press(bot, amina, {"en": "Appeal", "sw": "Kata rufaa"}[locale])
    await tell(bot, amina, "At sunset it was red.")
    (appeal,) = await scenes.look(bot, select(Appeal))
    assert f"A-{appeal.id}" in amina.last["text"]

    await edited_callback(bot, reza, appeal)
    assert "You have decided about this answer before" in toast(reza)
    assert "No answer waits" in await tell(bot, reza, "/review")

    card = await tell(bot, sara, "/review")
    assert "At sunset it was red." in card
    assert "The sky is blue." in card
    await press(bot, sara, "Accept")
    assert await state(bot) == "accepted"
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}
    assert f"A-{appeal.id}" in amina.last["text"]
    (first,) = await scenes.look(bot, select(Review).where(Review.purpose == "review"))
    assert first.overturned
    assert "overturned: 1" in await tell(bot, reza, "/review")


async def edited_callback(bot: Life, person: Person, appeal: Appeal) -> None:
    """A tap with the review of the appeal written into it."""
    (look,) = await scenes.look(bot, select(Review.id).where(Review.purpose == "appeal"))
    await person.tap_data(last_with_buttons(person)["message_id"], f"rv:ok:{look}:1")
    await bot.settle()


async def test_an_appeal_comes_once_and_within_its_time(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await answered(bot, amina)
    await refuse(bot, reza)
    long_ago = now() - timedelta(days=15)
    decided = table(Review).c.decided_at
    await scenes.change(bot, update(table(Review)).values(decided_at=long_ago))
    await press(bot, amina, "Appeal")
    assert "14 days" in toast(amina)
    await scenes.change(bot, update(table(Review)).values({decided: now()}))
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "It was red.")
    await press(bot, amina, "Appeal")
    assert "appealed against this already" in toast(amina)
    assert await scenes.count(bot, Appeal) == 1


async def test_an_appeal_nobody_decides_is_decided_for_the_worker(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina)
    await refuse(bot, reza)
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "It was red.")
    await tell(bot, sara, "/review")
    await scenes.change(bot, update(table(Appeal)).values(decide_by=now() - timedelta(hours=1)))
    await bot.tick("appeal")
    await bot.tick("send")
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}
    assert "nobody decided in time" in amina.last["text"]
    await press(bot, sara, "Accept")
    assert "time for this review is over" in toast(sara)
    assert await money(bot, sara) == {}
    (first,) = await scenes.look(bot, select(Review).where(Review.purpose == "review"))
    assert first.overturned is None


async def test_an_upheld_appeal_is_the_end_of_it(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina)
    await refuse(bot, reza)
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "It was red.")
    await refuse(bot, sara, "No, it was noon.")
    assert await state(bot) == "not_accepted"
    assert "No, it was noon." in amina.last["text"]
    assert "no further appeal" in amina.last["text"]
    assert await money(bot, amina) == {"pending": 0, "available": 0}
    assert await money(bot, sara) == {"pending": 0, "available": PAY}


async def test_a_reviewer_who_is_too_late_changes_nothing(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await answered(bot, amina)
    await tell(bot, reza, "/review")
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(accept_at=past))
    await bot.tick("accept")
    await press(bot, reza, "Accept")
    assert "accepted and paid" in toast(reza)
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}
    assert await money(bot, reza) == {}


async def test_the_slot_of_an_answer_not_accepted_is_open_for_others(bot: Life):
    (amina, juma), (reza,) = await scenes.crew(bot, 2), await reviewers(bot, 1)
    await answered(bot, amina)
    await refuse(bot, reza)
    await scenes.say(bot, amina)
    assert await scenes.held(bot, amina) is None
    await scenes.say(bot, juma)
    assert await scenes.held(bot, juma) is not None


async def test_a_won_appeal_takes_its_place_again_if_it_is_free(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina)
    await refuse(bot, reza)
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "It was red.")
    assert await scenes.look(bot, select(Task.open_slots)) == [1]
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert await scenes.look(bot, select(Task.open_slots)) == [0]


async def test_a_corrected_answer_counts_and_is_paid(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await answered(bot, amina)
    await tell(bot, reza, "/review")
    await press(bot, reza, "Fix and accept")
    await press(bot, reza, "blue")
    assert await scenes.labels(bot) == ["red", "blue"]
    me = await scenes.worker_of(bot, reza)
    assert await scenes.look(bot, select(Answer.reviewer_id).order_by(Answer.revision)) == [
        None,
        me,
    ]
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}
    assert "Corrected" in amina.last["text"]
    assert "red" in await tell_history(bot, amina)


async def test_written_and_marked_answers_are_corrected_as_they_are_given(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await scenes.opened(bot, "text", ALL, tasks=["word"])
    await scenes.say(bot, amina)
    await tell(bot, amina, "neno")
    await tell(bot, reza, "/review")
    await press(bot, reza, "Fix and accept")
    await tell(bot, reza, "maneno")
    assert await scenes.labels(bot) == ["neno", "maneno"]
    await scenes.opened(bot, "multi", "options = ['x', 'y', 'z']", ALL, tasks=["many"])
    await scenes.say(bot, amina)
    poll = next(m for m in reversed(amina.chat.messages) if "poll" in m)
    await amina.vote(poll["message_id"], [0])
    await bot.settle()
    await act(bot, amina, "done")
    await tell(bot, reza, "/review")
    await press(bot, reza, "Fix and accept")
    await press(bot, reza, "z")
    await press(bot, reza, "Done")
    assert (await scenes.labels(bot))[-1] == "x|z"


async def test_a_graded_answer_is_paid_in_part_and_its_author_may_appeal(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    graded = "review = { share = 1, due = '3d', audit = 0, grades = [0, 25, 50, 75, 100] }"
    await answered(bot, amina, graded)
    await tell(bot, reza, "/review")
    await press(bot, reza, "Accept, 75")
    assert await money(bot, amina) == {"pending": 0, "available": PRICE * 3 // 4}
    assert "75" in shown(amina)
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "All of it is right.")
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}


async def test_of_two_rounds_the_last_decides_the_grade(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    two = "review = { share = 1, due = '3d', audit = 0, rounds = 2, grades = [50, 100] }"
    await answered(bot, amina, two)
    before = len(amina.chat.messages)
    await tell(bot, reza, "/review")
    await press(bot, reza, "Accept, 50")
    assert len(amina.chat.messages) == before  # nothing is decided yet
    (first,) = await scenes.look(bot, select(Review.id).where(Review.verdict == "accepted"))
    await amina.tap_data(last_with_buttons(amina)["message_id"], f"ap:open:{first}")
    await bot.settle()
    assert "nothing to appeal" in toast(amina)
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept, 100")
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}
    await amina.tap_data(last_with_buttons(amina)["message_id"], f"ap:open:{first}")
    await bot.settle()
    assert "no appeal is needed" in toast(amina)


async def test_a_written_answer_that_was_given_back_is_written_again(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await scenes.opened(bot, "text", ALL, tasks=["word"])
    await scenes.say(bot, amina)
    await tell(bot, amina, "neno")
    await tell(bot, reza, "/review")
    await press(bot, reza, "Give back")
    await tell(bot, reza, "In the plural, please.")
    await press(bot, amina, "Answer again")
    await tell(bot, amina, "maneno")
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert await scenes.labels(bot) == ["neno", "maneno"]
    assert await state(bot) == "accepted"


async def test_after_its_time_a_returned_answer_is_decided_as_it_is(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina)
    await tell(bot, reza, "/review")
    await press(bot, reza, "Give back")
    await tell(bot, reza, "Look again.")
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(rework_until=past))
    await bot.tick("rework")
    assert await state(bot) == "answered"
    await tell(bot, sara, "/review")
    assert not any(label.startswith("Give back") for label in labels(sara))
    await press(bot, sara, "Accept")
    assert await state(bot) == "accepted"


async def test_a_correction_while_the_reviewer_looks_is_seen_first(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await answered(bot, amina)
    await tell(bot, reza, "/review")
    await act(bot, amina, "undo")
    await pick(bot, amina, 1)
    await press(bot, reza, "Accept")
    assert "corrected this answer" in toast(reza)
    assert "blue" in await tell(bot, reza, "/review")
    await press(bot, reza, "Accept")
    assert await state(bot) == "accepted"


async def test_all_that_waits_in_a_project_is_accepted_in_two_steps(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await scenes.opened(
        bot, "choice", "options = ['red', 'blue']", ALL, tasks=["one", "two", "three"]
    )
    await scenes.say(bot, amina)
    for _ in range(3):
        await pick(bot, amina, 0)
    await tell(bot, reza, "/review")
    assert "without looking" in await press(bot, reza, "Accept all 3")
    await press(bot, reza, "Accept them")
    assert await scenes.states(bot) == ["accepted"] * 3
    assert await money(bot, amina) == {"pending": 0, "available": 3 * PRICE}
    assert await money(bot, reza) == {}


async def test_nobody_reviews_without_the_role_the_language_or_their_own(bot: Life):
    (amina, juma), (reza,) = await scenes.crew(bot, 2), await reviewers(bot, 1, "sw")
    await answered(bot, amina)
    assert "one of these roles" in await tell(bot, juma, "/review")
    assert "No answer waits" in await tell(bot, reza, "/review")
    async with bot.database.transaction() as session:
        await roles.grant(session, await scenes.worker_of(bot, amina), "admin", by=None)
    assert "No answer waits" in await tell(bot, amina, "/review")
    (look,) = await scenes.look(bot, select(Review.id))
    await amina.tap_data(last_with_buttons(amina)["message_id"], f"rv:ok:{look}:1")
    await bot.settle()
    assert "your own answer" in toast(amina)
    assert await state(bot) == "answered"


async def test_a_reviewer_must_meet_the_demands_of_the_stage(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await skilled(bot, amina)
    await answered(bot, amina, ALL, "skills = { first_aid = '>=80' }")
    assert "No answer waits" in await tell(bot, reza, "/review")
    await skilled(bot, reza)
    assert "red" in await tell(bot, reza, "/review")


async def test_what_a_reviewer_finds_moves_the_skill_and_an_appeal_moves_it_back(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina, ALL, "skill = 'colours'")
    await refuse(bot, reza)
    low = await skill(bot, amina, "colours")
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "It was red.")
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert low < 50 < await skill(bot, amina, "colours")


async def skilled(bot: Life, person: Person) -> None:
    me = await scenes.worker_of(bot, person)
    async with bot.database.transaction() as session:
        await skills.set_by_hand(session, me, "first_aid", 90, actor=None, now=now())


async def skill(bot: Life, person: Person, name: str) -> float:
    async with bot.database.reading() as session:
        return (await skills.of(session, await scenes.worker_of(bot, person)))[name].score


async def test_the_longest_words_of_everybody_fit_their_messages(bot: Life):
    """The stand-in refuses what Telegram would."""
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await scenes.opened(bot, "text", ALL, tasks=f"key,thing\nlong,{'task ' * 580}\n")
    await scenes.say(bot, amina)
    await tell(bot, amina, "answer " * 280)
    await tell(bot, reza, "/review")
    await press(bot, reza, "Fix and accept")
    await tell(bot, reza, "/review")
    await refuse(bot, reza, "note " * 199)
    assert "note note" in shown(amina)
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "wrong " * 330)
    assert "wrong wrong" in await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert await state(bot) == "accepted"
    assert await scenes.look(bot, select(Outbox.dead).where(Outbox.dead.is_not(None))) == []


async def test_the_inbox_lists_appeals_and_opens_them(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    async with bot.database.transaction() as session:
        await roles.grant(session, await scenes.worker_of(bot, sara), "admin", by=None)
    await answered(bot, amina)
    await refuse(bot, reza)
    await press(bot, amina, "Appeal")
    await tell(bot, amina, "It was red.")
    assert "Appeals to decide: 1" in await tell(bot, sara, "/inbox")
    (appeal,) = await scenes.look(bot, select(Appeal.id))
    assert f"A-{appeal}" in await press(bot, sara, "Appeals")
    assert "It was red." in await press(bot, sara, "Decide")
    await press(bot, sara, "Accept")
    assert await state(bot) == "accepted"
    assert "No appeal is open" in await tell(bot, sara, "/inbox appeals")
    assert "None waits for a decision" in await tell(bot, sara, "/inbox reports")


async def test_an_audit_finds_a_wrong_refusal_and_pays_it(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina, "review = { share = 1, due = '3d', audit = 1 }")
    await refuse(bot, reza)
    card = await tell(bot, sara, "/review")
    assert "Second look" in card
    assert "The sky is blue." not in card  # blind
    await press(bot, sara, "Accept")
    assert await money(bot, amina) == {"pending": 0, "available": PRICE}
    assert "second person" in amina.last["text"]
    assert "overturned: 1" in await tell(bot, reza, "/review")


async def test_two_rounds_need_two_reviewers(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina, "review = { share = 1, due = '3d', audit = 0, rounds = 2 }")
    await tell(bot, reza, "/review")
    await press(bot, reza, "Accept")
    assert await state(bot) == "answered"
    assert "No answer waits" in await tell(bot, reza, "/review")
    await tell(bot, sara, "/review")
    await press(bot, sara, "Accept")
    assert await state(bot) == "accepted"


async def test_the_card_says_until_when_an_answer_may_be_reviewed(bot: Life):
    (amina,) = await scenes.crew(bot, 1)
    await scenes.opened(bot, "choice", "options = ['red', 'blue']", ALL, tasks=["sky"])
    assert "accepted after 3 days at the latest" in await tell(bot, amina, "/work")


async def test_a_delayed_review_is_handed_out_when_it_is_due(bot: Life):
    (amina,), (reza,) = await scenes.crew(bot, 1), await reviewers(bot, 1)
    await answered(bot, amina, "review = { share = 1, due = '3d', audit = 0, delay = '1h' }")
    assert "No answer waits" in await tell(bot, reza, "/review")
    await scenes.change(bot, update(table(Review)).values(due_at=now() - timedelta(seconds=1)))
    assert "red" in await tell(bot, reza, "/review")


async def test_skipping_leaves_an_answer_to_others(bot: Life):
    (amina,), (reza, sara) = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina)
    await tell(bot, reza, "/review")
    assert "No answer waits" in await tell(bot, sara, "/review")
    await press(bot, reza, "Skip")
    waits = select(func.count()).select_from(Review).where(Review.state == "held")
    assert await scenes.look(bot, waits) == [1]  # it was the only one: shown again
    await scenes.change(bot, update(table(Review)).values(lease_until=now() - timedelta(minutes=1)))
    await tell(bot, sara, "/review")
    await press(bot, reza, "Accept")
    assert "Another reviewer has this answer" in toast(reza)
    await press(bot, sara, "Accept")
    assert await state(bot) == "accepted"


async def test_an_answer_is_given_back_so_often_and_no_more(bot: Life):
    (amina,), people = await scenes.crew(bot, 1), await reviewers(bot, 2)
    await answered(bot, amina, "review = { share = 1, due = '3d', audit = 0, returns = 1 }")
    await tell(bot, people[0], "/review")
    await press(bot, people[0], "Give back")
    await tell(bot, people[0], "Again.")
    await press(bot, amina, "Answer again")
    await pick(bot, amina, 0)
    await tell(bot, people[1], "/review")
    assert not any(label.startswith("Give back") for label in labels(people[1]))
    (look,) = await scenes.look(bot, select(Review.id).where(Review.state == "held"))
    await people[1].tap_data(last_with_buttons(people[1])["message_id"], f"rv:back:{look}:2")
    await bot.settle()
    await tell(bot, people[1], "Again!")
    assert "cannot be given back any more" in people[1].last["text"]
    assert all_data(last_with_buttons(people[1]))


async def test_a_task_without_a_majority_is_decided_by_somebody_else(bot: Life):
    (amina, juma), (reza,) = await scenes.crew(bot, 2), await reviewers(bot, 1)
    made = await scenes.opened(
        bot, "choice", "options = ['red', 'blue']", tasks=["sky", "sea"], overlap=2
    )
    for person, second in ((amina, 0), (juma, 1)):
        await scenes.say(bot, person)
        await pick(bot, person, 0)
        await pick(bot, person, second)
    assert {one.status for one in (await outcomes(bot, made)).values()} == {"settled", "tie"}

    async with bot.database.transaction() as session:
        await roles.grant(session, await scenes.worker_of(bot, amina), "reviewer", by=None)
    ask = f"/review p_{made.code} low-agreement"
    assert "No task waits" in await tell(bot, amina, ask)  # one of the answers is hers
    card = await tell(bot, reza, ask)
    assert "red" in card
    assert "blue" in card
    await press(bot, reza, "blue")
    await press(bot, reza, "The rules do not say")
    assert "No task waits" in reza.last["text"]
    settled = [one for one in (await outcomes(bot, made)).values() if one.method == "adjudicated"]
    assert [(one.label, one.status) for one in settled] == [("blue", "settled")]
    assert (await scenes.look(bot, select(Adjudication.cause))) == ["gap"]
    assert await money(bot, reza) == {"pending": 0, "available": PAY}
    assert await money(bot, amina) == {"pending": 2 * PRICE, "available": 0}
    assert "review" in await tell_history(bot, reza)


async def test_sets_of_choices_without_a_majority_are_decided_by_marking(bot: Life):
    people, (reza,) = await scenes.crew(bot, 3), await reviewers(bot, 1)
    fields = ("options = ['red', 'blue', 'green']", "max = 2")
    made = await scenes.opened(bot, "multi", *fields, tasks=["sky", "sea"], overlap=3)
    for person, second in zip(people, ([0, 1], [1], [1, 2]), strict=True):
        await scenes.say(bot, person)
        for marks in ([0], second):
            poll = next(one for one in reversed(person.chat.messages) if "poll" in one)
            await person.vote(poll["message_id"], marks)
            await bot.settle()
            await act(bot, person, "done")
    assert {one.status for one in (await outcomes(bot, made)).values()} == {"settled", "tie"}
    card = await tell(bot, reza, f"/review p_{made.code} low-agreement")
    assert "Answers of others: blue; blue, green; red, blue" in card
    assert labels(reza) == ["red", "blue", "green", "Done"]
    await press(bot, reza, "Done")
    assert "Too few options are marked" in toast(reza)
    for option in ("red", "blue", "green"):
        await press(bot, reza, option)
    await press(bot, reza, "Done")
    assert "Too many options are marked" in toast(reza)
    await press(bot, reza, "✓ red")
    assert labels(reza) == ["red", "✓ blue", "✓ green", "Done"]
    await press(bot, reza, "Done")
    await press(bot, reza, "The task is ambiguous")
    [settled] = [one for one in (await outcomes(bot, made)).values() if one.method == "adjudicated"]
    assert (settled.label, settled.status) == ("blue|green", "settled")
    assert (await scenes.look(bot, select(Adjudication.cause))) == ["ambiguous"]


async def outcomes(bot: Life, made: Project) -> dict[str, Outcome]:
    async with bot.database.reading() as session:
        return await results.outcomes(session, made)
