"""Which language is spoken, and how words, numbers, times and places are written in it.

The language is a context variable, so one process serves many people at once:

    with i18n.speaking("sw"):
        _("Paid {amount}.").format(amount=money.show(20_000, "USD"))

Catalogs are `locales/<code>/LC_MESSAGES/bot.po`, read at first use; nothing has to be compiled.
"""

import gettext as _gettext
import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    format_decimal,
    format_percent,
    get_decimal_symbol,
    get_territory_currencies,
)

from bot import clock

log = logging.getLogger(__name__)

LOCALES = Path(__file__).parents[1] / "locales"
ENGLISH = "en"
PSEUDO = "en_XA"  # English with accents and 40 % longer: shows what was forgotten or does not fit


class Language(NamedTuple):
    """A language of the interface. `menu` is the two-letter code that Telegram's menus accept."""

    code: str
    name: str
    menu: str
    aliases: tuple[str, ...] = ()
    rtl: bool = False


LANGUAGES = {
    language.code: language
    for language in (
        Language("en", "English", "en"),
        Language("sw", "Kiswahili", "sw", ("swh",)),
        Language("fil", "Filipino", "tl", ("tl",)),
        Language("hi", "हिन्दी", "hi"),
        Language("es", "Español", "es"),
        Language("pt_BR", "Português (Brasil)", "pt", ("pt",)),
        Language("fr", "Français", "fr"),
        Language("ar", "العربية", "ar", rtl=True),
        Language("zh_Hans", "简体中文", "zh", ("zh",)),
        Language("ru", "Русский", "ru"),
        Language("id", "Bahasa Indonesia", "id", ("in",)),  # Java still says `in`
        Language("bn", "বাংলা", "bn"),
    )
}
SHIPPED = ("en", "sw")  # those with a complete catalog

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)
_pseudo_asked = False


# Words


def resolve(tag: str | None) -> str:
    """The shipped language for an IETF tag: the tag itself, an alias, its base, else English."""
    code = known(tag or ENGLISH)
    if code in available():
        return code
    log.debug("no catalog for language tag %r", (tag or "")[:35])
    return ENGLISH


def known(tag: str | None) -> str | None:
    """The language we know for an IETF tag, with or without a catalog: one to read and write in."""
    wanted = (tag or "").lower().replace("_", "-")
    codes = (_codes().get(candidate) for candidate in (wanted, wanted.partition("-")[0]))
    return next((code for code in codes if code), None)


def available() -> tuple[str, ...]:
    """What people may choose: the shipped languages, and the pseudo-locale where tests ask."""
    return (*SHIPPED, PSEUDO) if _pseudo_asked else SHIPPED


def use_pseudo(wanted: bool) -> None:
    """Add the pseudo-locale to the available languages, or take it away."""
    global _pseudo_asked
    _pseudo_asked = wanted


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language: gettext and every formatting function here follow it."""
    token = _language.set(code if code in LANGUAGES or code == PSEUDO else resolve(code))
    try:
        yield
    finally:
        _language.reset(token)


def current() -> str:
    """The code of the language being spoken."""
    return _language.get()


def is_rtl() -> bool:
    """Whether the language being spoken is written from right to left."""
    return current() in LANGUAGES and LANGUAGES[current()].rtl


def gettext(message: str) -> str:
    """The message in the language being spoken; English when the catalog does not have it."""
    return _catalog(current()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form that the language uses for `count`."""
    return _catalog(current()).ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Like gettext, where one English word needs several translations (button, toast, status)."""
    return _catalog(current()).pgettext(context, message)


def N_(message: str) -> str:  # noqa: N802 -- the name that extractors look for
    """Mark for translation without translating."""
    return message


def language_name(code: str) -> str:
    """A language's name in the language being spoken; the code itself when nobody knows it."""
    base = code.partition("_")[0]
    for names in (locale().languages, _babel_locale(ENGLISH).languages):
        for key in (code, base):
            if key in names:
                return str(names[key])
    return code


@cache
def _codes() -> dict[str, str]:
    exact = {code.lower().replace("_", "-"): code for code in (*LANGUAGES, PSEUDO)}
    return exact | {alias: one.code for one in LANGUAGES.values() for alias in one.aliases}


def locale() -> Locale:
    """Babel's data for the language being spoken."""
    return _babel_locale(current())


@cache
def _babel_locale(code: str) -> Locale:
    return Locale.parse(ENGLISH if code == PSEUDO else code)


