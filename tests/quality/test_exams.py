"""Passed or not, and whether there is another attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.quality import exams
from bot.quality.exams import Terms, Verdict

NOW = datetime(2026, 11, 3, tzinfo=UTC)
DAY = timedelta(days=1)
TERMS = Terms(tasks=5, pass_ppm=800_000, attempts=2, retry=DAY, second_ppm=600_000)


def judged(terms: Terms, correct: int, number: int) -> Verdict:
    share = exams.share(correct, terms.tasks)
    return exams.judge(terms, share_ppm=share, number=number, now=NOW)


@pytest.mark.parametrize(
    ("number", "correct", "passed", "again"),
    [
        (1, 5, True, False),
        (1, 4, True, False),
        (1, 3, False, True),
        (1, 0, False, True),
        (2, 3, False, True),  # close: a second chance
        (2, 2, False, False),
        (3, 3, False, False),  # and only one
        (3, 4, True, False),
    ],
)
def test_an_attempt_is_judged(number: int, correct: int, passed: bool, again: bool) -> None:
    found = judged(TERMS, correct, number)
    assert found == Verdict(passed, NOW + DAY if again else None)


def test_without_a_second_chance_the_last_attempt_is_the_last() -> None:
    strict = TERMS._replace(second_ppm=None)
    assert judged(strict, 3, 2).retry_at is None
    assert (strict.most, TERMS.most) == (2, 3)


@pytest.mark.parametrize(
    ("tasks", "pass_ppm", "needed"),
    [(5, 800_000, 4), (3, 666_667, 3), (3, 666_666, 2), (10, 0, 0), (7, 1_000_000, 7)],
)
def test_the_right_answers_needed_are_the_fewest_that_pass(
    tasks: int, pass_ppm: int, needed: int
) -> None:
    terms = Terms(tasks, pass_ppm, 1, DAY)
    assert terms.needed == needed
    assert judged(terms, needed, 1).passed
    if needed:
        assert not judged(terms, needed - 1, 1).passed


def test_the_terms_are_read_as_a_stage_keeps_them() -> None:
    kept = {"tasks": 5, "pass_ppm": 800_000, "attempts": 2, "retry_seconds": 86_400}
    assert exams.terms({"exam": kept}) == TERMS._replace(second_ppm=None)
    assert exams.terms({"exam": kept | {"second_ppm": 600_000}}) == TERMS
