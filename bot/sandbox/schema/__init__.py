"""The Bot API as a table: methods, types, fields and limits. `generate.py` wrote it; see NOTICE."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec


class Field(NamedTuple):
    """One field or parameter. `low` and `high` bound what `unit` counts."""

    kinds: tuple[str, ...]
    required: bool
    low: int = 0
    high: int = 0
    unit: str = ""
    parsed: bool = False
    choices: tuple[str, ...] = ()


class Row(msgspec.Struct):
    """A line of the table."""

    fields: dict[str, str] = {}
    subtypes: list[str] = []
    returns: str = ""


class Table(msgspec.Struct):
    """The whole table."""

    version: str
    methods: dict[str, Row]
    types: dict[str, Row]


@cache
def table() -> Table:
    """The table, read once."""
    return msgspec.json.decode(Path(__file__).with_name("bot_api.json").read_bytes(), type=Table)


def field(spec: str) -> Field:
    """`String! 1-64 bytes` as a Field."""
    words = spec.split(" ")
    kinds, required = words[0].rstrip("!"), words[0].endswith("!")
    found = Field(tuple(kinds.split("|")), required)
    for at, word in enumerate(words):
        if word in ("characters", "bytes", "items", "value"):
            low, high = words[at - 1].split("-")
            found = found._replace(low=int(low), high=int(high), unit=word)
        elif word == "parsed":
            found = found._replace(parsed=True)
        elif word.startswith("="):
            found = found._replace(choices=(word[1:],))
        elif word == "in":
            found = found._replace(choices=tuple(words[at + 1].split(",")))
    return found
