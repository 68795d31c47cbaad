"""Which answers are reviewed follows from the stage's terms, the worker's standing and chance."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.money import MICRO
from bot.work import appeals, review_terms, sampling, settlement
from bot.work.sampling import Standing

shares = st.integers(0, MICRO)
draws = st.floats(0, 1, exclude_max=True)


def terms(**said: object) -> review_terms.ReviewTerms:
    return review_terms.of(said)


@given(share=shares, answers=st.integers(0, 19), draw=draws)
def test_a_newcomers_first_answers_are_all_reviewed(share: int, answers: int, draw: float):
    wanted = terms(share_ppm=max(1, share))
    assert sampling.chosen(wanted, Standing(answers, None), draw)


@given(answers=st.integers(0, 1000), right=st.none() | shares, draw=draws)
def test_without_a_share_nothing_is_reviewed(answers: int, right: int | None, draw: float):
    assert not sampling.chosen(terms(), Standing(answers, right), draw)


@given(share=st.integers(1, MICRO), right=shares, draw=draws)
def test_the_less_right_somebody_is_the_more_is_reviewed(share: int, right: int, draw: float):
    wanted = terms(share_ppm=share)
    seen = sampling.share_ppm(wanted, Standing(20, right))
    assert share <= seen <= MICRO
    assert seen <= sampling.share_ppm(wanted, Standing(20, max(0, right - 1)))
    if right >= sampling.TRUSTED:
        assert seen == share
    if right <= sampling.DOUBTED:
        assert seen == MICRO
    assert sampling.chosen(wanted, Standing(20, right), draw) == (draw * MICRO < seen)


@given(share=shares, low=draws, high=draws)
def test_a_lower_draw_is_chosen_whenever_a_higher_one_is(share: int, low: float, high: float):
    low, high = sorted((low, high))
    standing = Standing(20, None)
    wanted = terms(share_ppm=share)
    assert sampling.chosen(wanted, standing, low) >= sampling.chosen(wanted, standing, high)


@given(micro=st.integers(0, 10**15), grade=st.integers(0, 100))
def test_a_grade_pays_its_share_and_never_less(micro: int, grade: int):
    paid = settlement.granted(micro, grade)
    assert 0 <= paid <= micro
    assert 0 <= paid * 100 - micro * grade < 100
    assert settlement.granted(micro, 100) == micro


@given(st.datetimes(max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_appeal_is_decided_after_three_working_days(at: datetime):
    by = appeals.decide_by(at)
    days = [(at + timedelta(days=n)).weekday() for n in range(1, 8)]
    assert by.weekday() < 5
    assert by.time() == at.time()
    assert sum(day < 5 for day in days[: (by - at).days]) == 3
