"""/audit: who did what, whole and chained; and what was given up, without what was in it."""

import asyncio
import csv

from sqlalchemy import text

from bot.people import trail
from bot.store import inbox
from handlers.admin import audit
from tests.handlers.office import press, sent, tell
from tests.life import Life
from tests.pay.bookkeeping import unguarded
from tests.stories.scenes import crew, opened, worker_of
from tests.stories.test_restrictions import restrict


async def test_what_could_not_be_sent_or_handled_is_listed_with_its_reason(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    bot.sandbox.fault("sendMessage", "403", chat_id=amina.id, count=1)
    await tell(bot, amina, "/secret")
    await bot.database.run(
        lambda session: inbox.bury(
            session, bot.kazi.bot_id, 7, "message", '{"text": "secret"}', "unknown kind of update"
        )
    )
    said = await tell(bot, bot.owner, "/audit dead")
    assert f"chat {amina.id}" in said
    assert "blocked by the user" in said
    assert "update 7" in said
    assert "unknown kind of update" in said
    assert "secret" not in said


async def test_nothing_given_up_is_said_so(bot: Life) -> None:
    assert (await tell(bot, bot.owner, "/audit dead")).count("None.") == 2


async def test_who_did_what_is_found_by_project_person_action_and_time(
    bot: Life, monkeypatch
) -> None:
    await bot.join_as(bot.owner)
    (amina,) = await crew(bot, 1)
    made = await opened(bot, "rating", tasks=["sea"], slug="waves")
    await opened(bot, "rating", tasks=["sea"], slug="other")
    await restrict(bot, amina)
    number = await worker_of(bot, amina)
    told = await tell(bot, bot.owner, f"/audit p_{made.code} 7d")
    assert "project:waves" in told
    assert "project:other" not in told
    for words in (f"w_{number}", "restriction", f"w_{number} restriction.begin 2h"):
        assert "Audit: 1 row\n" in await tell(bot, bot.owner, f"/audit {words}"), words
        assert f"worker:{number}" in bot.owner.last["text"]
    assert "Audit: 0 rows" in await tell(bot, bot.owner, "/audit role 1w")
    assert "/audit p_7k2 7d" in await tell(bot, bot.owner, "/audit 50%")
    assert "no worker" in await tell(bot, bot.owner, "/audit w-zzzzzzz")
    monkeypatch.setattr(audit, "ROWS", 3)
    first = await tell(bot, bot.owner, "/audit project")
    second = await press(bot, bot.owner, "›")
    assert first.splitlines()[0] == second.splitlines()[0]
    assert first != second


async def test_the_audit_is_chained_and_taken_out_with_its_hashes(bot: Life) -> None:
    await bot.join_as(bot.owner)
    await opened(bot, "rating", tasks=["sea"])
    await bot.tick("chain")
    await opened(bot, "rating", tasks=["sea"])
    await bot.tick("chain", "chain")
    await tell(bot, bot.owner, "/audit 7d csv")
    await tell(bot, bot.owner, "/audit project")
    await press(bot, bot.owner, "CSV")
    rows = list(csv.DictReader(sent(bot, bot.owner)["audit.csv"].decode().splitlines()))
    assert [int(row["position"]) for row in rows] == list(range(1, len(rows) + 1))
    async with bot.database.reading() as session:
        count, head, broken = await trail.verify(session)
    assert (count, head, broken) == (len(rows), rows[-1]["hash"], [])

    async with unguarded(bot.database) as session:
        await session.execute(text("UPDATE audit SET after = 'nothing' WHERE position = 2"))
        await session.execute(text("DELETE FROM audit WHERE position = 4"))
    async with bot.database.reading() as session:
        _count, _head, broken = await trail.verify(session)
    assert len(broken) == 2
    assert "was changed" in broken[0]
    assert "1 rows removed" in broken[1]


async def test_two_processes_chain_without_a_fork(bot: Life, monkeypatch) -> None:
    monkeypatch.setattr(trail, "BATCH", 3)
    for _ in range(4):
        await opened(bot, "rating", tasks=["sea"])

    async def chain_all() -> int:
        done = 0
        while made := await bot.database.run(trail.chain):
            done += made
        return done

    chained = sum(await asyncio.gather(*(chain_all() for _ in range(4))))
    async with bot.database.reading() as session:
        count, _head, broken = await trail.verify(session)
    assert (count, broken) == (chained, [])


async def test_only_owners_see_it_and_have_it_in_their_help(bot: Life) -> None:
    (amina,) = await crew(bot, 1)
    assert "owner" in await tell(bot, amina, "/audit dead")
    await tell(bot, bot.owner, "/help")
    assert "/audit dead" in await press(bot, bot.owner, "Commands for admins")
