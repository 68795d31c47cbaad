"""When a reviewer is measured, by which answer, and what the verdict showed."""

import pytest

from bot.quality import calibration

MANY = 4000


@pytest.mark.parametrize(("share_ppm", "least", "most"), [(0, 0, 0), (50_000, 150, 250)])
def test_about_the_share_of_what_is_handed_out_is_gold(
    share_ppm: int, least: int, most: int
) -> None:
    found = sum(calibration.due(share_ppm, 7, looked) for looked in range(MANY))
    assert least <= found <= most
    assert calibration.due(1_000_000, 7, 0)


def test_wrong_answers_come_about_as_often_as_right_ones() -> None:
    answers = [(id, id != 9) for id in range(10)]
    chosen = [calibration.choose(answers, 7, looked) for looked in range(MANY)]
    assert 0.4 < chosen.count(9) / MANY < 0.6
    assert set(chosen) == set(range(10))


def test_what_there_is_is_taken_and_nothing_from_nothing() -> None:
    assert {calibration.choose([(3, True)], 7, looked) for looked in range(20)} == {3}
    assert calibration.choose([], 7, 0) is None


@pytest.mark.parametrize(
    ("verdict", "answer", "mended", "right"),
    [
        ("accepted", True, False, True),
        ("accepted", False, False, False),
        ("not_accepted", True, False, False),
        ("not_accepted", False, False, True),
        ("returned", True, False, False),
        ("returned", False, False, True),
        ("fixed", False, True, True),
        ("fixed", False, False, False),
        ("fixed", True, False, False),
    ],
)
def test_a_verdict_is_held_against_the_one_that_is_known(
    verdict: str, answer: bool, mended: bool, right: bool
) -> None:
    assert calibration.is_right(verdict, answer=answer, mended=mended) == right
