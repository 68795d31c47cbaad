"""Projects guessed from files of tasks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.work import draft, project_file, survey
from bot.work.survey import Survey

SOUNDS = "https://example.org/a.ogg"
PHOTOS = "https://example.org/a.JPG?size=1"


def look(tmp_path: Path, text: str, filename: str = "my_tasks.csv") -> Survey:
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    return survey.look(path, filename)


@pytest.mark.parametrize(
    ("text", "type", "options"),
    [
        ("left,right\na,b\n", "compare", []),
        ("q,gold\na,yes\nb,no\nc,\n", "choice", ["no", "yes"]),
        ("q,gold\na,x|y\nb,y|z\n", "multi", ["x", "y", "z"]),
        ("q\na\n", "text", []),
        ("q,gold\na,same\nb,same\n", "text", []),
        ("q,gold\n" + "".join(f"a{n},{n}.5\n" for n in range(9)), "number", []),
        ("q,gold\n" + "".join(f"a{n},word {n}\n" for n in range(40)), "text", []),
    ],
)
def test_the_type_is_guessed_from_columns_and_gold(
    tmp_path: Path, text: str, type: str, options: list[str]
) -> None:
    answers = draft.guess(look(tmp_path, text), "my_tasks.csv", language="en")
    assert (answers["type"], answers["options"]) == (type, options)
    file = project_file.parse(draft.toml(answers, "my-tasks"))
    assert file.name == "My tasks"
    assert file.stages[0].type == type


def test_addresses_of_pictures_and_sounds_are_shown_as_such(tmp_path: Path) -> None:
    text = f"q,see,hear,link\na,{PHOTOS},{SOUNDS},https://example.org\n"
    answers = draft.guess(look(tmp_path, text), "x.csv", language="en")
    assert (answers["photo"], answers["audio"]) == ("see", "hear")
    assert answers["show"] == ["q", "link"]


def test_what_only_some_rows_have_is_not_shown(tmp_path: Path) -> None:
    found = look(tmp_path, "q,note\na,\nb,odd\n")
    assert found.full == ["q"]
    assert draft.guess(found, "x.csv", language="en")["show"] == ["q"]


def test_languages_are_those_of_the_rows_or_else_the_readers(tmp_path: Path) -> None:
    told = look(tmp_path, "q,language\na,sw\nb,tl\nc,pt-BR\n")
    assert draft.guess(told, "x.csv", language="en")["languages"] == ["fil", "pt_BR", "sw"]
    untold = look(tmp_path, "q\na\n")
    assert draft.guess(untold, "x.csv", language="hi")["languages"] == ["hi"]


def test_a_question_nobody_wrote_is_asked_in_each_language(tmp_path: Path) -> None:
    answers = draft.guess(look(tmp_path, "left,right\na,b\n"), "x.csv", language="en")
    answers = draft.answer(answers, "languages", "sw, en")
    text = project_file.parse(draft.toml(answers, "x")).stages[0].text
    assert set(text) == {"sw", "en"}
    assert text["en"]["question"] == "Which one is better?"


def test_a_price_nobody_changed_goes_with_the_type(tmp_path: Path) -> None:
    answers = draft.guess(look(tmp_path, "q\na\n"), "x.csv", language="en")
    assert answers["price"] == "0.067 USD"
    assert draft.answer(answers, "type", "rating")["price"] == "0.012 USD"
    agreed = draft.answer(answers, "price", "0.10 USD")
    assert draft.answer(agreed, "type", "rating")["price"] == "0.1 USD"


@given(name=st.text(max_size=250), text=st.text(max_size=350), options=st.text(max_size=80))
def test_whatever_is_typed_makes_a_project_file_or_is_refused(
    name: str, text: str, options: str
) -> None:
    answers = draft.guess(Survey(rows=1, columns={"q": 1}), "x.csv", language="en")
    answers = draft.answer(answers, "type", "choice")
    try:
        for field, typed in (("name", name), ("question", text), ("options", options)):
            answers = draft.answer(answers, field, typed)
        file = project_file.parse(draft.toml(answers, "x"))
    except Refusal:
        return
    assert file.name
    assert len(file.stages[0].settings["options"]) >= 2
