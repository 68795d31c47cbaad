"""Messages as values: what the bot says, before it is said."""

from dataclasses import dataclass, replace
from html import escape as _escape
from typing import Any, Literal

from bot import i18n, money
from bot.i18n import isolate, ngettext
from handlers import keyboards
from handlers.keyboards import Rows

TEXT = 4096
CAPTION = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in HTML. At most one of rows, keyboard and force is used, in that order."""

    text: str
    rows: Rows = ()
    keyboard: dict[str, Any] | None = None
    force: str | None = None
    """The placeholder of a forced reply."""
    photo: str = ""
    audio: str = ""
    document: dict[str, Any] | None = None
    """What to render and send as a file when it is due, see deliver.DOCUMENTS."""
    poll: tuple[str, ...] = ()
    silent: bool = True
    protect: bool = False

    @property
    def kind(self) -> Literal["text", "photo", "audio", "poll", "document"]:
        if self.poll:
            return "poll"
        if self.photo:
            return "photo"
        if self.audio:
            return "audio"
        return "document" if self.document else "text"


def escape(value: object) -> str:
    """Any value inside HTML, isolated so that its direction does not leak."""
    return isolate(_escape(str(value), quote=True))


def bold(words: str) -> str:
    """A heading: words to translate must not stand inside f-strings, where Babel may miss them."""
    return f"<b>{words}</b>"


def amount(micro: int, currency: str) -> str:
    """Money, exact, inside HTML."""
    return escape(money.show(micro, currency))


def answers(count: int) -> str:
    return ngettext("{count} answer", "{count} answers", count).format(count=i18n.number(count))


def cut(text: str, longest: int) -> str:
    """At most so many characters of a text."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def send(message: Message, chat_id: int) -> tuple[str, dict[str, Any]]:
    """The Bot API call that says it: method and parameters."""
    common: dict[str, Any] = {"chat_id": chat_id}
    if message.silent:
        common["disable_notification"] = True
    if message.protect:
        common["protect_content"] = True
    markup = _markup(message)
    if markup is not None:
        common["reply_markup"] = markup
    method, content = _content(message)
    return method, common | content


def edit(message: Message, chat_id: int, message_id: int) -> tuple[str, dict[str, Any]]:
    """The Bot API call that turns a text message into this one."""
    return "editMessageText", {
        "chat_id": chat_id,
        "message_id": message_id,
        "text": message.text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": keyboards.inline(message.rows),
    }


def with_rows(message: Message, rows: Rows) -> Message:
    return replace(message, rows=rows)


def with_text(message: Message, text: str) -> Message:
    return replace(message, text=text)


def _markup(message: Message) -> dict[str, Any] | None:
    if message.rows:
        return keyboards.inline(message.rows)
    if message.keyboard is not None:
        return message.keyboard
    return None if message.force is None else keyboards.force(message.force)


def _content(message: Message) -> tuple[str, dict[str, Any]]:
    match message.kind:
        case "poll":
            return "sendPoll", {
                "question": message.text,
                "options": [{"text": option} for option in message.poll],
                "is_anonymous": False,
                "allows_multiple_answers": True,
            }
        case "photo":
            return "sendPhoto", {"photo": message.photo, **_caption(message)}
        case "audio":
            return "sendAudio", {"audio": message.audio, **_caption(message)}
        case "document":
            return "sendDocument", {"document": message.document, **_caption(message)}
    return "sendMessage", {
        "text": message.text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def _caption(message: Message) -> dict[str, Any]:
    return {"caption": message.text, "parse_mode": "HTML"} if message.text else {}
