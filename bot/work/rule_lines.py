"""Rules as people write them: lines of a stage, read and written.

    rules = [
      "gold_accuracy < 60% over 10: pause 3d, reopen",
      "fast_answers >= 80% over 20 under 30%: more_overlap",
      "same_answer >= 15: tell",
      "income_per_day >= 5.00 USD: pause",
      "review_verdicts > 40% over 10: training warm-up 7d",
    ]

A collector, a condition, and after the colon what is done. `over` is how many of the worker's last
answers count, `under` what share of the usual time is fast. A pause of a daily limit needs no time:
it ends at the worker's midnight. `bot.quality.rules` says what each means.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.i18n import N_
from bot.quality import rules
from bot.quality.rules import Action, Rule
from bot.task_types.kind import TaskType
from bot.work import demands, restrictions, terms
from bot.work.reading import unknown_value
from bot.work.terms import FieldFault

RULES = 10
LINE = 150  # characters
COUNTS = (1, 100_000)
_LINE = re.compile(
    r"(?P<collector>\w+)\s*(?P<sign><=|>=|<|>)\s*(?P<bound>[\d.]+\s*(?:%|[A-Za-z]{3})?)"
    r"(?:\s+over\s+(?P<over>\d+))?(?:\s+under\s+(?P<under>[\d.]+\s*%))?\s*:\s*(?P<actions>.+)",
    re.ASCII,
)
_TRAINING = re.compile(r"(?P<project>[a-z0-9][a-z0-9-]*)\s+(?P<time>\S+)", re.ASCII)
_SCORE = re.compile(r"(?:(?P<skill>\S+)\s+)?(?P<score>\d{1,3})", re.ASCII)


class NotARule(FieldFault):
    msgid = N_("{path}: is not a rule. Write it like “gold_accuracy < 60% over 10: pause 3d”.")


class SkipsAreFree(FieldFault):
    msgid = N_("{path}: skipping is free and counts against nobody. See the project's card.")


class WrongDirection(FieldFault):
    msgid = N_("{path}: {collector} needs {sign} here.")


class NotWindowed(FieldFault):
    msgid = N_("{path}: {collector} knows no “{word}”.")


class NoTime(FieldFault):
    msgid = N_("{path}: {action} needs a time, like {action} 3d.")


class NeedsNoTime(FieldFault):
    msgid = N_("{path}: {action} takes no time.")


class NoScore(FieldFault):
    msgid = N_("{path}: {action} needs a score from 0 to 100, like {action} 20.")


class NoTraining(FieldFault):
    msgid = N_(
        "{path}: {action} stands alone, or names a training project and a time, like {action} "
        "warm-up 7d."
    )


class TooLongForRules(FieldFault):
    msgid = N_("{path}: a rule may do this for at most 7d. A longer one is decided by two people.")


class NotByLabel(FieldFault):
    msgid = N_("{path}: answers of the type {type} are not compared with each other.")


def read(value: object, path: str, currency: str | None = None) -> Rule:
    """The rule in a line. Raises a FieldFault that names what does not fit."""
    line = " ".join(terms.text(value, path, limit=LINE).split())
    if re.match(r"skip", line, re.IGNORECASE):
        raise SkipsAreFree(path=path)
    found = _LINE.fullmatch(line)
    if found is None:
        raise NotARule(path=path)
    collector = found["collector"].lower()
    if collector not in rules.COLLECTORS:
        raise unknown_value(collector, path, rules.COLLECTORS)
    _check_sign(collector, found["sign"], path)
    return Rule(
        collector=collector,
        strict=len(found["sign"]) == 1,
        bound=_bound(collector, found["bound"], path, currency),
        currency=_currency(collector, found["bound"]),
        over=_over(collector, found["over"], path),
        fast_ppm=_fast(collector, found["under"], path),
        actions=tuple(_action(collector, one, path) for one in found["actions"].split(",")),
    )


def fitting(value: object, path: str, kind: TaskType | None, currency: str | None = None) -> Rule:
    """As `read`; raises NotByLabel too, where equal answers need not have equal labels."""
    rule = read(value, path, currency)
    if kind is not None and kind.combine == "none" and rule.collector in rules.BY_LABEL:
        raise NotByLabel(path=path, type=kind.name)
    return rule


@cache
def parse(line: str) -> Rule:
    """A rule as it was kept."""
    return read(line, "rules")


def of_stage(quality: Mapping[str, Any]) -> list[Rule]:
    """The rules of a version of a stage."""
    return [parse(line) for line in quality.get("rules", ())]


def write(rule: Rule) -> str:
    """The line that `read` takes, always the same for the same rule."""
    below = rule.collector in rules.BELOW
    sign = ("<" if below else ">") + ("" if rule.strict else "=")
    words = [rule.collector, sign, _shown(rule)]
    words += ["over", str(rule.over)] if rule.over else []
    words += ["under", terms.show_share(rule.fast_ppm)] if rule.fast_ppm else []
    done = ", ".join(_written(action) for action in rule.actions)
    return f"{' '.join(words)}: {done}"


def _check_sign(collector: str, sign: str, path: str) -> None:
    wanted = "<" if collector in rules.BELOW else ">"
    if not sign.startswith(wanted):
        raise WrongDirection(path=path, collector=collector, sign=wanted)


def _bound(collector: str, written: str, path: str, currency: str | None) -> int:
    if collector in rules.OVER:
        return terms.share(written, path)
    if collector == "income_per_day":
        amount = terms.amount(written, path)
        if currency is not None and amount.currency != currency:
            raise terms.OtherCurrency(path=path, currency=amount.currency, expected=currency)
        return amount.micro
    return terms.whole(written, path, *COUNTS)


def _currency(collector: str, written: str) -> str:
    return written[-3:].upper() if collector == "income_per_day" else ""


def _over(collector: str, written: str | None, path: str) -> int:
    if collector not in rules.OVER:
        if written is not None:
            raise NotWindowed(path=path, collector=collector, word="over")
        return 0
    if written is None:
        return rules.OVER[collector]
    return terms.whole(written, path, 1, rules.LONGEST_OVER)


def _fast(collector: str, written: str | None, path: str) -> int:
    if collector != "fast_answers":
        if written is not None:
            raise NotWindowed(path=path, collector=collector, word="under")
        return 0
    return rules.FAST_PPM if written is None else terms.share(written, path)


def _action(collector: str, written: str, path: str) -> Action:
    name, _space, time = written.strip().partition(" ")
    if name not in rules.ACTIONS:
        raise unknown_value(name, path, rules.ACTIONS)
    if name == "set_skill":
        return _set_skill(time, path)
    if name == "training" and time:
        return _training(time, path)
    if name not in rules.TIMED:
        if time:
            raise NeedsNoTime(path=path, action=name)
        return Action(name)
    if not time:
        if collector in rules.PER_DAY:
            return Action(name)
        raise NoTime(path=path, action=name)
    return Action(name, _seconds(time, path))


def _seconds(written: str, path: str) -> int:
    seconds = terms.due(written, path)
    if restrictions.needs_second(seconds):
        raise TooLongForRules(path=path)
    return seconds


def _training(written: str, path: str) -> Action:
    """A project to be done, and how long work waits for it at the most."""
    found = _TRAINING.fullmatch(written.strip())
    if found is None:
        raise NoTraining(path=path, action="training")
    return Action("training", _seconds(found["time"], path), training=found["project"])


def _set_skill(written: str, path: str) -> Action:
    """A score for the skill that the stage measures, or for the one named before it."""
    found = _SCORE.fullmatch(written)
    if found is None or int(found["score"]) > 100:
        raise NoScore(path=path, action="set_skill")
    skill = demands.skill_name(found["skill"], path) if found["skill"] else ""
    return Action("set_skill", skill=skill, score=int(found["score"]))


def _shown(rule: Rule) -> str:
    if rule.over:
        return terms.show_share(rule.bound)
    if rule.collector == "income_per_day":
        return terms.show_amount(rule.bound, rule.currency)
    return str(rule.bound)


def _written(action: Action) -> str:
    if action.name == "set_skill":
        return " ".join(filter(None, (action.name, action.skill, str(action.score))))
    if action.seconds is None:
        return action.name
    if action.training:
        return f"{action.name} {action.training} {terms.show_due(action.seconds)}"
    return f"{action.name} {terms.show_due(action.seconds)}"
