"""Every table, one file per wing; read them as the entity diagram."""

from bot.models import budgets, chat, pay, people, reviews, rules, safety, schedule, skills, work

__all__ = [
    "budgets",
    "chat",
    "pay",
    "people",
    "reviews",
    "rules",
    "safety",
    "schedule",
    "skills",
    "work",
]
