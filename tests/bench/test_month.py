"""A month of paid work in short: a week and its pay day, on both databases."""

from collections import Counter

from rich.console import Console

from bot.store.database import Database
from tests.bench import month, month_pay

HAPPENED = (
    *("answers accepted", "answers answered", "answers not_accepted", "answers given back"),
    *("review: part of the price", "appeals overturned", "top-ups", "answers to gold"),
)
PROVEN = {"ledger.check": "holds", "trial balance": "KES 0, PHP 0, USD 0", "invariants": "hold"}


async def test_a_week_of_work_is_accounted_for_to_the_millionth(database: Database) -> None:
    found = await month.simulate(database, workers=12, answers=200, weeks=1)
    assert found.answers == 200
    assert [what for what in HAPPENED if not found.events[what]] == []
    assert _absent(found.owed, month.OWED) == []
    assert _absent(found.had, month.HAD) == []
    assert found.differences == {}
    assert found.proofs.items() >= PROVEN.items()
    assert found.proofs["hash chain"].endswith("broken: 0")
    rates = [rate for some in found.rates.values() for rate in some]
    assert any(rate.before < rate.floor for rate in rates)
    assert not any(rate.after < rate.floor for rate in rates)
    for table in month.tables(found):
        Console(quiet=True).print(table)


def test_a_millionth_that_is_missing_is_found() -> None:
    owed = {(1, "USD"): Counter(accepted=5, bonuses=2), (2, "USD"): Counter(accepted=1)}
    had = {(1, "USD"): Counter(files=4, pending=3), (3, "KES"): Counter(held=1)}
    assert month_pay.differences(owed, had) == {(2, "USD"): -1, (3, "KES"): 1}


def _absent(side: month_pay.Money, names: tuple[str, ...]) -> list[str]:
    """What nobody has any of."""
    whole = sum((account for account in side.values()), Counter())
    return [name for name in names if not whole[name]]
