"""Rules: what is measured over which answers, and when a condition holds."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import Refusal
from bot.quality import rules
from bot.quality.rules import Given, Measured
from bot.task_types import TASK_TYPES
from bot.work import rule_lines

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def rule(line: str) -> rules.Rule:
    return rule_lines.read(line, "rules")


def given(*many: dict[str, object]) -> list[Given]:
    """Answers a minute apart, the oldest first."""
    usual = {
        "gold": False, "right": None, "label": "a", "seconds": 10, "median": 10,
        "agrees": None, "refused": None, "price_micro": 20_000,
    }  # fmt: skip
    return [
        Given(assignment_id=n, task_id=n, at=NOON + timedelta(minutes=n), **{**usual, **one})
        for n, one in enumerate(many)
    ]


def gold(*right: bool) -> list[Given]:
    return given(*({"gold": True, "right": one} for one in right))


def test_six_of_ten_is_sixty_percent_exactly():
    answers = gold(*[True] * 6, *[False] * 4)
    assert rules.fires(rule("gold_accuracy < 60%: tell"), answers) is None
    assert rules.fires(rule("gold_accuracy <= 60%: tell"), answers) == Measured(6, 10)
    assert rules.fires(rule("gold_accuracy < 61%: tell"), answers) == Measured(6, 10)


def test_too_few_answers_say_nothing():
    assert rules.fires(rule("gold_accuracy < 60% over 10: tell"), gold(*[False] * 9)) is None


def test_only_the_last_answers_count_and_only_those_that_say_something():
    early = [{"gold": True, "right": False}] * 5
    late = [{"gold": True, "right": True}, {}] * 3
    assert rules.measure(rule("gold_accuracy < 60% over 3: tell"), given(*early, *late)) == (
        Measured(3, 3)
    )


def test_fast_is_a_share_of_the_usual_time_of_the_queue():
    line = rule("fast_answers >= 50% over 4 under 30%: tell")
    answers = [{"seconds": seconds, "median": 20} for seconds in (5, 6, 2, 30)]
    assert rules.fires(line, given(*answers)) == Measured(2, 4)
    unknown = [{"seconds": 1, "median": None}] * 10
    assert rules.fires(line, given(*unknown)) is None


def test_the_longest_run_of_equal_answers():
    labels = [{"label": one} for one in "abbbbcba"]
    assert rules.fires(rule("same_answer >= 4: tell"), given(*labels)) == Measured(4)
    assert rules.fires(rule("same_answer > 4: tell"), given(*labels)) is None
    assert rules.longest_run([]) == 0


def test_verdicts_and_agreement_are_shares_of_those_there_are():
    refused = [{"refused": one} for one in (True, None, False, True)]
    assert rules.fires(rule("review_verdicts > 50% over 3: tell"), given(*refused)) == (
        Measured(2, 3)
    )
    agreed = [{"agrees": one} for one in (True, None, False)]
    assert rules.fires(rule("agreement <= 50% over 2: tell"), given(*agreed)) == Measured(1, 2)


def test_a_majority_is_more_than_half_of_all_that_are_wanted():
    assert rules.majority({"a": 3, "b": 2}, overlap=5) == "a"
    assert rules.majority({"a": 2, "b": 1}, overlap=5) is None
    assert rules.majority({"a": 2, "b": 2, "c": 1}, overlap=5) is None
    assert rules.majority({"a": 1}, overlap=1) is None


def test_a_day_begins_and_ends_where_the_worker_lives():
    moment = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
    assert rules.midnight(moment, "Africa/Nairobi") == datetime(2026, 3, 28, 21, tzinfo=UTC)
    assert rules.next_midnight(moment, "Africa/Nairobi") == datetime(2026, 3, 29, 21, tzinfo=UTC)
    # The night in which Berlin's clocks go forward: its 29 March has 23 hours.
    begins = rules.next_midnight(moment, "Europe/Berlin")
    assert begins == datetime(2026, 3, 28, 23, tzinfo=UTC)
    ends = rules.next_midnight(begins, "Europe/Berlin")
    assert ends - begins == timedelta(hours=23)


def test_a_replay_fires_once_for_each_window():
    answers = gold(*[False] * 7)
    fired = rules.replay(rule("gold_accuracy < 60% over 3: tell"), answers, "UTC", begins=NOON)
    assert [at for at, _measured in fired] == [answers[2].at, answers[5].at]
    later = answers[3].at
    fired = rules.replay(rule("gold_accuracy < 60% over 3: tell"), answers, "UTC", begins=later)
    assert [at for at, _measured in fired] == [answers[5].at]


def test_a_replay_counts_days_one_by_one():
    answers = given({}, {}, {})
    tomorrow = [one._replace(at=one.at + timedelta(days=1)) for one in answers]
    line = rule("income_per_day >= 0.04 USD: pause")
    fired = rules.replay(line, [*answers, *tomorrow], "UTC", begins=NOON)
    assert fired == [(answers[1].at, Measured(40_000)), (tomorrow[1].at, Measured(40_000))]
    assert rules.measure(line, answers) == Measured(60_000)


@pytest.mark.parametrize(
    "line",
    [
        "gold_accuracy < 60% over 10: pause 3d, reopen",
        "agreement <= 40% over 20: more_overlap",
        "fast_answers >= 80% over 20 under 25%: hold 7d",
        "same_answer >= 15: tell",
        "review_verdicts > 50% over 10: training",
        "income_per_day >= 5 USD: pause",
        "answers_per_day >= 300: pause 2h",
        "gold_accuracy < 40% over 20: set_skill 20, set_skill fluency_{language} 0",
    ],
)
def test_a_rule_reads_as_it_is_written(line: str):
    assert rule_lines.write(rule(line)) == line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("skips >= 5: pause 1d", "skipping is free"),
        ("gold_accuracy > 60%: tell", "needs <"),
        ("same_answer < 5: tell", "needs >"),
        ("gold_acuracy < 60%: tell", "Did you mean gold_accuracy"),
        ("gold_accuracy < 60%: tel", "Did you mean tell"),
        ("gold_accuracy < 60: tell", "share from 0 to 1"),
        ("gold_accuracy < 60% over 0: tell", "whole number from 1"),
        ("gold_accuracy < 60% under 3%: tell", "knows no “under”"),
        ("same_answer >= 5 over 9: tell", "knows no “over”"),
        ("gold_accuracy < 60%: pause", "needs a time"),
        ("gold_accuracy < 60%: pause 8d", "at most 7d"),
        ("gold_accuracy < 60%: tell 3d", "takes no time"),
        ("gold_accuracy < 60%: set_skill", "needs a score"),
        ("gold_accuracy < 60%: set_skill 101", "needs a score"),
        ("gold_accuracy < 60%: set_skill Fluency 20", "a skill's name has"),
        ("income_per_day >= 5 EUR: pause", "the project is in USD"),
        ("gold_accuracy", "is not a rule"),
    ],
)
def test_a_line_that_is_no_rule_says_what_is_wrong(line: str, said: str):
    with pytest.raises(Refusal) as refused:
        rule_lines.fitting(line, "rules", TASK_TYPES["choice"], "USD")
    assert said in str(refused.value)


def test_free_texts_are_not_compared_with_each_other():
    with pytest.raises(rule_lines.NotByLabel):
        rule_lines.fitting("agreement < 50%: tell", "rules", TASK_TYPES["text"])


def test_a_day_below_the_bound_fires_nothing():
    line = rule("income_per_day > 0.05 USD: pause")
    begins = datetime(2026, 11, 1, tzinfo=UTC)
    assert rules.replay(line, given({}, {}), "UTC", begins=begins) == []
    assert [
        found for _at, found in rules.replay(line, given({}, {}, {}), "UTC", begins=begins)
    ] == [Measured(60_000)]


def test_what_is_kept_of_a_firing_is_what_was_measured():
    line = rule("gold_accuracy < 60%: tell")
    assert rules.numbers(line, Measured(5, 10)) == {"count": 5, "of": 10, "bound": 600_000}
