"""Every table, one file per wing; read them as the entity diagram."""

from bot.models import (
    books,
    chat,
    pay,
    payouts,
    people,
    reviews,
    rules,
    safety,
    schedule,
    skills,
    work,
)

__all__ = [
    "books",
    "chat",
    "pay",
    "payouts",
    "people",
    "reviews",
    "rules",
    "safety",
    "schedule",
    "skills",
    "work",
]
