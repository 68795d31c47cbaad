"""/start: from the first word to Home, one step at a time, resumable at each of them.

The first button of every step is the way forward. A step is one message, edited in place.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone, Refusal
from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.people import consent, documents, invites, languages, onboarding, roles
from bot.people.onboarding import StepPassed
from bot.work import sittings
from handlers import callbacks, choices, keyboards, lessons, menu, topics
from handlers.cards import Message, escape
from handlers.choices import Rows
from handlers.keyboards import Button, pairs
from handlers.turn import Turn

ON = "on"  # callback prefix
PAYLOAD = 64  # characters, Telegram's
WAITING = {"what": "onboarding"}


async def start(update: Update, turn: Turn) -> None:
    """Home, or the step at which joining stands; what a link asked for comes first."""
    if turn.worker.state == "declined":
        turn.say(_refused())
        return
    note = await _follow(turn, " ".join(turn.args or []))
    if turn.worker.step is None:
        await _go_home(turn, note)
    else:
        await _say_step(turn, note)


async def resume(update: Update, turn: Turn) -> None:
    """Any text or command before joining is finished: the current step again, and why."""
    if turn.worker.state == "declined":
        turn.say(_refused())
    elif turn.worker.step is None:
        await _go_home(turn, "")
    else:
        await _say_step(turn, _("A few questions first. Please use the buttons."))


async def typed(update: Update, turn: Turn) -> None:
    """Text during onboarding: the name of a country where one is asked for."""
    text = (update.effective_message and update.effective_message.text) or ""
    if turn.worker.step not in ("country", "zone"):
        await resume(update, turn)
        return
    found = i18n.find_countries(text)
    message = Message(text=choices.typed_country(text, found))
    if turn.worker.step == "country":
        rows = choices.countries(ON, found or i18n.likely_countries())
    else:
        rows = choices.zones(ON, choices.zones_near(found) or _zones(turn), turn.now)
    turn.say(replace(message, rows=rows))


async def tapped(update: Update, turn: Turn) -> None:
    """A button of a step. Of an earlier step: a note, and the step that is open."""
    verb, _colon, value = (turn.query.data or "").removeprefix(f"{ON}:").partition(":")
    if verb not in TAPS:
        raise Gone
    try:
        await TAPS[verb](turn, value)
    except StepPassed as passed:
        turn.toast(passed.say())
        if turn.worker.step is not None:
            turn.replace(await _step(turn))
        elif turn.tapped is not None:
            turn.strip(turn.tapped)


# Links


async def _follow(turn: Turn, payload: str) -> str:
    """What to say about the link that was followed; empty without one."""
    if not payload:
        return ""
    if len(payload) <= PAYLOAD and payload.startswith("i_"):
        return await _accept(turn, payload.removeprefix("i_"))
    if len(payload) <= PAYLOAD and payload.startswith("p_"):
        return _("You followed a link to a project. Tap Work to see what is open for you.")
    return _("This link does not lead anywhere. Here is where you are:")


async def _accept(turn: Turn, secret: str) -> str:
    try:
        role = await invites.redeem(turn.session, secret, turn.worker.id, now=turn.now)
    except Refusal as refusal:
        return refusal.say()
    if role == "worker":
        return _("Welcome. Your invitation is accepted.")
    menu.show(turn, await roles.of(turn.session, turn.worker.id))
    return _("Your invitation is accepted. You now have the role {role}.").format(
        role=f"<b>{escape(role)}</b>"
    )


# Home


async def _go_home(turn: Turn, note: str) -> None:
    if (turn.chat.expecting or {}).get("what") != "answer":
        turn.chat.expecting = None
    words = _("You are home. Tap Work for a task.")
    if await consent.settle(turn.session, turn.worker):
        words = _("New work is paused because an agreement is missing. See /privacy.")
    mine = await roles.of(turn.session, turn.worker.id)
    desk = _("/projects shows the projects, /newproject makes one from a file.")
    lines = [words, desk] if {"owner", "admin"} & set(mine) else [words]
    turn.say(Message(text=_joined(note, "\n".join(lines)), keyboard=keyboards.home()))
    menu.show(turn, mine)


async def _finish(turn: Turn) -> None:
    """Joining is done: what was said stays readable, and the keyboard comes."""
    turn.chat.expecting = None
    mine = await languages.of(turn.session, turn.worker.id)
    title = _("Your languages")
    lines = [escape(choices.language_at(code, level)) for code, level in mine.items()]
    turn.replace(Message(text="\n".join([f"<b>{title}</b>", *lines])))
    words = _("You are set. Tap Work for your first task.")
    turn.say(Message(text=words, keyboard=keyboards.home()))
    menu.show(turn, await roles.of(turn.session, turn.worker.id))
    await _offer_training(turn)


async def _offer_training(turn: Turn) -> None:
    """A paid warm-up, where there is one: nobody has to look for it."""
    for chance in await sittings.chances(turn.session, turn.worker.id, now=turn.now):
        if chance.spec.project_kind == "training" and chance.standing == "ready":
            turn.say(lessons.invitation(chance))
            return


def _refused() -> Message:
    return Message(
        text=_(
            "Thank you for telling us. This work is for people who are 18 or older, so we stop "
            "here. We keep nothing but this answer."
        )
    )


# Taps


async def _choose_language(turn: Turn, code: str) -> None:
    onboarding.choose_language(turn.worker, code)
    with i18n.speaking(code):
        mine = await roles.of(turn.session, turn.worker.id)
        if mine:  # who runs the bot needs the menu now, not after the questions for workers
            menu.show(turn, mine)
        await _show_step(turn)


async def _rechoose_language(turn: Turn, _value: str) -> None:
    onboarding.rechoose_language(turn.worker)
    await _show_step(turn)


async def _read_intro(turn: Turn, _value: str) -> None:
    onboarding.read_intro(turn.worker)
    await _show_step(turn)


async def _explain(turn: Turn, topic: str) -> None:
    _at(turn, "intro")
    if topic not in topics.PAGES:
        raise Gone
    turn.replace(Message(text=topics.page(topic), rows=[[_continue()], [_back()]]))


async def _read(turn: Turn, name: str) -> None:
    _at(turn, documents.find(name).name)
    turn.replace(Message(text=choices.document_page(name), rows=[[_agree(name)], [_back()]]))


async def _agreed(turn: Turn, name: str) -> None:
    await onboarding.agree(turn.session, turn.worker, name, now=turn.now)
    await _show_step(turn)


async def _adult(turn: Turn, answer: str) -> None:
    if answer == "yes":
        onboarding.is_adult(turn.worker)
        await _show_step(turn)
        return
    await onboarding.decline(turn.session, turn.worker)
    turn.chat.expecting = None
    turn.replace(_refused())


async def _country(turn: Turn, country: str) -> None:
    onboarding.choose_country(turn.worker, country)
    await _show_step(turn)


async def _other_country(turn: Turn, _value: str) -> None:
    _at(turn, "country")
    turn.replace(Message(text=_("Type the first letters of your country."), rows=[[_back()]]))


async def _zone(turn: Turn, zone: str) -> None:
    user = turn.received.effective_user
    phone = user.language_code if user else None
    await onboarding.choose_zone(turn.session, turn.worker, zone, phone=phone)
    await _show_step(turn)


async def _other_zone(turn: Turn, _value: str) -> None:
    _at(turn, "zone")
    turn.replace(_cities(turn, choices.zones_near([*_own(turn), *i18n.likely_countries()])))


async def _toggle(turn: Turn, language: str) -> None:
    await onboarding.toggle_language(turn.session, turn.worker, language)
    await _show_step(turn)


async def _chosen(turn: Turn, _value: str) -> None:
    await onboarding.languages_chosen(turn.session, turn.worker)
    await _show_step(turn)


async def _level(turn: Turn, value: str) -> None:
    language, _colon, level = value.partition(":")
    following = await onboarding.say_level(turn.session, turn.worker, language, level, now=turn.now)
    if following is None:
        await _finish(turn)
    else:
        await _show_step(turn)


async def _here(turn: Turn, _value: str) -> None:
    """Back from a page to its step."""
    if turn.worker.step is None:
        raise StepPassed
    await _show_step(turn)


TAPS: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
    "lang": _choose_language,
    "relang": _rechoose_language,
    "intro": _read_intro,
    "topic": _explain,
    "read": _read,
    "agree": _agreed,
    "adult": _adult,
    "country": _country,
    "other": _other_country,
    "zone": _zone,
    "zones": _other_zone,
    "toggle": _toggle,
    "chosen": _chosen,
    "level": _level,
    "here": _here,
}


# Steps


async def _show_step(turn: Turn) -> None:
    turn.chat.expecting = dict(WAITING)
    turn.replace(await _step(turn))


async def _say_step(turn: Turn, note: str) -> None:
    turn.chat.expecting = dict(WAITING)
    message = await _step(turn)
    turn.say(replace(message, text=_joined(note, message.text)))


async def _step(turn: Turn) -> Message:
    step = turn.worker.step or ""
    if step in onboarding.AGREEMENTS:
        return _agreement(step)
    return await STEPS[step](turn)


async def _languages_of_interface(turn: Turn) -> Message:
    """In the language Telegram gave and in English: many people run Telegram in English."""
    words = _("Choose your language.")
    with i18n.speaking("en"):
        english = _("Choose your language.")
    text = words if words == english else f"{words}\n{english}"
    return Message(text=text, rows=choices.interface_languages(ON, i18n.current()))


async def _intro(turn: Turn) -> Message:
    text = _(
        "Here you do short paid tasks that help test and train AI. You see the pay and the "
        "expected time before you start. We never ask you to pay anything. Staff never write to "
        "you first: check with /verify."
    )
    more = [topics.button(name, callbacks.pack(ON, "topic", name)) for name in ("pay", "real")]
    language = Button(_("Change language"), callbacks.pack(ON, "relang"))
    return Message(text=text, rows=[[_continue()], more, [language]])


def _agreement(name: str) -> Message:
    document = documents.DOCUMENTS[name]
    lines = [
        _("Three things to agree to. This is number {number} of 3.").format(
            number=onboarding.AGREEMENTS.index(name) + 1
        ),
        f"<b>{_(document.title)}</b>\n{_(document.summary)}",
        _("You can withdraw at any time in /privacy."),
    ]
    read = Button(_("Read it (1 page)"), callbacks.pack(ON, "read", name))
    return Message(text="\n\n".join(lines), rows=[[_agree(name)], [read]])


async def _age(turn: Turn) -> Message:
    yes = Button(pgettext("button", "Yes"), callbacks.pack(ON, "adult", "yes"))
    no = Button(pgettext("button", "No"), callbacks.pack(ON, "adult", "no"))
    return Message(text=_("Are you 18 or older?"), rows=[[yes, no]])


async def _countries(turn: Turn) -> Message:
    text = _("Where do you live? This sets your currency and how you can be paid.")
    other = Button(_("Another country"), callbacks.pack(ON, "other"))
    rows: Rows = [*choices.countries(ON, i18n.likely_countries()), [other]]
    return Message(text=text, rows=rows)


async def _time(turn: Turn) -> Message:
    """One question where a country keeps one time, else its cities."""
    found = _zones(turn)
    if len(found) > 1:
        return _cities(turn, found)
    text = _("Your local time now: {time} ({city}). Right?").format(
        time=f"<b>{i18n.clock_time(turn.now, turn.zone)}</b>",
        city=escape(i18n.city_name(turn.zone)),
    )
    yes = Button(pgettext("button", "Yes"), callbacks.pack(ON, "zone", turn.zone))
    change = Button(pgettext("button", "Change"), callbacks.pack(ON, "zones"))
    return Message(text=text, rows=[[yes, change]])


def _cities(turn: Turn, found: list[i18n.Zone]) -> Message:
    text = _("What time is it where you live? Choose the city with your time, or type a country.")
    return Message(text=text, rows=choices.zones(ON, found, turn.now))


async def _languages_of_work(turn: Turn) -> Message:
    """Done is the first button as soon as it can be tapped; the interface's language is marked."""
    chosen = await languages.of(turn.session, turn.worker.id)
    likely = languages.likely(turn.locale, turn.worker.country)
    toggles = [
        Button(_marked(code, code in chosen), callbacks.pack(ON, "toggle", code)) for code in likely
    ]
    done = Button(pgettext("button", "Done"), callbacks.pack(ON, "chosen"))
    text = _("Which languages do you read and write well? Tap each of them, then Done.")
    return Message(text=text, rows=[*([[done]] if chosen else []), *pairs(toggles)])


