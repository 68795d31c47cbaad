"""What an hour of each kind of work pays, from when on, and where: the tiers and their history.

A row is never edited. In force is the newest that has begun; a country without rows of its own has
those of everywhere. Amounts are in the row's currency, and nothing is converted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select

from bot.errors import Invalid
from bot.i18n import N_
from bot.models.base import table
from bot.models.pay import Field, Tier
from bot.models.people import Audit
from bot.money import MICRO, Money, decimal
from bot.pay import prices
from bot.pay.prices import Wage
from bot.people import roles
from bot.store import database
from bot.store.database import Session

USUAL = "USD"
ANYWHERE = ""
EXPERT = "expert"  # the tier whose wage is that of the worker's field
HOLD = 3 * 86_400  # seconds
REVIEWS_AN_HOUR = 180  # what a review pays at first: 20 seconds of the wage
MAY_CHANGE = ("owner", "admin")
CHANGED = "kazi.tiers_changed"  # in session.info: rows of this transaction, not yet everyone's


class Terms(NamedTuple):
    """The terms of a tier, as one row of the table has them."""

    name: str
    wage_micro: int
    currency: str
    premium_ppm: int
    review_micro: int
    floor_micro: int = 0
    least_micro: int = 0
    hold_seconds: int = HOLD
    skills: Sequence[Any] = ()
    field: str = ""
    country: str = ANYWHERE
    begins_at: datetime | None = None


TIERS = (
    # A review takes about 20 seconds, an expert's 30.
    Terms("basic", 4 * MICRO, USUAL, 0, 25_000),  # seconds per task
    Terms("language", 6 * MICRO, USUAL, 0, 35_000),  # local-language skill and knowledge
    Terms("quality", 9 * MICRO, USUAL, 0, 50_000),  # final checks of AI output
    Terms("expert", 25 * MICRO, USUAL, 250_000, 260_000),  # biology, finance, software …
)
NAMES = tuple(terms.name for terms in TIERS)

_tiers, _fields = table(Tier), table(Field)
_TERMS = [_tiers.c[name] for name in Terms._fields]

# Rows are only ever added, so their number says which they are: part of every claim, see dispatch.
EDITION = (
    select(func.count()).select_from(_tiers).scalar_subquery()
    + select(func.count()).select_from(_fields).scalar_subquery()
)


class NoSuchTier(Invalid):
    msgid = N_("There is no tier “{tier}”. Tiers: {tiers}.")


class MisspeltTier(NoSuchTier):
    msgid = N_("There is no tier “{tier}”. Did you mean {nearest}?")


class NoTerms(Invalid):
    """The tier is known, but not in this currency."""

    msgid = N_(
        "The tier {tier} has no wage in {currency} yet. Set one first: "
        "kazi tier set {tier} --currency {currency} wage=…"
    )


class NoSuchField(Invalid):
    msgid = N_("There is no field “{field}”. Fields: {fields}.")


class BelowFloor(Invalid):
    msgid = N_("The wage of the tier {tier} would be {wage}, below its floor of {floor}.")


class InThePast(Invalid):
    msgid = N_("A change begins now or later: what was paid until now stays as it was.")


class SameMoment(Invalid):
    msgid = N_("The tier {tier} changes at this very moment already. Choose a later one.")


@dataclass(frozen=True, slots=True)
class Book:
    """Every row of tiers and fields, to be asked what is in force at a moment."""

    terms: Mapping[tuple[str, str, str], Sequence[Terms]]
    """By name, currency and country, the newest first."""
    fields: Mapping[tuple[str, str], Sequence[tuple[datetime, int]]]
    """Wages by name and currency, the newest first."""

    def tier(
        self, name: str, currency: str, *, now: datetime, country: str | None = ANYWHERE
    ) -> Terms | None:
        """What is in force; None when there is no row in this currency."""
        for place in dict.fromkeys((country or ANYWHERE, ANYWHERE)):
            for one in self.terms.get((name, currency, place), ()):
                if one.begins_at is not None and one.begins_at <= now:
                    return one
        return None

    def wage(self, terms: Terms, *, field: str | None, now: datetime) -> Wage:
        """Of an hour: an expert's is that of their field, or of the tier's default field."""
        micro = terms.wage_micro
        if terms.name == EXPERT:
            rows = self.fields.get((field or terms.field, terms.currency), ())
            micro = next((wage for begins_at, wage in rows if begins_at <= now), micro)
        return Wage(micro, terms.premium_ppm)

    def all_wages(self, name: str, currency: str, *, now: datetime) -> Iterator[tuple[Terms, Wage]]:
        """What is in force in any country, for any field."""
        for tier, money, country in self.terms:
            found = self.tier(name, currency, now=now, country=country)
            if (tier, money) == (name, currency) and found is not None:
                for field in ("", *self.field_names()):
                    yield found, self.wage(found, field=field, now=now)

    def field_names(self) -> list[str]:
        return sorted({name for name, _currency in self.fields})


_books: WeakKeyDictionary[Engine, tuple[int, Book]] = WeakKeyDictionary()


async def book(session: Session) -> Book:
    """All terms as they are."""
    query = select(*_TERMS).order_by(_tiers.c.begins_at.desc(), _tiers.c.id.desc())
    terms: dict[tuple[str, str, str], list[Terms]] = {}
    for row in await session.execute(query):
        one = Terms(*row)
        terms.setdefault((one.name, one.currency, one.country), []).append(one)
    wages = select(_fields.c.name, _fields.c.currency, _fields.c.begins_at, _fields.c.wage_micro)
    newest = wages.order_by(_fields.c.begins_at.desc(), _fields.c.id.desc())
    fields: dict[tuple[str, str], list[tuple[datetime, int]]] = {}
    for name, currency, begins_at, micro in await session.execute(newest):
        fields.setdefault((name, currency), []).append((begins_at, micro))
    return Book(terms, fields)


async def edition(session: Session, number: int) -> Book:
    """All terms, read again only when their number, EDITION, is another one."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    kept = _books.get(engine)
    if kept is not None and kept[0] == number:
        return kept[1]
    found = await book(session)
    if CHANGED not in session.info:  # it may still be rolled back
        _books[engine] = number, found
    return found


