"""Answers, reviews, rework and appeals in any order, against a model of them.

After every step each answer's state and everybody's money are what the model says; at the end the
books balance and the invariants hold.
"""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store.database import Database
from bot.work import projects
from tests.work.review_world import CLOCKS, STEPS, World


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS * 4 + CLOCKS), st.integers(0, 5)), min_size=10, max_size=24
    )
)
async def test_whatever_happens_the_money_follows_the_state(
    database: Database, steps: list[tuple[str, int]]
):
    world = World(database)
    await world.begin(tasks=3)
    await world.answer(0)
    await world.answer(1)
    for name, who in steps:
        await world.step(name, who)
        await world.compare()
    async with database.transaction() as session:
        made = await projects.find(session, world.project)
        await projects.close(session, made, actor=None)
    await world.check()
