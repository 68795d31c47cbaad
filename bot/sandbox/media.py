"""Media as they stand in a message."""

from typing import Any

from bot.sandbox.checks import Upload
from bot.sandbox.files import File, Files
from bot.sandbox.refusals import bad

KINDS = ("photo", "document", "voice", "audio")


def shown(kind: str, file: File, params: dict[str, Any]) -> dict[str, Any]:
    """The fields a message with this file has."""
    info = file.info()
    if kind == "photo":
        width, height = file.dimensions
        return {"photo": [info | {"width": width, "height": height}]}
    info["mime_type"] = file.mime_type
    if kind == "document":
        return {"document": info | {"file_name": file.filename}}
    info["duration"] = params.get("duration") or 1
    if kind == "audio":
        info["file_name"] = file.filename
        info |= {key: params[key] for key in ("performer", "title") if key in params}
    return {kind: info}


def given(files: Files, kind: str, value: Any, uploads: dict[str, Upload]) -> File:
    """The file a program means: an upload, `attach://part`, an address, or a file id."""
    if isinstance(value, str) and value.startswith("attach://"):
        value = uploads.get(value.removeprefix("attach://"), value)
    if isinstance(value, Upload):
        return files.keep(kind, value)
    if not isinstance(value, str) or not value:
        raise bad(f"there is no {kind} in the request")
    if value.startswith(("http://", "https://")):
        return files.remote(kind, value)
    file = files.get(value)
    if file.kind != kind and {file.kind, kind} != {"document", "audio"}:
        raise bad(f"can't use file of type {file.kind.title()} as {kind.title()}")
    return file


def kind_of(message: dict[str, Any]) -> str | None:
    """Which medium a message carries, if any."""
    return next((kind for kind in KINDS if kind in message), None)
