"""Methods about the bot itself, chats and files."""

import re
from typing import Any

from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.methods.request import Request
from bot.sandbox.profile import PRIVATE, Scope, said
from bot.sandbox.refusals import bad

COMMANDS = 100
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"([a-z]{2})?")


def get_me(request: Request) -> dict[str, Any]:
    """Who the bot is."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return request.world.user | abilities


def agree(_: Request) -> bool:
    """Nothing to do, and that is fine."""
    return True


def get_chat(request: Request) -> dict[str, Any]:
    """What the bot may know about a chat."""
    chat = request.world.chat(request.params["chat_id"])
    gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
    full = chat.info | {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts.split(), True),
    }
    pinned = chat.find(chat.pinned) if chat.pinned else None
    return full | {"pinned_message": pinned} if pinned else full


def get_file(request: Request) -> dict[str, Any]:
    """Where a file can be fetched."""
    file = request.world.files.get(request.params["file_id"])
    if file.size > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return file.info() | {"file_path": file.path}


def set_my_commands(request: Request) -> bool:
    """Set the menu of a scope and language."""
    commands = request.params["commands"]
    if len(commands) > COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not COMMAND.fullmatch(command["command"].removeprefix("/")):
            raise bad(f"BOT_COMMAND_INVALID ({command['command']!r})")
    request.world.profile.commands[_scope(request), _language(request)] = [
        command | {"command": command["command"].removeprefix("/")} for command in commands
    ]
    return _commands_changed(request)


def get_my_commands(request: Request) -> list[dict[str, str]]:
    """The menu of exactly this scope and language."""
    return request.world.profile.commands.get((_scope(request), _language(request)), [])


def delete_my_commands(request: Request) -> bool:
    """Take a menu away, so that the next wider one shows."""
    request.world.profile.commands.pop((_scope(request), _language(request)), None)
    return _commands_changed(request)


def set_my_name(request: Request) -> bool:
    """Set the name in a language."""
    return _set(request, request.world.profile.names, "name")


def get_my_name(request: Request) -> dict[str, str]:
    """The name in a language."""
    return {"name": said(request.world.profile.names, _language(request))}


def set_my_description(request: Request) -> bool:
    """Set the text of the empty chat."""
    return _set(request, request.world.profile.descriptions, "description")


def get_my_description(request: Request) -> dict[str, str]:
    """The text of the empty chat."""
    return {"description": said(request.world.profile.descriptions, _language(request))}


def set_my_short_description(request: Request) -> bool:
    """Set the text of the bot's page."""
    return _set(request, request.world.profile.short_descriptions, "short_description")


def get_my_short_description(request: Request) -> dict[str, str]:
    """The text of the bot's page."""
    texts = request.world.profile.short_descriptions
    return {"short_description": said(texts, _language(request))}


def set_chat_menu_button(request: Request) -> bool:
    """Set the button beside the text field, for one chat or for all others."""
    button = request.params.get("menu_button", {"type": "default"})
    if "chat_id" not in request.params:
        request.world.profile.menu_button = button
        return True
    chat = request.world.chat(request.params["chat_id"])
    chat.menu_button = button
    request.world.events.emit("commands", chat.id)
    chat.changed()
    return True


def get_chat_menu_button(request: Request) -> dict[str, Any]:
    """The button beside the text field."""
    if "chat_id" not in request.params:
        return request.world.profile.menu_button
    chat = request.world.chat(request.params["chat_id"])
    return chat.menu_button or {"type": "default"}


def _scope(request: Request) -> Scope:
    scope = request.params.get("scope", {"type": "default"})
    if scope["type"] == "default":
        return ("default", 0)
    if scope["type"] == "all_private_chats":
        return PRIVATE
    if scope["type"] == "chat":
        chat_id = scope["chat_id"]
        numeric = isinstance(chat_id, str) and chat_id.isdecimal()
        return ("chat", request.world.chat(int(chat_id) if numeric else chat_id).id)
    raise bad(f"scope {scope['type']} is not supported by the sandbox")


def _language(request: Request) -> str:
    code = str(request.params.get("language_code", ""))
    if not LANGUAGE.fullmatch(code):
        raise bad("LANG_CODE_INVALID")
    return code


def _commands_changed(request: Request) -> bool:
    """Give everybody the menu that is theirs now."""
    for person in request.world.people.values():
        menu = request.world.profile.menu(person.id, person.language_code)
        if menu != person.chat.commands:
            person.chat.commands = menu
            request.world.events.emit("commands", person.id, commands=menu)
            person.chat.changed()
    return True


def _set(request: Request, texts: dict[str, str], name: str) -> bool:
    language, text = _language(request), request.params.get(name, "")
    if not text:
        texts.pop(language, None)
    else:
        texts[language] = text
    return True
