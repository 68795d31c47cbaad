"""Which of two is better, left or right; each worker sees the two sides in a random order."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.i18n import gettext as _
from bot.i18n import pgettext
from bot.task_types import checks, material, options
from bot.task_types.kind import (
    Ask,
    Block,
    Body,
    NoSuchButton,
    Settings,
    TaskType,
    Value,
    Wording,
)

SIDES = ("left", "right")  # fields of the row and canonical values at once
LETTERS = ("A", "B")  # what a worker sees them as


class Compare(TaskType):
    name = "compare"
    combine: Literal["vote", "mean", "none"] = "vote"

    def settings(self, raw: Mapping[str, object]) -> dict[str, Any]:
        return {
            "ties": checks.flag(raw, "ties", default=True),
            "bad": checks.flag(raw, "bad", default=True),
            **material.settings(raw, own=SIDES),
        }

    def fields(self, settings: Settings) -> tuple[str, ...]:
        return material.fields(settings, own=SIDES)

    def check(self, settings: Settings, body: Body) -> None:
        material.check(settings, body, own=SIDES)

    def layout(self, settings: Settings, random: random.Random) -> list[int]:
        return random.choice(([0, 1], [1, 0]))

    def ask(
        self, settings: Settings, wording: Wording, body: Body, layout: Sequence[int] = ()
    ) -> Ask:
        pair = [
            Block("text", material.shown(body, side), letter)
            for letter, side in zip(LETTERS, options.seen(SIDES, layout), strict=True)
        ]
        shown = material.blocks(settings, wording, body)
        neither = tuple(_neither(value, wording) for value in _others(settings))
        rows = (LETTERS, neither) if neither else (LETTERS,)
        return Ask(blocks=(*shown, *pair), buttons=rows)

    def tapped(self, settings: Settings, layout: Sequence[int], index: int) -> Value:
        values = (*options.seen(SIDES, layout), *_others(settings))
        if not 0 <= index < len(values):
            raise NoSuchButton
        return values[index]

    def label(self, settings: Settings, value: Value) -> str:
        return str(value)

    def labels(self, settings: Settings) -> tuple[str, ...]:
        return (*SIDES, *_others(settings))

    def value(self, settings: Settings, label: str) -> Value:
        return options.known(self.labels(settings), label)

    def words(
        self, settings: Settings, wording: Wording, value: Value, layout: Sequence[int] = ()
    ) -> str:
        if value in SIDES:
            return LETTERS[options.seen(SIDES, layout).index(str(value))]
        return options.cut(_neither(str(value), wording))


def _others(settings: Settings) -> tuple[str, ...]:
    """The values beside the two sides, in the order of their buttons."""
    offered = {"tie": settings["ties"], "bad": settings["bad"]}
    return tuple(value for value, wanted in offered.items() if wanted)


def _neither(value: str, wording: Wording) -> str:
    usual = _("Both bad") if value == "bad" else pgettext("button", "Same")
    return wording.options.get(value) or usual