async def _levels(turn: Turn) -> Message:
    language = await onboarding.next_language(turn.session, turn.worker) or turn.locale
    text = _("How well do you read and write {language}?").format(
        language=f"<b>{escape(choices.known_language(language))}</b>"
    )
    return Message(text=text, rows=choices.levels(ON, language))


STEPS: dict[str, Callable[[Turn], Awaitable[Message]]] = {
    "language": _languages_of_interface,
    "intro": _intro,
    "adult": _age,
    "country": _countries,
    "zone": _time,
    "languages": _languages_of_work,
    "levels": _levels,
}


def _at(turn: Turn, step: str) -> None:
    """Pages are read only at their step: an old page must not replace the step that is open."""
    if turn.worker.step != step:
        raise StepPassed


def _own(turn: Turn) -> list[str]:
    return [turn.worker.country] if turn.worker.country else []


def _zones(turn: Turn) -> list[i18n.Zone]:
    return choices.zones_near(_own(turn))


def _marked(code: str, chosen: bool) -> str:
    return f"✓ {choices.native_name(code)}" if chosen else choices.native_name(code)


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _continue() -> Button:
    return Button(pgettext("button", "Continue"), callbacks.pack(ON, "intro"))


def _agree(name: str) -> Button:
    return Button(_("I agree"), callbacks.pack(ON, "agree", name))


def _back() -> Button:
    return Button(choices.back(), callbacks.pack(ON, "here"))


EXPECTED = {"onboarding": typed}

HANDLERS = [
    CommandHandler("start", start),
    CallbackQueryHandler(tapped, pattern=f"^{ON}:"),
]
