"""Values as text in a cell that is safe to open in a spreadsheet.

A spreadsheet runs a cell that starts with `=`, `+`, `-` or `@`, also behind spaces and characters
that cannot be seen. Such a cell gets an apostrophe in front; plain numbers (-5, +2.5) stay numbers.
`unescape` takes the apostrophe off again.
"""

import re
from typing import Any

import msgspec

# Spaces, and what has no width: joiners, direction marks, fillers, variation selectors, tags.
_UNSEEN = (
    r"\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_TRIGGERS = r"=+\-@\t\r\n＝＋－＠﹦﹢﹣﹫"
# Apostrophes are passed over, so that a cell which already looks escaped is escaped once more
# and comes back as it was.
_RUNS = re.compile(rf"'*[{_UNSEEN}]*[{_TRIGGERS}]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Nothing in it to clean, to escape or to quote: so are almost all cells of almost all files.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,:;/|()+-]*")
_HALVES = re.compile(r"[\ud800-\udfff]")


def cell(value: object, *, safe: bool = True) -> str:
    """A value as the text of one cell; nothing is an empty cell, lists and objects are JSON."""
    text = clean(_text(value))
    return escape(text) if safe else text


def clean(text: str) -> str:
    """Without control characters except tab and line ends, and without what UTF-8 cannot hold."""
    return mend(_CONTROLS.sub("", text))


def mend(text: str) -> str:
    """Halves of surrogate pairs become U+FFFD, NUL goes: neither survives in files or databases."""
    return _HALVES.sub("\ufffd", text).replace("\0", "")


def as_json(value: object) -> str:
    """Compact JSON of anything a row can hold, its texts mended."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return as_json(_mended(msgspec.to_builtins(value)))
    if "\\u0000" in text:
        text = msgspec.json.encode(_mended(msgspec.to_builtins(value))).decode()
    return text


def escape(text: str) -> str:
    return f"'{text}" if _would_run(text) else text


def unescape(text: str) -> str:
    """What `escape` was given."""
    return text[1:] if text.startswith("'") and _would_run(text[1:]) else text


def _would_run(text: str) -> bool:
    return bool(_RUNS.match(text)) and not _NUMBER.fullmatch(text)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    plain = msgspec.to_builtins(value)  # moments and decimals become text
    return plain if isinstance(plain, str) else as_json(plain)


def _mended(value: Any) -> Any:
    """The same structure with every text mended."""
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, dict):
        return {_mended(name): _mended(inner) for name, inner in value.items()}
    return [_mended(inner) for inner in value] if isinstance(value, list) else value
