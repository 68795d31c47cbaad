"""/set: the difference first, then the change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.work import stages
from handlers.admin.set import NotAChange, read
from tests.handlers import office
from tests.handlers.office import labels, press, tell, toast
from tests.life import Life, last_with_buttons


async def terms(bot: Life) -> tuple[int, int, str]:
    async with bot.database.reading() as session:
        (spec,) = await stages.current(session, 1)
        return spec.price_micro, spec.overlap, spec.project_name


@pytest.fixture
async def made(bot: Life) -> str:
    project = await office.project(bot)
    return project.code


async def test_one_line_shows_the_difference_and_apply_makes_it(bot: Life, made: str) -> None:
    said = await tell(bot, bot.owner, f"/set p_{made} price=0.04 overlap=5")
    assert "price: 0.02 USD → 0.04 USD" in said
    assert "overlap: 3 → 5" in said
    assert "0 tasks in hand keep their terms." in said
    assert await terms(bot) == (20_000, 3, "Which colour?")
    await press(bot, bot.owner, "Apply")
    assert await terms(bot) == (40_000, 5, "Which colour?")
    rows = await office.audit(bot, "project.set")
    assert [(row.before, row.after) for row in rows] == [("0.02 USD", "0.04 USD"), ("3", "5")]


async def test_leaving_it_as_it_is_forgets_the_difference(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, f"/set p_{made} overlap=5")
    message = last_with_buttons(bot.owner)
    apply = message["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await press(bot, bot.owner, "Leave it as it is")
    await bot.owner.tap_data(message["message_id"], apply)
    await bot.settle()
    assert toast(bot.owner) == "This is no longer there."
    assert (await terms(bot))[1] == 3


async def test_an_older_apply_does_not_apply_newer_changes(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, f"/set p_{made} overlap=5")
    older = last_with_buttons(bot.owner)
    await tell(bot, bot.owner, f"/set p_{made} overlap=7")
    await bot.owner.tap(older["message_id"], text="Apply")
    await bot.settle()
    assert (await terms(bot))[1] == 3
    await press(bot, bot.owner, "Apply")
    assert (await terms(bot))[1] == 7


async def test_the_card_asks_for_one_value_and_takes_it_by_text(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, f"/set {made}")
    assert "Price of an answer: 0.02 USD" in labels(last_with_buttons(bot.owner))
    assert "Price of an answer now: 0.02 USD" in await press(bot, bot.owner, "Price of an answer")
    assert "is not an amount" in await tell(bot, bot.owner, "a lot")
    assert "price: 0.02 USD → 0.05 USD" in await tell(bot, bot.owner, "0.05")
    await press(bot, bot.owner, "Apply")
    assert (await terms(bot))[0] == 50_000


async def test_the_card_takes_usual_values_by_button(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, f"/set {made}")
    await press(bot, bot.owner, "Answers per task")
    assert "overlap: 3 → 2" in await press(bot, bot.owner, "2")
    await press(bot, bot.owner, "Apply")
    assert (await terms(bot))[1] == 2


async def test_a_misspelt_key_comes_back_with_a_button_that_runs_the_right_one(
    bot: Life, made: str
) -> None:
    assert "Did you mean overlap?" in await tell(bot, bot.owner, f"/set {made} overlp=5")
    assert "overlap: 3 → 5" in await press(bot, bot.owner, "Try overlap=5")
    await press(bot, bot.owner, "Apply")
    assert (await terms(bot))[1] == 5


WRONG = {
    "price=": "is not a change",
    "cheap": "is not a change",
    "price=0.04 KES": "KES",
    "overlap=0": "overlap",
    "colour=blue": "Known:",
    "overlap=3": "This changes nothing",
}


async def test_what_does_not_fit_is_named(bot: Life, made: str) -> None:
    for line, said in WRONG.items():
        assert said in await tell(bot, bot.owner, f"/set p_{made} {line}")
    assert await terms(bot) == (20_000, 3, "Which colour?")


async def test_without_a_project_there_is_a_choice(bot: Life, made: str) -> None:
    await tell(bot, bot.owner, "/set")
    assert "Tap what you want to change." in await press(bot, bot.owner, "Which colour?")
    assert "There is no project “zzz”" in await tell(bot, bot.owner, "/set zzz price=1")


def test_values_may_have_spaces() -> None:
    assert read("price=0.04 USD name=Red or blue?  overlap = 3") == {
        "price": "0.04 USD",
        "name": "Red or blue?",
        "overlap": "3",
    }


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(text)
    except NotAChange:
        return
    assert all(found)
    assert all(found.values())


@given(
    st.dictionaries(
        st.from_regex(r"\A[a-z_]{1,10}\Z"), st.from_regex(r"\A[0-9a-z.%]{1,10}\Z"), max_size=5
    )
)
def test_what_is_written_is_what_is_read(changes: dict[str, str]) -> None:
    assert read(" ".join(f"{key}={value}" for key, value in changes.items())) == changes
