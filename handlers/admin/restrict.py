"""Restricting somebody: where, why, how long, what they will read; and lifting it again."""

from telegram import Update
from telegram.ext import CallbackQueryHandler

from bot import i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.people import staff
from bot.store import outbox
from bot.work import restrictions, roster
from bot.work.restrictions import Limit
from bot.work.roster import Profile
from handlers import callbacks, restriction_card, worker_card
from handlers.admin import desk
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button, pairs
from handlers.turn import Turn
from handlers.worker_card import RS, WS

DAY = 86_400
DAYS = (1, 3, 7, 30, 0)  # 0: until somebody lifts it


async def where(update: Update, turn: Turn) -> None:
    """The projects they work in, or everywhere."""
    _verb, number = callbacks.fields(turn.query.data, 2)
    found = await _profile(turn, number)
    rows = [
        [Button(i18n.isolate(one.name), pack(RS, "why", found.worker.id, one.id))]
        for one in found.projects
    ]
    rows.append([Button(_("All projects"), pack(RS, "why", found.worker.id, 0))])
    _ask(turn, found, _("Where should they get no new tasks?"), rows)


async def why(update: Update, turn: Turn) -> None:
    """A reason from the list: the worker reads the same one."""
    _verb, number, project = callbacks.fields(turn.query.data, 3)
    found = await _profile(turn, number)
    rows = [
        [Button(_sentence(name), pack(RS, "long", found.worker.id, project, name))]
        for name in restrictions.REASONS
    ]
    _ask(turn, found, _("Why? The worker reads the same words."), rows)


async def how_long(update: Update, turn: Turn) -> None:
    _verb, number, project, reason = callbacks.fields(turn.query.data, 4)
    found = await _profile(turn, number)
    lengths = [
        Button(_length(days), pack(RS, "show", found.worker.id, project, reason, days))
        for days in DAYS
    ]
    text = _("How long? More than 7 days needs a second owner or admin.")
    _ask(turn, found, text, pairs(lengths))


async def preview(update: Update, turn: Turn) -> None:
    """What they will read, in their language, before anything happens."""
    _verb, number, project, reason, days = callbacks.fields(turn.query.data, 5)
    found = await _profile(turn, number)
    draft = await restrictions.draft(
        turn.session, found.worker.id, now=turn.now, **_terms(project, reason, days)
    )
    locale = found.worker.locale or i18n.ENGLISH
    with i18n.speaking(locale):
        shown = restriction_card.begun(draft, found.worker.zone or "UTC").text
    heading = _("{worker} will read this ({language}):").format(
        worker=escape(found.worker.pseudonym), language=i18n.language_name(locale)
    )
    long = restrictions.needs_second(draft.restriction.seconds)
    second = long and await staff.others(turn.session, turn.worker.id)
    label = _("Propose it to a second person") if second else _("Restrict now")
    data = pack(RS, "do", found.worker.id, project, reason, days, desk.stamp(turn.now))
    rows = [[_back(found)], [Button(label, data, style="danger")]]
    text = f"{bold(heading)}\n\n<blockquote>{shown}</blockquote>"
    if long and not second:
        alone = _("There is no second owner or admin: you decide alone, and the audit says so.")
        text = f"{text}\n\n{alone}"
    turn.replace(Message(text=text, rows=rows))


async def restrict(update: Update, turn: Turn) -> None:
    """Now, or as a proposal when it is longer than one person may decide."""
    _verb, number, project, reason, days, asked_at = callbacks.fields(turn.query.data, 6)
    found = await _profile(turn, number)
    desk.check_fresh(asked_at, turn.now)
    limit = await restrictions.restrict(
        turn.session,
        found.worker.id,
        actor=turn.worker.id,
        now=turn.now,
        **_terms(project, reason, days),
    )
    if limit.waits:
        await _ask_others(turn, limit, found)
        turn.toast(_("Proposed. A second owner or admin has to agree."))
    else:
        await _tell(turn, limit)
        turn.toast(_("Restricted, and told."))
    turn.replace(worker_card.card(await _profile(turn, number), turn.zone))


