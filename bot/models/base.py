"""What every table is made of: the declarative base, moments in UTC, ids, JSON."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, Table, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import JSON, BigInteger, Integer


class Base(DeclarativeBase):
    """Every table. Names of constraints are fixed, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Utc(TypeDecorator[datetime]):
    """An aware moment. SQLite forgets the zone of a timestamp, so it is put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class moment(FunctionElement[datetime]):  # noqa: N801 - reads as an SQL function
    """The database's clock, with microseconds. Never the process's: replicas' clocks differ."""

    type = Utc()
    inherit_cache = True


@compiles(moment, "postgresql")
def _moment_on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "clock_timestamp()"


@compiles(moment, "sqlite")
def _moment_on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"


Id = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON()  # not JSONB: a customer's row comes back with its fields in their order


def table(model: type[Base]) -> Table:
    """The table of a model, for statements that need no objects."""
    made = model.__table__
    assert isinstance(made, Table)
    return made
