import random

import pytest

from bot import i18n
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Block, Unfit, Wording

compare = TASK_TYPES["compare"]
WORDING = Wording("sw", "Sentensi ipi inasikika vizuri zaidi?", "", {})
ROW = {"source": "It rains.", "left": "Mvua inanyesha.", "right": "Inanyesha mvua."}
STRAIGHT, SWAPPED = [0, 1], [1, 0]


def settings(**more):
    return compare.settings({"show": ["source"], **more})


def ask(layout, wording=WORDING, **more):
    with i18n.speaking("en"):
        return compare.ask(settings(**more), wording, ROW, layout)


def test_both_sides_are_shown_under_their_letters():
    assert ask(STRAIGHT).blocks == (
        Block("text", "It rains."),
        Block("text", "Mvua inanyesha.", "A"),
        Block("text", "Inanyesha mvua.", "B"),
    )


def test_with_the_sides_swapped_the_same_preference_gives_the_same_answer():
    for layout in (STRAIGHT, SWAPPED):
        shown = [block.content for block in ask(layout).blocks[1:]]
        index = shown.index("Mvua inanyesha.")
        assert compare.tapped(settings(), layout, index) == "left"


def test_the_answer_is_repeated_as_the_worker_saw_it():
    assert compare.words(settings(), WORDING, "left", STRAIGHT) == "A"
    assert compare.words(settings(), WORDING, "left", SWAPPED) == "B"
    assert compare.words(settings(), WORDING, "right", SWAPPED) == "A"
    with i18n.speaking("en"):
        assert compare.words(settings(), WORDING, "tie", SWAPPED) == "Same"


def test_neither_side_has_its_own_row_of_buttons():
    assert ask(STRAIGHT).buttons == (("A", "B"), ("Same", "Both bad"))
    assert compare.tapped(settings(), SWAPPED, 2) == "tie"
    assert compare.tapped(settings(), SWAPPED, 3) == "bad"


@pytest.mark.parametrize(
    ("more", "rows"),
    [
        ({"bad": False}, (("A", "B"), ("Same",))),
        ({"ties": False}, (("A", "B"), ("Both bad",))),
        ({"ties": False, "bad": False}, (("A", "B"),)),
    ],
)
def test_what_a_project_does_not_offer_has_no_button(more, rows):
    assert ask(STRAIGHT, **more).buttons == rows


def test_without_ties_the_third_button_is_both_bad():
    assert compare.tapped(settings(ties=False), STRAIGHT, 2) == "bad"
    with pytest.raises(Unfit):
        compare.tapped(settings(ties=False), STRAIGHT, 3)
    with pytest.raises(Unfit):
        compare.value(settings(ties=False), "tie")


def test_a_project_may_word_its_own_buttons():
    wording = Wording("sw", "Ipi?", "", {"tie": "Sawa"})
    assert ask(STRAIGHT, wording).buttons[1] == ("Sawa", "Both bad")


def test_both_orders_come_up():
    dice = random.Random(7)
    drawn = [compare.layout(settings(), dice) for _ in range(200)]
    assert 60 < drawn.count(STRAIGHT) < 140


def test_the_pair_needs_no_mention_and_is_not_shown_twice():
    assert compare.fields(compare.settings({})) == ("left", "right")
    assert compare.settings({"show": ["left", "source"]})["show"] == ["source"]


def test_an_answer_that_says_nothing_is_shown_as_empty():
    row = {"source": "Say it shorter.", "left": "", "right": "Shorter."}
    compare.check(settings(), row)
    shown = compare.ask(settings(), WORDING, row, [0, 1]).blocks
    assert [block.content for block in shown if block.title == "A"] == ["(empty)"]


def test_the_pair_and_its_source_must_fit_a_card_together():
    row = {"source": "a" * 3000, "left": "b" * 5000, "right": "c" * 4500}
    with pytest.raises(Unfit, match="left is longer than 12000"):
        compare.check(settings(), row)
