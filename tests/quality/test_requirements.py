"""What a stage demands, and who meets it."""

import pytest

from bot.quality import requirements
from bot.quality.requirements import Condition, Gap, Person

ANY = Condition("a", ">=", 80)


@pytest.mark.parametrize(
    ("comparator", "score", "met"),
    [
        (">=", 80, True),
        (">=", 79.99, False),
        (">", 80, False),
        (">", 80.01, True),
        ("<=", 80, True),
        ("<=", 80.01, False),
        ("<", 79.99, True),
        ("<", 80, False),
        ("=", 80.4, True),
        ("=", 81, False),
        ("present", 0, True),
        ("missing", 99, False),
        ("missing", None, True),
        ("present", None, False),
    ],
)
def test_a_condition_compares_scores(comparator: str, score: float | None, met: bool) -> None:
    assert Condition("a", comparator, 80).met(score) is met


@pytest.mark.parametrize("comparator", [">=", ">", "<=", "<", "="])
def test_a_skill_that_is_not_there_is_neither_more_nor_less(comparator: str) -> None:
    assert not Condition("a", comparator, 0).met(None)


def demands(*groups: list[Condition], **others: object) -> dict[str, object]:
    return {"skills": requirements.as_json(groups), **others}


def test_every_group_is_demanded_and_one_of_its_conditions_is_enough() -> None:
    a, b, c = (Condition(name, "present") for name in "abc")
    wanted = demands([a, b], [c])
    assert requirements.gaps(wanted, "sw", Person({"a": 1, "c": 1})) == []
    assert requirements.gaps(wanted, "sw", Person({"b": 1, "c": 1})) == []
    assert requirements.gaps(wanted, "sw", Person({"c": 1})) == [Gap(any_of=(a, b))]
    assert requirements.gaps(wanted, "sw", Person({"a": 1, "b": 1})) == [Gap(any_of=(c,))]


def test_the_language_of_the_queue_stands_in_the_name() -> None:
    wanted = demands([Condition("fluency_{language}", ">=", 80)])
    assert requirements.gaps(wanted, "sw", Person({"fluency_sw": 80})) == []
    assert requirements.gaps(wanted, "pt_BR", Person({"fluency_sw": 80})) == [
        Gap(any_of=(Condition("fluency_pt_br", ">=", 80),))
    ]


@pytest.mark.parametrize(
    ("said", "enough"), [("native", True), ("fluent", True), ("some", False), ("", False)]
)
def test_a_level_is_met_by_itself_and_by_what_is_above(said: str, enough: bool) -> None:
    who = Person({}, {"sw": said, "en": "native"})
    gaps = requirements.gaps({"language": "fluent"}, "sw", who)
    assert gaps == ([] if enough else [Gap(language="sw", level="fluent")])


def test_a_proven_language_is_a_skill_that_exams_give() -> None:
    wanted = {"language": "proven"}
    assert requirements.gaps(wanted, "sw", Person({"language_sw": 55})) == []
    assert requirements.gaps(wanted, "sw", Person({"language_en": 99}, {"sw": "native"}))


def test_where_nothing_is_demanded_nothing_is_lacking() -> None:
    assert not requirements.demanding({"skill": "a"})
    assert requirements.gaps({"skill": "a"}, "sw", Person()) == []


def test_a_stage_measures_what_it_says_or_what_it_is_called() -> None:
    assert requirements.skill_of({}, "sw-fluency", "sw") == "sw_fluency"
    assert requirements.skill_of({"skill": "fluency_{language}"}, "x", "sw") == "fluency_sw"
    assert len(requirements.skill_of({}, "a" * 64, "sw")) == requirements.NAME


def test_demands_are_written_in_one_line() -> None:
    wanted = demands(
        [Condition("a", ">=", 80.5), Condition("b", "present")], [ANY], language="fluent"
    )
    assert requirements.written(wanted) == "a >=80.5 or b present, a >=80, language fluent"


@pytest.mark.parametrize(
    ("person", "speaks"),
    [
        (Person(languages={"sw": "native"}), True),
        (Person(languages={"sw": "fluent"}), False),
        (Person(languages={"en": "native"}), False),
        (Person(skills={"language_sw": 71}, languages={"sw": "some"}), True),
    ],
)
def test_who_judges_a_language_has_proven_it_or_is_native(person: Person, speaks: bool) -> None:
    assert requirements.speaks("sw", person) == speaks