async def tier(
    session: Session, name: str, currency: str = USUAL, *, country: str = ANYWHERE
) -> Terms:
    """The tier's present terms; raises NoSuchTier, or NoTerms for another currency."""
    if name not in NAMES:
        raise unknown(name, NAMES)
    moment = await database.now(session)
    found = (await book(session)).tier(name, currency, now=moment, country=country)
    if found is None:
        raise NoTerms(tier=name, currency=currency)
    return found


async def nearest(session: Session, name: str, currency: str) -> Terms:
    """The tier's present terms in this currency, else in the usual one; raises NoSuchTier."""
    try:
        return await tier(session, name, currency)
    except NoTerms:
        return await tier(session, name)


async def change(  # noqa: PLR0913 - which row, what of it, when, and who
    session: Session,
    name: str,
    changes: Mapping[str, Any],
    *,
    currency: str = USUAL,
    country: str = ANYWHERE,
    begins_at: datetime | None = None,
    actor: int | None,
) -> Terms:
    """A next row: the terms in force with `changes` (fields of Terms), from a moment on.

    A tier's first row in a country begins with the terms of everywhere; its first in a currency has
    the premium, time, skills and field of the usual one, and needs a `wage_micro`. Raises a refusal
    for an unknown tier or field, a wage below the floor, a moment that is past, and RoleNeeded:
    a floor is an owner's to change.
    """
    await roles.require(
        session, actor, *(MAY_CHANGE if "floor_micro" not in changes else ("owner",))
    )
    moment = await database.now(session)
    if begins_at is not None and begins_at < moment:
        raise InThePast
    all_terms = await book(session)
    before = all_terms.tier(name, currency, now=begins_at or moment, country=country)
    after = _changed(all_terms, before or _first(all_terms, name, currency, changes), changes)
    after = after._replace(country=country, begins_at=begins_at or moment)
    if any(one.begins_at == after.begins_at for one in all_terms.terms.get(_key(after), ())):
        raise SameMoment(tier=name)
    session.add(Tier(**after._asdict() | {"skills": list(after.skills)}, made_by=actor))
    pair = (before and _line(before, after), _line(after, before))
    await _note(session, f"tier:{name} {currency} {country}".rstrip(), pair, actor)
    return after


