"""A project as a file: TOML in, a checked `ProjectFile` out, or every fault it has at once.

    [project]                       [stage]  (or several [[stage]])
    name, languages                 type, show …, and the type's own settings
    id, purpose, budget             tier, price, expected_seconds, overlap, gold_share,
                                    review = { share, due }, combine, name
                                    [stage.text.sw]  question, instructions, options

A language without a text is fine in a draft; `launch` asks for it when the project is opened.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar, cast

from bot.errors import Invalid, Refusal
from bot.i18n import LANGUAGES, N_, ngettext
from bot.money import Money
from bot.pay import tiers
from bot.task_types import TASK_TYPES
from bot.task_types.kind import TaskType, Unfit
from bot.work import terms
from bot.work.terms import FieldFault

T = TypeVar("T")

FILE = 500_000  # characters
STAGES = 10
NAME, PURPOSE, STAGE_NAME = 200, 2000, 64
QUESTION, INSTRUCTIONS, LABEL = 300, 3000, 200  # characters: a card holds 4096 in all

TIER = "basic"
SECONDS = 10  # what a task of the basic tier takes when the file does not say
GOLD_PPM = 100_000
REVIEW = {"share_ppm": 0, "due_seconds": 3 * 86_400}

PROJECT_KEYS = ("id", "name", "purpose", "languages", "budget")
STAGE_KEYS = (
    "name",
    "type",
    "tier",
    "price",
    "expected_seconds",
    "overlap",
    "gold_share",
    "review",
    "combine",
    "text",
)
TEXT_KEYS = ("question", "instructions", "options")
COMBINE = ("mean", "median")
# Words a type shows beside its options and fields.
WORDS = {"rating": ("low", "high"), "compare": ("tie", "bad")}
# A table that every type accepts: its normal form has all keys the type knows.
PLAIN = {"options": ["a", "b"], "show": ["a"]}
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class NotToml(FieldFault):
    msgid = N_("{path}: this is not TOML. {reason}")


class NotATable(FieldFault):
    msgid = N_("{path}: must be a table.")


class NotAList(FieldFault):
    msgid = N_("{path}: must be a list with at least one value.")


class TooMany(FieldFault):
    msgid = N_("{path}: must have at most {limit} values.")


class Twice(FieldFault):
    msgid = N_("{path}: has “{value}” twice.")


class NotASlug(FieldFault):
    msgid = N_(
        "{path}: must be at most 64 small letters a-z, digits and hyphens, not a hyphen first."
    )


class NoSlug(FieldFault):
    msgid = N_("{path}: is missing, and the name has no letters a-z to make it from.")


class NotALanguage(FieldFault):
    msgid = N_("{path}: “{value}” is not one of the languages {languages}.")


class UnknownValue(FieldFault):
    msgid = N_("{path}: “{value}” is not one of {known}.")


class MisspeltValue(UnknownValue):
    msgid = N_("{path}: “{value}” is not known here. Did you mean {nearest}?")


class SettingRefused(FieldFault):
    msgid = N_("{path}: {reason}")


class NotCombined(FieldFault):
    msgid = N_("{path}: answers of the type {type} have no mean.")


class TimeNeeded(FieldFault):
    msgid = N_("{path}: is missing. Without a price, the pay is the tier's wage times this.")


class ProjectFileRefused(Invalid):
    """All the faults of a file. `say` is a line for each."""

    msgid = N_("The project file has faults.")

    def __init__(self, faults: Iterable[Refusal]) -> None:
        super().__init__()
        self.faults = tuple(faults)

    def say(self) -> str:
        count = len(self.faults)
        head = ngettext(
            "The project file has {count} fault:", "The project file has {count} faults:", count
        )
        return "\n".join([head.format(count=count), *(fault.say() for fault in self.faults)])

    def __str__(self) -> str:
        return "\n".join([self.msgid, *map(str, self.faults)])


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
    review: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """A project as the file has it."""

    slug: str
    name: str
    purpose: str
    languages: tuple[str, ...]
    budget: Money | None
    currency: str
    stages: tuple[StageFile, ...]


def parse(text: str) -> ProjectFile:
    """The project in a file; raises ProjectFileRefused with every fault."""
    reading = _Reading()
    file = _project(reading, _toml(reading, text))
    if reading.faults or file is None:
        raise ProjectFileRefused(reading.faults)
    return file


def language(tag: object) -> str | None:
    """The code of a language by its tag or alias (pt-br, tl, sw-KE); None for another one."""
    wanted = str(tag).strip().lower().replace("_", "-")
    for candidate in (wanted, wanted.partition("-")[0]):
        for one in LANGUAGES.values():
            if candidate in (one.code.lower().replace("_", "-"), *one.aliases):
                return one.code
    return None


def language_tags() -> list[str]:
    """Every code and alias that `language` knows, without regions."""
    return [tag for one in LANGUAGES.values() for tag in (one.code, *one.aliases)]


def slug_of(name: str) -> str:
    """A name on the command line, made from the project's; "" when it has no letters a-z."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].rstrip("-")


