"""Languages: which one is spoken, and how it writes numbers, times and places."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from bot import i18n
from bot.i18n import LANGUAGES, gettext, ngettext, pgettext, read_numeral

EVENING = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
FSI, LRI, PDI, RLM = "\u2068", "\u2066", "\u2069", "\u200f"


@pytest.fixture
def pseudo():
    i18n.use_pseudo(True)
    yield i18n.PSEUDO
    i18n.use_pseudo(False)


@pytest.fixture
def catalog(tmp_path, monkeypatch):
    """A Swahili catalog in a folder of its own; gives the path of the .po file."""
    folder = tmp_path / "sw" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    written = folder / "bot.po"
    written.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "Yes"\nmsgstr "Ndiyo"\n\n'
        'msgctxt "button"\nmsgid "Open"\nmsgstr "Fungua"\n\n'
        'msgid "{count} task"\nmsgid_plural "{count} tasks"\n'
        'msgstr[0] "kazi {count}"\nmsgstr[1] "makazi {count}"\n\n'
        '#, fuzzy\nmsgid "No"\nmsgstr "Ndiyo"\n',
        "utf-8",
    )
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    i18n._catalog.cache_clear()
    yield written
    i18n._catalog.cache_clear()


# Which language


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (None, "en"),
        ("", "en"),
        ("en-GB", "en"),
        ("sw", "sw"),
        ("SW-ke", "sw"),
        ("sw_TZ", "sw"),
        ("swh", "sw"),
        ("it-IT", "en"),
        ("not a tag at all", "en"),
    ],
)
def test_a_tag_finds_the_language_that_is_shipped(tag, code):
    assert i18n.resolve(tag) == code


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("fil-PH", "fil"),
        ("tl", "fil"),
        ("tl-ph", "fil"),
        ("hi-in", "hi"),
        ("es-419", "es"),
        ("pt-br", "pt_BR"),
        ("pt_BR", "pt_BR"),
        ("pt-pt", "pt_BR"),
        ("ar-EG", "ar"),
        ("zh-hans", "zh_Hans"),
        ("zh_Hans", "zh_Hans"),
        ("zh-cn", "zh_Hans"),
        ("zh-hans-raw", "zh_Hans"),
        ("in", "id"),
        ("bn-bd", "bn"),
    ],
)
def test_every_shape_of_tag_is_known_once_its_language_is_shipped(tag, code, monkeypatch):
    monkeypatch.setattr(i18n, "SHIPPED", tuple(LANGUAGES))
    assert i18n.resolve(tag) == code


def test_a_language_without_a_catalog_falls_back_to_english():
    assert i18n.resolve("ru") == "en"


def test_the_twelve_languages_name_themselves_and_have_two_letter_menu_codes():
    assert " ".join(LANGUAGES) == "en sw fil hi es pt_BR fr ar zh_Hans ru id bn"
    assert all(len(one.menu) == 2 and one.name for one in LANGUAGES.values())
    assert len({one.menu for one in LANGUAGES.values()}) == 12
    assert [code for code, one in LANGUAGES.items() if one.rtl] == ["ar"]


def test_a_language_is_spoken_only_inside_its_block():
    with i18n.speaking("sw"):
        with i18n.speaking("ar"):
            assert i18n.current() == "ar"
        assert i18n.current() == "sw"
    assert i18n.current() == "en"


def test_speaking_an_unknown_tag_is_speaking_what_it_resolves_to():
    with i18n.speaking("sw-KE"):
        assert i18n.current() == "sw"


# Words


def test_a_fresh_clone_speaks_without_compiling(catalog):
    with i18n.speaking("sw"):
        assert gettext("Yes") == "Ndiyo"
        assert pgettext("button", "Open") == "Fungua"
        assert ngettext("{count} task", "{count} tasks", 1) == "kazi {count}"
        assert ngettext("{count} task", "{count} tasks", 2) == "makazi {count}"


def test_what_is_missing_or_fuzzy_is_said_in_english(catalog):
    with i18n.speaking("sw"):
        assert gettext("No") == "No"
        assert gettext("Maybe") == "Maybe"
        assert pgettext("toast", "Open") == "Open"
        assert ngettext("{count} day", "{count} days", 3) == "{count} days"


def test_a_built_catalog_is_used_unless_the_written_one_is_newer(catalog):
    built = catalog.with_suffix(".mo")
    with catalog.open("rb") as source, built.open("wb") as target:
        write_mo(target, read_po(source))
    catalog.write_text(catalog.read_text("utf-8").replace("Ndiyo", "Naam"), "utf-8")
    for written, said in ((100, "Ndiyo"), (300, "Naam")):
        os.utime(catalog, (written, written))
        os.utime(built, (200, 200))
        i18n._catalog.cache_clear()
        with i18n.speaking("sw"):
            assert gettext("Yes") == said


def test_the_pseudo_locale_is_there_only_when_asked_for(pseudo):
    assert i18n.resolve("en-XA") == pseudo
    i18n.use_pseudo(False)
    assert i18n.resolve("en-XA") == "en"


def test_the_pseudo_locale_is_longer_and_keeps_what_programs_need(pseudo):
    with i18n.speaking(pseudo):
        said = gettext("Send <b>{amount}</b> to /work, see https://example.org/a")
    assert said.startswith("[Š")
    assert said.endswith("~]")
    for kept in ("<b>{amount}</b>", "/work", "https://example.org/a"):
        assert kept in said
    with i18n.speaking(pseudo):
        assert len(gettext("Choose your language.")) >= 1.4 * len("Choose your language.")
        assert pgettext("button", "Yes") == "[Ýéš~~]"
        assert ngettext("one", "many", 2) == "[máñý~~]"


def test_a_language_is_named_in_the_language_being_spoken():
    assert i18n.language_name("sw") == "Swahili"
    assert i18n.language_name("pt_BR") == "Brazilian Portuguese"
    assert i18n.language_name("xx") == "xx"
    with i18n.speaking("sw"):
        assert i18n.language_name("sw") == "Kiswahili"
        assert i18n.language_name("en") == "Kiingereza"


# Directions


def test_marks_are_added_only_where_a_right_to_left_script_is_near():
    assert i18n.isolate("Amina") == "Amina"
    assert i18n.isolate("أمينة") == f"{FSI}أمينة{PDI}"
    with i18n.speaking("ar"):
        assert i18n.isolate("Amina") == f"{FSI}Amina{PDI}"
        assert i18n.ltr("/work") == f"{LRI}/work{PDI}"
        assert i18n.isolate("") == ""


def test_each_line_is_isolated_by_itself():
    with i18n.speaking("ar"):
        assert i18n.isolate("a\n\nb") == f"{FSI}a{PDI}\n\n{FSI}b{PDI}"


def test_a_name_cannot_break_out_of_its_isolate():
    with i18n.speaking("ar"):
        assert i18n.isolate(f"a{PDI}\u202eb") == f"{FSI}ab{PDI}"
        assert i18n.isolate(f"{RLM}\u202eb") == f"{FSI}{RLM}b{PDI}"
        assert i18n.isolate(f"{FSI}a{PDI}{PDI}b") == f"{FSI}ab{PDI}"


def test_nothing_is_wrapped_twice():
    with i18n.speaking("ar"):
        assert i18n.isolate(i18n.ltr("/work")) == f"{LRI}/work{PDI}"
        assert i18n.isolate(f"{RLM}5.00") == f"{RLM}5.00"


def test_answers_lose_direction_marks_and_keep_joiners():
    assert i18n.strip_marks(f"{FSI}a{PDI}{RLM}\u061c") == "a"
    assert i18n.strip_marks("ক্\u200dষ 👩\u200d🔬 می\u200cرود") == "ক্\u200dষ 👩\u200d🔬 می\u200cرود"


@given(st.text(st.sampled_from(f"aب \n{FSI}{LRI}{PDI}{RLM}\u202e")))
def test_isolated_text_is_balanced_in_every_line_whatever_came_in(text):
    with i18n.speaking("ar"):
        said = i18n.isolate(text)
        assert i18n.isolate(said) == said
    assert "\u202e" not in said
    for line in said.split("\n"):
        assert line.count(FSI) + line.count(LRI) == line.count(PDI)
        assert not line or line[0] in (FSI, LRI, RLM)


@given(st.text())
def test_isolating_loses_no_text(text):
    with i18n.speaking("ar"):
        assert i18n.strip_marks(i18n.isolate(text)) == i18n.strip_marks(text)


# Numbers


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1\u202f234\u00a0567,5", "1234567.5"),
        ("12,34,567.50", "1234567.50"),
        ("1'234.5", "1234.5"),
        ("1,234,567", "1234567"),
        ("١٢٫٥", "12.5"),
        ("١٬٢٣٤٫٥", "1234.5"),
        ("١٢،٥", "12.5"),
        ("१२.५", "12.5"),
        ("১২,৫", "12.5"),
        ("１２．５", "12.5"),
        ("−5", "-5"),
        ("- 5", "-5"),
        ("+5", "5"),
        (f"{RLM}-5", "-5"),
        ("12,5", "12.5"),
        ("0,125", "0.125"),
        ("0.125", "0.125"),
        ("1234,567", "1234.567"),
        (".5", "0.5"),
        ("5.", "5"),
        (" 7 ", "7"),
    ],
)
def test_numbers_are_read_in_any_script_and_with_either_mark(written, meant):
    assert Decimal(read_numeral(written) or "NaN") == Decimal(meant)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("00", "00"), ("٠٫٥٠", "0.50"), ("-0", "-0"), ("+5", "5"), (".5", "0.5"), ("5.", "5")],
)
def test_a_number_keeps_the_zeros_it_was_written_with(written, kept):
    assert read_numeral(written) == kept


NOT_NUMBERS = "- . 1e5 2² ½ 1,2,3 1.234.5 1,23,4.5 --5 +-5 _5 1_000 five 5kg 5% NaN inf 1٫2٫3"


@pytest.mark.parametrize("written", ["", " ", "12 5", "5 kg", *NOT_NUMBERS.split()])
def test_what_is_not_one_number_is_none(written):
    assert read_numeral(written) is None


def test_a_number_of_absurd_length_is_none():
    assert read_numeral("1" * 41) is None


@pytest.mark.parametrize(
    ("language", "comma", "point"),
    [("en", "1234", "1.234"), ("sw", "1234", "1.234"), ("hi", "1234", "1.234")]
    + [(code, "1.234", "1234") for code in ("es", "pt_BR", "fr", "ru", "id")],
)
def test_the_language_decides_what_one_mark_before_three_digits_means(language, comma, point):
    with i18n.speaking(language):
        assert read_numeral("1,234") == comma
        assert read_numeral("1.234") == point


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=4), st.sampled_from(list(LANGUAGES))
)
def test_a_number_that_was_shown_is_read_back(value, language):
    with i18n.speaking(language):
        assert Decimal(read_numeral(i18n.number(value)) or "NaN") == value


@given(st.text(max_size=50))
def test_reading_a_number_never_fails(text):
    read_numeral(text)


def test_numbers_are_shown_exactly_and_in_latin_digits():
    assert i18n.number(1234567) == "1,234,567"
    assert i18n.number(Decimal("0.000001")) == "0.000001"
    assert i18n.number(0.1 + 0.2) == "0.3"
    with i18n.speaking("hi"):
        assert i18n.number(1234567) == "12,34,567"
    with i18n.speaking("ar"):
        assert i18n.number(12) == "12"


def test_a_share_is_shown_as_percents():
    assert i18n.percent(0.25) == "25%"
    assert i18n.percent(Decimal(1)) == "100%"
    with i18n.speaking("fr"):
        assert i18n.percent(0.25) == "25\u00a0%"


# Time


def test_a_deadline_names_the_day_and_the_hour_of_where_the_person_lives():
    assert i18n.when(EVENING, "Africa/Nairobi") == "Thu 12 Nov, 18:00"
    assert i18n.when(EVENING, "Asia/Manila") == "Thu 12 Nov, 23:00"
    assert i18n.when(EVENING, "Pacific/Auckland") == "Fri 13 Nov, 04:00"
    assert i18n.day(EVENING, "Africa/Nairobi") == "Thu 12 Nov"
    assert i18n.full_day(EVENING, "Africa/Nairobi") == "12 Nov 2026"


def test_swahili_hours_are_those_of_the_digital_clock():
    with i18n.speaking("sw"):
        assert i18n.when(EVENING, "Africa/Nairobi") == "Alhamisi 12 Nov, 18:00"
        assert i18n.clock_time(EVENING, "Africa/Nairobi") == "18:00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_writes_times_with_latin_digits_and_a_named_month(language):
    with i18n.speaking(language):
        said = i18n.when(EVENING, "Africa/Nairobi")
    assert said.endswith("18:00")
    assert "12" in said
    assert language == "zh_Hans" or "11" not in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (40, "40 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (90, "2 min"),
        (480, "8 min"),
        (3599, "1 h"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 days"),
        (3 * 86400, "3 days"),
    ],
)
def test_a_span_of_time_is_said_in_its_largest_units(seconds, said):
    assert i18n.duration(seconds) == said


# Places


@pytest.mark.parametrize("language", LANGUAGES)
def test_eight_countries_are_offered_first_and_all_can_be_paid_and_timed(language):
    with i18n.speaking(language):
        countries = i18n.likely_countries()
        assert len(set(countries)) == 8
        for country in countries:
            assert i18n.country_name(country) != country
            assert len(i18n.currency_of(country)) == 3
            assert i18n.zones_of(country)


def test_a_country_is_found_by_its_beginning_its_code_and_its_other_names():
    assert i18n.find_countries("ken") == ["KE"]
    assert i18n.find_countries("KE")[0] == "KE"
    assert i18n.find_countries("Cote d'Iv") == ["CI"]
    assert i18n.find_countries("kingdom") == ["GB"]
    assert i18n.find_countries("deutsch") == []
    with i18n.speaking("sw"):
        assert i18n.find_countries("ujeru") == i18n.find_countries("germ") == ["DE"]
    assert i18n.find_countries("Кения") == i18n.find_countries("كينيا") == ["KE"]


def test_a_search_gives_at_most_eight_countries_and_none_for_nothing():
    assert len(i18n.find_countries("s")) == 8
    assert i18n.find_countries("  ") == []


def test_a_country_with_one_time_needs_no_question():
    assert i18n.zones_of("KE") == (i18n.Zone("Africa/Nairobi", "Nairobi"),)
    assert [zone.city for zone in i18n.zones_of("KZ")] == ["Almaty"]
    assert i18n.zones_of("ZZ") == ()


def test_a_wide_country_lists_one_city_per_time_and_most_peoples_first():
    assert [zone.city for zone in i18n.zones_of("ID")] == ["Jakarta", "Makassar", "Jayapura"]
    assert [i18n.zones_of(country)[0].city for country in ("BR", "RU", "MX", "US")] == [
        "Sao Paulo",
        "Moscow",
        "Mexico City",
        "New York",
    ]
    with i18n.speaking("ru"):
        assert i18n.zones_of("RU")[0].city == "Москва"


def test_no_country_asks_for_more_than_twelve_cities_and_every_zone_exists():
    for country in i18n._country_zones():
        zones = i18n.zones_of(country)
        assert 1 <= len(zones) <= 12
        assert all(ZoneInfo(zone.name) and zone.city for zone in zones)


def test_the_currency_of_a_country_without_its_own_is_the_dollar():
    assert i18n.currency_of("KE") == "KES"
    assert i18n.currency_of("EC") == "USD"
    assert i18n.currency_of("AQ") == "USD"
