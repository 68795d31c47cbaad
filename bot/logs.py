"""Logs: one line an event, for people or as JSON, with no secret and no phone number in it.

Our own events and the standard library's records take the same way to standard error. Secrets are
blanked in the finished line, behind every renderer: tracebacks and libraries' messages hold some.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

import structlog
from pydantic import SecretStr
from sqlalchemy import make_url
from structlog.stdlib import ProcessorFormatter

from bot.settings import Settings

# What these say below a warning holds the token in an address, or is said for every update.
QUIET = ("httpx", "httpcore", "uvicorn.access", "telegram")
OURS = ("bot", "handlers")
BLOCKS = ("exception", "stack")  # of several lines, indented: a line that is not begins an event

SHORTEST = 6  # characters of a secret blanked wherever it stands; shorter ones would blank words
TOKEN = r"\d{6,}(?::|%3a)[a-z0-9_-]{30,}"  # noqa: S105 - what one looks like
KEY = r"(?<![\w-])[a-z0-9_-]{43}(?:=|%3d)"  # of the names, when it is in a file of its own
IN_ADDRESS = r"(?<=://)[^\s/:@\"']*:[^\s/@\"']+(?=@)"
# A value by its name: password=x, phone_number='254 712', "secret_token": "x".
NAMED = (
    r"(?P<name>(?:password|secret_token|phone_number)(?:=|[\"'\\]*\s*:\s*(?=[\"'\\]))[\"'\\]*)"
    r"(?!<)(?:(?<=[\"'\\])[^\"'\\]+|[^\s\"',;&\\)}]+)"
)
# From 8 to 15 digits, written with spaces, dots, dashes or brackets: +254 (712) 345-678.
PHONE = r"(?:(?:\+|%2b)|(?<![\w.:+-])00)(?!0)\d(?:[\s().\-/]{0,3}\d){7,14}"
PATTERN = re.compile(
    f"(?P<token>{TOKEN})|(?P<key>{KEY})|(?P<login>{IN_ADDRESS})|{NAMED}|(?P<phone>{PHONE})",
    re.IGNORECASE,
)
# Line breaks and terminal codes, halves of characters that cannot be written, and what turns a
# line's direction round.
UNRULY = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Redaction:
    """Blanks secrets, as they are and as addresses and JSON write them, and phone numbers."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        self._secrets = re.compile(words, re.IGNORECASE) if words else None

    def __call__(self, text: str) -> str:
        if self._secrets is not None:
            text = self._secrets.sub("<secret>", text)
        return PATTERN.sub(_blank, text)


class Handler(logging.StreamHandler[TextIO]):
    """Standard error. A record that cannot be written is told of without what it holds."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        place = f"{record.pathname}:{record.lineno}"
        said = f"a record of {place} cannot be written: {sys.exc_info()[0]}"
        told = logging.LogRecord(record.name, logging.ERROR, place, 0, said, None, None)
        with suppress(OSError, ValueError):  # the stream is closed: there is nobody to tell
            self.stream.write(self.format(told) + self.terminator)


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's loggers alike; log warnings and crashes too."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_always(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = Handler(stream)
    handler.setFormatter(_formatter(settings))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    sys.excepthook = _crashed


def secrets(settings: Settings) -> list[str]:
    """Every configured secret, in all its parts."""
    values = [getattr(settings, name) for name in type(settings).model_fields]
    values += settings.bot_tokens
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    parts = [part for secret in found for part in (secret, *secret.split(","))]
    parts.append(settings.token.partition(":")[2])
    parts.append(make_url(settings.database_url).password or "")
    return parts


def one_line(logger: Any, method: str, event: Any) -> Any:
    """For people: nothing said can break the line or pass for another; tracebacks are indented."""
    for key, value in event.items():
        if key in BLOCKS:
            lines = str(value).splitlines()
            event[key] = "\n".join("    " + UNRULY.sub(_escaped, line) for line in lines)
        elif not isinstance(value, int | float | None):
            event[key] = UNRULY.sub(_escaped, value if isinstance(value, str) else repr(value))
    return event


def _always() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(settings: Settings) -> logging.Formatter:
    redact = Redaction(secrets(settings))

    def finish(logger: Any, method: str, line: str) -> str:
        return redact(line)

    def escape(logger: Any, method: str, line: str) -> str:
        return UNRULY.sub(_escaped, line)

    in_json: list[Any] = [structlog.processors.JSONRenderer(ensure_ascii=False), finish, escape]
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    return ProcessorFormatter(
        foreign_pre_chain=_always(),
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *(in_json if settings.log_format == "json" else [one_line, plain, finish]),
        ],
    )


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger(__name__).critical("crashed", exc_info=(kind, error, trace))


def _forms(secret: str) -> set[str]:
    """As it is, as an address has it, and each as `repr` and JSON write it, even twice over."""
    found = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    for _ in range(2):
        found |= {written for form in found for written in _quoted(form)}
    return found


def _quoted(text: str) -> tuple[str, ...]:
    as_bytes = repr(text.encode("utf-8", "surrogatepass"))
    return repr(text)[1:-1], as_bytes[2:-1], json.dumps(text, ensure_ascii=False)[1:-1]


def _blank(match: re.Match[str]) -> str:
    name = match["name"]
    return f"{name}<secret>" if name else f"<{match.lastgroup}>"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
