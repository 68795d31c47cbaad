"""What Telegram says when it refuses a call."""

from typing import Any


class Refused(Exception):
    """A call that Telegram would refuse: HTTP code, description, and `parameters` if any."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(reason: str) -> Refused:
    """400 with Telegram's usual beginning."""
    return Refused(400, f"Bad Request: {reason}")


class Misfit(Exception):
    """A value does not fit its type; `path` grows on the way up to the parameter."""

    def __init__(self, why: str, *, code: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.code = code
        self.path = ""

    def under(self, step: str | int) -> "Misfit":
        """The same misfit seen from one level up."""
        here = f"[{step}]" if isinstance(step, int) else str(step)
        dot = "" if not self.path or self.path.startswith("[") else "."
        self.path = here + dot + self.path
        return self

    def __str__(self) -> str:
        said = f"{self.path} {self.why}".strip()
        return f"{self.code} ({said})" if self.code else said
