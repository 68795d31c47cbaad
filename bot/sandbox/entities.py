"""Formatted text: Telegram's HTML to entities, and the entities that Telegram finds by itself.

Offsets and lengths count UTF-16 units, as everywhere in the Bot API.
"""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any, NoReturn

from bot.sandbox.checks import utf16
from bot.sandbox.refusals import Refused, bad

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
# Only these four names are known to Telegram's parser; any other & stays as it was typed.
REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
TAG = re.compile(r"<(/?)([a-zA-Z0-9-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)(>?)")
ATTRIBUTE = re.compile(r"\s*([a-zA-Z0-9_-]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/]))"
    r"|(?P<url>https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'])"
    r"|(?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?P<mention>(?<![\w@])@[A-Za-z]\w{2,31})"
    r"|(?P<hashtag>(?<!\w)#\w*[^\W\d_]\w*)"
)
OPAQUE = frozenset({"code", "pre", "text_link"})


@dataclass(slots=True)
class _Open:
    """A start tag still waiting for its end."""

    name: str
    kind: str
    start: int
    extra: dict[str, str] = field(default_factory=dict)


def formatted(
    text: str, mode: str | None, given: list[dict[str, Any]] | None = None
) -> tuple[str, list[dict[str, Any]]]:
    """The text as people see it and its entities, trimmed as Telegram trims."""
    if not mode:
        plain, entities = text, [dict(entity) for entity in given or ()]
    elif mode.lower() == "html":
        plain, entities = _parse(text)
    elif mode.lower() in ("markdown", "markdownv2"):
        raise bad(f"parse_mode {mode} is not supported by the sandbox")
    else:
        raise bad("unsupported parse_mode")
    plain, entities = _trim(plain, entities)
    return plain, _ordered(entities + found(plain, entities))


def found(text: str, known: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Commands, links, addresses, mentions and hashtags that stand in a text as such."""
    if not any(mark in text for mark in "/@#"):
        return []
    opaque = [e for e in known or () if e["type"] in OPAQUE]
    entities = (
        {
            "type": str(match.lastgroup),
            "offset": utf16(text[: match.start()]),
            "length": utf16(match[0]),
        }
        for match in FOUND.finditer(text)
    )
    return [entity for entity in entities if not any(_overlap(entity, o) for o in opaque)]


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"]
        and other["offset"] < one["offset"] + one["length"]
    )


def _parse(text: str) -> tuple[str, list[dict[str, Any]]]:
    if "<" not in text and "&" not in text:
        return text, []
    pieces: list[str] = []
    stack: list[_Open] = []
    entities: list[dict[str, Any]] = []
    at = length = 0
    while at < len(text):
        tag = text.find("<", at)
        plain = REFERENCE.sub(_dereference, text[at : tag if tag >= 0 else len(text)])
        pieces.append(plain)
        length += utf16(plain)
        if tag < 0:
            break
        at = _read_tag(text, tag, stack, entities, length)
    if stack:
        _fail(f'Can\'t find end tag corresponding to start tag "{stack[-1].name}"')
    return "".join(pieces), [entity for entity in entities if entity["length"]]


def _dereference(match: re.Match[str]) -> str:
    return unescape(match[0])


def _read_tag(
    text: str, at: int, stack: list[_Open], entities: list[dict[str, Any]], length: int
) -> int:
    """Open or close what stands at `at`; the place after it."""
    match = TAG.match(text, at)
    assert match is not None
    closing, name, rest, end = match[1], match[2].lower(), match[3], match[4]
    where = f"at byte offset {len(text[:at].encode())}"
    if not end:
        _fail(f"Unclosed {'end' if closing else 'start'} tag {where}")
    if closing:
        _close(name, where, stack, entities, length)
    else:
        stack.append(_opened(name, rest, where, length))
    return match.end()


def _opened(name: str, rest: str, where: str, length: int) -> _Open:
    if name not in TAGS:
        _fail(f'Unsupported start tag "{name}" {where}')
    attributes = {
        key.lower(): unescape(value.strip("\"'")) for key, value in ATTRIBUTE.findall(rest)
    }
    if name == "span" and attributes.get("class") != "tg-spoiler":
        _fail(f'Tag "span" must have class "tg-spoiler" {where}')
    if name == "tg-emoji" and not attributes.get("emoji-id", "").isdecimal():
        _fail("Invalid custom emoji identifier specified")
    return _Open(name, *_entity_of(name, attributes, length))


def _entity_of(name: str, attributes: dict[str, str], at: int) -> tuple[str, int, dict[str, str]]:
    if name == "a":
        return "text_link", at, {"url": attributes.get("href", "")}
    if name == "tg-emoji":
        return "custom_emoji", at, {"custom_emoji_id": attributes["emoji-id"]}
    if name == "blockquote" and "expandable" in attributes:
        return "expandable_blockquote", at, {}
    if name == "code" and attributes.get("class", "").startswith("language-"):
        return "code", at, {"language": attributes["class"].removeprefix("language-")}
    return TAGS[name], at, {}


def _close(
    name: str, where: str, stack: list[_Open], entities: list[dict[str, Any]], length: int
) -> None:
    if not stack:
        _fail(f"Unexpected end tag {where}")
    opened = stack.pop()
    if name not in ("", opened.name):
        _fail(f'Unmatched end tag {where}, expected "</{opened.name}>", found "</{name}>"')
    entity = {"type": opened.kind, "offset": opened.start, "length": length - opened.start}
    language = opened.extra.pop("language", "")
    if language and stack and stack[-1].name == "pre" and stack[-1].start == opened.start:
        stack[-1].extra["language"] = language  # <pre><code class="language-x"> is one block
        return
    if opened.kind == "text_link" and not _is_link(opened.extra["url"]):
        return
    entities.append(
        entity
        | opened.extra
        | ({"language": language} if opened.kind == "pre" and language else {})
    )


def _is_link(url: str) -> bool:
    return url.startswith(
        ("http://", "https://", "tg://", "ton://", "tonsite://", "mailto:", "tel:")
    )


def _trim(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Without white space at both ends, entities cut to what is left."""
    stripped = text.strip(" \n\t\r\v\f")
    if stripped == text:
        return text, entities
    start = utf16(text[: text.find(stripped)]) if stripped else 0
    size = utf16(stripped)
    kept = []
    for entity in entities:
        low = max(entity["offset"] - start, 0)
        high = min(entity["offset"] + entity["length"] - start, size)
        if high > low:
            kept.append(entity | {"offset": low, "length": high - low})
    return stripped, kept


def _ordered(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entities, key=lambda e: (e["offset"], -e["length"]))


def _fail(reason: str) -> NoReturn:
    raise Refused(400, f"Bad Request: can't parse entities: {reason}")
