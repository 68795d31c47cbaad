"""/verify @name: whether somebody who writes belongs to this team."""

import re

from telegram import Update
from telegram.ext import CommandHandler

from bot.i18n import gettext as _
from bot.people import staff
from handlers.cards import Message, escape
from handlers.turn import Turn

NAME = re.compile(r"@?([A-Za-z][A-Za-z0-9_]{3,31})")


async def verify(update: Update, turn: Turn) -> None:
    asked = NAME.fullmatch((turn.args or [""])[0])
    if asked is None:
        turn.say(Message(text=_usage()))
        return
    name = asked[1]
    shown = f"<b>{escape(f'@{name}')}</b>"
    if await staff.roles_of(turn.session, name):
        text = _("{name} belongs to this team.").format(name=shown)
    else:
        text = _("{name} does not belong to this team.").format(name=shown)
    turn.say(Message(text=f"{text}\n{_rule()}"))


def _usage() -> str:
    example = "<code>/verify @name</code>"
    return _("Send the name of who wrote to you, like this: {example}").format(example=example)


def _rule() -> str:
    return _("Staff never write to you first and never ask for money, codes or passwords.")


HANDLERS = [CommandHandler("verify", verify)]
