"""What a file of rows holds, looked at before anything is made of it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import formats
from bot.formats.faults import FileFault
from bot.formats.tasks import TaskRow, derived_key, task_rows
from bot.work import reading

HEAD = 65_536  # bytes that tell the format
SHOWN = 3  # faults kept with their sentences; the others are counted
LABELS = 20  # distinct gold labels beyond which they are no options
MEDIA = {
    "photo": re.compile(r"https://\S+\.(?:jpe?g|png|webp|gif)(?:\?\S*)?", re.IGNORECASE),
    "audio": re.compile(r"https://\S+\.(?:mp3|m4a|ogg|oga)(?:\?\S*)?", re.IGNORECASE),
}


@dataclass(slots=True)
class Survey:
    """A file in figures."""

    rows: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    """How many rows have something in each field that a worker could be shown."""
    media: dict[str, str] = field(default_factory=dict)
    """photo or audio for fields that hold nothing but addresses of such."""
    languages: Counter[str] = field(default_factory=Counter)
    unsaid: int = 0
    """Rows that do not say their language."""
    keyed: int = 0
    """Rows with a key of their own."""
    gold: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    """The gold answers and how often each; at most LABELS + 1 of them."""
    duplicates: int = 0
    faults: list[FileFault] = field(default_factory=list)
    total: int = 0
    """How many faults in all."""

    @property
    def full(self) -> list[str]:
        """Fields that every row has, in the order of the file."""
        good = self.rows - self.total
        return [name for name, count in self.columns.items() if count == good]


def look(path: Path, filename: str) -> Survey:
    """Read the file once. Faults of the whole file are among the faults; nothing is raised."""
    found = Survey()
    keys: set[str] = set()
    try:
        format = format_of(path, filename)
        with path.open("rb") as stream:
            rows = formats.scan(stream, format)
            for row in task_rows(rows, language_codes=reading.language_tags()):
                _count(found, row, keys)
    except FileFault as fault:
        _refuse(found, fault)
    found.media = {name: kind for name, kind in found.media.items() if kind}
    return found


def format_of(path: Path, filename: str) -> str:
    """By the name the file was sent under and its beginning. Raises UnknownFormat."""
    with path.open("rb") as stream:
        return formats.guess(filename, stream.read(HEAD))


def _count(found: Survey, row: TaskRow | FileFault, keys: set[str]) -> None:
    found.rows += 1
    if isinstance(row, FileFault):
        _refuse(found, row)
        return
    _count_language(found, row)
    _count_key(found, row, keys)
    if row.gold is not None:
        found.gold += 1
        if row.gold in found.labels or len(found.labels) <= LABELS:
            found.labels[row.gold] += 1
    for name, value in row.body.items():
        if value is not None and str(value).strip():
            found.columns[name] = found.columns.get(name, 0) + 1
            _note_media(found, name, value)


def _refuse(found: Survey, fault: FileFault) -> None:
    found.total += 1
    if len(found.faults) < SHOWN:
        found.faults.append(fault)


def _count_language(found: Survey, row: TaskRow) -> None:
    code = reading.language(row.language) if row.language else None
    if code is None:
        found.unsaid += 1
    else:
        found.languages[code] += 1


def _count_key(found: Survey, row: TaskRow, keys: set[str]) -> None:
    found.keyed += row.key is not None
    key = row.key or derived_key({"body": row.body, "language": row.language})
    if key in keys:
        found.duplicates += 1
    keys.add(key)


def _note_media(found: Survey, name: str, value: Any) -> None:
    """The kind of a field stays what its first row says, as long as every row agrees."""
    kind = _kind(str(value))
    if found.media.setdefault(name, kind) != kind:
        found.media[name] = ""


def _kind(text: str) -> str:
    written = text.strip()
    return next((kind for kind, form in MEDIA.items() if form.fullmatch(written)), "")


def options(labels: Iterable[str], *, most: int) -> list[str]:
    """Labels as options of a question, in a fixed order; [] when there are too few or too many."""
    found = sorted(labels)
    return found if 2 <= len(found) <= most else []
