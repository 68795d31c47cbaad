"""What a tier pays for one answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.models.pay import Tier
from bot.models.people import Audit, Worker
from bot.money import MICRO, Money
from bot.pay import tiers
from bot.pay.tiers import TIERS, Terms
from bot.people import roles
from bot.store.database import Database
from bot.store.database import now as moment

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CHANGEABLE = Terms._fields
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
    found = {row.name: {name: getattr(row, name) for name in CHANGEABLE} for row in rows}
    assert found == {
        one.name: one._asdict() | {"skills": [], "begins_at": rows[0].begins_at} for one in TIERS
    }


async def test_a_change_is_a_next_row_and_is_in_the_audit(database: Database) -> None:
    async with database.transaction() as session:
        before = await tiers.tier(session, "basic")
        await tiers.change(session, "basic", {"wage_micro": 7_200_000}, actor=None)
    async with database.reading() as session:
        basic = await tiers.tier(session, "basic")
        query = select(Tier.wage_micro).where(Tier.name == "basic").order_by(Tier.id)
        assert (await session.scalars(query)).all() == [before.wage_micro, 7_200_000]
        [audit] = await session.scalars(select(Audit).where(Audit.action == "tier.set"))
    assert tiers.price(basic, expected_seconds=1) == Money(2000, "USD")
    assert (audit.subject, audit.before) == ("tier:basic USD", _begins(before, 4_000_000))
    assert audit.after == _begins(basic, 7_200_000)


def _begins(terms: Terms, wage: int) -> str:
    return f"wage_micro={wage}, begins_at={terms.begins_at}"


async def test_a_change_that_begins_later_is_not_in_force_before(database: Database) -> None:
    async with database.transaction() as session:
        now = await moment(session)
        day = now + timedelta(days=1)
        await tiers.change(session, "basic", {"wage_micro": 5 * MICRO}, begins_at=day, actor=None)
        book = await tiers.book(session)
        with pytest.raises(tiers.SameMoment):
            await tiers.change(session, "basic", {"wage_micro": MICRO}, begins_at=day, actor=None)
        with pytest.raises(tiers.InThePast):
            await tiers.change(
                session, "basic", {}, begins_at=now - timedelta(seconds=1), actor=None
            )
        wage = Money(MICRO, "USD")
        with pytest.raises(tiers.InThePast):
            await tiers.change_field(session, "law", wage, begins_at=BEGAN, actor=None)
    for at, wage in ((now, 4), (day, 5)):
        assert _tier(book, "basic", now=at).wage_micro == wage * MICRO
    assert book.tier("basic", "USD", now=BEGAN - timedelta(days=1)) is None


async def test_another_currency_needs_a_wage_of_its_own(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(tiers.NoTerms, match="basic has no wage in KES"):
            await tiers.tier(session, "basic", "KES")
        assert (await tiers.nearest(session, "basic", "KES")).currency == "USD"
        with pytest.raises(tiers.NoTerms):
            await tiers.change(session, "basic", {"premium_ppm": 1}, currency="KES", actor=None)
        with pytest.raises(tiers.NoSuchTier):
            await tiers.change(session, "gold", {"wage_micro": 1}, actor=None)
        wage = {"wage_micro": 900 * MICRO, "floor_micro": 300 * MICRO}
        made = await tiers.change(session, "expert", wage, currency="KES", actor=None)
        assert (made.premium_ppm, made.review_micro) == (250_000, 5 * MICRO)
        with pytest.raises(tiers.BelowFloor, match=r"299 KES, below its floor of 300 KES"):
            await tiers.change(
                session, "expert", {"wage_micro": 299 * MICRO}, currency="KES", actor=None
            )


async def test_the_best_paid_are_among_all_wages(database: Database) -> None:
    async with database.transaction() as session:
        await tiers.change(session, "expert", {"wage_micro": 40 * MICRO}, country="KE", actor=None)
        await tiers.change(session, "basic", {"wage_micro": 9 * MICRO}, currency="EUR", actor=None)
        now, book = await moment(session), await tiers.book(session)
    wages = [wage.micro for _terms, wage in book.all_wages("expert", "USD", now=now)]
    assert (min(wages), max(wages)) == (25 * MICRO, 40 * MICRO)
    assert list(book.all_wages("expert", "EUR", now=now)) == []


async def test_a_country_may_have_terms_of_its_own(database: Database) -> None:
    async with database.transaction() as session:
        await tiers.change(session, "basic", {"wage_micro": 3 * MICRO}, country="KE", actor=None)
        now, book = await moment(session), await tiers.book(session)
    for country, wage in (("KE", 3), ("TZ", 4), (None, 4)):
        terms = book.tier("basic", "USD", now=now, country=country)
        assert terms is not None
        assert terms.wage_micro == wage * MICRO


async def test_an_expert_gets_the_wage_of_their_field(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(tiers.NoSuchField, match="Fields: biology, chemistry"):
            await tiers.change(session, "expert", {"field": "astrology"}, actor=None)
        await tiers.change_field(session, "botany", Money(26 * MICRO, "USD"), actor=None)
        await tiers.change_field(session, "law", Money(40 * MICRO, "USD"), actor=None)
        await tiers.change(session, "expert", {"field": "botany"}, actor=None)
        now, book = await moment(session), await tiers.book(session)
    expert, basic = (_tier(book, name, now=now) for name in ("expert", "basic"))
    for field, wage in (("law", 40), ("physics", 27), (None, 26), ("palmistry", 25)):
        assert book.wage(expert, field=field, now=now) == (wage * MICRO, 250_000)
    assert book.wage(basic, field="law", now=now) == (4 * MICRO, 0)
    assert tiers.usual(book, expert, 3600, now=now) == 26 * MICRO * 5 // 4


async def test_a_floor_is_for_an_owner_to_change(database: Database) -> None:
    async with database.transaction() as session:
        admin = Worker(pseudonym="w-admin", state="active")
        session.add(admin)
        await session.flush()
        await roles.grant(session, admin.id, "admin", by=None)
        await tiers.change(session, "basic", {"wage_micro": 5 * MICRO}, actor=admin.id)
        with pytest.raises(roles.RoleNeeded):
            await tiers.change(session, "basic", {"floor_micro": MICRO}, actor=admin.id)


async def test_terms_are_read_again_only_when_there_are_more(database: Database) -> None:
    async def terms() -> tiers.Book:
        async with database.reading() as session:
            return await tiers.edition(session, await session.scalar(select(tiers.EDITION)))

    first = await terms()
    assert await terms() is first
    async with database.transaction() as session:
        await tiers.change(session, "basic", {"wage_micro": 5 * MICRO}, actor=None)
        number = await session.scalar(select(tiers.EDITION))
        own = await tiers.edition(session, number)
        assert await tiers.edition(session, number) is not own  # not everybody's before the commit
    assert (await terms()).terms.keys() == first.terms.keys()
    assert await terms() is not first


def _tier(book: tiers.Book, name: str, *, now: datetime) -> Terms:
    found = book.tier(name, "USD", now=now)
    assert found is not None
    return found


async def test_an_unknown_tier_is_refused_with_the_one_that_was_meant(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(tiers.NoSuchTier, match="Did you mean expert"):
            await tiers.tier(session, "expart")
        with pytest.raises(tiers.NoSuchTier, match="Tiers: basic, expert, language, quality"):
            await tiers.tier(session, "B")
