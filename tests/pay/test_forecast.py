"""What a project will cost, from the numbers alone."""

from hypothesis import given
from hypothesis import strategies as st

from bot.money import MICRO
from bot.pay import forecast
from bot.pay.forecast import NONE, Span, Work

CENTS = 20_000


def test_tasks_times_answers_times_price_and_what_comes_on_top() -> None:
    work = Work(
        answers=Span(90, 90),
        price=Span(CENTS, CENTS),
        gold_ppm=100_000,
        reviews=Span(100_000, 200_000),
        review_micro=35_000,
        broken_ppm=10_000,
        topup_ppm=20_000,
        fee_ppm=10_000,
    )
    found = forecast.forecast([work], spent=500_000, given=10)
    assert found.parts == {
        "answers": Span(1_800_000, 1_800_000),
        "gold": Span(200_000, 200_000),  # ten gold tasks among a hundred
        "reviews": Span(315_000, 630_000),
        "broken": Span(18_000, 18_000),
        "topups": Span(36_000, 36_000),
        "fees": Span(23_690, 26_840),
    }
    assert found.to_come == Span(2_392_690, 2_710_840)
    assert found.total == Span(2_892_690, 3_210_840)
    assert found.answers == Span(100, 100)
    assert found.per_answer == Span(28_926, 32_109)
    assert found.needed == 500_000 + 2_981_924


def test_a_lesson_costs_what_its_people_earn_and_has_no_answers_to_count() -> None:
    found = forecast.forecast([], lessons=Span(0, 300_000))
    assert found.parts == {"lessons": Span(0, 300_000)}
    assert found.per_answer is None
    assert found.needed == 330_000


def test_nothing_to_do_costs_nothing_more() -> None:
    found = forecast.forecast([Work(answers=NONE, price=Span(1, 2))], spent=7, given=1)
    assert found.parts == {}
    assert found.total == Span(7, 7)
    assert found.needed == 7


def test_rates_are_measured_on_what_answers_have_cost() -> None:
    assert forecast.measured(5, 100) == 50_000
    assert forecast.measured(-5, 100) == 0
    assert forecast.measured(5, 0) == 0


@given(
    answers=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(sorted),
    price=st.tuples(st.integers(0, 10**8), st.integers(0, 10**8)).map(sorted),
    gold=st.integers(0, MICRO),
    rate=st.integers(0, MICRO),
    spent=st.integers(0, 10**12),
)
def test_low_is_never_above_high_and_funds_reach_for_the_most(
    answers: list[int], price: list[int], gold: int, rate: int, spent: int
) -> None:
    work = Work(
        answers=Span(*answers),
        price=Span(*price),
        gold_ppm=gold,
        reviews=Span(0, rate),
        review_micro=CENTS,
        broken_ppm=rate,
        fee_ppm=rate,
    )
    found = forecast.forecast([work, work], spent=spent)
    assert found.total.low <= found.total.high
    assert found.to_come.high >= 2 * answers[1] * price[1]
    assert (found.needed - spent) * 100 >= found.to_come.high * 110
    assert found.per_answer is None or found.per_answer.low <= found.per_answer.high
