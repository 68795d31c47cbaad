"""Reading JSON of others: what is missing or of another kind counts as empty."""

from typing import Any

import msgspec


def read(payload: bytes) -> dict[str, Any]:
    """A JSON object. Raises ValueError for anything else."""
    try:
        return msgspec.json.decode(payload, type=dict[str, Any])
    except msgspec.DecodeError:
        raise ValueError("this is no JSON object") from None


def mapped(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object of that name."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def listed(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of that name, where there may be one alone or many."""
    found = value.get(name)
    many = found if isinstance(found, list) else [found]
    return [one for one in many if isinstance(one, dict)]


def text(value: dict[str, Any], name: str) -> str:
    """The text or number of that name."""
    found = value.get(name)
    return str(found) if isinstance(found, str | int) else ""
