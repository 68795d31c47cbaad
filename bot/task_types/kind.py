"""What every kind of question can do, and the values it exchanges with the rest of the bot."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from bot.errors import Invalid
from bot.i18n import N_

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Settings: TypeAlias = Mapping[str, Any]  # what TaskType.settings() returned, perhaps through JSON
Metric: TypeAlias = Literal["nominal", "ordinal", "interval", "sets"]
Body: TypeAlias = Mapping[str, object]  # one row of input


@dataclass(frozen=True, slots=True)
class Wording:
    """A stage's words in one language.

    `options` has the label of each canonical option; it may also have the caption of a row's
    field under that field's name.
    """

    language: str
    question: str
    instructions: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the task: text, or the address or file id of a photo or audio."""

    kind: Literal["text", "photo", "audio"]
    content: str
    title: str = ""  # a caption above: "A", "B", or the field's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A task as it is put to a worker. All of it is plain text: the card escapes and isolates."""

    blocks: tuple[Block, ...]
    buttons: tuple[tuple[str, ...], ...] = ()  # rows of labels, numbered row by row from 0
    poll: tuple[str, ...] = ()  # the options of a native poll with several answers
    reply: Literal["", "text", "number"] = ""  # the next message is the answer
    placeholder: str = ""
    rule: str = ""  # one line: "20–200 words", "From 0 to 100"


class Unfit(Invalid):
    """A setting, a row or an answer does not fit the type. Its sentence names which."""

    msgid = N_("{field} does not fit.")


class Missing(Unfit):
    msgid = N_("{field} is missing.")


class TooLong(Unfit):
    msgid = N_("{field} is longer than {limit} characters.")


class NotAnOption(Unfit):
    msgid = N_("“{value}” is not one of: {options}.")


class NoSuchButton(Unfit):
    msgid = N_("This button does not belong to this task.")


class NoPoll(Unfit):
    msgid = N_("This poll does not belong to this task.")


class NoMessage(Unfit):
    msgid = N_("This task is answered with its buttons or its poll, not with a message.")


class TaskType(Protocol):
    """One kind of question. Pure: the same arguments give the same value, whatever the time.

    A type overrides the one way in which it is answered (`tapped`, `voted` or `read`) and
    inherits the refusal of the others.
    """

    name: str
    combine: Literal["vote", "mean", "none"]
    """How answers become a result, where the stage names no method: none where they cannot be
    compared, as texts and files."""
    metric: Metric = "nominal"
    """How far two answers are apart: wholly or not at all, by steps, by numbers, by members."""

    def settings(self, raw: Mapping[str, object]) -> dict[str, Any]:
        """Check and complete the `[stage]` table; the answer is JSON-able and fits again.

        Keys of others are ignored. Raises Unfit with the field.
        """
        ...

    def fields(self, settings: Settings) -> tuple[str, ...]:
        """The fields that each row must have."""
        ...

    def check(self, settings: Settings, body: Body) -> None:
        """Raise Unfit, with the field, when a row cannot be shown."""
        ...

    def layout(self, settings: Settings, random: random.Random) -> list[int]:
        """The order in which one assignment shows its options; stored with it."""
        ...

    def ask(
        self, settings: Settings, wording: Wording, body: Body, layout: Sequence[int] = ()
    ) -> Ask:
        """Put one checked row to the worker, in the language being spoken."""
        ...

    def tapped(self, settings: Settings, layout: Sequence[int], index: int) -> Value:
        """The value of a button; raises Unfit when there is no such button."""
        raise NoSuchButton

    def voted(self, settings: Settings, layout: Sequence[int], indices: Sequence[int]) -> Value:
        """The value of a poll's marks; raises Unfit when they are too few or too many."""
        raise NoPoll

    def read(self, settings: Settings, text: str) -> Value:
        """The value of a message; raises Unfit with a sentence for the worker."""
        raise NoMessage

    def spelling(self, settings: Settings, text: str, value: Value) -> str:
        """The label of what was read from `text`, in the worker's own spelling: "0.50"."""
        return self.label(settings, value)

    def label(self, settings: Settings, value: Value) -> str:
        """The value in one cell of a file, the same in every language."""
        ...

    def labels(self, settings: Settings) -> tuple[str, ...]:
        """All labels there can be; none where they cannot be listed."""
        return ()

    def value(self, settings: Settings, label: str) -> Value:
        """The inverse of `label`, for gold columns and recorded answers; raises Unfit."""
        ...

    def words(
        self, settings: Settings, wording: Wording, value: Value, layout: Sequence[int] = ()
    ) -> str:
        """The value as this worker saw it, at most 40 characters: "Saved: …"."""
        ...
