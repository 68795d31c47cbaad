"""A project as a file: TOML in, a checked `ProjectFile` out, or every fault it has at once.

    [project]                       [stage]  (or several [[stage]], see `stage_file`)
    name, languages
    id, purpose, budget
    kind = "training" or "exam"; then all tasks are gold
    [project.exam] tasks, pass, second_chance, attempts, retry

A language without a text is fine in a draft; `launch` asks for it when the project is opened.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, cast

from bot.errors import Invalid, Refusal
from bot.i18n import N_, ngettext
from bot.money import MICRO, Money
from bot.pay import tiers
from bot.work import rule_lines, stage_file, terms
from bot.work.reading import NotAList, Reading, Twice
from bot.work.stage_file import StageFile
from bot.work.terms import FieldFault

FILE = 500_000  # characters
NAME, PURPOSE = 200, 2000
PROJECT_KEYS = ("id", "name", "purpose", "languages", "budget", "kind", "exam")
KINDS = ("work", "training", "exam")
EXAM_KEYS = ("tasks", "pass", "second_chance", "attempts", "retry")
EXAM_TASKS, EXAM_ATTEMPTS = (1, 200), (1, 20)
PASS_PPM = 800_000
ATTEMPTS = 2
RETRY = 86_400  # seconds
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class NotToml(FieldFault):
    msgid = N_("{path}: this is not TOML. {reason}")


class NotASlug(FieldFault):
    msgid = N_(
        "{path}: must be at most 64 small letters a-z, digits and hyphens, not a hyphen first."
    )


class NoSlug(FieldFault):
    msgid = N_("{path}: is missing, and the name has no letters a-z to make it from.")


class OneStageOnly(FieldFault):
    msgid = N_("{path}: a project of the kind {kind} has one stage.")


class NoExam(FieldFault):
    msgid = N_("{path}: belongs to projects of the kind exam.")


class SecondNotBelow(FieldFault):
    msgid = N_("{path}: must be below the share that passes.")


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
    reading = Reading()
    file = _project(reading, _toml(reading, text))
    if reading.faults or file is None:
        raise ProjectFileRefused(reading.faults)
    return file


def slug_of(name: str) -> str:
    """A name on the command line, made from the project's; "" when it has no letters a-z."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].rstrip("-")


def _toml(reading: Reading, text: str) -> dict[str, object]:
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


def _project(reading: Reading, document: dict[str, object]) -> ProjectFile | None:
    if reading.faults:
        return None
    reading.keys(document, "", ("project", "stage"))
    table = reading.table(document.get("project"), "project")
    if "project" not in document:
        return None
    reading.keys(table, "project", PROJECT_KEYS)
    name = reading.text(table.get("name"), "project.name", limit=NAME, needed=True)
    budget = reading.amount(table.get("budget"), "project.budget")
    languages = _languages(reading, table.get("languages"))
    kind = reading.one_of(table.get("kind", KINDS[0]), "project.kind", KINDS) or KINDS[0]
    stages = stage_file.read(reading, document.get("stage"), exam=kind == "exam")
    stages = _of_kind(reading, kind, _exam(reading, kind, table.get("exam")), stages)
    currency = _currency(reading, budget, stages)
    return ProjectFile(
        slug=_slug(reading, table.get("id"), name),
        name=name,
        purpose=reading.text(table.get("purpose"), "project.purpose", limit=PURPOSE),
        languages=languages,
        budget=budget,
        currency=currency,
        stages=tuple(stages),
    )


def _of_kind(
    reading: Reading, kind: str, exam: dict[str, Any] | None, stages: list[StageFile]
) -> list[StageFile]:
    """The stage of a training or exam serves gold alone; what kind it is goes with its version."""
    if kind == "work":
        return stages
    if len(stages) > 1:
        reading.refuse(OneStageOnly(path="project.kind", kind=kind))
    terms_ = {"kind": kind} | ({"exam": exam} if exam else {})
    return [
        replace(stage, gold_share_ppm=MICRO, quality=stage.quality | terms_) for stage in stages
    ]


def _exam(reading: Reading, kind: str, given: object) -> dict[str, Any] | None:
    path = "project.exam"
    if kind != "exam":
        if given is not None:
            reading.refuse(NoExam(path=path))
        return None
    table = reading.table(given, path)
    reading.keys(table, path, EXAM_KEYS)

    def whole(name: str, bounds: tuple[int, int], default: int) -> int:
        where = f"{path}.{name}"
        return reading.given(
            table.get(name), where, lambda v, p: terms.whole(v, p, *bounds), default
        )

    if table and "tasks" not in table:
        reading.refuse(terms.Absent(path=f"{path}.tasks"))
    found: dict[str, Any] = {
        "tasks": whole("tasks", EXAM_TASKS, 1),
        "pass_ppm": reading.given(table.get("pass"), f"{path}.pass", terms.share, PASS_PPM),
        "attempts": whole("attempts", EXAM_ATTEMPTS, ATTEMPTS),
        "retry_seconds": reading.given(table.get("retry"), f"{path}.retry", terms.due, RETRY),
    }
    if "second_chance" in table:
        where = f"{path}.second_chance"
        found["second_ppm"] = reading.given(table["second_chance"], where, terms.share, 0)
        if found["second_ppm"] >= found["pass_ppm"]:
            reading.refuse(SecondNotBelow(path=where))
    return found


def _slug(reading: Reading, given: object, name: str) -> str:
    if given is None:
        made = slug_of(name)
        if name and not made:
            reading.refuse(NoSlug(path="project.id"))
        return made
    if not isinstance(given, str) or not _SLUG.fullmatch(given):
        reading.refuse(NotASlug(path="project.id"))
    return str(given)


def _languages(reading: Reading, given: object) -> tuple[str, ...]:
    path = "project.languages"
    if given is None:
        reading.refuse(terms.Absent(path=path))
        return ()
    if not isinstance(given, list) or not given:
        reading.refuse(NotAList(path=path))
        return ()
    found: list[str] = []
    for tag in cast("list[object]", given):
        code = reading.language(tag, path)
        if code in found:
            reading.refuse(Twice(path=path, value=tag))
        elif code:
            found.append(code)
    return tuple(found)


def _currency(reading: Reading, budget: Money | None, stages: list[StageFile]) -> str:
    """The one currency of a project: the budget's, else the first price's, else the wages'."""
    prices = [stage.price for stage in stages]
    expected = next((one.currency for one in [budget, *prices] if one), tiers.TIERS[0].currency)
    for number, price in enumerate(prices, 1):
        path = "stage.price" if len(stages) == 1 else f"stage[{number}].price"
        if price and price.currency != expected:
            fault = terms.OtherCurrency(path=path, currency=price.currency, expected=expected)
            reading.refuse(fault)
    for stage in stages:
        for line in stage.quality.get("rules", ()):
            reading.take(partial(rule_lines.read, line, "stage.rules", expected))
    return expected
