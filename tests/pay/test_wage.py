"""Pay per hour: which time counts, what an hour came to, what is missing to the floor."""

from hypothesis import given
from hypothesis import strategies as st

from bot.money import MICRO
from bot.pay import wage
from bot.pay.wage import Piece, Sum

seconds = st.integers(0, 100_000)
micro = st.integers(0, 10**10)
pieces = st.lists(
    st.builds(
        Piece,
        project_id=st.integers(1, 4),
        currency=st.sampled_from(["KES", "USD"]),
        seconds=seconds,
        micro=micro,
        floor_micro=st.integers(0, 10**9),
        honest=st.booleans(),
    ),
    max_size=12,
)


def test_time_counts_up_to_three_times_the_usual_and_at_least_two_minutes() -> None:
    assert [wage.active(gone, 12) for gone in (-3, 0, 12, 120, 121, 9000)] == [
        0, 0, 12, 120, 120, 120,
    ]  # fmt: skip
    assert [wage.active(gone, 200) for gone in (400, 601, 9000)] == [400, 600, 600]


def test_the_workers_own_word_counts_up_to_the_time_that_went_by() -> None:
    assert [wage.active(1500, 200, said) for said in (-5, 60, 1400, 9000)] == [0, 60, 1400, 1500]


def test_long_tasks_and_cut_times_are_asked_about() -> None:
    assert wage.may_be_longer(121, 12, 12)
    assert not wage.may_be_longer(120, 12, 12)
    assert wage.may_be_longer(300, 300, 400)
    assert not wage.may_be_longer(20, 300, 400)  # answered in seconds, whatever was expected


def test_a_rate_is_rounded_down_and_nothing_without_time() -> None:
    assert wage.hourly(5_500_000, 24) == 825 * MICRO
    assert wage.hourly(1, 7) == 514
    assert wage.hourly(5, 0) == 0


def test_every_kind_of_time_is_in_the_rate() -> None:
    work = [Piece(1, "KES", 240, 50 * MICRO, 300 * MICRO), Piece(1, "KES", 120, 0, 300 * MICRO)]
    (kes,) = wage.total(work).values()
    assert kes == Sum(360, 50 * MICRO, 30 * MICRO)
    assert (kes.hourly, kes.floor_micro, kes.missing) == (500 * MICRO, 300 * MICRO, 0)


def test_only_projects_below_the_floor_add_to_a_week() -> None:
    """120 is due for the hour and 70 came in; the well-paid project owes nothing of the 50."""
    work = [
        Piece(1, "KES", 1800, 10 * MICRO, 120 * MICRO),  # 50 short
        Piece(2, "KES", 900, 5 * MICRO, 120 * MICRO),  # 25 short
        Piece(3, "KES", 900, 55 * MICRO, 120 * MICRO),  # 25 above
        Piece(4, "USD", 900, 0),  # no floor
    ]
    added = wage.top_ups(work)
    assert [(one.project_id, one.currency, one.micro) for one in added] == [
        (1, "KES", 33_333_333),
        (2, "KES", 16_666_667),
    ]
    assert added[0].of == Sum(1800, 10 * MICRO, 60 * MICRO)


def test_copied_answers_bring_no_floor_and_cost_none() -> None:
    copied = Piece(1, "KES", 3600, 0, 100 * MICRO, honest=False)
    assert wage.top_ups([copied]) == []
    assert wage.total([copied])["KES"] == Sum(3600, 0, 0)


def test_the_parts_of_an_amount_go_to_the_largest_remainders() -> None:
    assert wage.split(10, {1: 1, 2: 1, 3: 1}) == {1: 4, 2: 3, 3: 3}
    assert wage.split(7, {1: 1, 2: 0, 3: 5}) == {1: 1, 2: 0, 3: 6}
    assert wage.split(7, {1: 0}) == {}


def test_nothing_is_said_of_fewer_than_five_people() -> None:
    assert wage.spread([(1, 2)] * 4) is None
    rates = [(rate * MICRO, 300 * MICRO) for rate in (900, 100, 500, 299, 812)]
    assert wage.spread(rates) == (5, 500 * MICRO, 299 * MICRO, 400_000)
    assert wage.spread([*rates, (400 * MICRO, 0)]) == (6, 400 * MICRO, 299 * MICRO, 333_333)


def test_a_median_below_the_floor_is_told_once_there_are_enough_answers() -> None:
    low = [100] * 5 + [900] * 5
    assert wage.too_low(low, 101) == 100
    assert wage.too_low(low, 100) is None
    assert wage.too_low(low[:-1], 101) is None


@given(pieces)
def test_after_the_top_up_an_honest_hour_reaches_the_floor_and_no_more(work: list[Piece]) -> None:
    honest = wage.total(one for one in work if one.honest)
    added = wage.top_ups(work)
    for currency, before in honest.items():
        more = sum(one.micro for one in added if one.currency == currency)
        assert more == before.missing
        if more:
            assert before.micro + more == before.due_micro
            assert wage.hourly(before.micro + more, before.seconds) >= before.floor_micro
    assert all(0 < one.micro <= one.of.missing for one in added)


@given(micro, st.dictionaries(st.integers(1, 50), st.integers(0, 10**9), min_size=1, max_size=9))
def test_parts_make_the_whole_and_none_is_off_by_a_unit(
    amount: int, weights: dict[int, int]
) -> None:
    parts, of = wage.split(amount, weights), sum(weights.values())
    assert sum(parts.values()) == (amount if of else 0)
    assert all(abs(part * of - amount * weights[holder]) < of for holder, part in parts.items())


@given(seconds, st.integers(1, 10_000), st.none() | seconds)
def test_active_time_is_never_more_than_what_went_by(
    gone: int, usual: int, said: int | None
) -> None:
    counted = wage.active(gone, usual, said)
    assert 0 <= counted <= gone
    assert said is not None or counted <= wage.cap(usual)


@given(micro, st.integers(1, 100_000))
def test_a_rate_is_never_shown_higher_than_it_was(amount: int, time: int) -> None:
    assert wage.hourly(amount, time) * time <= amount * wage.HOUR
    assert (wage.hourly(amount, time) + 1) * time > amount * wage.HOUR


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=5))
def test_a_quarter_earns_no_more_than_p25_and_half_no_more_than_the_median(
    rates: list[tuple[int, int]],
) -> None:
    found = wage.spread(rates)
    assert found is not None
    assert found.p25 <= found.median
    assert sum(rate <= found.p25 for rate, _floor in rates) * 4 >= len(rates)
    assert sum(rate <= found.median for rate, _floor in rates) * 2 >= len(rates)
    assert 0 <= found.below_ppm <= MICRO
