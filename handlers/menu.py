"""The commands behind Telegram's menu button, in the language and for the roles of one chat."""

from collections.abc import Collection

from bot.i18n import gettext as _
from handlers.turn import Turn


def show(turn: Turn, roles: Collection[str]) -> None:
    """Give this chat its menu in the language being spoken.

    Per chat, because Telegram's own choice by language knows two-letter codes only.
    """
    scope = {"type": "chat", "chat_id": turn.chat.chat_id}
    turn.call("setMyCommands", commands=commands(roles), scope=scope)


def commands(roles: Collection[str]) -> list[dict[str, str]]:
    """As Telegram wants them. Names stay Latin; only descriptions are translated."""
    described = _worker()
    if {"owner", "admin"} & set(roles):
        described |= _admin()
    return [{"command": name, "description": words} for name, words in described.items()]


def _worker() -> dict[str, str]:
    return {
        "start": _("Home"),
        "work": _("Get a task"),
        "balance": _("What you have earned"),
        "stats": _("Your answers and your pay per hour"),
        "settings": _("Language, country, time zone, work languages"),
        "help": _("How this works"),
        "privacy": _("What we store and what you agreed to"),
        "support": _("Write to a person"),
        "cancel": _("Stop what the bot is asking for"),
    }


def _admin() -> dict[str, str]:
    return {
        "projects": _("All projects and their state"),
        "newproject": _("Make a project from a file"),
        "set": _("Change a project"),
        "status": _("Progress, cost and speed"),
        "export": _("Download answers and results"),
        "team": _("Roles and invitations"),
    }
