"""What one answer pays: a price or a wage, more for skill, more where a language is scarce. Pure.

All is multiplied first and rounded half up once, to micro-units. What a stage says of its pay is in
its `quality` under "pay", as `bot.work.pay_terms` reads it from a project file:

    {"by_tier": true,
     "ranges": [{"skill": "fluency_{language}", "from": 80, "factor_ppm": 1100000}],
     "languages": {"sw": 1200000}}
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.money import MICRO

HOUR = 3600  # seconds
LANGUAGE = "{language}"  # in a skill's name, for that of the queue


class Range(NamedTuple):
    """From a score of a skill on, the price is multiplied."""

    skill: str
    start: int
    factor_ppm: int


class Base(NamedTuple):
    """A price before its factors, exactly: `numerator` / `denominator` micro-units."""

    numerator: int
    denominator: int = 1


class Wage(NamedTuple):
    """What an hour is worth, in micro-units, and what is added to it, in millionths."""

    micro: int
    premium_ppm: int


def by_tier(quality: Mapping[str, Any]) -> bool:
    """Whether the price is the tier's wage for the time; else it is the stage's own."""
    return bool(quality.get("pay", {}).get("by_tier"))


def ranges(quality: Mapping[str, Any], language: str) -> list[Range]:
    """The skill ranges of a queue, the lowest factor first."""
    found = [
        Range(one["skill"].replace(LANGUAGE, language.lower()), one["from"], one["factor_ppm"])
        for one in quality.get("pay", {}).get("ranges", ())
    ]
    return sorted(found, key=lambda one: (one.factor_ppm, one.start, one.skill))


def factor(quality: Mapping[str, Any], language: str, skills: Mapping[str, float]) -> int:
    """Of the ranges that somebody has reached, the best; in millionths."""
    reached = (
        one.factor_ppm
        for one in ranges(quality, language)
        if skills.get(one.skill, -1.0) >= one.start
    )
    return max(reached, default=MICRO)


def scarcity(quality: Mapping[str, Any], language: str) -> int:
    """What the queue's language is multiplied with, in millionths."""
    return int(quality.get("pay", {}).get("languages", {}).get(language, MICRO))


def highest(quality: Mapping[str, Any], language: str) -> int:
    """The factors of a queue together, for somebody with every skill; in millionths, rounded up."""
    best = max((one.factor_ppm for one in ranges(quality, language)), default=MICRO)
    return -(-best * scarcity(quality, language) // MICRO)


def ladder(
    quality: Mapping[str, Any], language: str, skills: Mapping[str, float]
) -> tuple[int, Range | None]:
    """The factor that somebody has reached, and the next range that would pay more."""
    mine = factor(quality, language, skills)
    better = (one for one in ranges(quality, language) if one.factor_ppm > mine)
    return mine, next(better, None)


def hourly(wage: Wage, *, seconds: int) -> Base:
    """An hour's wage with its premium, for so many seconds."""
    return Base(wage.micro * seconds * (MICRO + wage.premium_ppm), HOUR * MICRO)


def price(base: Base, *factors_ppm: int, least: int = 0) -> int:
    """The price in micro-units: factors multiplied in, rounded half up once, at least `least`."""
    above, below = base
    for one in factors_ppm:
        above, below = above * one, below * MICRO
    return max(least, (2 * above + below) // (2 * below))
