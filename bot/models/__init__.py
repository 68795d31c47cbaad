"""Every table, one file per wing; read them as the entity diagram."""

from bot.models import (
    books,
    budgets,
    chat,
    pay,
    payouts,
    people,
    reviews,
    rules,
    safety,
    schedule,
    skills,
    wage,
    work,
)

__all__ = [
    "books",
    "budgets",
    "chat",
    "pay",
    "payouts",
    "people",
    "reviews",
    "rules",
    "safety",
    "schedule",
    "skills",
    "wage",
    "work",
]
