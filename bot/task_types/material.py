"""What a task shows of its row: texts in the order of `show`, a photo, an audio."""

import re
from collections.abc import Mapping
from typing import Any

from bot.i18n import N_
from bot.i18n import gettext as _
from bot.task_types import checks
from bot.task_types.kind import Block, Body, Missing, Settings, TooLong, Unfit, Wording

# Four messages of text, the last of them the card. Counted in UTF-16 units, the safe bound for
# Telegram's own counting. The longest row of the recorded crowds has 3,636.
TEXT = 12_000
ADDRESS = 2048
_WEB = re.compile(r"https://[^\s/?#\"<>]+\.[^\s\"<>]+")
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{20,200}")


class NothingToShow(Unfit):
    msgid = N_("{field} is missing: list the fields of a row that the task shows.")


class NotMedia(Unfit):
    msgid = N_("{field} must be an https:// address or a Telegram file id.")


def settings(raw: Mapping[str, object], *, own: tuple[str, ...] = ()) -> dict[str, Any]:
    """`show`, `photo` and `audio`. `own` fields are shown by the type itself and not twice."""
    show = [name for name in checks.lines(raw, "show", checks.NAME) if name not in own]
    photo, audio = checks.name(raw, "photo"), checks.name(raw, "audio")
    if not (show or photo or audio or own):
        raise NothingToShow(field="show")
    return {"show": show, "photo": photo, "audio": audio}


def fields(settings: Settings, *, own: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The fields a row must have, in the order in which they are shown."""
    media = [settings[kind] for kind in ("photo", "audio") if settings[kind]]
    return tuple(dict.fromkeys([*media, *settings["show"], *own]))


def check(settings: Settings, body: Body, *, own: tuple[str, ...] = ()) -> None:
    """Refuse a row with a field missing, of the wrong kind, or too long for a card.

    An empty text may be what the question is about (an AI that answered nothing), so one is shown
    as empty; a row with nothing at all to show is refused.
    """
    found = {field: text(body, field) for field in fields(settings, own=own)}
    if not any(found.values()):
        raise Missing(field=next(iter(found)))
    for kind in ("photo", "audio"):
        if settings[kind]:
            _check_media(body, settings[kind])
    lengths = {field: _units(text(body, field)) for field in (*settings["show"], *own)}
    if sum(lengths.values()) > TEXT:
        raise TooLong(field=max(lengths, key=lambda field: lengths[field]), limit=TEXT)


def blocks(settings: Settings, wording: Wording, body: Body) -> list[Block]:
    """Photo, audio, then the texts; captions keep several texts apart."""
    found: list[Block] = []
    if settings["photo"]:
        found.append(Block("photo", text(body, settings["photo"])))
    if settings["audio"]:
        found.append(Block("audio", text(body, settings["audio"])))
    captioned = len(settings["show"]) > 1
    for field in settings["show"]:
        title = wording.options.get(field) or (_caption(field) if captioned else "")
        found.append(Block("text", shown(body, field), title))
    return found


def shown(body: Body, field: str) -> str:
    """A field's text on a card, where an empty one is said to be empty."""
    return text(body, field) or _("(empty)")


def text(body: Body, field: str) -> str:
    """A field's text as it is shown; numbers and booleans are written out."""
    value = body.get(field)
    if value is None:
        raise Missing(field=field)
    content = checks.plain(value)
    if content is None:
        raise checks.NotText(field=field)
    return content.strip() if checks.clean(content) else ""


def _check_media(body: Body, field: str) -> None:
    content = text(body, field)
    if not content:
        raise Missing(field=field)
    if len(content) > ADDRESS:
        raise TooLong(field=field, limit=ADDRESS)
    if not (_WEB.fullmatch(content) or _FILE_ID.fullmatch(content)):
        raise NotMedia(field=field)


def _caption(field: str) -> str:
    words = field.replace("_", " ")
    return words[:1].upper() + words[1:]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
