"""What those who run the bot are told when a project was paused because it paid too little."""

from functools import partial

from bot import i18n
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.models.work import Project
from bot.people import staff
from bot.store import outbox
from bot.store.database import Database, Session, now
from bot.work import stages, wage_watch
from bot.work.wage_guard import Stop
from handlers import cards, wage_words
from handlers.admin import project_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button


async def watch(database: Database) -> None:
    """Look at every running project, each in a transaction of its own."""
    async with database.reading() as session:
        running = await wage_watch.running(session)
    for project_id in running:
        await database.run(partial(_look, project_id=project_id))


async def _look(session: Session, *, project_id: int) -> None:
    moment = await now(session)
    found = await wage_watch.look(session, project_id, now=moment)
    if found is None:
        return
    letters = []
    needed = await _needed(session, *found)
    for chat, reader in await staff.holders(session, *staff.DESK):
        with i18n.speaking(reader.locale or i18n.ENGLISH):
            method, payload = cards.send(_paused(*found, needed), chat.chat_id)
        letters.append(
            outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY)
        )
    await outbox.queue(session, letters, owner=None, now=moment)


async def _needed(session: Session, project: Project, stop: Stop) -> int | None:
    """The price that reaches the floor at this speed; None where stages have different ones."""
    specs = await stages.current(session, project.id)
    if len(specs) > 1 or not stop.micro:
        return None
    return -(-specs[0].price_micro * stop.floor_micro // stop.micro)


def _paused(project: Project, stop: Stop, needed: int | None) -> Message:
    lines = [
        bold(_("Paused: {project} pays below the floor").format(project=escape(project.name))),
        f"/p_{project.code}",
        wage_words.stopped(stop),
        _("Nothing new is offered. What is in hand is finished and paid."),
    ]
    if needed is not None:
        price = project_card.amount(needed, project.currency)
        said = _("Raise the price, to {price} or more at this speed, and open the project again.")
        lines.append(said.format(price=price))
    else:
        lines.append(_("Raise the price, and open the project again."))
    lines.append(_("An owner can allow pay below the floor: the project's card has it."))
    rows = [
        [
            Button(pgettext("button", "Settings"), pack("se", "card", project.code)),
            project_card.name_button(project, pack(project_card.PJ, "card", project.code)),
        ]
    ]
    return Message(text="\n".join(lines), rows=rows)
