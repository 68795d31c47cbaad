"""Wage floors: shipped with a source each, set by owners from a day on."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot.errors import Refusal
from bot.models.people import Audit, Worker
from bot.money import MICRO, NotMoney
from bot.pay import floors
from bot.pay.floors import Floors, InThePast, Known, NotACountry, SourceNeeded
from bot.people import roles
from bot.people.roles import RoleNeeded
from bot.store.database import Database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
KENYA = Known("KE", "KES", 143 * MICRO, date(2026, 1, 1), "law")
OURS = Known("KE", "KES", 300 * MICRO, date(2026, 12, 1), "living wage", shipped=False)
NONE = OURS._replace(micro=0, since=date(2027, 1, 1))
ALL = Known("*", "USD", 2 * MICRO, date(2026, 1, 1), "platform")
US = Known("US", "USD", 7_250_000, date(2026, 1, 1), "law")


def test_every_floor_that_is_shipped_has_a_source_and_says_that_it_is_to_be_confirmed() -> None:
    found = floors.shipped()
    assert {"KE", "TZ", "PH", "BR", "IN", "NG", "EG", "ID", "BD", "US", "ES", "FR", "CN"} < {
        one.country for one in found
    }
    assert len({(one.country, one.currency) for one in found}) == len(found)
    for one in found:
        assert one.country == floors.EVERYWHERE or "to be confirmed" in one.source
        assert floors.read(one.country, "1 USD", one.source, one.since).source == one.source


def test_the_floor_is_the_countrys_or_everywheres_whichever_is_more() -> None:
    known = Floors([KENYA, ALL, US, ALL._replace(country="TZ", micro=MICRO)])
    assert known.micro("US", "USD", TODAY) == 7_250_000
    assert known.micro("TZ", "USD", TODAY) == 2 * MICRO
    assert known.micro("KE", "USD", TODAY) == 2 * MICRO
    assert known.micro(None, "USD", TODAY) == 2 * MICRO
    assert known.micro("KE", "EUR", TODAY) == 0
    assert known.micro("KE", "KES", date(2025, 12, 31)) == 0


def test_what_an_owner_sets_holds_from_its_day_on_whatever_is_shipped_later() -> None:
    newer = KENYA._replace(since=date(2026, 12, 2), micro=150 * MICRO)
    known = Floors([KENYA, newer, OURS, NONE])
    days = (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [known.micro("KE", "KES", day) // MICRO for day in days] == [143, 300, 300, 0]
    assert known.in_force(days[2]) == [OURS]
    assert known.in_force(days[3]) == []
    assert Floors([ALL]).in_force(date(2025, 1, 1)) == []


@pytest.mark.parametrize(
    ("country", "hour", "source", "fault"),
    [
        ("XY", "1 KES", "law", NotACountry),
        ("KE", "lots", "law", NotMoney),
        ("KE", "1 KES", " ", SourceNeeded),
        ("KE", "1 KES", "l" * 201, SourceNeeded),
    ],
)
def test_what_is_no_floor_is_refused(
    country: str, hour: str, source: str, fault: type[Refusal]
) -> None:
    with pytest.raises(fault):
        floors.read(country, hour, source, TODAY)


async def test_owners_change_a_floor_from_a_day_on_and_the_audit_has_it(
    database: Database,
) -> None:
    async with database.transaction() as session:
        people = [Worker(pseudonym=name, state="active") for name in ("w-owner", "w-admin")]
        session.add_all(people)
        await session.flush()
        owner, admin = people
        await roles.grant(session, owner.id, "owner", by=None)
        await roles.grant(session, admin.id, "admin", by=None)
        wanted = floors.read("ke", "200 KES", "Wage order of 2026", TODAY)
        with pytest.raises(RoleNeeded):
            await floors.change(session, wanted, actor=admin.id, now=NOW)
        past = wanted._replace(since=date(2026, 11, 23))
        with pytest.raises(InThePast):
            await floors.change(session, past, actor=owner.id, now=NOW)
        assert await floors.of(session, "KE", "KES", NOW) == 143 * MICRO
        await floors.change(session, wanted, actor=owner.id, now=NOW)
        assert await floors.of(session, "KE", "KES", NOW) == 200 * MICRO
        more = wanted._replace(micro=210 * MICRO)
        await floors.change(session, more, actor=owner.id, now=NOW)  # on the same day
        new = floors.read("*", "50 KES", "Ours", TODAY)
        await floors.change(session, new, actor=owner.id, now=NOW)
        assert await floors.of(session, "KE", "KES", NOW) == 210 * MICRO
        assert await floors.of(session, "TZ", "KES", NOW) == 50 * MICRO
        noted = (await session.scalars(select(Audit).order_by(Audit.id))).all()
    assert [(one.action, one.subject) for one in noted] == [
        ("floor.set", "floor:KE:KES"),
        ("floor.set", "floor:KE:KES"),
        ("floor.set", "floor:*:KES"),
    ]
    assert noted[0].before is not None
    assert noted[0].before.startswith("143 KES from 2026-01-01: ")
    assert noted[1].after == "210 KES from 2026-11-24: Wage order of 2026"
    assert noted[2].before is None
