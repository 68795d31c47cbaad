"""Rows to tasks: which columns mean something to us, and which are shown to the worker.

Reserved columns are `key`, `language`, `gold`, `hint` and `priority`; all others are the body,
but for the tags `concept` and `difficulty` of rows with a gold answer.
`task` or `id` is taken for the key where the row has no `key`. Toloka's headers are understood:
`INPUT:x` is the field x of the body, the one `GOLDEN:x` that is filled is the gold, `HINT:text` is
the hint. A file that already holds answers is refused.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from bot.formats.faults import (
    AmbiguousColumn,
    BadConcept,
    BadDifficulty,
    BadGold,
    BadHint,
    BadKey,
    BadPriority,
    EmptyKey,
    FileFault,
    KeyTooLong,
    ResultsFile,
    RowFault,
    SeveralGolds,
    UnknownColumn,
    UnknownLanguage,
)
from bot.formats.format import Row

MAX_KEY = 500
MAX_PRIORITY = 100
MAX_CONCEPT = 60
MAX_DIFFICULTY = 5
GOLD_JOIN = "|"
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

KEY_ALIASES = ("task", "id")
INPUT, GOLDEN, HINT = "INPUT:", "GOLDEN:", "HINT:"
IGNORED = {"HINT:default_language"}

# Columns that only a file of results has: Toloka's, Mechanical Turk's and our own.
RESULT_PREFIXES = ("OUTPUT:", "ASSIGNMENT:", "ACCEPT:", "CONFIDENCE:", "Answer.")
RESULT_COLUMNS = ("AssignmentId", "HITId", "WorkerId")
OUR_RESULTS = (
    ("project", "stage", "task", "worker", "label", "answer"),
    ("task", "label", "confidence", "answers", "method", "status"),
)


class TaskRow(NamedTuple):
    """A row as a task. `key` is None where the row has none: see `derived_key`."""

    line: int
    key: str | None
    language: str | None
    gold: str | None
    hint: str | None
    priority: int
    body: dict[str, object]
    concept: str | None = None
    difficulty: int | None = None


def task_rows(
    rows: Iterable[Row | FileFault], *, language_codes: Collection[str]
) -> Iterator[TaskRow | FileFault]:
    """Tasks, and in their places the faults of rows, also those of `scan`. Raises ResultsFile."""
    languages = {_folded(code): code for code in language_codes}
    for row in rows:
        if isinstance(row, FileFault):
            yield row
            continue
        _refuse_results(row)
        try:
            task = _task(row, languages)
        except RowFault as fault:
            yield fault
        else:
            yield task


def derived_key(body: Mapping[str, object]) -> str:
    """A stable name for a task without one: from its content, in any order of fields."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _refuse_results(row: Row) -> None:
    for column in row.fields:
        if column.startswith(RESULT_PREFIXES) or column in RESULT_COLUMNS:
            raise ResultsFile(line=row.line, column=column)
    for columns in OUR_RESULTS:
        if row.fields.keys() >= set(columns):
            raise ResultsFile(line=row.line, column=columns[-1])


def _task(row: Row, languages: Mapping[str, str]) -> TaskRow:
    line, fields = row.line, dict(row.fields)
    key = _take_key(line, fields)
    gold = _take_gold(line, fields)
    return TaskRow(
        line=line,
        key=key,
        language=_take_language(line, fields, languages),
        gold=gold,
        hint=_take_hint(line, fields),
        priority=_take_priority(line, fields),
        concept=_take_concept(line, fields) if gold is not None else None,
        difficulty=_take_difficulty(line, fields) if gold is not None else None,
        body=_body(line, fields),
    )


def _take_key(line: int, fields: dict[str, object]) -> str | None:
    for column in ("key", *KEY_ALIASES):
        if column in fields:
            return _key(line, column, fields.pop(column))
    return None


def _key(line: int, column: str, value: object) -> str:
    if value is None or value == "":
        raise EmptyKey(line=line, column=column)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadKey(line=line, column=column)
    key = str(value).strip()
    if not key:
        raise EmptyKey(line=line, column=column)
    if len(key) > MAX_KEY:
        raise KeyTooLong(line=line, column=column, limit=MAX_KEY)
    if _BREAKS.search(key):
        raise BadKey(line=line, column=column)
    return key


def _take_language(
    line: int, fields: dict[str, object], languages: Mapping[str, str]
) -> str | None:
    value = fields.pop("language", None)
    if _is_empty(value):
        return None
    code = languages.get(_folded(str(value)))
    if code is None:
        raise UnknownLanguage(line=line, column="language", value=str(value))
    return code


def _folded(code: str) -> str:
    """pt-BR, pt_br and pt_BR are one language."""
    return code.strip().replace("-", "_").casefold()


def _take_gold(line: int, fields: dict[str, object]) -> str | None:
    columns = [name for name in fields if name == "gold" or name.startswith(GOLDEN)]
    filled = [(name, value) for name in columns if not _is_empty(value := fields.pop(name))]
    if len(filled) > 1:
        raise SeveralGolds(line=line, column=filled[1][0])
    return _gold(line, *filled[0]) if filled else None


def _gold(line: int, column: str, value: object) -> str:
    if not isinstance(value, list):
        return _label(line, column, value)
    labels = [_label(line, column, one) for one in value]
    if not labels or any(GOLD_JOIN in label for label in labels):
        raise BadGold(line=line, column=column)
    return GOLD_JOIN.join(labels)


def _label(line: int, column: str, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    raise BadGold(line=line, column=column)


def _take_hint(line: int, fields: dict[str, object]) -> str | None:
    filled = [
        (name, value)
        for name in ("hint", "HINT:text")
        if not _is_empty(value := fields.pop(name, None))
    ]
    if not filled:
        return None
    column, hint = filled[0]
    if len(filled) > 1:
        raise AmbiguousColumn(line=line, column="hint")
    if not isinstance(hint, str):
        raise BadHint(line=line, column=column)
    return hint


def _take_priority(line: int, fields: dict[str, object]) -> int:
    value = fields.pop("priority", None)
    if _is_empty(value):
        return 0
    found = _whole(value)
    if found is None or not 0 <= found <= MAX_PRIORITY:
        raise BadPriority(line=line, column="priority", value=str(value))
    return found


def _take_concept(line: int, fields: dict[str, object]) -> str | None:
    value = fields.pop("concept", None)
    if _is_empty(value):
        return None
    if not isinstance(value, str) or len(value.strip()) > MAX_CONCEPT:
        raise BadConcept(line=line, column="concept", limit=MAX_CONCEPT)
    return value.strip()


def _take_difficulty(line: int, fields: dict[str, object]) -> int | None:
    value = fields.pop("difficulty", None)
    if _is_empty(value):
        return None
    found = _whole(value)
    if found is None or not 1 <= found <= MAX_DIFFICULTY:
        raise BadDifficulty(line=line, column="difficulty", value=str(value))
    return found


def _whole(value: object) -> int | None:
    """A whole number, also as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,3}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _body(line: int, fields: Mapping[str, object]) -> dict[str, object]:
    body: dict[str, object] = {}
    for column, value in fields.items():
        if column in IGNORED:
            continue
        name = column.removeprefix(INPUT).strip()
        if not name or column.startswith(HINT):
            raise UnknownColumn(line=line, column=column)
        if name in body:
            raise AmbiguousColumn(line=line, column=name)
        body[name] = value
    return body


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
