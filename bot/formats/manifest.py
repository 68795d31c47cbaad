"""What was exported: size, rows and checksum of each file, to tell a whole file from a half."""

import hashlib
from collections.abc import Mapping
from io import SEEK_END, BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO

import msgspec

from bot import formats
from bot.formats.faults import EmptyFile, NoRows, UnknownFormat
from bot.formats.format import Limits

# Our own files are counted, not judged.
_ANY_SIZE = Limits(rows=2**62, line=2**31, cell=2**31, depth=1000)


def manifest(files: Mapping[str, bytes | Path]) -> bytes:
    """JSON by file name. It has no time in it: the same files give the same bytes."""
    described = {name: _describe(name, content) for name, content in files.items()}
    document = msgspec.json.encode({"files": described}, order="sorted")
    return msgspec.json.format(document, indent=2) + b"\n"


def _describe(name: str, content: bytes | Path) -> dict[str, object]:
    with _open(content) as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.seek(0, SEEK_END)
        stream.seek(0)
        return {"sha256": sha256, "bytes": size, "rows": _count(name, stream)}


def _open(content: bytes | Path) -> BytesIO | BufferedReader:
    return content.open("rb") if isinstance(content, Path) else BytesIO(content)


def _count(name: str, stream: BinaryIO) -> int | None:
    """None where the file has no rows to speak of."""
    try:
        format = formats.guess(name, b"")
    except UnknownFormat:
        return None
    try:
        return sum(1 for _ in formats.scan(stream, format, limits=_ANY_SIZE))
    except (EmptyFile, NoRows):
        return 0
