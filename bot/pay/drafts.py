"""The open draft of each route: workers and admins put payouts in until somebody freezes it."""

from typing import NamedTuple


class Route(NamedTuple):
    """What a batch is of. An empty country is everywhere; workers' own requests go there."""

    provider: str
    currency: str
    country: str = ""
