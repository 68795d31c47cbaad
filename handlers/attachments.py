"""Files that the bot sends. Telegram takes 50 MB; what is larger goes compressed, or not at all."""

import gzip
import io
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from typing import BinaryIO, TextIO

from bot.errors import Refusal
from bot.i18n import gettext as _

MOST = 49 * 1024 * 1024  # bytes


def fitted(name: str, file: BinaryIO) -> tuple[str, bytes] | None:
    """The whole file under its name, or compressed; None when Telegram takes neither."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size <= MOST:
        return name, file.read()
    with tempfile.TemporaryFile() as packed:
        with gzip.GzipFile(name, "wb", fileobj=packed, mtime=0) as archive:
            shutil.copyfileobj(file, archive)
        if packed.tell() > MOST:
            return None
        packed.seek(0)
        return f"{name}.gz", packed.read()


async def written(name: str, write: Callable[[TextIO], Awaitable[object]]) -> tuple[str, bytes]:
    """What `write` puts into a text stream, as a file; or a file that says why there is none."""
    with tempfile.TemporaryFile() as file:
        stream = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            await write(stream)
        except Refusal as refusal:  # it would be refused each time: better told than tried again
            return "refused.txt", refusal.say().encode()
        stream.flush()
        return fitted(name, file) or too_large(name)


def too_large(name: str) -> tuple[str, bytes]:
    said = _("{file} is larger than Telegram takes. Use kazi export on the server.")
    return "too-large.txt", said.format(file=name).encode()
