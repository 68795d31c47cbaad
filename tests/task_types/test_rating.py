import pytest

from bot import i18n
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Unfit, Wording

rating = TASK_TYPES["rating"]
SHOWN = {"show": ["answer"]}
ROW = {"answer": "Kunywa maji safi."}


def settings(**more):
    return rating.settings({**SHOWN, **more})


def ask(labels=None, **more):
    with i18n.speaking("en"):
        return rating.ask(settings(**more), Wording("sw", "?", "", labels or {}), ROW, [])


def test_five_steps_stand_in_one_row_with_words_at_both_ends():
    asked = ask({"low": "Si sahihi", "high": "Sahihi kabisa"})
    assert asked.buttons == (("1", "2", "3", "4", "5"),)
    assert asked.rule == "1 = Si sahihi, 5 = Sahihi kabisa"


def test_the_ends_have_words_also_where_the_project_gives_none():
    assert ask(scale=7).rule == "1 = lowest, 7 = highest"


@pytest.mark.parametrize(("scale", "rows"), [(8, [8]), (9, [5, 4]), (10, [5, 5])])
def test_more_than_eight_steps_take_two_rows(scale, rows):
    assert [len(row) for row in ask(scale=scale).buttons] == rows


def test_a_tap_is_its_step():
    assert rating.tapped(settings(), [0, 1, 2, 3, 4], 2) == 3
    assert rating.label(settings(), 3) == "3"


@pytest.mark.parametrize("scale", [1, 11, 5.0, "5", True])
def test_a_scale_is_a_whole_number_from_two_to_ten(scale):
    with pytest.raises(Unfit, match="scale must be a whole number from 2 to 10"):
        settings(scale=scale)


@pytest.mark.parametrize("label", ["0", "6", "3.5", "", "three"])
def test_a_gold_label_off_the_scale_is_refused(label):
    with pytest.raises(Unfit, match="is not one of: 1, 2, 3, 4, 5"):
        rating.value(settings(), label)
