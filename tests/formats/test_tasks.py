"""Rows to tasks: reserved columns, Toloka's headers, and files that are something else."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import formats
from bot.formats import faults
from bot.formats.tasks import TaskRow, derived_key, task_rows


def tasks(*rows, languages=("sw", "pt_BR")):
    numbered = [formats.Row(line, fields) for line, fields in enumerate(rows, 2)]
    return list(task_rows(numbered, language_codes=languages))


def task(**fields):
    [found] = tasks(fields)
    if isinstance(found, formats.FileFault):
        raise found
    return found


def test_reserved_columns_are_taken_and_the_rest_is_the_body():
    found = task(
        key=" t1 ", language="sw", gold="yes", hint="Read twice.", priority="7", text="a", note=""
    )
    assert found == TaskRow(2, "t1", "sw", "yes", "Read twice.", 7, {"text": "a", "note": ""})


def test_empty_columns_mean_nothing_was_said():
    found = task(language="", gold=" ", hint="", priority="", text="a")
    assert found == TaskRow(2, None, None, None, None, 0, {"text": "a"})


def test_task_or_id_is_the_key_where_there_is_none():
    assert task(task="t1", text="a").key == "t1"
    assert task(id=7, text="a").key == "7"
    assert task(task="t1", id="7").body == {"id": "7"}
    assert task(key="k", id="7") == TaskRow(2, "k", None, None, None, 0, {"id": "7"})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"key": ""}, "Line 2, column key: the key is empty."),
        ({"key": None}, "Line 2, column key: the key is empty."),
        ({"id": "  "}, "Line 2, column id: the key is empty."),
        ({"key": True}, "Line 2, column key: a key is one line of text, or a whole number."),
        ({"key": "a\nb"}, "Line 2, column key: a key is one line of text, or a whole number."),
        ({"key": "k" * 501}, "Line 2, column key: a key has at most 500 characters."),
        ({"language": "xx"}, "Line 2, column language: the project has no language “xx”."),
        (
            {"priority": "101"},
            "Line 2, column priority: “101” is not a whole number from 0 to 100.",
        ),
        ({"priority": "-1"}, "Line 2, column priority: “-1” is not a whole number from 0 to 100."),
        ({"priority": 1.5}, "Line 2, column priority: “1.5” is not a whole number from 0 to 100."),
        ({"priority": "٣"}, "Line 2, column priority: “٣” is not a whole number from 0 to 100."),
        (
            {"gold": {"a": 1}},
            "Line 2, column gold: gold is text, a number, true, false, or a list of these.",
        ),
        (
            {"gold": ["a|b"]},
            "Line 2, column gold: gold is text, a number, true, false, or a list of these.",
        ),
        ({"hint": 5}, "Line 2, column hint: a hint is text."),
        (
            {"GOLDEN:a": "x", "GOLDEN:b": "y"},
            "Line 2, column GOLDEN:b: a row has one gold answer, and this is the second.",
        ),
        (
            {"INPUT:a": "x", "a": "y"},
            "Line 2, column a: the row has this field twice, with and without INPUT:.",
        ),
        ({"HINT:other": "x"}, "Line 2: the column HINT:other has no meaning here."),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_the_next_is_read(fields, sentence):
    fault, following = tasks(fields, {"text": "a"})
    assert isinstance(fault, formats.RowFault)
    assert str(fault) == sentence
    assert following.body == {"text": "a"}


def test_spellings_of_a_language_are_one_language():
    assert task(language="pt-br", text="a").language == "pt_BR"


@pytest.mark.parametrize(
    ("gold", "label"),
    [
        ("yes", "yes"),
        (5, "5"),
        (0.5, "0.5"),
        (True, "true"),
        (["a", "b"], "a|b"),
        ([1, False], "1|false"),
    ],
)
def test_gold_of_any_kind_becomes_one_label(gold, label):
    assert task(gold=gold, text="a").gold == label


def test_tolokas_prefixes_are_understood():
    fields = {
        "INPUT:image": "x.png",
        "INPUT:key": "k",
        "GOLDEN:result": "cat",
        "GOLDEN:other": "",
        "HINT:text": "It has whiskers.",
        "HINT:default_language": "EN",
    }
    assert tasks(fields) == [
        TaskRow(2, None, None, "cat", "It has whiskers.", 0, {"image": "x.png", "key": "k"})
    ]


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        (["INPUT:audio", "OUTPUT:transcription"], "OUTPUT:transcription"),
        (["INPUT:audio", "ASSIGNMENT:worker_id"], "ASSIGNMENT:worker_id"),
        (["Input.text", "Answer.label"], "Answer.label"),
        (["project", "stage", "task", "worker", "label", "answer", "price"], "answer"),
        (["task", "label", "confidence", "answers", "method", "status"], "status"),
    ],
)
def test_a_file_of_results_is_refused_as_a_whole(columns, named):
    with pytest.raises(faults.ResultsFile) as refused:
        tasks(dict.fromkeys(columns, "x"))
    assert str(refused.value) == (
        f"Line 2, column {named}: it holds answers. This is a results file, not a task file."
    )


def test_faults_of_the_file_pass_through_in_their_place():
    rows = formats.scan(io.BytesIO(b"key,text\n1,a\n2\n3,c\n"), "csv")
    found = list(task_rows(rows, language_codes=[]))
    assert [type(row).__name__ for row in found] == ["TaskRow", "WrongCellCount", "TaskRow"]


values = st.recursive(
    st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, max_size=5))
def test_a_derived_key_depends_on_content_and_not_on_order(body):
    key = derived_key(body)
    assert len(key) == 16
    assert derived_key(dict(reversed(body.items()))) == key
    assert derived_key(json.loads(json.dumps(body))) == key
    assert derived_key({**body, "one more": 1}) != key


def test_a_derived_key_is_the_same_in_every_release():
    assert derived_key({"text": "Habari?", "n": 1}) == "1ce8eb90b663a9aa"
