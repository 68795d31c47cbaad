import pytest

from bot import i18n
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Unfit, Wording

number = TASK_TYPES["number"]
SHOWN = {"show": ["receipt"]}
ROW = {"receipt": "Jumla 25"}


def settings(**more):
    return number.settings({**SHOWN, **more})


def ask(language="en", **more):
    with i18n.speaking(language):
        return number.ask(settings(**more), Wording("en", "?", "", {}), ROW)


def refusal(text, **more):
    with i18n.speaking("en"), pytest.raises(Unfit) as refused:
        number.read(settings(**more), text)
    return refused.value.say()


@pytest.mark.parametrize("text", ["25", " 25 ", "٢٥", "२५", "২৫", "25.0", "+25", "\u200f٢٥\u200f"])
def test_digits_of_any_script_are_read(text):
    value = number.read(settings(), text)
    assert (value, type(value)) == (25, int)


@pytest.mark.parametrize("text", ["2.5", "2,5", "٢٫٥", "२.५", "২,৫", "2.50"])
def test_decimal_marks_of_any_language_are_read(text):
    assert number.read(settings(), text) == 2.5
    assert number.label(settings(), 2.5) == "2.5"


@pytest.mark.parametrize("text", ["-5", "−5", "-٥"])
def test_a_minus_is_kept(text):
    assert number.read(settings(), text) == -5


@pytest.mark.parametrize("text", ["", "many", "1 or 2", "1e5", "nan", "Infinity", "٢٫٥٫١", "0x10"])
def test_what_is_not_one_number_is_refused(text):
    assert refusal(text) == "Send a number, in digits."


@pytest.mark.parametrize(
    ("bounds", "text", "sentence"),
    [
        ({"min": 0, "max": 100}, "101", "Send a number from 0 to 100."),
        ({"min": 0, "max": 100}, "-1", "Send a number from 0 to 100."),
        ({"min": 0.5}, "0", "Send a number that is 0.5 or more."),
        ({"max": 1500}, "1501", "Send a number that is 1,500 or less."),
        ({"decimals": 0}, "2.5", "Send a whole number."),
        ({"decimals": 2}, "2.125", "Too many digits after the point. At most: 2."),
        ({}, "1234567890123456", "Too many digits. At most: 15."),
        ({}, "0.0000001", "Too many digits after the point. At most: 6."),
    ],
)
def test_a_number_that_does_not_fit_is_refused_in_words(bounds, text, sentence):
    assert refusal(text, **bounds) == sentence


def test_the_bounds_themselves_fit():
    assert number.read(settings(min=0.1, max=0.3), "0.3") == 0.3
    assert number.read(settings(min=0.1, max=0.3), "0.1") == 0.1


def test_trailing_zeros_are_not_digits():
    assert number.read(settings(decimals=0), "25.00") == 25


@pytest.mark.parametrize(
    ("bounds", "rule"),
    [
        ({}, ""),
        ({"min": 0, "max": 100}, "From 0 to 100"),
        ({"min": 0}, "0 or more"),
        ({"max": 9.5}, "9.5 or less"),
        ({"min": 0, "decimals": 0}, "0 or more · Whole numbers only"),
    ],
)
def test_the_rule_says_what_fits(bounds, rule):
    assert ask(**bounds).rule == rule


def test_the_placeholder_is_an_example_that_fits():
    assert ask().placeholder == "e.g. 12.5"
    assert ask(decimals=0).placeholder == "e.g. 12"
    assert ask(max=3).placeholder == "e.g. 3"
    assert ask(min=50).placeholder == "e.g. 50"


def test_a_file_is_read_the_same_whatever_language_is_spoken():
    for label in ("12.5", "12.50", "+12.5"):
        assert number.value(settings(), label) == 12.5
    for label in ("12,5", "٢٥", "1,234", "1e3", "", "."):
        with pytest.raises(Unfit, match="is not a plain number"):
            number.value(settings(), label)


@pytest.mark.parametrize(("value", "label"), [(25, "25"), (0.000001, "0.000001"), (-0.5, "-0.5")])
def test_a_label_is_a_plain_decimal(value, label):
    assert number.label(settings(), value) == label


def test_negative_zero_is_zero():
    assert number.label(settings(), number.read(settings(), "-0.0")) == "0"


@pytest.mark.parametrize("bound", [float("nan"), float("inf"), True, "5", [1]])
def test_a_bound_must_be_a_number(bound):
    with pytest.raises(Unfit, match="min must be a number"):
        settings(min=bound)


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(Unfit, match="min must not be greater than max"):
        settings(min=2, max=1)


@pytest.mark.parametrize(("written", "label"), [("00", "00"), ("٢٥٫٥٠", "25.50"), ("-0", "-0")])
def test_a_written_number_keeps_its_spelling_in_the_label(written, label):
    value = number.read(settings(), written)
    assert number.spelling(settings(), written, value) == label
    assert number.value(settings(), label) == value
