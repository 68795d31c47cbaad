"""Methods that put a message into a chat."""

from typing import Any

from bot.sandbox import markup, media, polls
from bot.sandbox.chats import Chat, Message
from bot.sandbox.checks import utf16
from bot.sandbox.entities import formatted
from bot.sandbox.methods.request import Request
from bot.sandbox.people import plain
from bot.sandbox.refusals import bad

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def send_message(request: Request) -> Message:
    """Send a text."""
    return post(request, text_of(request.params))


def send_photo(request: Request) -> Message:
    """Send a picture."""
    return _send_file(request, "photo")


def send_document(request: Request) -> Message:
    """Send any file."""
    return _send_file(request, "document")


def send_voice(request: Request) -> Message:
    """Send a voice message."""
    return _send_file(request, "voice")


def send_audio(request: Request) -> Message:
    """Send a piece of music or speech."""
    return _send_file(request, "audio")


def send_poll(request: Request) -> Message:
    """Send a poll."""
    params = request.params
    texts = _named(params, "question", "question_entities", "question_parse_mode")
    texts |= _named(params, "explanation", "explanation_entities", "explanation_parse_mode")
    texts |= _named(params, "description", "description_entities", "description_parse_mode")
    return post(request, {"poll": polls.made(request.world, params, texts)})


def send_chat_action(request: Request) -> bool:
    """Show that the bot is doing something."""
    action = request.params["action"]
    if action not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat = request.world.reach(request.params["chat_id"])
    chat.typing = action
    request.world.events.emit("typing", chat.id, action=action)
    chat.changed()
    return True


def forward_message(request: Request) -> Message:
    """Send a message on, naming where it came from."""
    source = _source(request, "message to forward not found", "the message can't be forwarded")
    sender = source["from"]
    origin = {"type": "user", "date": source["date"], "sender_user": sender}
    return post(request, {"forward_origin": origin} | _content(source))


def copy_message(request: Request) -> dict[str, int]:
    """Send the same content again."""
    source = _source(request, "message to copy not found", "the message can't be copied")
    content = _content(source)
    if "caption" in request.params and media.kind_of(source):
        content.pop("caption", None)
        content.pop("caption_entities", None)
        content |= caption_of(request.params)
    return {"message_id": post(request, content)["message_id"]}


def post(request: Request, content: dict[str, Any]) -> Message:
    """Put a message of the bot with this content into the chat that is meant."""
    world, params = request.world, request.params
    buttons = params.get("reply_markup")
    markup.check(buttons)
    chat = world.reach(params["chat_id"])
    message: Message = {
        "message_id": 0,
        "from": world.user,
        "chat": chat.info,
        "date": world.now(),
        **_reply(chat, params.get("reply_parameters")),
        **content,
        **markup.inline(buttons),
    }
    if params.get("protect_content"):
        message["has_protected_content"] = True
    if "message_effect_id" in params:
        message["effect_id"] = params["message_effect_id"]
    message["message_id"] = world.next_message_id()
    chat.typing = ""
    chat.add(message)
    chat.unread += 1
    world.events.emit("message", chat.id, message=message)
    if markup.place(chat, buttons):
        world.show_keyboard(chat)
    chat.changed()
    return message


def text_of(params: dict[str, Any]) -> dict[str, Any]:
    """The text fields of a message from the parameters of a call."""
    text, found = formatted(params["text"], params.get("parse_mode"), params.get("entities"))
    if not text:
        raise bad("message text is empty")
    if utf16(text) > TEXT_LIMIT:
        raise bad("message is too long")
    told: dict[str, Any] = {"text": text}
    if found:
        told["entities"] = found
    if "link_preview_options" in params:
        told["link_preview_options"] = params["link_preview_options"]
    return told


def caption_of(params: dict[str, Any]) -> dict[str, Any]:
    """The caption fields of a message from the parameters of a call."""
    if not params.get("caption"):
        return {}
    caption, found = formatted(
        params["caption"], params.get("parse_mode"), params.get("caption_entities")
    )
    if utf16(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    told: dict[str, Any] = {"caption": caption} if caption else {}
    if found:
        told["caption_entities"] = found
    if params.get("show_caption_above_media"):
        told["show_caption_above_media"] = True
    return told


def _send_file(request: Request, kind: str) -> Message:
    params = request.params
    request.world.reach(params["chat_id"])  # no file is kept for a chat that cannot be reached
    told = caption_of(params)
    markup.check(params.get("reply_markup"))
    file = media.given(request.world.files, kind, params[kind], request.uploads)
    content = media.shown(kind, file, params) | told
    if params.get("has_spoiler"):
        content["has_media_spoiler"] = True
    return post(request, content)


def _reply(chat: Chat, reply: dict[str, Any] | None) -> dict[str, Any]:
    if reply is None:
        return {}
    if reply.get("chat_id") not in (None, chat.id):
        raise bad("message to be replied not found")
    found = chat.find(reply["message_id"])
    if found is None:
        if reply.get("allow_sending_without_reply"):
            return {}
        raise bad("message to be replied not found")
    return {"reply_to_message": plain(found)}


def _source(request: Request, missing: str, protected: str) -> Message:
    source = request.world.chat(request.params["from_chat_id"]).find(request.params["message_id"])
    if source is None:
        raise bad(missing)
    if source.get("has_protected_content"):
        raise bad(protected)
    return source


def _content(message: Message) -> dict[str, Any]:
    kept = ("text", "entities", "caption", "caption_entities", "link_preview_options", "poll")
    return {key: message[key] for key in (*kept, *media.KINDS) if key in message}


def _named(params: dict[str, Any], name: str, entities: str, mode: str) -> dict[str, Any]:
    """A formatted text of a poll, and its entities."""
    if not params.get(name):
        return {}
    text, found = formatted(params[name], params.get(mode), params.get(entities))
    if not text:
        raise bad(f"poll {name} must be non-empty")
    return {name: text} | ({entities: found} if found else {})
