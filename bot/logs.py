"""Logs: one line an event, for people or as JSON, with no secret in them."""

import logging
import re
from typing import Any

import structlog

from bot.settings import Settings

TOKEN = re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{20,}")
QUIET = ("httpx", "httpcore", "uvicorn.access", "telegram")


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's loggers alike."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                renderer,
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(logger: Any, method: str, event: Any) -> Any:
    """Blank out everything that looks like a bot's token, tracebacks included."""
    return {key: _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    return TOKEN.sub("<token>", value) if isinstance(value, str) else value
