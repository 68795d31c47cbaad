"""One call, read and checked."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.checks import Upload
from bot.sandbox.delivery import Intake
from bot.sandbox.world import World


@dataclass(slots=True)
class Request:
    """What a method gets: the state, how updates leave it, the parameters, the files."""

    world: World
    intake: Intake
    params: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)
