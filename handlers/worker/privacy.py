"""/privacy: what is stored, what was agreed to, and taking it back."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.people import consent, documents
from bot.people.consent import Agreement
from handlers import callbacks, choices
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button
from handlers.turn import Turn

PV = "pv"  # callback prefix


async def privacy(update: Update, turn: Turn) -> None:
    turn.replace(await _card(turn))


async def read(update: Update, turn: Turn) -> None:
    """A document, with the way to agree or to withdraw below."""
    name = _document(turn)
    given = name in await consent.standing(turn.session, turn.worker.id)
    change = _withdraw(name) if given else _give(name)
    rows = [[_back()], [change]] if _settled(turn) else [[_back()]]
    turn.replace(Message(text=choices.document_page(name), rows=rows))


async def ask(update: Update, turn: Turn) -> None:
    """The first of two steps: what follows from withdrawing."""
    name = _document(turn)
    title = _(documents.DOCUMENTS[name].title)
    lines = [
        _("Withdraw your agreement to: {document}?").format(document=f"<b>{title}</b>"),
        _("You then get no new tasks. What you have earned stays yours and you can agree again."),
    ]
    if name == "answers":
        lines.append(_("Later files for customers leave your answers out."))
    keep = Button(_("Keep it"), pack(PV, "home"))
    sure = Button(_("Withdraw"), pack(PV, "withdraw", name), style="danger")
    turn.replace(Message(text="\n".join(lines), rows=[[keep], [sure]]))


async def withdraw(update: Update, turn: Turn) -> None:
    name = _document(turn)
    if await consent.withdraw(turn.session, turn.worker.id, name, now=turn.now):
        turn.toast(_("Withdrawn."))
    await consent.settle(turn.session, turn.worker)
    turn.replace(await _card(turn))


async def give(update: Update, turn: Turn) -> None:
    """Agree again. Before joining is finished, onboarding asks in its own order."""
    name = _document(turn)
    if not _settled(turn):
        raise Gone
    await consent.give(turn.session, turn.worker.id, name, locale=turn.locale, now=turn.now)
    await consent.settle(turn.session, turn.worker)
    turn.toast(_("Thank you. It is written down."))
    turn.replace(await _card(turn))


async def _card(turn: Turn) -> Message:
    given = await consent.latest(turn.session, turn.worker.id)
    lines = [bold(_("Privacy")), _stored(turn), ""]
    lines += [_line(turn, name, given.get(name)) for name in documents.DOCUMENTS]
    if turn.worker.state == "paused":
        lines += ["", _("New work is paused until you agree to all three.")]
    lines += ["", _("/mydata sends you a copy of your data and can delete it.")]
    return Message(text="\n".join(lines), rows=_rows(turn, given))


def _stored(turn: Turn) -> str:
    return _(
        "We store your Telegram ID and name, your language, country and time zone, what you "
        "agreed to, your tasks and answers with their times, and what you earned. Customers know "
        "you only by a random name. Staff who help you see {name}."
    ).format(name=f"<code>{escape(turn.worker.pseudonym)}</code>")


def _line(turn: Turn, name: str, given: Agreement | None) -> str:
    title = f"<b>{_(documents.DOCUMENTS[name].title)}</b>"
    if given is None:
        return _("{document}: not agreed").format(document=title)
    if given.withdrawn_at is not None:
        return _("{document}: withdrawn {day}").format(
            document=title, day=i18n.full_day(given.withdrawn_at, turn.zone)
        )
    words = _("{document}: agreed {day}, version {version}")
    if not given.stands:
        words = _("{document}: agreed {day}, version {version}, which is no longer in force")
    return words.format(
        document=title, day=i18n.full_day(given.given_at, turn.zone), version=given.version
    )


def _rows(turn: Turn, given: dict[str, Agreement]) -> choices.Rows:
    """Each document to read, and beside it the other thing that can be done with it."""
    rows = []
    for name, document in documents.DOCUMENTS.items():
        rows.append([Button(_(document.title), pack(PV, "read", name))])
        if _settled(turn):
            stands = name in given and given[name].stands
            rows[-1].append(_withdraw(name) if stands else _give(name))
    rows.append([choices.copy_of_data()])
    if turn.worker.state != "declined":
        rows.append([choices.delete_data()])
    return rows


def _settled(turn: Turn) -> bool:
    return turn.worker.state in ("active", "paused")


def _document(turn: Turn) -> str:
    """The document that a button is about, which must be one."""
    return documents.find(callbacks.fields(turn.query.data, 2)[1]).name


def _withdraw(name: str) -> Button:
    return Button(_("Withdraw…"), pack(PV, "ask", name))


def _give(name: str) -> Button:
    return Button(_("I agree"), pack(PV, "give", name))


def _back() -> Button:
    return Button(choices.back(), pack(PV, "home"))


HANDLERS = [
    CommandHandler("privacy", privacy),
    CallbackQueryHandler(privacy, pattern=f"^{PV}:home$"),
    CallbackQueryHandler(read, pattern=f"^{PV}:read:"),
    CallbackQueryHandler(ask, pattern=f"^{PV}:ask:"),
    CallbackQueryHandler(withdraw, pattern=f"^{PV}:withdraw:"),
    CallbackQueryHandler(give, pattern=f"^{PV}:give:"),
]
