"""JSON Lines: one object a line.

msgspec reads a row in about a microsecond, but lets the last of two equal keys win and says nothing
of depth. A row in which that could have happened, told by counting brackets and quotes, is read
again slowly.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn, TextIO

import msgspec

from bot.formats.cells import as_json, mend
from bot.formats.faults import (
    BadCharacter,
    BadJson,
    CellTooLong,
    DuplicateField,
    EmptyField,
    EmptyFile,
    FileFault,
    NotAnObject,
    NotFinite,
    NumberTooLarge,
    RowFault,
    TooDeep,
)
from bot.formats.format import Format, Limits, Lines, Row

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def scan(lines: Lines, limits: Limits) -> Iterator[Row | FileFault]:
    empty = True
    for number, text in lines:
        if text.isspace():
            continue
        empty = False
        try:
            fields = _read(number, text.rstrip(), limits)
        except RowFault as fault:
            yield fault
        else:
            yield Row(number, fields)
    if empty:
        raise EmptyFile(line=1)


def write(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], stream: TextIO, safe: bool
) -> int:
    """Fields in the order of the columns: equal rows are equal bytes. JSON is always safe."""
    count = 0
    for row in rows:
        stream.write(as_json({name: row[name] for name in columns}) + "\n")
        count += 1
    return count


def _read(number: int, text: str, limits: Limits) -> dict[str, object]:
    try:
        value = _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        _examine(number, text, limits)
        raise BadJson(line=number, column=1) from None
    if not isinstance(value, dict):
        raise NotAnObject(line=number)
    if _needs_examining(text, value, limits):
        _examine(number, text, limits)
    return value


def _needs_examining(text: str, value: dict[str, object], limits: Limits) -> bool:
    """Without a backslash every quote delimits a string, so a lost key is a lost pair of quotes."""
    return (
        "\\" in text
        or "" in value
        or len(text) > limits.cell
        or text.count("{") + text.count("[") > limits.depth
        or text.count('"') != _encode(value).count(b'"')
    )


def _examine(number: int, text: str, limits: Limits) -> None:
    """Raises what is wrong with the line, if anything is."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=partial(_object, number),
            parse_constant=partial(_refuse_constant, number),
        )
    except json.JSONDecodeError as error:
        raise BadJson(line=number, column=error.pos + 1) from None
    except RecursionError:
        raise TooDeep(line=number, limit=limits.depth) from None
    except ValueError:  # thousands of digits
        raise NumberTooLarge(line=number) from None
    if not isinstance(value, dict):
        raise NotAnObject(line=number)
    for name, inner in value.items():
        if not name:
            raise EmptyField(line=number)
        _check_text(number, name, name, limits)
        _check(number, name, inner, limits, depth=2)


def _object(number: int, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise DuplicateField(line=number, column=name)
        fields[name] = value
    return fields


def _refuse_constant(number: int, word: str) -> NoReturn:
    raise NotFinite(line=number, value=word)


def _check(number: int, name: str, value: Any, limits: Limits, *, depth: int) -> None:
    if isinstance(value, str):
        _check_text(number, name, value, limits)
    elif isinstance(value, float) and not math.isfinite(value):
        raise NumberTooLarge(line=number)
    elif isinstance(value, dict | list):
        if depth > limits.depth:
            raise TooDeep(line=number, limit=limits.depth)
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(number, name, inner, limits, depth=depth + 1)


def _check_text(number: int, name: str, text: str, limits: Limits) -> None:
    if _UNSTORABLE.search(text):
        raise BadCharacter(line=number, column=mend(name))
    if len(text) > limits.cell:
        raise CellTooLong(line=number, column=name, limit=limits.cell)


FORMAT = Format(suffixes=(".jsonl", ".ndjson"), scan=scan, write=write)
