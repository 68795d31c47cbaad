"""Buttons as values, and what Telegram calls them."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from bot import i18n
from bot.i18n import pgettext


class Button(NamedTuple):
    """An inline button: `data` comes back when it is tapped, `url` opens."""

    text: str
    data: str = ""
    url: str = ""
    style: str = ""
    """primary, success or danger; never the only sign of meaning."""


Rows = Sequence[Sequence[Button]]


def inline(rows: Rows) -> dict[str, Any]:
    return {"inline_keyboard": [[_inline(button) for button in row] for row in rows if row]}


def reply(rows: Sequence[Sequence[str]], *, placeholder: str = "") -> dict[str, Any]:
    """The keyboard below the input line: where am I."""
    made: dict[str, Any] = {
        "keyboard": [[{"text": text} for text in row] for row in rows],
        "resize_keyboard": True,
        "is_persistent": True,
    }
    return made | ({"input_field_placeholder": placeholder[:64]} if placeholder else {})


def home() -> dict[str, Any]:
    """The keyboard of every worker: Work, Balance, Stats, Help."""
    labels = list(_home().values())
    return reply([labels[:2], labels[2:]])


def home_command(text: str) -> str | None:
    """The command behind a label of `home`, in any language: old keyboards stay on phones."""
    return _home_commands(i18n.available()).get(i18n.strip_marks(text).strip())


def force(placeholder: str) -> dict[str, Any]:
    """Open the keyboard for an answer to this message."""
    return {"force_reply": True, "input_field_placeholder": placeholder[:64] or "…"}


def pairs(buttons: Sequence[Button], *, width: int = 2) -> list[list[Button]]:
    """Buttons in rows of `width`."""
    return [list(buttons[at : at + width]) for at in range(0, len(buttons), width)]


def _home() -> dict[str, str]:
    return {
        "work": pgettext("keyboard", "Work"),
        "balance": pgettext("keyboard", "Balance"),
        "stats": pgettext("keyboard", "Stats"),
        "help": pgettext("keyboard", "Help"),
    }


@cache
def _home_commands(languages: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code in languages:
        with i18n.speaking(code):
            found |= {label: command for command, label in _home().items()}
    return found


def _inline(button: Button) -> dict[str, str]:
    made = {"text": button.text}
    made |= {"url": button.url} if button.url else {"callback_data": button.data}
    return made | ({"style": button.style} if button.style else {})
