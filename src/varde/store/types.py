"""Column types that behave the same on SQLite (STRICT tables) and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import REAL, BigInteger, Dialect, Double, Integer, LargeBinary, Row, Select, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

Id = BigInteger().with_variant(Integer(), "sqlite")
Number = BigInteger().with_variant(Integer(), "sqlite")
Seconds: TypeEngine[Any] = REAL().with_variant(Double(), "postgresql")
Bytes = LargeBinary

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]


class Utc(TypeDecorator[datetime]):
    """A point in time: aware UTC in Python, ISO 8601 text with microseconds and ``Z`` in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Returns the stored text; naive times are refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        return write_utc(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Returns the aware time."""
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Plain data as compact JSON text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Returns the stored text."""
        return None if value is None else msgspec.json.encode(value, order="sorted").decode("utf-8")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Returns the data."""
        return None if value is None else msgspec.json.decode(value)


def make_storable(text: str) -> str:
    r"""Returns the text with what no database stores (NUL and lone surrogates) as ``\x00`` and ``\uNNNN``."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def write_utc(moment: datetime) -> str:
    """Returns ISO 8601 in UTC with microseconds and ``Z``; sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
