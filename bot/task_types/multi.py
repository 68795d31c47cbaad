"""Any of two to twelve options, by native poll."""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from bot.i18n import N_
from bot.i18n import gettext as _
from bot.task_types import checks, material, options
from bot.task_types.kind import Ask, Body, Metric, Settings, TaskType, Unfit, Value, Wording

OPTIONS = 12  # the most a poll takes
LABEL = 100  # and the most characters of each
BAR = "|"  # joins the values in one cell


class BarInOption(Unfit):
    msgid = N_("{field} has “{value}”: a value may not contain the character |.")


class TooFewMarks(Unfit):
    msgid = N_("Too few options are marked. At least: {low}.")


class TooManyMarks(Unfit):
    msgid = N_("Too many options are marked. At most: {high}.")


class Multi(TaskType):
    name = "multi"
    combine: Literal["vote", "mean", "none"] = "vote"
    metric: Metric = "sets"

    def settings(self, raw: Mapping[str, object]) -> dict[str, Any]:
        values = options.settings(raw, most=OPTIONS, longest=LABEL)
        for value in values:
            if BAR in value:
                raise BarInOption(field="options", value=value)
        count = len(values)
        bounds = {
            "min": checks.whole(raw, "min", 0, count, default=1),
            "max": checks.whole(raw, "max", 1, count, default=count),
        }
        checks.in_order("min", "max", bounds)
        return {"options": values, **bounds, **material.settings(raw)}

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
        marked, read = options.lettered(labels, LABEL)
        shown = material.blocks(settings, wording, body)
        return Ask(blocks=(*shown, *read), poll=marked, rule=_rule(settings))

    def voted(self, settings: Settings, layout: Sequence[int], indices: Sequence[int]) -> Value:
        return _fit(settings, [_at(settings, layout, index) for index in indices])

    def label(self, settings: Settings, value: Value) -> str:
        return BAR.join(_picks(value))

    def value(self, settings: Settings, label: str) -> Value:
        cells = label.split(BAR) if label.strip() else []
        return _fit(settings, [options.known(settings["options"], cell) for cell in cells])

    def words(
        self, settings: Settings, wording: Wording, value: Value, layout: Sequence[int] = ()
    ) -> str:
        labels = options.labels(wording, _picks(value))
        return options.cut(", ".join(labels)) if labels else _("None")


def _at(settings: Settings, layout: Sequence[int], index: int) -> str:
    return options.at(settings["options"], layout, index)


def _fit(settings: Settings, picks: Iterable[str]) -> Value:
    wanted = set(picks)
    if len(wanted) < settings["min"]:
        raise TooFewMarks(low=settings["min"])
    if len(wanted) > settings["max"]:
        raise TooManyMarks(high=settings["max"])
    return [value for value in settings["options"] if value in wanted]


def _picks(value: Value) -> list[str]:
    assert isinstance(value, list)
    return [str(pick) for pick in value]


def _rule(settings: Settings) -> str:
    low, high, count = settings["min"], settings["max"], len(settings["options"])
    if low == high:
        rule = _("Mark exactly {low}")
    elif high == count:
        rule = _("Mark all that fit") if low == 1 else _("Mark at least {low}")
        rule = rule if low else _("Mark all that fit, or none")
    else:
        rule = _("Mark from {low} to {high}") if low else _("Mark up to {high}, or none")
    return rule.format(low=low, high=high)
