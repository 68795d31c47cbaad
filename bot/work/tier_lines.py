"""A change of a tier as people write it: wage=28 premium=25% hold=3d, read and shown.

wage, floor, review, minimum   amounts, in the row's currency when none is written
premium                        a share like 25% or 0.25
hold                           a time like 3d
field                          a name of the fields, or "none"
skills                         "biology>=70, first_aid present"; "none" for none
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.i18n import N_
from bot.money import NotMoney, parse
from bot.pay.tiers import Terms
from bot.quality import requirements
from bot.quality.requirements import COMPARATORS, Condition
from bot.work import demands, terms
from bot.work.terms import FieldFault

NONE = "none"
_DEMAND = re.compile(r"(\S+?)\s*(>=|<=|>|<|=|present|missing)\s*(\d{1,3}(?:\.\d{1,2})?)?", re.ASCII)


class NotADemand(FieldFault):
    msgid = N_("{path}: must be like “biology>=70, first_aid present”, with commas between them.")


def read(changes: Mapping[str, str], currency: str) -> dict[str, Any]:
    """Fields of Terms out of what was written. Raises a FieldFault naming the key."""
    found: dict[str, Any] = {}
    for key, value in changes.items():
        if key not in KEYS:
            raise terms.unknown_key(key, key, KEYS)
        column, check = KEYS[key]
        found[column] = check(value, key, currency)
    return found


def shown(tier: Terms) -> dict[str, str]:
    """Every value as `read` reads it."""

    def amount(micro: int) -> str:
        return terms.show_amount(micro, tier.currency)

    return {
        "wage": amount(tier.wage_micro),
        "premium": terms.show_share(tier.premium_ppm),
        "floor": amount(tier.floor_micro),
        "review": amount(tier.review_micro),
        "minimum": amount(tier.least_micro),
        "hold": terms.show_due(tier.hold_seconds),
        "skills": requirements.written({"skills": tier.skills}) or NONE,
        "field": tier.field or NONE,
    }


def _amount(value: str, path: str, currency: str) -> int:
    """Zero is an amount here: no floor, no least price."""
    written = value if any(map(str.isalpha, value)) else f"{value} {currency}"
    try:
        found = parse(written)
    except NotMoney as reason:
        raise terms.NotAPrice(path=path, reason=reason) from None
    if found.currency != currency:
        raise terms.OtherCurrency(path=path, currency=found.currency, expected=currency)
    return found.micro


def _wage(value: str, path: str, currency: str) -> int:
    found = _amount(value, path, currency)
    if not found:
        raise terms.NothingPaid(path=path)
    return found


def _field(value: str, path: str, currency: str) -> str:
    return "" if value.strip().lower() == NONE else value.strip().lower()


def _skills(value: str, path: str, currency: str) -> list[Any]:
    if value.strip().lower() == NONE:
        return []
    return requirements.as_json([[_demand(part, path)] for part in value.split(",")])


def _demand(part: str, path: str) -> Condition:
    found = _DEMAND.fullmatch(part.strip())
    if found is None or (found[2] in COMPARATORS[:5]) != bool(found[3]):
        raise NotADemand(path=path)
    return Condition(demands.skill_name(found[1], path), found[2], float(found[3] or 0))


# In the order in which they are shown.
KEYS: dict[str, tuple[str, Callable[[str, str, str], Any]]] = {
    "wage": ("wage_micro", _wage),
    "premium": ("premium_ppm", lambda value, path, _currency: terms.share(value, path)),
    "floor": ("floor_micro", _amount),
    "review": ("review_micro", _amount),
    "minimum": ("least_micro", _amount),
    "hold": ("hold_seconds", lambda value, path, _currency: terms.due(value, path)),
    "skills": ("skills", _skills),
    "field": ("field", _field),
}
