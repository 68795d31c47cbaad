"""What those who run a project are told when its budget comes to its end."""

from bot import i18n
from bot.i18n import gettext as _
from bot.models.chat import Chat
from bot.models.people import Worker
from bot.people import staff
from bot.store import outbox
from bot.store.database import Session, now
from bot.work import funds
from bot.work.funds import News
from handlers import cards
from handlers.admin import project_card
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button


async def tell(session: Session) -> None:
    """Look at the budgets, and queue what is new for whoever made the project and the owners."""
    moment = await now(session)
    letters = []
    for news in await funds.look(session, now=moment):
        for chat, reader in await _readers(session, news):
            with i18n.speaking(reader.locale or i18n.ENGLISH):
                method, payload = cards.send(said(news), chat.chat_id)
            letters.append(
                outbox.Letter(method, payload, chat.chat_id, bot_id=chat.bot_id, lane=outbox.MONEY)
            )
    await outbox.queue(session, letters, owner=None, now=moment)


def said(news: News) -> Message:
    project = news.project
    budget = project_card.amount(project.budget_micro or 0, project.currency)
    heading = (
        _("Paused: the budget of {project} is used up")
        if news.paused
        else _("{share} of the budget of {project} is spent")
    )
    lines = [
        bold(heading.format(project=escape(project.name), share=i18n.percent(news.percent / 100))),
        f"/p_{project.code}",
        _("Spent: {spent}; in hand: {held}; budget: {budget}").format(
            spent=project_card.amount(news.spent, project.currency),
            held=project_card.amount(news.in_hand, project.currency),
            budget=budget,
        ),
    ]
    if news.paused:
        lines.append(
            _(
                "Nothing new is offered. Work in hand can be finished, and everything answered is "
                "paid. Raise the budget with /set, then open the project again."
            )
        )
    return Message(text="\n".join(lines), rows=[[_card_button(news)]], silent=False)


def _card_button(news: News) -> Button:
    return Button(_("The project"), pack(project_card.PJ, "card", news.project.code))


async def _readers(session: Session, news: News) -> list[tuple[Chat, Worker]]:
    found = await staff.owners(session)
    creator = news.project.created_by
    if creator is not None and creator not in {worker.id for _chat, worker in found}:
        theirs = await staff.find(session, creator)
        found += [theirs] if theirs is not None else []
    return found
