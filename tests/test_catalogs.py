"""Catalogs of translations: complete, and nothing that a program or a reader stumbles over."""

from gettext import c2py

import pytest

from bot import catalogs, i18n

SOURCE = """
from bot.i18n import N_, gettext as _, ngettext, pgettext

# Translators: the answer to a question
_("Yes")
N_("Paid <b>{amount}</b>. Send /work for more.")
ngettext("{count} task", "{count} tasks", 3)
pgettext("button", "Start")
"""
SWAHILI = {
    "Yes": "Ndiyo",
    "Paid <b>{amount}</b>. Send /work for more.": "Umelipwa <b>{amount}</b>. Tuma /work kwa zaidi.",
    "{count} task": ("Kazi moja", "Kazi {count}"),
    "Start": "Anza",
}


@pytest.fixture
def root(tmp_path):
    """A small program with a template and Swahili, all translated."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "words.py").write_text(SOURCE, "utf-8")
    catalogs.update(tmp_path, ["sw"])
    translate(tmp_path, "sw", SWAHILI)
    return tmp_path


def translate(root, code, words):
    path = catalogs.catalog_path(root, code)
    catalog = catalogs._read(path)
    for source, translation in words.items():
        context = "button" if source == "Start" else None
        catalog.get(source, context).string = translation
    path.write_text(catalogs._as_text(catalog), "utf-8")


def rewrite(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_complete_catalog_has_no_faults(root):
    assert catalogs.check(root, ["sw"]) == []


def test_the_template_has_files_and_comments_but_no_line_numbers(root):
    text = catalogs.template_path(root).read_text("utf-8")
    assert "#. the answer to a question\n#: bot/words.py\n" in text
    assert "bot/words.py:" not in text
    assert "POT-Creation-Date" not in text


def test_bringing_catalogs_up_to_date_twice_changes_nothing(root):
    path = catalogs.catalog_path(root, "sw")
    before = path.read_text("utf-8")
    catalogs.update(root, ["sw"])
    assert path.read_text("utf-8") == before
    assert '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"' in before


def test_english_needs_no_translations(root):
    catalogs.update(root, ["en"])
    assert catalogs.check(root, ["en"]) == []


def test_new_strings_make_the_template_stale_and_the_catalog_incomplete(root):
    rewrite(root / "bot" / "words.py", 'N_("Paid', '_("No")\nN_("Paid')
    faults = catalogs.check(root, ["sw"])
    assert "locales/bot.pot does not match the code. Run: make catalogs" in faults
    assert "locales/sw/LC_MESSAGES/bot.po: “No” is missing" in faults
    catalogs.update(root, ["sw"])
    assert catalogs.check(root, ["sw"]) == [
        "locales/sw/LC_MESSAGES/bot.po: “No”: has no translation"
    ]


def test_a_reworded_string_is_fuzzy_until_somebody_confirms_it(root):
    rewrite(root / "bot" / "words.py", "for more.", "for another.")
    catalogs.update(root, ["sw"])
    (fault,) = catalogs.check(root, ["sw"])
    assert fault.endswith("is fuzzy: confirm the translation")


def test_strings_that_left_the_code_are_named_until_they_are_removed(root):
    rewrite(root / "bot" / "words.py", '_("Yes")\n', "")
    assert any("“Yes” is no longer used" in fault for fault in catalogs.check(root, ["sw"]))
    catalogs.update(root, ["sw"])
    assert any("“Yes” is obsolete" in fault for fault in catalogs.check(root, ["sw"]))


def test_a_language_without_a_file_is_a_fault(root):
    (fault,) = catalogs.check(root, ["fr"])
    assert fault == "locales/fr/LC_MESSAGES/bot.po: is not there. Run: make catalogs"


PAID = "Paid <b>{amount}</b>. Send /work for more."


@pytest.mark.parametrize(
    ("source", "translation", "fault"),
    [
        (PAID, "Umelipwa <b>pesa</b>. Tuma /work kwa zaidi.", "does not use {amount}"),
        (PAID, "Umelipwa <b>{amount}{pay}</b>. Tuma /work kwa zaidi.", "uses {pay}, which"),
        (PAID, "Umelipwa <b>{amount</b>. Tuma /work kwa zaidi.", "a brace is not closed"),
        (PAID, "Umelipwa <b>{amount}. Tuma /work kwa zaidi.", "tags differ"),
        (PAID, "Umelipwa <i>{amount}</i>. Tuma /work kwa zaidi.", "tags differ"),
        (PAID, "Umelipwa <b>{amount}</b>. Tuma /kazi kwa zaidi.", "commands differ"),
        (PAID, "Umelipwa <b>{amount}</b>. Tuma /work kwa zaidi. ", "spaces differ"),
        ("Yes", "Ndi\u202eyo", "has direction overrides"),
        ("Yes", "\u2068Ndiyo", "isolates are not closed"),
        ("Start", "Anza kazi mpya sasa hivi tafadhali", "a button has room for 28"),
        ("Start", "", "has no translation"),
        ("{count} task", ("Kazi moja", ""), "has no translation"),
        ("{count} task", ("Kazi moja", "Kazi nyingi"), "does not use {count}"),
    ],
)
def test_a_translation_that_would_break_is_named(root, source, translation, fault):
    translate(root, "sw", {source: translation})
    (found,) = catalogs.check(root, ["sw"])
    assert fault in found


def test_arabic_lines_begin_with_an_arabic_word(root):
    catalogs.update(root, ["ar"])
    paid = "<b>{amount}</b> دفعت. أرسل /work للمزيد."
    tasks = ("لا مهام", "مهمة", "مهمتان", "مهام {count}", "مهمة {count}", "مهمة {count}")
    words = {"Yes": "نعم", PAID: paid, "{count} task": tasks, "Start": "ابدأ"}
    translate(root, "ar", words)
    (fault,) = catalogs.check(root, ["ar"])
    assert "does not begin with a right-to-left word" in fault
    translate(root, "ar", {PAID: "دفعت <b>{amount}</b>. أرسل /work للمزيد."})
    assert catalogs.check(root, ["ar"]) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('_("Paid {}.")', "must be named"),
        ('_("Paid {0}.")', "must be named"),
        ('_("<u>Paid</u>")', "only the tags b, code, i"),
        ('_("<b>Paid")', "the tag <b> is not closed"),
        ('_("<b><i>Paid</b></i>")', "the tag </b> closes nothing"),
        ('pgettext("button", "Start the whole batch again")', "a button has room for 20"),
    ],
)
def test_a_string_that_nobody_could_translate_is_named_with_its_file(root, line, fault):
    rewrite(root / "bot" / "words.py", '_("Yes")\n', f'_("Yes")\n{line}\n')
    assert any(
        found.startswith("bot/words.py: ") and fault in found
        for found in catalogs.check(root, ["sw"])
    )


def test_a_header_with_other_plural_forms_is_a_fault(root):
    path = catalogs.catalog_path(root, "sw")
    rewrite(path, "plural=(n != 1)", "plural=(n > 1)")
    faults = catalogs.check(root, ["sw"])
    assert any("Plural-Forms must be: nplurals=2; plural=(n != 1);" in fault for fault in faults)
    assert any("disagree with the plural rules" in fault for fault in faults)


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_the_pinned_plural_forms_follow_the_plural_rules_of_each_language(code):
    assert [*catalogs.plural_faults(code, catalogs._empty(code))] == []


def test_arabic_counts_in_six_forms():
    index = c2py(catalogs._empty("ar").plural_expr)
    assert [index(n) for n in (0, 1, 2, 3, 11, 100)] == [0, 1, 2, 3, 4, 5]


def test_the_pseudo_locale_passes_the_same_checks_for_placeholders_and_tags(root):
    for message in catalogs._messages(catalogs.pseudo(root)):
        source = catalogs._texts(message.id)[-1]
        said = catalogs._texts(message.string)[-1]
        assert [*catalogs._placeholder_faults(source, said, count_needed=True)] == []
        assert catalogs._tags(source) == catalogs._tags(said)
        assert catalogs._commands(source) == catalogs._commands(said)


def test_the_shipped_catalogs_have_a_language_and_a_plural_header():
    for code in i18n.SHIPPED:
        catalog = catalogs._read(catalogs.catalog_path(catalogs.ROOT, code))
        assert str(catalog.locale) == code
        assert [*catalogs.plural_faults(code, catalog)] == []
