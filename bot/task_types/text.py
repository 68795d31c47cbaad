"""A text, written as a message: bounded in words and characters."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot import i18n
from bot.i18n import N_, ngettext
from bot.i18n import gettext as _
from bot.task_types import checks, material, options
from bot.task_types.kind import Ask, Body, Settings, TaskType, Unfit, Value, Wording

CHARACTERS = 3000
MESSAGE = 4000  # a message holds 4096
# Chinese ideographs and Japanese kana are written without spaces: each counts as a word.
_UNSPACED = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class EmptyText(Unfit):
    msgid = N_("The message has no text.")


class WrongLength(Unfit):
    """`rule` is the line shown with the task: "20–200 words"."""

    msgid = N_("{rule}; you wrote {count}.")


class Text(TaskType):
    name = "text"
    combine: Literal["vote", "mean", "none"] = "none"

    def settings(self, raw: Mapping[str, object]) -> dict[str, Any]:
        bounds = {
            "min_words": checks.whole(raw, "min_words", 0, MESSAGE, default=0),
            "max_words": checks.whole(raw, "max_words", 1, MESSAGE),
            "min_chars": checks.whole(raw, "min_chars", 1, MESSAGE, default=1),
            "max_chars": checks.whole(raw, "max_chars", 1, MESSAGE, default=CHARACTERS),
        }
        checks.in_order("min_words", "max_words", bounds)
        checks.in_order("min_chars", "max_chars", bounds)
        return {**bounds, **material.settings(raw)}

    def fields(self, settings: Settings) -> tuple[str, ...]:
        return material.fields(settings)

    def check(self, settings: Settings, body: Body) -> None:
        material.check(settings, body)

    def layout(self, settings: Settings, random: random.Random) -> list[int]:
        return []

    def ask(
        self, settings: Settings, wording: Wording, body: Body, layout: Sequence[int] = ()
    ) -> Ask:
        return Ask(
            blocks=tuple(material.blocks(settings, wording, body)),
            reply="text",
            placeholder=_("Your answer"),
            rule=_rule(settings),
        )

    def read(self, settings: Settings, text: str) -> Value:
        answer = checks.clean(text)
        if not answer:
            raise EmptyText
        words = count_words(answer)
        if not settings["min_words"] <= words <= (settings["max_words"] or words):
            raise WrongLength(rule=_words(settings), count=i18n.number(words))
        if not settings["min_chars"] <= len(answer) <= settings["max_chars"]:
            raise WrongLength(rule=_characters(settings), count=i18n.number(len(answer)))
        return answer

    def label(self, settings: Settings, value: Value) -> str:
        return str(value)

    def value(self, settings: Settings, label: str) -> Value:
        return self.read(settings, label)

    def words(
        self, settings: Settings, wording: Wording, value: Value, layout: Sequence[int] = ()
    ) -> str:
        return options.cut(str(value))


def count_words(text: str) -> int:
    """Words between spaces that have a letter or digit; each Chinese character is one."""
    spaced, unspaced = _UNSPACED.subn(" ", text)
    return unspaced + sum(any(map(str.isalnum, word)) for word in spaced.split())


def _rule(settings: Settings) -> str:
    given = settings["min_chars"] > 1 or settings["max_chars"] != CHARACTERS
    return " · ".join(filter(None, [_words(settings), _characters(settings) if given else ""]))


def _words(settings: Settings) -> str:
    low, high = settings["min_words"], settings["max_words"]
    rule = ""
    if low and high:
        rule = ngettext("{low}–{high} word", "{low}–{high} words", high)
    elif low:
        rule = ngettext("At least {low} word", "At least {low} words", low)
    elif high:
        rule = ngettext("Up to {high} word", "Up to {high} words", high)
    return rule.format(low=i18n.number(low), high=i18n.number(high or 0))


def _characters(settings: Settings) -> str:
    low, high = settings["min_chars"], settings["max_chars"]
    if low > 1:
        rule = ngettext("{low}–{high} character", "{low}–{high} characters", high)
    else:
        rule = ngettext("Up to {high} character", "Up to {high} characters", high)
    return rule.format(low=i18n.number(low), high=i18n.number(high))