async def change_field(
    session: Session,
    name: str,
    wage: Money,
    *,
    begins_at: datetime | None = None,
    actor: int | None,
) -> None:
    """Another wage for a field of expertise, from a moment on; a new name is a new field."""
    await roles.require(session, actor, *MAY_CHANGE)
    moment = await database.now(session)
    if begins_at is not None and begins_at < moment:
        raise InThePast
    rows = (await book(session)).fields.get((name, wage.currency), ())
    before = next((micro for since, micro in rows if since <= moment), None)
    session.add(
        Field(
            name=name,
            currency=wage.currency,
            wage_micro=wage.micro,
            begins_at=begins_at or moment,
            made_by=actor,
        )
    )
    pair = (None if before is None else decimal(before), decimal(wage.micro))
    await _note(session, f"field:{name} {wage.currency}", pair, actor)


def price(tier: Terms, *, expected_seconds: int) -> Money:
    """Pay for one answer: wage x time x (1 + premium), rounded half up once, to micro-units."""
    return Money(
        price_at(tier, Wage(tier.wage_micro, tier.premium_ppm), expected_seconds), tier.currency
    )


def price_at(tier: Terms, wage: Wage, seconds: int, *factors_ppm: int) -> int:
    """Pay for one answer at this wage, in micro-units, never below the tier's least."""
    base = prices.hourly(wage, seconds=seconds)
    return prices.price(base, *factors_ppm, least=tier.least_micro)


def usual(book: Book, tier: Terms, seconds: int, *, now: datetime) -> int:
    """What an answer pays to somebody of no declared field."""
    return price_at(tier, book.wage(tier, field=None, now=now), seconds)


def unknown(name: str, known: Sequence[str]) -> NoSuchTier:
    """The refusal of a name, with the tier that was probably meant."""
    near = get_close_matches(name.lower(), known, 1)
    if near:
        return MisspeltTier(tier=name[:40], nearest=near[0])
    return NoSuchTier(tier=name[:40], tiers=", ".join(sorted(known)))


def _first(book: Book, name: str, currency: str, changes: Mapping[str, Any]) -> Terms:
    if name not in NAMES:
        raise unknown(name, NAMES)
    if "wage_micro" not in changes:
        raise NoTerms(tier=name, currency=currency)
    like = next(one for one in TIERS if one.name == name)
    rows = book.terms.get((name, USUAL, ANYWHERE), ())
    like = rows[0] if rows else like
    review = changes["wage_micro"] // REVIEWS_AN_HOUR
    return like._replace(currency=currency, review_micro=review, floor_micro=0, least_micro=0)


def _changed(book: Book, before: Terms, changes: Mapping[str, Any]) -> Terms:
    after = before._replace(**changes)
    if after.field and after.field not in book.field_names():
        raise NoSuchField(field=after.field[:40], fields=", ".join(book.field_names()))
    if after.wage_micro < after.floor_micro:
        shown = (
            f"{decimal(one)} {after.currency}" for one in (after.wage_micro, after.floor_micro)
        )
        raise BelowFloor(tier=after.name, wage=next(shown), floor=next(shown))
    return after


def _key(terms: Terms) -> tuple[str, str, str]:
    return terms.name, terms.currency, terms.country


def _line(terms: Terms, other: Terms | None) -> str:
    """What is different from the other, as one line of the audit."""
    mine, others = terms._asdict(), other._asdict() if other else {}
    skip = ("name", "currency", "country")
    differing = {k: v for k, v in mine.items() if k not in skip and others.get(k) != v}
    return ", ".join(f"{key}={value}" for key, value in differing.items())


async def _note(
    session: Session, subject: str, change: tuple[str | None, str], actor: int | None
) -> None:
    before, after = change
    session.info[CHANGED] = True
    session.add(
        Audit(actor_id=actor, action="tier.set", subject=subject[:80], before=before, after=after)
    )
    await session.flush()
