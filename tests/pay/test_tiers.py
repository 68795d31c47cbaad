"""What a tier pays for one answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.models.pay import Tier
from bot.money import Money
from bot.pay import tiers
from bot.pay.tiers import TIERS, Terms
from bot.store.database import Database

BASIC, LANGUAGE, QUALITY, EXPERT = TIERS


def test_a_basic_answer_of_nine_seconds_pays_a_cent() -> None:
    assert tiers.price(BASIC, expected_seconds=9) == Money(10_000, "USD")


def test_experts_get_their_wage_and_the_premium() -> None:
    hour = tiers.price(EXPERT, expected_seconds=3600)
    assert hour == Money(31_250_000, "USD")


def test_wages_rise_from_tier_to_tier() -> None:
    assert [terms.name for terms in TIERS] == ["basic", "language", "quality", "expert"]
    paid = [tiers.price(terms, expected_seconds=60).micro for terms in TIERS]
    assert paid == sorted(set(paid))


@pytest.mark.parametrize(
    ("wage", "seconds", "premium", "micro"),
    [(3600, 1, 0, 1), (1800, 1, 0, 1), (1799, 1, 0, 0), (5400, 1, 0, 2), (3600, 1, 500_000, 2)],
)
def test_a_price_is_rounded_half_up(wage: int, seconds: int, premium: int, micro: int) -> None:
    terms = Terms("any", wage, "USD", premium, 0)
    assert tiers.price(terms, expected_seconds=seconds).micro == micro


@given(wage=st.integers(0, 10**9), seconds=st.integers(1, 86_400), premium=st.integers(0, 10**6))
def test_rounding_happens_once_and_by_less_than_a_millionth(
    wage: int, seconds: int, premium: int
) -> None:
    micro = tiers.price(Terms("any", wage, "USD", premium, 0), expected_seconds=seconds).micro
    exact = wage * seconds * (10**6 + premium)
    assert abs(micro * 3600 * 10**6 - exact) * 2 <= 3600 * 10**6


async def test_a_new_database_has_the_four_tiers(database: Database) -> None:
    async with database.reading() as session:
        rows = (await session.scalars(select(Tier))).all()
    found = {
        Terms(row.name, row.wage_micro, row.currency, row.premium_ppm, row.review_micro)
        for row in rows
    }
    assert found == set(TIERS)


async def test_the_price_follows_the_table_when_an_operator_changes_it(database: Database) -> None:
    async with database.transaction() as session:
        (await tiers.tier(session, "basic")).wage_micro = 7_200_000
    async with database.reading() as session:
        basic = await tiers.tier(session, "basic")
    assert tiers.price(basic, expected_seconds=1) == Money(2000, "USD")


async def test_an_unknown_tier_is_refused_with_the_one_that_was_meant(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(tiers.NoSuchTier, match="Did you mean expert"):
            await tiers.tier(session, "expart")
        with pytest.raises(tiers.NoSuchTier, match="Tiers: basic, expert, language, quality"):
            await tiers.tier(session, "B")
