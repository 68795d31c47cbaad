"""Reading files: what is clean is read, what is not is refused with the line and the column."""

import io
import json
import tracemalloc

import pytest

from bot import formats, i18n
from bot.formats import faults
from bot.formats.format import Limits


def read(data, format="csv", **options):
    return list(formats.read(io.BytesIO(data), format, **options))


def scan(data, format="csv", **options):
    return list(formats.scan(io.BytesIO(data), format, **options))


def fields(data, format="csv"):
    return [row.fields for row in read(data, format)]


LONG = "x" * 100_001
WIDE = "text,label\nhabari,yes\n"

# file name: (format, content, what is said)
MALFORMED = {
    "empty": ("csv", b"", "Line 1: the file is empty."),
    "mark_only": ("csv", b"\xef\xbb\xbf", "Line 1: the file is empty."),
    "blank_lines_only": ("jsonl", b"\n \n\r\n", "Line 1: the file is empty."),
    "header_only": ("csv", b"text,label\n", "Line 1: there is a header and no row below it."),
    "header_after_blank_lines": (
        "tsv",
        b"\n\ntext\tlabel\n\n",
        "Line 3: there is a header and no row below it.",
    ),
    "latin_1": (
        "csv",
        "text\nok\nmañana\n".encode("latin-1"),
        "Line 3, character 3: the file is not UTF-8. Save it as UTF-8 first.",
    ),
    "half_a_pair_in_utf_8": (
        "csv",
        b"text\n\xed\xa0\x80\n",
        "Line 2, character 1: the file is not UTF-8. Save it as UTF-8 first.",
    ),
    "cut_in_a_character": (
        "jsonl",
        '{"a": "é"}'.encode()[:8],
        "Line 1, character 8: the file is not UTF-8. Save it as UTF-8 first.",
    ),
    "utf_16": (
        "csv",
        WIDE.encode("utf-16"),
        "Line 1: the file is in UTF-16. Save it as UTF-8 first.",
    ),
    "utf_16_without_mark": (
        "csv",
        WIDE.encode("utf-16-be"),
        "Line 1: the file is in UTF-16. Save it as UTF-8 first.",
    ),
    "utf_32": (
        "csv",
        WIDE.encode("utf-32"),
        "Line 1: the file is in UTF-32. Save it as UTF-8 first.",
    ),
    "nul": (
        "csv",
        b"text,label\na,b\nc\0,d\n",
        "Line 3, character 2: a NUL character. Is this a text file?",
    ),
    "empty_column": (
        "csv",
        b"text,,label\na,b,c\n",
        "Line 1, column 2: this cell of the header is empty.",
    ),
    "trailing_delimiter_in_header": (
        "csv",
        b"text,label,\na,b\n",
        "Line 1, column 3: this cell of the header is empty.",
    ),
    "duplicate_column": (
        "csv",
        b"text,label, text\na,b,c\n",
        "Line 1, column text: the header has this column twice.",
    ),
    "too_few_cells": (
        "csv",
        b"a,b,c\n1,2,3\n1,2\n",
        "Line 3: number of cells 2, but the header has 3.",
    ),
    "too_many_cells": (
        "tsv",
        b"a\tb\n\n1\t2\t3\n",
        "Line 3: number of cells 3, but the header has 2.",
    ),
    "unclosed_quote_to_the_end": (
        "csv",
        b'text,label\na,b\nc,"d\n' + b"e,f\n" * 200,
        "Line 3, column label: the quote that opens here is never closed.",
    ),
    "unclosed_quote_to_another_cell": (
        "csv",
        b'text,label\n"oops,a\nb,c\n"fine",d\n',
        "Line 2, column text: the quote that opens here is never closed.",
    ),
    "unclosed_quote_below_the_start_of_its_row": (
        "csv",
        b'text,label\na,b\n"two\nlines","open\ne,f\n',
        "Line 4, column label: the quote that opens here is never closed.",
    ),
    "unclosed_quote_in_the_header": (
        "csv",
        b'text,"label\na,b\n',
        "Line 1, column 2: the quote that opens here is never closed.",
    ),
    "text_after_a_quote": (
        "csv",
        b'text,label\n"a" b,c\n',
        "Line 2, column text: there is text after the closing quote.",
    ),
    "long_cell": (
        "csv",
        f"text,label\na,{LONG}\n".encode(),
        "Line 2, column label: longer than 100000 characters.",
    ),
    "long_quoted_cell": (
        "csv",
        f'text,label\n"a\nb","{LONG}"\n'.encode(),
        "Line 3, column label: longer than 100000 characters.",
    ),
    "long_row_of_short_cells": (
        "csv",
        b'text,label\n"a' + b'\n","' * 501_000 + b'"\n',
        "Line 2: the row is longer than 1000000 characters.",
    ),
    "long_line": (
        "jsonl",
        b'{"a": 1}\n' + b"x" * 1_200_000,
        "Line 2: the line is longer than 1000000 bytes.",
    ),
    "array": (
        "jsonl",
        b'{"a": 1}\n\n[1, 2]\n',
        "Line 3: a row must be a JSON object, in curly brackets.",
    ),
    "broken_json": (
        "jsonl",
        '{"a": 1}\n{"é": "é" "b": 2}\n'.encode(),
        "Line 2, character 11: this is not valid JSON.",
    ),
    "json_that_ends_too_early": (
        "jsonl",
        b'{"a": \n',
        "Line 1, character 6: this is not valid JSON.",
    ),
    "json_over_several_lines": (
        "jsonl",
        b'{\n  "a": 1\n}\n',
        "Line 1, character 2: this is not valid JSON.",
    ),
    "long_json_text": (
        "jsonl",
        f'{{"a": 1, "b": ["{LONG}"]}}'.encode(),
        "Line 1, column b: longer than 100000 characters.",
    ),
    "duplicate_field": (
        "jsonl",
        b'{"a": 1, "b": 2, "a": 3}\n',
        "Line 1, field a: the object has this field twice.",
    ),
    "duplicate_field_within": (
        "jsonl",
        b'{"a": [{"b": {"c": 1, "c": 1}}]}\n',
        "Line 1, field c: the object has this field twice.",
    ),
    "duplicate_field_with_escapes": (
        "jsonl",
        b'{"a": "say \\"hi\\"", "b": 1, "\\u0062": 2}\n',
        "Line 1, field b: the object has this field twice.",
    ),
    "field_without_name": ("jsonl", b'{"": 1}\n', "Line 1: a field has no name."),
    "nan": ("jsonl", b'{"a": NaN}\n', "Line 1: NaN is not a number in JSON."),
    "infinity": ("jsonl", b'{"a": [-Infinity]}\n', "Line 1: -Infinity is not a number in JSON."),
    "overflow": ("jsonl", b'{"a": 1e999}\n', "Line 1: a number is too large."),
    "thousands_of_digits": (
        "jsonl",
        b'{"a": ' + b"9" * 5000 + b"}\n",
        "Line 1: a number is too large.",
    ),
    "deep": (
        "jsonl",
        b'{"a": 1}\n{"a": [[[[[1]]]]]}\n',
        "Line 2: objects and lists are nested deeper than 5 levels.",
    ),
    "very_deep": (
        "jsonl",
        b"[" * 100_000,
        "Line 1: objects and lists are nested deeper than 5 levels.",
    ),
    "escaped_nul": (
        "jsonl",
        b'{"a": "b\\u0000c"}\n',
        "Line 1, field a: a NUL or half of a surrogate pair.",
    ),
    "half_a_pair_in_json": (
        "jsonl",
        b'{"a": {"b": "\\ud800"}}\n',
        "Line 1, field a: a NUL or half of a surrogate pair.",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_refused_with_line_and_column(name):
    format, data, sentence = MALFORMED[name]
    with pytest.raises(formats.FileFault) as refused, i18n.speaking("en"):
        read(data, format)
    assert str(refused.value) == sentence
    assert refused.value.say() == sentence
    assert f"Line {refused.value.line}" in sentence


@pytest.mark.parametrize("name", [name for name in MALFORMED if len(MALFORMED[name][1]) < 1000])
def test_a_file_read_byte_by_byte_is_refused_in_the_same_way(name):
    format, data, _ = MALFORMED[name]

    def refusal(stream):
        with pytest.raises(formats.FileFault) as refused:
            list(formats.read(stream, format))
        return type(refused.value), refused.value.values

    assert refusal(Dripping(data)) == refusal(io.BytesIO(data))


class Dripping(io.BytesIO):
    """A pipe that gives one byte at a time."""

    def read(self, size=-1):
        return super().read(min(size, 1))


def test_more_rows_than_allowed_are_refused():
    with pytest.raises(faults.TooManyRows) as refused:
        read(b"a\n1\n2\n3\n", limits=Limits(rows=2))
    assert str(refused.value).startswith("Line 4: a file can have 2 rows.")


def test_a_fault_of_one_row_does_not_stop_the_scan():
    found = scan(b'a,b\n1,2\n1\n"x" y,2\n3,4\n')
    assert [(type(row).__name__, row.line) for row in found] == [
        ("Row", 2),
        ("WrongCellCount", 3),
        ("StrayQuote", 4),
        ("Row", 5),
    ]
    found = scan(b'{"a": 1}\nnot json\n7\n{"a": 2}\n', "jsonl")
    assert [type(row).__name__ for row in found] == ["Row", "BadJson", "NotAnObject", "Row"]


def test_a_cell_that_is_too_long_costs_its_own_row_only():
    found = scan(f'a,b\n"{LONG}\n{LONG}",2\n3,4\n'.encode())
    assert [type(row).__name__ for row in found] == ["CellTooLong", "Row"]
    assert found[1] == formats.Row(4, {"a": "3", "b": "4"})


def test_faults_of_the_whole_file_stop_the_scan():
    rows = formats.scan(io.BytesIO(b'a,b\n1,2\n3,"4\n'), "csv")
    assert next(rows) == formats.Row(2, {"a": "1", "b": "2"})
    with pytest.raises(faults.UnclosedQuote):
        next(rows)


def test_the_first_fault_in_the_file_is_the_one_that_is_named():
    with pytest.raises(faults.WrongCellCount):
        read(b"a,b\n1\n\0\n")


def test_a_long_foreign_name_is_cut_in_the_sentence():
    with pytest.raises(faults.DuplicateColumn) as refused:
        read(f'"{LONG[:500]}\n",b,"{LONG[:500]}"\n1,2,3\n'.encode())
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_understood_and_lines_counted_as_editors_do(end):
    text = end.join(["a,b", "1,2", "", '"x', 'y",3', "4,5"])
    assert read(text.encode()) == [
        formats.Row(2, {"a": "1", "b": "2"}),
        formats.Row(4, {"a": f"x{end}y", "b": "3"}),
        formats.Row(6, {"a": "4", "b": "5"}),
    ]
    lines = end.join(['{"a": 1}', "", '{"a": 2}'])
    assert [row.line for row in read(lines.encode(), "jsonl")] == [1, 3]


def test_line_ends_on_the_edge_of_a_block_are_one_line_end():
    filler = b"x" * 50
    data = b"a\r\n" + (filler + b"\r\n") * 20_000
    assert [row.line for row in read(data)][-1] == 20_001


def test_a_byte_order_mark_is_not_part_of_the_first_name():
    assert fields(b"\xef\xbb\xbfa,b\n1,2\n") == [{"a": "1", "b": "2"}]
    assert fields(b'\xef\xbb\xbf{"a": 1}', "jsonl") == [{"a": 1}]


def test_separators_of_other_scripts_are_text_not_line_ends():
    text = "a\u2028b\u0085c\x0bd"
    assert fields(f"x\n{text}\n".encode()) == [{"x": text}]
    assert fields('{"x": "a\u2028b"}'.encode(), "jsonl") == [{"x": "a\u2028b"}]


def test_semicolons_delimit_where_the_header_has_no_comma():
    assert fields(b'text;"a,b"\nMerci, oui;1\n') == [{"text": "Merci, oui", "a,b": "1"}]
    assert fields(b"text,a;b\nx;y,1\n") == [{"text": "x;y", "a;b": "1"}]


def test_quotes_follow_the_rules_of_csv():
    data = b'a,b\n"say ""hi""","1,2"\n5" pipe,"two\nlines"\n"",\n'
    assert fields(data) == [
        {"a": 'say "hi"', "b": "1,2"},
        {"a": '5" pipe', "b": "two\nlines"},
        {"a": "", "b": ""},
    ]


def test_rows_of_only_tabs_part_suites_and_are_passed_over():
    data = b"INPUT:a\tINPUT:b\n1\t2\n\t\n3\t4\n\t\t\n"
    assert [row.line for row in read(data, "tsv")] == [2, 4]


def test_json_stays_as_it_is_in_cells_and_becomes_values_in_lines():
    shapes = [{"shape": "rectangle", "left": 0.5}]
    quoted = json.dumps(shapes).replace('"', '""')
    assert fields(f'image\toutlines\nx.png\t"{quoted}"\n'.encode(), "tsv") == [
        {"image": "x.png", "outlines": json.dumps(shapes)}
    ]
    assert fields(json.dumps({"outlines": shapes}).encode(), "jsonl") == [{"outlines": shapes}]


def test_five_levels_and_escapes_are_fine():
    row = {"a": {"b": [{"c": ['say "hi" \\ \n é']}]}}
    assert fields(json.dumps(row).encode(), "jsonl") == [row]


class Generated(io.RawIOBase):
    """A large file that is never whole anywhere."""

    def __init__(self, header, line, count):
        self.parts = (header if i < 0 else line(i) for i in range(-1, count))
        self.rest = b""

    def readable(self):
        return True

    def readinto(self, buffer):
        while len(self.rest) < len(buffer):
            part = next(self.parts, None)
            if part is None:
                break
            self.rest += part
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_memory_does_not_grow_with_the_file(format):
    count = 300_000 if format == "jsonl" else 60_000
    raw = (
        Generated(b"", lambda i: b'{"key": "k%d", "text": "habari ya asubuhi"}\n' % i, count)
        if format == "jsonl"
        else Generated(b"key,text\n", lambda i: b'k%d,"habari, asubuhi"\n' % i, count)
    )
    tracemalloc.start()
    try:
        rows = sum(1 for _ in formats.read(io.BufferedReader(raw, 65_536), format))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == count
    assert peak < 30_000_000


def test_memory_does_not_grow_behind_an_unclosed_quote():
    raw = Generated(b'key,text\nk,"open\n', lambda i: b"k%d,habari ya asubuhi\n" % i, 150_000)
    tracemalloc.start()
    try:
        with pytest.raises(faults.UnclosedQuote) as refused:
            list(formats.read(io.BufferedReader(raw, 65_536), "csv"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.line == 2
    assert peak < 30_000_000


@pytest.mark.parametrize(
    ("filename", "head", "format"),
    [
        ("tasks.csv", b"", "csv"),
        ("TASKS.CSV", b"a;b", "csv"),
        ("tasks.csv", b"a\tb\n1\t2", "tsv"),
        ("tasks.tsv", b"a", "tsv"),
        ("tasks.jsonl", b"", "jsonl"),
        ("tasks.ndjson", b"", "jsonl"),
        ("tasks.json", b'{"a": 1}\n', "jsonl"),
        ("tasks.txt", b"\xef\xbb\xbfa\tb\n", "tsv"),
        ("tasks", b"a,b\n", "csv"),
    ],
)
def test_the_format_is_guessed_by_name_and_first_line(filename, head, format):
    assert formats.guess(filename, head) == format


@pytest.mark.parametrize(
    ("filename", "head"),
    [
        ("tasks.xlsx", b"PK\x03\x04"),
        ("tasks.json", b"[\n"),
        ("photo.jpg", b"a,b\n"),
        ("notes.txt", b"habari\n"),
        ("notes.txt", b""),
        ("tasks", "a,b\n".encode("utf-16")),
    ],
)
def test_what_cannot_be_guessed_is_refused_by_name(filename, head):
    with pytest.raises(formats.UnknownFormat) as refused:
        formats.guess(filename, head)
    assert str(refused.value) == f"{filename} is not a CSV, TSV or JSONL file."
