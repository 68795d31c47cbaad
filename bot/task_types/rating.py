"""A step on a scale from 1, by button."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.i18n import gettext as _
from bot.task_types import checks, material, options
from bot.task_types.kind import (
    Ask,
    Body,
    Metric,
    NoSuchButton,
    Settings,
    TaskType,
    Value,
    Wording,
)

SCALE = 5
STEPS = 10
ROW = 8  # the most buttons Telegram puts side by side


class Rating(TaskType):
    name = "rating"
    combine: Literal["vote", "mean", "none"] = "mean"
    metric: Metric = "ordinal"

    def settings(self, raw: Mapping[str, object]) -> dict[str, Any]:
        scale = checks.whole(raw, "scale", 2, STEPS, default=SCALE)
        return {"scale": scale, **material.settings(raw)}

    def fields(self, settings: Settings) -> tuple[str, ...]:
        return material.fields(settings)

    def check(self, settings: Settings, body: Body) -> None:
        material.check(settings, body)

    def layout(self, settings: Settings, random: random.Random) -> list[int]:
        return list(range(settings["scale"]))

    def ask(
        self, settings: Settings, wording: Wording, body: Body, layout: Sequence[int] = ()
    ) -> Ask:
        steps = _steps(settings)
        width = len(steps) if len(steps) <= ROW else (len(steps) + 1) // 2
        return Ask(
            blocks=tuple(material.blocks(settings, wording, body)),
            buttons=options.rows(steps, width),
            rule=_rule(settings, wording),
        )

    def tapped(self, settings: Settings, layout: Sequence[int], index: int) -> Value:
        # A scale is always shown in its own order: the layout changes nothing.
        if not 0 <= index < settings["scale"]:
            raise NoSuchButton
        return index + 1

    def label(self, settings: Settings, value: Value) -> str:
        return str(value)

    def labels(self, settings: Settings) -> tuple[str, ...]:
        return tuple(_steps(settings))

    def value(self, settings: Settings, label: str) -> Value:
        return int(options.known(self.labels(settings), label))

    def words(
        self, settings: Settings, wording: Wording, value: Value, layout: Sequence[int] = ()
    ) -> str:
        return str(value)


def _steps(settings: Settings) -> list[str]:
    return [str(step) for step in range(1, settings["scale"] + 1)]


def _rule(settings: Settings, wording: Wording) -> str:
    low, high = wording.options.get("low"), wording.options.get("high")
    if not (low and high):
        low, high = _("lowest"), _("highest")
    return _("1 = {low}, {scale} = {high}").format(low=low, high=high, scale=settings["scale"])
