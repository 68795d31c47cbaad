import pytest

from bot import i18n
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Unfit, Wording
from bot.task_types.text import count_words

text = TASK_TYPES["text"]
SHOWN = {"show": ["prompt"]}
ROW = {"prompt": "Eleza mvua."}


def settings(**more):
    return text.settings({**SHOWN, **more})


def rule(**more):
    with i18n.speaking("en"):
        return text.ask(settings(**more), Wording("en", "?", "", {}), ROW).rule


def refusal(answer, **more):
    with i18n.speaking("en"), pytest.raises(Unfit) as refused:
        text.read(settings(**more), answer)
    return refused.value.say()


def test_a_text_is_kept_as_written_without_outer_space_and_marks():
    assert text.read(settings(), " \u2067مطر\u2069 شديد\n\nجدا \u200f") == "مطر شديد\n\nجدا"


def test_two_spellings_of_one_letter_are_one():
    assert text.read(settings(), "cafe\u0301") == text.read(settings(), "caf\u00e9")


def test_joiners_are_spelling_and_stay():
    assert text.read(settings(), "ক্\u200dষ") == "ক্\u200dষ"


def test_what_a_database_cannot_hold_is_dropped():
    assert text.read(settings(), "a\x00b\ud800c\r\nd") == "abc\nd"


def test_the_refusal_says_the_rule_and_the_count():
    answer = "neno " * 143
    assert refusal(answer, min_words=150, max_words=200) == "150–200 words; you wrote 143."
    assert refusal(answer, max_words=20) == "Up to 20 words; you wrote 143."
    assert refusal("neno", min_words=20) == "At least 20 words; you wrote 1."
    assert refusal("x" * 11, max_chars=10) == "Up to 10 characters; you wrote 11."
    assert refusal("x" * 3001) == "Up to 3,000 characters; you wrote 3,001."


@pytest.mark.parametrize("answer", ["", "  \n", "\u200f\u2068\u2069"])
def test_a_message_without_text_is_refused(answer):
    assert refusal(answer) == "The message has no text."


@pytest.mark.parametrize(
    ("bounds", "line"),
    [
        ({}, ""),
        ({"min_words": 20, "max_words": 200}, "20–200 words"),
        ({"min_words": 1}, "At least 1 word"),
        ({"max_chars": 280}, "Up to 280 characters"),
        (
            {"min_words": 5, "min_chars": 30, "max_chars": 280},
            "At least 5 words · 30–280 characters",
        ),
    ],
)
def test_the_rule_says_how_long(bounds, line):
    assert rule(**bounds) == line


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("mvua inanyesha sana", 3),
        ("one - two … three!", 3),
        ("don't stop", 2),
        ("बारिश हो रही है।", 4),
        ("今天下雨了。", 5),
        ("我用 Telegram 工作", 5),
        ("👍", 0),
    ],
)
def test_words_are_counted_in_every_script(answer, count):
    assert count_words(answer) == count


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(Unfit, match="min_words must not be greater than max_words"):
        settings(min_words=20, max_words=10)
    with pytest.raises(Unfit, match="min_chars must not be greater than max_chars"):
        settings(min_chars=20, max_chars=10)


def test_a_long_answer_is_repeated_shortened():
    wording = Wording("en", "?", "", {})
    assert text.words(settings(), wording, "first line\nsecond") == "first line second"
    assert text.words(settings(), wording, "x" * 50) == "x" * 39 + "…"
