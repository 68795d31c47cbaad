"""Which answers count: those that nobody refused, each in its highest revision."""

from sqlalchemy import ColumnElement, exists, select

from bot.models.base import table
from bot.models.work import Answer

STATES = ("answered", "accepted")

answers = table(Answer)


def newest(*, own: bool = False) -> list[ColumnElement[bool]]:
    """The highest revision counts; `own` leaves out what reviewers made of it.

    A result takes their corrections; how far workers agree, and how accurate they are, is of what
    they said themselves.
    """
    later = answers.alias()
    newer = select(later.c.id).where(
        later.c.assignment_id == answers.c.assignment_id, later.c.revision > answers.c.revision
    )
    if not own:
        return [~exists(newer)]
    return [~exists(newer.where(later.c.reviewer_id.is_(None))), answers.c.reviewer_id.is_(None)]
