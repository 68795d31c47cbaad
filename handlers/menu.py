"""The commands behind Telegram's menu button, in the language and for the roles of one chat."""

from collections.abc import Collection, Iterator
from typing import Any

from bot import i18n
from bot.i18n import gettext as _
from bot.people.roles import PAYING
from handlers.turn import Turn


def show(turn: Turn, roles: Collection[str]) -> None:
    """Give this chat its menu in the language being spoken.

    Per chat, because Telegram's own choice by language knows two-letter codes only.
    """
    scope = {"type": "chat", "chat_id": turn.chat.chat_id}
    turn.call("setMyCommands", commands=commands(roles), scope=scope)


def profile() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the bot's page shows before anybody has said a word: method and parameters of calls.

    Without a language for everybody, in English; and in each shipped language by Telegram's
    two-letter code.
    """
    for code in i18n.SHIPPED:
        only = {} if code == i18n.ENGLISH else {"language_code": i18n.LANGUAGES[code].menu}
        with i18n.speaking(code):
            yield "setMyCommands", {"commands": commands(()), **only}
            yield "setMyShortDescription", {"short_description": _in_short(), **only}
            yield "setMyDescription", {"description": _at_length(), **only}


def _in_short() -> str:
    return _("Short paid tasks in your own language. We never ask you for money.")


def _at_length() -> str:
    return _(
        "Short paid tasks in your own language that help test and train AI. You see the pay before "
        "you start. We never ask you to pay anything, and staff never write to you first. For "
        "people of 18 and older. Send /privacy to see what we store."
    )


def commands(roles: Collection[str]) -> list[dict[str, str]]:
    """As Telegram wants them. Names stay Latin; only descriptions are translated."""
    described = _worker()
    if {"owner", "admin", "reviewer"} & set(roles):
        described |= {"review": _("Look at answers of others")}
    if {"owner", "admin"} & set(roles):
        described |= _admin()
    if set(PAYING) & set(roles):
        described |= {"payouts": _("Payouts: check, approve, pay")}
    return [{"command": name, "description": words} for name, words in described.items()]


def _worker() -> dict[str, str]:
    """Nine: more do not fit a phone. /start is Telegram's own; /balance leads to /statement."""
    return {
        "work": _("Get a task"),
        "balance": _("What you have earned"),
        "stats": _("Your answers and your pay per hour"),
        "ladder": _("Your skills, and the way to better paid work"),
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
        "inbox": _("Appeals and reports"),
        "export": _("Download answers and results"),
        "workers": _("Find workers; restrict or lift"),
        "limits": _("Wage floors and thresholds"),
        "team": _("Roles and invitations"),
        "audit": _("Who did what"),
    }
