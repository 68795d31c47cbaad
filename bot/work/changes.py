"""Changing the terms of a running project: first what would change, then the change.

    await changes.propose(session, project, {"price": "0.04", "2.overlap": "3"})

A key may begin with the number of a stage and a dot; a project of one stage needs none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.errors import Invalid
from bot.i18n import N_
from bot.models.work import Project
from bot.money import Money
from bot.pay import prices, tiers
from bot.store.database import Session
from bot.work import pay_terms, rule_lines, stages, terms
from bot.work.project_file import NAME
from bot.work.reading import TooMany
from bot.work.stages import StageSpec

KEYS = (
    "price",
    "overlap",
    "tier",
    "gold",
    "review",
    "due",
    "expected_seconds",
    "rules",
    "budget",
    "name",
)
ALIASES = {"golden": "gold", "gold_share": "gold", "seconds": "expected_seconds"}
UNLIMITED = NO_RULES = "none"
BY_TIER = "tier"  # a price that is the tier's wage for the time


class StageNeeded(Invalid):
    msgid = N_("{key}: the project has {count} stages. Say which, like 1.{key}={value}.")


class NoSuchStage(Invalid):
    msgid = N_("{key}: the project has {count} stages.")


class Change(NamedTuple):
    """One field before and after, as people write them."""

    field: str
    before: str
    after: str


@dataclass(slots=True)
class Plan:
    """What is going to be different: the project's columns, the stages' versions, and in words."""

    project: dict[str, Any]
    stages: list[tuple[StageSpec, dict[str, Any]]]
    changes: list[Change]


async def plan(session: Session, project: Project, changes: Mapping[str, str]) -> Plan:
    """Check the changes and say what they would do. Raises a FieldFault or a stage's refusal."""
    specs = await stages.current(session, project.id)
    wanted = [_split(key, value, len(specs)) for key, value in changes.items()]
    found = Plan({}, [], [])
    for number, key, value in wanted:
        if number is None:
            _CHANGES_OF_PROJECT[key](project, value, found)
    for number, spec in enumerate(specs, 1):
        mine = {key: value for at, key, value in wanted if at == number}
        after = await _revised(session, spec, mine)
        _note(found, spec, after, prefix=f"{number}." if len(specs) > 1 else "")
    return found


def _split(key: str, value: str, count: int) -> tuple[int | None, str, str]:
    """The stage's number (None: the project), the key by its one name, and the value."""
    number, dot, name = key.strip().lower().rpartition(".")
    name = ALIASES.get(name, name)
    if name not in KEYS:
        raise terms.unknown_key(name, key, KEYS)
    if name in _CHANGES_OF_PROJECT:
        return None, name, value
    if not dot and count > 1:
        raise StageNeeded(key=name, count=count, value=value)
    ordinal = int(number) if number.isascii() and number.isdecimal() else 0
    if dot and not 1 <= ordinal <= count:
        raise NoSuchStage(key=key, count=count)
    return ordinal or 1, name, value


def _budget(project: Project, value: str, found: Plan) -> None:
    before = project.budget_micro
    after = None
    if value.strip().lower() != UNLIMITED:
        after = _amount(value, "budget", project.currency)
    if after != before:
        found.project["budget_micro"] = after
        shown = [
            UNLIMITED if one is None else terms.show_amount(one, project.currency)
            for one in (before, after)
        ]
        found.changes.append(Change("budget", *shown))


def _name(project: Project, value: str, found: Plan) -> None:
    after = terms.text(value, "name", limit=NAME)
    if after != project.name:
        found.project["name"] = after
        found.changes.append(Change("name", project.name, after))


_CHANGES_OF_PROJECT: dict[str, Callable[[Project, str, Plan], None]] = {
    "budget": _budget,
    "name": _name,
}


async def _revised(session: Session, spec: StageSpec, mine: Mapping[str, str]) -> dict[str, Any]:
    after = stages.columns(spec)
    for key, value in mine.items():
        if key == "tier":
            name = value.strip().lower()
            after["tier"] = (await tiers.nearest(session, name, spec.currency)).name
        elif key == "price":
            by_tier = value.strip().lower() == BY_TIER
            after["quality"] = pay_terms.left_to_tier(after["quality"], by_tier=by_tier)
            if not by_tier:
                after["price_micro"] = _amount(value, key, spec.currency)
        elif key == "rules":
            after["quality"] = _ruled(spec, after["quality"], value)
        elif key in _REVIEW:
            column, check = _REVIEW[key]
            after["review"] = after["review"] | {column: check(value, key)}
        else:
            column, check = _PLAIN[key]
            after[column] = check(value, key)
    if mine:
        after["price_micro"] = await _price(session, after)
    return after


def _ruled(spec: StageSpec, quality: Mapping[str, Any], value: str) -> dict[str, Any]:
    """Other rules, with semicolons between them; "none" for none. The rest of quality stays."""
    rest = {key: kept for key, kept in quality.items() if key != "rules"}
    if value.strip().lower() == NO_RULES:
        return rest
    lines = [
        rule_lines.write(rule_lines.fitting(line, "rules", spec.kind, spec.currency))
        for line in value.split(";")
    ]
    if len(lines) > rule_lines.RULES:
        raise TooMany(path="rules", limit=rule_lines.RULES)
    return {**rest, "rules": lines}


_PLAIN: dict[str, tuple[str, Callable[[object, str], int]]] = {
    "overlap": ("overlap", terms.overlap),
    "gold": ("gold_share_ppm", terms.share),
    "expected_seconds": ("expected_seconds", terms.seconds),
}
_REVIEW: dict[str, tuple[str, Callable[[object, str], int]]] = {
    "review": ("share_ppm", terms.share),
    "due": ("due_seconds", terms.due),
}


async def _price(session: Session, after: Mapping[str, Any]) -> int:
    """A price that is left to the tier goes with the tier and the time; an agreed one stays."""
    if not prices.by_tier(after["quality"]):
        price = Money(after["price_micro"], after["currency"])
        tier = await tiers.nearest(session, after["tier"], after["currency"])
        return pay_terms.agreed(price, tier, "price")
    tier = await tiers.tier(session, after["tier"], after["currency"])
    return await pay_terms.usual(session, tier, after["expected_seconds"])


def _note(found: Plan, spec: StageSpec, after: dict[str, Any], *, prefix: str) -> None:
    before = stages.columns(spec)
    if after == before:
        return
    found.stages.append((spec, after))
    for field, show in _SHOWN.items():
        was, becomes = show(before), show(after)
        if was != becomes:
            found.changes.append(Change(prefix + field, was, becomes))


_SHOWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "price": lambda stage: terms.show_amount(stage["price_micro"], stage["currency"]),
    "overlap": lambda stage: str(stage["overlap"]),
    "tier": lambda stage: str(stage["tier"]),
    "gold": lambda stage: terms.show_share(stage["gold_share_ppm"]),
    "review": lambda stage: terms.show_share(stage["review"]["share_ppm"]),
    "due": lambda stage: terms.show_due(stage["review"]["due_seconds"]),
    "expected_seconds": lambda stage: str(stage["expected_seconds"]),
    "rules": lambda stage: "; ".join(stage["quality"].get("rules", ())) or NO_RULES,
}


def _amount(value: str, key: str, currency: str) -> int:
    """A price with or without its currency, which must be the project's."""
    written = value if any(map(str.isalpha, value)) else f"{value} {currency}"
    found = terms.amount(written, key)
    if found.currency != currency:
        raise terms.OtherCurrency(path=key, currency=found.currency, expected=currency)
    return found.micro
