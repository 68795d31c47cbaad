"""A project guessed from a file of tasks: at most six answers, each prefilled and changeable.

The answers are plain JSON, so that they can wait in the upload's row for the person to say yes.
`toml` turns them into a project file; what that accepts is checked there, in one place.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from bot import i18n
from bot.errors import Invalid
from bot.formats.tasks import GOLD_JOIN
from bot.i18n import LANGUAGES, N_, gettext
from bot.money import MICRO
from bot.pay import tiers
from bot.task_types import TASK_TYPES
from bot.task_types.choice import OPTIONS as CHOICES
from bot.task_types.multi import OPTIONS as TICKS
from bot.work import project_file, reading, stage_file, survey, terms
from bot.work.survey import Survey

Answers = dict[str, Any]

FIELDS = ("name", "type", "question", "languages", "price", "overlap")
WITH_OPTIONS = ("choice", "multi")
SECONDS = {"choice": 10, "multi": 15, "compare": 15, "rating": 10, "number": 15, "text": 60}
TIER = "basic"
OVERLAP = 3
GOLD_SHARE = "0.1"
STEP = 1_000  # micro-units; a guessed price is rounded up to a tenth of a cent
QUESTIONS = {
    "choice": N_("Which answer fits?"),
    "multi": N_("Which answers fit? Choose all."),
    "compare": N_("Which one is better?"),
    "rating": N_("How good is this?"),
    "number": N_("Which number fits?"),
    "text": N_("What do you answer?"),
}


class NotAType(Invalid):
    msgid = N_("“{type}” is not a type of question. Types: {types}.")


class OptionsNeeded(Invalid):
    msgid = N_("A question of the type {type} has from 2 to {most} options, separated by commas.")


class LanguagesNeeded(Invalid):
    msgid = N_("“{text}” is not a list of languages. Write codes like sw, en. Known: {languages}.")


def guess(found: Survey, filename: str, *, language: str) -> Answers:
    """Prefilled answers; `language` is taken where the rows do not say theirs."""
    type = _type(found)
    photo, audio = (_first(found, kind) for kind in ("photo", "audio"))
    own = ("left", "right") if type == "compare" else ()
    show = [name for name in found.full if name not in (photo, audio, *own)]
    languages = sorted(found.languages) if not found.unsaid else [*found.languages]
    return {
        "name": _name(filename),
        "type": type,
        "options": _options(found, type),
        "question": "",
        "languages": languages or [language],
        "price": usual_price(type),
        "overlap": OVERLAP,
        "show": show,
        "photo": photo,
        "audio": audio,
        "gold": found.gold,
        "rows": found.rows,
    }


def usual_price(type: str) -> str:
    """What the basic tier's wage makes of an answer of this type."""
    terms_ = next(one for one in tiers.TIERS if one.name == TIER)
    price = tiers.price(terms_, expected_seconds=SECONDS[type])
    return terms.show_amount(-(-price.micro // STEP) * STEP, price.currency)


def answer(answers: Mapping[str, Any], name: str, text: str) -> Answers:
    """The answers with one of them changed. Raises Invalid, naming what does not fit."""
    changed = dict(answers)
    match name:
        case "name":
            changed["name"] = terms.text(text, name, limit=project_file.NAME)
        case "question":
            changed["question"] = terms.text(text, name, limit=stage_file.QUESTION)
        case "type":
            changed |= _of_type(answers, text.strip().lower())
        case "options":
            changed["options"] = _read_options(str(answers["type"]), text)
        case "languages":
            changed["languages"] = _read_languages(text)
        case "price":
            changed["price"] = _read_price(text)
        case "overlap":
            changed["overlap"] = terms.overlap(text, name)
    return changed


def question(answers: Mapping[str, Any]) -> str:
    """What workers will be asked; as long as nobody wrote it, the type's usual question."""
    return str(answers["question"]) or gettext(QUESTIONS[answers["type"]])


def lacks_options(answers: Mapping[str, Any]) -> bool:
    return answers["type"] in WITH_OPTIONS and not answers["options"]


def toml(answers: Mapping[str, Any], slug: str) -> str:
    """The project file that the answers make. Raises OptionsNeeded where a choice has none."""
    type = str(answers["type"])
    if lacks_options(answers):
        raise OptionsNeeded(type=type, most=_most(type))
    media = {kind: answers[kind] for kind in ("photo", "audio") if answers[kind]}
    project = {"id": slug, "name": answers["name"], "languages": answers["languages"]}
    stage = {
        "type": type,
        "show": answers["show"],
        **media,
        **({"options": answers["options"]} if type in WITH_OPTIONS else {}),
        "tier": TIER,
        "price": answers["price"],
        "expected_seconds": SECONDS[type],
        "overlap": answers["overlap"],
    }
    lines = ["[project]", *_lines(project), "[stage]", *_lines(stage)]
    lines.append(f"gold_share = {GOLD_SHARE if answers['gold'] else 0}")
    for code in answers["languages"]:
        with i18n.speaking(code):
            lines += [f"[stage.text.{code}]", *_lines({"question": question(answers)})]
    return "\n".join(lines)


def _lines(table: Mapping[str, object]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _value(value: object) -> str:
    """JSON of texts, numbers and lists is TOML, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "")


def _type(found: Survey) -> str:
    if {"left", "right"} <= set(found.full):
        return "compare"
    labels = list(found.labels)
    if any(GOLD_JOIN in label for label in labels):
        return "multi"
    if survey.options(labels, most=CHOICES):
        return "choice"
    if labels and all(re.fullmatch(r"-?\d+(\.\d+)?", label) for label in labels):
        return "number"
    return "text"


def _options(found: Survey, type: str) -> list[str]:
    if type == "multi":
        parts = {part for label in found.labels for part in label.split(GOLD_JOIN)}
        return survey.options(parts, most=TICKS)
    return survey.options(found.labels, most=CHOICES) if type == "choice" else []


def _first(found: Survey, kind: str) -> str | None:
    return next((name for name in found.full if found.media.get(name) == kind), None)


def _name(filename: str) -> str:
    """ "swahili_pairs-2.csv" is called "Swahili pairs 2"."""
    words = " ".join(re.split(r"[\W_]+", PurePath(filename).stem)).strip()[: project_file.NAME]
    return words[:1].upper() + words[1:] or "Project"


def _of_type(answers: Mapping[str, Any], type: str) -> Answers:
    """Another type; a price nobody has changed goes with it."""
    if type not in TASK_TYPES:
        raise NotAType(type=type[:40], types=", ".join(TASK_TYPES))
    changed: Answers = {"type": type}
    if answers["price"] == usual_price(str(answers["type"])):
        changed["price"] = usual_price(type)
    return changed


def _most(type: str) -> int:
    return TICKS if type == "multi" else CHOICES


def _read_options(type: str, text: str) -> list[str]:
    written = re.split(r"[,;\n،]", i18n.strip_marks(text))
    found = list(dict.fromkeys(" ".join(part.split()) for part in written if part.strip()))
    if not 2 <= len(found) <= _most(type):
        raise OptionsNeeded(type=type, most=_most(type))
    return found


def _read_languages(text: str) -> list[str]:
    tags = re.split(r"[\s,;،]+", i18n.strip_marks(text).strip())
    found = [reading.language(tag) for tag in tags if tag]
    codes = [code for code in found if code is not None]
    if not codes or len(codes) < len(found):
        raise LanguagesNeeded(text=text[:40], languages=", ".join(LANGUAGES))
    return list(dict.fromkeys(codes))


def _read_price(text: str) -> str:
    """An amount, in dollars where no currency is written: the wages of the tiers are."""
    written = text if any(map(str.isalpha, text)) else f"{text} {tiers.TIERS[0].currency}"
    found = terms.amount(written, "price")
    return terms.show_amount(*found)


def shown(answers: Mapping[str, Any]) -> Sequence[str]:
    """The fields of a row that a worker sees, in order."""
    media = [answers[kind] for kind in ("photo", "audio") if answers[kind]]
    own = ["left", "right"] if answers["type"] == "compare" else []
    return [*media, *answers["show"], *own]


assert MICRO % STEP == 0
