"""One of two to eight options, by button."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.task_types import material, options
from bot.task_types.kind import Ask, Body, Settings, TaskType, Value, Wording

OPTIONS = 8
VALUE = 64  # characters in a canonical value
BUTTON = 40  # a longer label is cut by phones: it moves into the text


class Choice(TaskType):
    name = "choice"
    combine: Literal["vote", "mean", "none"] = "vote"

    def settings(self, raw: Mapping[str, object]) -> dict[str, Any]:
        values = options.settings(raw, most=OPTIONS, longest=VALUE)
        return {"options": values, **material.settings(raw)}

    def fields(self, settings: Settings) -> tuple[str, ...]:
        return material.fields(settings)

    def check(self, settings: Settings, body: Body) -> None:
        material.check(settings, body)

    def layout(self, settings: Settings, random: random.Random) -> list[int]:
        return list(range(len(settings["options"])))

    def ask(
        self, settings: Settings, wording: Wording, body: Body, layout: Sequence[int] = ()
    ) -> Ask:
        labels = options.labels(wording, options.seen(settings["options"], layout))
        pressed, read = options.lettered(labels, BUTTON)
        width = 2 if all(len(label) <= options.SHORT for label in pressed) else 1
        shown = material.blocks(settings, wording, body)
        return Ask(blocks=(*shown, *read), buttons=options.rows(pressed, width))

    def tapped(self, settings: Settings, layout: Sequence[int], index: int) -> Value:
        return options.at(settings["options"], layout, index)

    def label(self, settings: Settings, value: Value) -> str:
        return str(value)

    def labels(self, settings: Settings) -> tuple[str, ...]:
        return tuple(settings["options"])

    def value(self, settings: Settings, label: str) -> Value:
        return options.known(settings["options"], label)

    def words(
        self, settings: Settings, wording: Wording, value: Value, layout: Sequence[int] = ()
    ) -> str:
        return options.cut(wording.options.get(str(value)) or str(value))
