"""Lists of options: canonical values, the order one worker sees, labels and buttons."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

from bot.i18n import N_
from bot.task_types import checks
from bot.task_types.kind import Block, NoSuchButton, NotAnOption, Unfit, Wording

SHORT = 12  # labels up to here stand two in a row on a small phone
WORDS = 40  # characters of an answer repeated to the worker


class WrongCount(Unfit):
    msgid = N_("{field} must have from {low} to {high} values.")


def settings(raw: Mapping[str, object], *, most: int, longest: int) -> list[str]:
    """The canonical values in `options`: at least two, different, each on one line."""
    values = checks.lines(raw, "options", longest)
    if not 2 <= len(values) <= most:
        raise WrongCount(field="options", low=2, high=most)
    return values


def seen(values: Sequence[str], layout: Sequence[int]) -> list[str]:
    """The values in a worker's order; in canonical order when the layout is not one of them."""
    if sorted(layout) != list(range(len(values))):
        return list(values)
    return [values[index] for index in layout]


def at(values: Sequence[str], layout: Sequence[int], index: int) -> str:
    """The value that stands at `index` for this worker."""
    if not 0 <= index < len(values):
        raise NoSuchButton
    return seen(values, layout)[index]


def known(values: Sequence[str], label: str) -> str:
    """The value named by a cell of a file."""
    value = checks.one_line(label)
    if value not in values:
        raise NotAnOption(value=cut(value), options=", ".join(values))
    return value


def labels(wording: Wording, values: Sequence[str]) -> list[str]:
    """The values in the worker's words; a value without a translation stands for itself."""
    return [wording.options.get(value) or value for value in values]


def lettered(labels: Sequence[str], longest: int) -> tuple[tuple[str, ...], list[Block]]:
    """What to press and what to read: long labels are read above, and pressed as A, B, C."""
    if all(len(label) <= longest for label in labels):
        return tuple(labels), []
    letters = tuple(ascii_uppercase[: len(labels)])
    return letters, [
        Block("text", label, letter) for letter, label in zip(letters, labels, strict=True)
    ]


def rows(labels: Sequence[str], width: int) -> tuple[tuple[str, ...], ...]:
    """Buttons in rows of at most `width`."""
    return tuple(tuple(labels[start : start + width]) for start in range(0, len(labels), width))


def cut(text: str, longest: int = WORDS) -> str:
    """One line of at most `longest` characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
