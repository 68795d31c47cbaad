"""A project file is read whole, or refused with every fault it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import i18n
from bot.money import Money
from bot.task_types import TASK_TYPES
from bot.work import project_file, reading, stage_file
from bot.work.project_file import ProjectFile, ProjectFileRefused
from bot.work.stage_file import PLAIN

GOOD = """
[project]
id = "sw-fluency"
name = "Which sentence sounds more natural?"
purpose = "Checking translations for a public-health chatbot"
languages = ["sw", "fil"]
budget = "250.00 USD"

[stage]
type = "compare"
show = ["source"]
tier = "language"
price = "0.02 USD"
expected_seconds = 12
overlap = 3
gold_share = 0.1
review = { share = 0.1, due = "3d" }

[stage.text.en]
question = "Which sentence sounds more natural?"
instructions = "Read both. Ignore punctuation."
[stage.text.sw]
question = "Sentensi ipi inasikika vizuri zaidi?"
"""

CHOICE = """
[project]
name = "Yes or no"
languages = ["sw"]
[stage]
type = "choice"
options = ["yes", "no"]
show = ["text"]
price = "0.01 USD"
[stage.text.sw]
question = "Je?"
[stage.text.sw.options]
yes = "Ndiyo"
no = "Hapana"
"""


def refused(text: str) -> list[str]:
    with pytest.raises(ProjectFileRefused) as caught:
        project_file.parse(text)
    return [fault.say() for fault in caught.value.faults]


def test_the_example_is_read_as_it_is_written() -> None:
    file = project_file.parse(GOOD)
    assert file.slug == "sw-fluency"
    assert file.languages == ("sw", "fil")
    assert (file.budget, file.currency) == (Money(250_000_000, "USD"), "USD")
    [stage] = file.stages
    assert (stage.type, stage.tier, stage.price) == ("compare", "language", Money(20_000, "USD"))
    assert (stage.expected_seconds, stage.overlap, stage.gold_share_ppm) == (12, 3, 100_000)
    assert stage.review == {"share_ppm": 100_000, "due_seconds": 259_200}
    assert stage.settings["show"] == ["source"]
    assert stage.text["sw"]["question"] == "Sentensi ipi inasikika vizuri zaidi?"


def test_a_language_without_a_text_is_fine_in_a_draft() -> None:
    assert "fil" not in project_file.parse(GOOD).stages[0].text


def test_the_name_gives_the_slug() -> None:
    assert project_file.parse(CHOICE).slug == "yes-or-no"
    assert project_file.slug_of("Traduções: é bom?") == "traducoes-e-bom"


def test_a_name_without_latin_letters_needs_an_id() -> None:
    assert refused(CHOICE.replace("Yes or no", "مشروع")) == [
        "project.id: is missing, and the name has no letters a-z to make it from."
    ]


def test_options_have_labels() -> None:
    text = project_file.parse(CHOICE).stages[0].text
    assert text["sw"]["options"] == {"yes": "Ndiyo", "no": "Hapana"}


def test_several_stages_are_numbered_in_their_faults() -> None:
    second = '[[stage]]\ntype = "text"\nshow = ["text"]\nprice = "0.1 USD"\noverlap = 0\n'
    text = CHOICE.replace("[stage]", "[[stage]]") + second
    assert refused(text) == ["stage[2].overlap: must be a whole number from 1 to 100."]
    file = project_file.parse(text.replace("overlap = 0", 'name = "fix"'))
    assert [(stage.name, stage.type) for stage in file.stages] == [
        ("stage-1", "choice"),
        ("fix", "text"),
    ]


def test_languages_may_be_written_as_people_write_them() -> None:
    file = project_file.parse(CHOICE.replace('["sw"]', '["sw-KE", "pt-br", "tl"]'))
    assert file.languages == ("sw", "pt_BR", "fil")


def test_without_a_budget_the_price_gives_the_currency() -> None:
    file = project_file.parse(CHOICE.replace("0.01 USD", "2 KES"))
    assert (file.budget, file.currency) == (None, "KES")


def test_answers_of_numbers_may_be_combined_by_their_median() -> None:
    number = CHOICE.replace('"choice"', '"number"').replace('options = ["yes", "no"]', "")
    number = number[: number.index("[stage.text.sw.options]")]
    for key in ("aggregate", "combine"):  # the second in older files
        with_median = number.replace("[stage.text.sw]", f'{key} = "median"\n[stage.text.sw]')
        assert project_file.parse(with_median).stages[0].quality == {"aggregate": "median"}


def test_a_stage_may_choose_how_its_answers_become_results() -> None:
    chosen = CHOICE.replace('type = "choice"', 'type = "choice"\naggregate = "one-coin"')
    assert project_file.parse(chosen).stages[0].quality == {"aggregate": "one-coin"}
    assert project_file.parse(CHOICE).stages[0].quality == {}


def test_shares_are_exact() -> None:
    file = project_file.parse(GOOD.replace("gold_share = 0.1", "gold_share = 0.000007"))
    assert file.stages[0].gold_share_ppm == 7


FAULTS = [
    ('id = "sw-fluency"', 'id = "Sw fluency"', "project.id: must be at most 64 small letters"),
    ('id = "sw-fluency"', "id = 7", "project.id: must be at most 64 small letters"),
    ('id = "sw-fluency"', 'ide = "x"', "project.ide: is not known here. Did you mean id?"),
    ('name = "Which', 'title = "Which', "project.name: is missing."),
    ('"Which sentence sounds more natural?"\npurpose', '""\npurpose', "project.name: must not be"),
    ('"Which sentence sounds more natural?"\npurpose', "1\npurpose", "project.name: must be text."),
    (
        'purpose = "Ch',
        f'purpose = "{"x" * 2001}Ch',
        "project.purpose: must not be longer than 2000",
    ),
    ('["sw", "fil"]', '["sw", "tlh"]', "project.languages: “tlh” is not one of the languages en"),
    ('["sw", "fil"]', '["sw", "SW"]', "project.languages: has “SW” twice."),
    ('["sw", "fil"]', '"sw"', "project.languages: must be a list"),
    ('["sw", "fil"]', "[]", "project.languages: must be a list"),
    ('languages = ["sw", "fil"]', "", "project.languages: is missing."),
    ('"250.00 USD"', '"250"', "project.budget: “250” is not an amount"),
    ('"250.00 USD"', "250", "project.budget: “250” is not an amount"),
    ('"250.00 USD"', '"-1 USD"', "project.budget: “-1 USD” is below zero"),
    ('"250.00 USD"', '"0 USD"', "project.budget: must be more than zero."),
    ('"250.00 USD"', '"250 KES"', "stage.price: is in USD, but the project is in KES."),
    ('type = "compare"', "", "stage.type: is missing."),
    ('type = "compare"', 'type = "compere"', "stage.type: “compere” is not known here. Did you"),
    ('type = "compare"', 'type = "audio"', "stage.type: “audio” is not one of choice, multi"),
    ('type = "compare"', "type = 1", "stage.type: “1” is not one of"),
    (
        'type = "compare"',
        'type = "compare"\nties = "yes"',
        "stage.ties: ties must be true or false",
    ),
    ('type = "compare"', 'type = "compare"\ntie = true', "stage.tie: is not known here. Did you"),
    ('type = "compare"', 'type = "compare"\nmin = 1', "stage.min: is not known here."),
    (
        'type = "compare"',
        'type = "compare"\naggregate = "mean"',
        "stage.aggregate: “mean” does not fit the type compare. Possible: majority, weighted, one-",
    ),
    (
        'type = "compare"',
        'type = "compare"\ncombine = "mean"',
        "stage.combine: “mean” does not fit the type compare.",
    ),
    (
        'type = "compare"',
        'type = "text"\naggregate = "majority"',
        "stage.aggregate: “majority” does not fit the type text: its answers cannot be compared",
    ),
    (
        'type = "compare"',
        'type = "compare"\naggregate = "majorty"',
        "stage.aggregate: “majorty” is not known here. Did you mean majority?",
    ),
    (
        'type = "compare"',
        'type = "compare"\naggregate = "majority"\ncombine = "mean"',
        "stage.combine: is not known here.",
    ),
    ('show = ["source"]', 'show = "source"', "stage.show: show must be a list."),
    (
        '"language"',
        '"langauge"',
        "stage.tier: “langauge” is not known here. Did you mean language?",
    ),
    ('"language"', '"B"', "stage.tier: “B” is not one of basic, language, quality, expert."),
    ('"0.02 USD"', '"0,02 USD"', "stage.price: Write “0,02 USD” with a decimal point"),
    ('"0.02 USD"', '"0.02 XYZ"', "stage.price: “XYZ” is not a currency in use"),
    ('"0.02 USD"', '"0.0000001 USD"', "stage.price: “0.0000001 USD” has too many decimals"),
    ("expected_seconds = 12", "expected_seconds = 0", "stage.expected_seconds: must be a whole"),
    ("expected_seconds = 12", "expected_seconds = 1.5", "stage.expected_seconds: must be a whole"),
    (
        'price = "0.02 USD"\nexpected_seconds = 12',
        "",
        "stage.expected_seconds: is missing. Without",
    ),
    ("overlap = 3", "overlap = 0", "stage.overlap: must be a whole number from 1 to 100."),
    ("overlap = 3", "overlap = 101", "stage.overlap: must be a whole number from 1 to 100."),
    ("overlap = 3", "overlap = true", "stage.overlap: must be a whole number from 1 to 100."),
    ("overlap = 3", "overlpa = 3", "stage.overlpa: is not known here. Did you mean overlap?"),
    ("gold_share = 0.1", "gold_share = 10", "stage.gold_share: must be a share from 0 to 1"),
    ("gold_share = 0.1", "gold_share = -0.1", "stage.gold_share: must be a share from 0 to 1"),
    ("gold_share = 0.1", "gold_share = nan", "stage.gold_share: must be a share from 0 to 1"),
    ("share = 0.1, due", "share = 2, due", "stage.review.share: must be a share from 0 to 1"),
    ('due = "3d"', 'due = "3 days"', "stage.review.due: must be a time like 3d, 12h or 30m"),
    ('due = "3d"', "due = 3", "stage.review.due: must be a time like 3d, 12h or 30m"),
    ('due = "3d"', 'due = "61d"', "stage.review.due: must be a time like 3d, 12h or 30m"),
    (
        'due = "3d"',
        'until = "3d"',
        "stage.review.until: is not known here. Known: audit, del",
    ),
    ('{ share = 0.1, due = "3d" }', "0.1", "stage.review: must be a table."),
    ("[stage.text.sw]", "[stage.text.xx]", "stage.text.xx: “xx” is not one of the languages"),
    ("[stage.text.sw]", "[stage.text.en_]", "stage.text: has “en_” twice."),
    ('question = "Sentensi', 'questoin = "Sentensi', "stage.text.sw.questoin: is not known here."),
    ('question = "Sentensi', 'instructions = "Sentensi', "stage.text.sw.question: is missing."),
    ('question = "Sentensi', f'question = "{"x" * 301}', "stage.text.sw.question: must not be"),
    ('zaidi?"', 'zaidi?"\noptions = ["a"]', "stage.text.sw.options: must be a table."),
    ('zaidi?"', 'zaidi?"\noptions = {lef = "a"}', "stage.text.sw.options.lef: is not known here."),
    ("[stage]", "[stages]", "stages: is not known here. Did you mean stage?"),
    ("[project]", "[projects]", "project: is missing."),
]


@pytest.mark.parametrize(("good", "bad", "sentence"), FAULTS)
def test_a_wrong_field_is_named_with_what_it_must_be(good: str, bad: str, sentence: str) -> None:
    assert good in GOOD
    faults = refused(GOOD.replace(good, bad, 1))
    assert any(fault.startswith(sentence) for fault in faults), faults


def test_all_faults_are_said_at_once() -> None:
    text = GOOD.replace("overlap = 3", "overlap = 0").replace('"3d"', '"3x"').replace("fil", "xx")
    text = text.replace('type = "compare"', 'type = "compare"\nties = 1\nbad = 1')
    assert {fault.partition(":")[0] for fault in refused(text)} == {
        "project.languages",
        "stage.ties",
        "stage.bad",
        "stage.overlap",
        "stage.review.due",
    }


def test_a_label_of_an_option_that_is_not_there_is_refused() -> None:
    [fault] = refused(CHOICE.replace('no = "Hapana"', 'noo = "Hapana"'))
    assert fault == "stage.text.sw.options.noo: is not known here. Did you mean no?"


def test_options_that_look_like_numbers_have_labels_too() -> None:
    text = CHOICE.replace('["yes", "no"]', "[0.5, 1]")
    text = text.replace("yes = ", '"0.5" = ').replace("no = ", "1 = ")
    stage = project_file.parse(text).stages[0]
    assert stage.settings["options"] == ["0.5", "1"]
    assert stage.text["sw"]["options"] == {"0.5": "Ndiyo", "1": "Hapana"}


@pytest.mark.parametrize(
    "text",
    [
        "[project",
        "a = ",
        'x = "\x00"',
        "x = " + "[" * 5000,
        "x = " + "9" * 5000,
        "[a]\n[a]",
        "x" * 600_000,
    ],
)
def test_what_is_not_toml_is_refused_with_one_fault(text: str) -> None:
    [fault] = refused(text)
    assert fault.startswith("file: ")


@pytest.mark.parametrize(
    "text", ["", "project = 1", "[project]", "stage = []", "[project]\nname = 'a'\n[[stage]]"]
)
def test_an_empty_file_is_refused_without_a_flood(text: str) -> None:
    assert 1 <= len(refused(text)) <= 4


def test_the_refusal_says_how_many_faults_there_are_and_each_on_its_line() -> None:
    with pytest.raises(ProjectFileRefused) as caught:
        project_file.parse(GOOD.replace("overlap = 3", "overlap = 0"))
    assert caught.value.say().splitlines() == [
        "The project file has 1 fault:",
        "stage.overlap: must be a whole number from 1 to 100.",
    ]


@pytest.mark.parametrize("name", TASK_TYPES)
def test_every_type_accepts_the_plain_table_that_tells_its_keys(name: str) -> None:
    assert "show" in TASK_TYPES[name].settings(PLAIN)


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_every_language_is_known_by_its_code(code: str) -> None:
    assert reading.language(code) == code
    assert reading.language(code.lower().replace("_", "-")) == code


@given(st.text(max_size=200))
def test_any_text_is_a_project_or_refused(text: str) -> None:
    try:
        assert isinstance(project_file.parse(text), ProjectFile)
    except ProjectFileRefused as refusal:
        refusal.faults[0].say()


VALUES = st.one_of(
    st.sampled_from(['""', "1", "-1", "true", "[]", "[1]", "{}", '"x"', "1.5", "nan", "1979-05-27"])
)


@given(key=st.sampled_from([*stage_file.STAGE_KEYS, "show", "ties", "photo"]), value=VALUES)
def test_any_value_of_any_kind_is_taken_or_refused(key: str, value: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{key} =")]
    text = "\n".join(lines).replace("[stage]\n", f"[stage]\n{key} = {value}\n")
    try:
        project_file.parse(text)
    except ProjectFileRefused as refusal:
        refusal.say()
