"""Every table, one file per wing; read them as the entity diagram."""

from bot.models import chat, pay, people, reviews, rules, safety, schedule, skills, wage, work

__all__ = [
    "chat",
    "pay",
    "people",
    "reviews",
    "rules",
    "safety",
    "schedule",
    "skills",
    "wage",
    "work",
]
