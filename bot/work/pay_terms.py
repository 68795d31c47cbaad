"""What a stage says of its pay beside the price, as its file has it; `bot.pay.prices` computes.

    pay = [ { skill = "fluency_{language}", from = 80, factor = 1.1 },
            { skill = "fluency_{language}", from = 90, factor = 1.2 } ]
    scarcity = { am = 1.5, ti = 2 }

Factors are from 1 to 10: the price itself is the least that anybody gets. A higher range of a skill
pays no less than a lower one.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any, cast

from bot.i18n import N_
from bot.money import MICRO, Money, decimal
from bot.pay import tiers
from bot.pay.tiers import Terms
from bot.store import database
from bot.store.database import Session
from bot.work import demands, terms
from bot.work.reading import NotAList, Reading, TooMany, Twice
from bot.work.stages import StageSpec
from bot.work.terms import FieldFault

KEYS = ("pay", "scarcity")
RANGE_KEYS = ("skill", "from", "factor")
RANGES = 10
MOST = 10  # times the price
SCORE = (0, 100)


class NotAFactor(FieldFault):
    msgid = N_("{path}: must be a number from 1 to {most}, with at most 6 decimals.")


class PaysLess(FieldFault):
    msgid = N_("{path}: from {score} on, the skill {skill} would pay less than below it.")


class BelowLeast(FieldFault):
    msgid = N_("{path}: {price} is less than {least}, the least that the tier {tier} pays.")


def read(reading: Reading, table: Mapping[str, object], path: str) -> dict[str, Any]:
    """The keys that are given, in the form the tables keep."""
    found: dict[str, Any] = {}
    if "pay" in table:
        found["ranges"] = _ranges(reading, table["pay"], f"{path}.pay")
    if "scarcity" in table:
        found["languages"] = _scarcity(reading, table["scarcity"], f"{path}.scarcity")
    return {"pay": found} if found else {}


async def usual(session: Session, tier: Terms, seconds: int) -> int:
    """What an answer of a stage that leaves the price to its tier pays to people of no field."""
    book = await tiers.book(session)
    return tiers.usual(book, tier, seconds, now=await database.now(session))


def agreed(price: Money, tier: Terms, path: str) -> int:
    """A stage's own price. Raises BelowLeast."""
    if price.currency == tier.currency and price.micro < tier.least_micro:
        raise BelowLeast(
            path=path,
            price=terms.show_amount(*price),
            least=terms.show_amount(tier.least_micro, tier.currency),
            tier=tier.name,
        )
    return price.micro


def left_to_tier(quality: Mapping[str, Any], *, by_tier: bool) -> dict[str, Any]:
    """What a version demands, with whether its price is the tier's; without is the shorter form."""
    pay = {key: value for key, value in quality.get("pay", {}).items() if key != "by_tier"}
    pay |= {"by_tier": True} if by_tier else {}
    rest = {key: value for key, value in quality.items() if key != "pay"}
    return rest | ({"pay": pay} if pay else {})


def written(spec: StageSpec) -> str:
    """Ranges and scarce languages in one line, nearly as a file has them; empty without."""
    pay = spec.quality.get("pay", {})
    steps = [
        f"{one['skill']} {one['from']}: ×{decimal(one['factor_ppm'])}"
        for one in pay.get("ranges", ())
    ]
    scarce = [f"{code}: ×{decimal(ppm)}" for code, ppm in pay.get("languages", {}).items()]
    return ", ".join([*steps, *scarce])


def _ranges(reading: Reading, given: object, path: str) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not given:
        reading.refuse(NotAList(path=path))
        return []
    if len(given) > RANGES:
        reading.refuse(TooMany(path=path, limit=RANGES))
    found = [
        _range(reading, one, f"{path}[{number}]")
        for number, one in enumerate(cast("list[object]", given[:RANGES]), 1)
    ]
    made = [one for one in found if one is not None]
    made.sort(key=lambda one: (one["skill"], one["from"]))
    for below, above in pairwise(made):
        _rises(reading, below, above, path)
    return made


def _range(reading: Reading, given: object, path: str) -> dict[str, Any] | None:
    table = reading.table(given, path)
    reading.keys(table, path, RANGE_KEYS)
    skill = reading.take(lambda: demands.skill_name(table.get("skill"), f"{path}.skill"))
    start = reading.take(lambda: terms.whole(table.get("from"), f"{path}.from", *SCORE))
    factor = reading.take(lambda: _factor(table.get("factor"), f"{path}.factor"))
    if skill is None or start is None or factor is None:
        return None
    return {"skill": skill, "from": start, "factor_ppm": factor}


def _rises(reading: Reading, below: Mapping[str, Any], above: Mapping[str, Any], path: str) -> None:
    if below["skill"] != above["skill"]:
        return
    if below["from"] == above["from"]:
        reading.refuse(Twice(path=path, value=f"{above['skill']} {above['from']}"))
    elif below["factor_ppm"] > above["factor_ppm"]:
        reading.refuse(PaysLess(path=path, score=above["from"], skill=above["skill"]))


def _scarcity(reading: Reading, given: object, path: str) -> dict[str, int]:
    found = {}
    for tag, value in reading.table(given, path).items():
        code = reading.language(tag, f"{path}.{tag}")
        factor = reading.take(partial(_factor, value, f"{path}.{tag}"))
        if code and factor:
            found[code] = factor
    return found


def _factor(value: object, path: str) -> int:
    """Millionths, exactly."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        ppm = Decimal(value) * MICRO
        if MICRO <= ppm <= MOST * MICRO and ppm == ppm.to_integral_value():
            return int(ppm)
    raise NotAFactor(path=path, most=MOST)
