import pytest

from bot import i18n
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Unfit, Wording

multi = TASK_TYPES["multi"]
SHOWN = {"show": ["post"]}
ROW = {"post": "Paka na mbwa"}


def settings(**more):
    return multi.settings({"options": ["cat", "dog", "bird"], **SHOWN, **more})


def ask(labels=None, **more):
    return multi.ask(settings(**more), Wording("sw", "Wapi?", "", labels or {}), ROW, [])


def test_marks_are_kept_in_canonical_order_and_once():
    assert multi.voted(settings(), [0, 1, 2], [2, 0, 2]) == ["cat", "bird"]


def test_another_order_of_options_gives_the_same_answer():
    assert multi.voted(settings(), [2, 0, 1], [0, 1]) == ["cat", "bird"]


def test_the_values_share_one_cell():
    assert multi.label(settings(), ["cat", "bird"]) == "cat|bird"
    assert multi.value(settings(), "bird| cat") == ["cat", "bird"]


def test_nothing_marked_is_an_answer_only_where_none_may_fit():
    assert multi.voted(settings(min=0), [0, 1, 2], []) == []
    assert multi.label(settings(min=0), []) == ""
    assert multi.value(settings(min=0), "") == []
    with pytest.raises(Unfit, match="Too few options are marked"):
        multi.voted(settings(), [0, 1, 2], [])
    with pytest.raises(Unfit):
        multi.value(settings(), "")


def test_too_many_marks_are_refused_with_the_limit():
    with pytest.raises(Unfit, match="Too many options are marked"):
        multi.voted(settings(max=2), [0, 1, 2], [0, 1, 2])


def test_a_value_with_the_joining_character_is_refused():
    with pytest.raises(Unfit, match="may not contain the character"):
        settings(options=["a|b", "c"])


@pytest.mark.parametrize(
    ("bounds", "rule"),
    [
        ({}, "Mark all that fit"),
        ({"min": 0}, "Mark all that fit, or none"),
        ({"min": 2}, "Mark at least 2"),
        ({"max": 2}, "Mark from 1 to 2"),
        ({"min": 0, "max": 2}, "Mark up to 2, or none"),
        ({"min": 2, "max": 2}, "Mark exactly 2"),
    ],
)
def test_the_rule_says_how_many_to_mark(bounds, rule):
    assert ask(**bounds).rule == rule


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(Unfit, match="min must not be greater than max"):
        settings(min=3, max=2)


def test_a_label_too_long_for_a_poll_is_read_in_the_text():
    asked = ask({"cat": "paka " * 25})
    assert asked.poll == ("A", "B", "C")
    assert [block.title for block in asked.blocks] == ["", "A", "B", "C"]


def test_the_answer_is_repeated_in_the_workers_words():
    wording = Wording("sw", "Wapi?", "", {"cat": "Paka", "dog": "Mbwa"})
    assert multi.words(settings(), wording, ["cat", "dog"]) == "Paka, Mbwa"
    with i18n.speaking("en"):
        assert multi.words(settings(min=0), wording, []) == "None"
