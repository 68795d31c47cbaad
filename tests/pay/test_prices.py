"""The arithmetic of a price: one rounding, and more skill never pays less."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bot.money import MICRO
from bot.pay import prices
from bot.pay.prices import Base, Range, Wage

FACTORS = st.integers(MICRO, 10 * MICRO)
RANGES = st.lists(
    st.fixed_dictionaries(
        {
            "skill": st.sampled_from(["fluency_{language}", "biology"]),
            "from": st.integers(0, 100),
            "factor_ppm": FACTORS,
        }
    ),
    max_size=6,
)
FLUENT = {
    "pay": {
        "ranges": [
            {"skill": "fluency_{language}", "from": 90, "factor_ppm": 1_250_000},
            {"skill": "fluency_{language}", "from": 80, "factor_ppm": 1_100_000},
        ],
        "languages": {"am": 1_500_000},
    }
}


@given(base=st.integers(0, 10**12), below=st.integers(1, 10**10), factors=st.lists(FACTORS))
def test_a_price_is_rounded_once_half_up(base: int, below: int, factors: list[int]) -> None:
    exact = Fraction(base, below)
    for one in factors:
        exact *= Fraction(one, MICRO)
    found = prices.price(Base(base, below), *factors)
    assert isinstance(found, int)
    assert found - Fraction(1, 2) <= exact < found + Fraction(1, 2)


@given(
    pay=RANGES,
    base=st.integers(1, 10**9),
    one=st.floats(0, 100),
    other=st.floats(0, 100),
    scarce=FACTORS,
)
def test_more_skill_never_pays_less(
    pay: list[dict[str, object]], base: int, one: float, other: float, scarce: int
) -> None:
    quality = {"pay": {"ranges": pay, "languages": {"sw": scarce}}}

    def paid(score: float) -> int:
        skills = {"fluency_sw": score}
        factors = prices.factor(quality, "sw", skills), prices.scarcity(quality, "sw")
        return prices.price(Base(base), *factors)

    low, high = sorted((one, other))
    assert base <= paid(low) <= paid(high)
    assert paid(high) <= prices.price(Base(base), prices.highest(quality, "sw"))


@given(wage=st.integers(0, 10**9), seconds=st.integers(1, 86_400), premium=st.integers(0, MICRO))
def test_an_hour_pays_the_wage_with_its_premium(wage: int, seconds: int, premium: int) -> None:
    above, below = prices.hourly(Wage(wage, premium), seconds=seconds)
    hour = Fraction(wage * seconds, 3600) * (1 + Fraction(premium, MICRO))
    assert Fraction(above, below) == hour


def test_no_answer_pays_less_than_the_least() -> None:
    assert prices.price(Base(7), MICRO, least=9) == 9


def test_the_ladder_names_the_next_range_that_pays_more() -> None:
    start = Range("fluency_sw", 80, 1_100_000)
    above = Range("fluency_sw", 90, 1_250_000)
    for score, factor, following in (
        (None, MICRO, start),
        (79.9, MICRO, start),
        (80, 1_100_000, above),
        (95, 1_250_000, None),
    ):
        skills = {} if score is None else {"fluency_sw": score}
        assert prices.ladder(FLUENT, "sw", skills) == (factor, following)
    assert prices.ladder({}, "sw", {}) == (MICRO, None)


def test_a_scarce_language_pays_more() -> None:
    assert prices.scarcity(FLUENT, "am") == 1_500_000
    assert prices.scarcity(FLUENT, "sw") == MICRO
    assert prices.highest(FLUENT, "am") == 1_875_000
    assert not prices.by_tier(FLUENT)
    assert prices.by_tier({"pay": {"by_tier": True}})
