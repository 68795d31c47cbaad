"""Files that the bot sends. Telegram takes 50 MB; what is larger goes compressed, or not at all."""

import gzip
import os
import shutil
import tempfile
from typing import BinaryIO

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
