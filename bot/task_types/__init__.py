"""Kinds of question, one file each, in one visible table.

A type turns a stage's settings and a row into an `Ask`, and a tap, a poll or a message into a
value. It knows neither database nor chat; what it can do is `kind.TaskType`.

To add a type:

1.  Write `bot/task_types/<name>.py` with one class that inherits `kind.TaskType`. Take the shared
    parts: `checks` for settings, `material` for what is shown of a row (`show`, `photo`, `audio`),
    `options` for lists and buttons.
2.  Override exactly one of `tapped`, `voted` and `read`; `ask` offers the same way to answer.
3.  Keep the value JSON-able and the same for every order and language; `label` fits in one cell
    and `value(label(x)) == x`.
4.  Raise only subclasses of `Unfit`, each named after what happened, with a sentence that names
    the field or tells the worker what to send.
5.  Say which words a project file may give: `wording.options` has the options' labels, and the
    captions of shown fields under the fields' names (rating: `low`, `high`; compare: `tie`, `bad`).
6.  Add the line below, a sample to `tests/task_types/samples.py` (the contract then runs on it)
    and `tests/task_types/test_<name>.py` with what only this type does.
"""

from bot.task_types.choice import Choice
from bot.task_types.compare import Compare
from bot.task_types.kind import TaskType
from bot.task_types.multi import Multi
from bot.task_types.number import Number
from bot.task_types.rating import Rating
from bot.task_types.text import Text

TASK_TYPES: dict[str, TaskType] = {
    "choice": Choice(),
    "multi": Multi(),
    "compare": Compare(),
    "rating": Rating(),
    "number": Number(),
    "text": Text(),
}
