"""Real files of other systems, where they are at hand: read whole, or refused at the right row."""

import json
from pathlib import Path

import pytest

from bot import formats
from bot.formats import faults
from bot.formats.tasks import TaskRow, task_rows

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = SHARED / "formats"
DOCUMENTS = sorted(FILES.glob("labelstudio/*.json"))

pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="the shared data is not here")

# path: rows, and whether it is a file of tasks
REAL = {
    "toloka/abulafia_blocklist.tsv": (2, True),
    "toloka/abulafia_classify_text_data_gold.tsv": (4, True),
    "toloka/abulafia_classify_text_exam.tsv": (3, True),
    "toloka/abulafia_classify_text_training.tsv": (3, True),
    "toloka/abulafia_segmentation_data.tsv": (3, True),
    "toloka/cats_vs_dogs_tasks.tsv": (202, True),
    "toloka/crowdspeech_results_first2000.tsv": (1932, False),
    "mturk/crowdtruth_platform_amt1.csv": (27, False),
    "mturk/crowdtruth_platform_amt3.csv": (30, False),
    "mturk/crowdtruth_platform_amt5.csv": (12, False),
    "mturk/p808_batch_input.csv": (1000, True),
}


def read(path):
    with path.open("rb") as stream:
        format = formats.guess(path.name, stream.read(4096))
        stream.seek(0)
        return list(formats.read(stream, format))


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_is_read_whole(name):
    count, _ = REAL[name]
    assert len(read(FILES / name)) == count


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_of_tasks_is_taken_and_one_of_results_is_refused(name):
    count, is_tasks = REAL[name]
    rows = task_rows(read(FILES / name), language_codes=["en"])
    if is_tasks:
        assert sum(isinstance(row, TaskRow) for row in rows) == count
    else:
        with pytest.raises(faults.ResultsFile) as refused:
            list(rows)
        assert refused.value.line == 2


def test_every_real_table_is_known_here():
    tables = {*FILES.glob("*/*.tsv"), *FILES.glob("*/*.csv")}
    assert tables == {FILES / name for name in REAL}


def test_json_in_tolokas_cells_is_whole():
    rows = read(FILES / "toloka/abulafia_segmentation_data.tsv")
    shapes = json.loads(rows[0].fields["outlines"])
    assert shapes[0]["shape"] == "rectangle"
    assert [row.line for row in rows] == [2, 3, 4]


def test_cells_over_several_lines_keep_their_line_ends_and_the_count_of_lines():
    rows = {
        row.line: row.fields for row in read(FILES / "toloka/crowdspeech_results_first2000.tsv")
    }
    assert rows[64]["OUTPUT:transcription"] == '"did not the dancing amuse you?" "no" '
    assert rows[125]["OUTPUT:transcription"].endswith("Daedalus.\r\n")
    assert 126 not in rows
    assert 127 in rows


def test_training_has_hints_and_its_rows_are_tasks():
    path = FILES / "toloka/abulafia_classify_text_training.tsv"
    first = next(task_rows(read(path), language_codes=["en"]))
    assert first.hint == "The writer is clearly not happy with the book."
    assert first.body["result"] == "negative"


def test_batches_with_two_columns_more_than_cells_are_refused_by_row(tmp_path):
    data = (FILES / "mturk/crowdtruth_platform_amt1.csv").read_bytes()
    header, rest = data.split(b"\n", 1)
    path = tmp_path / "batch.csv"
    path.write_bytes(header + b',"Approve","Reject"\n' + rest)
    with pytest.raises(faults.WrongCellCount) as refused:
        read(path)
    assert str(refused.value) == "Line 2: number of cells 7, but the header has 9."
    with path.open("rb") as stream:
        found = list(formats.scan(stream, "csv"))
    assert [fault.line for fault in found] == list(range(2, 29))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_label_studios_documents_are_not_rows(path):
    with pytest.raises(formats.FileFault):
        read(path)


@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("*/tasks.csv")), ids=lambda path: path.parent.name
)
def test_recorded_task_sets_are_tasks_with_keys(path):
    found = list(task_rows(read(path), language_codes=[]))
    assert all(isinstance(row, TaskRow) and row.key for row in found)
    assert len({row.key for row in found}) == len(found)