@cache
def _catalog(code: str) -> _gettext.NullTranslations:
    if code == PSEUDO:
        return _Pseudo()
    folder = LOCALES / code / "LC_MESSAGES"
    written, built = folder / "bot.po", folder / "bot.mo"
    if not written.exists():
        return _gettext.NullTranslations()
    if built.exists() and built.stat().st_mtime >= written.stat().st_mtime:
        return _gettext.GNUTranslations(io.BytesIO(built.read_bytes()))
    return _compile(written)


def _compile(written: Path) -> _gettext.GNUTranslations:
    binary = io.BytesIO()
    write_mo(binary, read_po(io.BytesIO(written.read_bytes())))
    binary.seek(0)
    return _gettext.GNUTranslations(binary)


class _Pseudo(_gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return pseudo(singular if count == 1 else plural)

    def pgettext(self, context: str, message: str) -> str:
        return pseudo(message)


_KEPT = re.compile(r"(<[^>]+>|\{[^}]*\}|&\w+;|https?://\S+|/[a-z]\w*)")
_ACCENTS = str.maketrans("aceilnorsuyzACEILNORSUYZ", "áçéíļñöŕšúýžÁÇÉÍĻÑÖŔŠÚÝŽ")


def pseudo(text: str) -> str:
    """English that looks foreign and is 40 % longer; placeholders, tags and commands stay."""
    parts = _KEPT.split(text)
    letters = sum(len(part) for part in parts[::2])
    parts[::2] = [part.translate(_ACCENTS) for part in parts[::2]]
    return f"[{''.join(parts)}{'~' * -(-letters * 4 // 10)}]"


# Directions

FSI, LRI, PDI = "\u2068", "\u2066", "\u2069"
RLM = "\u200f"
_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # marks alone cannot turn what follows
_PLAIN_LINE = "[^\n\u202a-\u202e\u2066-\u2069]*"
_HAS_ITS_OWN = re.compile(f"{RLM}{_PLAIN_LINE}|(?:[{FSI}{LRI}]{_PLAIN_LINE}{PDI}\n*)+")


def isolate(text: str) -> str:
    """Keep text of unknown direction (names, task text) from turning the line around it.

    Each line gets its own marks, and only where a right-to-left script is near. Text that brings
    its own (money in Arabic) stays as it is.
    """
    return _wrap(text, FSI)


def ltr(text: str) -> str:
    """The same for what always reads from left to right: codes, commands, addresses, formulas."""
    return _wrap(text, LRI)


def strip_marks(text: str) -> str:
    """What a person meant, without invisible direction marks. Joiners stay: they are spelling."""
    return _MARKS.sub("", text)


def _wrap(text: str, opening: str) -> str:
    if not (is_rtl() or _has_rtl(text)) or _HAS_ITS_OWN.fullmatch(text):
        return text
    lines = _CONTROLS.sub("", text).split("\n")
    return "\n".join(f"{opening}{line}{PDI}" if line else line for line in lines)


def _has_rtl(text: str) -> bool:
    return any(unicodedata.bidirectional(sign) in ("R", "AL", "RLE", "RLO", "RLI") for sign in text)


# Numbers

LONGEST_NUMBER = 40
_SIGNS = {"\u2212": "-", "\ufe63": "-", "\uff0d": "-", "\uff0b": "+"}
_POINTS = {"\uff0e": ".", "\uff0c": ",", "\u060c": ","}
_GAPS = dict.fromkeys("\u00a0\u202f\u2009'\u2019\u066c", " ")
_AS_ASCII = str.maketrans({**_SIGNS, **_POINTS, **_GAPS})
_MARK = re.compile("[., \u066b]")  # the last is the Arabic decimal mark, which never groups
_PLAIN = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(?P<gap>[., ])[0-9]{3}(?:(?P=gap)[0-9]{3})*"  # 1,234,567
    r"|[1-9][0-9]?(?P<lakh>[, ])[0-9]{2}(?:(?P=lakh)[0-9]{2})*(?P=lakh)[0-9]{3}"  # 12,34,567
)


def number(value: int | float | Decimal) -> str:
    """A number with the language's separators; exact, except that floats show three decimals."""
    return format_decimal(value, locale=locale(), decimal_quantization=isinstance(value, float))


def percent(share: float | Decimal) -> str:
    """A share of one as whole percents."""
    return format_percent(share, locale=locale())


