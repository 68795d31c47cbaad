"""/team: roles, invitations and taking roles away."""

import re

from sqlalchemy import select

from bot.models.chat import Chat
from bot.models.people import Worker
from bot.people import roles
from bot.sandbox import Person
from tests.handlers import office
from tests.handlers.office import labels, press, tell, toast
from tests.life import Life, last_with_buttons


async def roles_of(bot: Life, person: Person) -> list[str]:
    async with bot.database.reading() as session:
        id = await session.scalar(select(Chat.worker_id).where(Chat.chat_id == person.id))
        return await roles.of(session, id or 0)


async def with_role(bot: Life, name: str, role: str) -> Person:
    """Somebody who came by an invitation of the owner's."""
    person = await bot.join(name)
    secret = link(await tell(bot, bot.owner, f"/team invite {role}"))
    await tell(bot, person, f"/start i_{secret}")
    return person


def link(text: str) -> str:
    found = re.search(r"https://t\.me/\w+\?start=i_([A-Za-z0-9_-]+)", text)
    assert found, text
    return found[1]


async def test_a_link_gives_one_person_a_role_once(bot: Life) -> None:
    said = await tell(bot, bot.owner, "/team invite reviewer")
    rashid, rana = await bot.join("Rashid"), await bot.join("Rana")
    await tell(bot, rashid, f"/start i_{link(said)}")
    await tell(bot, rana, f"/start i_{link(said)}")
    assert await roles_of(bot, rashid) == ["reviewer"]
    assert await roles_of(bot, rana) == []
    assert "Rashid: reviewer" in await tell(bot, bot.owner, "/team")


async def test_the_card_invites_by_button(bot: Life) -> None:
    await tell(bot, bot.owner, "/team")
    assert labels(last_with_buttons(bot.owner))[-5:] == [
        "Invite admin",
        "Invite to the payouts desk",
        "Invite reviewer",
        "Invite requester",
        "Invite worker",
    ]
    await press(bot, bot.owner, "Invite admin")
    assert link(str(bot.owner.last["text"]))


async def test_a_role_is_taken_away_in_two_steps_and_the_person_is_told(bot: Life) -> None:
    rashid = await with_role(bot, "Rashid", "reviewer")
    await tell(bot, bot.owner, "/team")
    await press(bot, bot.owner, "Rashid")
    await press(bot, bot.owner, "Take away: reviewer")
    assert await roles_of(bot, rashid) == ["reviewer"]
    await press(bot, bot.owner, "Take it away")
    await bot.tick("send")
    assert await roles_of(bot, rashid) == []
    assert "The role reviewer was taken from you." in str(rashid.last["text"])
    (row,) = await office.audit(bot, "role.remove")
    assert row.before == "reviewer"


async def test_one_line_takes_a_role_away(bot: Life) -> None:
    rashid = await with_role(bot, "Rashid", "requester")
    async with bot.database.reading() as session:
        query = select(Worker.pseudonym).join(Chat, Chat.worker_id == Worker.id)
        name = await session.scalar(query.where(Chat.chat_id == rashid.id))
    said = await tell(bot, bot.owner, f"/team remove {name} requester")
    assert "Take the role requester away from Rashid?" in said
    await press(bot, bot.owner, "Take it away")
    assert await roles_of(bot, rashid) == []


async def test_the_last_owner_stays(bot: Life) -> None:
    await tell(bot, bot.owner, "/team")
    await press(bot, bot.owner, "Wanjiru")
    await press(bot, bot.owner, "Take away: owner")
    assert "last owner" in toast(bot.owner)
    assert await roles_of(bot, bot.owner) == ["owner"]


async def test_only_owners_deal_with_owners_and_admins(bot: Life) -> None:
    rashid = await with_role(bot, "Rashid", "admin")
    assert "Only owners invite" in await tell(bot, rashid, "/team invite admin")
    assert "Only owners invite" in await tell(bot, rashid, "/team invite owner")
    await tell(bot, rashid, "/team")
    await press(bot, rashid, "Wanjiru")
    await press(bot, rashid, "Take away: owner")
    assert "Only owners take" in toast(rashid)
    link(await tell(bot, rashid, "/team invite reviewer"))


async def test_an_owner_may_leave_when_there_is_another(bot: Life) -> None:
    rashid = await with_role(bot, "Rashid", "owner")
    await tell(bot, rashid, "/team")
    await press(bot, rashid, "Rashid")
    await press(bot, rashid, "Take away: owner")
    await press(bot, rashid, "Take it away")
    assert await roles_of(bot, rashid) == []
    assert (await tell(bot, rashid, "/team")).startswith("This needs one of these roles")


WRONG = {
    "/team invte reviewer": "Try /team invite reviewer.",
    "/team remov x": "Try /team remove",
    "/team invite boss": "is not a role",
    "/team remove w-none reviewer": "Nobody called “w-none” has a role here.",
    "/team remove": "Try /team remove",
}


async def test_a_wrong_line_is_answered_with_the_nearest_right_one(bot: Life) -> None:
    for line, said in WRONG.items():
        assert said in await tell(bot, bot.owner, line)


async def test_the_roles_that_are_needed_are_named_in_the_persons_language(bot: Life) -> None:
    amina = await bot.join("Amina", language="sw")
    assert "mmiliki, msimamizi" in await tell(bot, amina, "/team")
