"""Uploaded files: bytes on disk, ids that stay the same for the same content."""

import base64
import hashlib
import struct
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from bot.sandbox.checks import Upload
from bot.sandbox.refusals import Refused, bad

UPLOAD_LIMIT = 50 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
UNKNOWN_SIZE = (320, 240)
SUFFIX = {"photo": ".jpg", "voice": ".oga"}


@dataclass(frozen=True, slots=True)
class File:
    """One stored file."""

    file_id: str
    unique_id: str
    kind: str
    filename: str
    mime_type: str
    size: int
    path: str
    dimensions: tuple[int, int] = UNKNOWN_SIZE

    def info(self) -> dict[str, Any]:
        """The fields that every media object has."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": self.size,
        }


class Files:
    """All files of a sandbox, in a directory of its own that goes away with it."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kazi-sandbox-")
        self._by_id: dict[str, File] = {}
        self._by_path: dict[str, File] = {}

    def close(self) -> None:
        """Delete the files."""
        self._directory.cleanup()

    def keep(self, kind: str, upload: Upload) -> File:
        """Store an upload."""
        if not upload.content:
            raise bad("file must be non-empty")
        if len(upload.content) > (PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT):
            raise Refused(413, "Request Entity Too Large")
        return self._store(kind, upload, hashlib.sha256(upload.content).digest())

    def remote(self, kind: str, url: str) -> File:
        """Stand in for a file somewhere on the net: a drawing that names its address."""
        picture = _placeholder(url).encode()
        name = url.split("?")[0].rstrip("/").rsplit("/", 1)[-1] or "file"
        coded = "url_" + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
        upload = Upload(name, picture, "image/svg+xml")
        return self._store(kind, upload, hashlib.sha256(url.encode()).digest(), file_id=coded)

    def get(self, file_id: str) -> File:
        """The file with this id."""
        file = self._by_id.get(file_id)
        if file is None:
            raise bad("wrong file identifier/HTTP URL specified")
        return file

    def at(self, path: str) -> File | None:
        """The file with this path, if any."""
        return self._by_path.get(path)

    def read(self, file: File) -> bytes:
        """The bytes of a file."""
        return self._place(file.file_id).read_bytes()

    def _place(self, file_id: str) -> Path:
        return Path(self._directory.name) / hashlib.sha256(file_id.encode()).hexdigest()

    def _store(self, kind: str, upload: Upload, digest: bytes, *, file_id: str = "") -> File:
        named = hashlib.sha256(f"{kind} {upload.filename}".encode() + digest).digest()
        coded = file_id or "BQAC" + base64.urlsafe_b64encode(named).decode().rstrip("=")
        if coded in self._by_id and self._by_id[coded].kind == kind:
            return self._by_id[coded]
        suffix = Path(upload.filename).suffix or SUFFIX.get(kind, "")
        file = File(
            file_id=coded,
            unique_id="AgAD" + base64.urlsafe_b64encode(digest[:9]).decode(),
            kind=kind,
            filename=upload.filename,
            mime_type=upload.mime_type,
            size=len(upload.content),
            path=f"{kind}s/file_{len(self._by_id)}{suffix}",
            dimensions=dimensions(upload.content),
        )
        self._place(coded).write_bytes(upload.content)
        self._by_id[coded] = self._by_path[file.path] = file
        return file


def dimensions(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG, GIF or JPEG; a usual size for anything else."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content[:3] == b"GIF" and len(content) >= 10:
        width, height = struct.unpack("<HH", content[6:10])
        return width, height
    if content[:2] == b"\xff\xd8":
        return _jpeg_dimensions(content)
    return UNKNOWN_SIZE


def _jpeg_dimensions(content: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return UNKNOWN_SIZE


def _placeholder(url: str) -> str:
    lines = [url[at : at + 36] for at in range(0, min(len(url), 180), 36)]
    text = "".join(
        f'<text x="160" y="{110 + 18 * n}" text-anchor="middle">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240" viewBox="0 0 320 240">'
        '<rect width="320" height="240" fill="#d7dee5"/>'
        f'<g font-family="sans-serif" font-size="13" fill="#33424f">{text}</g></svg>'
    )
