import pytest

from bot.task_types import TASK_TYPES
from bot.task_types.kind import Block, Unfit, Wording

choice = TASK_TYPES["choice"]
SHOWN = {"show": ["post"]}
ROW = {"post": "Bei nafuu leo tu!"}


def settings(*options, **more):
    return choice.settings({"options": list(options), **SHOWN, **more})


def ask(options, labels=None, row=ROW, **more):
    wording = Wording("sw", "Je, ni tangazo?", "", labels or {})
    return choice.ask(settings(*options, **more), wording, row, [])


def test_buttons_speak_the_workers_language_and_values_do_not():
    asked = ask(["yes", "no"], {"yes": "Ndiyo", "no": "Hapana"})
    assert asked.buttons == (("Ndiyo", "Hapana"),)
    assert choice.tapped(settings("yes", "no"), [0, 1], 0) == "yes"


def test_an_option_without_a_translation_stands_for_itself():
    assert ask(["yes", "no"], {"yes": "Ndiyo"}).buttons == (("Ndiyo", "no"),)


def test_labels_over_twelve_characters_have_a_row_each():
    assert ask(["exactly twelv", "no"]).buttons == (("exactly twelv",), ("no",))
    assert ask(["exactly 12 c", "no", "?"]).buttons == (("exactly 12 c", "no"), ("?",))


def test_long_labels_are_read_in_the_text_and_pressed_as_letters():
    long = "The post sells something without saying so"
    asked = ask(["hidden", "no"], {"hidden": long})
    assert asked.buttons == (("A", "B"),)
    assert asked.blocks[-2:] == (Block("text", long, "A"), Block("text", "no", "B"))


def test_values_of_a_project_file_become_text():
    assert settings(1, 2.5, True)["options"] == ["1", "2.5", "true"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["yes"], "options must have from 2 to 8 values."),
        (list("abcdefghi"), "options must have from 2 to 8 values."),
        (["yes", " yes "], "options has “yes” twice."),
        (["yes", " "], "options is missing."),
        (["yes", "x" * 65], "options is longer than 64 characters."),
        (["yes", ["no"]], "options must be text."),
    ],
)
def test_options_that_do_not_fit_are_refused(options, sentence):
    with pytest.raises(Unfit) as refused:
        settings(*options)
    assert refused.value.say() == sentence


def test_a_task_must_show_something():
    with pytest.raises(Unfit, match="show is missing"):
        choice.settings({"options": ["yes", "no"]})


def test_a_photo_comes_before_the_text():
    row = {"post": "Bei nafuu", "image": "https://example.org/a.jpg"}
    asked = ask(["yes", "no"], photo="image", row=row)
    assert [block.kind for block in asked.blocks] == ["photo", "text"]


def test_several_texts_are_told_apart_by_captions():
    more = {"show": ["post", "reply_to"]}
    asked = ask(["yes", "no"], {"post": "Ujumbe"}, {"post": "Ndiyo!", "reply_to": "Je?"}, **more)
    assert [block.title for block in asked.blocks] == ["Ujumbe", "Reply to"]


@pytest.mark.parametrize(
    "media", ["http://example.org/a.jpg", "a.jpg", "https://", "https://a b.org/x", "javascript:1"]
)
def test_media_that_telegram_cannot_fetch_are_refused(media):
    with pytest.raises(Unfit, match="image must be an https:// address or a Telegram file id"):
        choice.check(settings("yes", "no", photo="image"), {**ROW, "image": media})


def test_a_telegram_file_id_is_taken():
    row = {**ROW, "image": "AgACAgQAAxkBAAIBY2ZkX-example_0123456789"}
    choice.check(settings("yes", "no", photo="image"), row)


def test_a_gold_label_that_is_no_option_is_refused_with_the_options():
    with pytest.raises(Unfit) as refused:
        choice.value(settings("yes", "no"), "maybe")
    assert refused.value.say() == "“maybe” is not one of: yes, no."


def test_the_length_of_emoji_counts_as_telegram_may_count_it():
    with pytest.raises(Unfit, match="post is longer than 12000"):
        choice.check(settings("yes", "no"), {"post": "😀" * 6001})


def test_a_message_is_not_an_answer():
    with pytest.raises(Unfit, match="answered with its buttons"):
        choice.read(settings("yes", "no"), "yes")