async def agree(update: Update, turn: Turn) -> None:
    """The second person. Whoever asked for it is refused by the use case."""
    _verb, number = callbacks.fields(turn.query.data, 2)
    await desk.admit(turn)
    limit = await restrictions.confirm(
        turn.session, callbacks.number(number), actor=turn.worker.id, now=turn.now
    )
    await _tell(turn, limit)
    await _tell_asker(turn, limit)
    turn.toast(_("Restricted, and told."))
    await _show(turn, limit)


async def lift(update: Update, turn: Turn) -> None:
    """End it before its time, or turn a proposal down; of that the worker never heard."""
    _verb, number = callbacks.fields(turn.query.data, 2)
    await desk.admit(turn)
    limit = await restrictions.lift(
        turn.session, callbacks.number(number), actor=turn.worker.id, now=turn.now
    )
    if limit.waits:
        await _tell_asker(turn, limit)
        turn.toast(_("Turned down."))
    else:
        await _tell(turn, limit, lifted=True)
        turn.toast(_("Lifted, and told."))
    await _show(turn, limit)


async def _profile(turn: Turn, number: str) -> Profile:
    await desk.admit(turn)
    return await roster.profile(
        turn.session, callbacks.number(number), actor=turn.worker.id, now=turn.now
    )


async def _show(turn: Turn, limit: Limit) -> None:
    found = await _profile(turn, str(limit.restriction.worker_id))
    turn.replace(worker_card.card(found, turn.zone))


async def _tell(turn: Turn, limit: Limit, *, lifted: bool = False) -> None:
    found = await staff.reach(turn.session, turn.bot_id, limit.restriction.worker_id)
    if found is None:
        return
    chat, worker = found
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        if lifted:
            message = restriction_card.over(limit, lifted=True)
        else:
            message = restriction_card.begun(limit, worker.zone or "UTC")
        turn.tell(chat, message, lane=outbox.MONEY)


async def _tell_asker(turn: Turn, limit: Limit) -> None:
    """Whoever asked hears what became of it, and by whom; not if they took it back themselves."""
    asker, me = limit.restriction.created_by, turn.worker.id
    if asker is None or asker == me:
        return
    found = await staff.reach(turn.session, turn.bot_id, asker)
    restricted = (await _profile(turn, str(limit.restriction.worker_id))).worker
    if found is not None:
        chat, reader = found
        name = (await staff.names(turn.session, me))[me]
        with i18n.speaking(reader.locale or i18n.ENGLISH):
            turn.tell(chat, worker_card.decided(limit, restricted, name), lane=outbox.MONEY)


async def _ask_others(turn: Turn, limit: Limit, found: Profile) -> None:
    for chat, reader in await staff.desk(turn.session, turn.bot_id, but=turn.worker.id):
        with i18n.speaking(reader.locale or i18n.ENGLISH):
            turn.tell(chat, worker_card.proposed(limit, found.worker), lane=outbox.MONEY)


def _ask(turn: Turn, found: Profile, text: str, rows: list[list[Button]]) -> None:
    lines = [bold(escape(found.worker.pseudonym)), text]
    turn.replace(Message(text="\n".join(lines), rows=[*rows, [_back(found)]]))


def _back(found: Profile) -> Button:
    return Button(pgettext("button", "Back"), pack(WS, "card", found.worker.id))


def _terms(project: str, reason: str, days: str) -> dict[str, str | int | None]:
    """What the buttons carried, checked. Raises Gone."""
    number = callbacks.number(days)
    if reason not in restrictions.REASONS or number not in DAYS:
        raise Gone
    return {
        "project_id": callbacks.number(project) or None,
        "reason": reason,
        "seconds": number * DAY or None,
    }


def _sentence(reason: str) -> str:
    words = restriction_card.reason(reason)
    return words[:1].upper() + words[1:].rstrip(".")


def _length(days: int) -> str:
    return i18n.duration(days * DAY) if days else _("Until it is lifted")


HANDLERS = [
    CallbackQueryHandler(where, pattern=f"^{RS}:where:"),
    CallbackQueryHandler(why, pattern=f"^{RS}:why:"),
    CallbackQueryHandler(how_long, pattern=f"^{RS}:long:"),
    CallbackQueryHandler(preview, pattern=f"^{RS}:show:"),
    CallbackQueryHandler(restrict, pattern=f"^{RS}:do:"),
    CallbackQueryHandler(agree, pattern=f"^{RS}:yes:"),
    CallbackQueryHandler(lift, pattern=f"^{RS}:lift:"),
]
