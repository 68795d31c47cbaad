"""Writing files: what was written can be read back, and a spreadsheet runs none of it."""

import csv
import hashlib
import io
import json
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import formats
from bot.formats.cells import clean, mend
from bot.formats.manifest import manifest

TRIGGERS = "=+-@\t\r\n＝＋－＠"


def written(columns, rows, format, **options):
    stream = io.StringIO(newline="")
    assert formats.write(columns, rows, stream, format, **options) == len(rows)
    return stream.getvalue()


def back(text, format):
    return [row.fields for row in formats.read(io.BytesIO(text.encode()), format)]


# Halves of pairs, controls and everything else; and texts that look like what the rules are about.
anything = st.one_of(
    st.text(st.characters(codec=None)),
    st.text(st.sampled_from("'=+-@ \t\r\n\"\\,;|\u200b\ufeff\u00a0\u202e＝－1.5a\0\x85\ud800")),
)


@given(st.lists(anything, min_size=1, max_size=4), st.sampled_from(["csv", "tsv"]))
@example(["'=1", "''=1", "'-5", "-5", "", "'"], "csv")
def test_any_text_comes_back_from_a_table(texts, format):
    columns = [f"c{i}" for i in range(len(texts))]
    rows = back(written(columns, [dict(zip(columns, texts, strict=True))] * 2, format), format)
    assert len(rows) == 2
    for row in rows:
        assert [formats.unescape(row[name]) for name in columns] == [clean(text) for text in texts]


@given(st.lists(anything, min_size=1, max_size=4), st.sampled_from(["csv", "tsv"]))
def test_no_cell_starts_with_a_formula(texts, format):
    columns = [f"c{i}" for i in range(len(texts))]
    text = written(columns, [dict(zip(columns, texts, strict=True))], format)
    delimiter = "," if format == "csv" else "\t"
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
        for cell in row:
            assert not starts_a_formula(cell)
            assert "\0" not in cell


def starts_a_formula(cell):
    visible = cell.lstrip(" \u00a0\u200b\u200c\u200d\u2060\ufeff\u202e\u3000")
    if not visible.startswith(tuple(TRIGGERS)):
        return False
    try:
        return not (cell.isascii() and Decimal(cell).is_finite())
    except ArithmeticError:
        return True


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        st.recursive(
            anything | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=4,
        ).filter(lambda value: "inf" not in str(value)),
        min_size=1,
        max_size=4,
    )
)
def test_any_row_comes_back_from_lines_of_json(row):
    limits = formats.Limits(depth=20)
    text = written(list(row), [row], "jsonl")
    [found] = formats.read(io.BytesIO(text.encode()), "jsonl", limits=limits)
    assert found.fields == mended(row)
    assert list(found.fields) == list(row)


def mended(value):
    match value:
        case str():
            return mend(value)
        case list():
            return [mended(inner) for inner in value]
        case dict():
            return {name: mended(inner) for name, inner in value.items()}
    return value


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+254 700 000000", "'+254 700 000000"),
        ("-2+3", "'-2+3"),
        ("  =1", "'  =1"),
        ("\u200b\u00a0=1", "'\u200b\u00a0=1"),
        ("＝1", "'＝1"),
        ("\tx", "'\tx"),
        ("- a list", "'- a list"),
        ("-5", "-5"),
        ("+2.5", "+2.5"),
        ("-5\n", "'-5\n"),
        ("a=1", "a=1"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_a_cell_that_would_run_gets_an_apostrophe(text, cell):
    assert formats.escape(text) == cell
    assert formats.unescape(cell) == text


def test_names_of_columns_are_made_safe_too():
    assert written(["=cmd()"], [], "csv") == '"\'=cmd()"\n'


def test_values_are_written_as_people_and_programs_expect():
    row = {
        "none": None,
        "yes": True,
        "number": -5,
        "share": 0.25,
        "price": Decimal("0.02"),
        "at": datetime(2026, 11, 12, 18, tzinfo=UTC),
        "list": ["a", "ü"],
        "control": "a\x07b\0c",
    }
    assert written(list(row), [row], "csv") == (
        "none,yes,number,share,price,at,list,control\n"
        '"","true","-5","0.25","0.02","2026-11-12T18:00:00Z","[""a"",""ü""]","abc"\n'
    )
    assert json.loads(written(["none", "yes", "list"], [row], "jsonl")) == {
        "none": None,
        "yes": True,
        "list": ["a", "ü"],
    }


def test_tables_for_programs_can_be_written_without_the_apostrophe():
    assert written(["a"], [{"a": "=1"}], "csv", safe=False) == 'a\n"=1"\n'


def test_a_row_of_empty_cells_is_not_lost():
    assert back(written(["a"], [{"a": ""}, {"a": None}], "csv"), "csv") == [{"a": ""}, {"a": ""}]


def test_rows_are_written_as_they_come():
    stream = io.StringIO()
    seen = []

    def rows():
        for i in range(3):
            seen.append(stream.getvalue().count("\n"))
            yield {"a": i}

    formats.write(["a"], rows(), stream, "csv")
    assert seen == [1, 2, 3]


def test_a_manifest_has_size_rows_and_checksum_and_no_time(tmp_path):
    table = written(["a"], [{"a": "two\nlines"}, {"a": "x" * 200_000}], "csv").encode()
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a": 1}\n')
    files = {"answers.csv": table, "lines.jsonl": path, "none.csv": b"a\n", "notes.md": b"hi"}
    found = json.loads(manifest(files))["files"]
    assert found["answers.csv"] == {
        "bytes": len(table),
        "rows": 2,
        "sha256": hashlib.sha256(table).hexdigest(),
    }
    assert [found[name]["rows"] for name in files] == [2, 1, 0, None]
    assert manifest(files) == manifest(dict(reversed(files.items())))


def test_full_width_signs_are_what_a_spreadsheet_would_fold():
    for sign in "＝＋－＠﹦﹢﹣﹫":
        assert unicodedata.normalize("NFKC", sign) in "=+-@"
        assert formats.escape(f"{sign}1") == f"'{sign}1"