def read_numeral(text: str) -> str | None:
    """The number a person typed, in ASCII digits with a point; None when it is not one number.

    Zeros are kept as they were written: "٠٫٥٠" is "0.50", "007" is "007", ".5" is "0.5".

    Of two different marks the last is the decimal mark. One mark before exactly three digits can
    mean both: it is decimal where the language being spoken writes decimals so, else it groups
    thousands ("1,234" is 1234 in English, 1.234 in Spanish). Callers show what they understood.
    """
    if len(text) > LONGEST_NUMBER:
        return None
    plain = "".join(map(_ascii_digit, strip_marks(text).strip())).translate(_AS_ASCII)
    sign = plain[:1] if plain[:1] in ("+", "-") else ""
    digits = _without_groups(plain[len(sign) :].lstrip())
    if not _PLAIN.fullmatch(digits):
        return None
    return sign.rstrip("+") + ("0" if digits.startswith(".") else "") + digits.rstrip(".")


def _ascii_digit(sign: str) -> str:
    return str(unicodedata.decimal(sign, sign))


def _without_groups(digits: str) -> str:
    """The same digits with at most one point; unchanged or empty when the marks make no sense."""
    marks = _MARK.findall(digits)
    if not marks or (_GROUPED.fullmatch(digits) and marks != [get_decimal_symbol(locale())]):
        return _MARK.sub("", digits)
    whole, mark, part = digits.rpartition(marks[-1])
    sensible = mark != " " and (
        len(marks) == 1 or (mark not in whole and _GROUPED.fullmatch(whole))
    )
    return f"{_MARK.sub('', whole)}.{part}" if sensible else ""


# Time

_DAY = {"zh_Hans": "M月d日EEE"}
_FULL_DAY = {"zh_Hans": "y年M月d日"}
_JOINED = {"ar": "{day}، {time}", "zh_Hans": "{day} {time}"}


def when(moment: datetime, zone: str) -> str:
    """A deadline as people read it: "Thu 12 Nov, 18:00". Always 24 hours and a month's name."""
    joined = _JOINED.get(current(), "{day}, {time}")
    return joined.format(day=day(moment, zone), time=clock_time(moment, zone))


def clock_time(moment: datetime, zone: str) -> str:
    """The time of day in a zone: "18:00"."""
    return _format(moment, zone, "HH:mm")


def day(moment: datetime, zone: str) -> str:
    """A day near to now: "Thu 12 Nov"."""
    return _format(moment, zone, _DAY.get(current(), "EEE d MMM"))


def full_day(moment: datetime, zone: str) -> str:
    """A day that may be of another year: "12 Nov 2026"."""
    return _format(moment, zone, _FULL_DAY.get(current(), "d MMM y"))


def month(day: date) -> str:
    """A month and its year: "November 2026"."""
    pattern = "y年M月" if current() == "zh_Hans" else "LLLL y"
    return format_date(day, pattern, locale=locale())


def month_names() -> list[list[str]]:
    """What people may write for each month from January on, folded, in the language spoken."""
    wide, short = (locale().months["stand-alone"][width] for width in ("wide", "abbreviated"))
    return [[folded(str(wide[at])), folded(str(short[at]))] for at in range(1, 13)]


def duration(seconds: float) -> str:
    """A span of time in its one or two largest units: "40 s", "8 min", "1 h 20 min", "3 days"."""
    minutes = _rounded(seconds / 60)
    if seconds < 59.5:
        count = _rounded(seconds)
        return ngettext("{count} s", "{count} s", count).format(count=count)
    if minutes < 60:
        return ngettext("{count} min", "{count} min", minutes).format(count=minutes)
    if minutes < 48 * 60:
        return _hours(*divmod(minutes, 60))
    days = _rounded(minutes / (24 * 60))
    return ngettext("{count} day", "{count} days", days).format(count=days)


def _hours(hours: int, minutes: int) -> str:
    if not minutes:
        return ngettext("{count} h", "{count} h", hours).format(count=hours)
    return gettext("{hours} h {minutes} min").format(hours=hours, minutes=minutes)


def _rounded(value: float) -> int:
    return int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))


def _format(moment: datetime, zone: str, pattern: str) -> str:
    return format_datetime(moment.astimezone(ZoneInfo(zone)), pattern, locale=locale())


# Places


class Zone(NamedTuple):
    """A time zone by its IANA name, and the city that people know it by."""

    name: str
    city: str


