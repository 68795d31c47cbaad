"""/settings: one message, edited in place; each row shows what is set."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.pay import destinations, experts
from bot.people import languages, onboarding, roles, status_cards, summaries, weeks
from handlers import callbacks, choices, keyboards, menu
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button, pairs
from handlers.payout_card import PO, ST
from handlers.turn import Turn


async def settings(update: Update, turn: Turn) -> None:
    """The card; from a page back to it, what a page waited for is no longer waited for."""
    _stop_waiting(turn)
    turn.replace(await _card(turn))


async def languages_of_interface(update: Update, turn: Turn) -> None:
    rows = choices.interface_languages(ST, turn.locale)
    turn.replace(Message(text=_("Choose your language."), rows=[*rows, [_back()]]))


async def set_language(update: Update, turn: Turn) -> None:
    """Card, keyboard and menu change their language together."""
    code = callbacks.fields(turn.query.data, 2)[1]
    if code not in i18n.available():
        raise Gone
    turn.worker.locale = code
    with i18n.speaking(code):
        turn.replace(await _card(turn))
        turn.say(Message(text=_("From now on in this language."), keyboard=keyboards.home()))
        menu.show(turn, await roles.of(turn.session, turn.worker.id))


async def countries(update: Update, turn: Turn) -> None:
    """Eight likely ones; any other by typing."""
    turn.chat.expecting = {"what": "settings_country"}
    text = _("Where do you live? Choose a country, or type the first letters of another.")
    rows = choices.countries(ST, i18n.likely_countries())
    turn.replace(Message(text=text, rows=[*rows, [_back()]]))


async def typed_country(update: Update, turn: Turn) -> None:
    text = (update.effective_message and update.effective_message.text) or ""
    found = i18n.find_countries(text)
    rows = choices.countries(ST, found or i18n.likely_countries())
    turn.say(Message(text=choices.typed_country(text, found), rows=[*rows, [_back()]]))


async def set_country(update: Update, turn: Turn) -> None:
    """Where the country keeps several times, the next question is which."""
    _stop_waiting(turn)
    before = turn.worker.zone
    onboarding.live_in(turn.worker, callbacks.fields(turn.query.data, 2)[1])
    moved = turn.worker.zone != before
    await weeks.follow(turn.session, turn.worker)
    if moved and len(i18n.zones_of(turn.worker.country or "")) > 1:
        await zones(update, turn)
    else:
        turn.toast(_("Saved."))
        turn.replace(await _card(turn))


async def zones(update: Update, turn: Turn) -> None:
    own = [turn.worker.country] if turn.worker.country else []
    found = choices.zones_near([*own, *i18n.likely_countries()])
    text = _("Choose the city with your time.")
    turn.replace(Message(text=text, rows=[*choices.zones(ST, found, turn.now), [_back()]]))


async def set_zone(update: Update, turn: Turn) -> None:
    onboarding.keep_time(turn.worker, callbacks.fields(turn.query.data, 2)[1])
    await weeks.follow(turn.session, turn.worker)
    turn.toast(_("Saved."))
    turn.replace(await _card(turn))


async def work_languages(update: Update, turn: Turn) -> None:
    """Those chosen with their level first, then the others."""
    turn.replace(await _languages(turn))


async def work_language(update: Update, turn: Turn) -> None:
    """One language: how well, or not any more."""
    code = _language(callbacks.fields(turn.query.data, 2)[1])
    mine = await languages.of(turn.session, turn.worker.id)
    text = _("How well do you read and write {language}?").format(
        language=f"<b>{escape(choices.known_language(code))}</b>"
    )
    rows = choices.levels(ST, code)
    if code in mine:
        rows.append([Button(_("Remove this language"), pack(ST, "drop", code))])
    rows.append([Button(choices.back(), pack(ST, "work"))])
    turn.replace(Message(text=text, rows=rows))


async def set_level(update: Update, turn: Turn) -> None:
    _verb, code, level = callbacks.fields(turn.query.data, 3)
    if level not in languages.LEVELS:
        raise Gone
    await languages.choose(turn.session, turn.worker.id, code, level)
    turn.toast(_("Saved."))
    turn.replace(await _languages(turn))


async def drop(update: Update, turn: Turn) -> None:
    """Remove a language; a second tap finds it gone already, which is what was wanted."""
    code = _language(callbacks.fields(turn.query.data, 2)[1])
    if code in await languages.of(turn.session, turn.worker.id):
        await languages.forget(turn.session, turn.worker.id, code)
        turn.toast(_("Removed."))
    turn.replace(await _languages(turn))


async def fields(update: Update, turn: Turn) -> None:
    """What somebody is an expert of: it decides what expert work pays them."""
    names = await experts.fields(turn.session)
    buttons = [Button(choices.field(one), pack(ST, "field", one)) for one in names]
    none = Button(choices.field(""), pack(ST, "field", ""))
    text = _(
        "What are you an expert of? Work for experts is paid by the wage of the field. Say only "
        "what you could show: such work asks for exams."
    )
    turn.replace(Message(text=text, rows=[*pairs([*buttons, none]), [_back()]]))


async def set_field(update: Update, turn: Turn) -> None:
    """Work offered from now on is paid by it; what is in hand keeps its price."""
    await experts.declare(turn.session, turn.worker, callbacks.fields(turn.query.data, 2)[1])
    turn.toast(_("Saved."))
    turn.replace(await _card(turn))


async def set_summary(update: Update, turn: Turn) -> None:
    """The button says what is wanted, so that a second tap does not take it back."""
    match callbacks.fields(turn.query.data, 2)[1]:
        case "on":
            await summaries.subscribe(turn.session, turn.worker, now=turn.now)
        case "off":
            await summaries.unsubscribe(turn.session, turn.worker)
        case _:
            raise Gone
    turn.toast(_("Saved."))
    turn.replace(await _card(turn))


async def set_status(update: Update, turn: Turn) -> None:
    """On: the clock writes and pins the card. Off: the pin goes, the message stays."""
    match callbacks.fields(turn.query.data, 2)[1]:
        case "on":
            await status_cards.switch_on(turn.session, turn.worker.id)
        case "off":
            pinned = await status_cards.switch_off(turn.session, turn.worker.id)
            if pinned is not None:
                turn.call("unpinChatMessage", chat_id=turn.chat.chat_id, message_id=pinned)
        case _:
            raise Gone
    turn.toast(_("Saved."))
    turn.replace(await _card(turn))


async def _card(turn: Turn) -> Message:
    mine = await languages.of(turn.session, turn.worker.id)
    worker = turn.worker
    country = i18n.country_name(worker.country) if worker.country else "–"
    time = f"{i18n.city_name(turn.zone)} · {i18n.clock_time(turn.now, turn.zone)}"
    spoken = ", ".join(map(choices.native_name, mine)) or "–"
    rows = [
        [_row(_("Language"), choices.native_name(turn.locale), "languages")],
        [_row(_("Country"), country, "countries")],
        [_row(_("Time zone"), time, "zones")],
        [_row(_("Work languages"), spoken, "work")],
        [_row(_("Field"), choices.field(worker.field or ""), "fields")],
        [await _summary(turn)],
        [await _status(turn)],
        [await _payouts(turn)],
    ]
    lines = [bold(_("Settings")), _("Tap what you want to change.")]
    return Message(text="\n".join(lines), rows=rows)


async def _payouts(turn: Turn) -> Button:
    known = await destinations.current(turn.session, turn.worker.id)
    shown = ", ".join(one.shown for one in known) or "–"
    label = _("{setting}: {value}").format(setting=_("Payout details"), value=i18n.isolate(shown))
    return Button(label, pack(PO, "details"))


async def _languages(turn: Turn) -> Message:
    mine = await languages.of(turn.session, turn.worker.id)
    lines = [escape(choices.language_at(code, level)) for code, level in mine.items()]
    codes = languages.likely(turn.locale, turn.worker.country, first=mine)
    buttons = [
        Button(("✓ " if code in mine else "") + choices.native_name(code), pack(ST, "work", code))
        for code in codes
    ]
    title = bold(_("Work languages"))
    text = _("You get tasks in these languages. Tap one to add, change or remove it.")
    return Message(text="\n".join([title, *lines, text]), rows=[*pairs(buttons), [_back()]])


async def _summary(turn: Turn) -> Button:
    """A switch: a tap turns it over."""
    if await summaries.subscribed(turn.session, turn.worker):
        return _row(_("Weekly summary"), pgettext("setting", "on"), "summary", "off")
    return _row(_("Weekly summary"), pgettext("setting", "off"), "summary", "on")


async def _status(turn: Turn) -> Button:
    if await status_cards.wanted(turn.session, turn.worker.id):
        return _row(_("Pinned balance"), pgettext("setting", "on"), "status", "off")
    return _row(_("Pinned balance"), pgettext("setting", "off"), "status", "on")


def _row(name: str, value: str, *page: str) -> Button:
    return Button(
        _("{setting}: {value}").format(setting=name, value=i18n.isolate(value)), pack(ST, *page)
    )


def _language(code: str) -> str:
    if code not in i18n.LANGUAGES:
        raise Gone
    return code


def _stop_waiting(turn: Turn) -> None:
    if (turn.chat.expecting or {}).get("what") == "settings_country":
        turn.chat.expecting = None


def _back() -> Button:
    return Button(choices.back(), pack(ST, "home"))


EXPECTED = {"settings_country": typed_country}

HANDLERS = [
    CommandHandler("settings", settings),
    CallbackQueryHandler(settings, pattern=f"^{ST}:home$"),
    CallbackQueryHandler(languages_of_interface, pattern=f"^{ST}:languages$"),
    CallbackQueryHandler(set_language, pattern=f"^{ST}:lang:"),
    CallbackQueryHandler(countries, pattern=f"^{ST}:countries$"),
    CallbackQueryHandler(set_country, pattern=f"^{ST}:country:"),
    CallbackQueryHandler(zones, pattern=f"^{ST}:zones$"),
    CallbackQueryHandler(set_zone, pattern=f"^{ST}:zone:"),
    CallbackQueryHandler(work_languages, pattern=f"^{ST}:work$"),
    CallbackQueryHandler(work_language, pattern=f"^{ST}:work:"),
    CallbackQueryHandler(set_level, pattern=f"^{ST}:level:"),
    CallbackQueryHandler(fields, pattern=f"^{ST}:fields$"),
    CallbackQueryHandler(set_field, pattern=f"^{ST}:field:"),
    CallbackQueryHandler(set_summary, pattern=f"^{ST}:summary:"),
    CallbackQueryHandler(set_status, pattern=f"^{ST}:status:"),
    CallbackQueryHandler(drop, pattern=f"^{ST}:drop:"),
]
