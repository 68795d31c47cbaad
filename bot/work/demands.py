"""What a stage measures and demands, as a project file says it; `bot.quality.requirements` judges.

skill      what its gold measures; by default the project's id
skills     what people must have, language: how well they must know the queue's
tolerance  how far from the gold a number may be and still be right
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any, cast

from bot.i18n import N_
from bot.quality import requirements
from bot.quality.requirements import COMPARATORS, LEVELS, MISSING, PRESENT, PROOF, PROVEN, Condition
from bot.task_types.kind import TaskType
from bot.work import terms
from bot.work.reading import NotAList, Reading
from bot.work.terms import FieldFault

KEYS = ("skill", "skills", "language", "tolerance")
_NAME = re.compile(r"[a-z0-9_]+")
_LONGEST_CODE = "zh_hans"  # what may stand for {language}
_CONDITION = re.compile(r"(>=|<=|>|<|=)\s*(\d{1,3}(?:\.\d{1,2})?)", re.ASCII)


class NotASkill(FieldFault):
    msgid = N_(
        "{path}: a skill's name has at most 40 small letters a-z, digits and underscores. "
        "{placeholder} stands for the language of the queue."
    )


class NotACondition(FieldFault):
    msgid = N_("{path}: must be like >=80, with one of {comparators} and a number up to 100.")


class ProofNotMeasured(FieldFault):
    msgid = N_("{path}: names that begin with language_ are for exams, which prove a language.")


class NoDistance(FieldFault):
    msgid = N_("{path}: answers of the type {type} are right or wrong, with nothing between.")


class NotADistance(FieldFault):
    msgid = N_("{path}: must be a number, zero or more.")


def read(
    reading: Reading, table: Mapping[str, object], path: str, kind: TaskType | None, *, exam: bool
) -> dict[str, Any]:
    """The keys that are given, in the form the tables keep. `exam`: it may prove a language."""
    found: dict[str, Any] = {}
    if "skill" in table:
        found["skill"] = _measured(reading, table["skill"], f"{path}.skill", exam=exam)
    if "skills" in table:
        found["skills"] = _skills(reading, table["skills"], f"{path}.skills")
    if "language" in table:
        known = (*LEVELS, PROVEN)
        found["language"] = reading.one_of(table["language"], f"{path}.language", known)
    if "tolerance" in table:
        found["tolerance"] = _tolerance(reading, table["tolerance"], f"{path}.tolerance", kind)
    return found


def _measured(reading: Reading, given: object, path: str, *, exam: bool) -> str | None:
    name = reading.take(lambda: skill_name(given, path))
    if name and name.startswith(PROOF) and not exam:
        reading.refuse(ProofNotMeasured(path=path))
    return name


def skill_name(given: object, path: str) -> str:
    """The name of a skill; raises NotASkill for what would be none in some language."""
    if isinstance(given, str):
        longest = given.replace(requirements.LANGUAGE, _LONGEST_CODE)
        if _NAME.fullmatch(longest) and len(longest) <= requirements.NAME:
            return given
    raise NotASkill(path=path, placeholder=requirements.LANGUAGE)


def _skills(reading: Reading, given: object, path: str) -> list[list[dict[str, Any]]]:
    """A table: each of its entries. A list: of each of its tables one entry, as on Toloka."""
    if not isinstance(given, list):
        return requirements.as_json(_entries(reading, given, path))
    if not given:
        reading.refuse(NotAList(path=path))
    groups = [
        list(chain.from_iterable(_entries(reading, table, f"{path}[{number}]")))
        for number, table in enumerate(cast("list[object]", given), 1)
    ]
    return requirements.as_json(groups)


def _entries(reading: Reading, given: object, path: str) -> list[list[Condition]]:
    """The conditions of each entry of a table; an entry with a list has several, any of them."""
    table = reading.table(given, path)
    if isinstance(given, dict) and not given:
        reading.refuse(terms.Blank(path=path))
    found = []
    for name, value in table.items():
        where = f"{path}.{name}"
        values = cast("list[object]", value) if isinstance(value, list) and value else [value]
        read = [reading.take(partial(_condition, name, one, where)) for one in values]
        found.append([one for one in read if one is not None])
    return found


def _condition(name: str, value: object, path: str) -> Condition:
    skill = skill_name(name, path)
    if value in (PRESENT, MISSING):
        return Condition(skill, str(value))
    found = _CONDITION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or float(found[2]) > 100:
        raise NotACondition(path=path, comparators=" ".join(COMPARATORS))
    return Condition(skill, found[1], float(found[2]))


def _tolerance(reading: Reading, given: object, path: str, kind: TaskType | None) -> str | None:
    """As text: JSON's numbers are not exact."""
    if kind is not None and kind.combine != "mean":
        reading.refuse(NoDistance(path=path, type=kind.name))
        return None
    if isinstance(given, int | Decimal) and not isinstance(given, bool) and given >= 0:
        return str(given)
    reading.refuse(NotADistance(path=path))
    return None
