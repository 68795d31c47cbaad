"""What the commands of admins share: the role, the project that is meant, steps that expire."""

import hashlib
from datetime import datetime

from bot.errors import Refusal
from bot.i18n import N_
from bot.models.work import Project
from bot.people import roles
from bot.work import projects
from handlers import callbacks
from handlers.turn import Turn

STAFF = ("owner", "admin")
SECONDS = 60  # that the second step of a change stays open


class Expired(Refusal):
    msgid = N_(
        "This question is older than {seconds} seconds, and figures may have changed. "
        "Please start again."
    )


async def admit(turn: Turn) -> None:
    """Raises RoleNeeded for anybody but owners and admins."""
    await roles.require(turn.session, turn.worker.id, *STAFF)


async def admit_to_payouts(turn: Turn) -> None:
    """Raises RoleNeeded for anybody but owners and the payouts desk."""
    await roles.require(turn.session, turn.worker.id, *roles.PAYING)


async def project(turn: Turn, ref: str) -> Project:
    """The project somebody wrote: a code, its id or number. Raises RoleNeeded or NoSuchProject."""
    await admit(turn)
    return await projects.find(turn.session, ref)


async def pointed(turn: Turn, code: str) -> Project:
    """The project that a button points at by its code."""
    return await project(turn, f"p_{code}")


def stamp(now: datetime) -> int:
    """What the buttons of a second step carry."""
    return int(now.timestamp())


def digest(words: str) -> str:
    """Of what somebody wrote: the button of its second step is for these words alone."""
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def check_fresh(field: str, now: datetime) -> None:
    """Raises Expired when the first step was too long ago."""
    if not 0 <= stamp(now) - callbacks.number(field) <= SECONDS:
        raise Expired(seconds=SECONDS)
