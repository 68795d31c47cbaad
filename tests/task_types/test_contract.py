"""What every type of task keeps, run on each sample."""

import json
import random
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import i18n
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Ask, Unfit, Value
from tests.task_types.samples import SAMPLES, Sample

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NUMBERISH = st.text("0123456789٠٢٥२५২৫.,٫٬-+−e ' ")
each = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def ask(sample: Sample, layout: list[int]) -> Ask:
    return sample.type.ask(sample.settings, sample.wording, sample.row, layout)


def some_layout(sample: Sample, seed: int = 1) -> list[int]:
    return sample.type.layout(sample.settings, random.Random(seed))


def buttons(asked: Ask) -> list[str]:
    return [label for row in asked.buttons for label in row]


def offered(sample: Sample, layout: list[int]) -> set[str]:
    """All that a worker with this layout can tap, and all that follows from marking everything."""
    asked = ask(sample, layout)
    values = [
        sample.type.tapped(sample.settings, layout, index) for index in range(len(buttons(asked)))
    ]
    if asked.poll:
        values.append(sample.type.voted(sample.settings, layout, range(len(asked.poll))))
    return {sample.type.label(sample.settings, value) for value in values}


def same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def kept(sample: Sample, value: Value) -> bool:
    """A value comes back unchanged from its label and from JSON."""
    label = sample.type.label(sample.settings, value)
    back = sample.type.value(sample.settings, label)
    return same(back, value) and same(json.loads(json.dumps(value)), value)


def refused(act: Callable[[], object]) -> str:
    """The sentence of a refusal, or nothing; any other error is a bug and passes through."""
    try:
        act()
    except Unfit as refusal:
        return refusal.say()
    return ""


def test_every_type_has_a_sample():
    assert {sample.name for sample in SAMPLES.values()} == set(TASK_TYPES)


@pytest.mark.parametrize("name", TASK_TYPES)
def test_a_type_is_listed_under_its_own_name(name):
    assert TASK_TYPES[name].name == name


@each
def test_settings_survive_json_and_fit_again(sample):
    stored = json.loads(json.dumps(sample.settings))
    assert stored == sample.settings
    assert sample.type.settings(stored) == stored


@each
def test_settings_of_others_are_ignored(sample):
    mixed = {**sample.raw, "type": sample.name, "overlap": 3, "review": {"share": 0.1}}
    assert sample.type.settings(mixed) == sample.settings


@each
@given(data=st.data(), value=JSON)
def test_a_wrong_setting_is_refused_with_its_name(sample, data, value):
    field = data.draw(st.sampled_from(sorted(sample.settings)))
    raw = {**sample.raw, field: value}
    sentence = refused(lambda: sample.type.settings(raw))
    if sentence:
        assert field in sentence or "show" in sentence
    else:
        assert json.dumps(sample.type.settings(raw), allow_nan=False)


@each
def test_the_labels_that_are_listed_are_all_there_can_be(sample):
    listed = sample.type.labels(sample.settings)
    assert len(set(listed)) == len(listed)
    for label in listed:
        assert (
            sample.type.label(sample.settings, sample.type.value(sample.settings, label)) == label
        )
    if listed:
        assert offered(sample, some_layout(sample)) == set(listed)


@each
def test_a_row_with_all_its_fields_fits(sample):
    assert set(sample.type.fields(sample.settings)) <= set(sample.row)
    sample.type.check(sample.settings, sample.row)


@each
@pytest.mark.parametrize("empty", [None, [], {}])
def test_a_row_without_one_of_its_fields_is_refused_with_its_name(sample, empty):
    for field in sample.type.fields(sample.settings):
        with pytest.raises(Unfit, match=field):
            sample.type.check(sample.settings, {**sample.row, field: empty})


@each
@pytest.mark.parametrize("empty", ["", "  \n", "\u200f"])
def test_a_row_with_nothing_to_show_is_refused(sample, empty):
    row = dict.fromkeys(sample.type.fields(sample.settings), empty)
    with pytest.raises(Unfit, match="is missing"):
        sample.type.check(sample.settings, sample.row | row)


@each
def test_a_row_too_long_for_a_card_is_refused(sample):
    for field in sample.type.fields(sample.settings):
        with pytest.raises(Unfit, match=f"{field} is longer than"):
            sample.type.check(sample.settings, {**sample.row, field: "a" * 12_001})


