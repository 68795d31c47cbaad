"""A stage as a project file has it, every value in the form the tables keep.

type, show …, and the type's own settings; name, tier, price, expected_seconds, gold_share,
aggregate; overlap: see `overlap_terms`; review: see `review_terms`; skill, skills, language,
tolerance: see `demands`; pay, scarcity: see `pay_terms`; rules: see `rule_lines`
[stage.text.sw]  question, instructions, options
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.i18n import N_
from bot.money import Money
from bot.pay import tiers
from bot.quality import aggregate
from bot.task_types import TASK_TYPES
from bot.task_types.kind import TaskType, Unfit
from bot.work import demands, overlap_terms, pay_terms, review_terms, rule_lines, terms
from bot.work.reading import NotAList, Reading, TooMany, Twice, unknown_value
from bot.work.terms import FieldFault

STAGES = 10
STAGE_NAME = 64
QUESTION, INSTRUCTIONS, LABEL = 300, 3000, 200  # characters: a card holds 4096 in all

TIER = "basic"
SECONDS = 10  # what a task of the basic tier takes when the file does not say
GOLD_PPM = 100_000
REVIEW = {"share_ppm": 0}  # due: by the tier

STAGE_KEYS = (
    "name",
    "type",
    "tier",
    "price",
    "expected_seconds",
    "overlap",
    "gold_share",
    "review",
    "aggregate",
    "rules",
    "combine",
    "text",
    *demands.KEYS,
    *pay_terms.KEYS,
)
TEXT_KEYS = ("question", "instructions", "options")
# Words a type shows beside its options and fields.
WORDS = {"rating": ("low", "high"), "compare": ("tie", "bad")}
# A table that every type accepts: its normal form has all keys the type knows.
PLAIN = {"options": ["a", "b"], "show": ["a"]}


class SettingRefused(FieldFault):
    msgid = N_("{path}: {reason}")


class NotAggregated(FieldFault):
    msgid = N_("{path}: “{method}” does not fit the type {type}. Possible: {known}.")


class NotComparable(FieldFault):
    msgid = N_(
        "{path}: “{method}” does not fit the type {type}: its answers cannot be compared, so a "
        "result is what all agree on (unanimous)."
    )


class TimeNeeded(FieldFault):
    msgid = N_("{path}: is missing. Without a price, the pay is the tier's wage times this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFile:
    """One stage as the file has it, every value in the form the tables keep."""

    name: str
    type: str
    settings: dict[str, Any]
    text: dict[str, dict[str, Any]]
    tier: str
    price: Money | None
    """None: the tier's wage times `expected_seconds`."""
    expected_seconds: int
    overlap: int
    gold_share_ppm: int
    review: dict[str, Any]
    quality: dict[str, Any] = field(default_factory=dict)


