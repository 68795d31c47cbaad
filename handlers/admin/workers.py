"""/workers: find people by name or segment, and a card for each."""

from collections.abc import Sequence

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot import i18n
from bot.i18n import gettext as _
from bot.work import roster
from bot.work.roster import Page, Row
from handlers import callbacks, worker_card
from handlers.admin import desk
from handlers.callbacks import pack
from handlers.cards import Message, answers, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn
from handlers.worker_card import WS

BY_ID = filters.Regex(r"^/w_\d{1,18}(@\w+)?\b")
CARRIED = 40  # bytes of a search that fit its page buttons
EQUALS = str.maketrans(":~", "~:")  # a colon parts the fields of a button


async def show_list(update: Update, turn: Turn) -> None:
    """/workers [skill:fluency_sw>80 country:KE language:sw active:7d] [w-7k2m | @name | name]"""
    await desk.admit(turn)
    turn.say(await _list(turn, turn.args or [], 0))


async def turn_page(update: Update, turn: Turn) -> None:
    await desk.admit(turn)
    _verb, page, words = callbacks.fields(turn.query.data, 3)
    turn.replace(await _list(turn, words.translate(EQUALS).split(), callbacks.number(page)))


async def open_by_id(update: Update, turn: Turn) -> None:
    """/w_91, as it stands in lists and messages."""
    text = (update.effective_message and update.effective_message.text) or ""
    number = text.split()[0].removeprefix("/w_").partition("@")[0]
    turn.say(await _card(turn, number))


async def open_card(update: Update, turn: Turn) -> None:
    _verb, number = callbacks.fields(turn.query.data, 2)
    turn.replace(await _card(turn, number))


async def _card(turn: Turn, number: str) -> Message:
    found = await roster.profile(
        turn.session, callbacks.number(number), actor=turn.worker.id, now=turn.now
    )
    return worker_card.card(found, turn.zone)


async def _list(turn: Turn, words: Sequence[str], page: int) -> Message:
    found = await roster.search(turn.session, words, page=page, actor=turn.worker.id, now=turn.now)
    heading = _("Workers: {count}").format(count=i18n.number(found.count))
    lines = [bold(heading), *map(_line, found.rows)]
    if not found.rows:
        lines.append(_("Nobody is like that."))
    rows = [
        [Button(i18n.isolate(one.worker.pseudonym), pack(WS, "card", one.worker.id))]
        for one in found.rows
    ]
    return Message(text="\n".join(lines), rows=[*rows, _turns(found, " ".join(words))])


def _line(one: Row) -> str:
    parts = [
        f"/w_{one.worker.id} {escape(one.worker.pseudonym)}",
        escape(worker_card.country(one.worker)),
        ", ".join(one.languages),
        answers(one.answers),
    ]
    parts += [_("restricted")] if one.paused else []
    return " · ".join(part for part in parts if part)


def _turns(found: Page, words: str) -> list[Button]:
    """A search that is too long for a button shows its first page alone."""
    carried = words.translate(EQUALS)
    if found.pages == 1 or len(carried.encode()) > CARRIED:
        return []

    def go(label: str, number: int) -> Button:
        return Button(label, pack(WS, "list", number, carried))

    last = found.pages - 1
    here = go(f"{found.number + 1}/{found.pages}", found.number)
    return [go("‹", max(found.number - 1, 0)), here, go("›", min(found.number + 1, last))]


HANDLERS = [
    CommandHandler("workers", show_list),
    MessageHandler(BY_ID & filters.UpdateType.MESSAGE, open_by_id),
    CallbackQueryHandler(turn_page, pattern=f"^{WS}:list:"),
    CallbackQueryHandler(open_card, pattern=f"^{WS}:card:"),
]
