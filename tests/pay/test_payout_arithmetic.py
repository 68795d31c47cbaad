"""How much leaves, what is odd about a batch, and how long to wait: without a database."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import Monthly
from bot.pay import anomalies, reckoning, runner
from bot.pay.anomalies import Anomaly, Candidate
from bot.pay.destinations import Place
from bot.pay.payout_limits import Limits
from bot.pay.providers import PROVIDERS
from bot.pay.reckoning import Standing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=90)
MICRO = 1_000_000
PLACE = Place(1, 1, "mpesa", "•••• 678", OLD, OLD, None, shared=False, cleared=True)
RAILS = [("mpesa", "KES"), ("paypal", "USD"), ("paypal", "JPY"), ("manual", "TZS"), ("wise", "EUR")]


@given(
    rail=st.sampled_from(RAILS),
    available=st.integers(-(10**9), 10**13),
    cap=st.none() | st.integers(0, 10**12),
)
def test_what_arrives_can_be_paid_and_what_leaves_is_there(rail, available, cap):
    provider, limits = PROVIDERS[rail[0]], Limits(rail[1], worker=cap)
    amount, fee = reckoning.payable(provider, limits, available)
    assert 0 <= fee <= amount <= max(available, 0)
    assert (amount - fee) % provider.unit(rail[1]) == 0
    assert cap is None or amount <= cap
    assert provider.maximum(rail[1]) is None or amount - fee <= provider.maximum(rail[1])


@given(rail=st.sampled_from(RAILS), available=st.integers(0, 10**12))
def test_what_stays_is_less_than_what_could_be_paid_too(rail, available):
    provider, limits = PROVIDERS[rail[0]], Limits(rail[1])
    amount, _ = reckoning.payable(provider, limits, available)
    if amount < min(available, provider.maximum(rail[1]) or available):
        unit, fee = provider.unit(rail[1]), provider.fee(available, rail[1])
        assert available - amount <= 2 * unit + fee


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing(1, 900 * MICRO, PLACE), ""),
        (Standing(1, 9 * MICRO, PLACE), "minimum"),
        (Standing(1, -1, PLACE), "negative"),
        (Standing(1, 900 * MICRO, None), "destination"),
        (Standing(1, 900 * MICRO, PLACE, doubted=True), "hold"),
        (Standing(1, 900 * MICRO, PLACE, gone=True), "gone"),
    ],
)
def test_why_somebody_is_not_paid(standing: Standing, reason: str):
    sum = reckoning.reckon(PROVIDERS["mpesa"], Limits("KES"), standing, NOW)
    assert sum.reason == reason
    assert (sum.amount == 0) == (standing.available < 10 * MICRO)


def test_the_least_is_the_providers_or_ones_own():
    assert reckoning.least(PROVIDERS["mpesa"], Limits("KES")) == 10 * MICRO
    own = Limits("KES", minimum=500 * MICRO)
    assert reckoning.least(PROVIDERS["mpesa"], own) == 500 * MICRO
    small = reckoning.reckon(PROVIDERS["mpesa"], own, Standing(1, 499 * MICRO, PLACE), NOW)
    assert small.reason == "minimum"


def candidate(**values: object) -> Candidate:
    usual = {
        "payout_id": 1,
        "pseudonym": "w-ann",
        "amount": 10,
        "reason": "",
        "given_at": OLD,
        "changed": False,
        "others": 0,
        "before": [10, 12, 8],
    }
    return Candidate(**(usual | values))


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({}, []),
        ({"given_at": None}, []),
        ({"given_at": NOW - timedelta(days=6)}, [("new", 0)]),
        ({"given_at": NOW - timedelta(days=6), "changed": True}, [("changed", 0)]),
        ({"others": 2}, [("shared", 2)]),
        ({"amount": 30}, []),
        ({"amount": 31}, [("spike", 10)]),
        ({"before": [], "amount": 100}, []),
        ({"before": [], "amount": 101}, [("first", 100)]),
    ],
)
def test_what_is_odd_about_a_payout(values, kinds):
    found = anomalies.find([candidate(**values)], first_above=100, now=NOW)
    amount = values.get("amount", 10)
    assert found == [Anomaly(kind, 1, "w-ann", amount, usual) for kind, usual in kinds]


def test_without_a_threshold_no_first_payout_is_odd():
    assert anomalies.find([candidate(before=[])], first_above=None, now=NOW) == []


def test_many_below_the_minimum_are_said_once():
    small = [candidate(reason="minimum") for _ in range(anomalies.FEW)]
    assert anomalies.find(small, first_above=None, now=NOW) == []
    (one,) = anomalies.find([*small, small[0]], first_above=None, now=NOW)
    assert (one.kind, one.usual) == ("minimum", anomalies.FEW + 1)


def test_questions_become_rarer():
    waits = [runner.again_in(calls) for calls in (0, 1, 5, 9, 1000)]
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    assert minutes == [1, 2, 32, 360, 360]


def test_months_begin_on_the_first_of_each_zone():
    rule = Monthly(time(8))
    first = rule.next("Africa/Nairobi", datetime(2026, 12, 1, 4, tzinfo=UTC))
    assert (first.isoformat(), rule.after(first).isoformat()) == ("2026-12-01", "2027-01-01")
    assert rule.begins(first, "Africa/Nairobi") == datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert rule.next("Africa/Nairobi", rule.begins(first, "Africa/Nairobi")) == rule.after(first)
