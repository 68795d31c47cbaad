"""What a stage demands of people, and whether somebody meets it. The same for reviewers.

In a project file, with `{language}` for the language of the queue:

    skills = { "fluency_{language}" = ">=80", first_aid = "present" }    both are demanded
    skills = [ { biology = ">=70", medicine = ">=70" }, { first_aid = "present" } ]
                         a list is (biology or medicine) and first_aid, as on Toloka
    language = "fluent"                  how well they say they know the queue's language, at least
    language = "proven"                  an exam has shown it: the skill language_sw in queue sw

Comparators are >=, >, <=, <, =, "missing" and "present"; of several in a list one is enough. A
skill that somebody does not have is "missing" and nothing else, neither more nor less than any
number: who is not good at it yet is a = ["<80", "missing"].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

PRESENT, MISSING = "present", "missing"
PROVEN = "proven"
LEVELS = ("some", "fluent", "native")  # the least first; see bot.people.languages
LANGUAGE = "{language}"
PROOF = "language_"  # skills of this name are given by exams alone
NAME = 40  # characters of a skill's name
COMPARATORS = (">=", "<=", ">", "<", "=", PRESENT, MISSING)


class Condition(NamedTuple):
    """One demand of one skill. `score` is from 0 to 100, and 0 where only presence counts."""

    skill: str
    comparator: str
    score: float = 0

    def met(self, score: float | None) -> bool:
        """By somebody with this score; None: without this skill."""
        if score is None or self.comparator in (PRESENT, MISSING):
            return self.comparator == (MISSING if score is None else PRESENT)
        return {
            ">=": score >= self.score,
            "<=": score <= self.score,
            ">": score > self.score,
            "<": score < self.score,
            "=": round(score) == self.score,
        }[self.comparator]


@dataclass(frozen=True, slots=True)
class Person:
    """What counts of somebody: scores by skill, and self-declared levels by language."""

    skills: Mapping[str, float] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """A demand somebody does not meet: one of the conditions would do, or else a level."""

    any_of: tuple[Condition, ...] = ()
    language: str = ""
    level: str = ""


def skill_of(quality: Mapping[str, Any], slug: str, language: str) -> str:
    """The skill that a stage measures in this queue; by default it is named after the project."""
    given = quality.get("skill") or slug.replace("-", "_")[:NAME].rstrip("_")
    return str(given).replace(LANGUAGE, language.lower())


def demanding(quality: Mapping[str, Any]) -> bool:
    """Whether anything is demanded at all."""
    return bool(quality.get("skills") or quality.get("language"))


def conditions(quality: Mapping[str, Any], language: str) -> list[tuple[Condition, ...]]:
    """Groups, each of which must be met by one of its conditions."""
    found = [
        tuple(
            Condition(one["skill"].replace(LANGUAGE, language.lower()), one["is"], one["score"])
            for one in group
        )
        for group in quality.get("skills", ())
    ]
    if quality.get("language") == PROVEN:
        found.append((Condition(PROOF + language.lower(), PRESENT),))
    return found


def gaps(quality: Mapping[str, Any], language: str, person: Person) -> list[Gap]:
    """What keeps somebody from a queue of the stage; nothing does where the list is empty."""
    found = [
        Gap(any_of=group)
        for group in conditions(quality, language)
        if not any(one.met(person.skills.get(one.skill)) for one in group)
    ]
    level = quality.get("language")
    if level in LEVELS and not _knows(person.languages.get(language), level):
        found.append(Gap(language=language, level=level))
    return found


def speaks(language: str, person: Person) -> bool:
    """Whether they can judge what others write in it: by an exam, or as their native language."""
    proven = PROOF + language.lower() in person.skills
    return proven or person.languages.get(language) == LEVELS[-1]


def _knows(said: str | None, level: str) -> bool:
    return said in LEVELS and LEVELS.index(said) >= LEVELS.index(level)


def written(quality: Mapping[str, Any]) -> str:
    """The demands of a stage in one line, nearly as its file has them."""
    groups = [
        " or ".join(_written(one["skill"], one["is"], one["score"]) for one in group)
        for group in quality.get("skills", ())
    ]
    level = quality.get("language")
    return ", ".join([*groups, *([f"language {level}"] if level else [])])


def _written(skill: str, comparator: str, score: float) -> str:
    return (
        f"{skill} {comparator}"
        if comparator in (PRESENT, MISSING)
        else (f"{skill} {comparator}{score:g}")
    )


def as_json(groups: Sequence[Sequence[Condition]]) -> list[list[dict[str, Any]]]:
    """Groups as a stage keeps them, see `conditions`."""
    return [
        [{"skill": one.skill, "is": one.comparator, "score": one.score} for one in group]
        for group in groups
    ]