COUNTRIES_BY_LANGUAGE = {  # where a speaker of the language most likely lives, likeliest first
    "en": ("KE", "NG", "PH", "IN", "GH", "ZA", "US", "GB"),
    "sw": ("KE", "TZ", "UG", "CD", "RW", "BI", "MZ", "KM"),
    "fil": ("PH", "SG", "AE", "SA", "HK", "MY", "US", "CA"),
    "hi": ("IN", "NP", "AE", "FJ", "MU", "GB", "US", "CA"),
    "es": ("MX", "CO", "AR", "PE", "VE", "CL", "EC", "ES"),
    "pt_BR": ("BR", "PT", "AO", "MZ", "CV", "GW", "ST", "TL"),
    "fr": ("FR", "CD", "CI", "CM", "SN", "MG", "BF", "ML"),
    "ar": ("EG", "MA", "DZ", "SA", "IQ", "SD", "YE", "JO"),
    "zh_Hans": ("CN", "SG", "MY", "TW", "HK", "MO", "US", "CA"),
    "ru": ("RU", "KZ", "UA", "BY", "UZ", "KG", "AM", "GE"),
    "id": ("ID", "MY", "SG", "TL", "TW", "HK", "SA", "AE"),
    "bn": ("BD", "IN", "AE", "SA", "MY", "QA", "OM", "KW"),
}
MOST_ZONES = 12
MOST_FOUND = 8
# Where the zone database does not list the zone of most people first
_MOST_PEOPLE = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
}
# Better known than the city that it lists first for the same time
_KNOWN_ZONES = {"America/Manaus", "Australia/Adelaide", "Europe/Samara", "Asia/Yakutsk"}


def country_name(country: str) -> str:
    """A country's name in the language being spoken; the code itself when nobody knows it."""
    return str(locale().territories.get(country, country))


def is_country(code: str) -> bool:
    """Whether people can live there by our lists: KE."""
    return code in _country_zones()


def likely_countries() -> tuple[str, ...]:
    """Eight countries to offer first to who speaks the current language."""
    return COUNTRIES_BY_LANGUAGE.get(current(), COUNTRIES_BY_LANGUAGE[ENGLISH])


def find_countries(query: str) -> list[str]:
    """Countries whose code or name matches what was typed, best first, at most eight.

    Names are searched in every language of the interface: people type the name they know.
    """
    wanted = folded(query)
    if not wanted:
        return []
    ranked = sorted(
        (rank, country_name(country), country)
        for country in _country_zones()
        if (rank := _rank(wanted, country)) is not None
    )
    return [country for _, _, country in ranked[:MOST_FOUND]]


def currency_of(country: str) -> str:
    """The currency people are paid in there, USD where the country has none of its own."""
    return next(iter(get_territory_currencies(country)), "USD")


def zones_of(country: str) -> tuple[Zone, ...]:
    """The zones that keep different time in a country, most people's first, at most twelve."""
    return tuple(Zone(name, city_name(name)) for name in _distinct_zones(country))


def city_name(zone: str) -> str:
    """The city of a zone in the language being spoken: "Nairobi"."""
    return get_timezone_location(zone, locale=locale(), return_city=True)


@cache
def _country_zones() -> dict[str, tuple[str, ...]]:
    """Every inhabited country's zones, from the table that comes with the zone database."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    zones: dict[str, tuple[str, ...]] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones[country] = (*zones.get(country, ()), zone)
    return zones


@cache
def _distinct_zones(country: str) -> tuple[str, ...]:
    """One zone per way to keep time in the coming year: nobody needs 29 cities for the US."""
    start = clock.now()
    months = [start + timedelta(days=30 * month) for month in range(12)]
    first = _MOST_PEOPLE.get(country)
    groups: dict[tuple[object, ...], str] = {}
    for name in _country_zones().get(country, ()):
        hours = tuple(month.astimezone(ZoneInfo(name)).utcoffset() for month in months)
        if hours not in groups or name in _KNOWN_ZONES or name == first:
            groups[hours] = name
    return tuple(sorted(groups.values(), key=lambda name: name != first))[:MOST_ZONES]


def _rank(wanted: str, country: str) -> int | None:
    """0 for the code or a whole name, 1 for its beginning, 2 for the beginning of a word."""
    names = _country_names(country)
    if wanted == country.lower() or wanted in names:
        return 0
    if any(name.startswith(wanted) for name in names):
        return 1
    return 2 if any(f" {wanted}" in name for name in names) else None


@cache
def _country_names(country: str) -> tuple[str, ...]:
    names = (_babel_locale(code).territories.get(country) for code in LANGUAGES)
    return tuple({folded(name): None for name in names if name})


def folded(text: str) -> str:
    """Lower case without accents, so that "cote d'ivoire" finds Côte d’Ivoire."""
    spread = unicodedata.normalize("NFKD", strip_marks(text).casefold().replace("’", "'"))
    return "".join(sign for sign in spread if unicodedata.category(sign) != "Mn").strip()
