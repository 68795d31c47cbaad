"""The projects of the demo: each can be opened as it is, and reads well on a phone."""

import io
import unicodedata
from collections import Counter

import pytest

from bot import formats, i18n, samples
from bot.formats import tasks
from bot.models.work import Project
from bot.pay import prices, tiers
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Wording
from bot.work import forecasts, launch, project_file, stage_file
from bot.work.stages import StageSpec

CARD = 400  # characters that a phone shows without scrolling
SIZES = {"sw-fluency": (12, 3), "answer-check": (12, 3), "message-topics": (10, 0)}  # tasks, gold

every_project = pytest.mark.parametrize("name", samples.PROJECTS)


def project(name):
    return project_file.parse(samples.read(f"{name}.toml").decode())


def rows(name):
    scanned = formats.scan(io.BytesIO(samples.read(f"{name}.jsonl")), "jsonl")
    return list(tasks.task_rows(scanned, language_codes=i18n.LANGUAGES))


def stage(name):
    [only] = project(name).stages
    return only


def kind(name):
    return TASK_TYPES[stage(name).type]


def wordings(name):
    return {
        language: Wording(language, text["question"], text["instructions"], text["options"])
        for language, text in stage(name).text.items()
    }


@every_project
def test_a_sample_is_a_project_of_its_name(name):
    assert project(name).slug == name
    assert set(project(name).languages) == {"en", "sw", "ar"}


@every_project
def test_every_row_is_a_task_that_fits_its_type(name):
    for row in rows(name):
        assert isinstance(row, tasks.TaskRow), row
        kind(name).check(stage(name).settings, row.body)
        assert set(row.body) == set(kind(name).fields(stage(name).settings))


@every_project
def test_keys_name_project_and_language_and_are_different(name):
    keys = [row.key for row in rows(name)]
    assert len(set(keys)) == len(keys)
    assert all(row.key.startswith(f"{name}-{row.language}-") for row in rows(name))


@every_project
def test_no_task_is_there_twice(name):
    bodies = [tuple(row.body.values()) for row in rows(name)]
    assert len(set(bodies)) == len(bodies)


@every_project
def test_every_language_has_the_same_number_of_tasks_and_of_gold(name):
    counts = Counter((row.language, row.gold is not None) for row in rows(name))
    wanted, gold = SIZES[name]
    for language in project(name).languages:
        assert (counts[language, False], counts[language, True]) == (wanted, gold)
    assert len(rows(name)) == (wanted + gold) * len(project(name).languages)


@every_project
def test_every_language_has_a_question_instructions_and_all_labels(name):
    one = stage(name)
    known = set(stage_file.words_known(one.type, one.settings))
    if one.type == "compare":
        known -= {"left", "right"}  # they are shown as A and B
    assert set(wordings(name)) == set(project(name).languages)
    for wording in wordings(name).values():
        assert wording.question
        assert wording.instructions
        assert set(wording.options) == known
        assert len(set(wording.options.values())) == len(known)


@every_project
def test_gold_is_a_label_of_the_type_and_has_a_hint(name):
    for row in rows(name):
        assert (row.gold is None) == (row.hint is None)
        if row.gold is not None:
            value = kind(name).value(stage(name).settings, row.gold)
            assert kind(name).label(stage(name).settings, value) == row.gold


@pytest.mark.parametrize(
    ("name", "answers"),
    [("sw-fluency", {"left", "right"}), ("answer-check", {"right", "partly", "wrong"})],
)
def test_gold_of_every_language_has_more_than_one_answer(name, answers):
    for language in project(name).languages:
        given = {row.gold for row in rows(name) if row.language == language and row.gold}
        assert given == answers


@every_project
def test_instructions_fit_on_a_card_with_the_question(name):
    for language, wording in wordings(name).items():
        assert len(wording.question) + len(wording.instructions) < CARD, language


@every_project
def test_arabic_starts_with_an_arabic_letter(name):
    """A client takes the direction of a paragraph from its first letter."""
    arabic = wordings(name)["ar"]
    texts = [arabic.question, arabic.instructions, *arabic.options.values()]
    for row in rows(name):
        if row.language == "ar":
            texts += [value for field, value in row.body.items() if field != "source"]
            texts += [row.hint] if row.hint else []
    for text in texts:
        assert unicodedata.bidirectional(text[0]) == "AL", text


@every_project
def test_every_task_fits_on_a_card_in_every_wording(name):
    for wording in wordings(name).values():
        for row in rows(name):
            ask = kind(name).ask(stage(name).settings, wording, row.body)
            shown = [wording.question, ask.rule]
            shown += [part for block in ask.blocks for part in (block.title, block.content)]
            assert len("\n".join(shown)) < CARD, row.key


@every_project
def test_answers_are_buttons_or_options_that_need_no_key_above(name):
    settings = stage(name).settings
    for wording in wordings(name).values():
        ask = kind(name).ask(settings, wording, rows(name)[0].body)
        options = settings.get("options", [])
        assert {wording.options[option] for option in options} <= {
            *ask.poll,
            *(button for row in ask.buttons for button in row),
        }


@every_project
def test_nothing_is_in_the_way_of_opening_it(name):
    found = [row.gold for row in rows(name)]
    wanted = found.count(None)
    load = forecasts.Load(wanted, wanted * stage(name).overlap, len(found) - wanted)
    assert list(launch.judge(row_of(name), [spec_of(name)], {1: load})) == []


@every_project
def test_an_hour_of_work_pays_at_least_the_wage_of_its_tier(name):
    one = stage(name)
    assert price(one).micro * prices.HOUR >= terms_of(one).wage_micro * one.expected_seconds


def price(one):
    return one.price or tiers.price(terms_of(one), expected_seconds=one.expected_seconds)


def terms_of(one):
    return next(terms for terms in tiers.TIERS if terms.name == one.tier)


def row_of(name):
    file = project(name)
    return Project(
        languages=list(file.languages), budget_micro=file.budget.micro, currency=file.currency
    )


def spec_of(name):
    file, one = project(name), stage(name)
    return StageSpec(
        project_id=1,
        slug=file.slug,
        code="",
        project_name=file.name,
        stage_id=1,
        ordinal=1,
        name=one.name,
        version=1,
        type=one.type,
        settings=one.settings,
        text=one.text,
        tier=one.tier,
        price_micro=price(one).micro,
        currency=price(one).currency,
        expected_seconds=one.expected_seconds,
        overlap=one.overlap,
        gold_share_ppm=one.gold_share_ppm,
        review=one.review,
    )
