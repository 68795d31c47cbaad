"""Methods that change or answer what is already in a chat."""

from typing import Any

from bot.sandbox import markup, media, polls
from bot.sandbox.chats import Chat, Message
from bot.sandbox.methods.request import Request
from bot.sandbox.methods.sending import caption_of, text_of
from bot.sandbox.refusals import bad

DELETABLE = 48 * 3600
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
TEXT = ("text", "entities", "link_preview_options")
CAPTION = ("caption", "caption_entities", "show_caption_above_media")


def edit_message_text(request: Request) -> Message:
    """Give a text message another text and other buttons."""
    if "text" not in request.params:
        raise bad("message text is empty")
    told = text_of(request.params)
    chat, message = _editable(request)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    return _edit(request, chat, message, TEXT, told)


def edit_message_caption(request: Request) -> Message:
    """Give a medium another caption and other buttons."""
    told = caption_of(request.params)
    chat, message = _editable(request)
    if media.kind_of(message) is None:
        raise bad("there is no caption in the message to edit")
    return _edit(request, chat, message, CAPTION, told)


def edit_message_reply_markup(request: Request) -> Message:
    """Give a message other buttons, or none."""
    chat, message = _editable(request)
    return _edit(request, chat, message, (), {})


def edit_message_media(request: Request) -> Message:
    """Put another medium, with its caption, in the place of the one there."""
    new = request.params["media"]
    if new["type"] not in ("photo", "document", "audio"):
        raise bad(f"media of type {new['type']} is not supported by the sandbox")
    told = caption_of(new)
    chat, message = _editable(request)
    if media.kind_of(message) in (None, "voice"):
        raise bad("message can't be edited")
    file = media.given(request.world.files, new["type"], new["media"], request.uploads)
    told |= media.shown(new["type"], file, new)
    if new.get("has_spoiler"):
        told["has_media_spoiler"] = True
    gone = (*CAPTION, *media.KINDS, "has_media_spoiler")
    return _edit(request, chat, message, gone, told)


def stop_poll(request: Request) -> dict[str, Any]:
    """Close a poll."""
    markup.check(request.params.get("reply_markup"))
    chat = request.world.chat(request.params["chat_id"])
    message = chat.find(request.params["message_id"])
    if message is None or message["from"]["id"] != request.world.user["id"]:
        raise bad("message with poll to stop not found")
    poll = polls.stop(request.world, message)
    message.pop("reply_markup", None)
    message |= markup.inline(request.params.get("reply_markup"))
    _tell(request, chat, "edit", message=message)
    return poll


def delete_message(request: Request) -> bool:
    """Take a message younger than 48 hours out of the chat."""
    chat = request.world.reach(request.params["chat_id"])
    message = chat.find(request.params["message_id"])
    if message is None:
        raise bad("message to delete not found")
    if message["date"] < request.world.now() - DELETABLE:
        raise bad("message can't be deleted for everyone")
    chat.remove(message)
    _tell(request, chat, "delete", message_id=message["message_id"])
    return True


def pin_chat_message(request: Request) -> bool:
    """Pin a message."""
    chat = request.world.reach(request.params["chat_id"])
    message_id = request.params["message_id"]
    if chat.find(message_id) is None:
        raise bad("message to pin not found")
    if message_id in chat.pins:
        chat.pins.remove(message_id)
    chat.pins.append(message_id)
    _tell(request, chat, "pin", message_id=chat.pinned)
    return True


def unpin_chat_message(request: Request) -> bool:
    """Unpin a message, or the newest pinned one."""
    chat = request.world.reach(request.params["chat_id"])
    message_id = request.params.get("message_id", chat.pinned)
    if message_id not in chat.pins:
        raise bad("message to unpin not found")
    chat.pins.remove(message_id)
    _tell(request, chat, "pin", message_id=chat.pinned)
    return True


def unpin_all_chat_messages(request: Request) -> bool:
    """Unpin everything."""
    chat = request.world.reach(request.params["chat_id"])
    chat.pins.clear()
    _tell(request, chat, "pin", message_id=None)
    return True


def set_message_reaction(request: Request) -> bool:
    """Put the bot's reaction under a message; at most one."""
    chat = request.world.reach(request.params["chat_id"])
    message_id, reaction = request.params["message_id"], request.params.get("reaction", [])
    if chat.find(message_id) is None:
        raise bad("message to react not found")
    if len(reaction) > 1 or any(one["type"] == "paid" for one in reaction):
        raise bad("REACTIONS_TOO_MANY")
    chat.reactions[message_id] = reaction
    _tell(request, chat, "reaction", message_id=message_id, reaction=reaction)
    return True


def answer_callback_query(request: Request) -> bool:
    """Answer a tap with a pop-up, an alert, or nothing."""
    params = request.params
    tap = request.world.tap(params["callback_query_id"])
    chat, text, alert = tap.person.chat, params.get("text", ""), params.get("show_alert", False)
    chat.toast(params["callback_query_id"], text, show_alert=alert)
    _tell(
        request,
        chat,
        "toast",
        callback_query_id=params["callback_query_id"],
        text=text,
        show_alert=alert,
    )
    return True


def _editable(request: Request) -> tuple[Chat, Message]:
    """The chat and the bot's message that an edit means."""
    params = request.params
    if "inline_message_id" in params:
        raise bad("inline messages are not supported by the sandbox")
    if "message_id" not in params:
        raise bad("message identifier is not specified")
    markup.check(params.get("reply_markup"))
    chat = request.world.reach(params.get("chat_id"))
    message = chat.find(params["message_id"])
    if message is None:
        raise bad("message to edit not found")
    if message["from"]["id"] != request.world.user["id"] or "forward_origin" in message:
        raise bad("message can't be edited")
    return chat, message


def _edit(
    request: Request, chat: Chat, message: Message, gone: tuple[str, ...], told: dict[str, Any]
) -> Message:
    """Replace the fields `gone` by `told`, and the buttons; in place, as the person sees it."""
    buttons = request.params.get("reply_markup")
    before = {key: message[key] for key in gone if key in message}
    if before == told and not markup.changed(message, buttons):
        raise bad(SAME)
    for key in (*gone, "reply_markup"):
        message.pop(key, None)
    message |= told | markup.inline(buttons)
    message["edit_date"] = request.world.now()
    _tell(request, chat, "edit", message=message)
    return message


def _tell(request: Request, chat: Chat, kind: str, **more: Any) -> None:
    request.world.events.emit(kind, chat.id, **more)
    chat.changed()