def words_known(type: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What `options` of a text may name: the options, the shown fields, the type's own words."""
    fields = TASK_TYPES[type].fields(settings)
    return (*settings.get("options", ()), *fields, *WORDS.get(type, ()))


def read(reading: Reading, given: object, *, exam: bool = False) -> list[StageFile]:
    """The stages of a file; those of an exam may prove a language."""
    if isinstance(given, list) and given:
        if len(given) > STAGES:
            reading.refuse(TooMany(path="stage", limit=STAGES))
        numbered = enumerate(given[:STAGES], 1)
        return [
            _stage(reading, one, f"stage[{number}]", number, exam=exam) for number, one in numbered
        ]
    return [_stage(reading, given, "stage", 1, exam=exam)]


def _stage(reading: Reading, given: object, path: str, number: int, *, exam: bool) -> StageFile:
    table = reading.table(given, path)
    if not isinstance(given, dict):  # said once, not once for each thing it lacks
        return _nothing(number)
    kind = _type(reading, table, path)
    settings = _settings(reading, table, path, kind)
    price = reading.amount(table.get("price"), f"{path}.price")
    least, overlap = overlap_terms.read(
        reading, table.get("overlap"), f"{path}.overlap", kind, settings
    )
    return StageFile(
        name=reading.text(table.get("name"), f"{path}.name", limit=STAGE_NAME) or f"stage-{number}",
        type=kind.name if kind else "",
        settings=settings or {},
        text=_texts(reading, table.get("text"), f"{path}.text", kind, settings),
        tier=_tier(reading, table, path),
        price=price,
        expected_seconds=_seconds(reading, table, path),
        overlap=least,
        gold_share_ppm=reading.given(
            table.get("gold_share"), f"{path}.gold_share", terms.share, GOLD_PPM
        ),
        review=_review(reading, table, f"{path}.review"),
        quality=overlap
        | _quality(reading, table, path, kind, settings)
        | demands.read(reading, table, path, kind, exam=exam)
        | pay_terms.read(reading, table, path)
        | _rules(reading, table.get("rules"), f"{path}.rules", kind),
    )


def _nothing(number: int) -> StageFile:
    return StageFile(
        name=f"stage-{number}",
        type="",
        settings={},
        text={},
        tier=TIER,
        price=None,
        expected_seconds=SECONDS,
        overlap=1,
        gold_share_ppm=GOLD_PPM,
        review=REVIEW,
    )


def _type(reading: Reading, table: Mapping[str, object], path: str) -> TaskType | None:
    given = table.get("type")
    if given is None:
        reading.refuse(terms.Absent(path=f"{path}.type"))
        return None
    kind = TASK_TYPES.get(given) if isinstance(given, str) else None
    if kind is None:
        reading.refuse(unknown_value(given, f"{path}.type", tuple(TASK_TYPES)))
    return kind


def _settings(
    reading: Reading, table: Mapping[str, object], path: str, kind: TaskType | None
) -> dict[str, Any] | None:
    """The type's own settings; None when they do not fit."""
    kinds = [kind] if kind else list(TASK_TYPES.values())
    own = {key for one in kinds for key in one.settings(PLAIN)}
    reading.keys(table, path, (*_stage_keys(table), *own))
    if kind is None:
        return None
    return _fitting(reading, table, path, kind)


def _stage_keys(table: Mapping[str, object]) -> tuple[str, ...]:
    """`combine` is what older files call `aggregate`: beside it, it would be a second word."""
    return tuple(key for key in STAGE_KEYS if key != "combine" or "aggregate" not in table)


def _fitting(
    reading: Reading, table: Mapping[str, object], path: str, kind: TaskType
) -> dict[str, Any] | None:
    """Ask the type again without the field it refused, until it has nothing new to refuse."""
    raw = dict(table)
    refused: set[object] = set()
    while True:
        try:
            settings = kind.settings(raw)
        except Unfit as reason:
            name = reason.values.get("field")
            if name in refused:
                return None
            reading.refuse(SettingRefused(path=f"{path}.{name}" if name else path, reason=reason))
            refused.add(name)
            if raw.pop(str(name), None) is None:
                return None
        else:
            return None if refused else settings


def _quality(
    reading: Reading,
    table: Mapping[str, object],
    path: str,
    kind: TaskType | None,
    settings: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What the stage demands of answers; what the file does not say is left out."""
    if kind is None or settings is None:
        return {}
    method = _aggregate(reading, table, path, kind, settings)
    return {"aggregate": method} if method else {}


def _aggregate(
    reading: Reading,
    table: Mapping[str, object],
    path: str,
    kind: TaskType,
    settings: Mapping[str, Any],
) -> str | None:
    """How answers become results."""
    key = "combine" if "aggregate" not in table else "aggregate"
    if key not in table:
        return None
    method = reading.one_of(table[key], f"{path}.{key}", tuple(aggregate.METHODS))
    fitting = aggregate.fitting(kind, settings)
    if method is None or method in fitting:
        return method
    fault = NotComparable if kind.combine == "none" else NotAggregated
    known = ", ".join(fitting)
    reading.refuse(fault(path=f"{path}.{key}", method=method, type=kind.name, known=known))
    return None


def _tier(reading: Reading, table: Mapping[str, object], path: str) -> str:
    return reading.one_of(table.get("tier", TIER), f"{path}.tier", tiers.NAMES) or TIER


def _seconds(reading: Reading, table: Mapping[str, object], path: str) -> int:
    where = f"{path}.expected_seconds"
    if "price" not in table and "expected_seconds" not in table:
        reading.refuse(TimeNeeded(path=where))
    return reading.given(table.get("expected_seconds"), where, terms.seconds, SECONDS)


def _review(reading: Reading, table: Mapping[str, object], path: str) -> dict[str, Any]:
    if "review" not in table:
        return dict(REVIEW)
    return review_terms.read(reading, table["review"], path)


def _rules(
    reading: Reading, given: object, path: str, kind: TaskType | None
) -> dict[str, list[str]]:
    """Lines in their one form; nothing when the stage has none."""
    if given is None:
        return {}
    if not isinstance(given, list) or not given:
        reading.refuse(NotAList(path=path))
        return {}
    if len(given) > rule_lines.RULES:
        reading.refuse(TooMany(path=path, limit=rule_lines.RULES))
    lines = []
    for number, line in enumerate(given[: rule_lines.RULES], 1):
        where = f"{path}[{number}]"
        rule = reading.take(partial(rule_lines.fitting, line, where, kind))
        if rule is not None:
            lines.append(rule_lines.write(rule))
    return {"rules": lines}


def _texts(
    reading: Reading,
    given: object,
    path: str,
    kind: TaskType | None,
    settings: Mapping[str, Any] | None,
) -> dict[str, dict[str, Any]]:
    if given is None:
        return {}
    known = words_known(kind.name, settings) if kind and settings is not None else None
    found: dict[str, dict[str, Any]] = {}
    for tag, table in reading.table(given, path).items():
        code = reading.language(tag, f"{path}.{tag}")
        if code in found:
            reading.refuse(Twice(path=path, value=tag))
        found[code or tag] = _wording(reading, table, f"{path}.{tag}", known)
    return found


def _wording(
    reading: Reading, given: object, path: str, known: tuple[str, ...] | None
) -> dict[str, Any]:
    table = reading.table(given, path)
    reading.keys(table, path, TEXT_KEYS)
    return {
        "question": reading.text(
            table.get("question"), f"{path}.question", limit=QUESTION, needed=True
        ),
        "instructions": reading.text(
            table.get("instructions"), f"{path}.instructions", limit=INSTRUCTIONS
        ),
        "options": _labels(reading, table.get("options"), f"{path}.options", known),
    }


def _labels(
    reading: Reading, given: object, path: str, known: tuple[str, ...] | None
) -> dict[str, str]:
    if given is None:
        return {}
    table = reading.table(given, path)
    if known is not None:  # else the settings are refused already, and so would be every label
        reading.keys(table, path, known)
    labels = {
        key: reading.text(value, f"{path}.{key}", limit=LABEL) for key, value in table.items()
    }
    return {key: label for key, label in labels.items() if label}
