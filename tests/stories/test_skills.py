"""Skills: an exam is failed, a training taken, the exam passed, and better work opens."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event, select, update

from bot.clock import now
from bot.i18n import strip_marks
from bot.models.base import table
from bot.models.people import Worker, WorkerLanguage
from bot.models.skills import Observation, Sitting, SkillChange
from bot.models.work import Assignment, Task
from bot.people import skills
from bot.sandbox import Person
from bot.work import project_file, projects, restrictions
from tests.handlers.office import labels, press, sent, tell, toast
from tests.life import Life, last_with_buttons
from tests.stories import scenes
from tests.stories.scenes import CENT, act, said
from tests.stories.school import (
    EXAM,
    HEAD,
    a_day_later,
    exam,
    gold,
    ladder,
    opened,
    share_of,
    sit,
    training,
    work,
    written,
)


@contextmanager
def counting(bot: Life) -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    engine = bot.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


async def test_who_fails_an_exam_trains_passes_and_works(bot: Life) -> None:
    await exam(bot)
    await training(bot)
    await work(bot)
    [amina] = await scenes.crew(bot, 1)
    await is_told_what_is_lacking(bot, amina)
    await fails(bot, amina)
    await trains(bot, amina)
    await passes(bot, amina)
    await press(bot, amina, "Get a task")
    assert "pairs: Is it good?" in said(amina)
    assert (await bot.check())["USD"]["pending"] == 6 * 2 * CENT


async def is_told_what_is_lacking(bot: Life, amina: Person) -> None:
    """The exact skill, the mark, and how to get it."""
    await tell(bot, amina, "/work")
    assert "The open projects need what you do not have yet." in said(amina)
    assert "fluency (English): 80 or more. You do not have it yet." in said(amina)
    assert "The exam “exam” gives it." in said(amina)


async def fails(bot: Life, amina: Person) -> None:
    """What the exam is and pays is said before it begins; afterwards the mark and the date."""
    await press(bot, amina, "Exam: exam")
    assert "Paid exam: 2 tasks, $0.04 USD, about 20 s." in said(amina)
    assert "2 right answers of 2 pass." in said(amina)
    assert "You are paid whatever the result." in said(amina)
    await press(bot, amina, "Start")
    assert "Exam · 1 of 2" in said(amina)
    assert "Skip" not in labels(last_with_buttons(amina))
    await press(bot, amina, "Yes")
    assert said(amina).startswith("Saved.")
    assert "Exam · 2 of 2" in said(amina)
    await press(bot, amina, "No")
    assert "1 of 2 right, and 2 are needed. Not yet." in said(amina)
    assert "You may try again from" in said(amina)
    assert "You keep $0.04 USD for it." in said(amina)
    assert await share_of(bot, amina, "fluency_en") is None


async def trains(bot: Life, amina: Person) -> None:
    """Too early for another attempt, not for the training: a mistake is shown and mended."""
    found = await ladder(bot, amina)
    assert "exam: you may try again from" in found
    assert "tier basic, $0.02 USD an answer, about $7.20 USD an hour" in found
    assert labels(last_with_buttons(amina)) == ["Training: training"]
    await press(bot, amina, "Training: training")
    await press(bot, amina, "Start")
    assert "Training · 1 of 2" in said(amina)
    await press(bot, amina, "Yes")
    assert "Not quite. The right answer is: No." in said(amina)
    assert "Read it twice." in said(amina)
    assert "Training · 1 of 2" in said(amina)
    await press(bot, amina, "Yes")
    assert "Not quite." in said(amina)
    await tell(bot, amina, "/work")
    await press(bot, amina, "No")
    assert said(amina).startswith("Right.")
    await press(bot, amina, "No")
    assert "1 of 2 right at the first try. The training is done." in said(amina)
    assert await share_of(bot, amina, "warm_en") == 500_000


async def passes(bot: Life, amina: Person) -> None:
    """A day later, with tasks she never had."""
    await a_day_later(bot)
    assert "2 of 2 right, and 2 were needed. You passed." in await sit(bot, amina, "Yes", "Yes")
    assert "Unlocked: pairs." in said(amina)
    assert await share_of(bot, amina, "fluency_en") == 1_000_000
    passed = last_with_buttons(amina)
    found = await ladder(bot, amina)
    assert "fluency (English): 100 of 100, from 2 checked answers" in found
    assert "exam: passed" in found
    assert last_with_buttons(amina) is passed


async def test_the_last_attempt_is_the_last(bot: Life) -> None:
    await exam(bot)
    [amina] = await scenes.crew(bot, 1)
    await sit(bot, amina, "No", "No")
    await a_day_later(bot)
    assert "That was the last attempt." in await sit(bot, amina, "No", "No")
    assert "exam: no further attempt" in await ladder(bot, amina)
    assert await scenes.look(bot, select(Sitting.state)) == ["failed", "failed"]


async def test_who_comes_close_gets_a_second_chance(bot: Life) -> None:
    terms = EXAM.replace("attempts = 2", 'attempts = 1\nsecond_chance = "50%"')
    await exam(bot, terms)
    amina, omar = await scenes.crew(bot, 2)
    assert "You may try again" in await sit(bot, amina, "Yes", "No")
    assert "That was the last attempt." in await sit(bot, omar, "No", "No")
    await a_day_later(bot)
    assert "You passed." in await sit(bot, amina, "Yes", "Yes")


async def test_an_exam_put_aside_comes_back_with_the_same_task(bot: Life) -> None:
    await exam(bot)
    await work(bot, "")
    [amina] = await scenes.crew(bot, 1)
    await sit(bot, amina, "Yes")
    before = await scenes.held(bot, amina)
    assert before is not None
    await act(bot, amina, "more")
    await press(bot, amina, "Stop for now")
    await tell(bot, amina, "/work")
    assert "pairs" in said(amina)
    await tell(bot, amina, "/ladder")
    assert "begun; it goes on where you were" in said(amina)
    await press(bot, amina, "Exam: exam")
    await press(bot, amina, "Go on")
    # The task of the other project is in hand, and is finished first.
    await press(bot, amina, "Yes")
    after = await scenes.held(bot, amina)
    assert after is not None
    assert after.task_id == before.task_id
    await press(bot, amina, "Yes")
    assert "You passed." in said(amina)


async def test_an_exam_task_that_was_held_too_long_comes_back(bot: Life) -> None:
    await exam(bot)
    [amina] = await scenes.crew(bot, 1)
    await sit(bot, amina)
    before = await scenes.held(bot, amina)
    assert before is not None
    past = now() - timedelta(seconds=1)
    await scenes.change(bot, update(table(Assignment)).values(lease_until=past))
    await bot.tick("expire")
    assert await scenes.held(bot, amina) is None
    await tell(bot, amina, "/work")
    after = await scenes.held(bot, amina)
    assert after is not None
    assert after.task_id == before.task_id


async def test_an_answer_of_an_exam_is_not_taken_back_or_given_twice(bot: Life) -> None:
    await exam(bot)
    [amina] = await scenes.crew(bot, 1)
    await sit(bot, amina, "No")
    shown = last_with_buttons(amina)
    tapped = scenes.all_data(shown)
    await press(bot, amina, "Yes")
    await amina.tap_data(shown["message_id"], tapped[0])
    await bot.settle()
    assert await scenes.labels(bot) == ["no", "yes"]
    last = (await scenes.assignments(bot, amina))[-1].id
    await amina.tap_data(shown["message_id"], f"w:undo:{last}:0")
    await bot.settle()
    assert "only first answers count" in toast(amina)
    assert await scenes.look(bot, select(Sitting.correct)) == [1]


async def test_an_exam_cannot_be_begun_by_a_forged_button(bot: Life) -> None:
    await exam(bot)
    [amina] = await scenes.crew(bot, 1, "fil")
    await tell(bot, amina, "/work")
    shown = last_with_buttons(amina)
    for queue in ("1", "2", "99"):
        await amina.tap_data(shown["message_id"], f"w:sit:{queue}:0")
        await bot.settle()
    assert await scenes.count(bot, Sitting) == 0


async def test_two_trainings_are_taken_one_after_the_other(bot: Life) -> None:
    await exam(bot)
    await training(bot)
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/ladder")
    invited = last_with_buttons(amina)
    await press(bot, amina, "Exam: exam")
    await press(bot, amina, "Start")
    other = scenes.all_data(invited)[1].replace("invite", "sit")
    await amina.tap_data(invited["message_id"], other)
    await bot.settle()
    assert "Finish what you have begun first" in toast(amina)


async def test_the_way_up_is_told_in_swahili(bot: Life) -> None:
    await exam(bot)
    await training(bot)
    await work(bot)
    [amina] = await scenes.crew(bot, 1, "sw")
    await scenes.change(bot, update(table(Worker)).values(locale="sw"))
    await tell(bot, amina, "/work")
    assert "Miradi iliyo wazi inahitaji" in said(amina)
    assert "fluency (Kiswahili): 80 au zaidi. Bado huna." in said(amina)
    await press(bot, amina, "Mtihani: exam")
    assert "Mtihani wa kulipwa: kazi 2" in said(amina)
    await go_through(bot, amina, "Hapana", "Ndiyo")
    assert "1 kati ya 2 ni sahihi, na zinahitajika 2. Bado." in said(amina)
    await tell(bot, amina, "/ladder")
    await press(bot, amina, "Mafunzo: training")
    await go_through(bot, amina, "Ndiyo")
    assert "Jibu sahihi ni: Hapana." in said(amina)
    await press(bot, amina, "Hapana")
    await press(bot, amina, "Hapana")
    assert "1 kati ya 2 ni sahihi mara ya kwanza." in said(amina)
    await a_day_later(bot)
    await tell(bot, amina, "/ladder")
    await press(bot, amina, "Mtihani: exam")
    await go_through(bot, amina, "Ndiyo", "Ndiyo")
    assert "Umefaulu." in said(amina)
    assert "Imefunguliwa: pairs." in said(amina)
    await press(bot, amina, "Pata kazi")
    assert "pairs: Je, ni nzuri?" in said(amina)


async def go_through(bot: Life, amina: Person, *answers: str) -> None:
    await press(bot, amina, "Anza")
    for answer in answers:
        await press(bot, amina, answer)


async def test_gold_moves_the_skill_and_the_highest_revision_counts(bot: Life) -> None:
    await opened(bot, "checks", rows=HEAD + gold("g1", "g2") + "t,en,a t,,\n", gold_share=1)
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    await press(bot, amina, "No")
    assert await share_of(bot, amina, "checks") == 250_000
    await act(bot, amina, "undo")
    await press(bot, amina, "Yes")
    assert await share_of(bot, amina, "checks") == 750_000
    assert await scenes.count(bot, Observation) == 1
    history = await scenes.look(bot, select(SkillChange).order_by(SkillChange.id))
    assert [(one.source, one.before_ppm, one.after_ppm, one.observations) for one in history] == [
        ("gold", None, 250_000, 1),
        ("gold", 250_000, 750_000, 1),
    ]


async def test_the_ladder_does_not_tell_at_once_that_an_answer_was_checked(bot: Life) -> None:
    await opened(bot, "checks", rows=HEAD + gold("g1") + "t,en,a t,,\n", gold_share=1)
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    await press(bot, amina, "Yes")
    assert "None yet." in await ladder(bot, amina)
    past = now() - timedelta(minutes=11)
    await scenes.change(bot, update(table(SkillChange)).values(at=past))
    assert "checks: 75 of 100, from 1 checked answer" in await ladder(bot, amina)


async def test_an_ordinary_answer_has_nothing_to_do_with_skills(bot: Life) -> None:
    await opened(bot, "checks", rows=HEAD + "t1,en,a t,,\nt2,en,a u,,\n")
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    with counting(bot) as statements:
        await press(bot, amina, "Yes")
    assert any("INSERT INTO answers" in one for one in statements)
    own = ("observations", "skill_changes", "skills", "UPDATE sittings", "worker_languages.level")
    assert [one for one in statements if any(word in one for word in own)] == []


async def test_of_every_concept_a_worker_gets_alike(bot: Life) -> None:
    rows = "key,language,thing,gold,concept\n" + "".join(
        f"{concept}{n},en,a {concept}{n},yes,{concept}\n"
        for concept, count in (("grammar", 6), ("spelling", 3))
        for n in range(count)
    )
    await opened(bot, "checks", rows=rows + "t,en,a t,,\n", gold_share=1)
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    for _ in range(5):
        await press(bot, amina, "Yes")
    mine = select(Task.concept).join(Assignment, Assignment.task_id == Task.id)
    had = await scenes.look(bot, mine.order_by(Assignment.id))
    assert sorted(had) == ["grammar"] * 3 + ["spelling"] * 3
    assert {had[0], had[1]} == {"grammar", "spelling"}


async def test_a_language_is_proven_by_an_exam(bot: Life) -> None:
    project = EXAM.replace('"100%"', '"50%"')
    rows = HEAD + gold("g1", "g2", "g3", "g4") + gold("s1", "s2", "s3", "s4", language="sw")
    await opened(bot, "exam", 'skill = "language_{language}"', project=project, rows=rows)
    await work(bot, 'language = "proven"')
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    assert "proof of English is needed. You do not have it yet. The exam “exam” gives it." in said(
        amina
    )
    await sit(bot, amina, "Yes", "No")
    assert "Unlocked: pairs." in said(amina)
    await press(bot, amina, "Get a task")
    assert "pairs" in said(amina)


async def test_a_level_may_be_demanded_as_people_say_it_themselves(bot: Life) -> None:
    await work(bot, 'language = "native"')
    [amina] = await scenes.crew(bot, 1)
    await scenes.change(bot, update(table(WorkerLanguage)).values(level="fluent"))
    await tell(bot, amina, "/work")
    assert "English, at least at the level “Native”. Yours is in /settings." in said(amina)
    await scenes.change(bot, update(table(WorkerLanguage)).values(level="native"))
    await press(bot, amina, "Look again")
    assert "pairs" in said(amina)


async def test_who_waits_is_told_when_a_skill_opens_work(bot: Life) -> None:
    await work(bot)
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    assert "Ask how to get it: /support." in said(amina)
    worker = await scenes.worker_of(bot, amina)
    async with bot.database.transaction() as session:
        await skills.set_by_hand(session, worker, "fluency_en", 90, actor=None, now=now())
    await bot.tick("wake")
    await bot.tick("send")
    assert "There is new work" in said(amina)


async def test_demands_cost_one_statement(bot: Life) -> None:
    await opened(
        bot, "pairs", rows="key,language,thing\n" + "".join(f"t{n},en,{n}\n" for n in range(9))
    )
    [amina] = await scenes.crew(bot, 1)
    counted = []
    for demands in ("", 'skills = { a = "missing" }\nlanguage = "some"'):
        async with bot.database.transaction() as session:
            file = project_file.parse(written("pairs", demands))
            await projects.apply(session, file, actor=None)
        await tell(bot, amina, "/work")
        await act(bot, amina, "skip")  # from here on every version is known
        with counting(bot) as statements:
            await act(bot, amina, "skip")
        counted.append(len(statements))
    assert counted[1] - counted[0] == 1


async def test_an_admin_reads_what_is_demanded(bot: Life) -> None:
    await work(bot, 'skill = "a"\nskills = { b = ">=80" }\nlanguage = "fluent"')
    await exam(bot)
    [amina] = await scenes.crew(bot, 1)
    await sit(bot, amina, "Yes", "Yes")
    await tell(bot, bot.owner, "/projects")
    await press(bot, bot.owner, "exam")
    assert "An exam: 2 of 2 right pass, 2 attempts at the most." in said(bot.owner)
    assert "Attempts: 1 passed, 0 failed, 0 under way" in said(bot.owner)
    await tell(bot, bot.owner, "/projects")
    await press(bot, bot.owner, "pairs")
    assert "Skill: a" in said(bot.owner)
    assert "Demands: b >=80, language fluent" in said(bot.owner)


async def test_what_all_agree_on_becomes_gold_by_a_press(bot: Life) -> None:
    await opened(bot, "agreed", "overlap = 3", rows="key,language,thing\nt1,en,a t\n")
    people = await scenes.crew(bot, 3)
    for person in people:
        await tell(bot, person, "/work")
        await press(bot, person, "Yes")
    await tell(bot, bot.owner, "/projects")
    await press(bot, bot.owner, "agreed")
    await press(bot, bot.owner, "Gold…")
    assert "t1: yes (3 answers)" in said(bot.owner)
    assert await scenes.look(bot, select(Task.gold)) == [None]
    await press(bot, bot.owner, "Make gold: t1")
    assert "No task has 3 answers that all agree." in said(bot.owner)
    assert await scenes.look(bot, select(Task.gold)) == ["yes"]


async def test_who_is_restricted_is_not_asked_to_an_exam(bot: Life) -> None:
    made = await exam(bot)
    [amina] = await scenes.crew(bot, 1)
    await ladder(bot, amina)
    invited = last_with_buttons(amina)
    begin = scenes.all_data(invited)[0].replace("invite", "sit")
    worker = await scenes.worker_of(bot, amina)
    async with bot.database.transaction() as session:
        await restrictions.restrict(
            session,
            worker,
            actor=None,
            now=now(),
            project_id=made.id,
            reason="conduct",
            seconds=3600,
        )
    assert "Exams and trainings" not in await ladder(bot, amina)
    await amina.tap_data(invited["message_id"], begin)
    await bot.settle()
    assert "This cannot be started now." in toast(amina)
    assert await scenes.count(bot, Sitting) == 0


async def test_an_exam_may_demand_something_itself(bot: Life) -> None:
    rows = HEAD + gold("g1", "g2", "g3", "g4") + gold("s1", "s2", "s3", "s4", language="sw")
    await opened(bot, "exam", 'skills = { warm_up = ">=50" }', project=EXAM, rows=rows)
    [amina] = await scenes.crew(bot, 1)
    found = await ladder(bot, amina)
    assert "exam: something is demanded before it" in found
    assert "warm up: 50 or more. You do not have it yet." in found
    assert "reply_markup" not in amina.last
    worker = await scenes.worker_of(bot, amina)
    async with bot.database.transaction() as session:
        await skills.set_by_hand(session, worker, "warm_up", 50, actor=None, now=now())
    await ladder(bot, amina)
    assert labels(last_with_buttons(amina)) == ["Exam: exam"]


async def test_a_newcomer_is_offered_the_paid_training(bot: Life) -> None:
    await training(bot)
    amina = await bot.join("Amina")
    assert "Paid training: 2 tasks, $0.04" in said(amina)
    assert "You see the right answer and why after each mistake." in said(amina)
    await press(bot, amina, "Later")
    assert "It waits for you" in strip_marks(amina.chat.messages[-1]["text"])
    assert "training: Paid training" in await ladder(bot, amina)


async def test_a_number_near_enough_is_right(bot: Life) -> None:
    rows = "key,thing,gold\ng1,a,10\ng2,b,10\ng3,c,\n"
    await scenes.opened(bot, "number", "tolerance = 0.5", tasks=rows, slug="guess", gold_share=1)
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    await tell(bot, amina, "10.5")
    assert await share_of(bot, amina, "guess") == 750_000
    await tell(bot, amina, "10.6")
    assert await share_of(bot, amina, "guess") == 500_000


async def test_the_copy_of_my_data_has_skills_and_exams(bot: Life) -> None:
    await exam(bot)
    [amina] = await scenes.crew(bot, 1)
    await sit(bot, amina, "Yes", "Yes")
    await tell(bot, amina, "/mydata")
    copy = json.loads(sent(bot, amina)["my-data.json"])
    assert [(one["skill"], one["score"]) for one in copy["skills"]] == [("fluency_en", 100)]
    assert [(one["source"], one["after"]) for one in copy["skill_history"]] == [("exam", 100)]
    assert [(one["project"], one["state"]) for one in copy["exams_and_trainings"]] == [
        ("exam", "passed")
    ]


async def test_a_training_goes_from_easy_to_hard_and_on_after_a_stop(bot: Life) -> None:
    rows = "key,language,thing,gold,hint,difficulty\n" + "".join(
        f"{key},en,a {key},yes,Because.,{difficulty}\n"
        for key, difficulty in (("hard", 5), ("easy", 1), ("middle", 3))
    )
    await opened(bot, "training", project='kind = "training"', rows=rows)
    [amina] = await scenes.crew(bot, 1)
    await tell(bot, amina, "/work")
    await press(bot, amina, "Training: training")
    await press(bot, amina, "Start")
    assert "a easy" in said(amina)
    await press(bot, amina, "No")
    await act(bot, amina, "more")
    await press(bot, amina, "Stop for now")
    assert "Put aside." in strip_marks(amina.chat.messages[-1]["text"])
    await tell(bot, amina, "/ladder")
    await press(bot, amina, "Training: training")
    await press(bot, amina, "Go on")
    assert "a easy" in said(amina)
    await press(bot, amina, "Yes")
    assert "a middle" in said(amina)
    await press(bot, amina, "Yes")
    assert "a hard" in said(amina)
    await press(bot, amina, "Yes")
    assert "2 of 3 right at the first try." in said(amina)
    assert "$0.06 USD is added to your balance." in said(amina)
