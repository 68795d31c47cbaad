"""Questions that both onboarding and settings ask: country, time zone, languages, levels."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot import i18n
from bot.i18n import N_, Zone, pgettext
from bot.i18n import gettext as _
from bot.people import documents
from handlers import callbacks
from handlers.cards import escape
from handlers.keyboards import Button, pairs

MD = "md"  # callback prefix of /mydata, to which /privacy leads
ZONES = 12
WIDE = 14  # a longer label does not stand beside another on a small phone

Rows = list[list[Button]]

LEVELS = {
    "native": N_("Native"),
    "fluent": N_("Fluent"),
    "some": N_("Some"),
}


def interface_languages(prefix: str, first: str) -> Rows:
    """Languages of the interface by their own names: a person finds theirs whatever is spoken."""
    codes = dict.fromkeys([first, *i18n.available()])
    return pairs(
        [Button(native_name(code), callbacks.pack(prefix, "lang", code)) for code in codes]
    )


def native_name(code: str) -> str:
    return i18n.LANGUAGES[code].name if code in i18n.LANGUAGES else code


def known_language(code: str) -> str:
    """A language's own name with its name in the language being spoken: "Kiswahili (Swahili)"."""
    own, spoken = native_name(code), i18n.language_name(code)
    return own if own.casefold() == spoken.casefold() else f"{own} ({spoken})"


def language_at(code: str, level_code: str) -> str:
    """A work language as a line: "Kiswahili (Swahili): Native"."""
    return f"{known_language(code)}: {level(level_code)}"


def countries(prefix: str, codes: Iterable[str]) -> Rows:
    return _fitted(
        [Button(i18n.country_name(code), callbacks.pack(prefix, "country", code)) for code in codes]
    )


def typed_country(text: str, codes: Sequence[str]) -> str:
    """What to say above the countries found for a typed name."""
    if codes:
        return _("Choose your country:")
    return _("No country is called “{text}”. Type the first letters of its name.").format(
        text=escape(text[:40])
    )


def zones(prefix: str, found: Iterable[Zone], now: datetime) -> Rows:
    """One city a row, with its time: people know their time better than their zone."""
    return [
        [
            Button(
                f"{zone.city} · {i18n.clock_time(now, zone.name)}",
                callbacks.pack(prefix, "zone", zone.name),
            )
        ]
        for zone in found
    ]


def zones_near(countries: Iterable[str]) -> list[Zone]:
    """Cities of these countries, at most ZONES."""
    found = [zone for country in countries for zone in i18n.zones_of(country)]
    return list(dict.fromkeys(found))[:ZONES]


def level(code: str) -> str:
    """A level as a person reads it; empty for one not said yet."""
    return _(LEVELS[code]) if code in LEVELS else ""


def field(name: str) -> str:
    """A field of expertise as a person reads it; one of an operator's own stays as written."""
    words = {
        "": pgettext("field", "none"),
        "biology": pgettext("field", "biology"),
        "chemistry": pgettext("field", "chemistry"),
        "finance": pgettext("field", "finance"),
        "law": pgettext("field", "law"),
        "mathematics": pgettext("field", "mathematics"),
        "medicine": pgettext("field", "medicine"),
        "physics": pgettext("field", "physics"),
        "software": pgettext("field", "software"),
    }
    return words.get(name, name)


def levels(prefix: str, language: str) -> Rows:
    return [
        [Button(_(words), callbacks.pack(prefix, "level", language, code))]
        for code, words in LEVELS.items()
    ]


def document_page(name: str) -> str:
    """A document with its version below, so that everybody can see which one they agreed to."""
    page = documents.find(name).page()
    version = _("Version {version}").format(version=documents.VERSION)
    return f"{page}\n\n<i>{version}</i>"


def copy_of_data() -> Button:
    return Button(_("A copy of my data"), callbacks.pack(MD, "copy"))


def delete_data() -> Button:
    return Button(_("Delete my data…"), callbacks.pack(MD, "ask"))


def back() -> str:
    return pgettext("button", "Back")


def _fitted(buttons: Sequence[Button]) -> Rows:
    wide = any(len(button.text) > WIDE for button in buttons)
    return pairs(buttons, width=1 if wide else 2)
