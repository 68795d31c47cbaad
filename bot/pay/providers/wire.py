"""The wire to providers: one HTTP session, addresses and credentials from the settings."""

from dataclasses import dataclass, field

import aiohttp

from bot.settings import Settings


@dataclass(slots=True)
class Wire:
    """What a provider needs to speak to its other side. One for the whole process."""

    session: aiohttp.ClientSession
    settings: Settings
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict, repr=False)
