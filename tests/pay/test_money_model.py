"""Work, verdicts, bonuses, prices, payouts and corrections in any order, against a model of them.

After every step the trial balance is zero in each currency, nobody is below zero but by a person's
reversal, statements tell every movement once, and each account holds what the model says.
"""

import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.store.database import Database
from tests.pay.money_steps import STEPS, Mover

EXAMPLES = int(os.environ.get("KAZI_CHAOS_EXAMPLES", "3"))
LENGTH = 30
STORY = [
    *(("answer", n, 100 * n + 30) for n in range(8)),
    *(("accept", 0, 0), ("accept", 2, 0), ("grade", 1, 2), ("grade", 3, 1), ("refuse", 0, 0)),
    *(("refuse", 2, 0), ("appeal", 0, 0), ("appeal", 1, 0), ("accept", 0, 0), ("accept", 1, 0)),
    *(("tier", 0, 500_000), ("answer", 0, 60), ("bonus", 0, 700_000), ("bonus", 1, 900_001)),
    *(("request", n, 0) for n in range(4)),
    *(("request", n, 1) for n in range(4)),
    *(("hold", 0, 0), ("hold", 1, 0), ("send", 0, 0), ("cancel", 0, 0), ("settle", 0, 0)),
    *(("fail", 0, 0), *(("reverse", 0, n) for n in range(20)), ("week", 0, 0), ("request", 0, 0)),
    *(("hold", 0, 0), ("send", 0, 0), ("answer", 0, 90), ("settle", 0, 0), ("week", 0, 0)),
]
KINDS = (
    *("answer", "accept", "refuse", "appeal", "review", "bonus", "topup"),
    *("hold", "payout", "payback", "reverse"),
)


@pytest.mark.timeout(1800)  # the long form
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 3), st.integers(0, 10**6)),
        min_size=LENGTH // 2,
        max_size=LENGTH,
    )
)
@example(steps=STORY)
async def test_whatever_moves_money_the_books_are_what_was_done(
    database: Database, steps: list[tuple[str, int, int]]
):
    world = Mover(database)
    await world.begin()
    for name, who, amount in steps:
        await world.step(name, who, amount)
        await world.compare(who)
    await world.finish()
    if steps == STORY:
        assert {one.kind for one in world.model.posted.values()} == set(KINDS)
