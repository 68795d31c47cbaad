"""What a project file and a line of `kazi tier set` say of pay, and how it is refused."""

from decimal import Decimal
from typing import Any

import pytest

from bot.errors import Refusal
from bot.pay import tiers
from bot.pay.tiers import TIERS
from bot.store.database import Database
from bot.work import changes, forecasts, pay_terms, project_file, projects, stages, tier_lines
from bot.work.forecasts import Costs, Done, Load, Rates
from bot.work.reading import Reading
from tests.work.test_projects import FILE, apply, spec

FLUENT = {"skill": "fluency_{language}", "from": 80, "factor": Decimal("1.1")}


def read(**table: Any) -> tuple[dict[str, Any], list[str]]:
    reading = Reading()
    found = pay_terms.read(reading, table, "stage")
    return found, [fault.say() for fault in reading.faults]


def test_ranges_and_scarce_languages_are_kept_in_millionths() -> None:
    found, faults = read(pay=[FLUENT | {"from": 90, "factor": 2}, FLUENT], scarcity={"sw": 3})
    assert faults == []
    assert found == {
        "pay": {
            "ranges": [
                {"skill": "fluency_{language}", "from": 80, "factor_ppm": 1_100_000},
                {"skill": "fluency_{language}", "from": 90, "factor_ppm": 2_000_000},
            ],
            "languages": {"sw": 3_000_000},
        }
    }
    assert read() == ({}, [])


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"pay": []}, "stage.pay: must be a list with at least one value."),
        ({"pay": [FLUENT] * 11}, "stage.pay: must have at most 10 values."),
        ({"pay": [FLUENT | {"factor": Decimal("0.9")}]}, "stage.pay[1].factor: must be a number"),
        (
            {"pay": [FLUENT | {"factor": True}]},
            "stage.pay[1].factor: must be a number from 1 to 10",
        ),
        ({"pay": [FLUENT | {"from": 101}]}, "stage.pay[1].from: must be a whole number from 0"),
        ({"pay": [FLUENT | {"skill": "A b"}]}, "stage.pay[1].skill: a skill's name has at most"),
        (
            {"pay": [FLUENT | {"form": 1}]},
            "stage.pay[1].form: is not known here. Did you mean from",
        ),
        ({"pay": [FLUENT, FLUENT]}, "stage.pay: has “fluency_{language} 80” twice."),
        (
            {"pay": [FLUENT, FLUENT | {"from": 90, "factor": 1}]},
            "stage.pay: from 90 on, the skill fluency_{language} would pay less than below it.",
        ),
        ({"scarcity": {"xx": 2}}, "stage.scarcity.xx: “xx” is not one of the languages"),
        ({"scarcity": {"sw": 11}}, "stage.scarcity.sw: must be a number from 1 to 10"),
    ],
)
def test_what_does_not_fit_is_said(table: dict[str, Any], fault: str) -> None:
    _found, faults = read(**table)
    assert faults[0].startswith(fault)


async def test_a_stage_takes_over_what_its_tier_says(database: Database) -> None:
    async with database.transaction() as session:
        terms = tier_lines.read({"skills": "biology>=70", "hold": "2d", "minimum": "0.03"}, "USD")
        await tiers.change(session, "basic", terms, actor=None)
    with pytest.raises(Refusal, match=r"stage.price: 0.02 USD is less than 0.03 USD, the least"):
        await apply(database, FILE)
    await apply(database, FILE.replace("0.02 USD", "0.04 USD"))
    found = await spec(database)
    assert found.review["due_seconds"] == 2 * 86_400
    assert found.quality["skills"] == [[{"skill": "biology", "is": ">=", "score": 70.0}]]
    late = FILE.replace("0.02 USD", "0.04 USD").replace(
        "[stage.text", 'review = { share = 0.1, delay = "2d" }\n[stage.text', 1
    )
    with pytest.raises(Refusal, match="must be shorter than the time in which reviews are due, 2d"):
        await apply(database, late)


async def test_a_price_is_agreed_or_the_tiers(database: Database) -> None:
    made = await apply(database, FILE)
    async with database.transaction() as session:
        project = await projects.find(session, made.slug)
        await projects.change(session, project, {"price": "tier"}, actor=None)
        [by_tier] = await stages.current(session, project.id)
        assert (by_tier.price_micro, by_tier.quality["pay"]) == (13_333, {"by_tier": True})
        await projects.change(session, project, {"expected_seconds": "24"}, actor=None)
        [longer] = await stages.current(session, project.id)
        assert longer.price_micro == 26_667
        await projects.change(session, project, {"price": "0.05"}, actor=None)
        [agreed] = await stages.current(session, project.id)
        assert (agreed.price_micro, "pay" in agreed.quality) == (50_000, False)
    assert changes.BY_TIER == "tier"


def test_a_line_of_terms_is_read_as_it_is_shown() -> None:
    for one in TIERS:
        shown = tier_lines.shown(one)
        read_ = tier_lines.read(shown, "USD")
        assert one._replace(**read_ | {"skills": ()}) == one
    skills = tier_lines.read({"skills": "biology>=70, first_aid present"}, "USD")["skills"]
    shown = tier_lines.shown(TIERS[0]._replace(skills=skills))
    assert shown["skills"] == "biology >=70, first_aid present"


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("wages", "1", "wages: is not known here. Did you mean wage?"),
        ("wage", "0", "wage: must be more than zero."),
        ("wage", "1 KES", "wage: is in KES, but the project is in USD."),
        ("floor", "x", "floor: “x"),
        ("skills", "biology", "skills: must be like"),
        ("skills", "biology present 5", "skills: must be like"),
        ("premium", "2", "premium: must be a share"),
    ],
)
def test_a_term_that_does_not_fit_is_said(key: str, value: str, fault: str) -> None:
    with pytest.raises(Refusal) as caught:
        tier_lines.read({key: value}, "USD")
    assert caught.value.say().startswith(fault)


async def test_a_forecast_goes_from_plan_to_measure(database: Database) -> None:
    text = FILE.replace("gold_share = 0", "gold_share = 0\nreview = { share = 0.1, newcomers = 0 }")
    text = text.replace("overlap", 'pay = [{ skill = "x", from = 1, factor = 2 }]\noverlap', 1)
    assert project_file.parse(text)
    await apply(database, text)
    stage = await spec(database)
    rates = {stage.stage_id: Rates(review_micro=100_000)}
    load = Load(tasks=100, wanted=300)
    plan = forecasts.reckon([(stage, load, Done())], Costs(), rates)
    assert plan.parts == {"answers": (6_000_000, 12_000_000), "reviews": (3_300_000, 3_300_000)}
    done = Done(given=100, micro=2_500_000, held=20, open_slots=180)
    spent = Costs({"answer": 2_600_000, "refuse": -100_000, "review": 2_000_000, "report": 25_000})
    now = forecasts.reckon([(stage, load, done)], spent, rates)
    assert now.spent == 4_525_000
    assert now.parts == {
        "answers": (5_000_000, 5_000_000),
        "reviews": (4_000_000, 4_000_000),
        "broken": (50_000, 50_000),
    }
