"""Keyboards: what Telegram refuses in them and where they go."""

from itertools import chain
from typing import Any

from bot.sandbox.chats import Chat, Message
from bot.sandbox.refusals import bad

ROW_LIMIT = 8
KEYBOARD_ROW_LIMIT = 12
BUTTON_LIMIT = 100
KEYBOARD_LIMIT = 300
LOOKS = {"text", "icon_custom_emoji_id", "style"}
LINKS = ("http://", "https://", "tg://", "ton://")


def check(markup: dict[str, Any] | None) -> None:
    """Refuse what fits the types but not Telegram."""
    if markup is None:
        return
    if "inline_keyboard" in markup:
        _check_size(markup["inline_keyboard"], ROW_LIMIT, BUTTON_LIMIT)
        for button in chain.from_iterable(markup["inline_keyboard"]):
            _check_inline(button)
    elif "keyboard" in markup:
        _check_size(markup["keyboard"], KEYBOARD_ROW_LIMIT, KEYBOARD_LIMIT)
        if not any(markup["keyboard"]):
            raise bad("reply keyboard must have at least one button")
        for button in chain.from_iterable(markup["keyboard"]):
            _check_text(button)


def inline(markup: dict[str, Any] | None) -> dict[str, Any]:
    """The message field of an inline keyboard; nothing for other or empty markup."""
    if markup and any(markup.get("inline_keyboard", ())):
        rows = [row for row in markup["inline_keyboard"] if row]
        return {"reply_markup": {"inline_keyboard": rows}}
    return {}


def place(chat: Chat, markup: dict[str, Any] | None) -> bool:
    """Put a reply keyboard or a forced reply under the chat; whether something changed there."""
    if markup is None or "inline_keyboard" in markup:
        return False
    if "keyboard" in markup:
        rows = [
            [{"text": button} if isinstance(button, str) else button for button in row]
            for row in markup["keyboard"]
        ]
        chat.keyboard, chat.force_reply = markup | {"keyboard": rows}, None
    elif "remove_keyboard" in markup:
        chat.keyboard = None
    else:
        chat.force_reply = markup
    return True


def changed(message: Message, markup: dict[str, Any] | None) -> bool:
    """Whether an edit would give the message other buttons."""
    return message.get("reply_markup") != inline(markup).get("reply_markup")


def _check_size(rows: list[list[Any]], wide: int, total: int) -> None:
    if any(len(row) > wide for row in rows):
        raise bad(f"reply markup is too wide: at most {wide} buttons in a row")
    if sum(map(len, rows)) > total:
        raise bad(f"reply markup is too long: at most {total} buttons")


def _check_text(button: Any) -> None:
    if not (button if isinstance(button, str) else button["text"]).strip():
        raise bad("keyboard button text must be non-empty")


def _check_inline(button: dict[str, Any]) -> None:
    _check_text(button)
    acts = button.keys() - LOOKS
    if len(acts) != 1:
        raise bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
            if not acts
            else f"can't parse inline keyboard button: only one of {sorted(acts)}"
        )
    if "url" in button and not button["url"].startswith(LINKS):
        raise bad(
            f"inline keyboard button URL '{button['url']}' is invalid: Unsupported URL protocol"
        )
    if "web_app" in button and not button["web_app"]["url"].startswith("https://"):
        raise bad(
            f"inline keyboard button Web App URL '{button['web_app']['url']}' is invalid: "
            "Only HTTPS links are allowed"
        )