def words_known(type: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What `options` of a text may name: the options, the shown fields, the type's own words."""
    fields = TASK_TYPES[type].fields(settings)
    return (*settings.get("options", ()), *fields, *WORDS.get(type, ()))


@dataclass(slots=True)
class _Reading:
    """Collects faults, so that one look at the answer mends the whole file."""

    faults: list[Refusal] = field(default_factory=list)

    def refuse(self, fault: Refusal) -> None:
        self.faults.append(fault)

    def take(self, check: Callable[[], T]) -> T | None:
        """The checked value, or None and a fault more."""
        try:
            return check()
        except FieldFault as fault:
            self.refuse(fault)
            return None

    def table(self, value: object, path: str) -> dict[str, object]:
        if value is None:
            self.refuse(terms.Absent(path=path))
        elif not isinstance(value, dict):
            self.refuse(NotATable(path=path))
        else:
            return cast("dict[str, object]", value)
        return {}

    def keys(self, table: Mapping[str, object], path: str, known: Iterable[str]) -> None:
        for key in table:
            if key not in known:
                where = f"{path}.{key}" if path else key
                self.refuse(terms.unknown_key(key, where, known))


def _toml(reading: _Reading, text: str) -> dict[str, object]:
    if len(text) > FILE:
        reading.refuse(terms.TooLong(path="file", limit=FILE))
        return {}
    try:
        return tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        reading.refuse(NotToml(path="file", reason=f"{error}."))
    except (ValueError, RecursionError):  # a number of thousands of digits, lists without end
        reading.refuse(NotToml(path="file", reason=""))
    return {}


def _project(reading: _Reading, document: dict[str, object]) -> ProjectFile | None:
    if reading.faults:
        return None
    reading.keys(document, "", ("project", "stage"))
    table = reading.table(document.get("project"), "project")
    if "project" not in document:
        return None
    reading.keys(table, "project", PROJECT_KEYS)
    name = _text(reading, table.get("name"), "project.name", limit=NAME, needed=True)
    budget = _amount(reading, table.get("budget"), "project.budget")
    languages = _languages(reading, table.get("languages"))
    stages = _stages(reading, document.get("stage"))
    currency = _currency(reading, budget, stages)
    return ProjectFile(
        slug=_slug(reading, table.get("id"), name),
        name=name,
        purpose=_text(reading, table.get("purpose"), "project.purpose", limit=PURPOSE),
        languages=languages,
        budget=budget,
        currency=currency,
        stages=tuple(stages),
    )


def _slug(reading: _Reading, given: object, name: str) -> str:
    if given is None:
        made = slug_of(name)
        if name and not made:
            reading.refuse(NoSlug(path="project.id"))
        return made
    if not isinstance(given, str) or not _SLUG.fullmatch(given):
        reading.refuse(NotASlug(path="project.id"))
    return str(given)


def _languages(reading: _Reading, given: object) -> tuple[str, ...]:
    path = "project.languages"
    if given is None:
        reading.refuse(terms.Absent(path=path))
        return ()
    if not isinstance(given, list) or not given:
        reading.refuse(NotAList(path=path))
        return ()
    found: list[str] = []
    for tag in cast("list[object]", given):
        code = _language(reading, tag, path)
        if code in found:
            reading.refuse(Twice(path=path, value=tag))
        elif code:
            found.append(code)
    return tuple(found)


def _language(reading: _Reading, tag: object, path: str) -> str | None:
    code = language(tag)
    if code is None:
        value = str(tag)[: terms.WRITTEN]
        reading.refuse(NotALanguage(path=path, value=value, languages=", ".join(LANGUAGES)))
    return code


def _stages(reading: _Reading, given: object) -> list[StageFile]:
    if isinstance(given, list) and given:
        if len(given) > STAGES:
            reading.refuse(TooMany(path="stage", limit=STAGES))
        numbered = enumerate(given[:STAGES], 1)
        return [_stage(reading, one, f"stage[{number}]", number) for number, one in numbered]
    return [_stage(reading, given, "stage", 1)]


def _stage(reading: _Reading, given: object, path: str, number: int) -> StageFile:
    table = reading.table(given, path)
    if not isinstance(given, dict):  # said once, not once for each thing it lacks
        return _nothing(number)
    kind = _type(reading, table, path)
    settings = _settings(reading, table, path, kind)
    price = _amount(reading, table.get("price"), f"{path}.price")
    return StageFile(
        name=_text(reading, table.get("name"), f"{path}.name", limit=STAGE_NAME)
        or f"stage-{number}",
        type=kind.name if kind else "",
        settings=settings or {},
        text=_texts(reading, table.get("text"), f"{path}.text", kind, settings),
        tier=_tier(reading, table, path),
        price=price,
        expected_seconds=_seconds(reading, table, path),
        overlap=_given(reading, table.get("overlap"), f"{path}.overlap", terms.overlap, 1),
        gold_share_ppm=_given(
            reading, table.get("gold_share"), f"{path}.gold_share", terms.share, GOLD_PPM
        ),
        review=_review(reading, table, f"{path}.review"),
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


def _type(reading: _Reading, table: Mapping[str, object], path: str) -> TaskType | None:
    given = table.get("type")
    if given is None:
        reading.refuse(terms.Absent(path=f"{path}.type"))
        return None
    kind = TASK_TYPES.get(given) if isinstance(given, str) else None
    if kind is None:
        reading.refuse(_unknown_value(given, f"{path}.type", tuple(TASK_TYPES)))
    return kind


def _unknown_value(given: object, path: str, known: tuple[str, ...]) -> UnknownValue:
    value = str(given)[: terms.WRITTEN]
    suggested = terms.unknown_key(value, path, known)
    if isinstance(suggested, terms.MisspeltKey):
        return MisspeltValue(path=path, value=value, nearest=suggested.values["nearest"])
    return UnknownValue(path=path, value=value, known=", ".join(known))


def _settings(
    reading: _Reading, table: Mapping[str, object], path: str, kind: TaskType | None
) -> dict[str, Any] | None:
    """The type's own settings; None when they do not fit."""
    kinds = [kind] if kind else list(TASK_TYPES.values())
    own = {key for one in kinds for key in one.settings(PLAIN)}
    reading.keys(table, path, (*STAGE_KEYS, *own))
    if kind is None:
        return None
    settings = _fitting(reading, table, path, kind)
    combine = _combine(reading, table, path, kind)
    if settings is not None and combine:
        settings["combine"] = combine
    return settings


def _fitting(
    reading: _Reading, table: Mapping[str, object], path: str, kind: TaskType
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


def _combine(
    reading: _Reading, table: Mapping[str, object], path: str, kind: TaskType
) -> str | None:
    given = table.get("combine")
    if given is None:
        return None
    if kind.combine != "mean":
        reading.refuse(NotCombined(path=f"{path}.combine", type=kind.name))
    elif given not in COMBINE:
        reading.refuse(_unknown_value(given, f"{path}.combine", COMBINE))
    return str(given)


def _tier(reading: _Reading, table: Mapping[str, object], path: str) -> str:
    given = table.get("tier", TIER)
    if not isinstance(given, str) or given not in tiers.NAMES:
        reading.refuse(_unknown_value(given, f"{path}.tier", tiers.NAMES))
    return str(given)


def _seconds(reading: _Reading, table: Mapping[str, object], path: str) -> int:
    where = f"{path}.expected_seconds"
    if "price" not in table and "expected_seconds" not in table:
        reading.refuse(TimeNeeded(path=where))
    return _given(reading, table.get("expected_seconds"), where, terms.seconds, SECONDS)


def _review(reading: _Reading, table: Mapping[str, object], path: str) -> dict[str, int]:
    if "review" not in table:
        return dict(REVIEW)
    review = reading.table(table["review"], path)
    reading.keys(review, path, ("share", "due"))
    return {
        "share_ppm": _given(
            reading, review.get("share"), f"{path}.share", terms.share, REVIEW["share_ppm"]
        ),
        "due_seconds": _given(
            reading, review.get("due"), f"{path}.due", terms.due, REVIEW["due_seconds"]
        ),
    }


def _texts(
    reading: _Reading,
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
        code = _language(reading, tag, f"{path}.{tag}")
        if code in found:
            reading.refuse(Twice(path=path, value=tag))
        found[code or tag] = _wording(reading, table, f"{path}.{tag}", known)
    return found


def _wording(
    reading: _Reading, given: object, path: str, known: tuple[str, ...] | None
) -> dict[str, Any]:
    table = reading.table(given, path)
    reading.keys(table, path, TEXT_KEYS)
    return {
        "question": _text(
            reading, table.get("question"), f"{path}.question", limit=QUESTION, needed=True
        ),
        "instructions": _text(
            reading, table.get("instructions"), f"{path}.instructions", limit=INSTRUCTIONS
        ),
        "options": _labels(reading, table.get("options"), f"{path}.options", known),
    }


def _labels(
    reading: _Reading, given: object, path: str, known: tuple[str, ...] | None
) -> dict[str, str]:
    if given is None:
        return {}
    table = reading.table(given, path)
    if known is not None:  # else the settings are refused already, and so would be every label
        reading.keys(table, path, known)
    labels = {
        key: _text(reading, value, f"{path}.{key}", limit=LABEL) for key, value in table.items()
    }
    return {key: label for key, label in labels.items() if label}


def _currency(reading: _Reading, budget: Money | None, stages: list[StageFile]) -> str:
    """The one currency of a project: the budget's, else the first price's, else the wages'."""
    prices = [stage.price for stage in stages]
    expected = next((one.currency for one in [budget, *prices] if one), tiers.TIERS[0].currency)
    for number, price in enumerate(prices, 1):
        path = "stage.price" if len(stages) == 1 else f"stage[{number}].price"
        if price and price.currency != expected:
            fault = terms.OtherCurrency(path=path, currency=price.currency, expected=expected)
            reading.refuse(fault)
    return expected


def _text(reading: _Reading, value: object, path: str, *, limit: int, needed: bool = False) -> str:
    if value is None:
        if needed:
            reading.refuse(terms.Absent(path=path))
        return ""
    return reading.take(lambda: terms.text(value, path, limit=limit, empty=not needed)) or ""


def _amount(reading: _Reading, value: object, path: str) -> Money | None:
    return None if value is None else reading.take(lambda: terms.amount(value, path))


def _given(
    reading: _Reading,
    value: object,
    path: str,
    check: Callable[[object, str], int],
    default: int,
) -> int:
    found = None if value is None else reading.take(lambda: check(value, path))
    return default if found is None else found