@each
@given(data=st.data())
def test_whatever_is_in_a_row_it_can_be_shown_or_is_refused(sample, data):
    fields = sample.type.fields(sample.settings)
    row = data.draw(st.fixed_dictionaries(dict.fromkeys(fields, JSON)))
    sentence = refused(lambda: sample.type.check(sample.settings, row))
    if sentence:
        assert any(field in sentence for field in fields)
    else:
        shown = sample.type.ask(sample.settings, sample.wording, row, some_layout(sample))
        assert all(block.content for block in shown.blocks)


@each
def test_there_is_exactly_one_way_to_answer(sample):
    asked = ask(sample, some_layout(sample))
    assert [bool(asked.buttons), bool(asked.poll), bool(asked.reply)].count(True) == 1


@each
def test_a_card_fits_what_telegram_takes(sample):
    asked = ask(sample, some_layout(sample))
    assert all(len(row) <= 8 for row in asked.buttons)
    assert len(asked.poll) <= 12
    assert all(0 < len(option) <= 100 for option in asked.poll)
    assert len(asked.placeholder) <= 64
    assert "\n" not in asked.rule


@each
@given(seed=st.integers())
def test_a_layout_is_an_order_that_the_same_seed_gives_again(sample, seed):
    layout = some_layout(sample, seed)
    assert layout == some_layout(sample, seed)
    assert sorted(layout) == list(range(len(layout)))


@each
@given(index=st.integers() | st.integers(-3, 15), seed=st.integers(0, 9))
def test_each_button_has_a_value_and_nothing_else_does(sample, index, seed):
    layout = some_layout(sample, seed)
    if 0 <= index < len(buttons(ask(sample, layout))):
        assert kept(sample, sample.type.tapped(sample.settings, layout, index))
    else:
        assert refused(lambda: sample.type.tapped(sample.settings, layout, index))


@each
@given(data=st.data())
def test_any_layout_offers_the_same_values(sample, data):
    straight = some_layout(sample)
    layout = data.draw(st.permutations(straight))
    assert offered(sample, layout) == offered(sample, straight)


@each
@given(layout=st.lists(st.integers(-2, 9), max_size=6))
def test_a_layout_of_older_settings_does_no_harm(sample, layout):
    asked = ask(sample, layout)
    for index in range(len(buttons(asked))):
        sample.type.tapped(sample.settings, layout, index)


@each
@given(indices=st.lists(st.integers(-2, 13)), seed=st.integers(0, 9))
def test_any_marks_in_a_poll_are_a_value_or_refused(sample, indices, seed):
    layout = some_layout(sample, seed)
    if not refused(lambda: sample.type.voted(sample.settings, layout, indices)):
        assert kept(sample, sample.type.voted(sample.settings, layout, indices))


@each
@given(text=st.text() | NUMBERISH)
def test_any_message_is_a_value_or_refused_in_words(sample, text):
    sentence = refused(lambda: sample.type.read(sample.settings, text))
    assert "{" not in sentence
    if not sentence:
        assert kept(sample, sample.type.read(sample.settings, text))


@each
@given(label=st.text() | NUMBERISH)
def test_any_cell_is_a_value_or_refused_in_words(sample, label):
    if not refused(lambda: sample.type.value(sample.settings, label)):
        assert kept(sample, sample.type.value(sample.settings, label))


@each
@given(data=st.data())
def test_a_value_and_its_label_are_each_others_inverse(sample, data):
    assert kept(sample, data.draw(sample.values))


@each
@given(data=st.data(), language=st.sampled_from(i18n.SHIPPED), seed=st.integers(0, 9))
def test_a_saved_answer_is_repeated_in_a_few_words(sample, data, language, seed):
    value = data.draw(sample.values)
    with i18n.speaking(language):
        words = sample.type.words(sample.settings, sample.wording, value, some_layout(sample, seed))
    assert 0 < len(words) <= 40
    assert "\n" not in words


@each
@given(data=st.data(), language=st.sampled_from(i18n.SHIPPED))
def test_the_label_is_the_same_in_every_language(sample, data, language):
    value = data.draw(sample.values)
    assume(language != i18n.current())
    label = sample.type.label(sample.settings, value)
    with i18n.speaking(language):
        assert sample.type.label(sample.settings, value) == label
        assert same(sample.type.value(sample.settings, label), value)
